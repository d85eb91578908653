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
#include "run_indices.h"

#include "mpi/dataset/write.h"
#include "mpi/dataset/write_lattice.h"
#include "mpi/lattice/comm.h"
#include "run_fit.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { AND, OR };

void hrs_run_clock(hrs_run *run, hrs_run_phase phase, double *start) {
  double now = hrs_time();
  run->seconds[phase] += now - *start;
  *start = now;
}

/* Threshold of a row whose largest |I| so far is `largest`; never 0, so that no zero is salient. */
static double threshold_for(const hrs_run *run, double largest) {
  double base = 1;
  switch (run->threshold.mode) {
  case HRS_THRESHOLD_SAMPLE:
    base = largest;
    break;
  case HRS_THRESHOLD_GLOBAL:
    base = largest > run->running_max ? largest : run->running_max;
    break;
  case HRS_THRESHOLD_DELTA:
    base = run->delta;
    break;
  case HRS_THRESHOLD_FIXED:
    break;
  }
  double threshold = run->threshold.coefficient * base;
  return threshold > DBL_TRUE_MIN ? threshold : DBL_TRUE_MIN;
}

/* Least |I| that is listed, and how many: the threshold's, or any of the largest K. */
static double list_from(const hrs_run *run, double threshold) {
  return run->job->keep == HRS_KEEP_TOP ? DBL_TRUE_MIN : threshold;
}

static hrs_count list_limit(const hrs_run *run) {
  return run->job->keep == HRS_KEEP_TOP ? run->job->top : run->options->salient_limit;
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

/* All five order sums of a type into row->orders[type]. Collective over the group. */
static hrs_status reduce_orders(const hrs_lattice *lattice, int n, double threshold,
                                double orders[5][HRS_MAX_PLAYERS + 1]) {
  double sums[HRS_ORDER_SUMS * (HRS_MAX_PLAYERS + 1)];
  order_context context = {n, threshold};
  HRS_TRY(hrs_lattice_sum(lattice, HRS_ORDER_SUMS * (n + 1), order_row, &context, sums));
  for (int what = 0; what < HRS_ORDER_SUMS; what++)
    memcpy(orders[what], sums + what * (n + 1), sizeof(double) * (size_t)(n + 1));
  return HRS_OK;
}

void hrs_run_orders_from_list(int n, const hrs_salient *list, double threshold,
                              hrs_interactions_row *row) {
  row->threshold = threshold;
  for (int type = 0; type < 2; type++)
    for (int what = 0; what < 3; what++)
      memset(row->orders[type][what], 0, sizeof(double) * (size_t)(n + 1));
  for (hrs_count i = 0; i < list->count; i++) {
    if (fabs(list->value[i]) < threshold) break;
    int order = hrs_order(list->mask[i]);
    row->orders[list->type[i]][list->value[i] < 0][order] += list->value[i];
    row->orders[list->type[i]][2][order]++;
  }
}

/* Largest error of a row against known dividends, over the tolerance of a transform in storage of
 * precision e: 8 * 2^(n/2) * e * scale. */
typedef struct verification {
  hrs_run *run;
  bool or_type;
} verification;

static hrs_status verify_row(void *context, hrs_dtype type, const void *values, hrs_subcube cube,
                             double *sum) {
  const verification *v = context;
  hrs_mask mask = cube.fixed;
  for (hrs_count i = 0; i < hrs_subcube_size(cube); i++) {
    double known;
    HRS_TRY(hrs_game_dividend(v->run->job->game, v->or_type, mask, &known));
    double value =
        type == HRS_F64 ? ((const double *)values)[i] : (double)((const float *)values)[i];
    double error = fabs(value - known);
    if (!(error <= *sum)) *sum = error;
    mask = hrs_subcube_next(cube, mask);
  }
  return HRS_OK;
}

static hrs_status verify(hrs_run *run, const hrs_lattice *lattice, bool or_type, double scale) {
  if (!run->options->verify) return HRS_OK;
  verification v = {run, or_type};
  double worst = 0;
  hrs_count first = hrs_lattice_first_row(lattice);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(lattice); row++)
    HRS_TRY(verify_row(&v, hrs_lattice_type(lattice), hrs_lattice_row(lattice, row),
                       hrs_lattice_row_cube(lattice, row), &worst));
  HRS_TRY(hrs_comm_reduce(run->group, MPI_MAX, MPI_DOUBLE, &worst, 1));
  double epsilon = run->job->precision == HRS_F64 ? DBL_EPSILON : FLT_EPSILON;
  double tolerance = 8 * pow(2, run->job->n / 2.0) * epsilon * (scale > 1 ? scale : 1);
  if (!(worst / tolerance <= run->verified)) run->verified = worst / tolerance;
  return HRS_OK;
}

/* Nothing of a type may be beyond the range of numbers: neither the largest |I| nor sums. */
static hrs_status check_type(const hrs_run *run, int type, double largest,
                             const hrs_interactions_row *row) {
  HRS_TRY(hrs_run_check_range(run, row, type == AND ? "AND interactions" : "OR interactions",
                              run->job->precision, largest));
  double size = 0;
  for (int m = 1; m <= run->job->n; m++)
    size += row->orders[type][3][m] - row->orders[type][4][m];
  return hrs_run_check_range(run, row, "sums of interactions", HRS_F64, size);
}

/* Largest |I|, order sums and salient list of a type, at the threshold that is known by now. */
static hrs_status reduce_type(hrs_run *run, const hrs_lattice *lattice, int type, double *largest,
                              hrs_interactions_row *row, hrs_salient *list) {
  double here;
  HRS_TRY(hrs_lattice_max(lattice, &here));
  *largest = here > *largest ? here : *largest;
  row->threshold = threshold_for(run, *largest);
  HRS_TRY(reduce_orders(lattice, run->job->n, row->threshold, row->orders[type]));
  HRS_TRY(check_type(run, type, here, row));
  return hrs_lattice_select(lattice, (uint8_t)type, list_from(run, row->threshold), list_limit(run),
                            list);
}

/* The transform of a type, in a lattice that holds v. */
static hrs_status transform(hrs_lattice *lattice, int type) {
  hrs_kernel kernel = hrs_kernel_get(type == AND ? HRS_KERNEL_MOBIUS : HRS_KERNEL_OR);
  HRS_TRY(hrs_lattice_transform(lattice, kernel, type == AND ? 1 : -1));
  if (type == OR) hrs_lattice_set(lattice, 0, 0);
  return HRS_OK;
}

/* v of a sample once more, within a phase that began at *start. Collective over the group. */
static hrs_status evaluate_again(hrs_run *run, hrs_count sample, hrs_run_phase phase,
                                 double *start) {
  hrs_run_clock(run, phase, start);
  hrs_status status = hrs_run_evaluate(run, sample, true);
  hrs_run_clock(run, HRS_RUN_evaluate, start);
  return status;
}

/* Interactions of a type into *lattice, which holds v; *lattice becomes the one that has them.
 * Collective over the group. */
static hrs_status make_type(hrs_run *run, hrs_count sample, int type,
                            const hrs_interactions_row *row, hrs_lattice **lattice, double *start) {
  if (run->fit) {
    *lattice = hrs_fit_interactions(run->fit, row->network, type == OR);
    return HRS_OK;
  }
  if (type == AND && run->plan->keeps_values) {
    HRS_TRY(hrs_agree(run->group, hrs_lattice_copy(*lattice, run->and_lattice)));
    *lattice = run->and_lattice;
  }
  if (type == OR && run->job->types[AND] && !run->plan->keeps_values)
    HRS_TRY(evaluate_again(run, sample, HRS_RUN_transform, start));
  return transform(*lattice, type);
}

/* AND at its final threshold, after OR has raised it. */
static hrs_status refine_and(hrs_run *run, hrs_count sample, hrs_lattice *lattice,
                             hrs_interactions_row *row, hrs_salient *list, double *start) {
  int lacks = run->group_rank == 0 && hrs_salient_lacks(list, row->threshold);
  HRS_TRY(hrs_broadcast(run->group, 0, &lacks, sizeof lacks));
  if (!lacks) {
    hrs_interactions_row sums = *row;
    hrs_run_orders_from_list(run->job->n, list, row->threshold, &sums);
    memcpy(row->orders[AND], sums.orders[AND], 3 * sizeof row->orders[AND][0]);
    return HRS_OK;
  }
  if (run->fit) {
    lattice = hrs_fit_interactions(run->fit, row->network, false);
  } else if (run->plan->keeps_values) {
    lattice = run->and_lattice;
  } else {
    HRS_TRY(evaluate_again(run, sample, HRS_RUN_reduce, start));
    HRS_TRY(transform(lattice, AND));
  }
  return reduce_orders(lattice, run->job->n, row->threshold, row->orders[AND]);
}

/* One type: transform, reduce, write. Ranks without a lattice take part in the agreements. */
static hrs_status do_type(hrs_run *run, int type, hrs_count k, hrs_lattice *lattice, bool again,
                          double *largest, hrs_interactions_row *row, hrs_salient *list) {
  double start = hrs_time();
  hrs_status status = HRS_OK;
  if (lattice) {
    status = make_type(run, k / run->job->targets, type, row, &lattice, &start);
    hrs_run_clock(run, HRS_RUN_transform, &start);
    if (status == HRS_OK) status = reduce_type(run, lattice, type, largest, row, list);
    hrs_run_clock(run, HRS_RUN_reduce, &start);
    double scale = fabs(row->v_full) > *largest ? fabs(row->v_full) : *largest;
    if (status == HRS_OK) status = verify(run, lattice, type == OR, scale);
    hrs_run_clock(run, HRS_RUN_verify, &start);
  }
  HRS_TRY(hrs_agree(run->world, status));
  if (run->job->keep == HRS_KEEP_ALL && !again)
    HRS_TRY(hrs_dataset_write_lattice(
        run->set, type == AND ? "/interactions/and" : "/interactions/or", k, lattice));
  hrs_run_clock(run, HRS_RUN_write, &start);
  return HRS_OK;
}

/* E_{|S|=k} v(S) - v(empty), which should not fall with k where interactions are to be sparse. */
static hrs_status mean_effects(const hrs_run *run, const hrs_lattice *v,
                               hrs_interactions_row *row) {
  int n = run->job->n;
  double orders[5][HRS_MAX_PLAYERS + 1];
  HRS_TRY(reduce_orders(v, n, INFINITY, orders));
  for (int k = 1; k <= n; k++) {
    row->mean_effect[k] = (orders[3][k] + orders[4][k]) / hrs_binomial(n, k) - row->v_empty;
    HRS_TRY(hrs_run_check_range(run, row, "mean effects", HRS_F64, row->mean_effect[k]));
  }
  return HRS_OK;
}

static hrs_status start_row(hrs_run *run, hrs_count sample, int target, hrs_lattice *lattice,
                            bool again, hrs_interactions_row *row) {
  const hrs_job *job = run->job;
  row->index = job->index[sample];
  row->label = job->label[sample];
  row->target = hrs_game_target(job->game, target);
  row->network = target % job->networks;
  HRS_TRY(hrs_lattice_get(lattice, 0, &row->v_empty));
  HRS_TRY(hrs_lattice_get(lattice, hrs_mask_full(job->n), &row->v_full));
  HRS_TRY(mean_effects(run, lattice, row));
  if (run->fit)
    HRS_TRY(hrs_run_check_range(run, row, "the split", HRS_F64, run->report.l1[row->network]));
  return hrs_run_indices(run, sample * job->targets + target, lattice, again, row);
}

/* Store what the group's first rank keeps of row k; in place where the row is done again. */
static hrs_status keep_row(hrs_run *run, hrs_count k, bool again, const hrs_interactions_row *row,
                           hrs_salient *list) {
  hrs_count at = run->listed;
  if (again) {
    for (at = 0; run->rows[at] != k;)
      at++;
    hrs_salient_destroy(&run->lists[at]);
  } else {
    run->rows[run->listed++] = k;
  }
  list->truncated = hrs_salient_lacks(list, row->threshold);
  run->lists[at] = *list;
  memset(list, 0, sizeof *list);
  if (!run->kept) return hrs_dataset_write_record(run->set, HRS_INTERACTIONS_ROW, k, row);
  run->kept[at] = *row;
  return HRS_OK;
}

hrs_status hrs_run_row(hrs_run *run, hrs_count sample, int target, hrs_lattice *lattice,
                       bool again) {
  const hrs_job *job = run->job;
  hrs_count k = sample * job->targets + target;
  hrs_interactions_row row = {0};
  hrs_salient lists[2] = {{0}};
  double largest = 0, start = hrs_time();
  hrs_status status = HRS_OK;
  if (lattice) status = start_row(run, sample, target, lattice, again, &row);
  hrs_run_clock(run, HRS_RUN_reduce, &start);
  HRS_GO(hrs_agree(run->world, status));
  if (run->options->values && !again)
    HRS_GO(hrs_dataset_write_lattice(run->set, "/values", k, lattice));
  hrs_run_clock(run, HRS_RUN_write, &start);
  double after_and = 0;
  for (int type = AND; type <= OR; type++) {
    if (job->types[type])
      HRS_GO(do_type(run, type, k, lattice, again, &largest, &row, &lists[type]));
    if (type == AND) after_and = row.threshold;
  }
  start = hrs_time();
  if (lattice) {
    if (job->types[AND] && job->types[OR] && row.threshold != after_and)
      status = refine_and(run, sample, lattice, &row, &lists[AND], &start);
    if (status == HRS_OK && run->group_rank == 0)
      status = hrs_salient_merge(&lists[AND], &lists[OR], list_from(run, row.threshold),
                                 list_limit(run));
    if (run->fit) status = hrs_agree(run->group, status);
    if (status == HRS_OK && run->fit) {
      hrs_interactions_fit fit;
      status = hrs_run_reconstruct(run, row.network, lattice, row.threshold, &fit);
      if (status == HRS_OK && run->group_rank == 0)
        status = hrs_dataset_write_record(run->set, HRS_INTERACTIONS_FIT, k, &fit);
      bool last = job->networks > 1 && row.network == job->networks - 1;
      if (status == HRS_OK && run->group_rank == 0 && last) status = hrs_run_share(run, k);
    }
    if (largest > run->running_max) run->running_max = largest;
    if (status == HRS_OK && run->group_rank == 0)
      status = keep_row(run, k, again, &row, &lists[AND]);
  }
  hrs_run_clock(run, HRS_RUN_reduce, &start);
  status = hrs_agree(run->world, status);
done:
  hrs_salient_destroy(&lists[AND]);
  hrs_salient_destroy(&lists[OR]);
  return status;
}
