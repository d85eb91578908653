/*
 * v from a network's output vectors, in double, for HRS_OUTPUT_LANES vectors side by side.
 *
 * All rests on the log-odds of class y against the others, z_y - log sum_{j != y} exp z_j, which no
 * large logit can saturate; probability and log-probability follow from it. One set of exponentials
 * serves all targets: with m the largest score and s the second largest,
 *
 *   y = m:  (z_m - z_s) - log(1 + R),                 R = sum_{j != m, s} exp(z_j - z_s)
 *   else:   (z_y - z_m) - log(1 + exp(z_s - z_m) (1 + R - exp(z_y - z_s)))
 *
 * where the difference loses nothing, since 1 is added to what is left of it. Several largest
 * scores are as good as one.
 */
#include "internal.h"

#include "base/simd.h"
#include "network/operators/vector_math.h"

#include <math.h>

enum { LANES = HRS_OUTPUT_LANES };

/* ---- one vector: what follows from one number, and probabilities ---- */

/* e^-|x| serves both signs. */
HRS_INLINE double sigmoid(double x) {
  double e = hrs_exp_f64(-fabs(x));
  return (x >= 0 ? 1 : e) / (1 + e);
}

/* log(1 + e^x) */
HRS_INLINE double softplus(double x) {
  return (x > 0 ? x : 0) + hrs_log1p_f64(hrs_exp_f64(-fabs(x)));
}

HRS_INLINE double from_log_odds(hrs_output output, double odds) {
  if (output == HRS_OUTPUT_PROBABILITY) return sigmoid(odds);
  if (output == HRS_OUTPUT_LOG_PROBABILITY) return -softplus(-odds);
  return odds;
}

/* log(1 - exp(x)) for x <= 0 */
static double log_one_minus_exp(double x) {
  return x > -0.6931471805599453 ? log(-expm1(x)) : log1p(-exp(x));
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
  double own = score[(hrs_count)target * LANES];
  if (output == HRS_OUTPUT_PROBABILITY) return own;
  if (output != HRS_OUTPUT_LOG_ODDS) return log(own);
  double others = 0;
  for (int j = 0; j < classes; j++) {
    if (j != target) others += score[(hrs_count)j * LANES];
  }
  return log(own) - log(others);
}

/* ---- all lanes: logits, and log-probabilities, which are logits that are shifted ---- */

HRS_INLINE void find_leaders(const double *restrict score, int classes, double *restrict top,
                             double *restrict second) {
  for (int b = 0; b < LANES; b++) {
    top[b] = score[b];
    second[b] = -(double)INFINITY;
  }
  for (int j = 1; j < classes; j++) {
    const double *restrict z = score + (hrs_count)j * LANES;
    for (int b = 0; b < LANES; b++) {
      double lower = z[b] > top[b] ? top[b] : z[b];
      top[b] = z[b] > top[b] ? z[b] : top[b];
      second[b] = lower > second[b] ? lower : second[b];
    }
  }
}

/* exps: of all scores around the second largest; rest: their sum but for one each of the largest
 * and the second largest. Where all others are minus infinity there is nothing to sum. */
HRS_INLINE void sum_exponentials(const double *restrict score, int classes,
                                 const double *restrict top, const double *restrict second,
                                 double *restrict exps, double *restrict rest) {
  double around[LANES], equal[LANES];
  for (int b = 0; b < LANES; b++) {
    around[b] = fabs(second[b]) < (double)INFINITY ? second[b] : 0;
    equal[b] = second[b] < top[b] ? -1 : -2;
    rest[b] = 0;
  }
  for (int j = 0; j < classes; j++) {
    const double *restrict z = score + (hrs_count)j * LANES;
    double *restrict e = exps + (hrs_count)j * LANES;
    for (int b = 0; b < LANES; b++) {
      e[b] = hrs_exp_f64(z[b] - around[b]);
      rest[b] += z[b] >= second[b] ? 0 : e[b];
      equal[b] += z[b] == second[b] ? 1 : 0;
    }
  }
  for (int b = 0; b < LANES; b++)
    rest[b] += second[b] == around[b] ? equal[b] : 0;
}

HRS_INLINE void sum_lanes(hrs_output output, const double *restrict score, int classes, int targets,
                          const int *target, double *restrict exps, double *restrict out) {
  double top[LANES], second[LANES], rest[LANES], ratio[LANES], of_top[LANES];
  find_leaders(score, classes, top, second);
  sum_exponentials(score, classes, top, second, exps, rest);
  for (int b = 0; b < LANES; b++) {
    double gap = top[b] - second[b];
    ratio[b] = hrs_exp_f64(-gap);
    of_top[b] = gap - hrs_log1p_f64(rest[b]);
  }
  for (int t = 0; t < targets; t++) {
    const double *restrict z = score + (hrs_count)target[t] * LANES;
    const double *restrict e = exps + (hrs_count)target[t] * LANES;
    double *restrict to = out + (hrs_count)t * LANES;
    for (int b = 0; b < LANES; b++) {
      double others = ratio[b] * ((1 + rest[b]) - e[b]);
      double odds = (z[b] - top[b]) - hrs_log1p_f64(others);
      to[b] = z[b] == top[b] ? of_top[b] : odds;
    }
    for (int b = 0; b < LANES; b++)
      to[b] = from_log_odds(output, to[b]);
  }
}

static void sum_any(hrs_output output, const double *score, int classes, int targets,
                    const int *target, double *exps, double *out) {
  sum_lanes(output, score, classes, targets, target, exps, out);
}

HRS_TARGET_AVX2 static void sum_avx2(hrs_output output, const double *score, int classes,
                                     int targets, const int *target, double *exps, double *out) {
  sum_lanes(output, score, classes, targets, target, exps, out);
}

static bool is_direct(hrs_output output, hrs_scores scores) {
  if (output == HRS_OUTPUT_LOGIT) return scores != HRS_SCORES_PROBABILITIES;
  return output == HRS_OUTPUT_LOG_PROBABILITY && scores == HRS_SCORES_LOG_PROBABILITIES;
}

void hrs_output_values(hrs_output output, hrs_scores scores, const double *score, int classes,
                       int targets, const int *target, double *workspace, double *out) {
  bool raw = output == HRS_OUTPUT_RAW;
  bool direct = raw || (classes > 1 && is_direct(output, scores));
  if (!direct && classes > 1 && scores != HRS_SCORES_PROBABILITIES) {
    (hrs_has_avx2() ? sum_avx2 : sum_any)(output, score, classes, targets, target, workspace, out);
    return;
  }
  for (int t = 0; t < targets; t++) {
    int y = target[t];
    for (int b = 0; b < LANES; b++) {
      double *to = &out[t * LANES + b];
      if (direct)
        *to = score[(hrs_count)y * LANES + b];
      else if (classes == 1)
        *to = single(output, scores, score[b], y);
      else
        *to = of_probabilities(output, score + b, classes, y);
    }
  }
}

double hrs_output_value(hrs_output output, hrs_scores scores, const double *score, int classes,
                        int target) {
  enum { FEW = 16 };
  double few[2 * FEW * LANES], *lanes = few, value[LANES];
  hrs_count count = (hrs_count)classes * LANES;
  if (classes > FEW && hrs_alloc(2 * count, sizeof *lanes, &lanes) != HRS_OK) return (double)NAN;
  for (hrs_count i = 0; i < count; i++)
    lanes[i] = score[i / LANES];
  hrs_output_values(output, scores, lanes, classes, 1, &target, lanes + count, value);
  if (lanes != few) hrs_free(lanes);
  return value[0];
}
