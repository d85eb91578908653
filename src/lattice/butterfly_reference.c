/*
 * The readable engine: one bit after the other over the whole array. What every other engine is
 * tested against, bit for bit in double precision. In float storage each bit is computed in double
 * and rounded once.
 *
 * Cost: `count` passes over memory, each reading and writing every element. It loses to the blocked
 * engine as soon as the array outgrows the caches.
 */
#include "lattice/engines.h"

static void one_bit_f64(const hrs_butterfly_call *call, int bit) {
  double *data = call->data;
  const hrs_kernel k = call->kernel;
  const int pattern = hrs_kernel_pattern(&k);
  const hrs_count size = (hrs_count)1 << call->bits, stride = (hrs_count)1 << bit;
  for (hrs_count base = 0; base < size; base += 2 * stride) {
    double *clear = data + base, *set = data + base + stride;
    for (hrs_count i = 0; i < stride; i++) {
      double x = clear[i], y = set[i];
      clear[i] = hrs_kernel_row(pattern & 1, k.k[0][0], pattern & 2, k.k[0][1], x, y);
      set[i] = hrs_kernel_row(pattern & 4, k.k[1][0], pattern & 8, k.k[1][1], x, y);
    }
  }
}

static void one_bit_f32(const hrs_butterfly_call *call, int bit) {
  float *data = call->data;
  const hrs_kernel k = call->kernel;
  const int pattern = hrs_kernel_pattern(&k);
  const hrs_count size = (hrs_count)1 << call->bits, stride = (hrs_count)1 << bit;
  for (hrs_count base = 0; base < size; base += 2 * stride) {
    float *clear = data + base, *set = data + base + stride;
    for (hrs_count i = 0; i < stride; i++) {
      double x = clear[i], y = set[i];
      clear[i] = (float)hrs_kernel_row(pattern & 1, k.k[0][0], pattern & 2, k.k[0][1], x, y);
      set[i] = (float)hrs_kernel_row(pattern & 4, k.k[1][0], pattern & 8, k.k[1][1], x, y);
    }
  }
}

static void scale_all(const hrs_butterfly_call *call) {
  const hrs_count size = (hrs_count)1 << call->bits;
  for (hrs_count i = 0; i < size; i++) {
    if (call->type == HRS_F64)
      ((double *)call->data)[i] *= call->scale;
    else
      ((float *)call->data)[i] = (float)(((float *)call->data)[i] * call->scale);
  }
}

hrs_status hrs_butterfly_reference(const hrs_butterfly_call *call) {
  for (int bit = call->first; bit < call->first + call->count; bit++) {
    if (call->type == HRS_F64)
      one_bit_f64(call, bit);
    else
      one_bit_f32(call, bit);
  }
  if (call->scale != 1) scale_all(call);
  return HRS_OK;
}
