/* The interaction indices of a row. */
#include "indices.h"

#include "mpi/lattice/comm.h"

#include <string.h>

static hrs_status fold_row(void *context, hrs_dtype type, const void *values, hrs_subcube cube,
                           double *sum) {
  const int *n = context;
  return hrs_player_values(type, values, cube, *n, sum);
}

hrs_status hrs_row_players(const hrs_lattice *v, int n, double sums[2 * HRS_MAX_PLAYERS]) {
  return hrs_lattice_sum(v, 2 * n, fold_row, &n, sums);
}

static hrs_status values_of_players(const hrs_work *work, const hrs_lattice *v,
                                    hrs_interactions_row *row) {
  int n = work->problem->n;
  double sums[2 * HRS_MAX_PLAYERS];
  HRS_TRY(hrs_row_players(v, n, sums));
  for (int which = 0; which < 2; which++)
    memcpy(row->indices[which], sums + which * n, sizeof(double) * (size_t)n);
  for (int i = 0; i < 2 * n; i++)
    HRS_TRY(hrs_engine_check(work->engine, row->index, row->target, "values of players", HRS_F64,
                             sums[i]));
  return HRS_OK;
}

/* One index of row k: what storing v has rounded off comes to its error. */
static hrs_status write_index(hrs_work *work, hrs_count k, const hrs_interactions_row *row,
                              hrs_index index, const double *values, double error) {
  const hrs_problem *problem = work->problem;
  int orders = work->settings->orders[index];
  for (hrs_count i = 0; i < hrs_set_count(problem->n, orders); i++)
    HRS_TRY(hrs_engine_check(work->engine, row->index, row->target, hrs_index_name(index), HRS_F64,
                             values[i]));
  double rounding = work->engine->ranges[k % problem->targets].rounding;
  if (rounding > 0) error += rounding * hrs_index_sensitivity(index, problem->n, orders);
  return hrs_interactions_write_index(work->set, k, index, values, error);
}

static hrs_status write_all(hrs_work *work, hrs_count k, const hrs_interactions_row *row,
                            double *const *values, const double *error) {
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    if (work->settings->orders[i])
      HRS_TRY(write_index(work, k, row, (hrs_index)i, values[i], error[i]));
  return HRS_OK;
}

hrs_status hrs_work_indices(hrs_work *work, hrs_count k, const hrs_lattice *v,
                            hrs_interactions_row *row) {
  const hrs_problem *problem = work->problem;
  if (work->settings->indices[0] || work->settings->indices[1])
    HRS_TRY(values_of_players(work, v, row));
  bool any = false;
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    any = any || work->settings->orders[i];
  if (!any || work->engine->again) return HRS_OK;
  double *values[HRS_INDEX_LIMIT] = {NULL}, error[HRS_INDEX_LIMIT];
  hrs_status status = HRS_OK;
  for (int i = 0; i < HRS_INDEX_LIMIT && work->engine->group_rank == 0 && status == HRS_OK; i++)
    if (work->settings->orders[i])
      status = hrs_alloc(hrs_set_count(problem->n, work->settings->orders[i]), sizeof *values[i],
                         &values[i]);
  status = hrs_agree(work->engine->group, status);
  if (status == HRS_OK)
    status =
        hrs_lattice_indices(v, work->resources->sharing, work->settings->orders, values, error);
  if (status == HRS_OK && work->engine->group_rank == 0)
    status = write_all(work, k, row, values, error);
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    hrs_free(values[i]);
  return hrs_agree(work->engine->group, status);
}
