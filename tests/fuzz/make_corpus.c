/* Writes the seeds of the corpus, small networks with each kind of structure: make_corpus FOLDER.
 * What the fuzzer found is kept beside them under found-*. */
#include "onnx_maker.h"

#define FLOAT MAKER_TYPE(FLOAT)

static void save(model_proto *model, const char *folder, const char *name) {
  size_t size;
  unsigned char *bytes = maker_pack(model, &size);
  char path[512];
  snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) {
    perror(path);
    exit(1);
  }
  free(bytes);
  onnx__model_proto__free_unpacked(model, NULL);
}

static model_proto *start(int opset) {
  model_proto *model = maker_model(opset);
  maker_input(model->graph, "x", FLOAT, 4, DIMS(-1, 1, 4, 4));
  maker_output(model->graph, "y");
  return model;
}

static void weights(graph_proto *graph, const char *name, int rank, const int64_t *dim) {
  float values[256];
  size_t count = 1;
  for (int i = 0; i < rank; i++)
    count *= (size_t)dim[i];
  for (size_t i = 0; i < count; i++)
    values[i] = 0.25f * (float)(i % 5) - 0.5f;
  maker_initialiser(graph, name, FLOAT, rank, dim, 4 * count, values);
}

static void integers(graph_proto *graph, const char *name, int64_t n, const int64_t *values) {
  maker_initialiser(graph, name, MAKER_TYPE(INT64), 1, DIMS(n), 8 * (size_t)n, values);
}

static model_proto *convolution(void) {
  model_proto *model = start(13);
  graph_proto *g = model->graph;
  weights(g, "k", 4, DIMS(2, 1, 3, 3));
  weights(g, "w", 2, DIMS(8, 3));
  weights(g, "b", 1, DIMS(3));
  node_proto *conv = maker_node(g, "Conv", "conv", "x,k", "c");
  maker_ints(conv, "pads", 4, DIMS(1, 1, 1, 1));
  maker_ints(conv, "kernel_shape", 2, DIMS(3, 3));
  maker_node(g, "Relu", "relu", "c", "r");
  node_proto *pool = maker_node(g, "MaxPool", "pool", "r", "p");
  maker_ints(pool, "kernel_shape", 2, DIMS(2, 2));
  maker_ints(pool, "strides", 2, DIMS(2, 2));
  maker_node(g, "Flatten", "flat", "p", "f");
  node_proto *gemm = maker_node(g, "Gemm", "fc", "f,w,b", "s");
  maker_float(gemm, "alpha", 1);
  maker_node(g, "Softmax", "soft", "s", "y");
  return model;
}

static model_proto *shape_arithmetic(void) {
  model_proto *model = start(11);
  graph_proto *g = model->graph;
  integers(g, "zero", 1, DIMS(0));
  integers(g, "minus", 1, DIMS(-1));
  maker_node(g, "Shape", "", "x", "s");
  maker_node(g, "Gather", "", "s,zero", "n");
  maker_int(maker_node(g, "Concat", "", "n,minus", "to"), "axis", 0);
  maker_node(g, "Reshape", "", "x,to", "f");
  integers(g, "starts", 1, DIMS(2));
  integers(g, "ends", 1, DIMS(100));
  integers(g, "axes", 1, DIMS(-1));
  maker_node(g, "Slice", "", "f,starts,ends,axes", "y");
  return model;
}

static model_proto *branches(bool computed) {
  model_proto *model = start(13);
  graph_proto *g = model->graph;
  unsigned char yes = 1;
  maker_initialiser(g, "yes", MAKER_TYPE(BOOL), 0, NULL, 1, &yes);
  maker_node(g, "Not", "not", "yes", "no");
  node_proto *node = maker_node(g, "If", "choose", computed ? "no" : "yes", "y");
  for (int i = 0; i < 2; i++) {
    attribute_proto *a =
        maker_attribute(node, i ? "else_branch" : "then_branch", MAKER_ATTRIBUTE(GRAPH));
    a->g = maker_graph();
    weights(a->g, "own", 1, DIMS(1));
    maker_node(a->g, i ? "Mul" : "Sub", "in", "x,own", "r");
    maker_output(a->g, "r");
  }
  return model;
}

static model_proto *functions(void) {
  model_proto *model = start(16);
  maker_opset(&model->opset_import, &model->n_opset_import, "local", 1);
  function_proto *twice = maker_function(model, "twice", "a", "r");
  maker_append(&twice->node, &twice->n_node, maker_node_of("Add", "sum", "a,a", "r"));
  function_proto *outer = maker_function(model, "outer", "a,b", "r");
  node_proto *call = maker_node_of("twice", "inner", "b", "c");
  call->domain = strdup("local");
  maker_append(&outer->node, &outer->n_node, call);
  node_proto *leaky = maker_node_of("LeakyRelu", "leaky", "a", "l");
  maker_attribute(leaky, "alpha", MAKER_ATTRIBUTE(FLOAT))->ref_attr_name = strdup("slope");
  maker_append(&outer->node, &outer->n_node, leaky);
  maker_append(&outer->node, &outer->n_node, maker_node_of("Add", "sum", "l,c", "r"));
  maker_float(maker_call(model->graph, "outer", "call", "x,x", "y"), "slope", 0.5f);
  return model;
}

static model_proto *halves(void) {
  model_proto *model = maker_model(13);
  graph_proto *g = model->graph;
  maker_input(g, "x", MAKER_TYPE(FLOAT16), 2, DIMS(1, 2));
  maker_input(g, "ids", MAKER_TYPE(INT64), 2, DIMS(1, -1));
  uint16_t w[2] = {0x3c00, 0x4000};
  maker_initialiser(g, "w", MAKER_TYPE(BFLOAT16), 1, DIMS(2), sizeof w, w);
  maker_node(g, "Add", "", "x,w", "s");
  maker_int(maker_node(g, "Cast", "", "ids", "f"), "to", MAKER_TYPE(FLOAT16));
  maker_node(g, "Mul", "", "s,f", "m");
  maker_int(maker_node(g, "Cast", "", "m", "y"), "to", MAKER_TYPE(DOUBLE));
  maker_output(g, "y");
  return model;
}

static model_proto *attention(void) {
  model_proto *model = maker_model(17);
  graph_proto *g = model->graph;
  maker_input(g, "x", FLOAT, 3, DIMS(-1, 3, 4));
  weights(g, "w", 2, DIMS(4, 4));
  weights(g, "one", 1, DIMS(4));
  maker_node(g, "LayerNormalization", "", "x,one,one", "n");
  maker_node(g, "MatMul", "", "n,w", "q");
  maker_ints(maker_node(g, "Transpose", "", "n", "k"), "perm", 3, DIMS(0, 2, 1));
  maker_node(g, "MatMul", "", "q,k", "a");
  maker_int(maker_node(g, "Softmax", "", "a", "p"), "axis", -1);
  maker_node(g, "MatMul", "", "p,n", "v");
  maker_node(g, "Erf", "", "v", "e");
  maker_ints(maker_node(g, "ReduceMean", "", "e", "y"), "axes", 1, DIMS(1));
  maker_output(g, "y");
  return model;
}

/* Attention of two heads, of which one row is read. */
static model_proto *one_row(void) {
  model_proto *model = maker_model(13);
  graph_proto *g = model->graph;
  int64_t first = 0;
  maker_input(g, "x", FLOAT, 3, DIMS(1, 3, 4));
  weights(g, "w", 2, DIMS(4, 12));
  weights(g, "b", 1, DIMS(12));
  weights(g, "s", 3, DIMS(1, 3, 1));
  integers(g, "heads", 4, DIMS(0, 3, -1, 2));
  integers(g, "joined", 3, DIMS(0, 3, 4));
  integers(g, "shape", 3, DIMS(2, 3, 4));
  integers(g, "one", 1, DIMS(1));
  integers(g, "far", 1, DIMS(100));
  maker_initialiser(g, "first", MAKER_TYPE(INT64), 0, NULL, sizeof first, &first);
  maker_node(g, "MatMul", "", "x,w", "m");
  maker_node(g, "Add", "", "m,b", "a");
  maker_int(maker_node(g, "Split", "", "a", "q,k,v"), "axis", 2);
  maker_node(g, "Reshape", "", "q,heads", "q1");
  maker_node(g, "Reshape", "", "k,heads", "k1");
  maker_node(g, "Reshape", "", "v,heads", "v1");
  maker_ints(maker_node(g, "Transpose", "", "q1", "q2"), "perm", 4, DIMS(0, 2, 1, 3));
  maker_ints(maker_node(g, "Transpose", "", "k1", "k2"), "perm", 4, DIMS(0, 2, 3, 1));
  maker_ints(maker_node(g, "Transpose", "", "v1", "v2"), "perm", 4, DIMS(0, 2, 1, 3));
  maker_node(g, "MatMul", "", "q2,k2", "p");
  maker_int(maker_node(g, "Softmax", "", "p", "p1"), "axis", -1);
  maker_node(g, "MatMul", "", "p1,v2", "r");
  maker_ints(maker_node(g, "Transpose", "", "r", "r1"), "perm", 4, DIMS(0, 2, 1, 3));
  maker_node(g, "Reshape", "", "r1,joined", "r2");
  maker_node(g, "Add", "", "x,r2", "h");
  maker_ints(maker_node(g, "ReduceMean", "", "h", "c"), "axes", 1, DIMS(-1));
  maker_node(g, "Sub", "", "h,c", "d");
  maker_node(g, "Mul", "", "s,d", "e");
  maker_node(g, "Expand", "", "e,shape", "t");
  maker_int(maker_node(g, "Concat", "", "t,t", "u"), "axis", 2);
  maker_node(g, "Slice", "", "u,one,far,one", "z");
  maker_int(maker_node(g, "Gather", "", "z,first", "y"), "axis", 1);
  maker_output(g, "y");
  return model;
}

static model_proto *external(void) {
  model_proto *model = start(13);
  weights(model->graph, "w", 1, DIMS(4));
  tensor_proto *w = model->graph->initializer[0];
  static const char *const pairs[3][2] = {
      {"location", "w.bin"}, {"offset", "4096"}, {"length", "16"}};
  for (int i = 0; i < 3; i++) {
    Onnx__StringStringEntryProto *entry = malloc(sizeof *entry);
    onnx__string_string_entry_proto__init(entry);
    entry->key = strdup(pairs[i][0]);
    entry->value = strdup(pairs[i][1]);
    maker_append(&w->external_data, &w->n_external_data, entry);
  }
  w->has_data_location = 1;
  w->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
  maker_node(model->graph, "Mul", "", "x,w", "y");
  return model;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: make_corpus FOLDER\n");
    return 64;
  }
  save(convolution(), argv[1], "convolution");
  save(shape_arithmetic(), argv[1], "shape_arithmetic");
  save(branches(false), argv[1], "if_known");
  save(branches(true), argv[1], "if_computed");
  save(functions(), argv[1], "functions");
  save(halves(), argv[1], "halves");
  save(attention(), argv[1], "attention");
  save(one_row(), argv[1], "one_row");
  save(external(), argv[1], "external");
  return 0;
}
