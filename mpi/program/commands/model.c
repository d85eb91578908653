/* harsanyi model: the first look at an ONNX file. */
#include "commands.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"
#include "mpi/program/options/lists.h"
#include "mpi/program/options/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct model_options {
  hrs_text_list shape, input, output;
} model_options;

#define AT(field) offsetof(model_options, field)
static const hrs_option options[] = {
    {"--shape", HRS_OPTION_LIST, AT(shape), "NAME=1,16", NULL,
     "sizes of an input whose file leaves some open; open ones are taken as 1 if not given"},
    {"--input", HRS_OPTION_LIST, AT(input), "NAME=FILE", NULL,
     "an input that is not masked, whose values decide on shapes or on branches of If: its first "
     "sample"},
    {"--output-node", HRS_OPTION_LIST, AT(output), "TENSOR", NULL,
     "count the cost up to this tensor instead of the outputs; may be given several times"},
    {0}};

static const hrs_option_group groups[] = {{options, 0}, {0}};

static const hrs_command_line line = {
    .usage = "harsanyi model NET.onnx [options]",
    .description = "Prints a network's inputs and outputs, operators, parameters and multiply-adds "
                   "per sample, what is not supported and where, and how it is batched. Exit code "
                   "65 where it cannot be evaluated.",
    .groups = groups,
    .min_positional = 1,
    .max_positional = 1};

static void print_tensor(const char *what, const hrs_tensor_info *info) {
  char shape[HRS_SHAPE_TEXT] = "unknown shape";
  if (info->rank >= 0) {
    size_t used = (size_t)snprintf(shape, sizeof shape, "[");
    for (int i = 0; i < info->rank && used < sizeof shape; i++) {
      char size[24] = "open";
      if (info->dim[i] >= 0) snprintf(size, sizeof size, "%lld", (long long)info->dim[i]);
      used += (size_t)snprintf(shape + used, sizeof shape - used, "%s%s", i ? ", " : "", size);
    }
    if (used < sizeof shape) snprintf(shape + used, sizeof shape - used, "]");
  }
  const char *type = info->type == HRS_NONE ? "-" : hrs_dtype_name(info->type);
  hrs_print("  %-8s%-32s %-9s %s\n", what, info->name, type, shape);
}

/* What an option of the form NAME=... says of an input; NULL: nothing. */
static const char *said_of(const hrs_text_list *list, const char *name) {
  size_t length = strlen(name);
  for (int i = 0; i < list->count; i++)
    if (strncmp(list->text[i], name, length) == 0 && list->text[i][length] == '=')
      return list->text[i] + length + 1;
  return NULL;
}

/* A feed for an input that is not masked, from its file. */
static hrs_status read_feed(const hrs_model *model, const char *path, hrs_array *values,
                            hrs_feed *feed) {
  hrs_array_file *file;
  HRS_TRY_CONTEXT(hrs_input_open(path, &file), "--input");
  hrs_status status = hrs_array_file_read_all(file, values);
  hrs_array_file_close(&file);
  if (status == HRS_OK) status = hrs_network_bind(model, feed->name, values);
  if (status != HRS_OK) return hrs_error_context(status, "--input %s=%s", feed->name, path);
  feed->type = values->type;
  feed->rank = values->rank - 1;
  memcpy(feed->dim, values->dim + 1, sizeof *feed->dim * (size_t)feed->rank);
  feed->varies = false;
  feed->data = values->data;
  return HRS_OK;
}

/* A feed for an input: its own shape, open sizes from --shape, else 1. */
static hrs_status make_feed(const hrs_model *model, const hrs_tensor_info *info,
                            const model_options *o, hrs_array *values, hrs_feed *feed,
                            const char **guessed) {
  *feed = (hrs_feed){.name = info->name, .type = info->type, .rank = info->rank, .varies = true};
  memcpy(feed->dim, info->dim, sizeof feed->dim);
  const char *path = said_of(&o->input, info->name), *text = said_of(&o->shape, info->name);
  if (path) return read_feed(model, path, values, feed);
  if (text) {
    hrs_count *sizes, count;
    HRS_REQUIRE(!strchr(text, ':'), USAGE, "--shape %s=%s: sizes are single numbers, such as 1,16",
                info->name, text);
    HRS_TRY(hrs_parse_list(text, "--shape", INT32_MAX, &sizes, &count));
    hrs_status status = HRS_OK;
    if (count > HRS_MAX_RANK || (info->rank >= 0 && count != info->rank))
      status = hrs_error_set(HRS_STATUS_USAGE, __FILE__, __LINE__,
                             "--shape %s=%s: the input has %d ax%s", info->name, text, info->rank,
                             info->rank == 1 ? "is" : "es");
    else
      memcpy(feed->dim, sizes, sizeof *sizes * (size_t)count);
    feed->rank = (int)count;
    hrs_free(sizes);
    return status;
  }
  HRS_REQUIRE(feed->rank >= 0, USAGE,
              "the file does not say the shape of '%s': give --shape %s=...", info->name,
              info->name);
  for (int i = 0; i < feed->rank; i++)
    if (feed->dim[i] < 0) {
      feed->dim[i] = 1;
      if (!*guessed) *guessed = info->name;
    }
  return HRS_OK;
}

static hrs_status print_session(const hrs_session *session, const char *guessed) {
  hrs_print("  %-22s%lld per sample%s\n", "multiply-adds",
            (long long)hrs_session_multiply_adds(session),
            guessed ? ", open sizes taken as 1 (--shape sets them)" : "");
  hrs_print("  %-22s%lld masks at a time, %.3g MiB\n", "evaluated",
            (long long)hrs_session_max_batch(session), (double)hrs_session_bytes(session) / 0x1p20);
  const char *op;
  for (int i = 0; (op = hrs_session_one_by_one(session, i)); i++)
    hrs_print("%s%s", i ? ", " : "  one mask at a time in ", op);
  if (hrs_session_one_by_one(session, 0)) hrs_print("\n");
  return HRS_OK;
}

/* Each must be NAME=... of an input. */
static hrs_status check_names(const hrs_model *model, const char *option, const char *form,
                              const hrs_text_list *list) {
  for (int i = 0; i < list->count; i++) {
    size_t length = strcspn(list->text[i], "=");
    bool known = false;
    for (int k = 0; k < hrs_model_inputs(model) && list->text[i][length]; k++) {
      const char *name = hrs_model_input(model, k)->name;
      known = known || (strlen(name) == length && strncmp(name, list->text[i], length) == 0);
    }
    HRS_REQUIRE(known, USAGE, "%s %s: NAME=%s is expected, NAME one of the inputs", option,
                list->text[i], form);
  }
  return HRS_OK;
}

/* Why there may be no session: sizes were guessed, or all inputs taken as masked. */
static hrs_status with_hints(hrs_status status, const model_options *o, int inputs,
                             const char *guessed) {
  if (inputs > 1 && o->input.count == 0 && status == HRS_STATUS_UNSUPPORTED)
    status = hrs_error_context(status, "all inputs taken as masked (--input NAME=FILE gives values "
                                       "of one that is not)");
  if (guessed && status != HRS_OK)
    status =
        hrs_error_context(status, "open sizes taken as 1 (--shape %s=1,16,... sets them)", guessed);
  return status;
}

/* Cost and batching, from a session with all inputs varying but those of --input. */
static hrs_status print_cost(const hrs_model *model, const model_options *o) {
  int inputs = hrs_model_inputs(model), outputs = hrs_model_outputs(model);
  hrs_feed *feeds = NULL;
  hrs_array *values = NULL;
  const char **fetches = NULL;
  const char *guessed = NULL; /* first input with sizes that the file leaves open */
  hrs_session *session = NULL;
  hrs_status status;
  HRS_TRY(check_names(model, "--shape", "SIZE,SIZE,...", &o->shape));
  HRS_TRY(check_names(model, "--input", "FILE", &o->input));
  HRS_GO(hrs_alloc(inputs, sizeof *feeds, &feeds));
  HRS_GO(hrs_calloc(inputs, sizeof *values, &values));
  HRS_GO(hrs_alloc(outputs, sizeof *fetches, &fetches));
  for (int i = 0; i < inputs; i++)
    HRS_GO(make_feed(model, hrs_model_input(model, i), o, &values[i], &feeds[i], &guessed));
  for (int i = 0; i < outputs; i++)
    fetches[i] = hrs_model_output(model, i)->name;
  const char *const *wanted = o->output.count ? o->output.text : fetches;
  int count = o->output.count ? o->output.count : outputs;
  status = hrs_session_create(model, inputs, feeds, count, wanted, 0, &session);
  HRS_GO(with_hints(status, o, inputs, guessed));
  status = print_session(session, guessed);
done:
  hrs_session_destroy(&session);
  for (int i = 0; values && i < inputs; i++)
    hrs_array_destroy(&values[i]);
  hrs_free(values);
  hrs_free(feeds);
  hrs_free(fetches);
  return status;
}

static hrs_status print_operators(const hrs_model_survey *survey) {
  int missing = 0;
  hrs_print("operators\n");
  for (int i = 0; i < survey->uses; i++) {
    const hrs_operator_use *use = &survey->use[i];
    const char *torch = use->torch_name ? use->torch_name : "";
    hrs_print("  %6d  ", use->count);
    if (!use->supported)
      hrs_print("%-23s NOT SUPPORTED, node %s%s%s\n", use->name, use->first_node,
                *torch ? ", in PyTorch: " : "", torch);
    else if (*torch)
      hrs_print("%-24s%s\n", use->name, torch);
    else
      hrs_print("%s\n", use->name);
    missing += !use->supported;
  }
  HRS_REQUIRE(
      missing == 0, UNSUPPORTED,
      "%d operator%s of this network %s not supported (marked above); docs/models says what "
      "to do: another export, or a plug-in",
      missing, missing == 1 ? "" : "s", missing == 1 ? "is" : "are");
  return HRS_OK;
}

static hrs_status print_model(const char *path, const model_options *o) {
  hrs_model *model;
  hrs_model_survey survey = {0};
  HRS_TRY(hrs_model_open(path, NULL, &model));
  hrs_status status = hrs_model_look(model, &survey);
  if (status == HRS_OK) {
    char set[32] = "no operator set of ONNX";
    if (survey.opset) snprintf(set, sizeof set, "operator set %lld", (long long)survey.opset);
    hrs_print("%s\n  ONNX format %lld, %s, by %s%s%s\n", path, (long long)survey.ir_version, set,
              *survey.producer ? survey.producer : "an unknown exporter",
              *survey.producer_version ? " " : "", survey.producer_version);
    for (int i = 0; i < hrs_model_inputs(model); i++)
      print_tensor("input", hrs_model_input(model, i));
    for (int i = 0; i < hrs_model_outputs(model); i++)
      print_tensor("output", hrs_model_output(model, i));
    hrs_print("  %-22s%lld\n", "parameters", (long long)survey.parameters);
    status = print_operators(&survey);
  }
  if (status == HRS_OK) status = hrs_model_check(model);
  if (status == HRS_OK) {
    hrs_print("cost\n");
    status = print_cost(model, o);
  }
  hrs_model_survey_destroy(&survey);
  hrs_model_destroy(&model);
  return status;
}

hrs_status hrs_command_model(MPI_Comm comm, int argc, char **argv) {
  if (hrs_options_want_help(argc, argv)) {
    hrs_options_help(&line);
    return HRS_OK;
  }
  model_options o = {0};
  const char *path;
  HRS_TRY(hrs_options_parse(&line, argc, argv, &o, &path, NULL));
  return hrs_agree(comm, hrs_comm_rank(comm) == 0 ? print_model(path, &o) : HRS_OK);
}
