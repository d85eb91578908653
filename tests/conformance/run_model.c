/*
 * Runs a network on the samples of a file and stores one output.
 *
 *   run_model [--batch N] [--fetch NAME] [--share] [--before-scores] [--time SECONDS]
 *             MODEL.onnx OUT.npy INPUT...
 *
 * INPUT is FILE for the network's first input, or NAME=FILE (as many as it has). Files have the
 * samples along the first axis, then the network's own shape. By default all inputs vary and N
 * samples are evaluated at a time (0: the session's own choice). With --share only the first input
 * varies: each sample is evaluated as N equal instances, which must agree, with the other inputs
 * shared by all. --time repeats the first batch for so many seconds of processor time and prints
 * instances per second.
 */
#include <harsanyi/network.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_INPUTS = 16 };

typedef struct options {
  const char *model, *out, *fetch;
  long batch;
  double seconds;
  bool share, before_scores;
} options;

typedef struct job {
  options o;
  hrs_model *model;
  hrs_session *session;
  hrs_array input[MOST_INPUTS];
  hrs_feed feed[MOST_INPUTS];
  hrs_count bytes[MOST_INPUTS]; /* of a sample */
  int n_inputs;
  hrs_count samples;
} job;

static hrs_status add_input(job *j, char *argument) {
  HRS_REQUIRE(j->n_inputs < MOST_INPUTS, USAGE, "more than %d inputs", MOST_INPUTS);
  char *equals = strchr(argument, '=');
  hrs_feed *feed = &j->feed[j->n_inputs];
  hrs_array *array = &j->input[j->n_inputs];
  if (equals) {
    *equals = '\0';
    feed->name = argument;
  } else {
    HRS_REQUIRE(hrs_model_inputs(j->model) > 0, INPUT, "the network has no input");
    feed->name = hrs_model_input(j->model, 0)->name;
  }
  HRS_TRY(hrs_array_load(equals ? equals + 1 : argument, array));
  j->n_inputs++;
  HRS_REQUIRE(array->rank > 0, INPUT, "%s: no sample axis", argument);
  feed->type = array->type;
  feed->rank = array->rank - 1;
  memcpy(feed->dim, array->dim + 1, sizeof *feed->dim * (size_t)feed->rank);
  feed->varies = !j->o.share || j->n_inputs == 1;
  feed->data = feed->varies ? NULL : array->data;
  j->samples = array->dim[0];
  j->bytes[j->n_inputs - 1] = hrs_array_count(array) / (array->dim[0] ? array->dim[0] : 1) *
                              (hrs_count)hrs_dtype_size(array->type);
  return HRS_OK;
}

/* Instance b of a batch that starts at `sample`. */
static void fill(const job *j, hrs_count sample, hrs_count batch) {
  for (int i = 0; i < j->n_inputs; i++) {
    if (!j->feed[i].varies) continue;
    char *buffer = hrs_session_feed_buffer(j->session, i);
    for (hrs_count b = 0; b < batch; b++) {
      hrs_count from = j->o.share ? sample : sample + b;
      memcpy(buffer + b * j->bytes[i], (const char *)j->input[i].data + from * j->bytes[i],
             (size_t)j->bytes[i]);
    }
  }
}

static hrs_status evaluate(job *j, hrs_count bytes, char *out) {
  hrs_count most = hrs_session_max_batch(j->session), step;
  for (hrs_count sample = 0; sample < j->samples;) {
    hrs_count left = j->samples - sample, batch = j->o.share || left > most ? most : left;
    for (int i = 0; i < j->n_inputs; i++)
      if (!j->feed[i].varies)
        HRS_TRY(hrs_session_set_shared(j->session, i,
                                       (const char *)j->input[i].data + sample * j->bytes[i]));
    fill(j, sample, batch);
    HRS_TRY(hrs_session_run(j->session, batch));
    const char *values = hrs_session_fetch(j->session, 0, &step);
    hrs_count count = j->o.share ? 1 : batch;
    for (hrs_count b = 0; b < count; b++)
      memcpy(out + (sample + b) * bytes, values + (step ? b * bytes : 0), (size_t)bytes);
    sample += count;
  }
  return HRS_OK;
}

static hrs_status measure(job *j) {
  hrs_count batch = hrs_session_max_batch(j->session), done = 0;
  if (!j->o.share && batch > j->samples) {
    /* Not enough samples for a batch: any will do for timing. */
    j->o.share = true;
    fill(j, 0, batch);
    j->o.share = false;
  } else {
    fill(j, 0, batch);
  }
  HRS_TRY(hrs_session_run(j->session, batch));
  /* Processor time: the machine may be busy with other things. */
  clock_t start = clock(), now = start;
  while ((double)(now - start) < j->o.seconds * CLOCKS_PER_SEC) {
    HRS_TRY(hrs_session_run(j->session, batch));
    done += batch;
    now = clock();
  }
  double seconds = (double)(now - start) / CLOCKS_PER_SEC;
  printf("%.0f instances/s at batch %lld, %.3f Gflop/s, %lld bytes\n", (double)done / seconds,
         (long long)batch,
         2e-9 * (double)hrs_session_multiply_adds(j->session) * (double)done / seconds,
         (long long)hrs_session_bytes(j->session));
  return HRS_OK;
}

static hrs_status run(job *j, int n, char **arguments) {
  HRS_TRY(hrs_model_load(j->o.model, NULL, &j->model));
  for (int i = 0; i < n; i++)
    HRS_TRY(add_input(j, arguments[i]));
  const char *fetch = j->o.fetch ? j->o.fetch : hrs_model_output(j->model, 0)->name, *op = NULL;
  if (j->o.before_scores) {
    HRS_TRY(hrs_model_before_scores(j->model, fetch, &fetch, &op));
    printf("%s %s\n", fetch, op ? op : "-");
  }
  hrs_count batch = j->o.batch;
  HRS_TRY(hrs_session_create(j->model, j->n_inputs, j->feed, 1, &fetch, batch, &j->session));
  if (j->o.seconds > 0) HRS_TRY(measure(j));
  const hrs_tensor_info *info = hrs_session_fetch_info(j->session, 0);
  hrs_count dim[HRS_MAX_RANK] = {j->samples};
  HRS_REQUIRE(info->rank < HRS_MAX_RANK, INPUT, "the output has too many dimensions");
  memcpy(dim + 1, info->dim, sizeof *dim * (size_t)info->rank);
  hrs_array out;
  HRS_TRY(hrs_array_create(info->type, info->rank + 1, dim, &out));
  hrs_count bytes = (hrs_count)hrs_dtype_size(info->type);
  for (int i = 0; i < info->rank; i++)
    bytes *= info->dim[i];
  hrs_status status = evaluate(j, bytes, out.data);
  if (status == HRS_OK) status = hrs_array_save(j->o.out, &out);
  hrs_array_destroy(&out);
  return status;
}

int main(int argc, char **argv) {
  job j = {0};
  int at = 1;
  for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
    const char *value = at + 1 < argc ? argv[at + 1] : "";
    if (strcmp(argv[at], "--share") == 0)
      j.o.share = true;
    else if (strcmp(argv[at], "--before-scores") == 0)
      j.o.before_scores = true;
    else if (strcmp(argv[at], "--batch") == 0)
      j.o.batch = strtol(value, NULL, 10), at++;
    else if (strcmp(argv[at], "--time") == 0)
      j.o.seconds = strtod(value, NULL), at++;
    else if (strcmp(argv[at], "--fetch") == 0)
      j.o.fetch = value, at++;
    else
      at = argc;
  }
  if (argc - at < 2) {
    fprintf(stderr, "usage: run_model [options] MODEL.onnx OUT.npy INPUT...\n");
    return 64;
  }
  j.o.model = argv[at];
  j.o.out = argv[at + 1];
  hrs_blas_single_thread();
  hrs_status status = run(&j, argc - at - 2, argv + at + 2);
  if (status != HRS_OK) fprintf(stderr, "run_model: %s\n", hrs_error_message());
  hrs_session_destroy(&j.session);
  hrs_model_destroy(&j.model);
  for (int i = 0; i < j.n_inputs; i++)
    hrs_array_destroy(&j.input[i]);
  return hrs_status_exit_code(status);
}
