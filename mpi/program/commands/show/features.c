/* `harsanyi show` of features: the layers, and what their values are like. Values are read once,
 * piece by piece, and no more than a piece stands in memory. */
#include "json_text.h"
#include "mpi/program/log.h"
#include "parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct layer {
  char *name;
  int32_t depth;
  double relative_depth;
  int64_t units;
  const hrs_found *array;
  hrs_count count, zero, not_finite; /* values, of which so many are 0, or no number */
  double mean, squares;              /* of the rest; sum of squares about the mean */
} layer;

typedef struct summary {
  hrs_reading *reading;
  char *network;
  hrs_count samples;
  int layers;
  layer *layer;
} summary;

/* ---- values --------------------------------------------------------------------------------- */

/* Take in a piece: means and squares of two parts make those of both. */
static void add(layer *l, const double *value, hrs_count count) {
  hrs_count finite = 0, before = l->count - l->not_finite;
  double mean = 0, squares = 0;
  for (hrs_count i = 0; i < count; i++) {
    if (!isfinite(value[i])) continue;
    double off = value[i] - mean;
    mean += off / (double)++finite;
    squares += off * (value[i] - mean);
    l->zero += value[i] == 0;
  }
  l->count += count;
  l->not_finite += count - finite;
  if (finite == 0) return;
  double off = mean - l->mean, all = (double)(before + finite);
  l->squares += squares + off * off * (double)before * (double)finite / all;
  l->mean += off * (double)finite / all;
}

static hrs_status summarise(const summary *s, layer *l) {
  enum { PIECE = 1 << 16 };
  const hrs_h5_array *stored = &l->array->stored;
  hrs_count all = 1, step;
  double *value;
  for (int i = 0; i < stored->rank; i++)
    HRS_TRY(hrs_multiply(all, stored->dim[i], "elements", &all));
  HRS_TRY(hrs_alloc(PIECE, sizeof *value, &value));
  hrs_status status = HRS_OK;
  for (hrs_count at = 0; at < all && status == HRS_OK; at += step) {
    step = all - at < PIECE ? all - at : PIECE;
    status = hrs_h5_reader_read(s->reading->reader, l->array->path, at, step, HRS_F64, value);
    if (status == HRS_OK) add(l, value, step);
  }
  hrs_free(value);
  return status;
}

static double share_of_zeros(const layer *l) {
  return l->count ? (double)l->zero / (double)l->count : 0;
}

static double deviation(const layer *l) {
  hrs_count finite = l->count - l->not_finite;
  return finite ? sqrt(l->squares / (double)finite) : 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

static hrs_status load_layer(summary *s, int index) {
  layer *l = &s->layer[index];
  char name[16], path[HRS_PATH_SIZE];
  bool there = false;
  snprintf(name, sizeof name, "%d", index);
  HRS_TRY(hrs_reading_look(s->reading, "/layers/%s/", name, &there));
  HRS_REQUIRE(there && hrs_object_path("/layers/%s/activations", name, path), INPUT,
              "%s has no activations of layer %d", s->reading->path, index);
  HRS_TRY(hrs_reading_read(s->reading, "/layers/depth", -1, index, 1, HRS_I32, &l->depth));
  HRS_TRY(hrs_reading_read(s->reading, "/layers/relative_depth", -1, index, 1, HRS_F64,
                           &l->relative_depth));
  return hrs_reading_read(s->reading, "/layers/units", -1, index, 1, HRS_I64, &l->units);
}

/* What is said of samples and units, against the arrays. */
static hrs_status check_numbers(const summary *s) {
  for (int l = 0; l < s->layers; l++) {
    const hrs_found *array = s->layer[l].array;
    hrs_count units = 1;
    HRS_REQUIRE(array->stored.dim[0] == s->samples, INPUT,
                "%s: %s has %lld samples, but n_samples is %lld", s->reading->path, array->path,
                (long long)array->stored.dim[0], (long long)s->samples);
    for (int i = 1; i < array->stored.rank; i++)
      HRS_TRY_CONTEXT(hrs_multiply(units, array->stored.dim[i], "units", &units), "%s: %s",
                      s->reading->path, array->path);
    HRS_REQUIRE(units == s->layer[l].units, INPUT,
                "%s: %s has %lld units, but /layers/units says %lld", s->reading->path, array->path,
                (long long)units, (long long)s->layer[l].units);
  }
  return HRS_OK;
}

static hrs_status load(summary *s) {
  hrs_count layers;
  char **name = NULL;
  int names = 0;
  HRS_TRY(hrs_reading_count(s->reading, "n_samples", 1, (hrs_count)1 << 53, &s->samples));
  HRS_TRY(hrs_reading_count(s->reading, "n_layers", 1, INT32_MAX, &layers));
  HRS_TRY(hrs_reading_text(s->reading, "/", "network", &s->network));
  HRS_TRY(hrs_reading_strings(s->reading, "/layers/name", &name, &names));
  s->layers = names;
  hrs_status status = hrs_calloc(names, sizeof *s->layer, &s->layer);
  for (int l = 0; l < names; l++) {
    if (status == HRS_OK)
      s->layer[l].name = name[l];
    else
      hrs_free(name[l]);
  }
  hrs_free(name);
  HRS_TRY(status);
  HRS_REQUIRE(names == layers, INPUT, "%s has names of %d layers, not of %lld", s->reading->path,
              names, (long long)layers);
  for (int l = 0; l < s->layers; l++)
    HRS_TRY(load_layer(s, l));
  for (int l = 0; l < s->layers; l++) {
    char path[HRS_PATH_SIZE];
    snprintf(path, sizeof path, "/layers/%d/activations", l);
    s->layer[l].array = hrs_reading_find(s->reading, path);
  }
  HRS_TRY(hrs_reading_check_lengths(s->reading));
  return check_numbers(s);
}

static void forget(summary *s) {
  for (int l = 0; s->layer && l < s->layers; l++)
    hrs_free(s->layer[l].name);
  hrs_free(s->layer);
  hrs_free(s->network);
}

/* ---- saying --------------------------------------------------------------------------------- */

static const char *shape_of(const layer *l, char *text, size_t size) {
  const hrs_h5_array *stored = &l->array->stored;
  return hrs_shape_text(stored->rank - 1, stored->dim + 1, text, size);
}

static hrs_status say_text(summary *s) {
  HRS_TRY(hrs_make_printable(&s->reading->path));
  HRS_TRY(hrs_make_printable(&s->reading->program_version));
  HRS_TRY(hrs_make_printable(&s->reading->git));
  hrs_show_file_text(s->reading);
  printf("features of %lld sample%s at %d layer%s\n", (long long)s->samples, hrs_plural(s->samples),
         s->layers, hrs_plural(s->layers));
  if (s->network) {
    HRS_TRY(hrs_make_printable(&s->network));
    hrs_print("network  %s\n", s->network);
  }
  hrs_print("\n%5s%6s%6s%11s%12s%8s  %-16s%s\n", "layer", "depth", "", "mean", "deviation", "zero",
            "shape", "tensor");
  for (int i = 0; i < s->layers; i++) {
    layer *l = &s->layer[i];
    char shape[HRS_SHAPE_TEXT];
    HRS_TRY(hrs_make_printable(&l->name));
    hrs_print("%5d%6d%6.2f%11.4g%12.4g%7.1f%%  %-16s%s\n", i, l->depth, l->relative_depth, l->mean,
              deviation(l), 100 * share_of_zeros(l), shape_of(l, shape, sizeof shape), l->name);
    if (l->not_finite)
      hrs_print("%11s%lld of %lld values are NaN or infinity and left out of these\n", "",
                (long long)l->not_finite, (long long)l->count);
  }
  return HRS_OK;
}

static void say_json(const summary *s) {
  hrs_json_begin(s->reading);
  printf(",\n \"kind\": \"features\", \"n_samples\": %lld, \"n_layers\": %d", (long long)s->samples,
         s->layers);
  if (s->network) {
    printf(", \"network\": ");
    hrs_json_text(s->network);
  }
  printf(",\n \"layers\": [");
  for (int i = 0; i < s->layers; i++) {
    const layer *l = &s->layer[i];
    char shape[HRS_SHAPE_TEXT];
    printf("%s{\"name\": ", i ? ",\n  " : "");
    hrs_json_text(l->name);
    printf(", \"depth\": %d, \"relative_depth\": ", l->depth);
    hrs_json_number(l->relative_depth);
    printf(", \"units\": %lld, \"shape\": %s, \"mean\": ", (long long)l->units,
           shape_of(l, shape, sizeof shape));
    hrs_json_number(l->mean);
    printf(", \"deviation\": ");
    hrs_json_number(deviation(l));
    printf(", \"zero\": ");
    hrs_json_number(share_of_zeros(l));
    printf(", \"not_finite\": %lld}", (long long)l->not_finite);
  }
  printf("]}\n");
}

static hrs_status show(hrs_reading *reading, const hrs_show_options *options) {
  summary s = {.reading = reading};
  HRS_REQUIRE(!options->row && !options->sample && !options->target && !options->orders &&
                  !options->check,
              USAGE, "%s holds features: of the options, --json alone is for these", reading->path);
  HRS_REQUIRE(reading->complete, INPUT,
              "%s is not complete: the run that wrote it ended before its end; run it again",
              reading->path);
  hrs_status status = load(&s);
  for (int l = 0; l < s.layers && status == HRS_OK; l++)
    status = summarise(&s, &s.layer[l]);
  if (status == HRS_OK && options->json) say_json(&s);
  if (status == HRS_OK && !options->json) status = say_text(&s);
  forget(&s);
  return status;
}

hrs_status hrs_show_features(hrs_reading **reading, const hrs_show_options *options) {
  hrs_status status = show(*reading, options);
  hrs_reading_close(reading);
  return status;
}
