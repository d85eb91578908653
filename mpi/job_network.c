/*
 * Options -> a network game: files read by rank 0 and sent to all, samples chosen, players and
 * baseline laid over the masked tensor, targets chosen.
 *
 * Every rank runs the same code on the same bytes, so where a check fails it fails everywhere, and
 * the collective reads inside never meet a rank that has left.
 */
#include "job_network.h"
#include "lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is put together before the game is made. */
typedef struct builder {
  MPI_Comm comm;
  const hrs_interactions_options *o;
  const char *path; /* of the network */
  hrs_job *job;
  hrs_count all; /* samples in the file of the first input */
  int inputs;
  char *names[HRS_OPTION_REPEATS];       /* of the inputs fed */
  hrs_array samples[HRS_OPTION_REPEATS]; /* [samples, ...] */
  int *targets;                          /* [samples, n_targets], NULL = predicted */
  int n_targets;
  hrs_array masked; /* [samples, ...]: an inner tensor of --mask-at */
} builder;

/* An array file read by rank 0: the chosen rows of it, or all. rows NULL = all. */
static hrs_status load(MPI_Comm comm, const char *path, hrs_count count, const hrs_count *rows,
                       hrs_array *out) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  hrs_status status = HRS_OK;
  hrs_array_file *file = NULL;
  memset(out, 0, sizeof *out);
  if (rank == 0) {
    status = hrs_input_open(path, &file);
    if (status == HRS_OK && !rows) status = hrs_array_file_read_all(file, out);
    if (status == HRS_OK && rows) {
      hrs_dtype type = hrs_array_file_type(file);
      hrs_count dim[HRS_MAX_RANK];
      memcpy(dim, hrs_array_file_dim(file), sizeof dim);
      dim[0] = count;
      status = hrs_array_create(type, hrs_array_file_rank(file), dim, out);
      size_t row = status == HRS_OK && count
                       ? (size_t)(hrs_array_count(out) / count) * hrs_dtype_size(type)
                       : 0;
      for (hrs_count i = 0; i < count && status == HRS_OK; i++)
        status = hrs_array_file_read(file, rows[i], 1, type, (char *)out->data + (size_t)i * row);
    }
    hrs_array_file_close(&file);
  }
  HRS_TRY(hrs_agree(comm, status));
  return hrs_broadcast_array(comm, out);
}

/* Type, rank and shape of an array file, known to all. */
static hrs_status peek(MPI_Comm comm, const char *path, hrs_array *header) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  hrs_status status = HRS_OK;
  memset(header, 0, sizeof *header);
  if (rank == 0) {
    hrs_array_file *file = NULL;
    status = hrs_input_open(path, &file);
    if (status == HRS_OK) {
      header->type = hrs_array_file_type(file);
      header->rank = hrs_array_file_rank(file);
      memcpy(header->dim, hrs_array_file_dim(file), sizeof header->dim);
    }
    hrs_array_file_close(&file);
  }
  HRS_TRY(hrs_agree(comm, status));
  MPI_Bcast(header, (int)sizeof *header, MPI_BYTE, 0, comm);
  return HRS_OK;
}

static const hrs_tensor_info *find_input(const hrs_model *model, const char *name) {
  for (int i = 0; i < hrs_model_inputs(model); i++)
    if (strcmp(hrs_model_input(model, i)->name, name) == 0) return hrs_model_input(model, i);
  return NULL;
}

static hrs_status input_names_text(const hrs_model *model, char *text, size_t size) {
  text[0] = '\0';
  for (int i = 0; i < hrs_model_inputs(model); i++) {
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", i ? ", " : "", hrs_model_input(model, i)->name);
  }
  return HRS_OK;
}

/* Samples of one input from its file; the first input fixes which samples there are. */
static hrs_status load_input(builder *b, const char *option, const char *name, const char *path) {
  const hrs_tensor_info *info = find_input(b->job->model, name);
  char known[256];
  HRS_TRY(input_names_text(b->job->model, known, sizeof known));
  HRS_REQUIRE(info, USAGE, "%s: the model has no input '%s'; it has %s", option, name, known);
  for (int i = 0; i < b->inputs; i++)
    HRS_REQUIRE(strcmp(b->names[i], name) != 0, USAGE, "%s: input '%s' is given twice", option,
                name);
  hrs_array header;
  HRS_TRY_CONTEXT(peek(b->comm, path, &header), "%s", option);
  /* A single sample without the axis of samples: of the model's own shape, without the batch axis
   * where it has one. */
  bool batch = info->rank > 0 && (info->dim[0] == 1 || info->dim[0] < 0);
  bool single = info->rank >= 0 && header.rank == info->rank - batch;
  hrs_count all = single || header.rank == 0 ? 1 : header.dim[0];
  hrs_array *out = &b->samples[b->inputs];
  if (b->inputs == 0) {
    b->all = all;
    if (b->o->select)
      HRS_TRY(hrs_parse_choice(b->o->select, "--select", all, &b->job->index, &b->job->samples));
    else
      HRS_TRY(hrs_job_all_samples(b->job, all));
  }
  for (hrs_count i = 0; i < b->job->samples; i++)
    HRS_REQUIRE(b->job->index[i] < all, INPUT, "%s %s has %lld samples, but sample %lld is wanted",
                option, path, (long long)all, (long long)b->job->index[i]);
  HRS_TRY_CONTEXT(load(b->comm, path, b->job->samples, single ? NULL : b->job->index, out), "%s",
                  option);
  HRS_TRY_CONTEXT(hrs_network_bind(b->job->model, name, out), "%s %s", option, path);
  HRS_TRY(hrs_strdup(name, &b->names[b->inputs]));
  b->inputs++;
  return HRS_OK;
}

static hrs_status load_inputs(builder *b) {
  const hrs_interactions_options *o = b->o;
  const hrs_model *model = b->job->model;
  HRS_REQUIRE(!!o->samples != (o->input.count > 0), USAGE,
              "--model needs --samples FILE, or --input NAME=FILE for each input");
  if (o->samples) {
    char known[256];
    HRS_TRY(input_names_text(model, known, sizeof known));
    HRS_REQUIRE(hrs_model_inputs(model) == 1, USAGE,
                "--samples feeds one input, but %s has %d (%s): give --input NAME=FILE for each, "
                "the masked one first",
                b->path, hrs_model_inputs(model), known);
    return load_input(b, "--samples", hrs_model_input(model, 0)->name, o->samples);
  }
  for (int i = 0; i < o->input.count; i++) {
    const char *equals = strchr(o->input.text[i], '=');
    HRS_REQUIRE(equals && equals != o->input.text[i], USAGE,
                "--input: '%s' is not of the form NAME=FILE", o->input.text[i]);
    char *name;
    HRS_TRY(hrs_strndup(o->input.text[i], (size_t)(equals - o->input.text[i]), &name));
    hrs_status status = load_input(b, "--input", name, equals + 1);
    hrs_free(name);
    HRS_TRY(status);
  }
  for (int i = 0; i < hrs_model_inputs(model); i++) {
    bool fed = false;
    for (int j = 0; j < b->inputs; j++)
      fed = fed || strcmp(b->names[j], hrs_model_input(model, i)->name) == 0;
    HRS_REQUIRE(fed, USAGE, "--input: nothing is given for the model's input '%s'",
                hrs_model_input(model, i)->name);
  }
  return HRS_OK;
}

static hrs_status load_labels(builder *b) {
  HRS_TRY(hrs_alloc(b->job->samples, sizeof *b->job->label, &b->job->label));
  for (hrs_count i = 0; i < b->job->samples; i++)
    b->job->label[i] = -1;
  if (!b->o->labels) return HRS_OK;
  hrs_array header, labels = {0};
  HRS_TRY_CONTEXT(peek(b->comm, b->o->labels, &header), "--labels");
  hrs_count all = header.rank == 0 ? 1 : header.dim[0];
  for (hrs_count i = 0; i < b->job->samples; i++)
    HRS_REQUIRE(b->job->index[i] < all, INPUT,
                "--labels %s has %lld labels, but sample %lld is wanted", b->o->labels,
                (long long)all, (long long)b->job->index[i]);
  HRS_TRY_CONTEXT(load(b->comm, b->o->labels, b->job->samples,
                       header.rank == 0 ? NULL : b->job->index, &labels),
                  "--labels");
  hrs_status status = HRS_OK;
  if (hrs_array_count(&labels) != b->job->samples)
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "--labels %s has more than one number per sample", b->o->labels);
  else
    status = hrs_convert(labels.type, labels.data, HRS_I32, b->job->label, b->job->samples);
  hrs_array_destroy(&labels);
  return status;
}

static hrs_layout named_layout(const char *text) {
  return strcmp(text, "channels-first") == 0  ? HRS_LAYOUT_CHANNELS_FIRST
         : strcmp(text, "channels-last") == 0 ? HRS_LAYOUT_CHANNELS_LAST
                                              : HRS_LAYOUT_AUTO;
}

/* Inner tensors are as ONNX's convolutions make them, whatever the sizes of their axes. */
static hrs_layout layout_of(const hrs_interactions_options *o) {
  hrs_layout layout = named_layout(o->layout);
  return layout == HRS_LAYOUT_AUTO && o->mask_at ? HRS_LAYOUT_CHANNELS_FIRST : layout;
}

/* The masked tensor at the samples: [samples, ...] with the model's batch axis of 1. */
static const hrs_array *masked_tensor(const builder *b) {
  return b->masked.data ? &b->masked : &b->samples[0];
}

/* A label map or baseline from its file. Where it has a row for each sample of the sample file, the
 * rows of the chosen samples. */
static hrs_status load_beside(const builder *b, const char *option, const char *path,
                              hrs_array *out) {
  hrs_array header;
  HRS_TRY_CONTEXT(peek(b->comm, path, &header), "%s", option);
  const hrs_array *masked = masked_tensor(b);
  bool batch = masked->rank > 1 && masked->dim[1] == 1;
  bool per_sample = header.rank == masked->rank || (batch && header.rank == masked->rank - 1);
  per_sample = per_sample && header.rank > 0 && header.dim[0] == b->all;
  HRS_TRY_CONTEXT(load(b->comm, path, b->job->samples, per_sample ? b->job->index : NULL, out),
                  "%s", option);
  return HRS_OK;
}

static hrs_status make_players(builder *b) {
  const hrs_interactions_options *o = b->o;
  const char *spec = o->players ? o->players : "features";
  hrs_layout layout = layout_of(o);
  const hrs_array *masked = masked_tensor(b);
  hrs_array map = {0};
  if (strncmp(spec, "map:", 4) == 0) HRS_TRY(load_beside(b, "--players", spec + 4, &map));
  hrs_players *players = &b->job->players;
  hrs_status status = hrs_players_create(spec, masked->rank - 1, masked->dim + 1, layout,
                                         map.data ? &map : NULL, b->job->samples, players);
  hrs_array_destroy(&map);
  HRS_TRY(status);
  if (o->subset) HRS_TRY(hrs_players_subset(players, o->subset));
  HRS_REQUIRE(players->n >= 1 && players->n <= HRS_MAX_PLAYERS, USAGE,
              "--players %s: %d players, but there must be 1 to %d (2^n masks are evaluated); "
              "choose fewer with --players grid:RxC, map:FILE, or --subset",
              spec, players->n, HRS_MAX_PLAYERS);
  b->job->n = players->n;
  return HRS_OK;
}

static hrs_status make_baseline(builder *b) {
  const hrs_interactions_options *o = b->o;
  const hrs_array *masked = masked_tensor(b);
  bool whole = masked->type == HRS_I64 || masked->type == HRS_I32;
  HRS_REQUIRE(o->baseline || !whole, USAGE,
              "--baseline token:ID is needed: the masked input holds token ids (%s), and only you "
              "know which one stands for an absent word ([MASK], [PAD])",
              hrs_dtype_name(masked->type));
  const char *spec = o->baseline ? o->baseline : "zero";
  hrs_array file = {0};
  bool mean = strncmp(spec, "mean:", 5) == 0, tensor = strncmp(spec, "tensor:", 7) == 0;
  if (tensor) HRS_TRY(load_beside(b, "--baseline", spec + 7, &file));
  if (mean) HRS_TRY_CONTEXT(load(b->comm, spec + 5, 0, NULL, &file), "--baseline");
  hrs_status status = hrs_baseline_create(spec, masked, layout_of(o), mean || tensor ? &file : NULL,
                                          &b->job->baseline);
  hrs_array_destroy(&file);
  return status;
}

/* "ids [1,12], mask [1,5]": what the network was given when it could not go on. */
static const char *inputs_given(const builder *b, char *text, size_t size) {
  size_t used = 0;
  *text = '\0';
  for (int i = 0; i < b->inputs && used < size; i++) {
    char shape[HRS_SHAPE_TEXT];
    hrs_count dim[HRS_MAX_RANK];
    for (int axis = 0; axis < b->samples[i].rank; axis++)
      dim[axis] = b->samples[i].dim[axis];
    used += (size_t)snprintf(text + used, size - used, "%s%s %s", i ? ", " : "", b->names[i],
                             hrs_shape_text(b->samples[i].rank - 1, dim + 1, shape, sizeof shape));
  }
  return text;
}

/* Number of scores, and whether they are one sigmoid (two classes in one number). */
static hrs_status count_classes(builder *b, const char **output, int *classes) {
  const hrs_model *model = b->job->model;
  *output = b->o->output_node ? b->o->output_node : hrs_model_output(model, 0)->name;
  hrs_array one[HRS_OPTION_REPEATS], values = {0};
  for (int i = 0; i < b->inputs; i++) {
    one[i] = b->samples[i];
    one[i].dim[0] = 1;
  }
  hrs_status status =
      hrs_network_tensor_at(model, b->inputs, (const char *const *)b->names, one, *output, &values);
  char given[512];
  if (status != HRS_OK)
    return hrs_error_context(status, "--model %s, %s%s%sgiven the inputs %s", b->path,
                             b->o->output_node ? "--output-node " : "",
                             b->o->output_node ? *output : "", b->o->output_node ? ", " : "",
                             inputs_given(b, given, sizeof given));
  *classes = (int)hrs_array_count(&values);
  hrs_array_destroy(&values);
  const char *before, *op;
  HRS_TRY(hrs_model_before_scores(model, *output, &before, &op));
  bool sigmoid = op && strcmp(op, "Sigmoid") == 0;
  bool probabilities = strcmp(b->o->scores, "auto") != 0;
  bool raw = b->o->output && strcmp(b->o->output, "raw") == 0;
  bool log_odds = b->o->output && !raw;
  if (*classes == 1 && !raw && (sigmoid || probabilities || log_odds)) *classes = 2;
  return HRS_OK;
}

static hrs_status make_targets(builder *b) {
  const char *text = b->o->target;
  if (!text) text = b->o->labels ? "label" : "predicted";
  const char *output;
  int classes = 0;
  HRS_TRY(count_classes(b, &output, &classes));
  b->job->classes = classes;
  b->n_targets = 1;
  if (classes == 1 && !b->o->target) text = "0";
  if (strcmp(text, "predicted") == 0) return HRS_OK;
  hrs_count samples = b->job->samples, count = 1, *list = NULL;
  if (strcmp(text, "label") == 0) {
    HRS_REQUIRE(b->o->labels, USAGE, "--target label needs --labels FILE");
    for (hrs_count i = 0; i < samples; i++)
      HRS_REQUIRE(
          b->job->label[i] >= 0 && b->job->label[i] < classes, INPUT,
          "--labels %s: label %d of sample %lld is out of range: the network has %d classes, "
          "numbered from 0",
          b->o->labels, b->job->label[i], (long long)b->job->index[i], classes);
  } else if (strcmp(text, "all") == 0) {
    count = classes;
  } else {
    HRS_TRY(hrs_parse_choice(text, "--target", classes, &list, &count));
  }
  b->n_targets = (int)count;
  hrs_status status = hrs_alloc(samples * count, sizeof *b->targets, &b->targets);
  for (hrs_count i = 0; i < samples && status == HRS_OK; i++)
    for (hrs_count t = 0; t < count; t++)
      b->targets[i * count + t] = list                       ? (int)list[t]
                                  : strcmp(text, "all") == 0 ? (int)t
                                                             : b->job->label[i];
  hrs_free(list);
  return status;
}

static hrs_status set_output(const char *text, hrs_output *out) {
  static const char *const words[] = {"",   "log-odds", "logit", "probability", "log-probability",
                                      "raw"};
  *out = HRS_OUTPUT_AUTO;
  if (!text) return HRS_OK;
  for (int i = 1; i < (int)(sizeof words / sizeof *words); i++)
    if (strcmp(text, words[i]) == 0) {
      *out = (hrs_output)i;
      return HRS_OK;
    }
  HRS_FAIL(USAGE, "--output: '%s' is none of log-odds, logit, probability, log-probability, raw",
           text);
}

static hrs_status set_scores(const char *text, hrs_scores *out) {
  static const char *const words[] = {"auto", "logits", "probabilities", "log-probabilities"};
  for (int i = 0; i < (int)(sizeof words / sizeof *words); i++)
    if (strcmp(text, words[i]) == 0) {
      *out = (hrs_scores)i;
      return HRS_OK;
    }
  HRS_FAIL(USAGE, "--scores: '%s' is none of auto, logits, probabilities, log-probabilities", text);
}

static hrs_status set_evaluator(const char *text, hrs_evaluator *out) {
  bool brute = strcmp(text, "brute") == 0;
  HRS_REQUIRE(brute || strcmp(text, "lattice") == 0, USAGE,
              "--evaluator: '%s' is none of lattice, brute", text);
  *out = brute ? HRS_EVALUATOR_BRUTE : HRS_EVALUATOR_LATTICE;
  return HRS_OK;
}

static hrs_status load_class_names(builder *b) {
  if (!b->o->class_names) return HRS_OK;
  hrs_reader reader = hrs_comm_reader(&b->comm);
  hrs_count count;
  HRS_TRY_CONTEXT(hrs_reader_lines(&reader, b->o->class_names, &b->job->class_names, &count),
                  "--class-names");
  HRS_REQUIRE(count == b->job->classes, INPUT, "--class-names %s has %lld lines for %d classes",
              b->o->class_names, (long long)count, b->job->classes);
  return HRS_OK;
}

static hrs_status build(builder *b) {
  const hrs_interactions_options *o = b->o;
  hrs_network_game spec = {.mask_at = o->mask_at, .output_node = o->output_node};
  HRS_TRY(set_output(o->output, &spec.output));
  HRS_TRY(set_scores(o->scores, &spec.scores));
  HRS_TRY(set_evaluator(o->evaluator, &spec.evaluator));
  spec.table_bytes = o->table_memory;
  HRS_REQUIRE(strcmp(o->layout, "auto") == 0 || named_layout(o->layout) != HRS_LAYOUT_AUTO, USAGE,
              "--layout: '%s' is none of auto, channels-first, channels-last", o->layout);
  hrs_reader reader = hrs_comm_reader(&b->comm);
  HRS_TRY_CONTEXT(hrs_model_load(b->path, &reader, &b->job->model), "--model");
  HRS_TRY(load_inputs(b));
  HRS_TRY(load_labels(b));
  if (o->mask_at)
    HRS_TRY_CONTEXT(hrs_network_tensor_at(b->job->model, b->inputs, (const char *const *)b->names,
                                          b->samples, o->mask_at, &b->masked),
                    "--mask-at %s", o->mask_at);
  HRS_TRY(make_players(b));
  HRS_TRY(make_baseline(b));
  HRS_TRY(make_targets(b));
  HRS_TRY(load_class_names(b));
  spec.model = b->job->model;
  spec.n_inputs = b->inputs;
  spec.inputs = (const char *const *)b->names;
  spec.samples = b->samples;
  spec.n_targets = b->n_targets;
  spec.targets = b->targets;
  /* The data set wants players and baseline too: the game gets copies. */
  spec.players = (hrs_players){.n = b->job->n, .per_sample = b->job->players.per_sample};
  HRS_TRY(hrs_array_copy(&b->job->players.map, &spec.players.map));
  HRS_TRY(hrs_array_copy(&b->job->baseline, &spec.baseline));
  HRS_TRY(hrs_game_network(&spec, &b->job->game));
  b->job->classes = hrs_game_network_classes(b->job->game);
  snprintf(b->job->description, sizeof b->job->description, "%s, %lld multiply-adds per mask",
           b->path, (long long)hrs_game_network_multiply_adds(b->job->game));
  hrs_network_cost cost = hrs_game_network_cost(b->job->game);
  b->job->game_bytes = hrs_game_network_bytes(b->job->game);
  b->job->shared_bytes = cost.bytes - cost.block_bytes;
  return HRS_OK;
}

static hrs_status build_one(MPI_Comm comm, const hrs_interactions_options *options,
                            const char *path, hrs_job *job) {
  builder b = {.comm = comm, .o = options, .path = path, .job = job};
  hrs_status status = build(&b);
  for (int i = 0; i < HRS_OPTION_REPEATS; i++) {
    hrs_free(b.names[i]);
    hrs_array_destroy(&b.samples[i]);
  }
  hrs_free(b.targets);
  hrs_array_destroy(&b.masked);
  return status;
}

/* Another network of a joint fit: its game and its model, all else as the first one's. */
static hrs_status build_other(MPI_Comm comm, const hrs_interactions_options *options, int i,
                              hrs_job *job, hrs_game **game) {
  const char *path = options->model.text[i];
  hrs_job other = {0};
  hrs_status status = build_one(comm, options, path, &other);
  if (status == HRS_OK && other.classes != job->classes)
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "--model %s has %d classes, %s has %d: networks that share "
                           "interactions answer the same question",
                           path, other.classes, options->model.text[0], job->classes);
  if (status == HRS_OK) {
    *game = other.game;
    other.game = NULL;
    job->more[i - 1] = other.model;
    other.model = NULL;
    job->game_bytes += other.game_bytes;
    job->shared_bytes += other.shared_bytes;
  }
  hrs_job_destroy(&other);
  return status;
}

hrs_status hrs_job_network(MPI_Comm comm, const hrs_interactions_options *options, hrs_job *job) {
  int count = options->model.count;
  hrs_game *games[HRS_JOINT_GAMES] = {NULL};
  HRS_REQUIRE(count == 1 || options->labels ||
                  (options->target && strcmp(options->target, "predicted") != 0),
              USAGE,
              "networks that share interactions may predict different classes: say which with "
              "--labels or --target INDEX");
  HRS_TRY(build_one(comm, options, options->model.text[0], job));
  if (count == 1) return HRS_OK;
  games[0] = job->game;
  job->game = NULL;
  hrs_status status = HRS_OK;
  for (int i = 1; i < count && status == HRS_OK; i++)
    status = build_other(comm, options, i, job, &games[i]);
  if (status == HRS_OK) return hrs_game_joint(count, games, &job->game);
  for (int i = 0; i < count; i++)
    hrs_game_destroy(&games[i]);
  return status;
}
