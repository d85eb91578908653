/*
 * Runs mutated ONNX test cases: attributes, operator sets, shapes, integer inputs and the lists of
 * inputs and outputs of each case are changed at random, and the network is loaded and evaluated.
 * It may be refused or may give any result, but it must not crash, hang, leak, or fail with an
 * internal error. Meant for builds with sanitizers.
 *
 *   mutate_node [--rounds N] [--seed N] [--case NAME] [--verbose] FOLDER...
 */
#include <harsanyi/network.h>

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "network/graph.h"
#include "network/operator.h"
#include "network/weights.h"

enum { MOST_TENSORS = 24, INSTANCES = 2, SECONDS = 60 };

typedef struct run {
  long rounds, refused, evaluated, failures;
  uint64_t seed, state;
  const char *only;
  bool verbose;
} run;

typedef struct bytes {
  unsigned char *data;
  hrs_count size;
} bytes;

static uint64_t next(run *r) {
  /* splitmix64 */
  uint64_t z = r->state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static size_t below(run *r, size_t n) {
  return n ? (size_t)(next(r) % n) : 0;
}

/* ---- mutations ---- */

static int64_t odd_integer(run *r, int64_t old) {
  static const int64_t values[] = {-1,
                                   0,
                                   1,
                                   2,
                                   3,
                                   4,
                                   5,
                                   7,
                                   8,
                                   16,
                                   100,
                                   -2,
                                   -3,
                                   -100,
                                   1 << 16,
                                   (int64_t)1 << 31,
                                   (int64_t)1 << 40,
                                   INT64_MAX,
                                   INT64_MIN,
                                   INT32_MAX};
  size_t n = sizeof values / sizeof *values, choice = below(r, n + 4);
  return choice < n ? values[choice] : (int64_t)((uint64_t)old + (uint64_t)(choice - n) - 2u);
}

static float odd_float(run *r) {
  static const float values[] = {0,     -1,     1,   0.5f,     2,        1e-30f,
                                 1e30f, -1e30f, NAN, INFINITY, -INFINITY};
  return values[below(r, sizeof values / sizeof *values)];
}

static void set_text(ProtobufCBinaryData *text, const char *value) {
  text->len = strlen(value);
  text->data = realloc(text->data, text->len + 1);
  if (!text->data) exit(70);
  memcpy(text->data, value, text->len);
}

static void mutate_attribute(run *r, Onnx__AttributeProto *a) {
  static const char *const texts[] = {
      "",     "SAME_UPPER",    "SAME_LOWER", "VALID",   "reflect", "edge",
      "wrap", "linear",        "cubic",      "nearest", "reverse", "bidirectional",
      "tanh", "ij,jk->ik",     "...ii->...", "add",     "mul",     "max",
      "CRD",  "align_corners", "\xff"};
  size_t n_texts = sizeof texts / sizeof *texts;
  switch (a->type) {
  case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
    a->i = odd_integer(r, a->i);
    break;
  case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
    a->f = odd_float(r);
    break;
  case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
    set_text(&a->s, texts[below(r, n_texts)]);
    break;
  case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
    if (a->n_ints > 0 && below(r, 4) == 0)
      a->n_ints--;
    else if (a->n_ints > 0)
      a->ints[below(r, a->n_ints)] = odd_integer(r, a->ints[0]);
    break;
  case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
    if (a->n_floats > 0) a->floats[below(r, a->n_floats)] = odd_float(r);
    break;
  case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
    if (a->n_strings > 0) set_text(&a->strings[below(r, a->n_strings)], texts[below(r, n_texts)]);
    break;
  default:
    break;
  }
}

static void clear_text(char **text) {
  (*text)[0] = '\0';
}

static void mutate_node(run *r, Onnx__NodeProto *node) {
  switch (below(r, 8)) {
  case 0:
    if (node->n_input > 0) clear_text(&node->input[below(r, node->n_input)]);
    break;
  case 1:
    if (node->n_output > 1) clear_text(&node->output[below(r, node->n_output)]);
    break;
  case 2:
    if (node->n_input > 1) {
      size_t i = below(r, node->n_input), k = below(r, node->n_input);
      char *swap = node->input[i];
      node->input[i] = node->input[k];
      node->input[k] = swap;
    }
    break;
  default:
    if (node->n_attribute > 0) mutate_attribute(r, node->attribute[below(r, node->n_attribute)]);
  }
}

static void mutate_model(run *r, Onnx__ModelProto *model) {
  Onnx__GraphProto *graph = model->graph;
  if (below(r, 6) == 0 && model->n_opset_import > 0)
    model->opset_import[0]->version = 7 + (int64_t)below(r, 15);
  if (graph->n_node > 0) mutate_node(r, graph->node[below(r, graph->n_node)]);
  /* Shapes of inputs are what they are given: the file says nothing. */
  for (size_t i = 0; i < graph->n_input; i++) {
    Onnx__TypeProto *type = graph->input[i]->type;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE) continue;
    if (!type->tensor_type->shape) continue;
    onnx__tensor_shape_proto__free_unpacked(type->tensor_type->shape, NULL);
    type->tensor_type->shape = NULL;
  }
}

/* Change numbers or the shape of an input; the elements of a new shape are the old ones, repeated.
 */
static hrs_status mutate_input(run *r, hrs_array *array) {
  hrs_count n = hrs_array_count(array);
  size_t size = hrs_dtype_size(array->type);
  if (below(r, 2) == 0) {
    if (n == 0) return HRS_OK;
    int64_t value = odd_integer(r, 1);
    char *at = (char *)array->data + below(r, (size_t)n) * size;
    if (array->type == HRS_F32) {
      float odd = odd_float(r);
      memcpy(at, &odd, sizeof odd);
      return HRS_OK;
    }
    return hrs_convert(HRS_I64, &value, array->type, at, 1);
  }
  hrs_array old = *array, fresh = {0};
  switch (below(r, 4)) {
  case 0:
    if (old.rank > 0) old.rank--;
    break;
  case 1:
    if (old.rank < HRS_MAX_RANK) old.dim[old.rank++] = 1 + (hrs_count)below(r, 3);
    break;
  default:
    if (old.rank > 0) old.dim[below(r, (size_t)old.rank)] = (hrs_count)below(r, 6);
  }
  HRS_TRY(hrs_array_create(old.type, old.rank, old.dim, &fresh));
  hrs_count wanted = hrs_array_count(&fresh);
  for (hrs_count i = 0; i < wanted; i++) {
    if (n > 0)
      memcpy((char *)fresh.data + (size_t)i * size, (char *)old.data + (size_t)(i % n) * size,
             size);
    else
      memset((char *)fresh.data + (size_t)i * size, 0, size);
  }
  hrs_array_destroy(array);
  *array = fresh;
  return HRS_OK;
}

/* ---- running ---- */

static char now_running[1400];

static void too_slow(int signal) {
  (void)signal;
  static const char text[] = "FAILED, takes too long: ";
  if (write(1, text, sizeof text - 1) < 0 || write(1, now_running, strlen(now_running)) < 0)
    _exit(2);
  _exit(1);
}

static hrs_status give_bytes(void *self, const char *path, hrs_count limit, unsigned char **out,
                             hrs_count *size) {
  (void)path, (void)limit;
  const bytes *b = self;
  HRS_TRY(hrs_alloc(b->size, 1, out));
  memcpy(*out, b->data, (size_t)b->size);
  *size = b->size;
  return HRS_OK;
}

static hrs_status evaluate(const hrs_model *model, int n, const hrs_array *input,
                           unsigned varying) {
  hrs_feed feed[MOST_TENSORS];
  const char *fetch[MOST_TENSORS];
  hrs_session *session = NULL;
  hrs_status status = HRS_OK;
  int outputs = hrs_model_outputs(model);
  for (int i = 0; i < n; i++) {
    feed[i] = (hrs_feed){.name = hrs_model_input(model, i)->name,
                         .type = input[i].type,
                         .rank = input[i].rank,
                         .varies = varying >> i & 1};
    memcpy(feed[i].dim, input[i].dim, sizeof feed[i].dim);
    if (!feed[i].varies) feed[i].data = input[i].data;
  }
  for (int i = 0; i < outputs && i < MOST_TENSORS; i++)
    fetch[i] = hrs_model_output(model, i)->name;
  HRS_GO(hrs_session_create(model, n, feed, outputs < MOST_TENSORS ? outputs : MOST_TENSORS, fetch,
                            INSTANCES, &session));
  for (int i = 0; i < n; i++) {
    size_t size = (size_t)hrs_array_count(&input[i]) * hrs_dtype_size(input[i].type);
    for (int b = 0; b < INSTANCES && feed[i].varies && size > 0; b++)
      memcpy((char *)hrs_session_feed_buffer(session, i) + (size_t)b * size, input[i].data, size);
  }
  HRS_GO(hrs_session_run(session, INSTANCES));
done:
  hrs_session_destroy(&session);
  return status;
}

static void judge(run *r, const char *path, long round, hrs_status status, hrs_count before) {
  bool wrong = status == HRS_STATUS_INTERNAL || hrs_memory_current() != before;
  if (status == HRS_OK)
    r->evaluated++;
  else
    r->refused++;
  if (!wrong && !r->verbose) return;
  r->failures += wrong;
  printf("%s%s, round %ld of seed %llu: %s; %lld bytes left\n", wrong ? "FAILED " : "", path, round,
         (unsigned long long)r->seed, status == HRS_OK ? "evaluated" : hrs_error_message(),
         (long long)(hrs_memory_current() - before));
}

/* Inputs of the case, as many as the model has; fewer where files are missing. */
static int read_inputs(const char *folder, hrs_array *input) {
  int n = 0;
  for (; n < MOST_TENSORS; n++) {
    char path[1200];
    bytes file = {0};
    snprintf(path, sizeof path, "%s/test_data_set_0/input_%d.pb", folder, n);
    FILE *there = fopen(path, "rb");
    if (!there) break;
    fclose(there);
    if (hrs_file_read(path, (hrs_count)1 << 30, &file.data, &file.size) != HRS_OK) break;
    Onnx__TensorProto *proto = onnx__tensor_proto__unpack(NULL, (size_t)file.size, file.data);
    hrs_free(file.data);
    hrs_status status = proto ? hrs_weights_read(proto, path, NULL, &input[n]) : HRS_STATUS_INPUT;
    if (proto) onnx__tensor_proto__free_unpacked(proto, NULL);
    if (status != HRS_OK) break;
  }
  return n;
}

static void run_round(run *r, const char *folder, const bytes *file, long round) {
  Onnx__ModelProto *proto = onnx__model_proto__unpack(NULL, (size_t)file->size, file->data);
  if (!proto || !proto->graph) return;
  hrs_array input[MOST_TENSORS] = {{0}};
  hrs_count before = hrs_memory_current();
  int n = read_inputs(folder, input);
  mutate_model(r, proto);
  hrs_status status = HRS_OK;
  for (size_t k = below(r, 3); k > 0 && n > 0 && status == HRS_OK; k--)
    status = mutate_input(r, &input[below(r, (size_t)n)]);
  bytes packed = {.size = (hrs_count)onnx__model_proto__get_packed_size(proto)};
  packed.data = malloc((size_t)packed.size);
  if (!packed.data) exit(70);
  onnx__model_proto__pack(proto, packed.data);
  onnx__model_proto__free_unpacked(proto, NULL);
  hrs_reader reader = {.read = give_bytes, .self = &packed};
  hrs_model *model = NULL;
  if (status == HRS_OK) status = hrs_model_load(folder, &reader, &model);
  if (status == HRS_OK && n > hrs_model_inputs(model)) n = hrs_model_inputs(model);
  if (status == HRS_OK) status = evaluate(model, n, input, (unsigned)next(r));
  hrs_model_destroy(&model);
  free(packed.data);
  for (int i = 0; i < MOST_TENSORS; i++)
    hrs_array_destroy(&input[i]);
  judge(r, folder, round, status, before);
}

static bool run_folder(run *r, const char *folder) {
  DIR *dir = opendir(folder);
  if (!dir) return false;
  for (struct dirent *entry; (entry = readdir(dir));) {
    char path[1100], file_name[1200];
    bytes file = {0};
    if (entry->d_name[0] == '.' || (r->only && strcmp(r->only, entry->d_name) != 0)) continue;
    snprintf(path, sizeof path, "%.700s/%.200s", folder, entry->d_name);
    snprintf(file_name, sizeof file_name, "%s/model.onnx", path);
    if (hrs_file_read(file_name, (hrs_count)1 << 30, &file.data, &file.size) != HRS_OK) continue;
    /* Of the processor's time: a busy machine is nobody's fault. */
    const struct itimerval limit = {.it_value = {.tv_sec = SECONDS}};
    for (long round = 0; round < r->rounds; round++) {
      /* Each case has its own numbers, so that one can be repeated alone. */
      r->state = r->seed * 1000003u + (uint64_t)round;
      for (const char *c = entry->d_name; *c; c++)
        r->state = r->state * 31 + (unsigned char)*c;
      snprintf(now_running, sizeof now_running, "%s, round %ld of seed %llu\n", path, round,
               (unsigned long long)r->seed);
      setitimer(ITIMER_PROF, &limit, NULL);
      run_round(r, path, &file, round);
    }
    hrs_free(file.data);
  }
  closedir(dir);
  return true;
}

int main(int argc, char **argv) {
  run r = {.rounds = 20, .seed = 1};
  int folders = 0;
  hrs_session_limit = (hrs_count)1 << 28;
  hrs_blas_single_thread();
  signal(SIGPROF, too_slow);
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
      r.rounds = atol(argv[++i]);
    else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
      r.seed = (uint64_t)atoll(argv[++i]);
    else if (strcmp(argv[i], "--case") == 0 && i + 1 < argc)
      r.only = argv[++i];
    else if (strcmp(argv[i], "--verbose") == 0)
      r.verbose = true;
    else if (run_folder(&r, argv[i]))
      folders++;
    else
      fprintf(stderr, "%s: no such folder\n", argv[i]);
  }
  printf("%ld mutated networks evaluated, %ld refused, %ld failures\n", r.evaluated, r.refused,
         r.failures);
  return folders == 0 || r.failures > 0;
}
