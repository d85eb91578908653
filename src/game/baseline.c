/* Baselines of network games: what stands in the place of players that are absent. */
#include "internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct baseline_request {
  const char *spec;     /* the whole option */
  const char *argument; /* what follows the colon */
  const hrs_array *samples;
  hrs_layout layout;
  const hrs_array *file;
} baseline_request;

/* One sample's shape is that of the samples without their first axis. */
static int sample_rank(const baseline_request *r) {
  return r->samples->rank - 1;
}

static const hrs_count *sample_dim(const baseline_request *r) {
  return r->samples->dim + 1;
}

/* One number everywhere. */
static hrs_status fill(const baseline_request *r, double value, hrs_array *out) {
  unsigned char element[8];
  double back;
  hrs_dtype type = r->samples->type;
  size_t size = hrs_dtype_size(type);
  HRS_TRY(hrs_convert(HRS_F64, &value, type, element, 1));
  HRS_TRY(hrs_convert(type, element, HRS_F64, &back, 1));
  HRS_REQUIRE(hrs_is_real(type) ? isfinite(back) : back == value, USAGE,
              "--baseline %s: the input's type %s cannot hold %g", r->spec, hrs_dtype_name(type),
              value);
  HRS_TRY(hrs_array_create(type, sample_rank(r), sample_dim(r), out));
  hrs_count count = hrs_array_count(out);
  char *at = out->data;
  for (hrs_count i = 0; i < count; i++, at += size)
    memcpy(at, element, size);
  return HRS_OK;
}

static hrs_status zero(const baseline_request *r, hrs_array *out) {
  return fill(r, 0, out);
}

static hrs_status constant(const baseline_request *r, hrs_array *out) {
  double value;
  HRS_REQUIRE(hrs_parse_real(r->argument, &value), USAGE, "--baseline %s: '%s' is no number",
              r->spec, r->argument);
  return fill(r, value, out);
}

static hrs_status token(const baseline_request *r, hrs_array *out) {
  hrs_count id;
  HRS_REQUIRE(hrs_parse_count(r->argument, &id), USAGE,
              "--baseline %s: '%s' is no token number (token:ID)", r->spec, r->argument);
  HRS_REQUIRE(!hrs_is_real(r->samples->type), USAGE,
              "--baseline %s is for inputs of integers; this one holds %s (use value:X)", r->spec,
              hrs_dtype_name(r->samples->type));
  HRS_REQUIRE(id > -((hrs_count)1 << 53) && id < (hrs_count)1 << 53, USAGE,
              "--baseline %s: the number is too large", r->spec);
  return fill(r, (double)id, out);
}

static hrs_status wrong_shape(const baseline_request *r, const char *expected) {
  char found[HRS_SHAPE_TEXT], wanted[HRS_SHAPE_TEXT];
  HRS_FAIL(INPUT,
           "--baseline %s: the array's shape is %s; the masked tensor's shape %s was "
           "expected%s",
           r->spec, hrs_shape_text(r->file->rank, r->file->dim, found, sizeof found),
           hrs_shape_text(sample_rank(r), sample_dim(r), wanted, sizeof wanted), expected);
}

static hrs_status check_finite(const baseline_request *r, const double *value, hrs_count count) {
  for (hrs_count i = 0; i < count; i++)
    HRS_REQUIRE(isfinite(value[i]), INPUT, "--baseline %s: element %lld is %g", r->spec,
                (long long)i, value[i]);
  return HRS_OK;
}

/* Mean over the first axis, in double. */
static hrs_status mean(const baseline_request *r, hrs_array *out) {
  const hrs_array *file = r->file;
  HRS_REQUIRE(file, INTERNAL, "--baseline %s: the array was not loaded", r->spec);
  HRS_REQUIRE(hrs_is_real(r->samples->type) || r->samples->type == HRS_U8, USAGE,
              "--baseline %s: a mean of %s numbers has no meaning here (use token:ID)", r->spec,
              hrs_dtype_name(r->samples->type));
  if (file->rank < 1 || file->dim[0] < 1 ||
      !hrs_shape_fits(file->rank - 1, file->dim + 1, sample_rank(r), sample_dim(r)))
    return wrong_shape(r, " behind an axis to average over");
  HRS_TRY(hrs_array_create(r->samples->type, sample_rank(r), sample_dim(r), out));
  hrs_count count = hrs_array_count(out);
  size_t row = (size_t)count * hrs_dtype_size(file->type);
  double *sum = NULL, *one = NULL;
  hrs_status status;
  HRS_GO(hrs_calloc(count, sizeof *sum, &sum));
  HRS_GO(hrs_alloc(count, sizeof *one, &one));
  for (hrs_count k = 0; k < file->dim[0]; k++) {
    HRS_GO(
        hrs_convert(file->type, (const char *)file->data + (size_t)k * row, HRS_F64, one, count));
    for (hrs_count i = 0; i < count; i++)
      sum[i] += one[i];
  }
  for (hrs_count i = 0; i < count; i++) {
    sum[i] /= (double)file->dim[0];
    if (!hrs_is_real(out->type)) sum[i] = nearbyint(sum[i]);
  }
  HRS_GO(check_finite(r, sum, count));
  if (hrs_is_real(out->type)) {
    HRS_GO(hrs_convert(HRS_F64, sum, out->type, out->data, count));
  } else {
    hrs_count bad;
    HRS_GO(hrs_convert_whole(HRS_F64, sum, out->type, out->data, count, &bad));
  }
done:
  hrs_free(sum);
  hrs_free(one);
  return status;
}

hrs_status hrs_baseline_tensor_form(const char *spec, const hrs_array *file,
                                    const hrs_array *samples, hrs_count all, bool *per_sample) {
  const hrs_shape shape = {samples->rank - 1, samples->dim + 1};
  char what[512];
  snprintf(what, sizeof what, "--baseline %s", spec);
  return hrs_beside_form(what, file, 1, &shape, all, samples->dim[0], per_sample);
}

static hrs_status tensor(const baseline_request *r, hrs_array *out) {
  const hrs_array *file = r->file;
  HRS_REQUIRE(file, INTERNAL, "--baseline %s: the array was not loaded", r->spec);
  HRS_REQUIRE(hrs_is_real(r->samples->type) || !hrs_is_real(file->type), INPUT,
              "--baseline %s holds %s; the masked tensor holds %s", r->spec,
              hrs_dtype_name(file->type), hrs_dtype_name(r->samples->type));
  bool many;
  HRS_TRY(hrs_baseline_tensor_form(r->spec, file, r->samples, r->samples->dim[0], &many));
  HRS_TRY(hrs_array_create(r->samples->type, many ? r->samples->rank : sample_rank(r),
                           many ? r->samples->dim : sample_dim(r), out));
  hrs_count count = hrs_array_count(out), bad;
  if (!hrs_is_real(out->type)) {
    hrs_status whole = hrs_convert_whole(file->type, file->data, out->type, out->data, count, &bad);
    return whole == HRS_OK
               ? HRS_OK
               : hrs_error_context(whole, "--baseline %s: element %lld", r->spec, (long long)bad);
  }
  HRS_TRY(hrs_convert(file->type, file->data, out->type, out->data, count));
  double *wide;
  HRS_TRY(hrs_alloc(count, sizeof *wide, &wide));
  hrs_status status = hrs_convert(out->type, out->data, HRS_F64, wide, count);
  if (status == HRS_OK) status = check_finite(r, wide, count);
  hrs_free(wide);
  return status;
}

/* ---- blur: a separable Gaussian along all places, edges repeated, cut at 4 sigma ---- */

enum { MAX_RADIUS = 4096 };

static void blur_line(const double *weight, hrs_count radius, const double *in, hrs_count size,
                      double *out) {
  for (hrs_count i = 0; i < size; i++) {
    double sum = weight[0] * in[i];
    for (hrs_count k = 1; k <= radius; k++) {
      double before = in[i >= k ? i - k : 0], after = in[i + k < size ? i + k : size - 1];
      sum += weight[k] * (before + after);
    }
    out[i] = sum;
  }
}

static void blur_axis(const double *weight, hrs_count radius, int rank, const hrs_count *dim,
                      int axis, double *data, double *line) {
  hrs_count outer, size, inner;
  hrs_axis_spans(rank, dim, axis, &outer, &size, &inner);
  for (hrs_count o = 0; o < outer; o++) {
    for (hrs_count i = 0; i < inner; i++) {
      double *start = data + o * size * inner + i;
      for (hrs_count k = 0; k < size; k++)
        line[k] = start[k * inner];
      blur_line(weight, radius, line, size, line + size);
      for (hrs_count k = 0; k < size; k++)
        start[k * inner] = line[size + k];
    }
  }
}

static void gaussian(double sigma, hrs_count radius, double *weight) {
  double sum = 0;
  for (hrs_count k = 0; k <= radius; k++) {
    weight[k] = exp(-0.5 * (double)(k * k) / (sigma * sigma));
    sum += k ? 2 * weight[k] : weight[k];
  }
  for (hrs_count k = 0; k <= radius; k++)
    weight[k] /= sum;
}

static hrs_status blur(const baseline_request *r, hrs_array *out) {
  double sigma;
  HRS_REQUIRE(
      hrs_parse_real(r->argument, &sigma) && sigma > 0 && sigma <= MAX_RADIUS / 4.0, USAGE,
      "--baseline %s: sigma must be a number of pixels (positions, voxels) above 0, at most %d",
      r->spec, MAX_RADIUS / 4);
  HRS_REQUIRE(hrs_is_real(r->samples->type), USAGE,
              "--baseline %s: numbers of type %s cannot be blurred", r->spec,
              hrs_dtype_name(r->samples->type));
  hrs_axes axes;
  char what[96];
  snprintf(what, sizeof what, "--baseline %s", r->spec);
  HRS_TRY(hrs_axes_find(what, sample_rank(r), sample_dim(r), r->layout, &axes));
  hrs_count radius = (hrs_count)(4 * sigma + 0.5);
  double weight[MAX_RADIUS + 1], *line = NULL;
  gaussian(sigma, radius, weight);
  HRS_TRY(hrs_array_copy(r->samples, out));
  HRS_TRY(hrs_array_convert(out, HRS_F64));
  hrs_count longest = 0;
  for (int i = axes.first; i < axes.first + axes.places; i++)
    if (sample_dim(r)[i] > longest) longest = sample_dim(r)[i];
  HRS_TRY(hrs_alloc(2 * longest, sizeof *line, &line));
  for (int i = axes.first; i < axes.first + axes.places; i++)
    blur_axis(weight, radius, out->rank, out->dim, i + 1, out->data, line);
  hrs_free(line);
  return hrs_array_convert(out, r->samples->type);
}

static const struct {
  const char *name;
  hrs_status (*create)(const baseline_request *request, hrs_array *out);
} forms[] = {{"zero", zero},      {"value:", constant}, {"mean:", mean},
             {"tensor:", tensor}, {"blur:", blur},      {"token:", token}};

hrs_status hrs_baseline_create(const char *spec, const hrs_array *samples, hrs_layout layout,
                               const hrs_array *file, hrs_array *out) {
  memset(out, 0, sizeof *out);
  HRS_ASSERT(samples->rank >= 1);
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    size_t length = strlen(forms[i].name);
    bool open = forms[i].name[length - 1] == ':';
    if (open ? strncmp(spec, forms[i].name, length) : strcmp(spec, forms[i].name)) continue;
    baseline_request request = {spec, spec + length, samples, layout, file};
    hrs_status status = forms[i].create(&request, out);
    if (status != HRS_OK) {
      hrs_array_destroy(out);
      return hrs_error_trace(status, __FILE__, __LINE__);
    }
    return HRS_OK;
  }
  HRS_FAIL(USAGE,
           "--baseline %s is not known; use zero, value:X, mean:FILE.npy, tensor:FILE.npy, "
           "blur:SIGMA or token:ID",
           spec);
}
