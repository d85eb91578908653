/*
 * each_type.h -- code for several types of elements, written once: a file <topic>_template.h is
 * included for each type of some groups. There is no guard: every use is another set of functions.
 *
 *   #define TEMPLATE "pool_template.h"
 *   #define TYPES (REAL | BYTE)
 *   #include "each_type.h"
 *
 * The template sees NAME(x), which is x_F32 for float and so on, TYPE (F32), T (float), W (the type
 * to compute in: unsigned for integers, so that overflow wraps), LOWEST and HIGHEST, IS_NAN(x), and
 * for #if IS_REAL and IS_SIGNED. Tables of its functions: HRS_NUMBERS(x) and others of common.h. Of
 * MOVED, elements of so many bytes whose meaning does not matter, it sees NAME(x), x_4, and T.
 */
#define NAME(x) NAME_OF(x, TYPE)
#define NAME_OF(x, type) JOINED(x, type)
#define JOINED(x, type) x##_##type
/* Of integers, too: in a macro, compilers do not warn of it. */
#define IS_NAN(x) ((x) != (x))

/* Groups. WIDE ones have at least 32 bits. */
#define SINGLE 1
#define DOUBLE 2
#define REAL (SINGLE | DOUBLE)
#define BYTE 4
#define SHORT 8
#define WIDE 16
#define INTEGER (BYTE | SHORT | WIDE)
#define NUMBER (REAL | INTEGER)
#define BOOLEAN 32
#define MOVED 64

#if (TYPES) & SINGLE
#define IS_REAL 1
#define TYPE F32
#define T float
#define W float
#define LOWEST -INFINITY
#define HIGHEST INFINITY
#define IS_SIGNED 1
#include "one_type.h"
#undef IS_REAL
#endif

#if (TYPES) & DOUBLE
#define IS_REAL 1
#define TYPE F64
#define T double
#define W double
#define LOWEST -INFINITY
#define HIGHEST INFINITY
#define IS_SIGNED 1
#include "one_type.h"
#undef IS_REAL
#endif

#if (TYPES) & BYTE
#define IS_REAL 0
#define TYPE I8
#define T int8_t
#define W uint32_t
#define LOWEST INT8_MIN
#define HIGHEST INT8_MAX
#define IS_SIGNED 1
#include "one_type.h"
#define TYPE U8
#define T uint8_t
#define W uint32_t
#define LOWEST 0
#define HIGHEST UINT8_MAX
#define IS_SIGNED 0
#include "one_type.h"
#undef IS_REAL
#endif

#if (TYPES) & SHORT
#define IS_REAL 0
#define TYPE I16
#define T int16_t
#define W uint32_t
#define LOWEST INT16_MIN
#define HIGHEST INT16_MAX
#define IS_SIGNED 1
#include "one_type.h"
#define TYPE U16
#define T uint16_t
#define W uint32_t
#define LOWEST 0
#define HIGHEST UINT16_MAX
#define IS_SIGNED 0
#include "one_type.h"
#undef IS_REAL
#endif

#if (TYPES) & WIDE
#define IS_REAL 0
#define TYPE I32
#define T int32_t
#define W uint32_t
#define LOWEST INT32_MIN
#define HIGHEST INT32_MAX
#define IS_SIGNED 1
#include "one_type.h"
#define TYPE U32
#define T uint32_t
#define W uint32_t
#define LOWEST 0
#define HIGHEST UINT32_MAX
#define IS_SIGNED 0
#include "one_type.h"
#define TYPE I64
#define T int64_t
#define W uint64_t
#define LOWEST INT64_MIN
#define HIGHEST INT64_MAX
#define IS_SIGNED 1
#include "one_type.h"
#define TYPE U64
#define T uint64_t
#define W uint64_t
#define LOWEST 0
#define HIGHEST UINT64_MAX
#define IS_SIGNED 0
#include "one_type.h"
#undef IS_REAL
#endif

#if (TYPES) & BOOLEAN
#define TYPE BOOL
#define T uint8_t
#include "one_type.h"
#endif

#if (TYPES) & MOVED
#define TYPE 1
#define T uint8_t
#include "one_type.h"
#define TYPE 2
#define T uint16_t
#include "one_type.h"
#define TYPE 4
#define T uint32_t
#include "one_type.h"
#define TYPE 8
#define T uint64_t
#include "one_type.h"
#endif

#undef NAME
#undef NAME_OF
#undef JOINED
#undef IS_NAN
#undef SINGLE
#undef DOUBLE
#undef REAL
#undef BYTE
#undef SHORT
#undef WIDE
#undef INTEGER
#undef NUMBER
#undef BOOLEAN
#undef MOVED
#undef TEMPLATE
#undef TYPES
