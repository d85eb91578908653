/* compare_template.h -- comparisons of one type of elements (each_type.h). */
#define VERB equal
#define VALUE x == y
#define RESULT uint8_t
#include "binary_template.h"

#define VERB less
#define VALUE x < y
#define RESULT uint8_t
#include "binary_template.h"

#define VERB greater
#define VALUE x > y
#define RESULT uint8_t
#include "binary_template.h"

#define VERB less_equal
#define VALUE x <= y
#define RESULT uint8_t
#include "binary_template.h"

#define VERB greater_equal
#define VALUE x >= y
#define RESULT uint8_t
#include "binary_template.h"
