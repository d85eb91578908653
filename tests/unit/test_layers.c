/* Layers of a network: the lists for the bundled networks, and for small ones as exporters write
 * them. */
#include <harsanyi/network.h>

#include "onnx_maker.h"

/* A layer as "name [shape] depth". */
static void check_layers(const hrs_model *model, const char *const *wanted) {
  hrs_array samples[4] = {{0}};
  const char *name[4];
  int inputs = hrs_model_inputs(model), count = 0;
  for (int i = 0; i < inputs; i++) {
    const hrs_tensor_info *info = hrs_model_input(model, i);
    hrs_count dim[HRS_MAX_RANK + 1] = {2};
    for (int k = 0; k < info->rank; k++)
      dim[k + 1] = info->dim[k] < 0 ? 1 : info->dim[k];
    name[i] = info->name;
    ASSERT_OK(hrs_array_create(info->type, info->rank + 1, dim, &samples[i]));
    memset(samples[i].data, 0, (size_t)hrs_array_count(&samples[i]) * hrs_dtype_size(info->type));
  }
  hrs_features *f;
  ASSERT_OK(hrs_features_create(model, inputs, name, samples, 0, NULL, &f));
  while (wanted[count])
    count++;
  int deepest = hrs_features_layer(f, hrs_features_layers(f) - 1)->depth;
  for (int i = 0; i < hrs_features_layers(f); i++) {
    const hrs_layer *layer = hrs_features_layer(f, i);
    char shape[HRS_SHAPE_TEXT], text[600];
    hrs_count units = 1;
    snprintf(text, sizeof text, "%s %s %d", layer->name,
             hrs_shape_text(layer->rank, layer->dim, shape, sizeof shape), layer->depth);
    if (i >= count || strcmp(text, wanted[i]) != 0)
      fail_msg("layer %d is '%s', expected '%s'", i, text, i < count ? wanted[i] : "none");
    for (int k = 0; k < layer->rank; k++)
      units *= layer->dim[k];
    assert_int_equal(layer->units, units);
    assert_true(layer->relative_depth == (deepest ? (double)layer->depth / deepest : 0));
  }
  assert_int_equal(hrs_features_layers(f), count);
  hrs_features_destroy(&f);
  for (int i = 0; i < inputs; i++)
    hrs_array_destroy(&samples[i]);
}

#define LAYERS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* ---- bundled networks ---- */

static void check_file(const char *file, const char *const *wanted) {
  char path[512];
  hrs_model *model;
  snprintf(path, sizeof path, "%s/%s", HRS_DATA_DIR, file);
  ASSERT_OK(hrs_model_load(path, NULL, &model));
  check_layers(model, wanted);
  hrs_model_destroy(&model);
}

static void test_bundled(void **state) {
  (void)state;
  check_file("digits_cnn.onnx", LAYERS("/features/features.1/Relu_output_0 [8, 8, 8] 1",
                                       "/features/features.2/MaxPool_output_0 [8, 4, 4] 1",
                                       "/features/features.4/Relu_output_0 [16, 4, 4] 2",
                                       "/head/head.2/Relu_output_0 [64] 3", "logits [10] 4"));
  check_file("digits_mlp.onnx", LAYERS("/2/Relu_output_0 [64] 1", "/4/Relu_output_0 [32] 2",
                                       "/5/Gemm_output_0 [10] 3"));
  check_file("wine_mlp.onnx", LAYERS("/logits/logits.1/Tanh_output_0 [16] 1",
                                     "/logits/logits.3/Tanh_output_0 [16] 2",
                                     "/logits/logits.4/Gemm_output_0 [3] 3"));
  check_file("tokens_transformer.onnx",
             LAYERS("/Add_output_0 [10, 32] 0", "/encoder/layers.0/norm1/Add_1_output_0 [10, 32] 2",
                    "/encoder/layers.0/Mul_1_output_0 [10, 64] 3",
                    "/encoder/layers.0/norm2/Add_1_output_0 [10, 32] 4",
                    "/encoder/layers.1/norm1/Add_1_output_0 [10, 32] 6",
                    "/encoder/layers.1/Mul_1_output_0 [10, 64] 7",
                    "/encoder/layers.1/norm2/Add_1_output_0 [10, 32] 8",
                    "/ReduceMean_output_0 [32] 8", "/head/Gemm_output_0 [1] 9"));
}

/* ---- small ones, node by node ---- */

/* All weights of a test's network are 1; their values do not matter here. */
static void weights(graph_proto *graph, const char *name, int rank, const int64_t *dim) {
  size_t count = 1;
  for (int i = 0; i < rank; i++)
    count *= (size_t)dim[i];
  float *one = malloc(count * sizeof *one);
  for (size_t i = 0; i < count; i++)
    one[i] = 1;
  maker_initialiser(graph, name, MAKER_TYPE(FLOAT), rank, dim, count * sizeof *one, one);
  free(one);
}

static void whole(graph_proto *graph, const char *name, int count, const int64_t *value) {
  maker_initialiser(graph, name, MAKER_TYPE(INT64), 1, DIMS(count), (size_t)count * sizeof *value,
                    value);
}

/* "Op inputs output": one node a line. */
static void nodes(graph_proto *graph, const char *const *line) {
  for (; *line; line++) {
    char op[64], in[128], out[64];
    assert_int_equal(sscanf(*line, "%63s %127s %63s", op, in, out), 3);
    node_proto *node = maker_node(graph, op, out, in, out);
    if (strstr(op, "Pool") == op + 3 && strncmp(op, "Max", 3) == 0) {
      maker_ints(node, "kernel_shape", 2, DIMS(2, 2));
      maker_ints(node, "strides", 2, DIMS(2, 2));
    }
    if (strcmp(op, "Concat") == 0) maker_int(node, "axis", -1);
    if (strncmp(op, "Reduce", 6) == 0) maker_ints(node, "axes", 1, DIMS(-1));
  }
}

static void check_graph(model_proto *proto, const char *const *line, const char *const *wanted) {
  hrs_model *model;
  nodes(proto->graph, line);
  maker_output(proto->graph, "y");
  ASSERT_OK(hrs_model_load(maker_finish(proto, "layers.onnx"), NULL, &model));
  check_layers(model, wanted);
  hrs_model_destroy(&model);
}

static model_proto *image_net(int opset) {
  model_proto *proto = maker_model(opset);
  maker_input(proto->graph, "x", MAKER_TYPE(FLOAT), 4, DIMS(1, 2, 8, 8));
  weights(proto->graph, "w", 4, DIMS(2, 2, 1, 1));
  weights(proto->graph, "b", 1, DIMS(2));
  weights(proto->graph, "dw", 4, DIMS(2, 1, 1, 1));
  weights(proto->graph, "fc", 2, DIMS(32, 3));
  weights(proto->graph, "se", 2, DIMS(2, 2));
  return proto;
}

static void test_lenet(void **state) {
  (void)state;
  /* The pool before the activation, as older LeNets have it: one stage. */
  check_graph(image_net(13),
              LAYERS("Conv x,w c1", "MaxPool c1 p1", "Relu p1 r1", "Flatten r1 f", "Gemm f,fc g",
                     "Softmax g y"),
              LAYERS("r1 [2, 4, 4] 1", "g [3] 2"));
}

static void test_vgg(void **state) {
  (void)state;
  check_graph(image_net(13),
              LAYERS("Conv x,w c1", "BatchNormalization c1,b,b,b,b n1", "Relu n1 r1",
                     "Conv r1,w c2", "BatchNormalization c2,b,b,b,b n2", "Relu n2 r2",
                     "MaxPool r2 p2", "Flatten p2 f", "Dropout f d", "Gemm d,fc y"),
              LAYERS("r1 [2, 8, 8] 1", "r2 [2, 8, 8] 2", "p2 [2, 4, 4] 2", "y [3] 3"));
}

static void test_residual(void **state) {
  (void)state;
  /* With a projected shortcut; then with the stream itself, normalised before the convolution. */
  check_graph(
      image_net(13),
      LAYERS("Conv x,w c0", "Relu c0 r0", "Conv r0,w c1", "Relu c1 r1", "Conv r1,w c2",
             "Conv r0,w s", "Add c2,s a", "Relu a r2", "GlobalAveragePool r2 p", "Flatten p f",
             "Gemm f,se y"),
      LAYERS("r0 [2, 8, 8] 1", "r1 [2, 8, 8] 2", "r2 [2, 8, 8] 3", "p [2, 1, 1] 3", "y [2] 4"));
  check_graph(
      image_net(13),
      LAYERS("Conv x,w c0", "BatchNormalization c0,b,b,b,b n0", "Relu n0 r0", "Conv r0,w c1",
             "Add c1,c0 a0", "BatchNormalization a0,b,b,b,b n1", "Relu n1 r1", "Conv r1,w c2",
             "Add c2,a0 a1", "Relu a1 r2", "MaxPool r2 p", "Flatten p f", "Gemm f,fc y"),
      LAYERS("c0 [2, 8, 8] 1", "a0 [2, 8, 8] 2", "r2 [2, 8, 8] 3", "p [2, 4, 4] 3", "y [3] 4"));
}

static void test_squeeze_and_excite(void **state) {
  (void)state;
  /* Swish in two nodes; a depthwise convolution; a gate from the pooled features. */
  model_proto *proto = image_net(13);
  whole(proto->graph, "to4", 4, (const int64_t[]){1, 2, 1, 1});
  check_graph(proto,
              LAYERS("Conv x,w c0", "Sigmoid c0 s0", "Mul c0,s0 r0", "GlobalAveragePool r0 p",
                     "Flatten p f", "Gemm f,se g1", "Relu g1 r1", "Gemm r1,se g2", "Sigmoid g2 s2",
                     "Reshape s2,to4 t", "Mul r0,t m", "MaxPool m q", "Flatten q e", "Gemm e,fc y"),
              LAYERS("r0 [2, 8, 8] 1", "p [2, 1, 1] 1", "r1 [2] 2", "m [2, 8, 8] 3",
                     "q [2, 4, 4] 3", "y [3] 4"));
}

static void test_separable(void **state) {
  (void)state;
  model_proto *proto = image_net(13);
  nodes(proto->graph, LAYERS("Conv x,dw c0"));
  maker_int(proto->graph->node[0], "group", 2);
  check_graph(proto,
              LAYERS("Conv c0,w c1", "Relu c1 r1", "MaxPool r1 p", "Flatten p f", "Gemm f,fc y"),
              LAYERS("r1 [2, 8, 8] 2", "p [2, 4, 4] 2", "y [3] 3"));
}

static void test_class_number(void **state) {
  (void)state;
  check_graph(image_net(13),
              LAYERS("MaxPool x p", "Flatten p f", "Gemm f,fc g", "Softmax g s", "ArgMax s y"),
              LAYERS("p [2, 4, 4] 0", "g [3] 1"));
}

/* ---- a transformer's block ---- */

static model_proto *token_net(int opset) {
  model_proto *proto = maker_model(opset);
  graph_proto *graph = proto->graph;
  maker_input(graph, "ids", MAKER_TYPE(INT64), 2, DIMS(1, 5));
  maker_input(graph, "kept", MAKER_TYPE(FLOAT), 2, DIMS(1, 5));
  weights(graph, "table", 2, DIMS(9, 4));
  weights(graph, "place", 2, DIMS(5, 4));
  weights(graph, "w", 2, DIMS(4, 4));
  weights(graph, "up", 2, DIMS(4, 8));
  weights(graph, "down", 2, DIMS(8, 4));
  weights(graph, "b", 1, DIMS(4));
  weights(graph, "end", 2, DIMS(10, 3));
  weights(graph, "one", 0, NULL);
  whole(graph, "ten", 2, (const int64_t[]){1, 10});
  return proto;
}

/* x -> pieces of LayerNorm -> out, as exporters before operator set 17 write it. */
#define NORM(x, p)                                                                                 \
  "ReduceMean " x " " p "m", "Sub " x "," p "m " p "d", "Pow " p "d,one " p "s",                   \
      "ReduceMean " p "s " p "v", "Add " p "v,one " p "e", "Sqrt " p "e " p "q",                   \
      "Div " p "d," p "q " p "n", "Mul " p "n,b " p "w", "Add " p "w,b " p
/* Attention of one head, with a mask that comes from another input. */
#define ATTENTION(x, a)                                                                            \
  "MatMul " x ",w q0", "Add q0,b q", "MatMul " x ",w k0", "Transpose k0 k1", "MatMul " x ",w v",   \
      "Reshape q,flat q2", "Reshape k1,tall k2", "MatMul q2,k2 s0", "Mul s0,one s1",               \
      "Sub kept,one k3", "Add s1,k3 s2", "Softmax s2 s3", "MatMul s3,v c", "MatMul c,w o0",        \
      "Add o0,b " a

static void add_shapes(model_proto *proto) {
  whole(proto->graph, "flat", 3, (const int64_t[]){1, 5, 4});
  whole(proto->graph, "tall", 3, (const int64_t[]){1, 4, 5});
}

static void test_post_norm(void **state) {
  (void)state;
  model_proto *proto = token_net(13);
  add_shapes(proto);
  check_graph(proto,
              LAYERS("Gather table,ids g", "Add g,place x", ATTENTION("x", "a"), "Add x,a h",
                     NORM("h", "n"), "MatMul n,up u0", "Div u0,one u1", "Erf u1 u2",
                     "Add u2,one u3", "Mul u0,u3 u4", "Mul u4,one u", "MatMul u,down f",
                     "Add n,f r", NORM("r", "y")),
              LAYERS("x [5, 4] 0", "n [5, 4] 2", "u [5, 8] 3", "y [5, 4] 4"));
}

static void test_pre_norm(void **state) {
  (void)state;
  /* The residual stream is the layer, not what is normalised on the way into a branch; fused
   * operators as exporters from operator set 17 and 20 on write them; a pooled end. */
  model_proto *proto = token_net(20);
  add_shapes(proto);
  check_graph(proto,
              LAYERS("Gather table,ids g", "Add g,place x", "LayerNormalization x,b,b n",
                     ATTENTION("n", "a"), "Add x,a h", "LayerNormalization h,b,b m",
                     "MatMul m,up u0", "Gelu u0 u", "MatMul u,down f", "Add h,f r",
                     "LayerNormalization r,b,b e", "MatMul e,w y"),
              LAYERS("x [5, 4] 0", "h [5, 4] 2", "u [5, 8] 3", "e [5, 4] 4", "y [5, 4] 5"));
}

static void test_recurrent(void **state) {
  (void)state;
  /* What all steps give, reshaped on the way to the next layer, and the last state, read as it is:
   * one stage. */
  model_proto *proto = maker_model(13);
  graph_proto *graph = proto->graph;
  maker_input(graph, "x", MAKER_TYPE(FLOAT), 3, DIMS(5, 1, 3));
  weights(graph, "w", 3, DIMS(1, 4, 3));
  weights(graph, "r", 3, DIMS(1, 4, 4));
  weights(graph, "w2", 3, DIMS(1, 4, 4));
  weights(graph, "end", 2, DIMS(8, 3));
  whole(graph, "steps", 3, (const int64_t[]){5, 1, 4});
  whole(graph, "row", 2, (const int64_t[]){1, 8});
  nodes(graph, LAYERS("RNN x,w,r a1,h1", "Reshape a1,steps b", "RNN b,w2,r a2,h2", "Concat h1,h2 c",
                      "Reshape c,row f"));
  maker_int(graph->node[0], "hidden_size", 4);
  maker_int(graph->node[2], "hidden_size", 4);
  check_graph(proto, LAYERS("MatMul f,end y"),
              LAYERS("a1 [5, 1, 1, 4] 1", "c [1, 8] 2", "y [3] 3"));
}

static void test_variance_of_squares(void **state) {
  (void)state;
  /* Two means that meet before they come back: no pool, no layer of their own. */
  model_proto *proto = token_net(13);
  check_graph(proto,
              LAYERS("Gather table,ids g", "Mul g,g s", "ReduceMean g m", "Mul m,m p",
                     "ReduceMean s t", "Sub t,p v", "Sqrt v q", "Sub g,m d", "Div d,q n",
                     "MatMul n,w h", "ReduceMax h a", "ReduceMean h b1", "Concat a,b1 c",
                     "Reshape c,ten f", "MatMul f,end y"),
              LAYERS("n [5, 4] 0", "h [5, 4] 1", "c [5, 2] 1", "y [3] 2"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_bundled),
      cmocka_unit_test(test_lenet),
      cmocka_unit_test(test_vgg),
      cmocka_unit_test(test_residual),
      cmocka_unit_test(test_squeeze_and_excite),
      cmocka_unit_test(test_separable),
      cmocka_unit_test(test_class_number),
      cmocka_unit_test(test_post_norm),
      cmocka_unit_test(test_pre_norm),
      cmocka_unit_test(test_recurrent),
      cmocka_unit_test(test_variance_of_squares),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
