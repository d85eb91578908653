/*
 * The plan: how many samples at a time, on how many ranks each, and what that costs, before
 * anything is allocated.
 *
 * Groups. G groups of floor(P/G) ranks take ceil(S/G) rounds over S samples, so the time goes as
 * ceil(S/G) / floor(P/G); the best G whose lattices fit the memory is taken, and of equals the
 * largest, because it exchanges least. Results do not depend on it.
 *
 * What a work needs beside the lattices of v, it says itself (work.h). Where that does not fit in
 * any way, it is asked what it needs at least.
 */
#include "plan.h"

#include "mpi/lattice/schedule.h"
#include "src/base/smaller.h"

#include <stdio.h>

/* What a plan is made for. */
typedef struct asked {
  const hrs_problem *problem;
  const hrs_resources *resources;
  const hrs_row_work *work;
} asked;

/* A rank's part of what the game holds. Tables are on a node once for each group that has ranks
 * there: groups are consecutive ranks, and may begin on one node and end on another. */
static hrs_count game_bytes(const hrs_problem *problem, const hrs_resources *resources,
                            const hrs_plan *plan, int ranks) {
  hrs_count here = plan->machine.node_ranks, copies = here;
  if (resources->sharing == HRS_SHARE_AUTO && here > 1) {
    if (plan->groups == 1 && ranks >= here)
      copies = 1;
    else if (here % ranks == 0)
      copies = here / ranks;
    else
      copies = hrs_smaller(here, (here - 2) / ranks + 2);
  }
  hrs_count shared = hrs_count_multiply(problem->shared_bytes, copies) / here + 1;
  return hrs_count_add(problem->game_bytes - problem->shared_bytes, shared);
}

/* Costs of a group of `ranks` ranks on a lattice of n players; the plan's other fields stand. Sums
 * over many rows or ranks may be larger than any count: they stop there. */
static hrs_status cost(const asked *ask, int n, int ranks, int block_bits, hrs_plan *plan) {
  const hrs_problem *problem = ask->problem;
  const hrs_resources *resources = ask->resources;
  HRS_TRY(hrs_partition_create(n, block_bits, ranks, &plan->part));
  /* The last rank has as many rows as any, and so sends as much. */
  hrs_count busiest =
      ((hrs_count)1 << plan->part.block_bits) - hrs_partition_first(&plan->part, ranks - 1);
  hrs_count volume = hrs_partition_volume(&plan->part, resources->precision, ranks - 1);
  hrs_count row = (hrs_count)1 << (n - plan->part.block_bits);
  plan->targets = problem->targets;
  plan->elements = busiest * row;
  plan->lattice_bytes = plan->elements * (hrs_count)hrs_dtype_size(resources->precision);
  plan->chunk = hrs_schedule_chunk(&plan->part, resources->precision, resources->chunk);
  hrs_needs *needs = &plan->needs;
  *needs = (hrs_needs){.evaluations = 1};
  ask->work->needs(ask->work->self, plan, needs);
  hrs_count slice = hrs_smaller(row, (hrs_count)1 << hrs_game_slice_bits(problem->game)) *
                    (hrs_count)sizeof(double);
  hrs_count held = hrs_count_add(problem->targets * slice + plan->machine.held, needs->lists.usual);
  for (const hrs_need *need = needs->held; need->name; need++)
    held = hrs_count_add(held, need->bytes);
  held = hrs_count_add(held, game_bytes(problem, resources, plan, ranks));
  plan->rank_bytes = hrs_count_add(held, hrs_count_multiply(problem->targets + needs->lattices,
                                                            plan->lattice_bytes + 2 * plan->chunk));
  plan->masks =
      hrs_count_multiply(hrs_count_multiply(plan->rounds, needs->evaluations), plan->elements);
  hrs_count exchanges =
      hrs_count_multiply(hrs_count_multiply(plan->rounds, problem->targets), needs->transforms);
  plan->exchange_bytes = hrs_count_multiply(exchanges, volume);
  plan->messages =
      hrs_count_multiply(exchanges, hrs_schedule_messages(&plan->part, resources->precision,
                                                          resources->chunk, ranks - 1));
  return HRS_OK;
}

/* A group of `ranks` ranks is what `hosted` of them cost; surplus ranks of a small game idle. */
static int most_ranks(int n, int block_bits) {
  int bits = block_bits < 0 ? hrs_partition_default_bits(n) : block_bits;
  return 1 << hrs_smaller(bits, 30);
}

static bool fits(const hrs_plan *plan) {
  return hrs_machine_may_hold(&plan->machine, plan->rank_bytes);
}

/* Does the memory of the plan's ranks hold the lattices of n players on `ranks` of them? */
static bool holds(const asked *ask, int n, int ranks, int block_bits, const hrs_plan *plan) {
  hrs_plan trial = {.machine = plan->machine, .rounds = 1, .groups = 1, .lean = true};
  return cost(ask, n, ranks, block_bits, &trial) == HRS_OK && fits(&trial);
}

/* A small number of ranks, each with the plan's memory, that hold the lattices of n players; 0 if
 * none up to the number of rows. What a rank needs falls with the number of ranks, but for game
 * tables here and there: so the number may not be the smallest, but it does. */
static int ranks_needed(const asked *ask, int n, int block_bits, const hrs_plan *plan) {
  int few = 0, enough = most_ranks(n, block_bits);
  if (!holds(ask, n, enough, block_bits, plan)) return 0;
  while (enough - few > 1) {
    int ranks = few + (enough - few) / 2;
    *(holds(ask, n, ranks, block_bits, plan) ? &enough : &few) = ranks;
  }
  return enough;
}

hrs_status hrs_plan_check(const hrs_problem *problem, const hrs_plan *plan) {
  char remedy[128];
  if (plan->fits) return HRS_OK;
  if (plan->needed)
    snprintf(remedy, sizeof remedy, "%d ranks with as much memory each would do", plan->needed);
  else
    snprintf(remedy, sizeof remedy, "no number of ranks with so little memory each would do");
  HRS_FAIL(
      TOO_LARGE,
      "%d player%s and %d target%s need %.2f GiB on each of %d rank%s, of which %.2f GiB are "
      "available (%s); %s (or --precision single, fewer targets, fewer players; --plan shows more)",
      problem->n, hrs_plural(problem->n), problem->targets, hrs_plural(problem->targets),
      (double)plan->rank_bytes / 0x1p30, plan->ranks, hrs_plural(plan->ranks),
      hrs_machine_usable(&plan->machine) / 0x1p30, plan->machine.limit, remedy);
}

static hrs_status set_blocks(hrs_count blocks, int n, int *bits) {
  *bits = -1;
  if (blocks == 0) return HRS_OK;
  HRS_REQUIRE((blocks & (blocks - 1)) == 0, USAGE, "--blocks %lld is no power of two",
              (long long)blocks);
  *bits = hrs_order((hrs_mask)blocks - 1);
  HRS_TRY_CONTEXT(hrs_partition_create(n, *bits, 1, &(hrs_partition){0}), "--blocks");
  return HRS_OK;
}

/* The plan for at most so many groups of so many ranks. */
static hrs_status plan_groups(const asked *ask, int groups, int ranks, int block_bits,
                              hrs_plan *plan) {
  plan->groups = groups;
  plan->ranks = ranks;
  plan->idle = plan->world - groups * ranks;
  plan->rounds = (ask->problem->samples + groups - 1) / groups;
  return cost(ask, ask->problem->n, ranks, block_bits, plan);
}

/* The groups of --ranks-per-sample. */
static hrs_status take_groups(const asked *ask, int block_bits, hrs_plan *plan) {
  int ranks = ask->resources->ranks_per_sample, n = ask->problem->n;
  int most = most_ranks(n, block_bits);
  HRS_REQUIRE(ranks <= plan->world, USAGE, "--ranks-per-sample %d: there %s %d rank%s", ranks,
              plan->world == 1 ? "is" : "are", plan->world, hrs_plural(plan->world));
  HRS_REQUIRE(
      ranks <= most, USAGE,
      "--ranks-per-sample %d: with %d player%s there can be %d block%s, and a rank needs its own",
      ranks, n, hrs_plural(n), most, hrs_plural(most));
  int groups = (int)hrs_smaller(plan->world / ranks, ask->problem->samples);
  return plan_groups(ask, groups, ranks, block_bits, plan);
}

/* The fastest groups that fit; where none do, one group of all ranks. */
static hrs_status choose_groups(const asked *ask, int block_bits, hrs_plan *plan) {
  if (ask->resources->ranks_per_sample) return take_groups(ask, block_bits, plan);
  int most = (int)hrs_smaller(plan->world, ask->problem->samples);
  double least = 0;
  hrs_plan best = *plan;
  for (int groups = most; groups >= 1; groups--) {
    hrs_plan trial = *plan;
    int ranks = (int)hrs_smaller(plan->world / groups, most_ranks(ask->problem->n, block_bits));
    HRS_TRY(plan_groups(ask, groups, ranks, block_bits, &trial));
    double time = (double)trial.rounds / trial.ranks;
    if ((fits(&trial) && (least == 0 || time < least)) || (groups == 1 && least == 0)) {
      least = time;
      best = trial;
    }
  }
  *plan = best;
  return HRS_OK;
}

hrs_status hrs_plan_create(const hrs_problem *problem, const hrs_resources *resources,
                           const hrs_row_work *work, const hrs_machine *machine, hrs_plan *plan) {
  asked ask = {problem, resources, work};
  int block_bits;
  *plan = (hrs_plan){.machine = *machine, .world = machine->ranks};
  HRS_TRY(set_blocks(resources->blocks, problem->n, &block_bits));
  HRS_TRY(choose_groups(&ask, block_bits, plan));
  if (!fits(plan)) {
    plan->lean = true;
    HRS_TRY(choose_groups(&ask, block_bits, plan));
  }
  plan->fits = fits(plan);
  if (!plan->fits) plan->needed = ranks_needed(&ask, problem->n, block_bits, plan);
  for (int n = 1; n <= HRS_MAX_PLAYERS; n++)
    if (holds(&ask, n, (int)hrs_smaller(plan->world, most_ranks(n, -1)), -1, plan))
      plan->largest = n;
  return HRS_OK;
}
