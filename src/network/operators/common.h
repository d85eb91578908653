/*
 * common.h -- what operator files share: sets of element types, checks of inputs, broadcasting of
 * shapes, and how hot loops are compiled.
 */
#ifndef HRS_NETWORK_OPERATORS_COMMON_H
#define HRS_NETWORK_OPERATORS_COMMON_H

#include "base/simd.h"
#include "loop.h"
#include "network/operator.h"

/* Rows of a table by element type: x_F32 and so on, which a template has made (each_type.h). */
#define HRS_REALS(x) [HRS_F32] = x##_F32, [HRS_F64] = x##_F64
#define HRS_SIGNEDS(x)                                                                             \
  [HRS_I8] = x##_I8, [HRS_I16] = x##_I16, [HRS_I32] = x##_I32, [HRS_I64] = x##_I64
#define HRS_UNSIGNEDS(x)                                                                           \
  [HRS_U8] = x##_U8, [HRS_U16] = x##_U16, [HRS_U32] = x##_U32, [HRS_U64] = x##_U64
#define HRS_WIDES(x)                                                                               \
  [HRS_I32] = x##_I32, [HRS_I64] = x##_I64, [HRS_U32] = x##_U32, [HRS_U64] = x##_U64
#define HRS_INTEGERS(x) HRS_SIGNEDS(x), HRS_UNSIGNEDS(x)
#define HRS_NUMBERS(x) HRS_REALS(x), HRS_INTEGERS(x)

/* Sets of types, one bit each. */
#define HRS_TYPE_BIT(type) (1u << (unsigned)(type))
#define HRS_TYPES_REAL (HRS_TYPE_BIT(HRS_F32) | HRS_TYPE_BIT(HRS_F64))
#define HRS_TYPES_INDEX (HRS_TYPE_BIT(HRS_I32) | HRS_TYPE_BIT(HRS_I64))
#define HRS_TYPES_BOOL HRS_TYPE_BIT(HRS_BOOL)
#define HRS_TYPES_SIGNED                                                                           \
  (HRS_TYPE_BIT(HRS_I8) | HRS_TYPE_BIT(HRS_I16) | HRS_TYPE_BIT(HRS_I32) | HRS_TYPE_BIT(HRS_I64))
#define HRS_TYPES_UNSIGNED                                                                         \
  (HRS_TYPE_BIT(HRS_U8) | HRS_TYPE_BIT(HRS_U16) | HRS_TYPE_BIT(HRS_U32) | HRS_TYPE_BIT(HRS_U64))
#define HRS_TYPES_INTEGER (HRS_TYPES_SIGNED | HRS_TYPES_UNSIGNED)
#define HRS_TYPES_NUMBER (HRS_TYPES_REAL | HRS_TYPES_INTEGER)
#define HRS_TYPES_ALL                                                                              \
  (HRS_TYPES_NUMBER | HRS_TYPES_BOOL | HRS_TYPE_BIT(HRS_F16) | HRS_TYPE_BIT(HRS_BF16))

/* Loops that matter are compiled twice, for the baseline and for AVX2, and chosen when the library
 * is loaded. No fused multiply-adds: both give the same bits. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__)
#define HRS_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define HRS_CLONES
#endif

/** Input `index` is there and its type is in the set; a message with the types allowed if not. */
hrs_status hrs_op_types(const hrs_call *call, int index, unsigned set);
/** Inputs i and j have the same type. */
hrs_status hrs_op_same_type(const hrs_call *call, int i, int j);
/** Input `index` has this rank at least / at most / exactly. */
hrs_status hrs_op_rank(const hrs_call *call, int index, int at_least, int at_most);
/** Shape that the inputs from `first` on broadcast to (n of them). */
hrs_status hrs_op_broadcast(const hrs_call *call, int first, int n, int *rank, hrs_count *dim);
/** Does shape `small` broadcast to shape `large` without changing it? */
bool hrs_op_broadcasts_to(int small_rank, const hrs_count *small, int large_rank,
                          const hrs_count *large);
/** Product of dims [from, to). */
hrs_count hrs_op_product(const hrs_count *dim, int from, int to);
/** Shape of input `index`, for messages; text has HRS_SHAPE_TEXT bytes. */
const char *hrs_op_shape(const hrs_call *call, int index, char *text);
/** Sort and normalise a list of axes (negative ones count from the end) into a bit set; a
 *  duplicate is refused. */
hrs_status hrs_op_axes(const hrs_call *call, int n, const int64_t *axes, int rank, unsigned *set);
/** Attribute `axis`, as a bit, of a tensor of this rank; false where it is none of its axes. */
bool hrs_op_axis_bit(const hrs_node *node, int otherwise, int rank, unsigned *bit);
/** Axes [axis, rank), as bits. */
static inline unsigned hrs_op_axes_from(int axis, int rank) {
  return ((1u << rank) - 1) & ~((1u << axis) - 1);
}
/** Axes from attribute `name` before operator set `from`, from constant input `index` after it.
 *  *n = -1 where they are left out. `axes` has room for HRS_MAX_RANK + 1. */
hrs_status hrs_op_axes_list(const hrs_call *call, const char *name, int from, int index,
                            int64_t *axes, int *n);
/** A string attribute that must be one of a list; *choice is its position. */
hrs_status hrs_op_choice(const hrs_call *call, const char *name, const char *otherwise,
                         const char *const *names, int n, int *choice);
/** A constant number input (one element, any number type) as double. */
hrs_status hrs_op_scalar(const hrs_call *call, int index, double *value);
/** Data of instance `instance` of a tensor. */
void *hrs_op_data(const hrs_tensor *tensor, hrs_count instance);
/** Copy all instances of in[0] to out[0] (views that are folded, Dropout, ...). */
hrs_status hrs_op_run_copy(hrs_call *call);
/** An index that a file or a network gave: in [-size, size) made non-negative, or -1. */
static inline hrs_count hrs_op_index(int64_t index, hrs_count size) {
  return index >= 0 ? (index < size ? index : -1) : (index >= -size ? index + size : -1);
}
/** Element i of an index tensor (int32 or int64). */
static inline int64_t hrs_op_get_index(hrs_dtype type, const void *data, hrs_count i) {
  return type == HRS_I64 ? ((const int64_t *)data)[i] : ((const int32_t *)data)[i];
}

#endif
