/* variadic_template.h -- how two inputs become one, for one type of elements (each_type.h). */
#define VERB min
#define VALUE y < x || IS_NAN(y) ? y : x
#include "binary_template.h"

#define VERB max
#define VALUE y > x || IS_NAN(y) ? y : x
#include "binary_template.h"

#if IS_REAL
#define VERB sum
#define VALUE x + y
#include "binary_template.h"
#endif
