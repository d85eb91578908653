/* pow_template.h -- powers with exponents of one type (each_type.h); the results have the type of
 * the base. */
#if IS_REAL
#define SINGLE_POWER                                                                               \
  sizeof(T) == sizeof(float) ? powf(x, (float)y) : (float)pow((double)x, (double)y)
#define INTEGER_POWER(to) to(pow((double)x, (double)y))
#else
#define SINGLE_POWER (float)pow((double)x, (double)y)
#define INTEGER_POWER(to) integer_power(x, (int64_t)y)
#endif

#define VERB pow_F32
#define VALUE SINGLE_POWER
#define FIRST float
#define RESULT float
#include "binary_template.h"

#define VERB pow_F64
#define VALUE pow(x, (double)y)
#define FIRST double
#define RESULT double
#include "binary_template.h"

#define VERB pow_I32
#define VALUE INTEGER_POWER(hrs_to_I32)
#define FIRST int32_t
#define RESULT int32_t
#include "binary_template.h"

#define VERB pow_I64
#define VALUE INTEGER_POWER(hrs_to_I64)
#define FIRST int64_t
#define RESULT int64_t
#include "binary_template.h"

#undef SINGLE_POWER
#undef INTEGER_POWER
