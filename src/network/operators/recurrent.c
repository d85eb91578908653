/*
 * LSTM, GRU and RNN, in one or both directions. The inputs' share of all gates is one product over
 * all steps and as many instances as a budget takes; then each step is one product of the hidden
 * states of those instances, and element-wise work row by row.
 */
#include "gemm.h"
#include "vector_math.h"

#include <string.h>
#include <strings.h>
#include <tgmath.h>

typedef enum cell { LSTM, GRU, RNN } cell;

typedef struct activation {
  int function;
  double alpha, beta;
} activation;

typedef struct recurrent {
  cell cell;
  int gates, directions;
  bool backward[2], layout, linear_before_reset, input_forget;
  double clip; /* 0: none */
  activation activation[2][3];
  hrs_count steps, items, input, hidden;
  hrs_count chunk;                            /* instances at a time */
  hrs_count share, product, h, c, reset, end; /* places in the workspace, in elements */
} recurrent;

/* ---- activations ---- */

/* X(name, alpha, beta, how many of the two have no default that all runtimes share, expression of
 * x, p and q) */
#define ACTIVATIONS(X)                                                                             \
  X(Relu, 0, 0, 0, x < 0 ? 0 : x)                                                                  \
  X(Tanh, 0, 0, 0, tanh(x))                                                                        \
  X(Sigmoid, 0, 0, 0, 1 / (1 + exp(-x)))                                                           \
  X(Affine, 1, 0, 1, p *x + q)                                                                     \
  X(LeakyRelu, 0.01, 0, 0, x < 0 ? p * x : x)                                                      \
  X(ThresholdedRelu, 1, 0, 1, x < p ? 0 : x)                                                       \
  X(ScaledTanh, 1, 1, 2, p *tanh(q *x))                                                            \
  X(HardSigmoid, 0.2, 0.5, 0, p *x + q < 0 ? 0 : p * x + q > 1 ? 1 : p * x + q)                    \
  X(Elu, 1, 0, 0, x < 0 ? p * expm1(x) : x)                                                        \
  X(Softsign, 0, 0, 0, x / (1 + fabs(x)))                                                          \
  X(Softplus, 0, 0, 0, log1p(exp(-fabs(x))) + (x > 0 ? x : 0))

#define ENUM(name, a, b, needed, E) ACTIVATE_##name,
enum { ACTIVATIONS(ENUM) N_ACTIVATIONS };

#define DESCRIBE(name, a, b, needed, E) {#name, a, b, needed},
static const struct {
  const char *name;
  double alpha, beta;
  int needed;
} activations[] = {ACTIVATIONS(DESCRIBE)};

static const Onnx__AttributeProto *find_attribute(const hrs_node *node, const char *name) {
  for (size_t i = 0; i < node->proto->n_attribute; i++)
    if (node->proto->attribute[i]->name && strcmp(node->proto->attribute[i]->name, name) == 0)
      return node->proto->attribute[i];
  return NULL;
}

static hrs_status read_activations(const hrs_call *call, recurrent *r) {
  static const int usual[3][3] = {[LSTM] = {ACTIVATE_Sigmoid, ACTIVATE_Tanh, ACTIVATE_Tanh},
                                  [GRU] = {ACTIVATE_Sigmoid, ACTIVATE_Tanh, 0},
                                  [RNN] = {ACTIVATE_Tanh, 0, 0}};
  int each = r->cell == LSTM ? 3 : r->cell == GRU ? 2 : 1, n_alpha, n_beta, alpha = 0, beta = 0;
  const Onnx__AttributeProto *names = find_attribute(call->node, "activations");
  const float *alphas = hrs_attr_floats(call->node, "activation_alpha", &n_alpha);
  const float *betas = hrs_attr_floats(call->node, "activation_beta", &n_beta);
  HRS_NODE_REQUIRE(!names || names->n_strings == (size_t)(each * r->directions), call, INPUT,
                   "attribute activations names %d functions, expected %d",
                   names ? (int)names->n_strings : 0, each * r->directions);
  for (int i = 0; i < each * r->directions; i++) {
    activation *a = &r->activation[i / each][i % each];
    a->function = usual[r->cell][i % each];
    if (names) {
      const ProtobufCBinaryData *text = &names->strings[i];
      for (a->function = 0; a->function < N_ACTIVATIONS; a->function++) {
        const char *name = activations[a->function].name;
        if (strlen(name) == text->len && text->data &&
            strncasecmp(name, (const char *)text->data, text->len) == 0)
          break;
      }
      HRS_NODE_REQUIRE(a->function < N_ACTIVATIONS, call, UNSUPPORTED,
                       "activation '%.*s' is not supported",
                       text->len < 40 && text->data ? (int)text->len : 0, (const char *)text->data);
    }
    a->alpha = activations[a->function].alpha;
    a->beta = activations[a->function].beta;
    int needed = activations[a->function].needed;
    HRS_NODE_REQUIRE((needed < 1 || alpha < n_alpha) && (needed < 2 || beta < n_beta), call,
                     UNSUPPORTED,
                     "activation '%s' needs a number in attribute activation_alpha%s: runtimes "
                     "differ in what they take without",
                     activations[a->function].name, needed > 1 ? " and activation_beta" : "");
    /* The lists hold numbers for those functions alone that have them. */
    if (a->alpha != 0 && alpha < n_alpha) a->alpha = (double)alphas[alpha++];
    bool has_beta = a->beta != 0 || a->function == ACTIVATE_Affine;
    if (has_beta && beta < n_beta) a->beta = (double)betas[beta++];
  }
  return HRS_OK;
}

/* ---- shapes ---- */

static hrs_status expect_shape(const hrs_call *call, int index, const char *what, int rank,
                               const hrs_count *dim) {
  if (!hrs_call_has(call, index)) return HRS_OK;
  const hrs_tensor *in = &call->in[index];
  bool fits = in->rank == rank;
  for (int i = 0; fits && i < rank; i++)
    fits = in->dim[i] == dim[i];
  char got[HRS_SHAPE_TEXT], wanted[HRS_SHAPE_TEXT];
  HRS_NODE_REQUIRE(fits, call, INPUT, "input %d (%s) has shape %s, expected %s", index, what,
                   hrs_op_shape(call, index, got),
                   hrs_shape_text(rank, dim, wanted, sizeof wanted));
  if (index == 4) return hrs_op_types(call, index, HRS_TYPE_BIT(HRS_I32));
  return hrs_op_same_type(call, 0, index);
}

static hrs_status check_shapes(const hrs_call *call, const recurrent *r) {
  hrs_count d = r->directions, h = r->hidden, g;
  HRS_TRY(hrs_multiply(h, r->gates, "hidden size", &g));
  HRS_TRY(expect_shape(call, 1, "W", 3, (hrs_count[]){d, g, r->input}));
  HRS_TRY(expect_shape(call, 2, "R", 3, (hrs_count[]){d, g, h}));
  HRS_TRY(expect_shape(call, 3, "B", 2, (hrs_count[]){d, 2 * g}));
  HRS_TRY(expect_shape(call, 4, "sequence_lens", 1, &r->items));
  hrs_count states[3] = {r->layout ? r->items : d, r->layout ? d : r->items, h};
  HRS_TRY(expect_shape(call, 5, "initial_h", 3, states));
  if (r->cell != LSTM) return HRS_OK;
  HRS_TRY(expect_shape(call, 6, "initial_c", 3, states));
  return expect_shape(call, 7, "P", 2, (hrs_count[]){d, 3 * h});
}

static hrs_status plan_workspace(hrs_call *call, recurrent *r) {
  enum { BUDGET = 1 << 18, MOST = 64 };
  hrs_count gates = r->gates * r->hidden, each, bytes;
  HRS_TRY(hrs_multiply(r->items, gates, "gates", &each));
  HRS_TRY(hrs_multiply(each, r->steps + 1, "gates", &each));
  r->chunk = each >= BUDGET || each == 0 ? 1 : BUDGET / each;
  if (r->chunk > MOST) r->chunk = MOST;
  hrs_count rows = r->chunk * r->items;
  r->share = 0;
  r->product = r->chunk * r->steps * r->items * gates;
  r->h = r->product + rows * gates;
  r->c = r->h + rows * r->hidden;
  r->reset = r->c + rows * r->hidden;
  r->end = r->reset + (rows + 1) * r->hidden;
  HRS_TRY(hrs_multiply(r->end, (hrs_count)hrs_dtype_size(call->in[0].type), "gates", &bytes));
  call->workspace_bytes = bytes;
  HRS_TRY(hrs_multiply(r->steps * r->items, gates, "multiply-adds", &bytes));
  return hrs_multiply(bytes, (r->input + r->hidden) * r->directions, "multiply-adds",
                      &call->multiply_adds);
}

static hrs_status infer_recurrent(hrs_call *call, cell kind, int gates) {
  static const char *const directions[] = {"forward", "reverse", "bidirectional"};
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_rank(call, 0, 3, 3));
  HRS_TRY(hrs_op_types(call, 1, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_types(call, 2, HRS_TYPES_REAL));
  HRS_TRY(hrs_op_rank(call, 2, 3, 3));
  recurrent *r;
  HRS_TRY(hrs_calloc(1, sizeof *r, &r));
  call->node->state = r;
  int direction;
  HRS_TRY(hrs_op_choice(call, "direction", "forward", directions, 3, &direction));
  r->cell = kind;
  r->gates = gates;
  r->directions = direction == 2 ? 2 : 1;
  r->backward[0] = direction == 1;
  r->backward[1] = true;
  r->layout = call->node->opset >= 14 && hrs_attr_int(call->node, "layout", 0) != 0;
  r->linear_before_reset = hrs_attr_int(call->node, "linear_before_reset", 0) != 0;
  r->input_forget = hrs_attr_int(call->node, "input_forget", 0) != 0;
  r->clip = (double)hrs_attr_float(call->node, "clip", 0);
  const hrs_count *x = call->in[0].dim;
  r->steps = x[r->layout ? 1 : 0];
  r->items = x[r->layout ? 0 : 1];
  r->input = x[2];
  r->hidden = hrs_attr_int(call->node, "hidden_size", call->in[2].dim[2]);
  HRS_NODE_REQUIRE(r->hidden >= 1 && r->hidden < 1 << 28, call, INPUT,
                   "attribute hidden_size is %lld", (long long)r->hidden);
  HRS_TRY(read_activations(call, r));
  HRS_TRY(check_shapes(call, r));
  hrs_count d = r->directions, y[4] = {r->steps, d, r->items, r->hidden};
  hrs_count last[3] = {d, r->items, r->hidden};
  if (r->layout) {
    memcpy(y, (hrs_count[]){r->items, r->steps, d, r->hidden}, sizeof y);
    memcpy(last, (hrs_count[]){r->items, d, r->hidden}, sizeof last);
  }
  HRS_TRY(hrs_call_output(call, 0, call->in[0].type, 4, y));
  HRS_TRY(hrs_call_output(call, 1, call->in[0].type, 3, last));
  if (kind == LSTM) HRS_TRY(hrs_call_output(call, 2, call->in[0].type, 3, last));
  return plan_workspace(call, r);
}

static hrs_status infer_lstm(hrs_call *call) {
  return infer_recurrent(call, LSTM, 4);
}

static hrs_status infer_gru(hrs_call *call) {
  return infer_recurrent(call, GRU, 3);
}

static hrs_status infer_rnn(hrs_call *call) {
  return infer_recurrent(call, RNN, 1);
}

/* ---- a step of one row ---- */

/* What a row needs: gates from the input (share), from the hidden state (product), biases of both,
 * peepholes; its hidden and cell state, which are updated. */
typedef struct row {
  void *share, *product, *h, *c, *scratch;
  const void *bias_w, *bias_r, *peephole;
} row;

#define TEMPLATE "recurrent_template.h"
#define TYPES REAL
#include "each_type.h"

typedef void (*cell_step)(const recurrent *r, const activation *a, const row *w);
static const cell_step finish_step[3][2] = {
    [LSTM] = {lstm_F32, lstm_F64}, [GRU] = {gru_F32, gru_F64}, [RNN] = {rnn_F32, rnn_F64}};
static const cell_step gru_gates[2] = {gru_gates_F32, gru_gates_F64};

/* ---- a direction of some instances ---- */

typedef struct pass {
  const recurrent *r;
  hrs_call *call;
  hrs_count size, first, some; /* bytes of an element, instances */
  int direction;
} pass;

/* Data of an input for this direction; NULL where it is left out. All instances of a chunk share
 * it, but for the states. */
static const char *direction_data(const pass *p, int index, hrs_count elements) {
  if (!hrs_call_has(p->call, index)) return NULL;
  return (const char *)hrs_op_data(&p->call->in[index], p->first) +
         p->direction * elements * p->size;
}

static hrs_count state_at(const pass *p, hrs_count item) {
  const recurrent *r = p->r;
  return (r->layout ? item * r->directions + p->direction : p->direction * r->items + item) *
         r->hidden;
}

static char *work(const pass *p, hrs_count place) {
  return (char *)p->call->workspace + place * p->size;
}

/* States of all rows: the initial ones, or zeros. */
static void load_states(const pass *p, int input, hrs_count place) {
  const recurrent *r = p->r;
  size_t bytes = (size_t)(r->hidden * p->size);
  char *to = work(p, place);
  for (hrs_count b = 0; b < p->some; b++) {
    for (hrs_count i = 0; i < r->items; i++, to += bytes) {
      if (input < p->call->n_in && hrs_call_has(p->call, input))
        memcpy(to,
               (const char *)hrs_op_data(&p->call->in[input], p->first + b) +
                   state_at(p, i) * p->size,
               bytes);
      else
        memset(to, 0, bytes);
    }
  }
}

static hrs_count length_of(const pass *p, hrs_count instance, hrs_count item) {
  if (!hrs_call_has(p->call, 4)) return p->r->steps;
  return ((const int32_t *)hrs_op_data(&p->call->in[4], instance))[item];
}

/* The last states; zeros after no step at all, although there is an initial state: as ONNX Runtime
 * has it. */
static void store_states(const pass *p, int output, hrs_count place) {
  const recurrent *r = p->r;
  if (output >= p->call->n_out || p->call->out[output].type == HRS_NONE) return;
  size_t bytes = (size_t)(r->hidden * p->size);
  const char *from = work(p, place);
  for (hrs_count b = 0; b < p->some; b++)
    for (hrs_count i = 0; i < r->items; i++, from += bytes) {
      char *to =
          (char *)hrs_op_data(&p->call->out[output], p->first + b) + state_at(p, i) * p->size;
      if (length_of(p, p->first + b, i) > 0)
        memcpy(to, from, bytes);
      else
        memset(to, 0, bytes);
    }
}

/* Product of the hidden states (or what stands at `from`) with rows [gate, gate + gates) of R. */
static hrs_status recurrent_product(const pass *p, hrs_count from, int gate, int gates) {
  const recurrent *r = p->r;
  hrs_count h = r->hidden;
  hrs_gemm gemm = {.type = p->call->in[0].type,
                   .transpose_b = true,
                   .m = p->some * r->items,
                   .n = gates * h,
                   .k = h,
                   .lda = h,
                   .ldb = h,
                   .ldc = r->gates * h,
                   .alpha = 1};
  const char *weight = direction_data(p, 2, r->gates * h * h) + gate * h * h * p->size;
  return hrs_gemm_run(&gemm, work(p, from), weight, work(p, r->product + gate * h));
}

/* Call `step` for every row whose sequence has a step number `s`. */
static void each_row(const pass *p, hrs_count s, cell_step step, bool store) {
  const recurrent *r = p->r;
  hrs_count h = r->hidden, gates = r->gates * h;
  const char *bias = direction_data(p, 3, 2 * gates);
  const char *peephole = r->cell == LSTM && p->call->n_in > 7 ? direction_data(p, 7, 3 * h) : NULL;
  for (hrs_count b = 0; b < p->some; b++) {
    for (hrs_count i = 0; i < r->items; i++) {
      hrs_count length = length_of(p, p->first + b, i), at = b * r->items + i;
      if (s >= length) continue;
      hrs_count t = r->backward[p->direction] ? length - 1 - s : s;
      hrs_count line = r->layout ? i * r->steps + t : t * r->items + i;
      row w = {.share = work(p, r->share + (b * r->steps * r->items + line) * gates),
               .product = work(p, r->product + at * gates),
               .h = work(p, r->h + at * h),
               .c = work(p, r->c + at * h),
               .scratch = work(p, r->reset + at * h),
               .bias_w = bias,
               .bias_r = bias ? bias + gates * p->size : NULL,
               .peephole = peephole};
      step(r, r->activation[p->direction], &w);
      if (!store || p->call->out[0].type == HRS_NONE) continue;
      hrs_count place = r->layout ? (i * r->steps + t) * r->directions + p->direction
                                  : (t * r->directions + p->direction) * r->items + i;
      memcpy((char *)hrs_op_data(&p->call->out[0], p->first + b) + place * h * p->size, w.h,
             (size_t)(h * p->size));
    }
  }
}

static hrs_status run_direction(const pass *p) {
  const recurrent *r = p->r;
  hrs_dtype type = p->call->in[0].type;
  hrs_count gates = r->gates * r->hidden;
  int is_double = type == HRS_F64;
  hrs_gemm gemm = {.type = type,
                   .transpose_b = true,
                   .m = p->some * r->steps * r->items,
                   .n = gates,
                   .k = r->input,
                   .lda = r->input,
                   .ldb = r->input,
                   .ldc = gates,
                   .alpha = 1};
  HRS_TRY(hrs_gemm_run(&gemm, hrs_op_data(&p->call->in[0], p->first),
                       direction_data(p, 1, gates * r->input), work(p, r->share)));
  load_states(p, 5, r->h);
  if (r->cell == LSTM) load_states(p, 6, r->c);
  bool reset = r->cell == GRU && !r->linear_before_reset;
  for (hrs_count s = 0; s < r->steps; s++) {
    HRS_TRY(recurrent_product(p, r->h, 0, reset ? 2 : r->gates));
    if (r->cell == GRU) each_row(p, s, gru_gates[is_double], false);
    if (reset) HRS_TRY(recurrent_product(p, r->reset, 2, 1));
    each_row(p, s, finish_step[r->cell][is_double], true);
  }
  store_states(p, 1, r->h);
  if (r->cell == LSTM) store_states(p, 2, r->c);
  return HRS_OK;
}

static hrs_status run_recurrent(hrs_call *call) {
  const recurrent *r = call->node->state;
  const hrs_tensor *y = &call->out[0];
  hrs_count size = (hrs_count)hrs_dtype_size(call->in[0].type);
  /* Rows whose hidden state is never set by a product must not be read uninitialised. */
  memset(call->workspace, 0, (size_t)(r->end * size));
  bool joined = call->in[0].step != 0;
  for (int k = 1; k <= 3; k++)
    joined = joined && (!hrs_call_has(call, k) || call->in[k].step == 0);
  if (r->cell == LSTM && hrs_call_has(call, 7)) joined = joined && call->in[7].step == 0;
  for (hrs_count b = 0; b < call->batch; b++) {
    if (y->type != HRS_NONE) memset(hrs_op_data(y, b), 0, (size_t)(hrs_tensor_count(y) * size));
    if (!hrs_call_has(call, 4)) continue;
    const int32_t *length = hrs_op_data(&call->in[4], b);
    for (hrs_count i = 0; i < r->items; i++)
      HRS_NODE_REQUIRE(length[i] >= 0 && length[i] <= r->steps, call, INPUT,
                       "a sequence length of %d, with %lld steps", length[i], (long long)r->steps);
  }
  hrs_count chunk = joined ? r->chunk : 1;
  for (hrs_count b = 0; b < call->batch; b += chunk) {
    for (int d = 0; d < r->directions; d++) {
      pass p = {r, call, size, b, call->batch - b < chunk ? call->batch - b : chunk, d};
      HRS_TRY(run_direction(&p));
    }
  }
  return HRS_OK;
}

#define RECURRENT .weighs = true, .channels = HRS_CHANNELS_LAST
#define ATTRIBUTES                                                                                 \
  "activation_alpha activation_beta activations clip direction hidden_size layout@14"

hrs_operator_family hrs_operators_recurrent = {
    {"LSTM",
     7,
     21,
     3,
     8,
     0,
     3,
     HRS_OP_BATCHED,
     infer_lstm,
     run_recurrent,
     {RECURRENT, .attributes = ATTRIBUTES " input_forget"}},
    {"GRU",
     7,
     21,
     3,
     6,
     0,
     2,
     HRS_OP_BATCHED,
     infer_gru,
     run_recurrent,
     {RECURRENT, .attributes = ATTRIBUTES " linear_before_reset"}},
    {"RNN",
     7,
     21,
     3,
     6,
     0,
     2,
     HRS_OP_BATCHED,
     infer_rnn,
     run_recurrent,
     {RECURRENT, .attributes = ATTRIBUTES}},
    {0},
};
