/*
 * Training of a probe: L-BFGS of liblbfgs on the objective, whose features are centred and scaled;
 * weights and intercepts of the features as they are come out.
 *
 * All ranks hold all variables and take the same steps; the sums over rows are all that they share
 * out. The end is told by the gradient, which is in the features' own scale. Where rounding keeps
 * it from falling as far as the tolerance asks, the report says so.
 */
#include "objective.h"

#include <lbfgs.h>
#include <math.h>
#include <string.h>

enum { CORRECTIONS = 10, LANES = 8 /* liblbfgs takes variables in groups */ };

typedef struct training {
  hrs_objective objective;
  hrs_probe_report *report;
  hrs_status status;
} training;

static hrs_count variables_of(const hrs_probe_rows *data) {
  return data->classes * ((hrs_count)data->units + 1);
}

static hrs_status check(const hrs_probe_rows *data, const hrs_probe_options *options) {
  HRS_REQUIRE(data->units >= 1 && data->classes >= 2 && data->total >= 1, USAGE,
              "a probe of %d units, %d classes and %lld rows", data->units, data->classes,
              (long long)data->total);
  HRS_REQUIRE(data->block >= 1 && data->block <= 1 << 20 && data->first % data->block == 0, USAGE,
              "rows from %lld on in blocks of %lld", (long long)data->first,
              (long long)data->block);
  HRS_REQUIRE(variables_of(data) <= 1 << 30, TOO_LARGE, "a probe of %d units and %d classes",
              data->units, data->classes);
  HRS_REQUIRE(options->penalty > 0 && isfinite(options->penalty), USAGE,
              "a penalty of %g: it must be positive", options->penalty);
  for (hrs_count i = 0; i < data->rows; i++)
    HRS_REQUIRE(data->label[i] >= 0 && data->label[i] < data->classes, INPUT,
                "row %lld has class %d of %d", (long long)(data->first + i), data->label[i],
                data->classes);
  return HRS_OK;
}

static hrs_status agree(const hrs_probe_options *options, hrs_status status) {
  return options->join ? options->join(options->context, status, NULL) : status;
}

/* Loss and gradient with the penalty, which weighs w * scale. A failure is kept, and ends the
 * minimisation at its next step. */
static lbfgsfloatval_t evaluate(void *context, const lbfgsfloatval_t *w, lbfgsfloatval_t *gradient,
                                int count, lbfgsfloatval_t step) {
  training *t = context;
  const hrs_objective *o = &t->objective;
  (void)step;
  double loss = 0, square = 0;
  memset(gradient, 0, (size_t)count * sizeof *gradient);
  if (t->status == HRS_OK)
    t->status = hrs_objective_evaluate(&t->objective, w, &loss, &t->report->accuracy, gradient);
  if (t->status != HRS_OK) {
    memset(gradient, 0, (size_t)count * sizeof *gradient);
    return 0;
  }
  for (int c = 0; c < o->data->classes; c++)
    for (int u = 0; u < o->data->units; u++) {
      hrs_count i = (hrs_count)c * o->data->units + u;
      double weight = w[i] * o->scale[u];
      square += weight * weight;
      gradient[i] += o->options->penalty * weight * o->scale[u];
    }
  t->report->loss = loss;
  return loss + o->options->penalty / 2 * square;
}

/* Norm of the gradient by the weights of centred features as they are, and by the intercepts. */
static double norm_of(const hrs_objective *o, const double *gradient) {
  double square = 0;
  for (int c = 0; c < o->data->classes; c++) {
    for (int u = 0; u < o->data->units; u++) {
      double g = gradient[(hrs_count)c * o->data->units + u] / o->scale[u];
      square += g * g;
    }
    double g = gradient[(hrs_count)o->data->classes * o->data->units + c];
    square += g * g;
  }
  return sqrt(square);
}

/* After each step; anything but 0 ends the minimisation. */
static int look(void *context, const lbfgsfloatval_t *w, const lbfgsfloatval_t *gradient,
                const lbfgsfloatval_t value, const lbfgsfloatval_t length,
                const lbfgsfloatval_t gradient_norm, const lbfgsfloatval_t step, int count,
                int iteration, int evaluations) {
  training *t = context;
  (void)w, (void)value, (void)length, (void)gradient_norm, (void)step, (void)count;
  (void)evaluations;
  if (t->status != HRS_OK) return 1;
  t->report->iterations = iteration;
  t->report->gradient_norm = norm_of(&t->objective, gradient);
  t->report->converged =
      t->report->gradient_norm <= t->objective.options->tolerance * t->report->first_norm;
  return t->report->converged;
}

static hrs_status minimise(training *t, double *w, double *gradient, int count) {
  const hrs_probe_options *options = t->objective.options;
  hrs_probe_report *report = t->report;
  evaluate(t, w, gradient, count, 0);
  HRS_TRY(t->status);
  report->first_norm = report->gradient_norm = norm_of(&t->objective, gradient);
  report->converged = report->first_norm == 0;
  if (report->converged || options->iterations == 0) return HRS_OK;
  lbfgs_parameter_t parameters;
  lbfgs_parameter_init(&parameters);
  parameters.m = CORRECTIONS;
  parameters.epsilon = 0;
  parameters.max_iterations = options->iterations;
  double value;
  int ended = lbfgs(count, w, &value, evaluate, look, t, &parameters);
  HRS_REQUIRE(ended != LBFGSERR_OUTOFMEMORY, MEMORY,
              "a probe of %d variables: no memory for %d "
              "steps of L-BFGS",
              count, CORRECTIONS);
  /* All else that ends it is an end: steps that rounding makes useless, or the last one allowed. */
  return t->status;
}

/* Of features as they are. */
static void unscale(const hrs_objective *o, const double *w, double *weight, double *bias) {
  int units = o->data->units, classes = o->data->classes;
  double mean = 0;
  for (int c = 0; c < classes; c++) {
    bias[c] = w[(hrs_count)classes * units + c];
    for (int u = 0; u < units; u++) {
      hrs_count i = (hrs_count)c * units + u;
      weight[i] = w[i] * o->scale[u];
      bias[c] -= weight[i] * o->mean[u];
    }
    mean += bias[c] / classes;
  }
  for (int c = 0; c < classes; c++)
    bias[c] -= mean;
}

hrs_status hrs_probe_train(const hrs_probe_rows *data, const hrs_probe_options *options,
                           double *weight, double *bias, hrs_probe_report *report) {
  HRS_TRY(agree(options, check(data, options)));
  training t = {.report = report};
  memset(report, 0, sizeof *report);
  int count = (int)((variables_of(data) + LANES - 1) / LANES * LANES);
  double *w = lbfgs_malloc(count), *gradient = lbfgs_malloc(count);
  hrs_status status = HRS_OK;
  if (!w || !gradient)
    status = hrs_error_set(HRS_STATUS_MEMORY, __FILE__, __LINE__, "a probe of %d variables", count);
  HRS_GO(agree(options, status));
  memset(w, 0, (size_t)count * sizeof *w);
  HRS_GO(hrs_objective_create(data, options, &t.objective));
  HRS_GO(agree(options, minimise(&t, w, gradient, count)));
  unscale(&t.objective, w, weight, bias);
done:
  hrs_objective_destroy(&t.objective);
  lbfgs_free(w);
  lbfgs_free(gradient);
  return status;
}

hrs_status hrs_probe_test(const hrs_probe_rows *data, const hrs_probe_options *options,
                          const double *weight, const double *bias, hrs_probe_report *report) {
  HRS_TRY(agree(options, check(data, options)));
  hrs_objective o = {0};
  double *w = NULL;
  memset(report, 0, sizeof *report);
  hrs_status status = hrs_alloc(variables_of(data), sizeof *w, &w);
  HRS_GO(agree(options, status));
  HRS_GO(hrs_objective_create(data, options, &o));
  int units = data->units, classes = data->classes;
  for (int c = 0; c < classes; c++) {
    w[(hrs_count)classes * units + c] = bias[c];
    for (int u = 0; u < units; u++) {
      hrs_count i = (hrs_count)c * units + u;
      w[i] = weight[i] / o.scale[u];
      w[(hrs_count)classes * units + c] += weight[i] * o.mean[u];
    }
  }
  status = hrs_objective_evaluate(&o, w, &report->loss, &report->accuracy, NULL);
done:
  hrs_objective_destroy(&o);
  hrs_free(w);
  return status;
}
