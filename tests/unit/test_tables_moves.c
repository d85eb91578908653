/*
 * Tables of activations against full passes: operators that move elements about or give them
 * another shape. See test_tables_operators.c.
 */
#include "tables_trial.h"

/* ---- elements that move ---- */

static int64_t random_axis(const trial *t, int64_t *length) {
  int axis = (int)pick(0, t->rank - 1);
  *length = t->dim[axis];
  return t->opset >= 11 && pick(0, 1) ? axis - t->rank : axis;
}

static void make_transpose(trial *t) {
  int64_t order[5] = {0};
  for (int i = 0; i < t->rank; i++) {
    int k = (int)pick(0, i);
    order[i] = order[k];
    order[k] = i;
  }
  node_proto *node = under_test(t, "Transpose", NULL, NULL, NULL);
  if (pick(0, 7)) maker_ints(node, "perm", t->rank, order);
}

static void make_slice(trial *t) {
  int64_t length, axis = random_axis(t, &length), from = pick(0, length - 1),
                  to = pick(from + 1, length);
  if (t->opset >= 10) {
    bool back = pick(0, 1);
    int64_t start = back ? to - 1 : from, end = back ? from - 1 - length : to;
    char rest[40];
    snprintf(rest, sizeof rest, "%s,%s", integers(t, 1, &axis),
             integers(t, 1, DIMS(back ? -pick(1, 2) : pick(1, 2))));
    under_test(t, "Slice", integers(t, 1, &start), integers(t, 1, &end), rest);
    return;
  }
  node_proto *node = under_test(t, "Slice", NULL, NULL, NULL);
  maker_ints(node, "starts", 1, &from);
  maker_ints(node, "ends", 1, &to);
  if (axis != 0 || pick(0, 1)) maker_ints(node, "axes", 1, &axis);
}

static void make_split(trial *t) {
  int64_t length, axis = random_axis(t, &length), cut = length > 1 ? pick(1, length - 1) : 0;
  const int64_t sizes[] = {cut, length - cut};
  bool said = length % 2 || pick(0, 1), input = t->opset >= 13;
  node_proto *node =
      under_test(t, "Split", said && input ? integers(t, 2, sizes) : NULL, NULL, NULL);
  maker_append(&node->output, &node->n_output, strdup("second"));
  if (pick(0, 1)) { /* the other part */
    char *first = node->output[0];
    node->output[0] = node->output[1];
    node->output[1] = first;
  }
  maker_int(node, "axis", axis);
  if (said && !input) maker_ints(node, "split", 2, sizes);
  if (!said && t->opset >= 18) maker_int(node, "num_outputs", 2);
}

static void make_concat(trial *t) {
  int64_t length, axis = random_axis(t, &length), dim[5];
  memcpy(dim, t->dim, sizeof dim);
  dim[axis < 0 ? axis + t->rank : axis] = 2;
  char own[16];
  snprintf(own, sizeof own, "%s", t->in);
  const char *constant = floats(t, t->rank, dim);
  before(t, "Neg", NULL, NULL);
  maker_int(under_test(t, "Concat", constant, own, NULL), "axis", axis);
}

static void make_gather(trial *t) {
  int64_t length, axis = random_axis(t, &length), index[3];
  for (int i = 0; i < 3; i++)
    index[i] = pick(t->opset >= 11 ? -length : 0, length - 1);
  node_proto *node = under_test(t, "Gather", integers(t, (int)pick(1, 3), index), NULL, NULL);
  if (axis != 0 || pick(0, 1)) maker_int(node, "axis", axis);
}

static void make_depth_to_space(trial *t) {
  node_proto *node = under_test(t, "DepthToSpace", NULL, NULL, NULL);
  maker_int(node, "blocksize", 2);
  if (t->opset >= 11 && pick(0, 1)) text_attribute(node, "mode", pick(0, 1) ? "CRD" : "DCR");
}

static void make_space_to_depth(trial *t) {
  node_proto *node;
  before(t, "Transpose", NULL, &node);
  maker_ints(node, "perm", 4, DIMS(0, 3, 1, 2));
  maker_int(under_test(t, "SpaceToDepth", NULL, NULL, NULL), "blocksize", 2);
}

static void make_tile(trial *t) {
  int64_t repeats[5];
  for (int i = 0; i < t->rank; i++)
    repeats[i] = pick(1, 2);
  under_test(t, "Tile", integers(t, t->rank, repeats), NULL, NULL);
}

static void make_expand(trial *t) {
  int64_t dim[6] = {2};
  for (int i = 0; i < t->rank; i++)
    dim[i + 1] = pick(0, 1) ? 1 : t->dim[i];
  int skipped = (int)pick(0, 1);
  under_test(t, "Expand", integers(t, t->rank + 1 - skipped, dim + skipped), NULL, NULL);
}

static void make_pad(trial *t) {
  static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
  int64_t pads[10];
  for (int i = 0; i < 2 * t->rank; i++)
    pads[i] = t->dim[i % t->rank] > 2 ? pick(-1, 2) : 0;
  bool inputs = t->opset >= 11;
  const char *value = inputs && pick(0, 1) ? single(t, pick(0, 1) ? 0.5F : 0) : NULL;
  node_proto *node =
      under_test(t, "Pad", inputs ? integers(t, 2 * t->rank, pads) : NULL, value, NULL);
  if (!inputs) maker_ints(node, "pads", 2 * t->rank, pads);
  if (!inputs && pick(0, 3) == 0) maker_float(node, "value", 0.5F);
  if (pick(0, 3)) text_attribute(node, "mode", modes[pick(0, t->opset >= 19 ? 3 : 2)]);
}

static void make_gather_elements(trial *t) {
  int64_t length, index[3 * 512], axis = random_axis(t, &length), count = 1;
  for (int i = 0; i < t->rank; i++)
    count *= t->dim[i];
  for (int64_t i = 0; i < count; i++)
    index[i] = pick(-length, length - 1);
  const char *name = trial_name(t, 'i');
  maker_initialiser(t->proto->graph, name, INT64, t->rank, t->dim, sizeof *index * (size_t)count,
                    index);
  node_proto *node = under_test(t, "GatherElements", name, NULL, NULL);
  if (axis != 0 || pick(0, 1)) maker_int(node, "axis", axis);
}

static void make_gather_nd(trial *t) {
  const int64_t length = t->dim[0], index[] = {pick(0, length - 1), pick(-length, -1)};
  const char *name = trial_name(t, 'i');
  maker_initialiser(t->proto->graph, name, INT64, 2, DIMS(2, 1), sizeof index, index);
  under_test(t, "GatherND", name, NULL, NULL);
}

static void make_trilu(trial *t) {
  int64_t diagonal = pick(-2, 2);
  const char *name = trial_name(t, 'i');
  maker_initialiser(t->proto->graph, name, INT64, 0, NULL, sizeof diagonal, &diagonal);
  node_proto *node = under_test(t, "Trilu", pick(0, 1) ? name : NULL, NULL, NULL);
  if (pick(0, 1)) maker_int(node, "upper", pick(0, 1));
}

/* ---- other shapes ---- */

static void make_flatten(trial *t) {
  node_proto *node = under_test(t, "Flatten", NULL, NULL, NULL);
  if (pick(0, 1)) maker_int(node, "axis", pick(t->opset >= 11 ? -t->rank : 0, t->rank));
}

static void make_reshape(trial *t) {
  const int64_t dim[] = {0, -1, t->dim[t->rank - 1]};
  under_test(t, "Reshape", integers(t, 3, dim), NULL, NULL);
}

static void make_squeeze_of(trial *t, const char *op, int64_t axis) {
  bool input = t->opset >= 13;
  node_proto *node = under_test(t, op, input ? integers(t, 1, &axis) : NULL, NULL, NULL);
  if (!input) maker_ints(node, "axes", 1, &axis);
}

static void make_squeeze(trial *t) {
  make_squeeze_of(t, "Squeeze", t->opset >= 11 && pick(0, 1) ? -t->rank : 0);
}

static void make_unsqueeze(trial *t) {
  make_squeeze_of(t, "Unsqueeze", pick(t->opset >= 11 ? -t->rank - 1 : 0, t->rank));
}

static void make_identity(trial *t) {
  under_test(t, "Identity", NULL, NULL, NULL);
}

/* ---- all of them ---- */

static const tested operators[] = {
    {"Transpose", 7, REAL, make_transpose},
    {"Slice", 7, REAL, make_slice},
    {"Split", 7, REAL, make_split},
    {"Concat", 7, REAL, make_concat},
    {"Gather", 7, REAL, make_gather},
    {"DepthToSpace", 7, 1 << IMAGE, make_depth_to_space},
    {"SpaceToDepth", 7, 1 << IMAGE_LAST, make_space_to_depth},
    {"Tile", 7, REAL, make_tile},
    {"Expand", 8, REAL, make_expand},
    {"Pad", 7, REAL, make_pad},
    {"GatherElements", 11, REAL, make_gather_elements},
    {"GatherND", 11, REAL, make_gather_nd},
    {"Trilu", 14, REAL, make_trilu},
    {"Flatten", 7, REAL, make_flatten},
    {"Reshape", 7, REAL, make_reshape},
    {"Squeeze", 7, WINDOWS, make_squeeze},
    {"Unsqueeze", 7, REAL, make_unsqueeze},
    {"Identity", 7, REAL, make_identity},
};

static void moves_at_all_sets(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
    try_all_sets(&operators[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(moves_at_all_sets)};
  hrs_blas_single_thread();
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
