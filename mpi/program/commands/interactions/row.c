/*
 * One row of results: from values in a lattice to what the data set holds of them.
 *
 * The lattice is in phase A with v, and both types come from v (-> phase B): what a transform has
 * rounded grows by the square root of 2 for each player, and of 3 where the other type is made of
 * its result. AND is made in a lattice of its own, so that v is there for OR. Where the memory does
 * not allow that, AND replaces v and v is evaluated again: the same numbers, at the price of time.
 *
 * The threshold of a row looks at AND and OR together, and AND is reduced first, with the threshold
 * known by then, a lower bound. Once OR is known AND's list is pruned, and its salient sums are
 * taken from the list anew. Only where the list was cut at its limit, but holds the largest all the
 * same, are the sums of AND taken from the lattice again. With --types and-or the fit holds both.
 */
#include "row.h"

#include "fit.h"
#include "indices.h"
#include "mpi/dataset/write.h"
#include "mpi/dataset/write_lattice.h"
#include "mpi/lattice/comm.h"
#include "mpi/lattice/counters.h"
#include "mpi/lattice/lattice.h"
#include "mpi/program/engine/checkpoint.h"
#include "mpi/program/engine/restart.h"
#include "mpi/program/kinds/interactions/salient.h"
#include "src/base/random.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { AND, OR };

/* Threshold of a row whose largest |I| so far is `largest`; never 0, so that no zero is salient. */
static double threshold_for(const hrs_work *work, double largest) {
  double base = 1;
  switch (work->threshold.mode) {
  case HRS_THRESHOLD_SAMPLE:
    base = largest;
    break;
  case HRS_THRESHOLD_GLOBAL:
    base = largest > work->running_max ? largest : work->running_max;
    break;
  case HRS_THRESHOLD_DELTA:
    base = work->delta;
    break;
  case HRS_THRESHOLD_FIXED:
    break;
  }
  return hrs_threshold_positive(work->threshold.coefficient * base);
}

/* Least |I| that is listed, and how many: the threshold's, or any of the largest K. */
static double list_from(const hrs_work *work, double threshold) {
  return work->settings->keep == HRS_KEEP_TOP ? DBL_TRUE_MIN : threshold;
}

static hrs_count list_limit(const hrs_work *work) {
  return work->settings->keep == HRS_KEEP_TOP ? work->settings->top : work->settings->salient_limit;
}

typedef struct order_context {
  int n;
  double threshold;
} order_context;

static hrs_status order_row(void *context, hrs_dtype type, const void *values, hrs_subcube cube,
                            double *sum) {
  const order_context *c = context;
  return hrs_order_sums(type, values, cube, c->n, c->threshold, sum);
}

hrs_status hrs_row_orders(const hrs_lattice *lattice, int n, double threshold,
                          double orders[5][HRS_MAX_PLAYERS + 1]) {
  double sums[HRS_ORDER_SUMS * (HRS_MAX_PLAYERS + 1)];
  order_context context = {n, threshold};
  HRS_TRY(hrs_lattice_sum(lattice, HRS_ORDER_SUMS * (n + 1), order_row, &context, sums));
  for (int what = 0; what < HRS_ORDER_SUMS; what++)
    memcpy(orders[what], sums + what * (n + 1), sizeof(double) * (size_t)(n + 1));
  return HRS_OK;
}

/* Largest error of a row against known dividends, over the tolerance of a transform in storage of
 * precision e: 8 * 2^(n/2) * e * scale. */
typedef struct verification {
  hrs_work *work;
  bool or_type;
} verification;

static hrs_status verify_row(void *context, hrs_dtype type, const void *values, hrs_subcube cube,
                             double *sum) {
  const verification *v = context;
  hrs_mask mask = cube.fixed;
  for (hrs_count i = 0; i < hrs_subcube_size(cube); i++) {
    double known;
    HRS_TRY(hrs_game_dividend(v->work->problem->game, v->or_type, mask, &known));
    double value =
        type == HRS_F64 ? ((const double *)values)[i] : (double)((const float *)values)[i];
    double error = fabs(value - known);
    if (!(error <= *sum)) *sum = error;
    mask = hrs_subcube_next(cube, mask);
  }
  return HRS_OK;
}

static hrs_status verify(hrs_work *work, const hrs_lattice *lattice, bool or_type, double scale) {
  if (!work->settings->verify) return HRS_OK;
  hrs_engine_begin(work->engine, HRS_TASK_VERIFY);
  hrs_engine_expect(work->engine, 1);
  verification v = {work, or_type};
  double worst = 0;
  hrs_count first = hrs_lattice_first_row(lattice);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(lattice); row++) {
    HRS_TRY(verify_row(&v, hrs_lattice_type(lattice), hrs_lattice_row(lattice, row),
                       hrs_lattice_row_cube(lattice, row), &worst));
    hrs_count_passed(hrs_lattice_row_bytes(lattice));
  }
  HRS_TRY(hrs_comm_reduce(work->engine->group, MPI_MAX, MPI_DOUBLE, &worst, 1));
  double epsilon = work->resources->precision == HRS_F64 ? DBL_EPSILON : FLT_EPSILON;
  double tolerance = 8 * pow(2, work->problem->n / 2.0) * epsilon * (scale > 1 ? scale : 1);
  if (!(worst / tolerance <= work->verified)) work->verified = worst / tolerance;
  return HRS_OK;
}

/* The bits of one type of a row to the run's checksum, in any order of rows. Collective over the
 * group. */
static hrs_status add_checksum(hrs_work *work, const hrs_lattice *lattice, hrs_count which) {
  uint64_t sum;
  if (!work->checksums || work->engine->again) return HRS_OK;
  hrs_engine_begin(work->engine, HRS_TASK_CHECKSUMS);
  hrs_engine_expect(work->engine, 1);
  HRS_TRY(hrs_lattice_checksum(lattice, &sum));
  if (work->engine->group_rank == 0)
    work->engine->checksum += hrs_mix64(sum + hrs_mix64((uint64_t)which));
  return HRS_OK;
}

/* Nothing of a type may be beyond the range of numbers: neither the largest |I| nor sums. */
static hrs_status check_type(const hrs_work *work, int type, double largest,
                             const hrs_interactions_row *row) {
  HRS_TRY(hrs_engine_check(work->engine, row->index, row->target,
                           type == AND ? "AND interactions" : "OR interactions",
                           work->resources->precision, largest));
  double size = 0;
  for (int m = 1; m <= work->problem->n; m++)
    size += row->orders[type][3][m] - row->orders[type][4][m];
  return hrs_engine_check(work->engine, row->index, row->target, "sums of interactions", HRS_F64,
                          size);
}

/* Largest |I|, order sums and salient list of a type, at the threshold that is known by now. */
static hrs_status reduce_type(hrs_work *work, const hrs_lattice *lattice, int type, double *largest,
                              hrs_interactions_row *row, hrs_salient *list) {
  double here;
  hrs_engine_begin(work->engine, HRS_TASK_REDUCE);
  hrs_engine_expect(work->engine, 5); /* unless a list is cut at its limit */
  HRS_TRY(hrs_lattice_max(lattice, &here));
  *largest = here > *largest ? here : *largest;
  row->threshold = threshold_for(work, *largest);
  HRS_TRY(hrs_row_orders(lattice, work->problem->n, row->threshold, row->orders[type]));
  HRS_TRY(check_type(work, type, here, row));
  return hrs_lattice_select(lattice, (uint8_t)type, list_from(work, row->threshold),
                            list_limit(work), list);
}

hrs_status hrs_row_transform(hrs_lattice *lattice, bool or_type) {
  int type = or_type ? OR : AND;
  hrs_kernel kernel = hrs_kernel_get(type == AND ? HRS_KERNEL_MOBIUS : HRS_KERNEL_OR);
  HRS_TRY(hrs_lattice_transform(lattice, kernel, type == AND ? 1 : -1));
  if (type == OR) hrs_lattice_set(lattice, 0, 0);
  return HRS_OK;
}

/* v of a sample once more. Collective over the group. */
static hrs_status evaluate_again(hrs_work *work, hrs_count sample) {
  hrs_engine_begin(work->engine, HRS_TASK_EVALUATE);
  return hrs_engine_evaluate(work->engine, sample, true);
}

/* Interactions of a type into *lattice, which holds v; *lattice becomes the one that has them.
 * Collective over the group. */
static hrs_status make_type(hrs_work *work, hrs_count sample, int type,
                            const hrs_interactions_row *row, hrs_lattice **lattice) {
  if (work->fit) {
    *lattice = hrs_fit_interactions(work->fit, row->network, type == OR);
    return HRS_OK;
  }
  if (type == OR && work->settings->types[AND] && hrs_work_is_lean(work))
    HRS_TRY(evaluate_again(work, sample));
  bool copies = type == AND && work->and_lattice;
  hrs_engine_begin(work->engine, HRS_TASK_TRANSFORM);
  hrs_engine_expect(work->engine, 4 + (work->engine->plan->ranks > 1) + (copies ? 2 : 0));
  if (copies) {
    HRS_TRY(hrs_agree(work->engine->group, hrs_lattice_copy(*lattice, work->and_lattice)));
    *lattice = work->and_lattice;
  }
  return hrs_row_transform(*lattice, type == OR);
}

/* AND at its final threshold, after OR has raised it. */
static hrs_status refine_and(hrs_work *work, hrs_count sample, hrs_lattice *lattice,
                             hrs_interactions_row *row, hrs_salient *list) {
  int lacks = work->engine->group_rank == 0 && hrs_salient_lacks(list, row->threshold);
  HRS_TRY(hrs_broadcast(work->engine->group, 0, &lacks, sizeof lacks));
  if (!lacks) {
    hrs_interactions_row sums = *row;
    hrs_salient_sums(work->problem->n, list, row->threshold, &sums);
    memcpy(row->orders[AND], sums.orders[AND], 3 * sizeof row->orders[AND][0]);
    return HRS_OK;
  }
  if (work->fit) {
    lattice = hrs_fit_interactions(work->fit, row->network, false);
  } else if (work->and_lattice) {
    lattice = work->and_lattice;
  } else {
    HRS_TRY(evaluate_again(work, sample));
    hrs_engine_begin(work->engine, HRS_TASK_TRANSFORM);
    HRS_TRY(hrs_row_transform(lattice, false));
    hrs_engine_begin(work->engine, HRS_TASK_REDUCE);
  }
  return hrs_row_orders(lattice, work->problem->n, row->threshold, row->orders[AND]);
}

/* A row stops on its way only where it evaluates v again: else it is soon done. */
static hrs_status agree_in_row(const hrs_work *work, hrs_status status) {
  return hrs_work_is_lean(work) ? hrs_engine_agree(work->engine, status)
                                : hrs_agree(work->engine->world, status);
}

/* One type: transform, reduce, write. Ranks without a lattice take part in the agreements. */
static hrs_status do_type(hrs_work *work, int type, hrs_count k, hrs_lattice *lattice,
                          double *largest, hrs_interactions_row *row, hrs_salient *list) {
  hrs_status status = HRS_OK;
  if (lattice) {
    status = make_type(work, k / work->problem->targets, type, row, &lattice);
    if (status == HRS_OK) status = reduce_type(work, lattice, type, largest, row, list);
    double scale = fabs(row->v_full) > *largest ? fabs(row->v_full) : *largest;
    if (status == HRS_OK) status = verify(work, lattice, type == OR, scale);
    if (status == HRS_OK) status = add_checksum(work, lattice, 2 * k + type);
  }
  HRS_TRY(agree_in_row(work, status));
  if (work->settings->keep != HRS_KEEP_ALL || work->engine->again) return HRS_OK;
  hrs_engine_begin(work->engine, HRS_TASK_WRITE);
  hrs_engine_expect(work->engine, 1);
  return hrs_dataset_write_lattice(
      work->set, type == AND ? "/interactions/and" : "/interactions/or", k, lattice);
}

/* E_{|S|=k} v(S) - v(empty), which should not fall with k where interactions are to be sparse. */
static hrs_status mean_effects(const hrs_work *work, const hrs_lattice *v,
                               hrs_interactions_row *row) {
  int n = work->problem->n;
  double orders[5][HRS_MAX_PLAYERS + 1];
  HRS_TRY(hrs_row_orders(v, n, INFINITY, orders));
  for (int k = 1; k <= n; k++) {
    row->mean_effect[k] = (orders[3][k] + orders[4][k]) / hrs_binomial(n, k) - row->v_empty;
    HRS_TRY(hrs_engine_check(work->engine, row->index, row->target, "mean effects", HRS_F64,
                             row->mean_effect[k]));
  }
  return HRS_OK;
}

static hrs_status start_row(hrs_work *work, hrs_count sample, int target, hrs_lattice *lattice,
                            hrs_interactions_row *row) {
  const hrs_problem *problem = work->problem;
  row->index = problem->index[sample];
  row->label = problem->label[sample];
  row->target = hrs_game_target(problem->game, target);
  row->network = target % problem->games;
  HRS_TRY(hrs_lattice_get(lattice, 0, &row->v_empty));
  HRS_TRY(hrs_lattice_get(lattice, hrs_mask_full(problem->n), &row->v_full));
  HRS_TRY(mean_effects(work, lattice, row));
  if (work->fit)
    HRS_TRY(hrs_engine_check(work->engine, row->index, row->target, "the split", HRS_F64,
                             work->report.l1[row->network]));
  return hrs_work_indices(work, sample * problem->targets + target, lattice, row);
}

/* What the split of row k explains, and after the last network what they share. Collective over the
 * group. */
static hrs_status reconstruct(hrs_work *work, hrs_count k, hrs_lattice *lattice,
                              const hrs_interactions_row *row) {
  hrs_interactions_fit fit;
  HRS_TRY(hrs_work_reconstruct(work, row->network, lattice, row->threshold, &fit));
  if (work->engine->group_rank != 0) return HRS_OK;
  HRS_TRY(hrs_dataset_write_record(work->set, HRS_INTERACTIONS_FIT, k, &fit));
  bool last = work->problem->games > 1 && row->network == work->problem->games - 1;
  return last ? hrs_work_share(work, k) : HRS_OK;
}

/* The end of a row: one list of both types at its final threshold. By ranks with a lattice. */
static hrs_status end_row(hrs_work *work, hrs_count k, hrs_lattice *lattice, bool raised,
                          hrs_interactions_row *row, hrs_salient *lists) {
  hrs_status status = HRS_OK;
  if (raised) status = refine_and(work, k / work->problem->targets, lattice, row, &lists[AND]);
  if (status == HRS_OK && work->engine->group_rank == 0)
    status = hrs_salient_merge(&lists[AND], &lists[OR], list_from(work, row->threshold),
                               list_limit(work));
  if (work->fit) {
    HRS_TRY(hrs_agree(work->engine->group, status));
    status = reconstruct(work, k, lattice, row);
  }
  if (status == HRS_OK && work->engine->group_rank == 0)
    status = hrs_done_add(&work->done, work->set, k, row, &lists[AND]);
  return status;
}

/* Everything for one row, whose values stand in `lattice` (NULL: this rank has none this round):
 * values and indices, AND, OR, salience. Collective over the world. */
static hrs_status do_row(hrs_work *work, hrs_count sample, int target, hrs_lattice *lattice) {
  const bool *types = work->settings->types;
  hrs_count k = sample * work->problem->targets + target;
  hrs_interactions_row row = {0};
  hrs_salient lists[2] = {{0}};
  double largest = 0, after_and = 0;
  hrs_status status = HRS_OK;
  hrs_engine_begin(work->engine, HRS_TASK_REDUCE);
  if (lattice) status = start_row(work, sample, target, lattice, &row);
  HRS_GO(hrs_agree(work->engine->world, status));
  if (work->settings->values && !work->engine->again) {
    hrs_engine_begin(work->engine, HRS_TASK_WRITE);
    hrs_engine_expect(work->engine, 1);
    HRS_GO(hrs_dataset_write_lattice(work->set, "/values", k, lattice));
  }
  for (int type = AND; type <= OR; type++) {
    if (types[type]) HRS_GO(do_type(work, type, k, lattice, &largest, &row, &lists[type]));
    if (type == AND) after_and = row.threshold;
  }
  hrs_engine_begin(work->engine, HRS_TASK_REDUCE);
  if (lattice) {
    bool raised = types[AND] && types[OR] && row.threshold != after_and;
    status = end_row(work, k, lattice, raised, &row, lists);
    if (largest > work->running_max) work->running_max = largest;
  }
  status = agree_in_row(work, status);
done:
  hrs_salient_destroy(&lists[AND]);
  hrs_salient_destroy(&lists[OR]);
  return status;
}

hrs_status hrs_work_sample(void *self, hrs_engine *engine, hrs_count sample,
                           hrs_lattice *const *v) {
  hrs_work *work = self;
  int targets = work->problem->targets, games = work->problem->games;
  bool active = false;
  for (int t = 0; t < targets; t++) {
    bool first = t % games == 0, last = t % games == games - 1;
    /* Rows that are fitted together were done together. */
    if (first) active = v && !hrs_engine_has_row(engine, sample * targets + t);
    if (first && t > 0) HRS_TRY(hrs_engine_agree(engine, HRS_OK));
    if (work->settings->fit && first) {
      hrs_engine_begin(engine, HRS_TASK_FIT);
      hrs_status status = active ? hrs_work_split(work, sample, v + t) : HRS_OK;
      HRS_TRY(hrs_engine_agree(engine, status));
    }
    HRS_TRY(do_row(work, sample, t, active ? v[t] : NULL));
    if (last) HRS_TRY(hrs_engine_checkpoint_if_due(engine));
  }
  return HRS_OK;
}
