/*
 * Arithmetic on two inputs with broadcasting. Integers wrap (-2^31 / -1 is -2^31); an integer
 * division by zero, and its remainder, give 0, so that no file can make the program trap.
 */
#include "binary.h"

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

#define CLONES_F32 HRS_CLONES
#define CLONES_F64
#define CLONES_I8
#define CLONES_I16
#define CLONES_I32
#define CLONES_I64
#define CLONES_U8
#define CLONES_U16
#define CLONES_U32
#define CLONES_U64

#define ADD(name, T, W) HRS_BINARY_KERNEL(CLONES_##name, add_##name, T, T, T, (W)x + (W)y)
#define SUB(name, T, W) HRS_BINARY_KERNEL(CLONES_##name, sub_##name, T, T, T, (W)x - (W)y)
#define MUL(name, T, W) HRS_BINARY_KERNEL(CLONES_##name, mul_##name, T, T, T, (W)x *(W)y)
HRS_NUMBER_TYPES(ADD)
HRS_NUMBER_TYPES(SUB)
HRS_NUMBER_TYPES(MUL)

#define DIV_REAL(name, T, W) HRS_BINARY_KERNEL(CLONES_##name, div_##name, T, T, T, x / y)
#define DIV_SIGNED(name, T, W)                                                                     \
  HRS_BINARY_KERNEL(, div_##name, T, T, T, y == 0 ? 0 : y == -1 ? (T)(0 - (W)x) : x / y)
#define DIV_UNSIGNED(name, T, W) HRS_BINARY_KERNEL(, div_##name, T, T, T, y == 0 ? 0 : x / y)
HRS_REAL_TYPES(DIV_REAL)
HRS_SIGNED_TYPES(DIV_SIGNED)
HRS_UNSIGNED_TYPES(DIV_UNSIGNED)

/* Mod: the result has the divisor's sign (fmod = 0) or the dividend's (fmod = 1). */
#define FMOD_REAL(name, T, W) HRS_BINARY_KERNEL(, fmod_##name, T, T, T, fmod(x, y))
#define FMOD_SIGNED(name, T, W)                                                                    \
  HRS_BINARY_KERNEL(, fmod_##name, T, T, T, y == 0 || y == -1 ? 0 : x % y)                         \
  HRS_BINARY_KERNEL(                                                                               \
      , mod_##name, T, T, T,                                                                       \
      y == 0 || y == -1 ? 0 : (x % y + ((x % y != 0 && (x % y < 0) != (y < 0)) ? y : 0)))
#define FMOD_UNSIGNED(name, T, W) HRS_BINARY_KERNEL(, fmod_##name, T, T, T, y == 0 ? 0 : x % y)
HRS_REAL_TYPES(FMOD_REAL)
HRS_SIGNED_TYPES(FMOD_SIGNED)
HRS_UNSIGNED_TYPES(FMOD_UNSIGNED)

#define BIT_OPERATIONS(name, T, W)                                                                 \
  HRS_BINARY_KERNEL(, bit_and_##name, T, T, T, x &y)                                               \
  HRS_BINARY_KERNEL(, bit_or_##name, T, T, T, x | y)                                               \
  HRS_BINARY_KERNEL(, bit_xor_##name, T, T, T, x ^ y)
HRS_INTEGER_TYPES(BIT_OPERATIONS)

#define SHIFTS(name, T, W)                                                                         \
  HRS_BINARY_KERNEL(, shift_left_##name, T, T, T, y < 8 * sizeof(T) ? (W)x << y : 0)               \
  HRS_BINARY_KERNEL(, shift_right_##name, T, T, T, y < 8 * sizeof(T) ? x >> y : 0)
HRS_UNSIGNED_TYPES(SHIFTS)

#define ENTRY_ADD(name, T, W) [HRS_##name] = add_##name,
#define ENTRY_SUB(name, T, W) [HRS_##name] = sub_##name,
#define ENTRY_MUL(name, T, W) [HRS_##name] = mul_##name,
#define ENTRY_DIV(name, T, W) [HRS_##name] = div_##name,
#define ENTRY_FMOD(name, T, W) [HRS_##name] = fmod_##name,
#define ENTRY_MOD(name, T, W) [HRS_##name] = mod_##name,
#define ENTRY_AND(name, T, W) [HRS_##name] = bit_and_##name,
#define ENTRY_OR(name, T, W) [HRS_##name] = bit_or_##name,
#define ENTRY_XOR(name, T, W) [HRS_##name] = bit_xor_##name,
#define ENTRY_LEFT(name, T, W) [HRS_##name] = shift_left_##name,
#define ENTRY_RIGHT(name, T, W) [HRS_##name] = shift_right_##name,
static hrs_binary_kernels add_kernels = {HRS_NUMBER_TYPES(ENTRY_ADD)};
static hrs_binary_kernels sub_kernels = {HRS_NUMBER_TYPES(ENTRY_SUB)};
static hrs_binary_kernels mul_kernels = {HRS_NUMBER_TYPES(ENTRY_MUL)};
static hrs_binary_kernels div_kernels = {HRS_NUMBER_TYPES(ENTRY_DIV)};
static hrs_binary_kernels fmod_kernels = {HRS_NUMBER_TYPES(ENTRY_FMOD)};
static hrs_binary_kernels mod_kernels = {HRS_SIGNED_TYPES(ENTRY_MOD)
                                             HRS_UNSIGNED_TYPES(ENTRY_FMOD)};
static hrs_binary_kernels bit_and_kernels = {HRS_INTEGER_TYPES(ENTRY_AND)};
static hrs_binary_kernels bit_or_kernels = {HRS_INTEGER_TYPES(ENTRY_OR)};
static hrs_binary_kernels bit_xor_kernels = {HRS_INTEGER_TYPES(ENTRY_XOR)};
static hrs_binary_kernels shift_left_kernels = {HRS_UNSIGNED_TYPES(ENTRY_LEFT)};
static hrs_binary_kernels shift_right_kernels = {HRS_UNSIGNED_TYPES(ENTRY_RIGHT)};

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

#define POW_OF(base, T, exponent, E)                                                               \
  HRS_BINARY_KERNEL(, pow_##base##_##exponent, T, T, E, POW_##base##_##exponent(x, y))
#define POW_REAL_F32(x, y) powf(x, (float)(y))
#define POW_REAL_F64(x, y) pow(x, (double)(y))
#define POW_F32_F32 POW_REAL_F32
#define POW_F32_F64(x, y) (float)pow((double)(x), y)
#define POW_F32_I32(x, y) (float)pow((double)(x), (double)(y))
#define POW_F32_I64 POW_F32_I32
#define POW_F32_U32 POW_F32_I32
#define POW_F32_U64 POW_F32_I32
#define POW_F64_F32 POW_REAL_F64
#define POW_F64_F64 POW_REAL_F64
#define POW_F64_I32 POW_REAL_F64
#define POW_F64_I64 POW_REAL_F64
#define POW_F64_U32 POW_REAL_F64
#define POW_F64_U64 POW_REAL_F64
#define POW_I32_F32(x, y) hrs_to_I32(pow((double)(x), (double)(y)))
#define POW_I32_F64 POW_I32_F32
#define POW_I32_I32(x, y) integer_power(x, (int64_t)(y))
#define POW_I32_I64 POW_I32_I32
#define POW_I32_U32 POW_I32_I32
#define POW_I32_U64 POW_I32_I32
#define POW_I64_F32(x, y) hrs_to_I64(pow((double)(x), (double)(y)))
#define POW_I64_F64 POW_I64_F32
#define POW_I64_I32 POW_I32_I32
#define POW_I64_I64 POW_I32_I32
#define POW_I64_U32 POW_I32_I32
#define POW_I64_U64 POW_I32_I32
#define POW_BASE(base, T)                                                                          \
  POW_OF(base, T, F32, float)                                                                      \
  POW_OF(base, T, F64, double)                                                                     \
  POW_OF(base, T, I32, int32_t)                                                                    \
  POW_OF(base, T, I64, int64_t)                                                                    \
  POW_OF(base, T, U32, uint32_t)                                                                   \
  POW_OF(base, T, U64, uint64_t)
POW_BASE(F32, float)
POW_BASE(F64, double)
POW_BASE(I32, int32_t)
POW_BASE(I64, int64_t)

#define POW_ROW(base)                                                                              \
  [HRS_##base] = {                                                                                 \
      [HRS_F32] = pow_##base##_F32, [HRS_F64] = pow_##base##_F64, [HRS_I32] = pow_##base##_I32,    \
      [HRS_I64] = pow_##base##_I64, [HRS_U32] = pow_##base##_U32, [HRS_U64] = pow_##base##_U64}
static const hrs_loop_body pow_kernels[HRS_DTYPE_LIMIT][HRS_DTYPE_LIMIT] = {
    POW_ROW(F32), POW_ROW(F64), POW_ROW(I32), POW_ROW(I64)};

/* The exponents of layer normalisation and of squares written as powers. */
HRS_BINARY_KERNEL(HRS_CLONES, pow_square, float, float, float, ((void)y, x *x))
HRS_BINARY_KERNEL(HRS_CLONES, pow_cube, float, float, float, ((void)y, x *x *x))

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
    if (exponent->type == HRS_F32 && value == 2) kernel = pow_square;
    if (exponent->type == HRS_F32 && value == 3) kernel = pow_cube;
  }
  return hrs_binary_run(call, kernel);
}

#define ROW(name, since, verb, linear_in)                                                          \
  {                                                                                                \
    name, since, 21, 2, 2, 1, 1, HRS_OP_BATCHED | HRS_OP_IN_PLACE, infer_##verb, run_##verb, {     \
      .depends = HRS_BY_BROADCAST, .linear = linear_in                                             \
    }                                                                                              \
  }

hrs_operator_family hrs_operators_arithmetic = {
    ROW("Add", 7, add, HRS_LINEAR_IN_ALL),
    ROW("Sub", 7, sub, HRS_LINEAR_IN_ALL),
    ROW("Mul", 7, mul, HRS_LINEAR_IN_ALL),
    ROW("Div", 7, div, 1),
    ROW("Mod", 10, mod, 0),
    ROW("Pow", 7, pow, 0),
    ROW("BitShift", 11, shift, 0),
    ROW("BitwiseAnd", 18, bit_and, 0),
    ROW("BitwiseOr", 18, bit_or, 0),
    ROW("BitwiseXor", 18, bit_xor, 0),
    {0},
};
