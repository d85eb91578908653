/*
 * Runs ONNX test cases, folders with model.onnx and data sets of input_k.pb and output_k.pb.
 *
 *   run_node [--verbose] [--case NAME] GROUP=FOLDER...
 *   run_node --markdown GROUP=FOLDER...           docs/operators.md, on standard output
 *   run_node --check docs/operators.md GROUP=...  fails where that file is not up to date
 *   run_node --attributes                         rows of the table, and attributes that they take
 *
 * FOLDER holds the cases of a group. Each case is evaluated
 *   - with inputs that do not vary, so that the whole network is folded;
 *   - with inputs that vary, three instances: the first and the last have the case's values and
 *     must give its outputs; in the second, numbers that are no indices are rotated by one place,
 *     and it must give what the rotated inputs give alone.
 * Cases of operator set 6, which is before ours, are run as set 7 where nothing that they use
 * changed. Three cases are compared with other values than the stored ones (node_scope.c). A case
 * that has an operator that is not claimed, or that asks for something outside our scope, is
 * skipped with a reason; every other case must pass. Prints a line per failure and a summary, or
 * with
 * --markdown the tables of docs/operators.md. Exit code 0 if nothing failed, else 1.
 */
#include <harsanyi/network.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network/weights.h"
#include "node_suite.h"

enum { MOST_TENSORS = 24, INSTANCES = 3 };

/* The tolerances of ONNX's own runner. Its files with bfloat16 were truncated, not rounded, and so
 * may be one unit off. Among our own cases are sums of large terms that come out near 0. */
static const double relative = 1e-3, absolute = 1e-7, relative_bfloat16 = 0x1p-7, of_largest = 1e-6;

typedef struct tensor_file {
  hrs_array array;
  bool is_text;
} tensor_file;

static int by_name(const void *a, const void *b) {
  const node_case *x = a, *y = b;
  int group = strcmp(x->group, y->group);
  return group ? group : strcmp(x->name, y->name);
}

/* ---- files ---- */

static bool file_exists(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file) fclose(file);
  return file != NULL;
}

static hrs_status read_tensor(const char *path, tensor_file *out) {
  unsigned char *bytes = NULL;
  hrs_count size;
  HRS_TRY(hrs_file_read(path, (hrs_count)1 << 30, &bytes, &size));
  Onnx__TensorProto *proto = onnx__tensor_proto__unpack(NULL, (size_t)size, bytes);
  hrs_free(bytes);
  HRS_REQUIRE(proto, INPUT, "%s is no tensor", path);
  hrs_status status = HRS_OK;
  if (proto->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__STRING)
    out->is_text = true;
  else
    status = hrs_weights_read(proto, path, NULL, &out->array);
  onnx__tensor_proto__free_unpacked(proto, NULL);
  return status;
}

/* ---- comparing ---- */

static bool is_half(hrs_dtype type) {
  return type == HRS_F16 || type == HRS_BF16;
}

/* Compare one instance with the expected values. */
static hrs_status compare(node_case *c, const char *what, const hrs_array *expected,
                          const hrs_tensor_info *info, const void *values) {
  /* Half precision is computed, and given back, in single precision. */
  hrs_dtype type = is_half(expected->type) ? HRS_F32 : expected->type;
  HRS_REQUIRE(info->type == type, VERIFY, "%s has type %s, expected %s", what,
              hrs_dtype_name(info->type), hrs_dtype_name(type));
  char got[HRS_SHAPE_TEXT], wanted[HRS_SHAPE_TEXT];
  bool same = info->rank == expected->rank;
  for (int i = 0; same && i < info->rank; i++)
    same = info->dim[i] == expected->dim[i];
  HRS_REQUIRE(same, VERIFY, "%s has shape %s, expected %s", what,
              hrs_shape_text(info->rank, info->dim, got, sizeof got),
              hrs_shape_text(expected->rank, expected->dim, wanted, sizeof wanted));
  hrs_count n = hrs_array_count(expected);
  double *a = NULL, *b = NULL;
  hrs_status status = HRS_OK;
  HRS_GO(hrs_alloc(n, sizeof *a, &a));
  HRS_GO(hrs_alloc(n, sizeof *b, &b));
  HRS_GO(hrs_convert(expected->type, expected->data, HRS_F64, a, n));
  HRS_GO(hrs_convert(info->type, values, HRS_F64, b, n));
  double least = absolute, share = expected->type == HRS_BF16 ? relative_bfloat16 : relative;
  for (hrs_count i = 0; i < n && strcmp(c->group, SUITE_OWN) == 0; i++)
    if (isfinite(a[i]) && of_largest * fabs(a[i]) > least) least = of_largest * fabs(a[i]);
  for (hrs_count i = 0; i < n && status == HRS_OK; i++) {
    if (a[i] == b[i] || (isnan(a[i]) && isnan(b[i]))) continue;
    double difference = fabs(a[i] - b[i]) / (least + share * fabs(a[i]));
    if (!(difference <= 1))
      status =
          hrs_error_set(HRS_STATUS_VERIFY, __FILE__, __LINE__,
                        "%s, element %lld: %.9g, expected %.9g", what, (long long)i, b[i], a[i]);
    else if (difference > c->error)
      c->error = difference;
  }
done:
  hrs_free(a);
  hrs_free(b);
  return status;
}

/* ---- running ---- */

typedef struct data_set {
  tensor_file input[MOST_TENSORS], output[MOST_TENSORS];
  int n_inputs, n_outputs;
} data_set;

static hrs_status read_set(const char *folder, data_set *set) {
  char path[1200];
  for (set->n_inputs = 0; set->n_inputs < MOST_TENSORS; set->n_inputs++) {
    snprintf(path, sizeof path, "%s/input_%d.pb", folder, set->n_inputs);
    if (!file_exists(path)) break;
    HRS_TRY(read_tensor(path, &set->input[set->n_inputs]));
  }
  for (set->n_outputs = 0; set->n_outputs < MOST_TENSORS; set->n_outputs++) {
    snprintf(path, sizeof path, "%s/output_%d.pb", folder, set->n_outputs);
    if (!file_exists(path)) break;
    HRS_TRY(read_tensor(path, &set->output[set->n_outputs]));
  }
  return HRS_OK;
}

/* Debian's files store bfloat16 tensors under the type uint16: what the model declares holds. */
static bool declares_bfloat16(const hrs_tensor_info *info, const hrs_array *array) {
  return info->type == HRS_BF16 && array->type == HRS_U16;
}

static void mend_types(const hrs_model *model, data_set *set) {
  for (int i = 0; i < set->n_inputs && i < hrs_model_inputs(model); i++)
    if (declares_bfloat16(hrs_model_input(model, i), &set->input[i].array))
      set->input[i].array.type = HRS_BF16;
  for (int i = 0; i < set->n_outputs && i < hrs_model_outputs(model); i++)
    if (declares_bfloat16(hrs_model_output(model, i), &set->output[i].array))
      set->output[i].array.type = HRS_BF16;
}

static void free_set(data_set *set) {
  for (int i = 0; i < set->n_inputs; i++)
    hrs_array_destroy(&set->input[i].array);
  for (int i = 0; i < set->n_outputs; i++)
    hrs_array_destroy(&set->output[i].array);
}

static bool is_real(hrs_dtype type) {
  return type == HRS_F32 || type == HRS_F64 || is_half(type);
}

static hrs_status open_session(const hrs_model *model, const data_set *set, unsigned varying,
                               hrs_session **out) {
  hrs_feed feed[MOST_TENSORS];
  const char *fetch[MOST_TENSORS];
  HRS_REQUIRE(set->n_inputs <= hrs_model_inputs(model), VERIFY, "%d inputs for a network of %d",
              set->n_inputs, hrs_model_inputs(model));
  for (int i = 0; i < set->n_inputs; i++) {
    const hrs_array *array = &set->input[i].array;
    feed[i] = (hrs_feed){.name = hrs_model_input(model, i)->name,
                         .type = array->type,
                         .rank = array->rank,
                         .varies = varying >> i & 1};
    memcpy(feed[i].dim, array->dim, sizeof feed[i].dim);
    if (!feed[i].varies) feed[i].data = array->data;
  }
  for (int i = 0; i < set->n_outputs; i++)
    fetch[i] = hrs_model_output(model, i)->name;
  return hrs_session_create(model, set->n_inputs, feed, set->n_outputs, fetch, INSTANCES, out);
}

static void copy_rotated(void *to, const hrs_array *from, bool rotate) {
  size_t size = hrs_dtype_size(from->type), n = (size_t)hrs_array_count(from);
  if (n == 0) return;
  size_t shift = rotate && is_real(from->type) ? 1 : 0;
  memcpy(to, (const char *)from->data + shift * size, (n - shift) * size);
  memcpy((char *)to + (n - shift) * size, from->data, shift * size);
}

/* Outputs of the rotated inputs alone. */
static hrs_status run_rotated(const hrs_model *model, const data_set *set, hrs_array *out) {
  data_set turned = *set;
  hrs_session *session = NULL;
  hrs_status status = HRS_OK;
  memset(turned.input, 0, sizeof turned.input);
  for (int i = 0; i < set->n_inputs; i++) {
    HRS_GO(hrs_array_copy(&set->input[i].array, &turned.input[i].array));
    copy_rotated(turned.input[i].array.data, &set->input[i].array, true);
  }
  HRS_GO(open_session(model, &turned, 0, &session));
  HRS_GO(hrs_session_run(session, 1));
  for (int i = 0; i < set->n_outputs; i++) {
    const hrs_tensor_info *info = hrs_session_fetch_info(session, i);
    hrs_count step;
    HRS_GO(hrs_array_create(info->type, info->rank, info->dim, &out[i]));
    memcpy(out[i].data, hrs_session_fetch(session, i, &step),
           (size_t)hrs_array_count(&out[i]) * hrs_dtype_size(info->type));
  }
done:
  hrs_session_destroy(&session);
  for (int i = 0; i < set->n_inputs; i++)
    hrs_array_destroy(&turned.input[i].array);
  return status;
}

static hrs_status run_varying(const hrs_model *model, hrs_session *session, const data_set *set,
                              unsigned varying, node_case *c) {
  hrs_array turned[MOST_TENSORS] = {{0}};
  hrs_status status = HRS_OK;
  /* Random indices may be wrong ones for the rotated numbers: then the middle one is not turned. */
  bool rotate = varying == (1u << set->n_inputs) - 1 && run_rotated(model, set, turned) == HRS_OK;
  for (int i = 0; i < set->n_inputs; i++) {
    if (!(varying >> i & 1)) continue;
    const hrs_array *array = &set->input[i].array;
    hrs_count bytes = hrs_array_count(array) * (hrs_count)hrs_dtype_size(array->type);
    for (int b = 0; b < INSTANCES; b++)
      copy_rotated((char *)hrs_session_feed_buffer(session, i) + b * bytes, array,
                   rotate && b == 1);
  }
  HRS_GO(hrs_session_run(session, INSTANCES));
  for (int i = 0; i < set->n_outputs; i++) {
    hrs_count step;
    const char *values = hrs_session_fetch(session, i, &step);
    const hrs_tensor_info *info = hrs_session_fetch_info(session, i);
    if (step != 0) c->instances = INSTANCES;
    for (int b = 0; b < (step ? INSTANCES : 1); b++) {
      char what[64];
      snprintf(what, sizeof what, "output %d, instance %d of %d", i, b, INSTANCES);
      HRS_GO(compare(c, what, rotate && b == 1 ? &turned[i] : &set->output[i].array, info,
                     values + b * step * (hrs_count)hrs_dtype_size(info->type)));
    }
  }
done:
  for (int i = 0; i < set->n_outputs; i++)
    hrs_array_destroy(&turned[i]);
  return status;
}

static hrs_status run_set(node_case *c, const hrs_model *model, const data_set *set) {
  hrs_session *session = NULL;
  hrs_status status = HRS_OK;
  unsigned all = (1u << set->n_inputs) - 1, real = 0;
  HRS_REQUIRE(set->n_outputs > 0 && set->n_outputs <= hrs_model_outputs(model), VERIFY,
              "%d outputs for a network of %d", set->n_outputs, hrs_model_outputs(model));
  for (int i = 0; i < set->n_inputs; i++)
    if (is_real(set->input[i].array.type)) real |= 1u << i;
  HRS_GO(open_session(model, set, 0, &session));
  HRS_GO(hrs_session_run(session, 1));
  for (int i = 0; i < set->n_outputs; i++) {
    char what[32];
    hrs_count step;
    snprintf(what, sizeof what, "output %d", i);
    HRS_GO(compare(c, what, &set->output[i].array, hrs_session_fetch_info(session, i),
                   hrs_session_fetch(session, i, &step)));
  }
  /* What decides on shapes cannot vary: then all real numbers do, then the first input alone. */
  const unsigned tries[] = {all, real, 1};
  for (int k = 0; k < 3; k++) {
    hrs_session_destroy(&session);
    if (tries[k] == 0 || tries[k] > all) continue;
    status = open_session(model, set, tries[k], &session);
    if (status == HRS_OK) {
      HRS_GO(run_varying(model, session, set, tries[k], c));
      break;
    }
  }
  status = HRS_OK;
done:
  hrs_session_destroy(&session);
  return status;
}

static hrs_status run_sets(node_case *c, const hrs_model *model) {
  int sets = 0;
  for (int k = 0;; k++, sets++) {
    char folder[1100];
    data_set set = {0};
    snprintf(folder, sizeof folder, "%s/test_data_set_%d/input_0.pb", c->path, k);
    bool there = file_exists(folder);
    snprintf(folder, sizeof folder, "%s/test_data_set_%d/output_0.pb", c->path, k);
    if (!there && !file_exists(folder)) break;
    snprintf(folder, sizeof folder, "%s/test_data_set_%d", c->path, k);
    hrs_status status = read_set(folder, &set);
    mend_types(model, &set);
    if (status == HRS_OK) status = suite_correct(c, &set.output[0].array);
    if (status == HRS_OK) status = run_set(c, model, &set);
    free_set(&set);
    HRS_TRY(status);
  }
  HRS_REQUIRE(sets > 0, VERIFY, "no test data");
  return HRS_OK;
}

static void run_case(node_case *c) {
  c->result = SKIPPED;
  c->instances = 1;
  if (!suite_in_scope(c)) return;
  char path[1100];
  snprintf(path, sizeof path, "%s/model.onnx", c->path);
  hrs_count before = hrs_memory_current();
  hrs_model *model = NULL;
  static const hrs_reader reader = {.read = suite_read_as_set_7};
  hrs_status status = hrs_model_load(path, c->as_set_7 ? &reader : NULL, &model);
  if (status == HRS_OK) status = run_sets(c, model);
  hrs_model_destroy(&model);
  c->result = status == HRS_OK ? PASSED : FAILED;
  snprintf(c->note, sizeof c->note, "%s", status == HRS_OK ? "" : hrs_error_message());
  if (status == HRS_OK && hrs_memory_current() != before) {
    c->result = FAILED;
    snprintf(c->note, sizeof c->note, "%lld bytes were not freed",
             (long long)(hrs_memory_current() - before));
  }
}

/* ---- the suite ---- */

static hrs_status find_cases(suite *s, const char *group, const char *folder) {
  DIR *dir = opendir(folder);
  HRS_REQUIRE(dir, INPUT, "%s: no such folder", folder);
  hrs_status status = HRS_OK;
  for (struct dirent *entry; status == HRS_OK && (entry = readdir(dir));) {
    char path[1100];
    if (entry->d_name[0] == '.' || (s->only && strcmp(s->only, entry->d_name) != 0)) continue;
    snprintf(path, sizeof path, "%s/%.200s/model.onnx", folder, entry->d_name);
    if (!file_exists(path)) continue;
    if (s->n == s->room) {
      s->room = s->room ? 2 * s->room : 256;
      status = hrs_realloc(&s->cases, s->room, sizeof *s->cases);
      if (status != HRS_OK) break;
    }
    node_case *c = &s->cases[s->n++];
    *c = (node_case){.group = group};
    snprintf(c->name, sizeof c->name, "%.200s", entry->d_name);
    snprintf(c->path, sizeof c->path, "%.700s/%.200s", folder, entry->d_name);
  }
  closedir(dir);
  return status;
}

static void print_plain(const suite *s) {
  int batched = 0, exact = 0;
  for (int i = 0; i < s->n; i++) {
    const node_case *c = &s->cases[i];
    if (c->result == FAILED) printf("FAILED %s/%s: %s\n", c->group, c->name, c->note);
    if (s->verbose && c->result == SKIPPED)
      printf("skipped %s/%s: %s\n", c->group, c->name, c->note);
    if (s->verbose && c->result == PASSED)
      printf("passed %s/%s: %d instance(s), %.3g of the tolerance\n", c->group, c->name,
             c->instances, c->error);
    batched += c->result == PASSED && c->instances > 1;
    exact += c->result == PASSED && c->error <= 0.01;
  }
  printf("%d passed, %d failed, %d skipped (%d with varying inputs, %d within a hundredth of the "
         "tolerance)\n",
         suite_count(s, NULL, PASSED), suite_count(s, NULL, FAILED), suite_count(s, NULL, SKIPPED),
         batched, exact);
}

static int print_attributes(void) {
  for (int i = 0; hrs_operator_at(i); i++) {
    const hrs_operator *row = hrs_operator_at(i);
    const char *attributes = row->facts.attributes;
    printf("%s %d %d %s\n", row->name, row->since, row->until, attributes ? attributes : "");
  }
  return 0;
}

int main(int argc, char **argv) {
  suite s = {0};
  bool markdown = false;
  const char *check = NULL;
  hrs_blas_single_thread();
  for (int i = 1; i < argc; i++) {
    char *equals = strchr(argv[i], '=');
    if (strcmp(argv[i], "--attributes") == 0) return print_attributes();
    if (strcmp(argv[i], "--verbose") == 0) {
      s.verbose = true;
    } else if (strcmp(argv[i], "--markdown") == 0) {
      markdown = true;
    } else if (strcmp(argv[i], "--check") == 0 && i + 1 < argc) {
      check = argv[++i];
    } else if (strcmp(argv[i], "--case") == 0 && i + 1 < argc) {
      s.only = argv[++i];
    } else if (equals) {
      *equals = '\0';
      if (find_cases(&s, argv[i], equals + 1) != HRS_OK) {
        fprintf(stderr, "%s\n", hrs_error_message());
        return 64;
      }
    } else {
      fprintf(stderr, "%s: what is %s?\n", argv[0], argv[i]);
      return 64;
    }
  }
  if (s.n > 0) qsort(s.cases, (size_t)s.n, sizeof *s.cases, by_name);
  for (int i = 0; i < s.n; i++)
    run_case(&s.cases[i]);
  bool stale = check && !suite_is_up_to_date(&s, check);
  if (markdown)
    suite_write_markdown(&s, stdout);
  else
    print_plain(&s);
  int failed = suite_count(&s, NULL, FAILED);
  hrs_free(s.cases);
  return failed > 0 || s.n == 0 || stale;
}
