/*
 * The direct convolution against plain loops in double precision, for random geometries: strides,
 * dilations, padding, groups, sizes around the width of a vector. And: an image gives the same bits
 * wherever it stands in a batch.
 */
#include "network/operators/conv.h"
#include "scratch.h"

#include <math.h>

static uint64_t state_;

static hrs_count pick(hrs_count low, hrs_count high) {
  state_ = state_ * 6364136223846793005u + 1442695040888963407u;
  return low + (hrs_count)((state_ >> 33) % (uint64_t)(high - low + 1));
}

static float number(void) {
  return (float)pick(-1000, 1000) / 500;
}

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

static void check(const hrs_conv *conv) {
  const hrs_window *w = &conv->window;
  enum { IMAGES = 3 };
  hrs_count channels = conv->groups * conv->out_channels, pixels = hrs_window_out(w);
  hrs_count in = conv->groups * conv->in_channels * hrs_window_in(w), out = channels * pixels;
  hrs_count bytes;
  float *x, *weight, *bias, *y;
  void *workspace;
  ASSERT_OK(hrs_alloc(in * IMAGES, sizeof *x, &x));
  ASSERT_OK(hrs_alloc(channels * conv->taps, sizeof *weight, &weight));
  ASSERT_OK(hrs_alloc(channels, sizeof *bias, &bias));
  ASSERT_OK(hrs_alloc(out * IMAGES, sizeof *y, &y));
  ASSERT_OK(hrs_conv_direct_workspace(conv, &bytes));
  ASSERT_OK(hrs_alloc(bytes, 1, &workspace));
  for (hrs_count i = 0; i < in; i++)
    x[i] = x[2 * in + i] = number();
  for (hrs_count i = 0; i < in; i++)
    x[in + i] = number();
  for (hrs_count i = 0; i < channels * conv->taps; i++)
    weight[i] = number();
  for (hrs_count i = 0; i < channels; i++)
    bias[i] = number();
  hrs_conv_direct_run(conv, IMAGES, x, weight, bias, y, workspace);
  assert_memory_equal(y, y + 2 * out, (size_t)out * sizeof *y);
  for (hrs_count i = 0; i < 2 * out; i++) {
    hrs_count channel = i / pixels % channels, pixel = i % pixels;
    double size = fabs((double)bias[channel]) + 1e-30;
    double exact =
        (double)bias[channel] + plain(conv, x + i / out * in, weight + channel * conv->taps,
                                      channel, pixel / w->out[2], pixel % w->out[2], &size);
    if (fabs((double)y[i] - exact) > 1e-6 * size)
      fail_msg("element %lld is %.9g, expected %.9g", (long long)i, (double)y[i], exact);
  }
  hrs_conv_direct_run(conv, 1, x, weight, NULL, y, workspace);
  double size = 1e-30, exact = plain(conv, x, weight, 0, 0, 0, &size);
  assert_true(fabs((double)y[0] - exact) <= 1e-6 * size);
  hrs_free(x);
  hrs_free(weight);
  hrs_free(bias);
  hrs_free(y);
  hrs_free(workspace);
}

static void test_random(void **state) {
  (void)state;
  int checked = 0;
  for (state_ = 1; checked < 400 && state_ != 0;) {
    hrs_conv conv;
    if (!random_conv(&conv)) continue;
    /* Narrow rows are not chosen for it, but must come out right all the same. */
    hrs_conv wide = conv;
    wide.window.out[2] = 64;
    if (!hrs_conv_direct_fits(&wide)) {
      printf("SKIPPED: this processor has no direct convolution\n");
      skip();
    }
    check(&conv);
    checked++;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
