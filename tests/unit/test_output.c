/* v from output vectors: every output and kind of scores against long double, and far out. */
#include "scratch.h"

#include "game/internal.h"

#include <math.h>

static bool near(double value, long double wanted) {
  long double scale = fabsl(wanted) > 1 ? fabsl(wanted) : 1;
  return fabsl((long double)value - wanted) <= 4e-15L * scale;
}

/* From the definition, on numbers of moderate size. */
static long double by_definition(hrs_output output, const long double *logit, int classes, int y) {
  long double sum = 0;
  for (int j = 0; j < classes; j++)
    sum += expl(logit[j]);
  long double p = expl(logit[y]) / sum;
  switch (output) {
  case HRS_OUTPUT_LOG_ODDS:
    return logl(p / ((sum - expl(logit[y])) / sum));
  case HRS_OUTPUT_PROBABILITY:
    return p;
  case HRS_OUTPUT_LOG_PROBABILITY:
    return logl(p);
  default:
    return logit[y];
  }
}

static void against_definition(void **state) {
  (void)state;
  hrs_random random = {11, 0};
  for (int round = 0; round < 300; round++) {
    int classes = 2 + (int)hrs_random_below(&random, 9);
    long double logit[10], sum = 0;
    double score[3][10];
    for (int j = 0; j < classes; j++) {
      score[0][j] = ((double)hrs_random_below(&random, 1 << 20) / (1 << 20) - 0.5) * 12;
      logit[j] = (long double)score[0][j];
      sum += expl(logit[j]);
    }
    for (int j = 0; j < classes; j++) {
      score[1][j] = (double)(expl(logit[j]) / sum);
      score[2][j] = (double)(logit[j] - logl(sum));
    }
    for (int y = 0; y < classes; y++) {
      const hrs_output outputs[] = {HRS_OUTPUT_LOG_ODDS, HRS_OUTPUT_PROBABILITY,
                                    HRS_OUTPUT_LOG_PROBABILITY};
      for (int k = 0; k < 3; k++) {
        long double wanted = by_definition(outputs[k], logit, classes, y);
        assert_true(
            near(hrs_output_value(outputs[k], HRS_SCORES_LOGITS, score[0], classes, y), wanted));
        assert_true(near(
            hrs_output_value(outputs[k], HRS_SCORES_PROBABILITIES, score[1], classes, y), wanted));
        assert_true(
            near(hrs_output_value(outputs[k], HRS_SCORES_LOG_PROBABILITIES, score[2], classes, y),
                 wanted));
      }
      assert_true(hrs_output_value(HRS_OUTPUT_LOGIT, HRS_SCORES_LOGITS, score[0], classes, y) ==
                  score[0][y]);
      for (int scores = 0; scores < 3; scores++)
        assert_true(hrs_output_value(HRS_OUTPUT_RAW, (hrs_scores)(scores + 1), score[scores],
                                     classes, y) == score[scores][y]);
    }
  }
}

/* Log-odds keep their digits where probabilities have long been 0 and 1. */
static void far_out(void **state) {
  (void)state;
  const double score[] = {1000, -1000, 3, 2};
  const double wanted[] = {997 - log1p(exp(-1.0)), -2000, -997, -998};
  for (int y = 0; y < 4; y++) {
    assert_true(near(hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_LOGITS, score, 4, y),
                     (long double)wanted[y]));
    assert_true(
        near(hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_LOG_PROBABILITIES, score, 4, y),
             (long double)wanted[y]));
  }
  assert_true(hrs_output_value(HRS_OUTPUT_PROBABILITY, HRS_SCORES_LOGITS, score, 4, 0) == 1);
  assert_true(hrs_output_value(HRS_OUTPUT_PROBABILITY, HRS_SCORES_LOGITS, score, 4, 1) == 0);
  assert_true(
      near(hrs_output_value(HRS_OUTPUT_LOG_PROBABILITY, HRS_SCORES_LOGITS, score, 4, 1), -2000));
  double tiny = hrs_output_value(HRS_OUTPUT_LOG_PROBABILITY, HRS_SCORES_LOGITS,
                                 (const double[]){50, 0}, 2, 0);
  assert_true(tiny < 0 && near(tiny * 1e20, -(long double)exp(-50.0) * 1e20L));
  /* A class that cannot be, and equal ones. */
  const double barred[] = {1, -(double)INFINITY, 1};
  assert_true(hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_LOGITS, barred, 3, 0) == 0);
  assert_true(hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_LOGITS, barred, 3, 1) ==
              -(double)INFINITY);
  assert_true(hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_LOGITS, barred, 2, 0) ==
              (double)INFINITY);
  /* 1 - p would be 0. */
  const double sure[] = {1, 1e-30, 1e-31};
  assert_true(near(hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_PROBABILITIES, sure, 3, 0),
                   -logl(1.1e-30L)));
}

static void one_score(void **state) {
  (void)state;
  const double logits[] = {-1000, -3, 0, 0.25, 40, 1000};
  for (int i = 0; i < 6; i++) {
    double z = logits[i], p = 1 / (1 + exp(-z)), lp = z < -700 ? z : -log1p(exp(-z));
    for (int y = 0; y < 2; y++) {
      double sign = y ? 1 : -1;
      assert_true(hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_LOGITS, &z, 1, y) == sign * z);
      assert_true(hrs_output_value(HRS_OUTPUT_LOGIT, HRS_SCORES_LOGITS, &z, 1, y) == sign * z);
      long double q = 1 / (1 + expl(-(long double)(sign * z)));
      assert_true(near(hrs_output_value(HRS_OUTPUT_PROBABILITY, HRS_SCORES_LOGITS, &z, 1, y), q));
      assert_true(near(hrs_output_value(HRS_OUTPUT_PROBABILITY, HRS_SCORES_PROBABILITIES, &p, 1, y),
                       y ? (long double)p : 1 - (long double)p));
      assert_true(near(
          hrs_output_value(HRS_OUTPUT_PROBABILITY, HRS_SCORES_LOG_PROBABILITIES, &lp, 1, y), q));
      if (fabs(z) > 5) continue;
      assert_true(near(hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_PROBABILITIES, &p, 1, y),
                       (long double)(sign * z)));
      assert_true(
          near(hrs_output_value(HRS_OUTPUT_LOG_PROBABILITY, HRS_SCORES_PROBABILITIES, &p, 1, y),
               logl(q)));
      assert_true(
          near(hrs_output_value(HRS_OUTPUT_LOG_ODDS, HRS_SCORES_LOG_PROBABILITIES, &lp, 1, y),
               (long double)(sign * z)));
      assert_true(near(
          hrs_output_value(HRS_OUTPUT_LOG_PROBABILITY, HRS_SCORES_LOG_PROBABILITIES, &lp, 1, y),
          logl(q)));
    }
    assert_true(hrs_output_value(HRS_OUTPUT_RAW, HRS_SCORES_LOGITS, &z, 1, 0) == z);
  }
}

/* The same bits, whatever other targets are asked for and vectors stand beside. */
static void many_targets(void **state) {
  (void)state;
  enum { CLASSES = 200, LANES = HRS_OUTPUT_LANES };
  static double score[CLASSES * LANES], workspace[CLASSES * LANES], out[CLASSES * LANES];
  int target[CLASSES];
  hrs_random random = {5, 0};
  for (int j = 0; j < CLASSES; j++) {
    target[j] = CLASSES - 1 - j;
    for (int b = 0; b < LANES; b++)
      score[j * LANES + b] = (double)hrs_random_below(&random, 1000) / 37;
  }
  for (int output = HRS_OUTPUT_LOG_ODDS; output <= HRS_OUTPUT_RAW; output++) {
    hrs_output_values((hrs_output)output, HRS_SCORES_LOGITS, score, CLASSES, CLASSES, target,
                      workspace, out);
    for (int i = 0; i < CLASSES * LANES; i++) {
      double vector[CLASSES];
      for (int j = 0; j < CLASSES; j++)
        vector[j] = score[j * LANES + i % LANES];
      double alone = hrs_output_value((hrs_output)output, HRS_SCORES_LOGITS, vector, CLASSES,
                                      target[i / LANES]);
      assert_memory_equal(&alone, &out[i], sizeof alone);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(against_definition),
      cmocka_unit_test(far_out),
      cmocka_unit_test(one_score),
      cmocka_unit_test(many_targets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
