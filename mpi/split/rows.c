/* Passes of a fit over its rows. */
#include "rows.h"

#include "mpi/lattice/comm.h"
#include "mpi/lattice/counters.h"

#include <math.h>
#include <string.h>

static void visit_row(hrs_fit *fit, hrs_fit_pass *pass, void *context, hrs_count row, double *sum) {
  hrs_count size = hrs_lattice_row_size(fit->state[0]);
  for (hrs_count from = 0; from < size; from += HRS_FIT_CHUNK) {
    hrs_count count = size - from < HRS_FIT_CHUNK ? size - from : HRS_FIT_CHUNK;
    /* The empty set is element 0 of row 0 in both phases. */
    pass(fit, (hrs_fit_chunk){row, from, count, row == 0 && from == 0}, context, sum);
  }
}

/* Most passes look at each slot, and some at several lattices of it. */
static void count(const hrs_fit *fit) {
  const hrs_lattice *any = fit->state[0];
  hrs_count_passed(fit->slots * hrs_lattice_row_count(any) * hrs_lattice_row_bytes(any));
}

hrs_status hrs_fit_visit(hrs_fit *fit, hrs_fit_pass *pass, void *context, int width, double *sum) {
  hrs_lattice *any = fit->state[0];
  hrs_count first = hrs_lattice_first_row(any), rows = hrs_lattice_row_count(any);
  memset(fit->parts, 0, (size_t)(rows * width) * sizeof *fit->parts);
  for (hrs_count row = 0; row < rows; row++)
    visit_row(fit, pass, context, first + row, fit->parts + row * width);
  count(fit);
  return width ? hrs_lattice_add_rows(any, width, fit->parts, sum) : HRS_OK;
}

hrs_status hrs_fit_visit_middle(hrs_fit *fit, hrs_fit_pass *pass, void *context, int width,
                                double *sum) {
  if (fit->part.ranks > 1) return hrs_fit_visit(fit, pass, context, width, sum);
  hrs_count rows = hrs_lattice_row_count(fit->state[0]);
  memset(fit->parts, 0, (size_t)(rows * width) * sizeof *fit->parts);
  for (hrs_count row = 0; row < rows; row++)
    visit_row(fit, pass, context, row, fit->parts);
  count(fit);
  return hrs_lattice_add_rows(fit->state[0], width, fit->parts, sum);
}

hrs_status hrs_fit_largest(hrs_fit *fit, hrs_fit_pass *pass, void *context, int width,
                           double *largest) {
  hrs_lattice *any = fit->state[0];
  hrs_count first = hrs_lattice_first_row(any), rows = hrs_lattice_row_count(any);
  for (hrs_count row = first; row < first + rows; row++)
    visit_row(fit, pass, context, row, largest);
  count(fit);
  return hrs_comm_reduce(fit->comm, MPI_MAX, MPI_DOUBLE, largest, width);
}

void hrs_fit_prox_at(const hrs_fit *fit, double step, hrs_fit_chunk chunk, const double **s,
                     double (*z)[HRS_FIT_CHUNK]) {
  for (int i = 0; i < fit->slots; i++)
    s[i] = hrs_fit_at(fit->state[i], chunk);
  fit->method->prox(fit, step, chunk, s, z);
}

static void reflect(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)sum;
  const double *s[HRS_FIT_SLOTS];
  double z[HRS_FIT_SLOTS][HRS_FIT_CHUNK];
  hrs_fit_prox_at(fit, *(const double *)context, chunk, s, z);
  for (int slot = 0; slot < fit->slots; slot++)
    hrs_split_reflect(chunk.count, s[slot], z[slot], hrs_fit_at(fit->work[slot], chunk));
}

hrs_status hrs_fit_reflect(hrs_fit *fit, double step) {
  HRS_TRY(hrs_fit_visit(fit, reflect, &step, 0, NULL));
  return fit->method->project(fit);
}

void hrs_fit_shrink(const hrs_fit *fit, double step, hrs_fit_chunk chunk, const double *const *s,
                    double (*z)[HRS_FIT_CHUNK]) {
  int networks = fit->networks;
  hrs_share share = fit->options.share;
  if (networks == 1) {
    for (int slot = 0; slot < 2; slot++)
      hrs_split_shrink(step * (share.max + share.sum), chunk.count, s[slot], z[slot]);
  } else {
    for (int slot = 0; slot < 2 * networks; slot++)
      memcpy(z[slot], s[slot], (size_t)chunk.count * sizeof *z[slot]);
    for (int type = 0; type < 2; type++)
      for (hrs_count i = 0; i < chunk.count; i++)
        hrs_share_shrink(share, step, networks, &z[type * networks][i], HRS_FIT_CHUNK);
  }
  for (int slot = 0; slot < 2 * networks && chunk.first; slot++)
    z[slot][0] = s[slot][0];
}

/* Joint norm, or gauge, of one interaction in all networks, out of work slots. */
static void gather(const hrs_fit *fit, hrs_fit_chunk chunk, int type, hrs_count i, double *x) {
  for (int network = 0; network < fit->networks; network++)
    x[network] = hrs_fit_at(fit->work[type * fit->networks + network], chunk)[i];
}

static void gauge_of(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *largest) {
  (void)context;
  double x[HRS_SHARE_NETWORKS];
  for (int type = 0; type < 2; type++)
    for (hrs_count i = chunk.first; i < chunk.count; i++) {
      gather(fit, chunk, type, i, x);
      double gauge = fit->networks == 1
                         ? fabs(x[0]) / (fit->options.share.max + fit->options.share.sum)
                         : hrs_share_gauge(fit->options.share, fit->networks, x, 1);
      *largest = gauge > *largest ? gauge : *largest;
    }
}

hrs_status hrs_fit_gauge(hrs_fit *fit, double *gauge) {
  *gauge = 0;
  return hrs_fit_largest(fit, gauge_of, NULL, 1, gauge);
}

static void loss_of(hrs_fit *fit, hrs_fit_chunk chunk, void *context, double *sum) {
  (void)context;
  double x[HRS_SHARE_NETWORKS];
  for (int type = 0; type < 2; type++)
    for (hrs_count i = chunk.first; i < chunk.count; i++) {
      gather(fit, chunk, type, i, x);
      *sum += hrs_share_norm(fit->options.share, fit->networks, x, 1);
    }
}

hrs_status hrs_fit_loss(hrs_fit *fit, double *loss) {
  return hrs_fit_visit(fit, loss_of, NULL, 1, loss);
}

void hrs_fit_copy(hrs_lattice *to, const hrs_lattice *from, double less, double factor) {
  hrs_count first = hrs_lattice_first_row(to), size = hrs_lattice_row_size(to);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(to); row++) {
    double *x = hrs_lattice_row(to, row);
    const void *y = hrs_lattice_row(from, row);
    for (hrs_count i = 0; i < size; i++) {
      double value = from->type == HRS_F64 ? ((const double *)y)[i] : (double)((const float *)y)[i];
      x[i] = (value - less) * factor;
    }
  }
  to->phase = from->phase;
}

hrs_status hrs_fit_take_values(const hrs_fit *fit, hrs_lattice *to, const hrs_lattice *v) {
  double empty;
  HRS_TRY(hrs_lattice_get(v, 0, &empty));
  hrs_fit_copy(to, v, empty, 1 / fit->scale);
  return HRS_OK;
}
