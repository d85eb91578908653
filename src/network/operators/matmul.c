/*
 * MatMul and Gemm. Where the right side is shared by all instances and the left one varies, all
 * rows of all instances are one product; else one product per instance and broadcast matrix.
 */
#include "gemm.h"
#include "packed.h"

/* ---- MatMul ---- */

typedef struct matmul {
  hrs_count m, n, k;
  int rank; /* of the broadcast axes in front of the matrices */
  hrs_count dim[HRS_MAX_RANK], stride_a[HRS_MAX_RANK], stride_b[HRS_MAX_RANK];
  bool join; /* B is one matrix: rows of A may be joined */
} matmul;

static hrs_status infer_matmul(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_MATMUL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_MATMUL));
  HRS_TRY(hrs_op_same_type(call, 0, 1));
  HRS_TRY(hrs_op_rank(call, 0, 1, HRS_MAX_RANK));
  HRS_TRY(hrs_op_rank(call, 1, 1, HRS_MAX_RANK));
  const hrs_tensor *a = &call->in[0], *b = &call->in[1];
  matmul *state;
  HRS_TRY(hrs_calloc(1, sizeof *state, &state));
  call->node->state = state;
  bool row = a->rank == 1, column = b->rank == 1;
  state->m = row ? 1 : a->dim[a->rank - 2];
  state->k = a->dim[a->rank - 1];
  state->n = column ? 1 : b->dim[b->rank - 1];
  char ta[HRS_SHAPE_TEXT], tb[HRS_SHAPE_TEXT];
  HRS_NODE_REQUIRE(state->k == b->dim[column ? 0 : b->rank - 2], call, INPUT,
                   "cannot multiply shapes %s and %s", hrs_op_shape(call, 0, ta),
                   hrs_op_shape(call, 1, tb));
  hrs_tensor front[2] = {*a, *b};
  front[0].rank = row ? 0 : a->rank - 2;
  front[1].rank = column ? 0 : b->rank - 2;
  hrs_call fronts = *call;
  fronts.in = front;
  HRS_TRY(hrs_op_broadcast(&fronts, 0, 2, &state->rank, state->dim));
  hrs_broadcast_strides(&front[0], state->rank, state->dim, state->stride_a);
  hrs_broadcast_strides(&front[1], state->rank, state->dim, state->stride_b);
  for (int i = 0; i < state->rank; i++) {
    state->stride_a[i] *= state->m * state->k;
    state->stride_b[i] *= state->k * state->n;
  }
  state->join = hrs_op_product(front[1].dim, 0, front[1].rank) == 1 &&
                hrs_op_broadcasts_to(state->rank, state->dim, front[0].rank, front[0].dim);
  hrs_count dim[HRS_MAX_RANK + 2];
  int rank = state->rank;
  for (int i = 0; i < rank; i++)
    dim[i] = state->dim[i];
  if (!row) dim[rank++] = state->m;
  if (!column) dim[rank++] = state->n;
  HRS_TRY(hrs_call_output(call, 0, a->type, rank, dim));
  return hrs_multiply(hrs_op_product(state->dim, 0, state->rank) * state->m * state->n, state->k,
                      "multiply-adds", &call->multiply_adds);
}

/* Matrices so small that a call of BLAS costs more than the product: attention heads over few
 * tokens. */
enum { SMALL = 1536 };

#define TEMPLATE "matmul_template.h"
#define TYPES NUMBER
#include "each_type.h"

/* The kernel for packed weights wins up to this size, too: attention heads over more tokens. */
static bool fits_kernel(const hrs_gemm *g) {
  return g->type == HRS_F32 && hrs_tile_available() && g->m > 1 && g->k <= HRS_PACKED_ONCE &&
         g->n <= HRS_PACKED_ONCE && g->k * g->n <= HRS_PACKED_ONCE;
}

/* A row of the loop over matrices: one product per element. The caller has checked the sizes. */
static void multiply_row(hrs_count n, char *const *pointer, const hrs_count *stride,
                         const void *context) {
  const hrs_gemm *gemm = context;
  hrs_count size = (hrs_count)hrs_dtype_size(gemm->type);
  bool small = gemm->m <= SMALL && gemm->n <= SMALL && gemm->k <= SMALL &&
               gemm->m * gemm->n * gemm->k <= SMALL;
  bool kernel = fits_kernel(gemm);
  for (hrs_count i = 0; i < n; i++) {
    const char *a = pointer[1] + i * stride[1] * size, *b = pointer[2] + i * stride[2] * size;
    char *c = pointer[0] + i * stride[0] * size;
    if (kernel)
      hrs_packed_once(gemm->m, gemm->n, gemm->k, (const void *)a, (const void *)b, (void *)c);
    else if (small && gemm->type == HRS_F32)
      small_F32(gemm, a, b, c);
    else if (small && gemm->type == HRS_F64)
      small_F64(gemm, a, b, c);
    else
      (void)hrs_gemm_run(gemm, a, b, c);
  }
}

static hrs_status run_matmul(hrs_call *call) {
  const hrs_tensor *a = &call->in[0], *b = &call->in[1];
  hrs_tensor *out = &call->out[0];
  const matmul *state = call->node->state;
  hrs_gemm gemm = {.type = a->type,
                   .m = state->m,
                   .n = state->n,
                   .k = state->k,
                   .lda = state->k,
                   .ldb = state->n,
                   .ldc = state->n,
                   .alpha = 1};
  if (state->join && b->step == 0) {
    gemm.m = call->batch * hrs_op_product(state->dim, 0, state->rank) * state->m;
    return hrs_gemm_run(&gemm, a->data, b->data, out->data);
  }
  if (hrs_tensor_count(out) == 0) return HRS_OK;
  HRS_REQUIRE(gemm.m <= INT32_MAX && gemm.n <= INT32_MAX && gemm.k <= INT32_MAX, UNSUPPORTED,
              "a matrix product of size %lld x %lld x %lld is more than BLAS takes",
              (long long)gemm.m, (long long)gemm.n, (long long)gemm.k);
  hrs_count stride_out[HRS_MAX_RANK];
  hrs_strides(state->rank, state->dim, stride_out);
  hrs_loop loop;
  hrs_loop_start(&loop, 3);
  hrs_loop_axis3(&loop, call->batch, out->step, a->step, b->step);
  for (int i = 0; i < state->rank; i++)
    hrs_loop_axis3(&loop, state->dim[i], stride_out[i] * state->m * state->n, state->stride_a[i],
                   state->stride_b[i]);
  size_t size = hrs_dtype_size(a->type);
  hrs_loop_run(&loop, (void *[]){out->data, a->data, b->data}, (size_t[]){size, size, size},
               multiply_row, &gemm);
  return HRS_OK;
}

/* ---- Gemm ---- */

typedef struct gemm_state {
  hrs_gemm gemm;
  double beta; /* of C; the product itself is added to it */
} gemm_state;

static hrs_product product_of_gemm(const hrs_node *node) {
  return (hrs_product){.transposes_a = hrs_attr_int(node, "transA", 0) != 0,
                       .transposes_b = hrs_attr_int(node, "transB", 0) != 0,
                       .alpha = hrs_attr_float(node, "alpha", 1),
                       .beta = hrs_attr_float(node, "beta", 1)};
}

static hrs_status infer_gemm(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_MATMUL));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_MATMUL));
  HRS_TRY(hrs_op_same_type(call, 0, 1));
  HRS_TRY(hrs_op_rank(call, 0, 2, 2));
  HRS_TRY(hrs_op_rank(call, 1, 2, 2));
  const hrs_tensor *a = &call->in[0], *b = &call->in[1];
  gemm_state *state;
  HRS_TRY(hrs_calloc(1, sizeof *state, &state));
  call->node->state = state;
  hrs_gemm *g = &state->gemm;
  g->type = a->type;
  hrs_product product = product_of_gemm(call->node);
  g->transpose_a = product.transposes_a;
  g->transpose_b = product.transposes_b;
  g->alpha = (double)product.alpha;
  state->beta = (double)product.beta;
  g->m = a->dim[g->transpose_a ? 1 : 0];
  g->k = a->dim[g->transpose_a ? 0 : 1];
  g->n = b->dim[g->transpose_b ? 0 : 1];
  char ta[HRS_SHAPE_TEXT], tb[HRS_SHAPE_TEXT];
  HRS_NODE_REQUIRE(g->k == b->dim[g->transpose_b ? 1 : 0], call, INPUT,
                   "cannot multiply shapes %s%s and %s%s", hrs_op_shape(call, 0, ta),
                   g->transpose_a ? " (transposed)" : "", hrs_op_shape(call, 1, tb),
                   g->transpose_b ? " (transposed)" : "");
  g->lda = a->dim[1];
  g->ldb = b->dim[1];
  g->ldc = g->n;
  hrs_count dim[2] = {g->m, g->n};
  if (hrs_call_has(call, 2)) {
    HRS_TRY(hrs_op_same_type(call, 0, 2));
    HRS_NODE_REQUIRE(hrs_op_broadcasts_to(call->in[2].rank, call->in[2].dim, 2, dim), call, INPUT,
                     "the bias has shape %s, which does not broadcast to [%lld, %lld]",
                     hrs_op_shape(call, 2, ta), (long long)g->m, (long long)g->n);
  } else {
    HRS_NODE_REQUIRE(call->node->opset >= 11, call, INPUT, "input 2 (the bias) is missing");
  }
  HRS_TRY(hrs_call_output(call, 0, a->type, 2, dim));
  return hrs_multiply(g->m * g->n, g->k, "multiply-adds", &call->multiply_adds);
}

/* out = beta * C, for all instances. */
static void place_bias(const hrs_call *call, double beta) {
  static void (*const kernels[HRS_DTYPE_LIMIT])(hrs_count, void *, double) = {HRS_NUMBERS(scale)};
  const hrs_tensor *out = &call->out[0], *bias[1] = {&call->in[2]};
  hrs_loop loop;
  hrs_loop_broadcast(&loop, call->batch, out, 1, bias);
  hrs_loop_copy(&loop, out->data, bias[0]->data, hrs_dtype_size(out->type));
  if (beta == 1) return;
  for (hrs_count i = 0; i < call->batch; i++)
    kernels[out->type](hrs_tensor_count(out), hrs_op_data(out, i), beta);
}

static hrs_status run_gemm(hrs_call *call) {
  const hrs_tensor *a = &call->in[0], *b = &call->in[1];
  hrs_tensor *out = &call->out[0];
  const gemm_state *state = call->node->state;
  hrs_gemm gemm = state->gemm;
  if (hrs_call_has(call, 2) && state->beta != 0) {
    place_bias(call, state->beta);
    gemm.beta = 1;
  }
  /* A column of length K is a row of length K, bit for bit. */
  if (gemm.transpose_a && gemm.m == 1) {
    gemm.transpose_a = false;
    gemm.lda = gemm.k;
  }
  if (b->step == 0 && !gemm.transpose_a && a->step != 0) {
    gemm.m *= call->batch;
    return hrs_gemm_run(&gemm, a->data, b->data, out->data);
  }
  for (hrs_count i = 0; i < call->batch; i++)
    HRS_TRY(hrs_gemm_run(&gemm, hrs_op_data(a, i), hrs_op_data(b, i), hrs_op_data(out, i)));
  return HRS_OK;
}

hrs_operator_family hrs_operators_matmul = {
    {"MatMul",
     1,
     21,
     2,
     2,
     1,
     1,
     HRS_OP_BATCHED,
     infer_matmul,
     run_matmul,
     {.depends = HRS_BY_PRODUCT,
      .linear = HRS_LINEAR_IN_ALL,
      .weighs = true,
      .channels = HRS_CHANNELS_LAST}},
    {"Gemm",
     7,
     21,
     2,
     3,
     1,
     1,
     HRS_OP_BATCHED,
     infer_gemm,
     run_gemm,
     {.depends = HRS_BY_PRODUCT,
      .linear = HRS_LINEAR_IN_ALL,
      .weighs = true,
      .product = product_of_gemm,
      .attributes = "alpha beta transA transB"}},
    {0},
};
