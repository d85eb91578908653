/*
 * The direct convolution and Winograd's against plain loops in double precision, for random
 * geometries: strides, dilations, padding, groups, sizes around the width of a vector. And: an
 * image gives the same bits wherever it stands in a batch.
 */
#include "network/operators/conv_direct.h"
#include "network/operators/conv_winograd.h"
#include "pick.h"
#include "scratch.h"

#include <math.h>

/* A random convolution; false if its window does not fit the image. */
static bool random_conv(hrs_conv *conv) {
  *conv = (hrs_conv){.groups = pick(1, 3), .in_channels = pick(1, 5), .out_channels = pick(1, 14)};
  hrs_window *w = &conv->window;
  *w = (hrs_window){.axes = 2};
  for (int i = 0; i < HRS_WINDOW_AXES; i++) {
    bool depth = i == 0;
    w->in[i] = depth ? 1 : pick(1, 28);
    w->kernel[i] = depth ? 1 : pick(1, 5);
    w->stride[i] = depth ? 1 : pick(1, 4);
    w->dilation[i] = depth ? 1 : pick(1, 3);
    w->before[i] = depth ? 0 : pick(0, 3);
    w->after[i] = depth ? 0 : pick(0, 3);
    hrs_count room =
        w->in[i] + w->before[i] + w->after[i] - (w->kernel[i] - 1) * w->dilation[i] - 1;
    if (room < 0) return false;
    w->out[i] = room / w->stride[i] + 1;
  }
  conv->taps = conv->in_channels * hrs_window_kernel(w);
  return true;
}

static double plain(const hrs_conv *conv, const float *x, const float *weight, hrs_count channel,
                    hrs_count oh, hrs_count ow, double *size) {
  const hrs_window *w = &conv->window;
  hrs_count group = channel / conv->out_channels;
  double sum = 0;
  for (hrs_count c = 0; c < conv->in_channels; c++) {
    for (hrs_count kh = 0; kh < w->kernel[1]; kh++) {
      for (hrs_count kw = 0; kw < w->kernel[2]; kw++, weight++) {
        hrs_count h = hrs_window_at(w, 1, oh, kh), v = hrs_window_at(w, 2, ow, kw);
        if (h < 0 || h >= w->in[1] || v < 0 || v >= w->in[2]) continue;
        hrs_count at = ((group * conv->in_channels + c) * w->in[1] + h) * w->in[2] + v;
        double term = (double)x[at] * (double)*weight;
        sum += term;
        *size += fabs(term);
      }
    }
  }
  return sum;
}

/* ---- the two ---- */

typedef void convolution(const hrs_conv *conv, hrs_count images, const float *x,
                         const float *weight, const float *bias, float *y);

static void direct(const hrs_conv *conv, hrs_count images, const float *x, const float *weight,
                   const float *bias, float *y) {
  hrs_count bytes;
  void *workspace;
  ASSERT_OK(hrs_conv_direct_workspace(conv, &bytes));
  ASSERT_OK(hrs_alloc(bytes, 1, &workspace));
  hrs_conv_direct_run(conv, images, x, weight, bias, y, workspace);
  hrs_free(workspace);
}

static hrs_status nothing(const void *operators, hrs_count n, float *data) {
  (void)operators, (void)n, (void)data;
  return HRS_OK;
}

static void winograd(const hrs_conv *conv, hrs_count images, const float *x, const float *weight,
                     const float *bias, float *y) {
  const hrs_conv_behind behind = {nothing, NULL, NULL};
  hrs_winograd *made;
  float *scale, *shift;
  void *workspace;
  ASSERT_OK(hrs_alloc(conv->out_channels, sizeof *scale, &scale));
  ASSERT_OK(hrs_calloc(conv->out_channels, sizeof *shift, &shift));
  for (hrs_count i = 0; i < conv->out_channels; i++) {
    scale[i] = 1;
    if (bias) shift[i] = bias[i];
  }
  ASSERT_OK(hrs_winograd_create(conv, weight, scale, shift, false, &made));
  ASSERT_OK(hrs_alloc(hrs_winograd_workspace(made), 1, &workspace));
  ASSERT_OK(hrs_winograd_run(made, &behind, images, x, y, workspace));
  hrs_free(made);
  hrs_free(scale);
  hrs_free(shift);
  hrs_free(workspace);
}

/* ---- the comparison ---- */

/* Errors go by the sizes of the terms of an element, or, where its neighbours have a part in it
 * (`tiled`), of the image. */
static void check(const hrs_conv *conv, convolution *convolve, bool tiled) {
  const hrs_window *w = &conv->window;
  enum { IMAGES = 3 };
  hrs_count channels = conv->groups * conv->out_channels, pixels = hrs_window_out(w);
  hrs_count in = conv->groups * conv->in_channels * hrs_window_in(w), out = channels * pixels;
  float *x, *weight, *bias, *y;
  double *exact, *size, largest = 0;
  ASSERT_OK(hrs_alloc(in * IMAGES, sizeof *x, &x));
  ASSERT_OK(hrs_alloc(channels * conv->taps, sizeof *weight, &weight));
  ASSERT_OK(hrs_alloc(channels, sizeof *bias, &bias));
  ASSERT_OK(hrs_alloc(out * IMAGES, sizeof *y, &y));
  ASSERT_OK(hrs_alloc(2 * out, sizeof *exact, &exact));
  ASSERT_OK(hrs_alloc(2 * out, sizeof *size, &size));
  for (hrs_count i = 0; i < in; i++)
    x[i] = x[2 * in + i] = number();
  for (hrs_count i = 0; i < in; i++)
    x[in + i] = number();
  for (hrs_count i = 0; i < channels * conv->taps; i++)
    weight[i] = number();
  for (hrs_count i = 0; i < channels; i++)
    bias[i] = number();
  convolve(conv, IMAGES, x, weight, bias, y);
  assert_memory_equal(y, y + 2 * out, (size_t)out * sizeof *y);
  for (hrs_count i = 0; i < 2 * out; i++) {
    hrs_count channel = i / pixels % channels, pixel = i % pixels;
    size[i] = fabs((double)bias[channel]) + 1e-30;
    exact[i] =
        (double)bias[channel] + plain(conv, x + i / out * in, weight + channel * conv->taps,
                                      channel, pixel / w->out[2], pixel % w->out[2], &size[i]);
    largest = fmax(largest, size[i]);
  }
  for (hrs_count i = 0; i < 2 * out; i++)
    if (fabs((double)y[i] - exact[i]) > 1e-6 * (tiled ? largest : size[i]))
      fail_msg("element %lld is %.9g, expected %.9g", (long long)i, (double)y[i], exact[i]);
  convolve(conv, 1, x, weight, NULL, y);
  assert_true(fabs((double)y[0] - (exact[0] - (double)bias[0])) <=
              2e-6 * (tiled ? largest : size[0]));
  hrs_free(x);
  hrs_free(weight);
  hrs_free(bias);
  hrs_free(y);
  hrs_free(exact);
  hrs_free(size);
}

static void test_random(void **state) {
  (void)state;
  int checked = 0;
  while (checked < 400) {
    hrs_conv conv;
    if (!random_conv(&conv)) continue;
    /* Narrow rows are not chosen for it, but must come out right all the same. */
    hrs_conv wide = conv;
    wide.window.out[2] = 64;
    if (!hrs_conv_direct_fits(&wide)) {
      printf("SKIPPED: this processor has no direct convolution\n");
      skip();
    }
    check(&conv, direct, false);
    checked++;
  }
}

static void test_winograd(void **state) {
  (void)state;
  for (int i = 0; i < 150; i++) {
    hrs_conv conv = {.groups = 1, .in_channels = pick(16, 40), .out_channels = pick(16, 40)};
    hrs_window *w = &conv.window;
    w->axes = 2;
    for (int k = 0; k < HRS_WINDOW_AXES; k++) {
      bool depth = k == 0;
      w->kernel[k] = depth ? 1 : 3;
      w->stride[k] = w->dilation[k] = 1;
      w->before[k] = depth ? 0 : pick(0, 3);
      w->after[k] = depth ? 0 : pick(0, 3);
      w->out[k] = depth ? 1 : pick(4, i % 10 ? 20 : 220);
      w->in[k] = w->out[k] - w->before[k] - w->after[k] + w->kernel[k] - 1;
    }
    conv.taps = 9 * conv.in_channels;
    if (w->in[1] < 1 || w->in[2] < 1) continue;
    if (i % 10 == 0) w->out[1] = 4, w->in[1] = 6 - w->before[1] - w->after[1];
    if (w->in[1] < 1) continue;
    if (!hrs_winograd_fits(&conv)) {
      printf("SKIPPED: this processor has no such convolution\n");
      skip();
    }
    check(&conv, winograd, true);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random),
                                     cmocka_unit_test(test_winograd)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
