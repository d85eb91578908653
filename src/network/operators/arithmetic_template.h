/* arithmetic_template.h -- arithmetic on one type of elements (each_type.h). */
#define VERB add
#define VALUE ((W)x + (W)y)
#include "binary_template.h"

#define VERB sub
#define VALUE ((W)x - (W)y)
#include "binary_template.h"

#define VERB mul
#define VALUE ((W)x * (W)y)
#include "binary_template.h"

/* Mod: the result has the divisor's sign (mod) or the dividend's (fmod). */
#if IS_REAL
#define VERB div
#define VALUE x / y
#include "binary_template.h"

#define VERB fmod
#define VALUE fmod(x, y)
#include "binary_template.h"
#else
#define VERB bit_and
#define VALUE (x & y)
#include "binary_template.h"

#define VERB bit_or
#define VALUE (x | y)
#include "binary_template.h"

#define VERB bit_xor
#define VALUE (x ^ y)
#include "binary_template.h"

#if IS_SIGNED
#define VERB div
#define VALUE y == 0 ? 0 : y == -1 ? (T)(0 - (W)x) : x / y
#include "binary_template.h"

#define VERB fmod
#define VALUE y == 0 || y == -1 ? 0 : x % y
#include "binary_template.h"

#define VERB mod
#define VALUE y == 0 || y == -1 ? 0 : x % y + (x % y != 0 && (x % y < 0) != (y < 0) ? y : 0)
#include "binary_template.h"
#else
#define VERB div
#define VALUE y == 0 ? 0 : x / y
#include "binary_template.h"

#define VERB fmod
#define VALUE y == 0 ? 0 : x % y
#include "binary_template.h"

#define VERB shift_left
#define VALUE y < 8 * sizeof(T) ? (W)x << y : 0
#include "binary_template.h"

#define VERB shift_right
#define VALUE y < 8 * sizeof(T) ? x >> y : 0
#include "binary_template.h"
#endif
#endif
