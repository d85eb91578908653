/*
 * families.h -- the list of operator families. Each family is one file that defines its rows as
 * hrs_operators_<name>; table.c joins them into the one operator table.
 */
#ifndef HRS_NETWORK_OPERATORS_FAMILIES_H
#define HRS_NETWORK_OPERATORS_FAMILIES_H

#include "network/operator.h"

#define HRS_OPERATOR_FAMILIES(X)                                                                   \
  X(arithmetic)                                                                                    \
  X(compare)                                                                                       \
  X(variadic)                                                                                      \
  X(unary)                                                                                         \
  X(activation)                                                                                    \
  X(matmul)                                                                                        \
  X(einsum)                                                                                        \
  X(conv)                                                                                          \
  X(conv_transpose)                                                                                \
  X(pool)                                                                                          \
  X(global_pool)                                                                                   \
  X(unpool)                                                                                        \
  X(normalize)                                                                                     \
  X(softmax)                                                                                       \
  X(reduce)                                                                                        \
  X(arg)                                                                                           \
  X(shape)                                                                                         \
  X(constant)                                                                                      \
  X(cast)                                                                                          \
  X(move)                                                                                          \
  X(pad)                                                                                           \
  X(gather)                                                                                        \
  X(scatter)                                                                                       \
  X(select)                                                                                        \
  X(resize)                                                                                        \
  X(recurrent)                                                                                     \
  X(loss)

#define HRS_OPERATOR_FAMILY_DECLARE(name) extern hrs_operator_family hrs_operators_##name;
HRS_OPERATOR_FAMILIES(HRS_OPERATOR_FAMILY_DECLARE)
#undef HRS_OPERATOR_FAMILY_DECLARE

#endif
