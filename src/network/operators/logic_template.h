/* logic_template.h -- operators of two truth values (each_type.h). */
#define VERB equal
#define VALUE (x != 0) == (y != 0)
#include "binary_template.h"

#define VERB and
#define VALUE x != 0 && y != 0
#include "binary_template.h"

#define VERB or
#define VALUE x != 0 || y != 0
#include "binary_template.h"

#define VERB xor
#define VALUE (x != 0) != (y != 0)
#include "binary_template.h"
