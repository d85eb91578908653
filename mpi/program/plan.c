/*
 * The plan: how many samples at a time, on how many ranks each, and what that costs, before
 * anything is allocated.
 *
 * Groups. G groups of floor(P/G) ranks take ceil(S/G) rounds over S samples, so the time goes as
 * ceil(S/G) / floor(P/G); the best G whose lattices fit the memory is taken, and of equals the
 * largest, because it exchanges least. Results do not depend on it.
 *
 * AND and OR. Both are made of v, so that one lattice more keeps v while AND is there (row.c).
 * Where that does not fit in any way, v is evaluated again for OR, once for each target.
 */
#include "mpi/program/problem/problem.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"
#include "node.h"
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What a rank needs besides lattice data and chunks: the code, MPI's and BLAS's buffers. */
static const hrs_count FIXED_BYTES = (hrs_count)64 << 20;
static const double USABLE = 0.95;

static hrs_count smaller(hrs_count a, hrs_count b) {
  return a < b ? a : b;
}

/* A rank's part of what the game holds. Tables are on a node once for each group that has ranks
 * there: groups are consecutive ranks, and may begin on one node and end on another. */
static hrs_count game_bytes(const hrs_job *job, const hrs_plan *plan, int ranks) {
  hrs_count here = plan->node_ranks, copies = here;
  if (job->sharing == HRS_SHARE_AUTO && here > 1) {
    if (plan->groups == 1 && ranks >= here)
      copies = 1;
    else if (here % ranks == 0)
      copies = here / ranks;
    else
      copies = smaller(here, (here - 2) / ranks + 2);
  }
  hrs_count shared = hrs_count_multiply(job->shared_bytes, copies) / here + 1;
  return hrs_count_add(job->game_bytes - job->shared_bytes, shared);
}

/* Are AND and OR both made by transforms of v? A fit has both anyhow. */
static bool both_types(const hrs_job *job) {
  return job->types[0] && job->types[1] && !job->fit;
}

static int lattices(const hrs_job *job, const hrs_plan *plan) {
  return job->targets + plan->keeps_values;
}

/* Costs of a group of `ranks` ranks on a lattice of n players; the plan's other fields stand. Sums
 * over many rows or ranks may be larger than any count: they stop there. */
static hrs_status cost(const hrs_job *job, const hrs_interactions_options *o, int n, int ranks,
                       int block_bits, hrs_plan *plan) {
  HRS_TRY(hrs_partition_create(n, block_bits, ranks, &plan->part));
  hrs_count element = (hrs_count)hrs_dtype_size(job->precision);
  /* The last rank has as many rows as any, and so sends as much. */
  hrs_count busiest =
      ((hrs_count)1 << plan->part.block_bits) - hrs_partition_first(&plan->part, ranks - 1);
  hrs_count volume = hrs_partition_volume(&plan->part, job->precision, ranks - 1);
  hrs_count row = (hrs_count)1 << (n - plan->part.block_bits);
  plan->lattice_bytes = busiest * row * element;
  hrs_count chunk = smaller(o->chunk ? o->chunk : (hrs_count)8 << 20, plan->lattice_bytes);
  int slice_bits = hrs_game_slice_bits(job->game);
  hrs_count slice = smaller(row, (hrs_count)1 << slice_bits) * (hrs_count)sizeof(double);
  hrs_count game = game_bytes(job, plan, ranks);
  int types = job->types[0] + job->types[1];
  hrs_count most = job->keep == HRS_KEEP_TOP ? job->top : o->salient_limit;
  hrs_count listed = smaller(most, (hrs_count)types << n);
  /* Two lists while the second type is merged, and each is sorted in a copy. */
  hrs_count lists = hrs_count_multiply(plan->rounds, job->targets);
  plan->salient_bytes =
      hrs_count_multiply(listed, hrs_count_add(hrs_count_multiply(17, lists), 2 * 17 + 2 * 16));
  if (job->fit) {
    /* The strongest interactions are listed for the curve, each type sorted in a copy. */
    hrs_count strongest = smaller((hrs_count)2 << n, (hrs_count)1 << (HRS_CURVE_POINTS - 1));
    plan->salient_bytes =
        hrs_count_add(plan->salient_bytes, strongest * (17 * (job->networks + 3) + 2 * 16));
  }
  int orders[HRS_INDEX_LIMIT];
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    orders[i] = (int)smaller(job->orders[i], n);
  plan->index_bytes = hrs_lattice_indices_bytes(orders, n, n - plan->part.block_bits, ranks,
                                                plan->lattice_bytes + 2 * chunk);
  plan->fit_bytes =
      job->fit ? hrs_fit_bytes(busiest * row, chunk, job->networks, hrs_job_fit_bounded(job, o))
               : 0;
  hrs_count held = hrs_count_multiply(lattices(job, plan), plan->lattice_bytes + 2 * chunk);
  plan->rank_bytes =
      hrs_count_add(hrs_count_add(held, game),
                    job->targets * slice + plan->index_bytes + plan->fit_bytes + FIXED_BYTES);
  plan->evaluations = both_types(job) && !plan->keeps_values ? 1 + job->targets : 1;
  plan->masks =
      hrs_count_multiply(hrs_count_multiply(plan->rounds, plan->evaluations), busiest * row);
  hrs_count exchanges = hrs_count_multiply(lists, types);
  plan->exchange_bytes = hrs_count_multiply(exchanges, volume);
  hrs_count pairs = ranks - 1, per_pair = pairs ? volume / pairs : 0;
  plan->messages = hrs_count_multiply(exchanges, pairs * ((per_pair + chunk - 1) / chunk));
  return HRS_OK;
}

/* A group of `ranks` ranks is what `hosted` of them cost; surplus ranks of a small game idle. */
static int most_ranks(int n, int block_bits) {
  int bits = block_bits < 0 ? hrs_partition_default_bits(n) : block_bits;
  return 1 << smaller(bits, 30);
}

static bool fits(const hrs_plan *plan) {
  return (double)plan->rank_bytes <= USABLE * (double)plan->memory;
}

/* Does the memory of the plan's ranks hold the lattices of n players on `ranks` of them? */
static bool holds(const hrs_job *job, const hrs_interactions_options *o, int n, int ranks,
                  int block_bits, const hrs_plan *plan) {
  hrs_plan trial = {
      .rounds = 1, .groups = 1, .node_ranks = plan->node_ranks, .memory = plan->memory};
  return cost(job, o, n, ranks, block_bits, &trial) == HRS_OK && fits(&trial);
}

/* A small number of ranks, each with the plan's memory, that hold the lattices of n players; 0 if
 * none up to the number of rows. What a rank needs falls with the number of ranks, but for game
 * tables here and there: so the number may not be the smallest, but it does. */
static int ranks_needed(const hrs_job *job, const hrs_interactions_options *o, int n,
                        int block_bits, const hrs_plan *plan) {
  int few = 0, enough = most_ranks(n, block_bits);
  if (!holds(job, o, n, enough, block_bits, plan)) return 0;
  while (enough - few > 1) {
    int ranks = few + (enough - few) / 2;
    *(holds(job, o, n, ranks, block_bits, plan) ? &enough : &few) = ranks;
  }
  return enough;
}

hrs_status hrs_plan_check(const hrs_job *job, const hrs_plan *plan) {
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
      job->n, hrs_plural(job->n), job->targets, hrs_plural(job->targets),
      (double)plan->rank_bytes / 0x1p30, plan->ranks, hrs_plural(plan->ranks),
      (double)plan->memory / 0x1p30, plan->limit, remedy);
}

static hrs_status set_blocks(const hrs_interactions_options *o, int n, int *bits) {
  *bits = -1;
  if (o->blocks == 0) return HRS_OK;
  HRS_REQUIRE((o->blocks & (o->blocks - 1)) == 0, USAGE, "--blocks %lld is no power of two",
              (long long)o->blocks);
  *bits = hrs_order((hrs_mask)o->blocks - 1);
  HRS_TRY_CONTEXT(hrs_partition_create(n, *bits, 1, &(hrs_partition){0}), "--blocks");
  return HRS_OK;
}

/* The plan for G groups. */
static hrs_status plan_groups(const hrs_job *job, const hrs_interactions_options *o, int groups,
                              int block_bits, hrs_plan *plan) {
  plan->groups = groups;
  plan->ranks = (int)smaller(plan->world / groups, most_ranks(job->n, block_bits));
  plan->idle = plan->world - groups * plan->ranks;
  plan->rounds = (job->samples + groups - 1) / groups;
  return cost(job, o, job->n, plan->ranks, block_bits, plan);
}

/* The fastest groups that fit; where none do, one group of all ranks. */
static hrs_status choose_groups(const hrs_job *job, const hrs_interactions_options *o,
                                int block_bits, hrs_plan *plan) {
  int most = (int)smaller(plan->world, job->samples);
  if (o->ranks_per_sample) {
    HRS_REQUIRE(o->ranks_per_sample <= plan->world, USAGE,
                "--ranks-per-sample %d: there %s %d rank%s", o->ranks_per_sample,
                plan->world == 1 ? "is" : "are", plan->world, hrs_plural(plan->world));
    HRS_REQUIRE(
        o->ranks_per_sample <= most_ranks(job->n, block_bits), USAGE,
        "--ranks-per-sample %d: with %d player%s there can be %d block%s, and a rank needs its own",
        o->ranks_per_sample, job->n, hrs_plural(job->n), most_ranks(job->n, block_bits),
        hrs_plural(most_ranks(job->n, block_bits)));
    int groups = (int)smaller(plan->world / o->ranks_per_sample, job->samples);
    plan->groups = groups;
    plan->ranks = o->ranks_per_sample;
    plan->idle = plan->world - groups * plan->ranks;
    plan->rounds = (job->samples + groups - 1) / groups;
    return cost(job, o, job->n, plan->ranks, block_bits, plan);
  }
  double least = 0;
  hrs_plan best = *plan;
  for (int groups = most; groups >= 1; groups--) {
    hrs_plan trial = *plan;
    HRS_TRY(plan_groups(job, o, groups, block_bits, &trial));
    double time = (double)trial.rounds / trial.ranks;
    if ((fits(&trial) && (least == 0 || time < least)) || (groups == 1 && least == 0)) {
      least = time;
      best = trial;
    }
  }
  *plan = best;
  return HRS_OK;
}

static hrs_status make_plan(const hrs_job *job, const hrs_interactions_options *o, hrs_plan *plan) {
  int block_bits;
  HRS_TRY(set_blocks(o, job->n, &block_bits));
  plan->keeps_values = both_types(job);
  HRS_TRY(choose_groups(job, o, block_bits, plan));
  if (plan->keeps_values && !fits(plan)) {
    plan->keeps_values = false;
    HRS_TRY(choose_groups(job, o, block_bits, plan));
  }
  hrs_contents *contents;
  HRS_TRY(hrs_job_contents(job, o, &contents));
  plan->file_bytes = hrs_contents_bytes(contents);
  hrs_contents_destroy(&contents);
  plan->fits = fits(plan);
  if (!plan->fits) plan->needed = ranks_needed(job, o, job->n, block_bits, plan);
  return HRS_OK;
}

hrs_status hrs_plan_create(MPI_Comm comm, const hrs_job *job,
                           const hrs_interactions_options *options, hrs_plan *plan) {
  memset(plan, 0, sizeof *plan);
  plan->world = hrs_comm_size(comm);
  hrs_node_room room;
  HRS_TRY(hrs_node_memory(comm, job->sharing == HRS_SHARE_AUTO, &room));
  plan->memory = room.bytes;
  memcpy(plan->limit, room.limit, sizeof plan->limit);
  HRS_TRY(hrs_node_ranks(comm, &plan->node_ranks));
  if (options->plan_ranks > 0) plan->world = options->plan_ranks;
  return hrs_agree(comm, make_plan(job, options, plan));
}

/* Seconds of a sample's tables, of evaluating a mask, and of a butterfly's byte, to scale up. */
static hrs_status measure(const hrs_job *job, const hrs_plan *plan, double *tables,
                          double *per_mask, double *per_byte) {
  int bits = job->n - plan->part.block_bits, slice_bits = hrs_game_slice_bits(job->game);
  hrs_subcube row = hrs_partition_row_cube(&plan->part, HRS_PHASE_A, 0);
  hrs_subcube cube = hrs_subcube_part(row, (int)smaller(bits, slice_bits), 0);
  double *values, start = hrs_time();
  HRS_TRY(hrs_game_prepare(job->game));
  *tables = hrs_time() - start;
  HRS_TRY(hrs_alloc(hrs_subcube_size(cube) * job->targets, sizeof *values, &values));
  hrs_status status = hrs_game_evaluate(job->game, cube, values);
  hrs_count masks = 0;
  double now = start = hrs_time();
  while (status == HRS_OK && now - start < 0.5) {
    status = hrs_game_evaluate(job->game, cube, values);
    masks += hrs_subcube_size(cube);
    now = hrs_time();
  }
  hrs_free(values);
  HRS_TRY(status);
  *per_mask = (now - start) / (double)masks;
  enum { PROBE = 22 };
  double *data;
  HRS_TRY(hrs_calloc((hrs_count)1 << PROBE, sizeof *data, &data));
  start = hrs_time();
  status = hrs_butterfly(hrs_kernel_get(HRS_KERNEL_MOBIUS), 1, HRS_F64, data, PROBE, 0, PROBE,
                         HRS_BUTTERFLY_AUTO);
  *per_byte = (hrs_time() - start) / (8.0 * (1 << PROBE));
  hrs_free(data);
  return status;
}

static void print_time(const char *what, double seconds) {
  char text[HRS_DURATION_TEXT];
  printf("  %-30s%s (%.3g s)\n", what, hrs_duration_text(seconds, text), seconds);
}

static void print_bytes(const char *what, hrs_count bytes) {
  printf("  %-30s%lld bytes (%.3g GiB)\n", what, (long long)bytes, (double)bytes / 0x1p30);
}

/* What evaluating costs with and without tables of activations. */
static void print_work(const hrs_job *job, const hrs_plan *plan) {
  hrs_network_cost cost = hrs_game_network_cost(job->game);
  if (!(cost.brute > 0)) return;
  printf("multiply-adds of the network\n  %-30s%.0f per mask\n", "full passes", cost.brute);
  double each = cost.tables + cost.blocks + cost.tail, all = ldexp(1, job->n);
  if (cost.cut) {
    printf("  %-30s%.0f per mask\n", "with tables", each);
    printf("    %-28s%.0f\n    %-28s%.0f\n", "tables, shared out", cost.tables, "the rest",
           cost.tail);
    if (cost.block_bits)
      printf("    %-28s%.0f, for %d masks at a time\n", "tables of blocks", cost.blocks,
             1 << cost.block_bits);
    hrs_print("  %-30s%s%s\n", "tables end at", cost.cut,
              cost.cuts > 1 ? " and others beside it" : "");
    print_bytes("tables", cost.bytes);
  }
  double own = cost.tables * all * plan->evaluations / plan->ranks +
               (cost.blocks + cost.tail) * (double)(plan->masks / plan->rounds);
  printf("  %-30s%.0f a sample\n", "of the busiest rank", own);
}

static void print_fit(const hrs_plan *plan) {
  printf("  %-30s", "fits");
  if (plan->fits)
    printf("yes\n");
  else if (plan->needed)
    printf("NO: %d ranks with as much memory each would do\n", plan->needed);
  else
    printf("NO: no number of ranks with so little memory each would do\n");
}

hrs_status hrs_plan_print(const hrs_job *job, const hrs_plan *plan) {
  double tables = 0, per_mask = 0, per_byte = 0;
  /* Tables that do not fit are not made to measure how long they take. */
  bool measured = plan->fits || (double)job->game_bytes <= USABLE * (double)plan->memory;
  if (measured) HRS_TRY(measure(job, plan, &tables, &per_mask, &per_byte));
  int types = job->types[0] + job->types[1];
  hrs_print("plan: %s\n", job->description);
  printf("  %-30s%d\n  %-30s%lld, %d target%s each\n", "players", job->n, "samples",
         (long long)job->samples, job->targets, hrs_plural(job->targets));
  printf("  %-30s%d in %d group%s of %d, %d idle; %lld round%s\n", "ranks", plan->world,
         plan->groups, hrs_plural(plan->groups), plan->ranks, plan->idle, (long long)plan->rounds,
         hrs_plural(plan->rounds));
  hrs_count row = (hrs_count)1 << (job->n - plan->part.block_bits);
  printf("  %-30s%d of %lld mask%s\n", "blocks", 1 << plan->part.block_bits, (long long)row,
         hrs_plural(row));
  if (job->model) print_work(job, plan);
  printf("per rank (the busiest)\n");
  printf("  %-30s%lld\n", "masks", (long long)plan->masks);
  if (plan->evaluations > 1)
    printf("  %-30s%d, for lack of memory to keep v\n", "evaluations of a mask", plan->evaluations);
  print_bytes("lattice data", hrs_count_multiply(plan->lattice_bytes, lattices(job, plan)));
  print_bytes("interaction indices", plan->index_bytes);
  if (job->fit) print_bytes("fit of the split", plan->fit_bytes);
  print_bytes("memory without salient lists", plan->rank_bytes);
  print_bytes("salient lists, at most", plan->salient_bytes);
  print_bytes("available to a rank", plan->memory);
  printf("  %-30s%s\n", "limited by", plan->limit);
  print_fit(plan);
  print_bytes("sent by exchanges", plan->exchange_bytes);
  printf("  %-30s%lld\n", "messages of exchanges", (long long)plan->messages);
  print_bytes("data set, all ranks", plan->file_bytes);
  double evaluate = tables / plan->ranks * (double)(plan->rounds * plan->evaluations) +
                    per_mask * (double)plan->masks;
  double transform =
      per_byte * (double)plan->lattice_bytes * (double)job->targets * types * (double)plan->rounds;
  if (measured) {
    print_time("time to evaluate", evaluate);
    print_time("time to transform", transform);
  } else {
    printf("  %-30s%s\n", "times", "not measured: the tables of activations do not fit");
  }
  int largest = 0;
  const hrs_interactions_options usual = {.salient_limit = 1};
  for (int n = 1; n <= HRS_MAX_PLAYERS; n++)
    if (holds(job, &usual, n, (int)smaller(plan->world, most_ranks(n, -1)), -1, plan)) largest = n;
  printf("  %-30sn = %d (all ranks on one sample)\n", "largest lattice that fits", largest);
  return HRS_OK;
}
