/*
 * Tables of activations against full passes, for each operator that the tables know, at each
 * operator set: random attributes of that set, images of both layouts, series, volumes, tokens.
 * Those that move elements about are in test_tables_moves.c.
 *
 * What an operator takes is written down here from ONNX's documentation, not taken from the table
 * of operators.
 */
#include "tables_trial.h"

/* ---- attributes of windows ---- */

static int axes_of(const trial *t) {
  return t->rank - 2;
}

static void random_window(trial *t, node_proto *node, const int64_t *kernel, bool dilates) {
  int64_t stride[3], dilation[3], pads[6];
  static const char *const paddings[] = {"SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"};
  for (int i = 0; i < 3; i++) {
    stride[i] = pick(1, 3);
    dilation[i] = pick(1, 2);
    pads[i] = pick(0, kernel[i] - 1);
    pads[i + axes_of(t)] = pick(0, kernel[i] - 1);
  }
  if (pick(0, 3)) maker_ints(node, "strides", axes_of(t), stride);
  if (dilates && pick(0, 1)) maker_ints(node, "dilations", axes_of(t), dilation);
  int padding = (int)pick(0, 5);
  if (padding < 4) text_attribute(node, "auto_pad", paddings[padding]);
  if (padding >= 3) maker_ints(node, "pads", 2 * axes_of(t), pads);
}

static void make_conv(trial *t) {
  int64_t groups = pick(0, 1) ? 1 : 2, wide = 2 * pick(1, 3), kernel[3];
  for (int i = 0; i < 3; i++)
    kernel[i] = pick(1, 3);
  const int64_t dim[] = {wide, t->dim[1] / groups, kernel[0], kernel[1], kernel[2]};
  const char *weight = floats(t, t->rank, dim), *bias = pick(0, 1) ? floats(t, 1, dim) : NULL;
  node_proto *node = under_test(t, "Conv", weight, bias, NULL);
  if (groups > 1 || pick(0, 1)) maker_int(node, "group", groups);
  if (pick(0, 1)) maker_ints(node, "kernel_shape", axes_of(t), kernel);
  random_window(t, node, kernel, true);
}

static void make_pool(trial *t, const char *op, bool dilates) {
  int64_t kernel[3];
  for (int i = 0; i < 3; i++)
    kernel[i] = pick(1, 3);
  node_proto *node = under_test(t, op, NULL, NULL, NULL);
  maker_ints(node, "kernel_shape", axes_of(t), kernel);
  random_window(t, node, kernel, dilates);
  if (t->opset >= 10 && pick(0, 1)) maker_int(node, "ceil_mode", 1);
}

static void make_max_pool(trial *t) {
  make_pool(t, "MaxPool", t->opset >= 10);
  if (t->opset >= 8 && pick(0, 1)) maker_int(t->node, "storage_order", 1);
}

/* Windows of NaN, which must not become 0 on the way. */
static void make_max_pool_of_nan(trial *t) {
  before(t, "Sqrt", NULL, NULL);
  int64_t kernel[3] = {2, 2, 2};
  before(t, "MaxPool", NULL, &t->node);
  maker_ints(t->node, "kernel_shape", axes_of(t), kernel);
  under_test(t, "Relu", NULL, NULL, NULL);
}

static void make_average_pool(trial *t) {
  make_pool(t, "AveragePool", t->opset >= 19);
  if (pick(0, 1)) maker_int(t->node, "count_include_pad", pick(0, 1));
}

static void make_global_average(trial *t) {
  under_test(t, "GlobalAveragePool", NULL, NULL, NULL);
}

static void make_global_max(trial *t) {
  under_test(t, "GlobalMaxPool", NULL, NULL, NULL);
}

static void make_global_lp(trial *t) {
  node_proto *node = under_test(t, "GlobalLpPool", NULL, NULL, NULL);
  if (pick(0, 1)) maker_int(node, "p", pick(1, 3));
}

/* ---- one number at a time ---- */

static const struct {
  const char *op;
  int since;
  const char *attributes[3]; /* real ones */
} single_numbers[] = {{"Relu", 7, {0}},
                      {"LeakyRelu", 7, {"alpha"}},
                      {"Elu", 7, {"alpha"}},
                      {"Sigmoid", 7, {0}},
                      {"Selu", 7, {"alpha", "gamma"}},
                      {"Celu", 12, {"alpha"}},
                      {"HardSwish", 14, {0}},
                      {"HardSigmoid", 7, {"alpha", "beta"}},
                      {"Tanh", 7, {0}},
                      {"Softplus", 7, {0}},
                      {"Softsign", 7, {0}},
                      {"Erf", 9, {0}},
                      {"Mish", 18, {0}},
                      {"ThresholdedRelu", 10, {"alpha"}},
                      {"Abs", 7, {0}},
                      {"Shrink", 9, {"lambd", "bias"}},
                      {"Neg", 7, {0}},
                      {"Exp", 7, {0}},
                      {"Log", 7, {0}},
                      {"Sqrt", 7, {0}},
                      {"Reciprocal", 7, {0}},
                      {"Sin", 7, {0}},
                      {"Atan", 7, {0}},
                      {"Cosh", 9, {0}},
                      {"Asinh", 9, {0}},
                      {"Gelu", 20, {0}}};

static void make_single(trial *t, int index) {
  const char *op = single_numbers[index].op;
  bool positive =
      strcmp(op, "Log") == 0 || strcmp(op, "Sqrt") == 0 || strcmp(op, "Reciprocal") == 0;
  if (positive) before(t, "Abs", NULL, NULL);
  if (positive) before(t, "Add", single(t, 1), NULL);
  node_proto *node = under_test(t, op, NULL, NULL, NULL);
  for (int i = 0; i < 3 && single_numbers[index].attributes[i]; i++)
    if (pick(0, 1)) maker_float(node, single_numbers[index].attributes[i], 0.6F + 0.4F * number());
  if (strcmp(op, "Gelu") == 0 && pick(0, 1)) text_attribute(node, "approximate", "tanh");
}

static void make_clip(trial *t) {
  if (t->opset >= 11) {
    const char *low = pick(0, 1) ? single(t, -0.4F) : "", *high = single(t, 0.5F);
    under_test(t, "Clip", low, pick(0, 3) ? high : NULL, NULL);
    return;
  }
  node_proto *node = under_test(t, "Clip", NULL, NULL, NULL);
  if (pick(0, 1)) maker_float(node, "min", -0.4F);
  if (pick(0, 1)) maker_float(node, "max", 0.5F);
}

static void make_cast(trial *t) {
  node_proto *node;
  snprintf(t->in, sizeof t->in, "x"); /* what is rounded differently may be cut off differently */
  before(t, "Mul", single(t, 4), NULL);
  before(t, "Cast", NULL, &node);
  maker_int(node, "to", INT64);
  maker_int(under_test(t, "Cast", NULL, NULL, NULL), "to", FLOAT);
}

static void make_dropout(trial *t) {
  bool inputs = t->opset >= 12;
  const char *ratio = inputs && pick(0, 1) ? single(t, 0.3F) : NULL;
  node_proto *node = under_test(t, "Dropout", ratio, NULL, NULL);
  if (!inputs && pick(0, 1)) maker_float(node, "ratio", 0.3F);
  if (inputs && pick(0, 1)) maker_int(node, "seed", 3);
}

/* ---- several operands ---- */

static const char *const several[] = {"Add",   "Sub", "Mul", "Div", "Pow",
                                      "PRelu", "Min", "Max", "Sum", "Mean"};

static void make_several(trial *t, int index) {
  const char *op = several[index];
  bool power = strcmp(op, "Pow") == 0, slope = strcmp(op, "PRelu") == 0, many = index >= 6;
  if (power) {
    before(t, "Abs", NULL, NULL);
    before(t, "Add", single(t, 1), NULL);
  }
  char own[16], second[16];
  snprintf(own, sizeof own, "%s", t->in);
  const char *other = broadcasting(t), *third = many && pick(0, 1) ? broadcasting(t) : NULL;
  if (!slope && pick(0, 2) == 0) { /* two operands that vary */
    before(t, "Sigmoid", NULL, NULL);
    snprintf(second, sizeof second, "%s", t->in);
    snprintf(t->in, sizeof t->in, "%s", own);
    other = second;
  }
  under_test(t, op, many && pick(0, 3) == 0 ? NULL : other, third, NULL);
}

/* ---- rows of channels ---- */

static void make_batch_normalization(trial *t) {
  const int64_t *dim = t->dim + 1;
  bool elements = t->opset < 9 && pick(0, 1);
  int rank = elements ? t->rank - 1 : 1;
  const char *scale = floats(t, rank, dim), *bias = floats(t, rank, dim);
  const char *mean = floats(t, rank, dim);
  char inputs[64];
  snprintf(inputs, sizeof inputs, "%s,%s", mean, floats_about(t, rank, dim, 1.5F, 1));
  node_proto *node = under_test(t, "BatchNormalization", scale, bias, inputs);
  if (elements) maker_int(node, "spatial", 0);
  if (pick(0, 1)) maker_float(node, "epsilon", 0.1F);
  if (pick(0, 1)) maker_float(node, "momentum", 0.7F);
}

static void make_lrn(trial *t) {
  node_proto *node = under_test(t, "LRN", NULL, NULL, NULL);
  maker_int(node, "size", pick(1, 4));
  if (pick(0, 1)) maker_float(node, "alpha", 0.7F);
  if (pick(0, 1)) maker_float(node, "beta", 0.5F);
  if (pick(0, 1)) maker_float(node, "bias", 2);
}

/* Of rows that are not near 0, where rounding would decide on the sign. */
static void make_lp_normalization(trial *t) {
  before(t, "Exp", NULL, NULL);
  node_proto *node = under_test(t, "LpNormalization", NULL, NULL, NULL);
  if (pick(0, 3)) maker_int(node, "axis", pick(-1, t->rank - 1));
  if (pick(0, 1)) maker_int(node, "p", pick(1, 2));
}

static void make_layer_normalization(trial *t) {
  int axis = pick(0, 3) ? t->rank - 1 : (int)pick(0, t->rank - 1);
  const char *scale = floats(t, t->rank - axis, t->dim + axis);
  const char *bias = pick(0, 1) ? floats(t, t->rank - axis, t->dim + axis) : NULL;
  node_proto *node = under_test(t, "LayerNormalization", scale, bias, NULL);
  if (axis != t->rank - 1 || pick(0, 1))
    maker_int(node, "axis", pick(0, 1) ? axis : axis - t->rank);
  if (pick(0, 1)) maker_float(node, "epsilon", 0.05F);
}

static void make_softmax_of(trial *t, const char *op) {
  node_proto *node = under_test(t, op, NULL, NULL, NULL);
  /* Negative axes came with set 11. */
  if (pick(0, 3)) maker_int(node, "axis", pick(t->opset >= 11 ? -t->rank : 0, t->rank - 1));
}

static void make_softmax(trial *t) {
  make_softmax_of(t, "Softmax");
}

static void make_log_softmax(trial *t) {
  make_softmax_of(t, "LogSoftmax");
}

static void make_matmul(trial *t) {
  under_test(t, "MatMul", floats(t, 2, DIMS(t->dim[t->rank - 1], pick(1, 6))), NULL, NULL);
}

static void make_gemm(trial *t) {
  bool flip_a = pick(0, 3) == 0, flip_b = pick(0, 1);
  int64_t rows = t->dim[flip_a], inner = t->dim[!flip_a], units = pick(1, 6);
  const char *weight = floats(t, 2, flip_b ? DIMS(units, inner) : DIMS(inner, units)), *bias = NULL;
  if (t->opset < 11 || pick(0, 1)) switch (pick(0, 4)) {
    case 0:
      bias = single(t, 0.7F);
      break;
    case 1:
      bias = floats(t, 1, DIMS(units));
      break;
    case 2:
      bias = floats(t, 2, DIMS(1, units));
      break;
    case 3:
      bias = floats(t, 2, DIMS(rows, 1));
      break;
    default:
      bias = floats(t, 2, DIMS(rows, units));
    }
  node_proto *node = under_test(t, "Gemm", weight, bias, NULL);
  if (flip_a) maker_int(node, "transA", 1);
  if (flip_b) maker_int(node, "transB", 1);
  if (pick(0, 1)) maker_float(node, "alpha", 0.7F);
  if (pick(0, 1)) maker_float(node, "beta", 1.3F);
}

static const char *const reductions[] = {"ReduceMean",      "ReduceSum",  "ReduceMax",
                                         "ReduceMin",       "ReduceL1",   "ReduceL2",
                                         "ReduceSumSquare", "ReduceProd", "ReduceLogSumExp"};

static void make_reduction(trial *t, int index) {
  const char *op = reductions[index], *operand = NULL;
  bool input = t->opset >= (strcmp(op, "ReduceSum") == 0 ? 13 : 18);
  int64_t axes[5];
  int count = 0, most = pick(0, 1) ? 1 : t->rank;
  for (int i = (int)pick(0, t->rank - 1); i < t->rank && count < most; i++)
    if (count == 0 || pick(0, 3)) axes[count++] = t->opset >= 11 && pick(0, 1) ? i - t->rank : i;
  bool given = pick(0, 7) != 0, empty = input && pick(0, 7) == 0;
  if (given && input) operand = integers(t, empty ? 0 : count, axes);
  node_proto *node = under_test(t, op, operand, NULL, NULL);
  if (given && !input) maker_ints(node, "axes", count, axes);
  if (pick(0, 2)) maker_int(node, "keepdims", pick(0, 1));
  if (input && pick(0, 1)) maker_int(node, "noop_with_empty_axes", pick(0, 1));
}

/* Rows of a table, by tokens. */
static void make_embedding(trial *t) {
  char inputs[40];
  snprintf(inputs, sizeof inputs, "%s,%s", floats(t, 2, DIMS(10, 6)), t->in);
  t->node = maker_node(t->proto->graph, "Gather", "tested", inputs, "t");
  if (pick(0, 1)) maker_int(t->node, "axis", pick(0, 1) && t->opset >= 11 ? -2 : 0);
}

/* ---- all of them ---- */

static const tested operators[] = {
    {"Conv", 7, WINDOWS, make_conv},
    {"MaxPool", 7, WINDOWS, make_max_pool},
    {"MaxPool of NaN", 7, WINDOWS, make_max_pool_of_nan},
    {"AveragePool", 7, WINDOWS, make_average_pool},
    {"GlobalAveragePool", 7, WINDOWS, make_global_average},
    {"GlobalMaxPool", 7, 1 << SERIES, make_global_max},
    {"GlobalLpPool", 7, 1 << SERIES, make_global_lp},
    {"Clip", 7, REAL, make_clip},
    {"Cast", 7, REAL, make_cast},
    {"Dropout", 7, REAL, make_dropout},
    {"BatchNormalization", 7, WINDOWS, make_batch_normalization},
    {"LRN", 7, 1 << IMAGE, make_lrn},
    {"LpNormalization", 7, REAL, make_lp_normalization},
    {"LayerNormalization", 17, REAL, make_layer_normalization},
    {"Softmax", 7, REAL, make_softmax},
    {"LogSoftmax", 7, REAL, make_log_softmax},
    {"MatMul", 7, REAL, make_matmul},
    {"Gemm", 7, 1 << TABLE | 1 << VECTOR, make_gemm},
    {"Gather of tokens", 7, 1 << TOKENS, make_embedding},
};

static void operators_at_all_sets(void **state) {
  (void)state;
  hrs_count before_all = hrs_memory_current();
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    try_all_sets(&operators[i]);
  assert_int_equal(hrs_memory_current(), before_all);
}

static void single_numbers_at_all_sets(void **state) {
  (void)state;
  for (int i = 0; i < (int)(sizeof single_numbers / sizeof *single_numbers); i++)
    for (int opset = single_numbers[i].since; opset <= LAST_SET; opset++)
      try_operator(single_numbers[i].op, opset, REAL, NULL, make_single, i);
}

static void several_operands_at_all_sets(void **state) {
  (void)state;
  for (int i = 0; i < (int)(sizeof several / sizeof *several); i++)
    for (int opset = 7; opset <= LAST_SET; opset++)
      try_operator(several[i], opset, REAL, NULL, make_several, i);
}

static void reductions_at_all_sets(void **state) {
  (void)state;
  for (int i = 0; i < (int)(sizeof reductions / sizeof *reductions); i++)
    for (int opset = 7; opset <= LAST_SET; opset++)
      try_operator(reductions[i], opset, REAL, NULL, make_reduction, i);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(operators_at_all_sets), cmocka_unit_test(single_numbers_at_all_sets),
      cmocka_unit_test(several_operands_at_all_sets), cmocka_unit_test(reductions_at_all_sets)};
  hrs_blas_single_thread();
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
