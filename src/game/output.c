/*
 * v from a network's output vector, in double.
 *
 * All rests on the log-odds of class y against the others, z_y - log sum_{j != y} exp z_j, which no
 * large logit can saturate; probability and log-probability follow from it. The sum of exponentials
 * is taken once for all targets: relative to the largest score m it is at least 1 for every y != m,
 * so that taking exp(z_y - z_m) out of it loses nothing; y = m is summed anew around the second
 * largest.
 */
#include "internal.h"

#include "lattice/simd.h"
#include "network/operators/vector_math.h"

#include <math.h>

static int largest(const double *score, int classes, int without) {
  int best = -1;
  for (int j = 0; j < classes; j++) {
    if (j != without && (best < 0 || score[j] > score[best])) best = j;
  }
  return best;
}

HRS_INLINE void exp_around(const double *restrict score, int classes, double top,
                           double *restrict out) {
  HRS_INDEPENDENT
  for (int j = 0; j < classes; j++)
    out[j] = hrs_exp_f64(score[j] - top);
}

static void exponentials_any(const double *score, int classes, double top, double *out) {
  exp_around(score, classes, top, out);
}

HRS_TARGET_AVX2 static void exponentials_avx2(const double *score, int classes, double top,
                                              double *out) {
  exp_around(score, classes, top, out);
}

/* exp(score_j - top) for all classes: with the same bits on every processor. */
static void exponentials(const double *score, int classes, double top, double *out) {
  if (hrs_has_avx2())
    exponentials_avx2(score, classes, top, out);
  else
    exponentials_any(score, classes, top, out);
}

/* (score_m - score_s) - log sum_{j != m} exp(score_j - score_s), s the second largest */
static double log_odds_of_largest(const double *score, int classes, int m, double *workspace) {
  int second = largest(score, classes, m);
  double sum = 0;
  if (isfinite(score[second])) {
    exponentials(score, classes, score[second], workspace);
    for (int j = 0; j < classes; j++)
      if (j != m && j != second) sum += workspace[j];
  }
  return (score[m] - score[second]) - log1p(sum);
}

/* exps: exp(score_j - score_m), and `rest` their sum without m itself. */
static double log_odds(const double *score, const double *exps, double rest, int m, int target) {
  return (score[target] - score[m]) - log1p(rest - exps[target]);
}

static double softplus(double x) {
  return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double sigmoid(double x) {
  if (x >= 0) return 1 / (1 + exp(-x));
  double e = exp(x);
  return e / (1 + e);
}

/* log(1 - exp(x)) for x <= 0 */
static double log_one_minus_exp(double x) {
  return x > -0.6931471805599453 ? log(-expm1(x)) : log1p(-exp(x));
}

static double from_log_odds(hrs_output output, double odds) {
  if (output == HRS_OUTPUT_PROBABILITY) return sigmoid(odds);
  if (output == HRS_OUTPUT_LOG_PROBABILITY) return -softplus(-odds);
  return odds;
}

/* One score for two classes: the logit, probability or log-probability of class 1. */
static double single(hrs_output output, hrs_scores scores, double score, int target) {
  double odds = score, sign = target ? 1 : -1;
  if (scores == HRS_SCORES_PROBABILITIES) {
    if (output == HRS_OUTPUT_PROBABILITY) return target ? score : 1 - score;
    if (output == HRS_OUTPUT_LOG_PROBABILITY) return target ? log(score) : log1p(-score);
    odds = log(score) - log1p(-score);
  } else if (scores == HRS_SCORES_LOG_PROBABILITIES) {
    double other = log_one_minus_exp(score);
    if (output == HRS_OUTPUT_PROBABILITY) return exp(target ? score : other);
    if (output == HRS_OUTPUT_LOG_PROBABILITY) return target ? score : other;
    odds = score - other;
  }
  return from_log_odds(output, sign * odds);
}

/* Probabilities: the others' sum, not 1 - p, which is 0 as soon as p is rounded to 1. */
static double of_probabilities(hrs_output output, const double *score, int classes, int target) {
  if (output == HRS_OUTPUT_PROBABILITY) return score[target];
  if (output != HRS_OUTPUT_LOG_ODDS) return log(score[target]);
  double others = 0;
  for (int j = 0; j < classes; j++) {
    if (j != target) others += score[j];
  }
  return log(score[target]) - log(others);
}

static bool is_direct(hrs_output output, hrs_scores scores) {
  if (output == HRS_OUTPUT_LOGIT) return scores != HRS_SCORES_PROBABILITIES;
  return output == HRS_OUTPUT_LOG_PROBABILITY && scores == HRS_SCORES_LOG_PROBABILITIES;
}

void hrs_output_values(hrs_output output, hrs_scores scores, const double *score, int classes,
                       int targets, const int *target, double *workspace, double *out) {
  bool summed = output != HRS_OUTPUT_RAW && classes > 1 && scores != HRS_SCORES_PROBABILITIES &&
                !is_direct(output, scores);
  int m = summed ? largest(score, classes, -1) : 0;
  bool any_other = false;
  double rest = 0, of_largest = 0;
  for (int t = 0; summed && t < targets; t++)
    any_other |= target[t] != m;
  if (summed && (!any_other || targets > 1))
    of_largest = log_odds_of_largest(score, classes, m, workspace);
  if (any_other) {
    exponentials(score, classes, score[m], workspace);
    for (int j = 0; j < classes; j++)
      if (j != m) rest += workspace[j];
  }
  for (int t = 0; t < targets; t++) {
    int y = target[t];
    if (output == HRS_OUTPUT_RAW) {
      out[t] = score[y];
    } else if (classes == 1) {
      out[t] = single(output, scores, score[0], y);
    } else if (!summed) {
      out[t] = is_direct(output, scores) ? score[y] : of_probabilities(output, score, classes, y);
    } else {
      double odds = y == m ? of_largest : log_odds(score, workspace, rest, m, y);
      out[t] = from_log_odds(output, odds);
    }
  }
}

double hrs_output_value(hrs_output output, hrs_scores scores, const double *score, int classes,
                        int target) {
  enum { FEW = 64 };
  double few[FEW], *workspace = few, value;
  if (classes > FEW && hrs_alloc(classes, sizeof *workspace, &workspace) != HRS_OK)
    return (double)NAN;
  hrs_output_values(output, scores, score, classes, 1, &target, workspace, &value);
  if (workspace != few) hrs_free(workspace);
  return value;
}
