/*
 * Arithmetic on two inputs with broadcasting. Integers wrap (-2^31 / -1 is -2^31); an integer
 * division by zero, and its remainder, give 0, so that no file can make the program trap.
 */
#include "binary.h"
#include "from_double.h"

#include <tgmath.h>

hrs_status hrs_binary_infer(hrs_call *call, hrs_binary_kernels kernels, hrs_dtype result) {
  unsigned set = 0;
  for (int type = 1; type < HRS_DTYPE_LIMIT; type++)
    if (kernels[type]) set |= HRS_TYPE_BIT(type);
  HRS_TRY(hrs_op_types(call, 0, set));
  HRS_TRY(hrs_op_types(call, 1, set));
  HRS_TRY(hrs_op_same_type(call, 0, 1));
  int rank;
  hrs_count dim[HRS_MAX_RANK];
  HRS_TRY(hrs_op_broadcast(call, 0, 2, &rank, dim));
  return hrs_call_output(call, 0, result == HRS_NONE ? call->in[0].type : result, rank, dim);
}

hrs_status hrs_binary_run(hrs_call *call, hrs_loop_body kernel) {
  hrs_loop loop;
  const hrs_tensor *in[2] = {&call->in[0], &call->in[1]};
  hrs_loop_broadcast(&loop, call->batch, &call->out[0], 2, in);
  void *base[3] = {call->out[0].data, in[0]->data, in[1]->data};
  size_t size = hrs_dtype_size(in[0]->type);
  hrs_loop_run(&loop, base,
               (size_t[]){hrs_dtype_size(call->out[0].type), size, hrs_dtype_size(in[1]->type)},
               kernel, NULL);
  return HRS_OK;
}

#define TEMPLATE "arithmetic_template.h"
#define TYPES NUMBER
#include "each_type.h"

static hrs_binary_kernels add_kernels = {HRS_NUMBERS(add)};
static hrs_binary_kernels sub_kernels = {HRS_NUMBERS(sub)};
static hrs_binary_kernels mul_kernels = {HRS_NUMBERS(mul)};
static hrs_binary_kernels div_kernels = {HRS_NUMBERS(div)};
static hrs_binary_kernels fmod_kernels = {HRS_NUMBERS(fmod)};
static hrs_binary_kernels mod_kernels = {HRS_SIGNEDS(mod), HRS_UNSIGNEDS(fmod)};
static hrs_binary_kernels bit_and_kernels = {HRS_INTEGERS(bit_and)};
static hrs_binary_kernels bit_or_kernels = {HRS_INTEGERS(bit_or)};
static hrs_binary_kernels bit_xor_kernels = {HRS_INTEGERS(bit_xor)};
static hrs_binary_kernels shift_left_kernels = {HRS_UNSIGNEDS(shift_left)};
static hrs_binary_kernels shift_right_kernels = {HRS_UNSIGNEDS(shift_right)};

HRS_BINARY_OPERATOR(add, HRS_NONE)
HRS_BINARY_OPERATOR(sub, HRS_NONE)
HRS_BINARY_OPERATOR(mul, HRS_NONE)
HRS_BINARY_OPERATOR(div, HRS_NONE)
HRS_BINARY_OPERATOR(bit_and, HRS_NONE)
HRS_BINARY_OPERATOR(bit_or, HRS_NONE)
HRS_BINARY_OPERATOR(bit_xor, HRS_NONE)

static const hrs_loop_body *mod_table(const hrs_call *call) {
  return hrs_attr_int(call->node, "fmod", 0) != 0 ? fmod_kernels : mod_kernels;
}

static hrs_status infer_mod(hrs_call *call) {
  HRS_NODE_REQUIRE(mod_table(call)[call->in[0].type] || !fmod_kernels[call->in[0].type], call,
                   INPUT, "elements of type %s need the attribute fmod = 1",
                   hrs_dtype_name(call->in[0].type));
  return hrs_binary_infer(call, mod_table(call), HRS_NONE);
}

static hrs_status run_mod(hrs_call *call) {
  return hrs_binary_run(call, mod_table(call)[call->in[0].type]);
}

static hrs_status shift_table(const hrs_call *call, const hrs_loop_body **table) {
  static const char *const directions[] = {"LEFT", "RIGHT"};
  int right;
  HRS_TRY(hrs_op_choice(call, "direction", "", directions, 2, &right));
  *table = right ? shift_right_kernels : shift_left_kernels;
  return HRS_OK;
}

static hrs_status infer_shift(hrs_call *call) {
  const hrs_loop_body *table = NULL;
  HRS_TRY(shift_table(call, &table));
  return hrs_binary_infer(call, table, HRS_NONE);
}

static hrs_status run_shift(hrs_call *call) {
  const hrs_loop_body *table = NULL;
  HRS_TRY(shift_table(call, &table));
  return hrs_binary_run(call, table[call->in[0].type]);
}

/* ---- Pow: the exponent may have another type ---- */

static int64_t integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0;
  uint64_t result = 1, factor = (uint64_t)base;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= factor;
    factor *= factor;
  }
  return (int64_t)result;
}

#define TEMPLATE "pow_template.h"
#define TYPES (REAL | WIDE)
#include "each_type.h"
#define TEMPLATE "pow_small_template.h"
#define TYPES SINGLE
#include "each_type.h"

#define POW_ROW(base) [HRS_##base] = {HRS_REALS(pow_##base), HRS_WIDES(pow_##base)}
static const hrs_loop_body pow_kernels[HRS_DTYPE_LIMIT][HRS_DTYPE_LIMIT] = {
    POW_ROW(F32), POW_ROW(F64), POW_ROW(I32), POW_ROW(I64)};

static hrs_status infer_pow(hrs_call *call) {
  HRS_TRY(hrs_op_types(call, 0, HRS_TYPES_REAL | HRS_TYPES_INDEX));
  HRS_TRY(hrs_op_types(
      call, 1, HRS_TYPES_REAL | HRS_TYPES_INDEX | HRS_TYPE_BIT(HRS_U32) | HRS_TYPE_BIT(HRS_U64)));
  int rank;
  hrs_count dim[HRS_MAX_RANK];
  HRS_TRY(hrs_op_broadcast(call, 0, 2, &rank, dim));
  return hrs_call_output(call, 0, call->in[0].type, rank, dim);
}

static hrs_status run_pow(hrs_call *call) {
  const hrs_tensor *base = &call->in[0], *exponent = &call->in[1];
  hrs_loop_body kernel = pow_kernels[base->type][exponent->type];
  if (base->type == HRS_F32 && exponent->step == 0 && hrs_tensor_count(exponent) == 1) {
    double value;
    HRS_TRY(hrs_convert(exponent->type, exponent->data, HRS_F64, &value, 1));
    if (exponent->type == HRS_F32 && value == 2) kernel = pow_square_F32;
    if (exponent->type == HRS_F32 && value == 3) kernel = pow_cube_F32;
  }
  return hrs_binary_run(call, kernel);
}

#define ROW(name, since, verb, ...)                                                                \
  {                                                                                                \
    name, since, 21, 2, 2, 1, 1, HRS_OP_BATCHED | HRS_OP_IN_PLACE, infer_##verb, run_##verb, {     \
      .depends = HRS_BY_BROADCAST, __VA_ARGS__                                                     \
    }                                                                                              \
  }

hrs_operator_family hrs_operators_arithmetic = {
    ROW("Add", 7, add, .linear = HRS_LINEAR_IN_ALL),
    ROW("Sub", 7, sub, .linear = HRS_LINEAR_IN_ALL),
    ROW("Mul", 7, mul, .linear = HRS_LINEAR_IN_ALL),
    ROW("Div", 7, div, .linear = 1),
    ROW("Mod", 10, mod, .linear = 0, .attributes = "fmod"),
    ROW("Pow", 7, pow, .linear = 0),
    ROW("BitShift", 11, shift, .linear = 0, .attributes = "direction"),
    ROW("BitwiseAnd", 18, bit_and, .linear = 0),
    ROW("BitwiseOr", 18, bit_or, .linear = 0),
    ROW("BitwiseXor", 18, bit_xor, .linear = 0),
    {0},
};
