/*
 * How many inputs an operator takes, and which attributes, at which operator sets. A node with any
 * other is refused: a runtime that passed it over would compute something else than the file asks
 * for, without a word, and readers of attributes would each have to know when it came.
 */
#include "network/graph.h"

#include <stdlib.h>
#include <string.h>

/* "name" at all sets that are supported, "name@10" from set 10 on, "name-12" up to set 12.
 * Operators that take none are left out. */
static const struct {
  const char *op, *attributes;
} known[] = {
    {"ArgMax", "axis keepdims select_last_index@12"},
    {"ArgMin", "axis keepdims select_last_index@12"},
    {"AveragePool",
     "auto_pad ceil_mode@10 count_include_pad dilations@19 kernel_shape pads strides"},
    {"BatchNormalization", "epsilon momentum spatial-8 training_mode@14"},
    {"BitShift", "direction"},
    {"Cast", "saturate@19 to"},
    {"CastLike", "saturate@19"},
    {"Celu", "alpha"},
    {"Clip", "max-10 min-10"},
    {"Compress", "axis"},
    {"Concat", "axis"},
    {"Constant", "sparse_value@11 value value_float@12 value_floats@12 value_int@12 value_ints@12 "
                 "value_string@12 value_strings@12"},
    {"ConstantOfShape", "value"},
    {"Conv", "auto_pad dilations group kernel_shape pads strides"},
    {"ConvTranspose",
     "auto_pad dilations group kernel_shape output_padding output_shape pads strides"},
    {"CumSum", "exclusive reverse"},
    {"DepthToSpace", "blocksize mode@11"},
    {"Dropout", "ratio-11 seed@12"},
    {"Einsum", "equation"},
    {"Elu", "alpha"},
    {"EyeLike", "dtype k"},
    {"Flatten", "axis"},
    {"GRU", "activation_alpha activation_beta activations clip direction hidden_size layout@14 "
            "linear_before_reset"},
    {"Gather", "axis"},
    {"GatherElements", "axis"},
    {"GatherND", "batch_dims@12"},
    {"Gelu", "approximate"},
    {"Gemm", "alpha beta transA transB"},
    {"GlobalLpPool", "p"},
    {"GroupNormalization", "epsilon num_groups stash_type@21"},
    {"HardSigmoid", "alpha beta"},
    {"Hardmax", "axis"},
    {"InstanceNormalization", "epsilon"},
    {"IsInf", "detect_negative detect_positive"},
    {"LRN", "alpha beta bias size"},
    {"LSTM", "activation_alpha activation_beta activations clip direction hidden_size input_forget "
             "layout@14"},
    {"LayerNormalization", "axis epsilon stash_type"},
    {"LeakyRelu", "alpha"},
    {"LogSoftmax", "axis"},
    {"LpNormalization", "axis p"},
    {"LpPool", "auto_pad ceil_mode@18 dilations@18 kernel_shape p pads strides"},
    {"MaxPool", "auto_pad ceil_mode@10 dilations@10 kernel_shape pads storage_order@8 strides"},
    {"MaxUnpool", "kernel_shape pads strides"},
    {"MeanVarianceNormalization", "axes"},
    {"Mod", "fmod"},
    {"NegativeLogLikelihoodLoss", "ignore_index reduction"},
    {"OneHot", "axis"},
    {"Pad", "mode pads-10 value-10"},
    {"RNN", "activation_alpha activation_beta activations clip direction hidden_size layout@14"},
    {"ReduceL1", "axes-17 keepdims noop_with_empty_axes@18"},
    {"ReduceL2", "axes-17 keepdims noop_with_empty_axes@18"},
    {"ReduceLogSum", "axes-17 keepdims noop_with_empty_axes@18"},
    {"ReduceLogSumExp", "axes-17 keepdims noop_with_empty_axes@18"},
    {"ReduceMax", "axes-17 keepdims noop_with_empty_axes@18"},
    {"ReduceMean", "axes-17 keepdims noop_with_empty_axes@18"},
    {"ReduceMin", "axes-17 keepdims noop_with_empty_axes@18"},
    {"ReduceProd", "axes-17 keepdims noop_with_empty_axes@18"},
    {"ReduceSum", "axes-12 keepdims noop_with_empty_axes@13"},
    {"ReduceSumSquare", "axes-17 keepdims noop_with_empty_axes@18"},
    {"Reshape", "allowzero@14"},
    {"Resize",
     "antialias@18 axes@18 coordinate_transformation_mode@11 cubic_coeff_a@11 exclude_outside@11 "
     "extrapolation_value@11 keep_aspect_ratio_policy@18 mode nearest_mode@11"},
    {"ReverseSequence", "batch_axis time_axis"},
    {"Scatter", "axis"},
    {"ScatterElements", "axis reduction@16"},
    {"ScatterND", "reduction@16"},
    {"Selu", "alpha gamma"},
    {"Shape", "end@15 start@15"},
    {"Shrink", "bias lambd"},
    {"Slice", "axes-9 ends-9 starts-9"},
    {"Softmax", "axis"},
    {"SoftmaxCrossEntropyLoss", "ignore_index reduction"},
    {"SpaceToDepth", "blocksize"},
    {"Split", "axis num_outputs@18 split-12"},
    {"Squeeze", "axes-12"},
    {"ThresholdedRelu", "alpha"},
    {"TopK", "axis k-9 largest@11 sorted@11"},
    {"Transpose", "perm"},
    {"Trilu", "upper"},
    {"Unsqueeze", "axes-12"},
    {"Upsample", "mode scales-8"},
};

/* Is `name` what an entry is about? Its first and last set. */
static bool reads(const char *entry, size_t length, const char *name, int *since, int *until) {
  size_t own = strcspn(entry, "@- ");
  if (strlen(name) != own || strncmp(entry, name, own) != 0) return false;
  *since = entry[own] == '@' ? atoi(entry + own + 1) : 0;
  const char *dash = memchr(entry + own, '-', length - own);
  *until = dash ? atoi(dash + 1) : 0;
  return true;
}

/* Does the operator take the attribute at some set: at which? 0: there is no such bound. */
static bool takes(const char *attributes, const char *name, int *since, int *until) {
  for (const char *at = attributes; *at;) {
    size_t length = strcspn(at, " ");
    if (reads(at, length, name, since, until)) return true;
    at += length + (at[length] == ' ');
  }
  return false;
}

static hrs_status check_arity(const hrs_graph_node *graph_node) {
  const hrs_node *node = &graph_node->base;
  int n_in = graph_node->n_in, n_out = graph_node->n_out;
  const hrs_operator *def = node->def;
  HRS_REQUIRE(n_in >= def->min_in && (def->max_in < 0 || n_in <= def->max_in), INPUT,
              "%s node '%s' has %d inputs, but the operator takes %d%s%.0d", node->op, node->name,
              n_in, def->min_in,
              def->max_in < 0 ? " or more" : (def->max_in > def->min_in ? " to " : ""),
              def->max_in > def->min_in ? def->max_in : 0);
  HRS_REQUIRE(n_out >= def->min_out && (def->max_out < 0 || n_out <= def->max_out), INPUT,
              "%s node '%s' has %d outputs, but the operator gives %d%s%.0d", node->op, node->name,
              n_out, def->min_out,
              def->max_out < 0 ? " or more" : (def->max_out > def->min_out ? " to " : ""),
              def->max_out > def->min_out ? def->max_out : 0);
  for (int i = 0; i < def->min_in; i++)
    HRS_REQUIRE(graph_node->in[i] >= 0, INPUT, "%s node '%s' lacks input %d", node->op, node->name,
                i);
  return HRS_OK;
}

static hrs_status check_attributes(const hrs_node *node) {
  const char *attributes = "";
  if (node->proto->n_attribute == 0) return HRS_OK;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].op, node->op) == 0) attributes = known[i].attributes;
  for (size_t i = 0; i < node->proto->n_attribute; i++) {
    const char *name = node->proto->attribute[i]->name;
    int since, until;
    /* ONNX leaves names that begin so to tools. */
    if (strncmp(name, "__", 2) == 0) continue;
    HRS_REQUIRE(takes(attributes, name, &since, &until), INPUT,
                "%s node '%s' (operator set %d) has attribute '%s', which the operator does not "
                "take",
                node->op, node->name, node->opset, name);
    HRS_REQUIRE(!since || node->opset >= since, INPUT,
                "%s node '%s' (operator set %d) has attribute '%s', which came with operator set "
                "%d: export the network with that set or a newer one",
                node->op, node->name, node->opset, name, since);
    HRS_REQUIRE(!until || node->opset <= until, INPUT,
                "%s node '%s' (operator set %d) has attribute '%s', which the operator takes up to "
                "operator set %d",
                node->op, node->name, node->opset, name, until);
  }
  return HRS_OK;
}

hrs_status hrs_node_check(const hrs_graph_node *node) {
  HRS_TRY(check_arity(node));
  return check_attributes(&node->base);
}
