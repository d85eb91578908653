/*
 * Strided loops. The rows are walked by an odometer over the outer axes; copies see whether the two
 * innermost axes are a transpose and then go in square tiles, so that both sides use whole cache
 * lines.
 */
#include "loop.h"

#include <string.h>

void hrs_loop_start(hrs_loop *loop, int operands) {
  loop->rank = 0;
  loop->operands = operands;
}

void hrs_loop_axis(hrs_loop *loop, hrs_count dim, const hrs_count *stride) {
  if (dim == 1) return;
  int last = loop->rank - 1;
  if (last >= 0 && loop->dim[last] != 0) {
    bool merge = true;
    for (int k = 0; k < loop->operands; k++)
      merge = merge && loop->stride[last][k] == stride[k] * dim;
    if (merge) {
      loop->dim[last] *= dim;
      memcpy(loop->stride[last], stride, sizeof(hrs_count) * (size_t)loop->operands);
      return;
    }
  }
  loop->dim[loop->rank] = dim;
  memcpy(loop->stride[loop->rank], stride, sizeof(hrs_count) * (size_t)loop->operands);
  loop->rank++;
}

void hrs_loop_axis2(hrs_loop *loop, hrs_count dim, hrs_count target, hrs_count source) {
  hrs_loop_axis(loop, dim, (hrs_count[]){target, source});
}

void hrs_loop_axis3(hrs_loop *loop, hrs_count dim, hrs_count target, hrs_count a, hrs_count b) {
  hrs_loop_axis(loop, dim, (hrs_count[]){target, a, b});
}

static bool is_empty(const hrs_loop *loop) {
  for (int i = 0; i < loop->rank; i++)
    if (loop->dim[i] == 0) return true;
  return false;
}

/* Advance an odometer over axes 0..rank-1; false when it has gone round. Offsets in elements. */
static bool advance(const hrs_loop *loop, int rank, hrs_count *at, hrs_count *offset) {
  for (int i = rank - 1; i >= 0; i--) {
    if (++at[i] < loop->dim[i]) {
      for (int k = 0; k < loop->operands; k++)
        offset[k] += loop->stride[i][k];
      return true;
    }
    for (int k = 0; k < loop->operands; k++)
      offset[k] -= loop->stride[i][k] * (loop->dim[i] - 1);
    at[i] = 0;
  }
  return false;
}

void hrs_loop_run(const hrs_loop *loop, void *const *base, const size_t *size, hrs_loop_body body,
                  const void *context) {
  if (is_empty(loop)) return;
  hrs_count at[HRS_LOOP_RANK] = {0}, offset[HRS_LOOP_OPERANDS] = {0};
  static const hrs_count still[HRS_LOOP_OPERANDS] = {0};
  int outer = loop->rank > 0 ? loop->rank - 1 : 0;
  hrs_count n = loop->rank > 0 ? loop->dim[outer] : 1;
  const hrs_count *stride = loop->rank > 0 ? loop->stride[outer] : still;
  do {
    char *pointer[HRS_LOOP_OPERANDS];
    for (int k = 0; k < loop->operands; k++)
      pointer[k] = (char *)base[k] + offset[k] * (hrs_count)size[k];
    body(n, pointer, stride, context);
  } while (advance(loop, outer, at, offset));
}

/* ---- copies ---- */

enum { TILE = 16 };

#define TEMPLATE "loop_template.h"
#define TYPES MOVED
#include "each_type.h"

typedef void (*transpose_kernel)(hrs_count rows, hrs_count columns, char *to, hrs_count t,
                                 const char *from, hrs_count s);

static const struct {
  hrs_loop_body row;
  transpose_kernel transpose;
} copies[] = {[1] = {copy_row_1, transpose_1},
              [2] = {copy_row_2, transpose_2},
              [4] = {copy_row_4, transpose_4},
              [8] = {copy_row_8, transpose_8}};

/* The target's innermost axis is contiguous there and the source's contiguous axis is another:
 * make that one the second innermost. */
static bool make_transpose(hrs_loop *loop) {
  int last = loop->rank - 1;
  if (last < 1 || loop->stride[last][0] != 1 || loop->stride[last][1] == 1 ||
      loop->stride[last][1] == 0)
    return false;
  for (int i = last - 1; i >= 0; i--) {
    if (loop->stride[i][1] != 1) continue;
    hrs_count dim = loop->dim[i], stride[2] = {loop->stride[i][0], loop->stride[i][1]};
    for (int j = i; j < last - 1; j++) {
      loop->dim[j] = loop->dim[j + 1];
      memcpy(loop->stride[j], loop->stride[j + 1], sizeof stride);
    }
    loop->dim[last - 1] = dim;
    memcpy(loop->stride[last - 1], stride, sizeof stride);
    return true;
  }
  return false;
}

void hrs_loop_copy(const hrs_loop *loop, void *target, const void *source, size_t size) {
  if (is_empty(loop)) return;
  hrs_loop order = *loop;
  void *base[2] = {target, (void *)(uintptr_t)source};
  if (!make_transpose(&order)) {
    hrs_loop_run(loop, base, (size_t[]){size, size}, copies[size].row, NULL);
    return;
  }
  int outer = order.rank - 2;
  hrs_count at[HRS_LOOP_RANK] = {0}, offset[HRS_LOOP_OPERANDS] = {0};
  do {
    copies[size].transpose(order.dim[outer], order.dim[outer + 1],
                           (char *)target + offset[0] * (hrs_count)size, order.stride[outer][0],
                           (const char *)source + offset[1] * (hrs_count)size,
                           order.stride[outer + 1][1]);
  } while (advance(&order, outer, at, offset));
}

/* ---- shapes ---- */

void hrs_strides(int rank, const hrs_count *dim, hrs_count *stride) {
  hrs_count product = 1;
  for (int i = rank - 1; i >= 0; i--) {
    stride[i] = product;
    product *= dim[i];
  }
}

void hrs_broadcast_strides(const hrs_tensor *tensor, int rank, const hrs_count *dim,
                           hrs_count *stride) {
  hrs_count own[HRS_MAX_RANK];
  hrs_strides(tensor->rank, tensor->dim, own);
  int shift = rank - tensor->rank;
  for (int i = 0; i < rank; i++) {
    int j = i - shift;
    stride[i] = j < 0 || (tensor->dim[j] == 1 && dim[i] != 1) ? 0 : own[j];
  }
}

void hrs_loop_broadcast(hrs_loop *loop, hrs_count batch, const hrs_tensor *out, int n_in,
                        const hrs_tensor *const *in) {
  hrs_count stride[HRS_LOOP_OPERANDS][HRS_MAX_RANK], axis[HRS_LOOP_OPERANDS];
  hrs_loop_start(loop, n_in + 1);
  hrs_strides(out->rank, out->dim, stride[0]);
  axis[0] = out->step;
  for (int k = 0; k < n_in; k++) {
    hrs_broadcast_strides(in[k], out->rank, out->dim, stride[k + 1]);
    axis[k + 1] = in[k]->step;
  }
  hrs_loop_axis(loop, batch, axis);
  for (int i = 0; i < out->rank; i++) {
    for (int k = 0; k <= n_in; k++)
      axis[k] = stride[k][i];
    hrs_loop_axis(loop, out->dim[i], axis);
  }
}
