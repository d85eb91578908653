/* functions_template.h -- functions of one number, for one type of elements (each_type.h). */
#define VERB sign
#define VALUE x > 0 ? 1 : x == 0 || IS_NAN(x) ? x : (T)(0 - (W)1)
#include "unary_template.h"

#if IS_REAL
#define VERB abs
#define VALUE fabs(x)
#include "unary_template.h"

#define VERB neg
#define VALUE -x
#include "unary_template.h"

#define VERB isnan
#define VALUE IS_NAN(x)
#define RESULT uint8_t
#include "unary_template.h"

#define VERB isinf
#define VALUE (p[0] != 0 && x == -(T)INFINITY) || (p[1] != 0 && x == (T)INFINITY)
#define RESULT uint8_t
#include "unary_template.h"

#define VERB sqrt
#define VALUE sqrt(x)
#include "unary_template.h"

#define VERB reciprocal
#define VALUE 1 / x
#include "unary_template.h"

#define VERB log
#define VALUE log(x)
#include "unary_template.h"

#define VERB ceil
#define VALUE ceil(x)
#include "unary_template.h"

#define VERB floor
#define VALUE floor(x)
#include "unary_template.h"

#define VERB round
#define VALUE rint(x)
#include "unary_template.h"

#define VERB sin
#define VALUE sin(x)
#include "unary_template.h"

#define VERB cos
#define VALUE cos(x)
#include "unary_template.h"

#define VERB tan
#define VALUE tan(x)
#include "unary_template.h"

#define VERB asin
#define VALUE asin(x)
#include "unary_template.h"

#define VERB acos
#define VALUE acos(x)
#include "unary_template.h"

#define VERB atan
#define VALUE atan(x)
#include "unary_template.h"

#define VERB sinh
#define VALUE sinh(x)
#include "unary_template.h"

#define VERB cosh
#define VALUE cosh(x)
#include "unary_template.h"

#define VERB asinh
#define VALUE asinh(x)
#include "unary_template.h"

#define VERB acosh
#define VALUE acosh(x)
#include "unary_template.h"

#define VERB atanh
#define VALUE atanh(x)
#include "unary_template.h"
#else
#define VERB bit_not
#define VALUE ~x
#include "unary_template.h"

#if IS_SIGNED
#define VERB abs
#define VALUE x < 0 ? (T)(0 - (W)x) : x
#include "unary_template.h"

#define VERB neg
#define VALUE 0 - (W)x
#include "unary_template.h"
#else
#define VERB abs
#define VALUE x
#include "unary_template.h"
#endif
#endif
