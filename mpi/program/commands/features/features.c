/* harsanyi features: values of a network's layers for many samples. */
#include "features.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/commands/commands.h"
#include "mpi/program/kinds/features/features.h"
#include "mpi/program/log.h"

#include <stdio.h>
#include <string.h>

typedef struct options {
  const char *model, *layers;
  hrs_problem_options problem; /* samples */
  hrs_run_options run;
} options;

#define AT(field) offsetof(options, field)
static const hrs_option network[] = {
    {.kind = HRS_OPTION_HEADING, .help = "The network"},
    {"--model", HRS_OPTION_TEXT, AT(model), "NET.onnx", NULL, "the network (required)"},
    {"--layers", HRS_OPTION_TEXT, AT(layers), "all|list|NAME,...", "all",
     "its layers: one tensor per stage (after an activation, a pool, a residual sum, a dense "
     "layer, a block of a transformer), the logits last; list prints them and ends; NAME: any "
     "tensor of the graph that varies with the input"},
    {0}};

static const hrs_option plan_alone[] = {
    {"--plan", HRS_OPTION_FLAG, AT(run.plan), NULL, NULL,
     "print bytes, multiply-adds and the predicted time; do nothing"},
    {0}};

static const hrs_option_group groups[] = {{network, 0},
                                          {hrs_group_samples, AT(problem)},
                                          {hrs_group_out, AT(run)},
                                          {plan_alone, 0},
                                          {hrs_group_nonfinite, AT(run)},
                                          {hrs_group_talk, AT(run)},
                                          {0}};

static const hrs_command_line line = {
    .usage = "[mpirun -n P] harsanyi features --model NET.onnx --samples FILE --out F.h5",
    .description = "Writes what the layers of a network are for each of many samples, its "
                   "features, to one HDF5 file, read with `harsanyi show` or h5py. Results do not "
                   "depend on the number of ranks. Example:\n"
                   "  harsanyi features --model data/digits_cnn.onnx --samples "
                   "data/digits_images.npy --layers all --out features.h5",
    .groups = groups};

/* ---- what is wanted ------------------------------------------------------------------------- */

/* Names between commas, as views of a copy of the text. */
static hrs_status cut_names(const char *text, char **copy, const char ***name, int *count) {
  HRS_TRY(hrs_strdup(text, copy));
  int most = 1;
  for (const char *at = text; *at; at++)
    most += *at == ',';
  HRS_TRY(hrs_alloc(most, sizeof **name, name));
  *count = 0;
  for (char *at = *copy;; at++) {
    char *comma = strchr(at, ',');
    if (comma) *comma = '\0';
    HRS_REQUIRE(*at, USAGE, "--layers '%s': a name is missing", text);
    (*name)[(*count)++] = at;
    if (!comma) return HRS_OK;
    at = comma;
  }
}

static hrs_status make_features(const options *o, hrs_features_job *job) {
  const hrs_problem_builder *in = &job->inputs;
  bool named = strcmp(o->layers, "all") != 0 && strcmp(o->layers, "list") != 0;
  char *copy = NULL;
  const char **name = NULL;
  int count = 0;
  hrs_status status = named ? cut_names(o->layers, &copy, &name, &count) : HRS_OK;
  if (status == HRS_OK)
    status = hrs_features_create(job->problem.model, in->inputs, (const char *const *)in->names,
                                 in->samples, count, name, &job->features);
  hrs_free(name);
  hrs_free(copy);
  return status == HRS_OK ? HRS_OK : hrs_error_context(status, "--layers");
}

/* To list layers there need be no samples: one of zeros, with 1 for what the file leaves open. */
static hrs_status make_blank_inputs(hrs_features_job *job) {
  hrs_problem_builder *b = &job->inputs;
  for (int i = 0; i < hrs_model_inputs(job->problem.model); i++) {
    const hrs_tensor_info *info = hrs_model_input(job->problem.model, i);
    hrs_count dim[HRS_MAX_RANK] = {1};
    HRS_REQUIRE(i < HRS_OPTION_REPEATS && info->rank >= 0 && info->rank < HRS_MAX_RANK &&
                    info->type != HRS_NONE,
                USAGE, "the file does not say the shape of input '%s': give samples (--samples)",
                info->name);
    for (int k = 0; k < info->rank; k++)
      dim[k + 1] = info->dim[k] < 0 ? 1 : info->dim[k];
    HRS_TRY(hrs_array_create(info->type, info->rank + 1, dim, &b->samples[i]));
    memset(b->samples[i].data, 0,
           (size_t)hrs_array_count(&b->samples[i]) * hrs_dtype_size(info->type));
    HRS_TRY(hrs_network_bind(job->problem.model, info->name, &b->samples[i]));
    HRS_TRY(hrs_strdup(info->name, &b->names[i]));
    b->inputs++;
  }
  return HRS_OK;
}

static hrs_status load(MPI_Comm comm, const options *o, hrs_features_job *job) {
  hrs_problem_builder *b = &job->inputs;
  hrs_reader reader = hrs_comm_reader(&comm);
  *b = (hrs_problem_builder){
      .comm = comm, .o = &o->problem, .path = o->model, .problem = &job->problem};
  job->problem.comm = comm;
  HRS_TRY_CONTEXT(hrs_model_load(o->model, &reader, &job->problem.model), "--model");
  bool given = o->problem.samples || o->problem.input.count > 0;
  if (!given && strcmp(o->layers, "list") == 0) return make_blank_inputs(job);
  HRS_TRY(hrs_problem_load_inputs(b));
  return hrs_problem_load_labels(b);
}

/* ---- doing it ------------------------------------------------------------------------------- */

static hrs_status plan(MPI_Comm comm, const options *o, const hrs_features_job *job) {
  hrs_features_given given;
  hrs_contents *contents;
  HRS_TRY(hrs_features_contents(job->features, job->network, job->problem.index,
                                o->problem.labels ? job->problem.label : NULL, &given, &contents));
  hrs_status status = hrs_features_print_plan(comm, job, hrs_contents_bytes(contents));
  hrs_contents_destroy(&contents);
  hrs_features_given_destroy(&given);
  return status;
}

static hrs_status solve(MPI_Comm comm, const options *o, hrs_features_job *job) {
  HRS_TRY(hrs_agree(comm, load(comm, o, job)));
  HRS_TRY(hrs_agree(comm, make_features(o, job)));
  if (strcmp(o->layers, "list") == 0) {
    if (hrs_comm_rank(comm) == 0) hrs_features_print_layers(job->features);
    return HRS_OK;
  }
  if (o->run.plan) return plan(comm, o, job);
  HRS_REQUIRE(!hrs_input_is(o->run.out), USAGE,
              "--out %s is a file that this run reads; give another name", o->run.out);
  return hrs_features_write(comm, job, &o->run);
}

static void forget(hrs_features_job *job) {
  hrs_features_destroy(&job->features);
  for (int i = 0; i < HRS_OPTION_REPEATS; i++) {
    hrs_free(job->inputs.names[i]);
    hrs_array_destroy(&job->inputs.samples[i]);
  }
  hrs_problem_destroy(&job->problem);
}

hrs_status hrs_command_features(MPI_Comm comm, int argc, char **argv) {
  if (hrs_options_want_help(argc, argv)) {
    hrs_options_help(&line);
    return HRS_OK;
  }
  options o = {0};
  HRS_TRY(hrs_options_parse(&line, argc, argv, &o, NULL, NULL));
  if (hrs_log_get_level() != HRS_LOG_QUIET && (o.run.quiet || o.run.verbose))
    hrs_log_set_level(o.run.quiet ? HRS_LOG_QUIET : HRS_LOG_VERBOSE);
  HRS_REQUIRE(o.model, USAGE, "--model NET.onnx is missing: the network");
  HRS_REQUIRE(o.run.plan || o.run.out || strcmp(o.layers, "list") == 0, USAGE,
              "--out FILE.h5 is missing: where the features go");
  char *command = NULL, *echo = NULL;
  hrs_status status = hrs_options_echo(&line, &o, &echo);
  if (status == HRS_OK) status = hrs_options_join(argc, argv, &command);
  status = hrs_agree(comm, status);
  if (status == HRS_OK) status = hrs_comm_same_text(comm, "the options", echo);
  hrs_features_job job = {.network = o.model, .command = command, .echo = echo};
  if (status == HRS_OK) status = solve(comm, &o, &job);
  forget(&job);
  hrs_free(command);
  hrs_free(echo);
  return status;
}
