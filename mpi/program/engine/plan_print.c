/* --plan: what a plan says, with times predicted from a short measurement. */
#include "lines.h"
#include "mpi/program/log.h"
#include "predict.h"

#include <math.h>
#include <stdio.h>

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

static void print_times(const hrs_plan *plan, hrs_dtype type, const hrs_rates *rates,
                        hrs_count file_bytes) {
  hrs_prediction p;
  hrs_predict(plan, rates, type, file_bytes, &p);
  printf("time (as measured within two seconds here)\n");
  for (int i = 0; i < p.count; i++)
    hrs_line_time(p.task[i].task, p.task[i].seconds, p.task[i].bound);
  if (!rates->evaluates)
    printf("  %-30s%s\n", "evaluate", "not measured: the tables of activations do not fit");
  if (!(rates->disk > 0))
    printf("  %-30s%s\n", "write", "not measured: no file without a name can be made there");
  hrs_line_time(p.most > 0 ? "all but splits" : "all", p.sum, NULL);
  if (p.most > 0) {
    hrs_line_time("1000 steps of each split", p.thousand, "memory; how many it takes nobody knows");
    hrs_line_time("splits, at most", p.most, "--fit-iterations");
  }
  if (p.unknown_exchange)
    printf("  %-30s%s\n", "exchange between nodes",
           "not counted: --plan-bandwidth says how fast a node sends");
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

static void print_ranks(const hrs_plan *plan) {
  const hrs_machine *machine = &plan->machine;
  printf("  %-30s%d in %d group%s of %d, %d idle; %lld round%s\n", "ranks", plan->world,
         plan->groups, hrs_plural(plan->groups), plan->ranks, plan->idle, (long long)plan->rounds,
         hrs_plural(plan->rounds));
  if (machine->nodes > 1) printf("  %-30s%d\n", "nodes", machine->nodes);
}

void hrs_plan_print(const hrs_problem *problem, const hrs_plan *plan, hrs_dtype type,
                    const hrs_rates *rates, hrs_count file_bytes) {
  hrs_print("plan: %s\n", problem->description);
  printf("  %-30s%d\n  %-30s%lld, %d target%s each\n", "players", problem->n, "samples",
         (long long)problem->samples, problem->targets, hrs_plural(problem->targets));
  print_ranks(plan);
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
  printf("  %-30sn = %d (all ranks on one sample)\n", "largest lattice that fits", plan->largest);
  print_times(plan, type, rates, file_bytes);
}
