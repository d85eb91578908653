/*
 * harsanyi export: an index or the interactions of a data set, as CSV for tables and as the JSON
 * that shapiq's InteractionValues loads.
 */
#include "commands.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/kinds/interactions/file.h"
#include "mpi/program/options/options.h"

#include <stdio.h>
#include <string.h>

typedef struct export_options {
  const char *index, *row, *out;
  int interactions, format; /* below; 0: not given */
  bool force;
} export_options;

enum { AND_ALONE = 1, SALIENT_ONES = 3 };
enum { FORMAT_SHAPIQ = 1 };
static const char interactions_words[] = "and|or|salient";

#define AT(field) offsetof(export_options, field)
static const hrs_option options_table[] = {
    {"--index", HRS_OPTION_TEXT, AT(index), "NAME", NULL,
     "one of the indices in the file, such as SV or k-SII (default: SV, or the first there is)"},
    {"--interactions", HRS_OPTION_CHOICE, AT(interactions), interactions_words, NULL,
     "instead of an index: all AND or all OR interactions (kept with --keep all), or the list of "
     "salient ones"},
    {"--row", HRS_OPTION_TEXT, AT(row), "K", NULL,
     "this row alone (default: all; a shapiq file holds one)"},
    {"--format", HRS_OPTION_CHOICE, AT(format), "shapiq|csv", NULL,
     "shapiq's JSON, or CSV (default: by the name of --out, .json is shapiq; else csv)"},
    {"--out", HRS_OPTION_TEXT, AT(out), "FILE", NULL, "where it goes (default: standard output)"},
    {"--force", HRS_OPTION_FLAG, AT(force), NULL, NULL, "replace an existing file"},
    {0}};

static const hrs_option_group groups[] = {{options_table, 0}, {0}};

static const hrs_command_line line = {
    .usage = "harsanyi export FILE.h5 [options]",
    .description = "An index or the interactions of a data set as CSV, with the players' names, or "
                   "as the JSON that shapiq's InteractionValues loads.",
    .groups = groups,
    .min_positional = 1,
    .max_positional = 1};

/* ---- what is exported ----------------------------------------------------------------------- */

typedef enum kind { PLAYERS, INDEX, LATTICE, SALIENT } kind;

typedef struct source {
  hrs_interactions_file *set;
  kind kind;
  const char *name;         /* for shapiq */
  char path[HRS_PATH_SIZE]; /* of the values */
  hrs_index index;
  int orders;
  bool or_type, typed, with_empty; /* a column for the type; the empty set among the entries */
  hrs_count first, end;            /* rows */
} source;

static bool find_index(const hrs_interactions_file *set, const char *name, source *s) {
  static const char *const players[2] = {"SV", "BV"};
  for (int i = 0; i < 2; i++) {
    *s = (source){.kind = PLAYERS, .name = players[i], .orders = 1};
    snprintf(s->path, sizeof s->path, "/indices/%s", players[i]);
    if (hrs_reading_has(set->file, s->path) && (!name || strcmp(name, players[i]) == 0))
      return true;
  }
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    hrs_index index = (hrs_index)i;
    if (!set->orders[i] || (name && strcmp(name, hrs_index_name(index)) != 0)) continue;
    *s = (source){.kind = INDEX,
                  .name = hrs_index_name(index),
                  .index = index,
                  .orders = set->orders[i],
                  .with_empty = index == HRS_INDEX_MOEBIUS};
    hrs_interactions_index_path(index, "value", s->path);
    return true;
  }
  return false;
}

static void list_indices(const hrs_interactions_file *set, char *text, size_t size) {
  size_t used =
      (size_t)snprintf(text, size, "%s%s", hrs_reading_has(set->file, "/indices/SV") ? " SV" : "",
                       hrs_reading_has(set->file, "/indices/BV") ? " BV" : "");
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    if (set->orders[i])
      used += (size_t)snprintf(text + used, size - used, " %s", hrs_index_name((hrs_index)i));
  if (!*text) snprintf(text, size, " none");
}

static hrs_status find_interactions(const hrs_interactions_file *set, int what, source *s) {
  if (what == SALIENT_ONES) {
    *s = (source){.kind = SALIENT, .typed = true};
  } else {
    bool and_type = what == AND_ALONE;
    const char *word = and_type ? "and" : "or";
    *s = (source){.kind = LATTICE, .or_type = !and_type, .typed = true};
    snprintf(s->path, sizeof s->path, "/interactions/%s", word);
    HRS_REQUIRE(hrs_reading_has(set->file, s->path), INPUT,
                "--interactions %s: %s does not hold all %s interactions (--keep all keeps them); "
                "--interactions salient exports those listed",
                word, set->file->path, and_type ? "AND" : "OR");
  }
  s->name = "Moebius";
  s->orders = set->n;
  s->with_empty = !s->or_type;
  return HRS_OK;
}

/* shapiq knows dividends (Moebius) and no OR interactions, and a file of it has one row. */
static hrs_status check_shapiq(const source *s, const export_options *o) {
  char word[HRS_WORD_TEXT];
  bool has_or = s->kind == LATTICE ? s->or_type : s->kind == SALIENT && s->set->types[1];
  HRS_REQUIRE(!has_or, USAGE,
              "--interactions %s: shapiq knows no OR interactions; give --format csv",
              hrs_text_word(interactions_words, o->interactions - 1, word));
  HRS_REQUIRE(s->end - s->first == 1, USAGE,
              "--format shapiq: a file holds one row, %s has %lld; choose one with --row",
              s->set->file->path, (long long)s->end);
  size_t length = o->out ? strlen(o->out) : 0;
  HRS_REQUIRE(!o->out || (length > 5 && strcmp(o->out + length - 5, ".json") == 0), USAGE,
              "--out %s: shapiq loads files whose names end in .json alone", o->out);
  return HRS_OK;
}

static hrs_status choose(hrs_interactions_file *set, const export_options *o, source *s) {
  HRS_REQUIRE(!o->index || !o->interactions, USAGE,
              "--index and --interactions exclude each other");
  if (o->interactions) {
    HRS_TRY(find_interactions(set, o->interactions, s));
  } else if (!find_index(set, o->index, s)) {
    char names[160];
    list_indices(set, names, sizeof names);
    HRS_FAIL(INPUT, "--index%s%s: %s has%s; `harsanyi interactions --indices` computes them",
             o->index ? " " : "", o->index ? o->index : "", set->file->path, names);
  }
  s->set = set;
  s->first = 0;
  s->end = set->rows;
  if (!o->row) return HRS_OK;
  HRS_TRY(hrs_text_count(o->row, "--row", &s->first));
  HRS_REQUIRE(s->first < set->rows, USAGE, "--row %lld: %s has rows 0 to %lld", (long long)s->first,
              set->file->path, (long long)set->rows - 1);
  s->end = s->first + 1;
  return HRS_OK;
}

/* ---- how it is written ---------------------------------------------------------------------- */

typedef struct writer {
  FILE *file;
  const char *name; /* for messages */
  const source *source;
  bool shapiq;
  hrs_count row, written; /* entries of the row */
} writer;

/* The players' names, "; " between them, as one field. */
static void put_names(const writer *w, hrs_mask set) {
  const char *between = "";
  putc('"', w->file);
  for (int i = 0; i < w->source->set->n; i++) {
    if (!(set >> i & 1)) continue;
    fputs(between, w->file);
    between = "; ";
    for (const char *c = w->source->set->player_names[i]; *c; c++) {
      if (*c == '"') putc('"', w->file);
      putc(*c, w->file);
    }
  }
  putc('"', w->file);
}

static void put_key(const writer *w, hrs_mask set) {
  const char *between = "";
  if (!set) fputs("Empty", w->file);
  for (int i = 0; i < w->source->set->n; i++) {
    if (!(set >> i & 1)) continue;
    fprintf(w->file, "%s%d", between, i);
    between = ",";
  }
}

static void put(writer *w, hrs_mask set, uint8_t type, double value) {
  const hrs_interactions_file *file = w->source->set;
  if (w->shapiq) {
    fprintf(w->file, "%s\n    \"", w->written ? "," : "");
    put_key(w, set);
    fprintf(w->file, "\": %.17g", value);
  } else {
    fprintf(w->file, "%lld,%lld,%d,%s%d,%llu,", (long long)w->row, (long long)file->index[w->row],
            file->target[w->row],
            !w->source->typed ? ""
            : type            ? "OR,"
                              : "AND,",
            hrs_order(set), (unsigned long long)set);
    put_names(w, set);
    fprintf(w->file, ",%.17g\n", value);
  }
  w->written++;
}

static void begin(const writer *w) {
  const source *s = w->source;
  if (!w->shapiq) {
    fprintf(w->file, "row,sample,target,%sorder,mask,players,value\n", s->typed ? "type," : "");
    return;
  }
  /* The layout of shapiq 1.3; its reader looks at "metadata" and "data". */
  fprintf(w->file,
          "{\n  \"object_name\": \"InteractionValues\",\n  \"data_type\": \"interaction_values\",\n"
          "  \"version\": \"1.3.0\",\n  \"created_from\": \"harsanyi %s\",\n"
          "  \"description\": null,\n  \"parameters\": {},\n  \"timestamp\": null,\n"
          "  \"metadata\": {\n    \"n_players\": %d,\n    \"index\": \"%s\",\n"
          "    \"max_order\": %d,\n    \"min_order\": %d,\n    \"estimated\": false,\n"
          "    \"estimation_budget\": null,\n    \"baseline_value\": %.17g\n  },\n  \"data\": {",
          hrs_version(), s->set->n, s->name, s->orders, s->with_empty ? 0 : 1,
          s->set->v_empty[s->first]);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Between pieces: is it still wanted, and can it be written? */
static hrs_status go_on(const writer *w) {
  HRS_REQUIRE(!hrs_stop_wanted(), STOPPED, "stopped by a signal");
  return ferror(w->file) ? hrs_stream_check(w->file, w->name) : HRS_OK;
}

static hrs_status put_list(writer *w, hrs_count k) {
  hrs_salient list;
  HRS_TRY(hrs_interactions_list(w->source->set, k, &list));
  for (hrs_count i = 0; i < list.count; i++)
    put(w, list.mask[i], list.type[i], list.value[i]);
  hrs_salient_destroy(&list);
  return go_on(w);
}

/* Pieces of the values; their sets follow from the place or stand in the file. */
static hrs_status put_values(writer *w, hrs_count k) {
  enum { AT_A_TIME = 1 << 14 };
  const source *s = w->source;
  const hrs_interactions_file *set = s->set;
  hrs_count count = s->kind == PLAYERS ? set->n
                    : s->kind == INDEX ? hrs_set_count(set->n, s->orders)
                                       : (hrs_count)1 << set->n;
  uint8_t type = s->or_type;
  char sets[HRS_PATH_SIZE];
  hrs_interactions_index_path(s->index, "mask", sets);
  double *value = NULL;
  hrs_mask *mask = NULL;
  hrs_status status = hrs_alloc(AT_A_TIME, sizeof *value, &value);
  if (status == HRS_OK) status = hrs_alloc(AT_A_TIME, sizeof *mask, &mask);
  for (hrs_count done = 0; done < count && status == HRS_OK; done += AT_A_TIME) {
    hrs_count piece = count - done < AT_A_TIME ? count - done : AT_A_TIME;
    status = go_on(w);
    if (status == HRS_OK)
      status = hrs_reading_read(set->file, s->path, k, done, piece, HRS_F64, value);
    if (status == HRS_OK && s->kind == INDEX)
      status = hrs_reading_read(set->file, sets, -1, done, piece, HRS_U64, mask);
    for (hrs_count i = 0; i < piece && status == HRS_OK; i++) {
      hrs_mask here = s->kind == PLAYERS ? (hrs_mask)1 << i
                      : s->kind == INDEX ? mask[i]
                                         : (hrs_mask)(done + i);
      /* The empty set is put first by the caller. */
      if (here) put(w, here, type, value[i]);
    }
  }
  hrs_free(value);
  hrs_free(mask);
  return status;
}

static hrs_status put_row(writer *w, hrs_count k) {
  const source *s = w->source;
  w->row = k;
  w->written = 0;
  HRS_TRY(hrs_interactions_name_row(s->set, k));
  for (int i = 0; i < s->set->n; i++)
    HRS_TRY(hrs_make_printable(&s->set->player_names[i]));
  if (s->with_empty && (w->shapiq || s->kind == LATTICE)) put(w, 0, 0, s->set->v_empty[k]);
  return s->kind == SALIENT ? put_list(w, k) : put_values(w, k);
}

static hrs_status write_all(const source *s, bool shapiq, FILE *file, const char *name) {
  writer w = {.file = file, .name = name, .source = s, .shapiq = shapiq};
  begin(&w);
  for (hrs_count k = s->first; k < s->end; k++)
    HRS_TRY(put_row(&w, k));
  if (shapiq) fputs("\n  }\n}\n", file);
  return hrs_stream_check(file, name);
}

static hrs_status write_file(const source *s, const export_options *o, bool shapiq) {
  if (!o->out) return write_all(s, shapiq, stdout, "standard output");
  HRS_REQUIRE(!hrs_input_is(o->out), USAGE,
              "--out %s is the data set that is exported; give another name", o->out);
  hrs_writer *out;
  HRS_TRY(hrs_writer_create(o->out, "--out", o->force, &out));
  char name[1024];
  snprintf(name, sizeof name, "--out %s", o->out);
  hrs_status status = write_all(s, shapiq, hrs_writer_stream(out), name);
  if (status == HRS_OK) return hrs_writer_finish(&out);
  hrs_writer_abort(&out);
  return status;
}

/* ---- the command ---------------------------------------------------------------------------- */

static bool is_shapiq(const export_options *o) {
  size_t length = o->out ? strlen(o->out) : 0;
  bool named = length > 5 && strcmp(o->out + length - 5, ".json") == 0;
  return o->format ? o->format == FORMAT_SHAPIQ : named;
}

static hrs_status export_from(hrs_interactions_file *set, const export_options *o) {
  bool shapiq = is_shapiq(o);
  source s;
  HRS_REQUIRE(set->file->complete, INPUT,
              "%s is not complete: the run that wrote it ended before its end; run it again",
              set->file->path);
  HRS_TRY(choose(set, o, &s));
  if (shapiq) HRS_TRY(check_shapiq(&s, o));
  return write_file(&s, o, shapiq);
}

static hrs_status run(int argc, char **argv) {
  export_options options = {0};
  const char *path = NULL;
  int count = 0;
  HRS_TRY(hrs_options_parse(&line, argc, argv, &options, &path, &count));
  hrs_interactions_file *set;
  HRS_TRY(hrs_interactions_open(path, &set));
  hrs_status status = export_from(set, &options);
  hrs_interactions_close(&set);
  return status;
}

hrs_status hrs_command_export(MPI_Comm comm, int argc, char **argv) {
  if (hrs_options_want_help(argc, argv)) {
    hrs_options_help(&line);
    return HRS_OK;
  }
  return hrs_agree(comm, hrs_comm_rank(comm) == 0 ? run(argc, argv) : HRS_OK);
}
