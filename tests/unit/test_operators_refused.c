/*
 * What operators refuse: attributes, shapes, types and indices that make no sense, each with a
 * message that names the node and what is wrong. Each row is run with inputs that do not vary and
 * with real inputs that do.
 */
#include "onnx_maker.h"

#include <harsanyi/network.h>

#include "network/graph.h"

enum { MOST_INPUTS = 6, MOST_ELEMENTS = 4096 };

/* inputs: "f 1,3,8,8; i 2=4,-1": type letter (f float32, d float64, i int64, n int32, b bool),
 * dims ("." for a scalar), values if they matter; "-" is an input left out.
 * attributes: "group=2 pads=1,1,1,1 alpha=0.5 mode:cubic". */
typedef struct refused {
  const char *op;
  int opset;
  const char *inputs, *attributes;
  hrs_status status;
  const char *message;
} refused;

static const refused table[] = {
    {"Conv", 11, "f 1,3,8,8; f 4,3,3,3", "group=0", HRS_STATUS_INPUT, "group is 0"},
    {"Conv", 11, "f 1,3,8,8; f 4,3,3,3", "group=3", HRS_STATUS_INPUT, "group is 3"},
    {"Conv", 11, "f 1,3,8,8; f 4,2,3,3", "", HRS_STATUS_INPUT, "3 channels"},
    {"Conv", 11, "f 1,3,8,8; f 4,3,3,3", "strides=0,1", HRS_STATUS_INPUT, "strides contains 0"},
    {"Conv", 11, "f 1,3,8,8; f 4,3,3,3", "dilations=1,-1", HRS_STATUS_INPUT, "dilations"},
    {"Conv", 11, "f 1,3,8,8; f 4,3,3,3", "pads=0,0,-1,0", HRS_STATUS_INPUT, "pads contains -1"},
    {"Conv", 11, "f 1,3,8,8; f 4,3,3,3", "pads=1,1", HRS_STATUS_INPUT, "pads has 2 numbers"},
    {"Conv", 11, "f 1,3,8,8; f 4,3,3,3", "kernel_shape=3,2", HRS_STATUS_INPUT, "kernel_shape"},
    {"Conv", 11, "f 1,3,8,8; f 4,3,9,3", "", HRS_STATUS_INPUT, "does not fit an axis"},
    {"Conv", 11, "f 1,3,8,8; f 4,3,3,3", "auto_pad:SAME", HRS_STATUS_INPUT, "'SAME'"},
    {"Conv", 11, "f 1,3,8,8; f 4,3,3,3; f 3", "", HRS_STATUS_INPUT, "bias has shape [3]"},
    {"Conv", 11, "f 3,8; f 4,3,3,3", "", HRS_STATUS_INPUT, "shape [3, 8]"},
    {"Conv", 11, "i 1,3,8,8; i 4,3,3,3", "", HRS_STATUS_UNSUPPORTED, "int64"},
    {"Conv", 11, "f 1,3,8,8; d 4,3,3,3", "", HRS_STATUS_INPUT, "differ in type"},
    {"Conv", 11, "f 1,1,1,1; f 1,1,1,1", "pads=1073741824,1073741824,0,0", HRS_STATUS_INPUT, "GiB"},
    {"ConvTranspose", 11, "f 1,3,4,4; f 2,3,3,3", "", HRS_STATUS_INPUT, "does not fit"},
    {"ConvTranspose", 11, "f 1,3,4,4; f 3,2,3,3", "output_padding=-1,0", HRS_STATUS_INPUT,
     "output_padding contains -1"},
    {"ConvTranspose", 11, "f 1,3,4,4; f 3,2,3,3", "pads=9,9,9,9", HRS_STATUS_INPUT, "crop more"},
    {"MaxPool", 12, "f 1,3,8,8", "", HRS_STATUS_INPUT, "kernel_shape is missing"},
    {"MaxPool", 12, "f 1,3,8,8", "kernel_shape=2", HRS_STATUS_INPUT, "kernel_shape has 1"},
    {"MaxPool", 12, "f 1,3,8,8", "kernel_shape=1048576,1048576 pads=1048576,1048576,0,0",
     HRS_STATUS_UNSUPPORTED, "a window of"},
    {"AveragePool", 11, "f 1,3,8,8", "kernel_shape=2,2 dilations=2,2", HRS_STATUS_INPUT, "19"},
    {"LpPool", 11, "f 1,3,8,8", "kernel_shape=2,2 p=0", HRS_STATUS_INPUT, "p is 0"},
    {"Gemm", 11, "f 2,3; f 2,3", "", HRS_STATUS_INPUT, "cannot multiply shapes [2, 3] and [2, 3]"},
    {"Gemm", 11, "f 2,3; f 3,4; f 3", "", HRS_STATUS_INPUT, "does not broadcast to [2, 4]"},
    {"Gemm", 7, "f 2,3; f 3,4", "", HRS_STATUS_INPUT, "Gemm"},
    {"MatMul", 13, "f 2,3; f 4,3", "", HRS_STATUS_INPUT, "cannot multiply"},
    {"MatMul", 13, "f 2,2,3; f 3,3,4", "", HRS_STATUS_INPUT, "do not broadcast"},
    {"MatMul", 13, "f .; f 3", "", HRS_STATUS_INPUT, "input 0"},
    {"Einsum", 12, "f 2,3; f 3,4", "equation:ij,jk,kl->il", HRS_STATUS_INPUT, "2 terms"},
    {"Einsum", 12, "f 2,3; f 4,4", "equation:ij,jk->ik", HRS_STATUS_INPUT, "3 and 4"},
    {"Einsum", 12, "f 2,3", "equation:ij->ijz", HRS_STATUS_INPUT, "in no operand"},
    {"Einsum", 12, "f 2,3", "equation:i1->i", HRS_STATUS_INPUT, "'1'"},
    {"Einsum", 12, "f 2,3", "equation:i->i", HRS_STATUS_INPUT, "1 labels for 2 axes"},
    {"Add", 14, "f 2,3; f 2", "", HRS_STATUS_INPUT, "[2, 3] and [2]"},
    {"Add", 14, "f 2,3; d 3", "", HRS_STATUS_INPUT, "float32 and float64"},
    {"Add", 14, "b 3; b 3", "", HRS_STATUS_UNSUPPORTED, "bool"},
    {"Mod", 13, "f 3; f 3", "", HRS_STATUS_INPUT, "fmod = 1"},
    {"Where", 16, "f 3; f 3; f 3", "", HRS_STATUS_UNSUPPORTED, "bool"},
    {"Clip", 13, "f 3; f 2", "", HRS_STATUS_INPUT, "single number"},
    {"PRelu", 16, "f 3; f 2,3", "", HRS_STATUS_INPUT, "slope"},
    {"Gelu", 20, "f 3", "approximate:erf", HRS_STATUS_INPUT, "'erf'"},
    {"BatchNormalization", 15, "f 1,3,4; f 3; f 3; f 3; f 2", "", HRS_STATUS_INPUT, "[3]"},
    {"BatchNormalization", 15, "f 1,3,4; f 3; f 3; f 3; f 3", "training_mode=1",
     HRS_STATUS_UNSUPPORTED, "model.eval()"},
    {"BatchNormalization", 8, "f 1,3,4; f 3; f 3; f 3; f 3", "spatial=0", HRS_STATUS_INPUT,
     "spatial = 0 wants"},
    {"LayerNormalization", 17, "f 2,4; f 3", "", HRS_STATUS_INPUT, "[3]"},
    {"LayerNormalization", 17, "f 2,4; f 4", "axis=2", HRS_STATUS_INPUT, "axis"},
    {"GroupNormalization", 21, "f 1,4,3; f 4; f 4", "num_groups=3", HRS_STATUS_INPUT, "4 channels"},
    {"LRN", 13, "f 1,3,4", "size=0", HRS_STATUS_INPUT, "size is 0"},
    {"Softmax", 13, "f 2,3", "axis=2", HRS_STATUS_INPUT, "axis"},
    {"ReduceSum", 11, "f 2,3", "axes=0,-2", HRS_STATUS_INPUT, "stands twice"},
    {"ReduceSum", 11, "f 2,3", "axes=5", HRS_STATUS_INPUT, "axes"},
    {"ReduceMean", 18, "b 2,3", "", HRS_STATUS_UNSUPPORTED, "bool"},
    {"ArgMax", 13, "f 0,3", "axis=0", HRS_STATUS_INPUT, "is empty"},
    {"TopK", 11, "f 2,3; i 1=4", "", HRS_STATUS_INPUT, "first 4 of an axis of length 3"},
    {"TopK", 11, "f 2,3; i 1=-1", "", HRS_STATUS_INPUT, "-1"},
    {"CumSum", 14, "f 2,3; i .=2", "", HRS_STATUS_INPUT, "axis"},
    {"Reshape", 13, "f 2,3; i 2=4,-1", "", HRS_STATUS_INPUT, "[2, 3]"},
    {"Reshape", 13, "f 2,3; i 2=-1,-1", "", HRS_STATUS_INPUT, "more than one -1"},
    {"Reshape", 13, "f 2,3; i 3=2,3,0", "", HRS_STATUS_INPUT, "axis 2"},
    {"Reshape", 13, "f 2,3; i 2=3,3", "", HRS_STATUS_INPUT, "shape [3, 3]"},
    {"Transpose", 13, "f 2,3", "perm=0,0", HRS_STATUS_INPUT, "permutation"},
    {"Transpose", 13, "f 2,3", "perm=0,2", HRS_STATUS_INPUT, "permutation"},
    {"Transpose", 13, "f 2,3", "perm=0", HRS_STATUS_INPUT, "lists 1"},
    {"Squeeze", 11, "f 2,1", "axes=0", HRS_STATUS_INPUT, "cannot be squeezed"},
    {"Unsqueeze", 13, "f 2; i 2=0,0", "", HRS_STATUS_INPUT, "stands twice"},
    {"Concat", 13, "f 2,3; f 3,3", "axis=1", HRS_STATUS_INPUT, "cannot be joined"},
    {"Concat", 13, "f 2,3; f 2,3", "", HRS_STATUS_INPUT, "axis is missing"},
    {"Split", 13, "f 2,3; i 1=2", "axis=1", HRS_STATUS_INPUT, "2 of the axis's 3"},
    {"Slice", 13, "f 4; i 1=0; i 1=2; i 1=0; i 1=0", "", HRS_STATUS_INPUT, "step of 0"},
    {"Slice", 13, "f 4; i 1=0; i 1=2; i 1=1", "", HRS_STATUS_INPUT, "axes"},
    {"Slice", 13, "f 4; i 2=0,0; i 1=2", "", HRS_STATUS_INPUT, "differ in length"},
    {"Gather", 13, "f 4; i 1=4", "", HRS_STATUS_INPUT, "index 4 is outside an axis of length 4"},
    {"Gather", 13, "f 4; i 1=-5", "", HRS_STATUS_INPUT, "index -5"},
    {"Gather", 13, "f 4; n 1=9", "", HRS_STATUS_INPUT, "index 9"},
    {"Gather", 13, "f 4; f 1", "", HRS_STATUS_UNSUPPORTED, "int32, int64"},
    {"GatherElements", 13, "f 4; i 2=0,-9", "", HRS_STATUS_INPUT, "index -9"},
    {"GatherND", 13, "f 2,3; i 1,2=1,3", "", HRS_STATUS_INPUT, "index 3"},
    {"GatherND", 13, "f 2,3; i 1,3=0,0,0", "", HRS_STATUS_INPUT, "3 numbers into 2 axes"},
    {"ScatterElements", 18, "f 4; i 1=7; f 1", "", HRS_STATUS_INPUT, "index 7"},
    {"ScatterElements", 18, "f 4; i 1=0; f 2", "", HRS_STATUS_INPUT, "do not fit"},
    {"ScatterElements", 18, "f 4; i 1=0; f 1", "reduction:median", HRS_STATUS_INPUT, "'median'"},
    {"ScatterND", 18, "f 4; i 1,1=-5; f 1", "", HRS_STATUS_INPUT, "index -5"},
    {"Expand", 13, "f 2; i 1=3", "", HRS_STATUS_INPUT, "do not broadcast"},
    {"Expand", 13, "f 1; i 3=2147483647,2147483647,2147483647", "", HRS_STATUS_INPUT, "too large"},
    {"Tile", 13, "f 2,3; i 1=2", "", HRS_STATUS_INPUT, "1 repeats for 2 axes"},
    {"Tile", 13, "f 2; i 1=-2", "", HRS_STATUS_INPUT, "repeat of -2"},
    {"Pad", 13, "f 2; i 2=-2,-1", "", HRS_STATUS_INPUT, "crop more"},
    {"Pad", 13, "f 2; i 1=1", "", HRS_STATUS_INPUT, "1 pads"},
    {"Pad", 13, "f 0; i 2=1,1", "mode:reflect", HRS_STATUS_INPUT, "empty axis"},
    {"Pad", 13, "f 2; i 2=1,1", "mode:wrap", HRS_STATUS_INPUT, "'wrap'"},
    {"OneHot", 11, "i 2=0,1; i 1=0; f 2", "", HRS_STATUS_INPUT, "depth"},
    {"DepthToSpace", 13, "f 1,3,2,2", "blocksize=2", HRS_STATUS_INPUT, "3 channels"},
    {"DepthToSpace", 13, "f 1,4,2,2", "blocksize=0", HRS_STATUS_INPUT, "blocksize is 0"},
    {"Resize", 13, "f 1,1,4; -; f 3=1,1,-2", "", HRS_STATUS_INPUT, "scale of -2"},
    {"Resize", 13, "f 1,1,4; -; f 2=1,2", "", HRS_STATUS_INPUT, "2 scales for 3 axes"},
    {"Resize", 13, "f 1,1,4", "", HRS_STATUS_INPUT, "scales or sizes"},
    {"Resize", 13, "f 1,1,4; -; -; i 3=1,1,-4", "", HRS_STATUS_INPUT, "size of -4"},
    {"ReverseSequence", 10, "f 2,2; i 2=1,3", "", HRS_STATUS_INPUT, "length of 3"},
    {"Range", 11, "f .=0; f .=3; f .=0", "", HRS_STATUS_INPUT, "step of 0"},
    {"ConstantOfShape", 9, "i 2=1048576,1048576", "", HRS_STATUS_INPUT, "GiB"},
    {"OneHot", 11, "i 2=0,1; i 1=2147483000; f 2", "", HRS_STATUS_INPUT, "GiB"},
    {"Tile", 13, "f 2; i 1=1099511627776", "", HRS_STATUS_INPUT, "GiB"},
    {"Range", 11, "i .=0; i .=2147483000; i .=1", "", HRS_STATUS_INPUT, "GiB"},
    {"Range", 11, "f .=0; f .=1e30; f .=1", "", HRS_STATUS_INPUT, "a range of"},
    {"ConstantOfShape", 9, "i 1=-3", "", HRS_STATUS_INPUT, "-3"},
    {"Cast", 13, "f 3", "to=8", HRS_STATUS_UNSUPPORTED, "cast to type 8"},
    {"Cast", 13, "f 3", "to=99", HRS_STATUS_UNSUPPORTED, "99"},
    {"LSTM", 14, "f 2,1,3; f 1,8,3; f 1,8,3", "", HRS_STATUS_INPUT, "LSTM"},
    {"LSTM", 14, "f 2,1,3; f 1,8,3; f 1,8,2; -; n 1=3", "hidden_size=2", HRS_STATUS_INPUT,
     "length of 3"},
    {"LSTM", 14, "f 2,1,3; f 1,8,3; f 1,8,2", "hidden_size=0", HRS_STATUS_INPUT,
     "hidden_size is 0"},
    {"RNN", 14, "f 2,1,3; f 1,2,3; f 1,2,2", "activations:Affine", HRS_STATUS_UNSUPPORTED,
     "activation_alpha"},
    {"RNN", 14, "f 2,1,3; f 1,2,3; f 1,2,2", "activations:ScaledTanh", HRS_STATUS_UNSUPPORTED,
     "activation_beta"},
    {"GRU", 14, "f 2,1,3; f 1,6,3; f 1,6,2", "direction:both", HRS_STATUS_INPUT, "'both'"},
    {"MaxUnpool", 11, "f 1,1,2; i 1,1,2=0,99", "kernel_shape=2 strides=2", HRS_STATUS_INPUT,
     "index 99"},
};

/* ---- reading a row ---- */

typedef struct input {
  hrs_dtype type; /* HRS_NONE: left out */
  int rank;
  int64_t dim[HRS_MAX_RANK];
  int64_t element[MOST_ELEMENTS]; /* as bits of any type */
} input;

static int64_t product(const input *in) {
  int64_t count = 1;
  for (int i = 0; i < in->rank; i++)
    count *= in->dim[i];
  return count;
}

static void parse_input(const char *text, input *in) {
  static const char letters[] = "fdinb";
  static const hrs_dtype types[] = {HRS_F32, HRS_F64, HRS_I64, HRS_I32, HRS_BOOL};
  memset(in, 0, sizeof *in);
  if (*text == '-') return;
  in->type = types[strchr(letters, *text) - letters];
  text += 2;
  if (*text == '.') text++;
  while (*text && *text != '=' && *text != ';') {
    char *end;
    in->dim[in->rank++] = strtoll(text, &end, 10);
    text = *end == ',' ? end + 1 : end;
  }
  assert_true(product(in) <= MOST_ELEMENTS);
  size_t size = hrs_dtype_size(in->type);
  char *to = (char *)in->element;
  for (text = *text == '=' ? text + 1 : ""; *text && *text != ';'; to += size) {
    char *end;
    double value = strtod(text, &end);
    ASSERT_OK(hrs_convert(HRS_F64, &value, in->type, to, 1));
    text = *end == ',' ? end + 1 : end;
  }
}

static int parse_inputs(const char *text, input *inputs) {
  int n = 0;
  while (n < MOST_INPUTS) {
    parse_input(text, &inputs[n++]);
    text = strchr(text, ';');
    if (!text) break;
    text += 2;
  }
  return n;
}

static void add_attribute(node_proto *node, char *text) {
  size_t name = strcspn(text, "=:");
  bool string = text[name] == ':';
  char *value = text + name + 1;
  text[name] = '\0';
  if (string && strcmp(text, "activations") == 0) {
    attribute_proto *a = maker_attribute(node, text, MAKER_ATTRIBUTE(STRINGS));
    a->n_strings = 1;
    a->strings = calloc(1, sizeof *a->strings);
    a->strings[0].len = strlen(value);
    a->strings[0].data = (uint8_t *)strdup(value);
    return;
  }
  if (string) {
    attribute_proto *a = maker_attribute(node, text, MAKER_ATTRIBUTE(STRING));
    a->has_s = 1;
    a->s.len = strlen(value);
    a->s.data = (uint8_t *)strdup(value);
    return;
  }
  /* Those that are lists in ONNX, even with one number. */
  static const char *const lists[] = {"strides", "dilations", "pads",          "kernel_shape",
                                      "axes",    "perm",      "output_padding"};
  bool list = false;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    list |= strcmp(text, lists[i]) == 0;
  int64_t numbers[8];
  int n = 0;
  for (char *end = value; *value && n < 8; value = *end ? end + 1 : end)
    numbers[n++] = strtoll(value, &end, 10);
  if (list)
    maker_ints(node, text, n, numbers);
  else
    maker_int(node, text, numbers[0]);
}

static const char *write_model(const refused *r, int n, const input *inputs) {
  static const int codes[HRS_DTYPE_LIMIT] = {[HRS_F32] = MAKER_TYPE(FLOAT),
                                             [HRS_F64] = MAKER_TYPE(DOUBLE),
                                             [HRS_I64] = MAKER_TYPE(INT64),
                                             [HRS_I32] = MAKER_TYPE(INT32),
                                             [HRS_BOOL] = MAKER_TYPE(BOOL)};
  model_proto *proto = maker_model(r->opset);
  char names[MOST_INPUTS * 16] = "", attributes[128];
  for (int i = 0; i < n; i++) {
    char name[16] = "";
    if (inputs[i].type != HRS_NONE) {
      snprintf(name, sizeof name, "x%d", i);
      maker_input(proto->graph, name, codes[inputs[i].type], inputs[i].rank, inputs[i].dim);
    }
    strcat(names, i ? "," : "");
    strcat(names, name);
  }
  node_proto *node = maker_node(proto->graph, r->op, "the node", names, "y");
  snprintf(attributes, sizeof attributes, "%s", r->attributes);
  for (char *at = strtok(attributes, " "); at; at = strtok(NULL, " "))
    add_attribute(node, at);
  maker_output(proto->graph, "y");
  return maker_finish(proto, "refused.onnx");
}

/* ---- running ---- */

static hrs_status evaluate(const hrs_model *model, int n, const input *inputs, bool vary) {
  hrs_feed feed[MOST_INPUTS] = {{0}};
  hrs_session *session = NULL;
  hrs_status status = HRS_OK;
  char names[MOST_INPUTS][16];
  const char *fetch = "y";
  int n_feeds = 0;
  for (int i = 0; i < n; i++) {
    if (inputs[i].type == HRS_NONE) continue;
    snprintf(names[i], sizeof names[i], "x%d", i);
    hrs_feed *f = &feed[n_feeds++];
    *f = (hrs_feed){.name = names[i], .type = inputs[i].type, .rank = inputs[i].rank};
    for (int k = 0; k < f->rank; k++)
      f->dim[k] = inputs[i].dim[k];
    f->varies = vary && f->type == HRS_F32;
    if (!f->varies) f->data = inputs[i].element;
  }
  HRS_GO(hrs_session_create(model, n_feeds, feed, 1, &fetch, 2, &session));
  for (int i = 0; i < n_feeds; i++) {
    int64_t count = 2;
    for (int k = 0; k < feed[i].rank; k++)
      count *= feed[i].dim[k];
    if (feed[i].varies && count > 0)
      memset(hrs_session_feed_buffer(session, i), 0, (size_t)count * sizeof(float));
  }
  HRS_GO(hrs_session_run(session, 2));
done:
  hrs_session_destroy(&session);
  return status;
}

static void check_row(const refused *r, bool vary) {
  static input inputs[MOST_INPUTS];
  hrs_count before = hrs_memory_current();
  int n = parse_inputs(r->inputs, inputs);
  hrs_model *model = NULL;
  hrs_status status = hrs_model_load(write_model(r, n, inputs), NULL, &model);
  if (status == HRS_OK) status = evaluate(model, n, inputs, vary);
  hrs_model_destroy(&model);
  /* Numbers that decide on shapes may not vary: then that is the message. */
  bool as_wanted = status == r->status && strstr(hrs_error_message(), r->message);
  bool may_not_vary = vary && status == HRS_STATUS_UNSUPPORTED;
  if (!as_wanted && !may_not_vary)
    fail_msg("%s of %s %s: %s '%s', expected %s with '%s'", r->op, r->inputs, r->attributes,
             hrs_status_name(status), status == HRS_OK ? "" : hrs_error_message(),
             hrs_status_name(r->status), r->message);
  if (!strstr(hrs_error_message(), r->op))
    fail_msg("%s: '%s' does not name the operator", r->op, hrs_error_message());
  assert_int_equal(hrs_memory_current(), before);
}

static void test_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    check_row(&table[i], false);
    check_row(&table[i], true);
  }
}

/* Shapes that would change from mask to mask: the message says why, and what to do instead. */
static void test_shapes_by_values(void **state) {
  (void)state;
  static const refused row = {.op = "NonZero", .opset = 13, .inputs = "f 3", .attributes = ""};
  static input inputs[MOST_INPUTS];
  hrs_model *model = NULL;
  int n = parse_inputs(row.inputs, inputs);
  ASSERT_OK(hrs_model_load(write_model(&row, n, inputs), NULL, &model));
  ASSERT_OK(evaluate(model, n, inputs, false));
  assert_int_equal(evaluate(model, n, inputs, true), HRS_STATUS_UNSUPPORTED);
  assert_non_null(strstr(hrs_error_message(), "from mask to mask"));
  assert_non_null(strstr(hrs_error_message(), "Where"));
  hrs_model_destroy(&model);
}

int main(void) {
  hrs_session_limit = (hrs_count)1 << 32; /* whatever the machine has */
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused),
                                     cmocka_unit_test(test_shapes_by_values)};
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
