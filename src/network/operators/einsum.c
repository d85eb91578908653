/*
 * Einsum of one or two operands, any labels: repeated ones (diagonals), an ellipsis, sums over
 * labels that one operand has alone. Both operands are copied to [batch, m, k] and [batch, k, n],
 * multiplied, and the product copied to the order of the output. A missing second operand is a 1.
 *
 * Cost: a copy of each operand and of the result beside the products. It loses to MatMul where the
 * operands are in order already.
 */
#include "gemm.h"

#include <ctype.h>
#include <string.h>

enum { MOST_LABELS = HRS_LOOP_RANK - 2, OUT = 2, TERMS = 3 };

/* Labels: 'A'-'Z' and 'a'-'z' as they are, axes of the ellipsis 0..7 from the left. */
typedef struct term {
  int n;
  int label[2 * HRS_MAX_RANK];
  int ellipsis; /* axes that it covers, -1: none */
  int at;       /* its place in the list */
} term;

typedef struct axis {
  int label;
  hrs_count dim;
  hrs_count stride[TERMS]; /* in each operand and the output */
  bool in[TERMS];
} axis;

typedef struct einsum {
  int n_axes;
  axis axis[MOST_LABELS];
  hrs_count batch, m, n, k;
  hrs_count offset[TERMS]; /* of the copies, in bytes of the workspace */
} einsum;

/* ---- parsing ---- */

static hrs_status parse_term(const hrs_call *call, const char **text, term *t) {
  t->n = 0;
  t->ellipsis = t->at = -1;
  for (; **text && **text != ',' && **text != '-'; (*text)++) {
    char c = **text;
    if (c == ' ') continue;
    if (c == '.' && strncmp(*text, "...", 3) == 0 && t->at < 0) {
      t->at = t->n;
      *text += 2;
      continue;
    }
    HRS_NODE_REQUIRE((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'), call, INPUT,
                     "attribute equation contains '%c'", isprint((unsigned char)c) ? c : '?');
    HRS_NODE_REQUIRE(t->n < HRS_MAX_RANK, call, UNSUPPORTED, "a term of more than %d labels",
                     HRS_MAX_RANK);
    t->label[t->n++] = c;
  }
  return HRS_OK;
}

/* Put the ellipsis' axes into the list; with fewer than `most` they are the last of them. */
static void expand_term(term *t, int axes, int most) {
  if (t->at < 0) return;
  memmove(t->label + t->at + axes, t->label + t->at, sizeof *t->label * (size_t)(t->n - t->at));
  for (int i = 0; i < axes; i++)
    t->label[t->at + i] = most - axes + i;
  t->n += axes;
}

/* Without an arrow: the ellipsis, then every label that stands once, in order of the alphabet. */
static void implicit_output(const term *in, int n_in, int ellipsis, term *out) {
  int seen[128] = {0};
  out->n = 0;
  for (int k = 0; k < n_in; k++)
    for (int i = 0; i < in[k].n; i++)
      seen[in[k].label[i]]++;
  for (int label = 0; label < 128 && out->n < 2 * HRS_MAX_RANK; label++)
    if (label < ellipsis || (label >= 'A' && seen[label] == 1)) out->label[out->n++] = label;
}

static hrs_status parse(const hrs_call *call, term *terms) {
  const char *text = hrs_attr_string(call->node, "equation", NULL);
  HRS_NODE_REQUIRE(text, call, INPUT, "attribute equation is missing");
  int most = 0, axes[2] = {0};
  for (int k = 0; k < call->n_in; k++) {
    term *t = &terms[k];
    HRS_TRY(parse_term(call, &text, t));
    HRS_NODE_REQUIRE(k + 1 == call->n_in ? *text != ',' : *text == ',', call, INPUT,
                     "attribute equation does not have %d terms", call->n_in);
    if (*text == ',') text++;
    axes[k] = call->in[k].rank - t->n;
    HRS_NODE_REQUIRE(t->at >= 0 ? axes[k] >= 0 : axes[k] == 0, call, INPUT,
                     "term %d of the equation has %d labels for %d axes", k, t->n,
                     call->in[k].rank);
    if (t->at >= 0 && axes[k] > most) most = axes[k];
  }
  for (int k = 0; k < call->n_in; k++)
    expand_term(&terms[k], axes[k], most);
  term *out = &terms[OUT];
  if (*text == '\0') {
    implicit_output(terms, call->n_in, most, out);
    return HRS_OK;
  }
  HRS_NODE_REQUIRE(strncmp(text, "->", 2) == 0, call, INPUT, "attribute equation is malformed");
  text += 2;
  HRS_TRY(parse_term(call, &text, out));
  HRS_NODE_REQUIRE(*text == '\0', call, INPUT, "attribute equation is malformed");
  expand_term(out, most, most);
  return HRS_OK;
}

/* ---- shapes ---- */

static hrs_status find_axis(const hrs_call *call, einsum *e, int label, axis **out) {
  for (int i = 0; i < e->n_axes; i++) {
    if (e->axis[i].label != label) continue;
    *out = &e->axis[i];
    return HRS_OK;
  }
  HRS_NODE_REQUIRE(e->n_axes < MOST_LABELS, call, UNSUPPORTED, "more than %d labels",
                   (int)MOST_LABELS);
  *out = &e->axis[e->n_axes++];
  **out = (axis){.label = label, .dim = 1};
  return HRS_OK;
}

static hrs_status collect_axes(const hrs_call *call, einsum *e, const term *terms) {
  for (int k = 0; k < call->n_in; k++) {
    const hrs_tensor *in = &call->in[k];
    hrs_count stride[HRS_MAX_RANK];
    hrs_strides(in->rank, in->dim, stride);
    for (int i = 0; i < in->rank; i++) {
      axis *a = NULL;
      HRS_TRY(find_axis(call, e, terms[k].label[i], &a));
      HRS_NODE_REQUIRE(a->dim == 1 || in->dim[i] == 1 || a->dim == in->dim[i], call, INPUT,
                       "lengths %lld and %lld under the same label", (long long)a->dim,
                       (long long)in->dim[i]);
      if (in->dim[i] != 1) a->dim = in->dim[i];
      a->in[k] = true;
      a->stride[k] += in->dim[i] == 1 ? 0 : stride[i];
    }
  }
  return HRS_OK;
}

static hrs_status infer_einsum(hrs_call *call) {
  HRS_NODE_REQUIRE(call->n_in <= 2, call, UNSUPPORTED, "%d operands; one or two are supported",
                   call->n_in);
  for (int k = 0; k < call->n_in; k++) {
    HRS_TRY(hrs_op_types(call, k, HRS_TYPES_MATMUL));
    HRS_TRY(hrs_op_same_type(call, 0, k));
  }
  einsum *e;
  HRS_TRY(hrs_calloc(1, sizeof *e, &e));
  call->node->state = e;
  term terms[TERMS];
  HRS_TRY(parse(call, terms));
  HRS_TRY(collect_axes(call, e, terms));
  const term *out = &terms[OUT];
  HRS_NODE_REQUIRE(out->n <= HRS_MAX_RANK, call, UNSUPPORTED,
                   "the result has %d axes; at most %d are supported", out->n, HRS_MAX_RANK);
  hrs_count dim[HRS_MAX_RANK], stride[HRS_MAX_RANK];
  for (int i = 0; i < out->n; i++) {
    axis *a = NULL;
    int known = e->n_axes;
    HRS_TRY(find_axis(call, e, out->label[i], &a));
    HRS_NODE_REQUIRE(e->n_axes == known && !a->in[OUT], call, INPUT,
                     "a label of the result stands twice, or in no operand");
    a->in[OUT] = true;
    dim[i] = a->dim;
  }
  HRS_TRY(hrs_call_output(call, 0, call->in[0].type, out->n, dim));
  hrs_strides(out->n, dim, stride);
  for (int i = 0; i < out->n; i++) {
    axis *a = NULL;
    HRS_TRY(find_axis(call, e, out->label[i], &a));
    a->stride[OUT] = stride[i];
  }
  e->batch = e->m = e->n = e->k = 1;
  for (int i = 0; i < e->n_axes; i++) {
    const axis *a = &e->axis[i];
    hrs_count *size = !a->in[OUT]            ? &e->k
                      : a->in[0] && a->in[1] ? &e->batch
                      : a->in[0]             ? &e->m
                                             : &e->n;
    HRS_TRY(hrs_multiply(*size, a->dim, "elements", size));
  }
  hrs_count size = (hrs_count)hrs_dtype_size(call->in[0].type), bytes = 0;
  const hrs_count rows[TERMS] = {e->m, e->k, e->m}, columns[TERMS] = {e->k, e->n, e->n};
  for (int k = 0; k < TERMS; k++) {
    hrs_count elements;
    HRS_TRY(hrs_multiply(rows[k], columns[k], "elements", &elements));
    HRS_TRY(hrs_multiply(elements, e->batch, "elements", &elements));
    HRS_TRY(hrs_multiply(elements, size, "bytes", &elements));
    e->offset[k] = bytes;
    HRS_NODE_REQUIRE(elements < (hrs_count)1 << 44, call, UNSUPPORTED, "too many elements");
    bytes += (elements + 63) / 64 * 64;
  }
  call->workspace_bytes = bytes;
  return hrs_multiply(e->batch * e->m * e->n, e->k, "multiply-adds", &call->multiply_adds);
}

/* ---- running ---- */

/* A loop whose operand 0 is a copy in the order (batch, rows, columns), operand 1 the tensor
 * `which`. For the output, the roles are exchanged by the caller. */
static void copy_loop(const einsum *e, int which, hrs_loop *loop) {
  /* Groups of a copy from the outside in: batch, then m or k, then k or n. */
  hrs_count inner = 1, stride[MOST_LABELS];
  int order[MOST_LABELS], n = 0;
  for (int group = 0; group < TERMS; group++) {
    for (int i = 0; i < e->n_axes; i++) {
      const axis *a = &e->axis[i];
      bool batch = a->in[OUT] && a->in[0] && a->in[1], sum = !a->in[OUT];
      bool m = a->in[OUT] && a->in[0] && !a->in[1], right = a->in[OUT] && !a->in[0];
      const bool member[TERMS][TERMS] = {{batch, m, sum}, {batch, sum, right}, {batch, m, right}};
      if (member[which][group]) order[n++] = i;
    }
  }
  for (int i = n - 1; i >= 0; i--) {
    stride[i] = inner;
    inner *= e->axis[order[i]].dim;
  }
  hrs_loop_start(loop, 2);
  for (int i = 0; i < n; i++)
    hrs_loop_axis2(loop, e->axis[order[i]].dim, stride[i], e->axis[order[i]].stride[which]);
}

static hrs_status run_einsum(hrs_call *call) {
  const einsum *e = call->node->state;
  hrs_dtype type = call->in[0].type;
  size_t size = hrs_dtype_size(type);
  char *copy[TERMS];
  hrs_loop loop[TERMS], to_output;
  for (int k = 0; k < TERMS; k++) {
    copy[k] = (char *)call->workspace + e->offset[k];
    copy_loop(e, k, &loop[k]);
  }
  hrs_loop_start(&to_output, 2);
  for (int i = 0; i < loop[OUT].rank; i++)
    hrs_loop_axis2(&to_output, loop[OUT].dim[i], loop[OUT].stride[i][1], loop[OUT].stride[i][0]);
  hrs_gemm gemm = {.type = type,
                   .m = e->m,
                   .n = e->n,
                   .k = e->k,
                   .lda = e->k,
                   .ldb = e->n,
                   .ldc = e->n,
                   .alpha = 1};
  uint64_t one = 0;
  float unit = 1;
  HRS_TRY(hrs_convert(HRS_F32, &unit, type, &one, 1));
  for (hrs_count b = 0; b < call->batch; b++) {
    bool second = call->n_in > 1;
    if (b == 0 || call->in[0].step != 0)
      hrs_loop_copy(&loop[0], copy[0], hrs_op_data(&call->in[0], b), size);
    if (b == 0 || (second && call->in[1].step != 0))
      hrs_loop_copy(&loop[1], copy[1], second ? hrs_op_data(&call->in[1], b) : &one, size);
    for (hrs_count i = 0; i < e->batch; i++)
      HRS_TRY(hrs_gemm_run(&gemm, copy[0] + (size_t)(i * e->m * e->k) * size,
                           copy[1] + (size_t)(i * e->k * e->n) * size,
                           copy[OUT] + (size_t)(i * e->m * e->n) * size));
    hrs_loop_copy(&to_output, hrs_op_data(&call->out[0], b), copy[OUT], size);
  }
  return HRS_OK;
}

hrs_operator_family hrs_operators_einsum = {
    {"Einsum",
     12,
     21,
     1,
     -1,
     1,
     1,
     HRS_OP_BATCHED,
     infer_einsum,
     run_einsum,
     {.linear = HRS_LINEAR_IN_ALL, .weighs = true, .attributes = "equation"}},
    {0},
};
