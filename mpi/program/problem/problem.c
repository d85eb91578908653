/* Options -> job: what to compute and keep, and which kind of game. Network games: network.c.
 */
#include "problem.h"

#include "mpi/dataset/h5_reader.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/options/lists.h"
#include "mpi/program/run_indices.h"
#include "network.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word out of a list, or a message that gives the list. */
static hrs_status choose(const char *option, const char *text, const char *const *words,
                         int *index) {
  char all[256] = "";
  for (int i = 0; words[i]; i++) {
    if (strcmp(text, words[i]) == 0) {
      *index = i;
      return HRS_OK;
    }
    size_t used = strlen(all);
    snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", words[i]);
  }
  HRS_FAIL(USAGE, "%s: '%s' is none of %s", option, text, all);
}

/* "NAME:VALUE" with one of the given names; VALUE may be missing. */
static hrs_status split(const char *option, const char *text, const char *const *names, int *index,
                        const char **value) {
  const char *colon = strchr(text, ':');
  char name[64];
  snprintf(name, sizeof name, "%.*s", colon ? (int)(colon - text) : (int)strlen(text), text);
  HRS_TRY(choose(option, name, names, index));
  *value = colon ? colon + 1 : NULL;
  return HRS_OK;
}

static hrs_status set_types(const char *text, hrs_job *job) {
  static const char *const words[] = {"and", "or", "and,or", "and-or", NULL};
  int which = 0;
  HRS_TRY(choose("--types", text, words, &which));
  job->types[0] = which != 1;
  job->types[1] = which != 0;
  job->fit = which == 3;
  return HRS_OK;
}

static hrs_status set_fit(const hrs_interactions_options *o, hrs_job *job) {
  static const char *const merge[] = {"on", "off", NULL}, *const empty[] = {"merged", "split",
                                                                            NULL};
  static const char *const forms[] = {"mix", "add", NULL};
  int singles = 0, constant = 0, form = 0;
  const char *split = o->split_option ? o->split_option : o->share_option;
  HRS_REQUIRE(job->fit || !split, USAGE,
              "%s belongs to a split: add --types and-or (%s splits nothing), or leave it out",
              split, o->types);
  HRS_REQUIRE(o->share || !o->share_option, USAGE,
              "%s belongs to --share, by which several networks are fitted together: add it, or "
              "leave %s out",
              o->share_option, o->share_option);
  HRS_REQUIRE(!job->fit || !o->verify, USAGE,
              "--verify knows the dividends of --types and, or, or and,or; a fitted split has its "
              "own certificate (/fit/gap)");
  HRS_REQUIRE(o->share_alpha <= 1, USAGE, "--share-alpha %g is not between 0 and 1",
              o->share_alpha);
  HRS_TRY(choose("--fit-merge", o->fit_merge, merge, &singles));
  HRS_TRY(choose("--fit-empty", o->fit_empty, empty, &constant));
  HRS_TRY(choose("--share-form", o->share_form, forms, &form));
  job->conventions = (hrs_fit_conventions){singles == 0, constant == 0};
  job->fitting = (hrs_fit_options){
      .gap = o->fit_gap, .iterations = o->fit_iterations, .spread = INFINITY, .share = {0, 1}};
  job->networks = 1;
  return HRS_OK;
}

static hrs_status set_keep(const char *text, int n, hrs_job *job) {
  static const char *const words[] = {"salient", "top", "all", NULL};
  if (!text) {
    job->keep = (hrs_count)1 << n > 65536 ? HRS_KEEP_SALIENT : HRS_KEEP_ALL;
    return HRS_OK;
  }
  int which = 0;
  const char *value = NULL;
  HRS_TRY(split("--keep", text, words, &which, &value));
  job->keep = (hrs_keep)which;
  HRS_REQUIRE((value != NULL) == (job->keep == HRS_KEEP_TOP), USAGE,
              "--keep: '%s' should be salient, top:K or all", text);
  if (value) HRS_TRY(hrs_text_count(value, "--keep top", &job->top));
  HRS_REQUIRE(!value || job->top >= 1, USAGE, "--keep: '%s' keeps nothing; K is at least 1", text);
  return HRS_OK;
}

static hrs_status set_threshold(const char *text, hrs_threshold *threshold) {
  static const char *const words[] = {"sample", "global", "delta", NULL};
  static const double usual[] = {0.05, 0.05, 0.03};
  int which = 0;
  const char *value = NULL;
  double alone;
  if (hrs_text_number(text, "", &alone) == HRS_OK)
    HRS_FAIL(USAGE, "--threshold: '%s' does not say of what; say sample:%s, global:%s or delta:%s",
             text, text, text, text);
  HRS_TRY(split("--threshold", text, words, &which, &value));
  threshold->mode = (hrs_threshold_mode)which;
  threshold->coefficient = usual[which];
  if (value) HRS_TRY(hrs_text_number(value, "--threshold", &threshold->coefficient));
  HRS_REQUIRE(threshold->coefficient >= 0, USAGE, "--threshold: %s is negative", value);
  return HRS_OK;
}

static hrs_status set_precision(const char *text, hrs_dtype *precision) {
  static const char *const words[] = {"double", "single", NULL};
  int which = 0;
  HRS_TRY(choose("--precision", text, words, &which));
  *precision = which ? HRS_F32 : HRS_F64;
  return HRS_OK;
}

static hrs_status set_sharing(const char *text, hrs_sharing *sharing) {
  static const char *const words[] = {"auto", "off", NULL};
  int which = 0;
  HRS_TRY(choose("--shm", text, words, &which));
  *sharing = (hrs_sharing)which;
  return HRS_OK;
}

/* Options that belong to another kind of game are a mistake worth a word. */
static hrs_status check_network_only(const hrs_interactions_options *o, const char *game) {
  const struct {
    const char *name;
    bool given;
  } only[] = {{"--samples", o->samples},        {"--input", o->input.count},
              {"--labels", o->labels},          {"--players", o->players},
              {"--subset", o->subset},          {"--baseline", o->baseline},
              {"--mask-at", o->mask_at},        {"--target", o->target},
              {"--output", o->output},          {"--output-node", o->output_node},
              {"--class-names", o->class_names}};
  for (size_t i = 0; i < sizeof only / sizeof *only; i++)
    HRS_REQUIRE(!only[i].given, USAGE, "%s belongs to --model and does not go with %s",
                only[i].name, game);
  return HRS_OK;
}

static hrs_status open_table(const hrs_interactions_options *o, const char *path, hrs_game **game) {
  static const char *const words[] = {"lsb", "msb", NULL};
  int order = 0;
  HRS_TRY(choose("--bit-order", o->bit_order, words, &order));
  if (hrs_game_is_shapiq(path)) {
    HRS_TRY(hrs_game_shapiq(path, game)); /* which names the option itself, as tables do */
    return HRS_OK;
  }
  hrs_array_file *file;
  HRS_TRY_CONTEXT(hrs_input_open(path, &file), "--table");
  HRS_TRY(hrs_game_table(file, order ? HRS_BITS_MSB : HRS_BITS_LSB, game));
  return HRS_OK;
}

static hrs_status open_tables(const hrs_interactions_options *o, hrs_game **game) {
  hrs_game *games[HRS_JOINT_GAMES] = {NULL};
  if (o->table.count == 1) return open_table(o, o->table.text[0], game);
  hrs_status status = HRS_OK;
  for (int i = 0; i < o->table.count && status == HRS_OK; i++)
    status = open_table(o, o->table.text[i], &games[i]);
  if (status == HRS_OK) return hrs_game_joint(o->table.count, games, game);
  for (int i = 0; i < o->table.count; i++)
    hrs_game_destroy(&games[i]);
  return status;
}

/* Several games of one kind share interactions. */
static hrs_status set_share(const hrs_interactions_options *o, hrs_job *job) {
  int count = o->model.count > o->table.count ? o->model.count : o->table.count;
  HRS_REQUIRE(count <= 1 || o->share, USAGE,
              "%s is given %d times; with --types and-or --share they are fitted together",
              o->model.count ? "--model" : "--table", count);
  HRS_REQUIRE(!o->share || (count >= 2 && count <= HRS_JOINT_GAMES), USAGE,
              "--share needs --model (or --table) 2 to %d times, not %d", HRS_JOINT_GAMES, count);
  if (!o->share) return HRS_OK;
  double alpha = o->share_alpha;
  job->networks = count;
  job->fitting.share =
      strcmp(o->share_form, "add") == 0 ? (hrs_share){1, alpha} : (hrs_share){1 - alpha, alpha};
  if (o->share_spread > 0) job->fitting.spread = o->share_spread;
  return HRS_OK;
}

static hrs_status make_game(MPI_Comm comm, const hrs_interactions_options *o, hrs_job *job) {
  int given = !!o->model.count + !!o->table.count + !!o->closed_form + !!o->plugin;
  HRS_REQUIRE(given == 1, USAGE,
              "%s of --model, --table, --closed-form and --plugin: exactly one says what the game "
              "is",
              given ? "more than one" : "none");
  HRS_TRY(set_share(o, job));
  if (o->model.count) return hrs_job_network(comm, o, job);
  const char *kind = o->table.count ? "--table" : o->closed_form ? "--closed-form" : "--plugin";
  const char *value = o->table.count   ? o->table.text[0]
                      : o->closed_form ? o->closed_form
                                       : o->plugin;
  HRS_TRY(check_network_only(o, kind));
  HRS_REQUIRE(o->table.count || !o->select, USAGE, "--select needs --model or --table");
  hrs_status status = o->table.count   ? open_tables(o, &job->game)
                      : o->closed_form ? hrs_game_closed_form(value, &job->game)
                                       : hrs_game_plugin(value, &job->game);
  HRS_TRY(status);
  for (int i = 0; i < o->table.count; i++) {
    HRS_TRY(hrs_job_describe(job, "%s%s", i ? "" : "table ", o->table.text[i]));
    job->game_bytes += hrs_input_child_bytes(o->table.text[i]);
  }
  if (!o->table.count) HRS_TRY(hrs_job_describe(job, "%s %s", kind + 2, value));
  job->n = hrs_game_players(job->game);
  job->all = hrs_game_samples(job->game);
  if (o->select)
    HRS_TRY(hrs_parse_choice(o->select, "--select", job->all, &job->index, &job->samples));
  else
    HRS_TRY(hrs_job_all_samples(job, job->all));
  HRS_TRY(hrs_alloc(job->samples, sizeof *job->label, &job->label));
  for (hrs_count i = 0; i < job->samples; i++)
    job->label[i] = -1;
  return HRS_OK;
}

hrs_status hrs_job_describe(hrs_job *job, const char *format, ...) {
  const char *so_far = job->description ? job->description : "", *comma = *so_far ? ", " : "";
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  size_t used = strlen(so_far) + strlen(comma), size = used + (size_t)length + 1;
  char *text;
  hrs_status status = hrs_alloc((hrs_count)size, 1, &text);
  if (status == HRS_OK) {
    snprintf(text, size, "%s%s", so_far, comma);
    vsnprintf(text + used, size - used, format, again);
    hrs_free(job->description);
    job->description = text;
  }
  va_end(again);
  return status;
}

hrs_status hrs_job_all_samples(hrs_job *job, hrs_count count) {
  HRS_TRY(hrs_alloc(count, sizeof *job->index, &job->index));
  for (hrs_count i = 0; i < count; i++)
    job->index[i] = i;
  job->samples = count;
  return HRS_OK;
}

/* What is written last: that it can be is better known first. By rank 0, once all is read. */
static hrs_status check_outputs(MPI_Comm comm, const hrs_interactions_options *o, hrs_job *job) {
  if (hrs_comm_rank(comm) != 0 || o->plan) return HRS_OK;
  HRS_REQUIRE(!o->out || !hrs_input_is(o->out), USAGE,
              "--out %s is a file that this run reads; give another name", o->out);
  if (!o->timing) return HRS_OK;
  HRS_REQUIRE(!hrs_input_is(o->timing), USAGE,
              "--timing %s is a file that this run reads; give another name", o->timing);
  HRS_REQUIRE(!o->out || !hrs_path_is_same(o->out, o->timing), USAGE,
              "--timing %s is --out too; give another name", o->timing);
  hrs_writer *timing;
  HRS_TRY(hrs_writer_create(o->timing, "--timing", o->force, &timing));
  hrs_writer_abort(&timing);
  return hrs_place_create(o->timing, "--timing", o->force, &job->timing);
}

static hrs_status create(MPI_Comm comm, const hrs_interactions_options *o, hrs_job *job) {
  HRS_TRY(set_types(o->types, job));
  HRS_TRY(set_fit(o, job));
  HRS_REQUIRE(o->salient_limit >= 1, USAGE, "--salient-limit must be at least 1");
  HRS_REQUIRE(o->chunk <= HRS_LARGEST_CHUNK, USAGE, "--chunk %lld: at most 1 GiB is of use",
              (long long)o->chunk);
  HRS_TRY(hrs_indices_parse(o->indices, job->indices, job->orders));
  HRS_TRY(set_threshold(o->threshold, &job->threshold));
  HRS_TRY(set_precision(o->precision, &job->precision));
  HRS_TRY(set_sharing(o->shm, &job->sharing));
  HRS_TRY(make_game(comm, o, job));
  HRS_REQUIRE(job->n >= 1 && job->n <= HRS_MAX_PLAYERS, USAGE, "%d players: there must be 1 to %d",
              job->n, HRS_MAX_PLAYERS);
  HRS_TRY(hrs_indices_settle(job->n, job->orders));
  HRS_REQUIRE(job->samples > 0, INPUT, "there are no samples");
  job->targets = hrs_game_targets(job->game);
  HRS_REQUIRE(!o->verify || hrs_game_knows_dividends(job->game), USAGE,
              "--verify needs a game with known dividends: a --closed-form other than random");
  HRS_TRY(set_keep(o->keep, job->n, job));
  HRS_TRY(hrs_job_name_players(job, o));
  hrs_job_record(job, o);
  return check_outputs(comm, o, job);
}

hrs_status hrs_job_create(MPI_Comm comm, const hrs_interactions_options *options, hrs_job *job) {
  memset(job, 0, sizeof *job);
  job->comm = comm;
  hrs_status status = hrs_agree(comm, create(comm, options, job));
  if (status == HRS_OK) status = hrs_job_compare(job);
  if (status == HRS_OK && job->model && job->sharing == HRS_SHARE_AUTO)
    status = hrs_shared_constants(comm);
  if (status != HRS_OK) hrs_job_destroy(job);
  return status;
}

void hrs_job_destroy(hrs_job *job) {
  hrs_place_destroy(&job->timing);
  hrs_game_destroy(&job->game);
  hrs_model_destroy(&job->model);
  for (int i = 0; i < HRS_JOINT_GAMES; i++)
    hrs_model_destroy(&job->more[i]);
  hrs_free(job->index);
  hrs_free(job->label);
  hrs_players_destroy(&job->players);
  hrs_array_destroy(&job->baseline);
  hrs_lines_free(&job->class_names);
  hrs_free(job->description);
  hrs_lines_free(&job->name_lines);
  hrs_free(job->row_names);
  hrs_free(job->masked);
  memset(job, 0, sizeof *job);
}

hrs_status hrs_job_contents(const hrs_job *job, const hrs_interactions_options *options,
                            hrs_contents **out) {
  hrs_interactions_spec spec = {.n = job->n,
                                .samples = job->samples,
                                .rows = job->samples * job->targets,
                                .precision = job->precision,
                                .values = options->values,
                                .types = {job->types[0], job->types[1]},
                                .networks = job->networks,
                                .game = job->record,
                                .game_attributes = job->records,
                                .fit = job->fit,
                                .keep_all = job->keep == HRS_KEEP_ALL,
                                .indices = {job->indices[0], job->indices[1]},
                                .player_names = job->players.names,
                                .row_player_names = job->row_names,
                                .map = job->players.map.data ? &job->players.map : NULL,
                                .baseline = job->baseline.data ? &job->baseline : NULL,
                                .class_names = job->class_names,
                                .classes = job->class_names ? job->classes : 0};
  memcpy(spec.orders, job->orders, sizeof spec.orders);
  return hrs_interactions_contents(&spec, out);
}
