/*
 * Plans and predictions as functions of numbers: groups against all ways to share ranks out, memory
 * and times against sums by hand, for machines that nobody has here.
 */
#include "mpi/program/engine/predict.h"

#include "mpi_test.h"

#include <math.h>
#include <string.h>

static const hrs_count MIB = 1 << 20;

/* A work that keeps one lattice beside v, and something else. */
enum { BESIDE = 12345 };
static void needs(const void *self, const hrs_plan *plan, hrs_needs *out) {
  (void)self;
  out->lattices = plan->lean ? 0 : 1;
  out->transforms = 2;
  out->evaluations = plan->lean ? 2 : 1;
  out->held[0] = (hrs_need){"something", BESIDE};
  out->lists = (hrs_lists){"lists", 1000, 5000};
}
static const hrs_row_work work = {.needs = needs};
static const hrs_resources resources = {.precision = HRS_F64};

static hrs_machine machine_of(int ranks, int nodes, hrs_count memory) {
  return (hrs_machine){.ranks = ranks,
                       .nodes = nodes,
                       .node_ranks = ranks / nodes,
                       .memory = memory,
                       .held = 40 * MIB,
                       .limit = "test",
                       .stated = true};
}

static hrs_problem problem_of(int n, hrs_count samples, int targets) {
  char text[64];
  hrs_problem problem = {.n = n, .samples = samples, .targets = targets, .games = 1};
  snprintf(text, sizeof text, "random:n=%d", n);
  must(hrs_game_closed_form(text, &problem.game));
  return problem;
}

static hrs_plan plan_of(hrs_problem *problem, hrs_machine machine) {
  hrs_plan plan;
  must(hrs_plan_create(problem, &resources, &work, &machine, &plan));
  return plan;
}

/* Bytes of the busiest rank, by hand: the game has no tables, and its slices are known. */
static double bytes_of(const hrs_problem *problem, int n, int ranks, bool lean) {
  hrs_partition part;
  must(hrs_partition_create(n, -1, ranks, &part));
  double blocks = ldexp(1, part.block_bits), rows = ceil(blocks / ranks);
  double lattice = 8 * rows * ldexp(1, n) / blocks, slice = ldexp(1, n) / blocks;
  double most = ldexp(1, hrs_game_slice_bits(problem->game));
  slice = 8 * (slice < most ? slice : most) * problem->targets;
  double lattices = problem->targets + !lean;
  return lattices * lattice + slice + BESIDE + 1000 + 40.0 * (double)MIB;
}

static void groups_are_the_fastest(void **state) {
  (void)state;
  for (int ranks = 1; ranks <= 40; ranks += 3)
    for (hrs_count samples = 1; samples <= 30; samples += 4) {
      hrs_problem problem = problem_of(12, samples, 1);
      hrs_plan plan = plan_of(&problem, machine_of(ranks, 1, (hrs_count)1 << 40));
      double best = INFINITY;
      for (int groups = 1; groups <= ranks && groups <= samples; groups++) {
        int each = ranks / groups < 16 ? ranks / groups : 16; /* blocks of 12 players */
        double time = ceil((double)samples / groups) / each;
        best = time < best ? time : best;
      }
      assert_true(plan.fits && plan.groups * plan.ranks + plan.idle == ranks);
      assert_true(plan.rounds * plan.groups >= samples);
      assert_true(fabs((double)plan.rounds / plan.ranks - best) < 1e-12);
      hrs_game_destroy(&problem.game);
    }
}

/* Chunks come on top of the sum by hand, at most an eighth of lattices that are not small. */
static void memory_is_the_sum(void **state) {
  (void)state;
  for (int n = 14; n <= 36; n += 2)
    for (int ranks = 1; ranks <= 64; ranks = 2 * ranks + (ranks == 4)) {
      hrs_problem problem = problem_of(n, 1, 3);
      hrs_plan plan = plan_of(&problem, machine_of(ranks, 1, (hrs_count)1 << 50));
      double sum = bytes_of(&problem, n, ranks, false), chunks = (double)plan.rank_bytes - sum;
      assert_true(chunks >= 0 && chunks <= 4 * 2 * 8.0 * (double)MIB + 64);
      assert_true(chunks <= sum / 8 + 4 * 2 * (double)MIB);
      hrs_game_destroy(&problem.game);
    }
}

static void lean_where_all_does_not_fit(void **state) {
  (void)state;
  hrs_problem problem = problem_of(30, 1, 1);
  double lean = bytes_of(&problem, 30, 4, true), all = bytes_of(&problem, 30, 4, false);
  hrs_count between = (hrs_count)((lean + all) / 2 / 0.95);
  hrs_plan plan = plan_of(&problem, machine_of(4, 1, between));
  assert_true(plan.fits && plan.lean);
  assert_int_equal(plan.needs.evaluations, 2);
  assert_int_equal(plan.masks, 2 * ((hrs_count)1 << 28));
  plan = plan_of(&problem, machine_of(4, 1, (hrs_count)(all * 1.2)));
  assert_true(plan.fits && !plan.lean);
  hrs_game_destroy(&problem.game);
}

/* What fits is the largest n, and as many ranks as are said to be enough are. */
static void largest_and_needed(void **state) {
  (void)state;
  for (int ranks = 1; ranks <= 1024; ranks *= 4) {
    hrs_count memory = (hrs_count)3 << 30;
    hrs_problem problem = problem_of(40, 1, 1);
    hrs_plan plan = plan_of(&problem, machine_of(ranks, 1, memory));
    double room = 0.95 * (double)memory;
    assert_true(bytes_of(&problem, plan.largest, ranks, true) <= room);
    assert_true(bytes_of(&problem, plan.largest + 1, ranks, true) > room - 64.0 * (double)MIB);
    assert_false(plan.fits);
    assert_true(plan.needed > ranks);
    assert_int_equal(hrs_plan_check(&problem, &plan), HRS_STATUS_TOO_LARGE);
    plan = plan_of(&problem, machine_of(plan.needed, 1, memory));
    assert_true(plan.fits);
    hrs_game_destroy(&problem.game);
  }
}

static const hrs_predicted *task_of(const hrs_prediction *p, const char *name) {
  for (int i = 0; i < p->count; i++)
    if (strcmp(p->task[i].task, name) == 0) return &p->task[i];
  fail_msg("there is no %s", name);
  return NULL;
}

static bool near(double a, double b) {
  return fabs(a - b) <= 1e-9 * fabs(b);
}

static void times_are_rates_by_numbers(void **state) {
  (void)state;
  /* 32 ranks on 4 nodes, one group; 5 rows. */
  hrs_problem problem = problem_of(32, 1, 5);
  hrs_machine machine = machine_of(32, 4, (hrs_count)1 << 40);
  hrs_rates rates = {.evaluates = true,
                     .tables = 64,
                     .mask = 1e-6,
                     .disk = 1e8,
                     .row = {.passes = 1,
                             .count = 2,
                             .task = {{"transform", "memory", 3, 2}, {"reduce", "memory", 0.5, 0}},
                             .split = 1,
                             .step = 0.01,
                             .exchanges = 4,
                             .most = 500}};
  hrs_prediction p;
  hrs_plan plan = plan_of(&problem, machine);
  hrs_predict(&plan, &rates, HRS_F64, (hrs_count)1e9, &p);
  assert_true(p.unknown_exchange);
  assert_true(near(task_of(&p, "evaluate")->seconds, 64.0 / 32 + 1e-6 * 0x1p27));
  assert_true(near(task_of(&p, "transform")->seconds, 15));
  assert_true(near(task_of(&p, "reduce")->seconds, 2.5));
  assert_true(near(task_of(&p, "write")->seconds, 10));
  assert_true(near(p.sum, 2 + 1e-6 * 0x1p27 + 15 + 2.5 + 10));
  assert_true(near(p.thousand, 1000 * 0.01 * 5) && near(p.most, 500 * 0.01 * 5));
  /* 8 ranks of a node send 24/32 of their gigabyte to other nodes, at 4 GiB per second: 1.5 s. */
  plan.machine.bandwidth = 0x1p32;
  hrs_predict(&plan, &rates, HRS_F64, 0, &p);
  assert_false(p.unknown_exchange);
  assert_true(near(task_of(&p, "transform")->seconds, 5 * (3 + 2 * 1.5)));
  assert_true(near(p.thousand, 1000 * 5 * (0.01 + 4 * 1.5)));
  plan.machine.bandwidth = 0x1p28;
  hrs_predict(&plan, &rates, HRS_F64, 0, &p);
  assert_string_equal(task_of(&p, "transform")->bound, "exchange between nodes");
  /* All once more. */
  double once = p.sum - task_of(&p, "write")->seconds, steps = p.most;
  rates.row.passes = 2;
  hrs_predict(&plan, &rates, HRS_F64, 0, &p);
  assert_true(near(p.sum - task_of(&p, "write")->seconds, 2 * once) && near(p.most, 2 * steps));
  rates.row.passes = 1;
  /* On one node, and where ranks have whole samples, nothing leaves it. */
  plan.machine.nodes = 1;
  hrs_predict(&plan, &rates, HRS_F64, 0, &p);
  assert_true(near(task_of(&p, "transform")->seconds, 15));
  hrs_game_destroy(&problem.game);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(groups_are_the_fastest),      cmocka_unit_test(memory_is_the_sum),
    cmocka_unit_test(lean_where_all_does_not_fit), cmocka_unit_test(largest_and_needed),
    cmocka_unit_test(times_are_rates_by_numbers),
};
mpi_test_main(tests)
