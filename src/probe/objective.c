/*
 * Sums over the rows: products of blocks of rows with the weights, and of what is wrong with their
 * scores with the features.
 *
 * Features are single precision, all else double. A block is converted a chunk of units at a time,
 * once for the scores and once for the gradient, so that little memory is needed however many units
 * there are. Every product has the same shape for every way of dealing rows, and sums are joined by
 * the numbers of the blocks: the same bits.
 *
 * Features are centred, which changes the intercepts alone, and scaled by about the root of the
 * Hessian's diagonal: both for the sake of the minimisation, which knows nothing of the features.
 */
#include "objective.h"

#include "base/smaller.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

enum { CHUNK = 1024 };

static hrs_status join(const hrs_probe_options *options, hrs_status status, hrs_sums *sums) {
  return options->join ? options->join(options->context, status, sums) : status;
}

static hrs_count blocks_of(const hrs_probe_rows *data) {
  return (data->total + data->block - 1) / data->block;
}

/* ---- means and scales ------------------------------------------------------------------------ */

/* Sums of x and of x² over the rows of a block; NaN and infinity show in the latter. */
static void add_moments(const hrs_probe_rows *data, hrs_count from, hrs_count rows, double *sum) {
  memset(sum, 0, 2 * (size_t)data->units * sizeof *sum);
  for (hrs_count i = from; i < from + rows; i++) {
    const float *x = data->x + i * data->units;
    for (int u = 0; u < data->units; u++) {
      sum[u] += (double)x[u];
      sum[data->units + u] += (double)x[u] * (double)x[u];
    }
  }
}

/* Sums of x [units] and x² [units] over all rows. */
static hrs_status sum_moments(const hrs_probe_rows *data, const hrs_probe_options *options,
                              double *sum) {
  hrs_sums *sums = NULL;
  hrs_status status = hrs_sums_create(2 * (hrs_count)data->units, blocks_of(data), &sums);
  for (hrs_count at = 0; at < data->rows && status == HRS_OK; at += data->block) {
    add_moments(data, at, hrs_smaller(data->block, data->rows - at), sum);
    status = hrs_sums_add(sums, 0, (data->first + at) / data->block, sum);
  }
  status = join(options, status, sums);
  if (status == HRS_OK) status = hrs_sums_finish(sums, sum);
  hrs_sums_destroy(&sums);
  HRS_TRY(status);
  for (int u = 0; u < data->units; u++)
    HRS_REQUIRE(isfinite(sum[data->units + u]), NONFINITE,
                "unit %d is NaN or infinite in some of %lld rows of features", u,
                (long long)data->total);
  return HRS_OK;
}

hrs_status hrs_probe_mean_square(const hrs_probe_rows *data, const hrs_probe_options *options,
                                 double *out) {
  double *sum;
  hrs_status status = hrs_alloc(2 * (hrs_count)data->units, sizeof *sum, &sum);
  if (status != HRS_OK) return join(options, status, NULL);
  status = sum_moments(data, options, sum);
  *out = 0;
  for (int u = 0; u < data->units && status == HRS_OK; u++)
    *out += sum[data->units + u] / (double)data->total / data->units;
  hrs_free(sum);
  return status;
}

static hrs_status look(hrs_objective *o) {
  const hrs_probe_rows *data = o->data;
  double *sum, likely = 1.0 / data->classes * (1 - 1.0 / data->classes);
  hrs_status status = hrs_alloc(2 * (hrs_count)data->units, sizeof *sum, &sum);
  if (status != HRS_OK) return join(o->options, status, NULL);
  status = sum_moments(data, o->options, sum);
  for (int u = 0; u < data->units && status == HRS_OK; u++) {
    double mean = sum[u] / (double)data->total;
    double variance = fmax(0, sum[data->units + u] / (double)data->total - mean * mean);
    o->mean[u] = mean;
    o->scale[u] = 1 / sqrt(likely * variance + o->options->penalty);
  }
  hrs_free(sum);
  return status;
}

/* ---- life ------------------------------------------------------------------------------------ */

static hrs_status allocate(hrs_objective *o) {
  const hrs_probe_rows *data = o->data;
  int units = data->units;
  hrs_count chunk = hrs_smaller(units, CHUNK);
  HRS_TRY(hrs_alloc(units, sizeof(double), &o->mean));
  HRS_TRY(hrs_alloc(units, sizeof(double), &o->scale));
  HRS_TRY(hrs_alloc(data->block * chunk, sizeof(double), &o->part));
  HRS_TRY(hrs_alloc(data->block * data->classes, sizeof(double), &o->scores));
  HRS_TRY(hrs_alloc(o->width, sizeof(double), &o->sum));
  return hrs_sums_create(o->width, blocks_of(data), &o->sums);
}

hrs_status hrs_objective_create(const hrs_probe_rows *data, const hrs_probe_options *options,
                                hrs_objective *out) {
  *out = (hrs_objective){
      .data = data, .options = options, .width = data->classes * ((hrs_count)data->units + 1) + 2};
  hrs_status status = allocate(out);
  HRS_TRY(join(options, status, NULL));
  return look(out);
}

void hrs_objective_destroy(hrs_objective *o) {
  hrs_free(o->mean);
  hrs_free(o->scale);
  hrs_free(o->part);
  hrs_free(o->scores);
  hrs_free(o->sum);
  hrs_sums_destroy(&o->sums);
}

/* ---- loss and gradient ----------------------------------------------------------------------- */

/* A block of rows of this run. */
typedef struct block {
  hrs_count from;
  int rows;
} block;

/* Units [unit, unit + count) of a block into o->part. */
static void convert(const hrs_objective *o, block b, int unit, int count) {
  for (int i = 0; i < b.rows; i++) {
    const float *x = o->data->x + (b.from + i) * o->data->units + unit;
    double *to = o->part + (hrs_count)i * count;
    const double *mean = o->mean + unit, *scale = o->scale + unit;
    for (int u = 0; u < count; u++)
      to[u] = ((double)x[u] - mean[u]) * scale[u];
  }
}

static void score(const hrs_objective *o, block b, const double *w) {
  int units = o->data->units, classes = o->data->classes;
  for (int i = 0; i < b.rows; i++)
    memcpy(o->scores + (hrs_count)i * classes, w + (hrs_count)classes * units,
           (size_t)classes * sizeof *w);
  for (int unit = 0; unit < units; unit += CHUNK) {
    int count = (int)hrs_smaller(CHUNK, units - unit);
    convert(o, b, unit, count);
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, b.rows, classes, count, 1, o->part, count,
                w + unit, units, 1, o->scores, classes);
  }
}

/* Scores become the gradient of the loss by them; loss and rows that are right go to *sum. */
static void compare(const hrs_objective *o, block b, double *loss, double *right) {
  int classes = o->data->classes;
  double each = 1 / (double)o->data->total;
  for (int i = 0; i < b.rows; i++) {
    double *z = o->scores + (hrs_count)i * classes, total = 0;
    int label = o->data->label[b.from + i], best = 0;
    for (int c = 1; c < classes; c++)
      if (z[c] > z[best]) best = c;
    double most = z[best], own = z[label] - most;
    for (int c = 0; c < classes; c++) {
      z[c] = exp(z[c] - most);
      total += z[c];
    }
    *loss += (log(total) - own) * each;
    *right += best == label ? each : 0;
    for (int c = 0; c < classes; c++)
      z[c] = (z[c] / total - (c == label)) * each;
  }
}

static void add_gradient(const hrs_objective *o, block b, double *gradient) {
  int units = o->data->units, classes = o->data->classes;
  for (int unit = 0; unit < units; unit += CHUNK) {
    int count = (int)hrs_smaller(CHUNK, units - unit);
    convert(o, b, unit, count);
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, classes, count, b.rows, 1, o->scores,
                classes, o->part, count, 0, gradient + unit, units);
  }
  double *bias = gradient + (hrs_count)classes * units;
  for (int i = 0; i < b.rows; i++)
    for (int c = 0; c < classes; c++)
      bias[c] += o->scores[(hrs_count)i * classes + c];
}

hrs_status hrs_objective_evaluate(hrs_objective *o, const double *w, double *loss, double *accuracy,
                                  double *gradient) {
  const hrs_probe_rows *data = o->data;
  hrs_status status = hrs_stop_check("training a probe");
  hrs_sums_clear(o->sums);
  for (hrs_count at = 0; at < data->rows && status == HRS_OK; at += data->block) {
    block b = {at, (int)hrs_smaller(data->block, data->rows - at)};
    memset(o->sum, 0, (size_t)o->width * sizeof *o->sum);
    score(o, b, w);
    compare(o, b, &o->sum[o->width - 2], &o->sum[o->width - 1]);
    if (gradient) add_gradient(o, b, o->sum);
    status = hrs_sums_add(o->sums, 0, (data->first + at) / data->block, o->sum);
  }
  HRS_TRY(join(o->options, status, o->sums));
  HRS_TRY(hrs_sums_finish(o->sums, o->sum));
  *loss = o->sum[o->width - 2];
  *accuracy = o->sum[o->width - 1];
  if (gradient) memcpy(gradient, o->sum, (size_t)(o->width - 2) * sizeof *gradient);
  return HRS_OK;
}
