/* --plan: what a plan says, with times predicted from a short measurement. */
#include "lines.h"
#include "mpi/program/log.h"
#include "plan.h"

#include <math.h>
#include <stdio.h>

/* Seconds of a sample's tables, of evaluating a mask, and of a butterfly's byte, to scale up. */
static hrs_status measure(const hrs_problem *problem, const hrs_plan *plan, double *tables,
                          double *per_mask, double *per_byte) {
  int bits = problem->n - plan->part.block_bits, slice_bits = hrs_game_slice_bits(problem->game);
  hrs_subcube row = hrs_partition_row_cube(&plan->part, HRS_PHASE_A, 0);
  hrs_subcube cube = hrs_subcube_part(row, bits < slice_bits ? bits : slice_bits, 0);
  double *values, start = hrs_time();
  HRS_TRY(hrs_game_prepare(problem->game));
  *tables = hrs_time() - start;
  HRS_TRY(hrs_alloc(hrs_subcube_size(cube) * problem->targets, sizeof *values, &values));
  hrs_status status = hrs_game_evaluate(problem->game, cube, values);
  hrs_count masks = 0;
  double now = start = hrs_time();
  while (status == HRS_OK && now - start < 0.5) {
    status = hrs_game_evaluate(problem->game, cube, values);
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

/* What evaluating costs with and without tables of activations. */
static void print_work(const hrs_problem *problem, const hrs_plan *plan) {
  hrs_network_cost cost = hrs_game_network_cost(problem->game);
  if (!(cost.brute > 0)) return;
  printf("multiply-adds of the network\n  %-30s%.0f per mask\n", "full passes", cost.brute);
  double each = cost.tables + cost.blocks + cost.tail, all = ldexp(1, problem->n);
  if (cost.cut) {
    printf("  %-30s%.0f per mask\n", "with tables", each);
    printf("    %-28s%.0f\n    %-28s%.0f\n", "tables, shared out", cost.tables, "the rest",
           cost.tail);
    if (cost.block_bits)
      printf("    %-28s%.0f, for %d masks at a time\n", "tables of blocks", cost.blocks,
             1 << cost.block_bits);
    hrs_print("  %-30s%s%s\n", "tables end at", cost.cut,
              cost.cuts > 1 ? " and others beside it" : "");
    hrs_line_bytes("tables", cost.bytes);
  }
  double own = cost.tables * all * plan->needs.evaluations / plan->ranks +
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

/* Seconds to evaluate and to transform, from those of measure(). */
static void print_times(const hrs_problem *problem, const hrs_plan *plan, double tables,
                        double per_mask, double per_byte) {
  const hrs_needs *needs = &plan->needs;
  hrs_line_time("time to evaluate",
                tables / plan->ranks * (double)(plan->rounds * needs->evaluations) +
                    per_mask * (double)plan->masks);
  hrs_line_time("time to transform", per_byte * (double)plan->lattice_bytes *
                                         (double)problem->targets * needs->transforms *
                                         (double)plan->rounds);
}

static void print_memory(const hrs_problem *problem, const hrs_plan *plan) {
  const hrs_needs *needs = &plan->needs;
  char most[64];
  snprintf(most, sizeof most, "%s, at most", needs->lists.name);
  hrs_line_bytes("lattice data",
                 hrs_count_multiply(plan->lattice_bytes, problem->targets + needs->lattices));
  for (const hrs_need *need = needs->held; need->name; need++)
    hrs_line_bytes(need->name, need->bytes);
  if (needs->lists.name) hrs_line_bytes(needs->lists.name, needs->lists.usual);
  hrs_line_bytes("code, MPI, HDF5", plan->machine.held);
  hrs_line_bytes("memory", plan->rank_bytes);
  if (needs->lists.name) hrs_line_bytes(most, needs->lists.most);
  hrs_line_bytes("available to a rank", plan->machine.memory);
  printf("  %-30s%s\n", "limited by", plan->machine.limit);
  print_fit(plan);
}

hrs_status hrs_plan_print(const hrs_problem *problem, const hrs_plan *plan, hrs_count file_bytes) {
  double tables = 0, per_mask = 0, per_byte = 0;
  /* Tables that do not fit are not made to measure how long they take. */
  bool measured = plan->fits || hrs_plan_may_hold(plan, problem->game_bytes);
  if (measured) HRS_TRY(measure(problem, plan, &tables, &per_mask, &per_byte));
  hrs_print("plan: %s\n", problem->description);
  printf("  %-30s%d\n  %-30s%lld, %d target%s each\n", "players", problem->n, "samples",
         (long long)problem->samples, problem->targets, hrs_plural(problem->targets));
  printf("  %-30s%d in %d group%s of %d, %d idle; %lld round%s\n", "ranks", plan->world,
         plan->groups, hrs_plural(plan->groups), plan->ranks, plan->idle, (long long)plan->rounds,
         hrs_plural(plan->rounds));
  hrs_count row = (hrs_count)1 << (problem->n - plan->part.block_bits);
  printf("  %-30s%d of %lld mask%s\n", "blocks", 1 << plan->part.block_bits, (long long)row,
         hrs_plural(row));
  if (problem->model) print_work(problem, plan);
  printf("per rank (the busiest)\n");
  printf("  %-30s%lld\n", "masks", (long long)plan->masks);
  if (plan->needs.evaluations > 1)
    printf("  %-30s%d, %s\n", "evaluations of a mask", plan->needs.evaluations,
           plan->needs.repeated);
  print_memory(problem, plan);
  hrs_line_bytes("sent by exchanges", plan->exchange_bytes);
  printf("  %-30s%lld\n", "messages of exchanges", (long long)plan->messages);
  hrs_line_bytes("data set, all ranks", file_bytes);
  if (measured)
    print_times(problem, plan, tables, per_mask, per_byte);
  else
    printf("  %-30s%s\n", "times", "not measured: the tables of activations do not fit");
  printf("  %-30sn = %d (all ranks on one sample)\n", "largest lattice that fits", plan->largest);
  return HRS_OK;
}
