/*
 * Element types and the conversions between them.
 *
 * Every conversion goes by blocks through one of three wide types (double, int64, uint64) that
 * holds each value of its source exactly, so that 13 loads and 3 x 13 stores do for all pairs and
 * each result is rounded once. Numbers that do not fit an integer target saturate (C leaves this
 * undefined), NaN becomes 0; integers wrap as in C. That is what networks compute with; numbers of
 * users become integers by hrs_convert_whole alone, which refuses what does not fit.
 */
#include <harsanyi/base.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512 };

typedef enum wide_kind { WIDE_F64, WIDE_I64, WIDE_U64, WIDE_LIMIT } wide_kind;

typedef union wide_block {
  double f64[BLOCK];
  int64_t i64[BLOCK];
  uint64_t u64[BLOCK];
} wide_block;

typedef void load_function(const void *source, hrs_count count, wide_block *wide);
typedef void store_function(const wide_block *wide, hrs_count count, void *target);

/* ---- float16 and bfloat16 ---- */

static double decode_f16(uint16_t bits) {
  int exponent = (bits >> 10) & 31;
  int fraction = bits & 1023;
  double value;
  if (exponent == 31) {
    value = fraction ? (double)NAN : (double)INFINITY;
  } else if (exponent == 0) {
    value = fraction * 0x1p-24;
  } else {
    value = ldexp(1024 + fraction, exponent - 25);
  }
  return bits & 0x8000 ? -value : value;
}

static uint16_t encode_f16(double value) {
  uint16_t sign = signbit(value) ? 0x8000 : 0;
  double size = fabs(value);
  if (isnan(size)) return (uint16_t)(sign | 0x7e00);
  if (size >= 65520) return (uint16_t)(sign | 0x7c00);
  /* nearbyint rounds to nearest even; a carry into the exponent is what it should be. */
  if (size < 0x1p-14) return (uint16_t)(sign | (int)nearbyint(size * 0x1p24));
  int exponent;
  double fraction = frexp(size, &exponent); /* in [1/2, 1) */
  int steps = (int)nearbyint(fraction * 2048) - 1024;
  return (uint16_t)(sign | (((exponent + 14) << 10) + steps));
}

static double decode_bf16(uint16_t bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return (double)value;
}

static uint16_t encode_bf16(double value) {
  uint16_t sign = signbit(value) ? 0x8000 : 0;
  double size = fabs(value);
  if (isnan(size)) return (uint16_t)(sign | 0x7fc0);
  if (size >= 0x1.ffp127) return (uint16_t)(sign | 0x7f80);
  if (size < 0x1p-126) return (uint16_t)(sign | (int)nearbyint(size * 0x1p133));
  int exponent;
  double fraction = frexp(size, &exponent);
  int steps = (int)nearbyint(fraction * 256) - 128;
  return (uint16_t)(sign | (((exponent + 126) << 7) + steps));
}

/* ---- loads ---- */

#define LOAD(name, type, field, expression)                                                        \
  static void load_##name(const void *source, hrs_count count, wide_block *wide) {                 \
    const type *in = source;                                                                       \
    for (hrs_count i = 0; i < count; i++)                                                          \
      wide->field[i] = expression;                                                                 \
  }
LOAD(F32, float, f64, (double)in[i])
LOAD(F64, double, f64, in[i])
LOAD(F16, uint16_t, f64, decode_f16(in[i]))
LOAD(BF16, uint16_t, f64, decode_bf16(in[i]))
LOAD(I8, int8_t, i64, in[i])
LOAD(I16, int16_t, i64, in[i])
LOAD(I32, int32_t, i64, in[i])
LOAD(I64, int64_t, i64, in[i])
LOAD(U8, uint8_t, u64, in[i])
LOAD(U16, uint16_t, u64, in[i])
LOAD(U32, uint32_t, u64, in[i])
LOAD(U64, uint64_t, u64, in[i])
LOAD(BOOL, uint8_t, u64, in[i] != 0)

/* ---- stores ---- */

/* The bounds are powers of two, hence exact as doubles. */
static int64_t to_signed(double value, int bits) {
  double bound = ldexp(1, bits - 1);
  if (isnan(value)) return 0;
  if (value <= -bound) return -(int64_t)(((uint64_t)1 << (bits - 1)) - 1) - 1;
  if (value >= bound) return (int64_t)(((uint64_t)1 << (bits - 1)) - 1);
  return (int64_t)value;
}

static uint64_t to_unsigned(double value, int bits) {
  double bound = ldexp(1, bits);
  if (isnan(value) || value <= 0) return 0;
  if (value >= bound) return UINT64_MAX >> (64 - bits);
  return (uint64_t)value;
}

#define STORE(name, kind, type, expression)                                                        \
  static void store_##name##_##kind(const wide_block *wide, hrs_count count, void *target) {       \
    type *out = target;                                                                            \
    for (hrs_count i = 0; i < count; i++)                                                          \
      out[i] = (type)(expression);                                                                 \
  }
#define STORE_FLOAT(name, type, encode)                                                            \
  STORE(name, f64, type, encode(wide->f64[i]))                                                     \
  STORE(name, i64, type, encode(wide->i64[i]))                                                     \
  STORE(name, u64, type, encode(wide->u64[i]))
#define STORE_INTEGER(name, type, from_double, bits)                                               \
  STORE(name, f64, type, from_double(wide->f64[i], bits))                                          \
  STORE(name, i64, type, wide->i64[i])                                                             \
  STORE(name, u64, type, wide->u64[i])
#define PLAIN(x) (x)
#define F16(x) encode_f16((double)(x))
#define BF16(x) encode_bf16((double)(x))
STORE_FLOAT(F32, float, PLAIN)
STORE_FLOAT(F64, double, PLAIN)
STORE_FLOAT(F16, uint16_t, F16)
STORE_FLOAT(BF16, uint16_t, BF16)
STORE_INTEGER(I8, int8_t, to_signed, 8)
STORE_INTEGER(I16, int16_t, to_signed, 16)
STORE_INTEGER(I32, int32_t, to_signed, 32)
STORE_INTEGER(I64, int64_t, to_signed, 64)
STORE_INTEGER(U8, uint8_t, to_unsigned, 8)
STORE_INTEGER(U16, uint16_t, to_unsigned, 16)
STORE_INTEGER(U32, uint32_t, to_unsigned, 32)
STORE_INTEGER(U64, uint64_t, to_unsigned, 64)
STORE(BOOL, f64, uint8_t, wide->f64[i]<0 || wide->f64[i]> 0 || isnan(wide->f64[i]))
STORE(BOOL, i64, uint8_t, wide->i64[i] != 0)
STORE(BOOL, u64, uint8_t, wide->u64[i] != 0)

static wide_kind kind_of(hrs_dtype type) {
  if (type <= HRS_BF16) return WIDE_F64;
  return type <= HRS_I64 ? WIDE_I64 : WIDE_U64;
}

static const struct {
  size_t size;
  const char *name;
  load_function *load;
  store_function *store[WIDE_LIMIT];
} types[] = {{0, "none", NULL, {NULL, NULL, NULL}},
#define ROW(name, bytes, descr, text)                                                              \
  {bytes, text, load_##name, {store_##name##_f64, store_##name##_i64, store_##name##_u64}},
             HRS_DTYPE_TABLE(ROW)
#undef ROW
};

static bool is_known(hrs_dtype type) {
  return (int)type >= 0 && type < HRS_DTYPE_LIMIT;
}

size_t hrs_dtype_size(hrs_dtype type) {
  return is_known(type) ? types[type].size : 0;
}

const char *hrs_dtype_name(hrs_dtype type) {
  return is_known(type) ? types[type].name : "unknown";
}

hrs_status hrs_convert(hrs_dtype from, const void *source, hrs_dtype to, void *target,
                       hrs_count count) {
  HRS_REQUIRE(hrs_dtype_size(from) > 0 && hrs_dtype_size(to) > 0, INTERNAL,
              "no conversion from %s to %s", hrs_dtype_name(from), hrs_dtype_name(to));
  if (count <= 0) return HRS_OK;
  if (from == to) {
    if (source != target) memcpy(target, source, (size_t)count * types[from].size);
    return HRS_OK;
  }
  wide_block wide;
  const char *in = source;
  char *out = target;
  store_function *store = types[to].store[kind_of(from)];
  for (hrs_count first = 0; first < count; first += BLOCK) {
    hrs_count here = count - first < BLOCK ? count - first : BLOCK;
    types[from].load(in + (size_t)first * types[from].size, here, &wide);
    store(&wide, here, out + (size_t)first * types[to].size);
  }
  return HRS_OK;
}

/* ---- whole numbers of users ---- */

/* What an integer type holds: -least to most, that is, to below `end`. */
typedef struct range {
  uint64_t least, most;
  double end;
} range;

static range range_of(hrs_dtype type) {
  bool with_sign = kind_of(type) == WIDE_I64;
  int bits = type == HRS_BOOL ? 1 : (int)(8 * types[type].size) - with_sign;
  return (range){with_sign ? (uint64_t)1 << bits : 0, UINT64_MAX >> (64 - bits), ldexp(1, bits)};
}

static bool holds(const range *r, wide_kind kind, const wide_block *wide, hrs_count i) {
  if (kind == WIDE_U64) return wide->u64[i] <= r->most;
  if (kind == WIDE_I64)
    return wide->i64[i] < 0 ? 0 - (uint64_t)wide->i64[i] <= r->least
                            : (uint64_t)wide->i64[i] <= r->most;
  double value = wide->f64[i];
  return value >= -(double)r->least && value < r->end && value == floor(value);
}

/* Why a number was refused, with all of its digits. */
static hrs_status refuse(const range *r, hrs_dtype type, wide_kind kind, const wide_block *wide,
                         hrs_count i) {
  char text[40];
  double value = kind == WIDE_F64 ? wide->f64[i] : 0;
  for (int digits = 6; kind == WIDE_F64 && digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  if (kind == WIDE_I64) snprintf(text, sizeof text, "%lld", (long long)wide->i64[i]);
  if (kind == WIDE_U64) snprintf(text, sizeof text, "%llu", (unsigned long long)wide->u64[i]);
  HRS_REQUIRE(isfinite(value), INPUT, "%s is no number", text);
  HRS_REQUIRE(value == floor(value), INPUT, "%s is no whole number", text);
  HRS_FAIL(INPUT, "%s is outside of %s, %s%llu to %llu", text, hrs_dtype_name(type),
           r->least ? "-" : "", (unsigned long long)r->least, (unsigned long long)r->most);
}

hrs_status hrs_convert_whole(hrs_dtype from, const void *source, hrs_dtype to, void *target,
                             hrs_count count, hrs_count *bad) {
  *bad = -1;
  HRS_REQUIRE(hrs_dtype_size(from) > 0 && is_known(to) && to > HRS_BF16, INTERNAL,
              "no whole numbers of %s from %s", hrs_dtype_name(to), hrs_dtype_name(from));
  wide_block wide;
  wide_kind kind = kind_of(from);
  range r = range_of(to);
  const char *in = source;
  char *out = target;
  for (hrs_count first = 0; first < count; first += BLOCK) {
    hrs_count here = count - first < BLOCK ? count - first : BLOCK;
    types[from].load(in + (size_t)first * types[from].size, here, &wide);
    for (hrs_count i = 0; i < here; i++) {
      if (holds(&r, kind, &wide, i)) continue;
      *bad = first + i;
      return refuse(&r, to, kind, &wide, i);
    }
    types[to].store[kind](&wide, here, out + (size_t)first * types[to].size);
  }
  return HRS_OK;
}
