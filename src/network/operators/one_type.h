/* one_type.h -- the template for the type that each_type.h has just described. */
#include TEMPLATE

#undef TYPE
#undef T
#undef W
#undef LOWEST
#undef HIGHEST
#undef IS_SIGNED
