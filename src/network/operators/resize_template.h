/* resize_template.h -- interpolation of one type of elements (each_type.h): between axes they are
 * doubles. */
#define VERB stretch_whole
#define FROM T
#define TO T
#define CONVERT NAME(hrs_to)
#include "stretch_template.h"

#define VERB stretch_first
#define FROM T
#define TO double
#define CONVERT hrs_to_F64
#include "stretch_template.h"

#define VERB stretch_last
#define FROM double
#define TO T
#define CONVERT NAME(hrs_to)
#include "stretch_template.h"
