/*
 * A data set of interactions: header and rows; of the chosen rows the largest interactions with the
 * players' names, strengths by order, Shapley values; with --check everything that the file says
 * twice or that can be recomputed is compared.
 */
#include "parts.h"

#include "mpi/program/options/options.h"

/* ---- which row ------------------------------------------------------------------------------ */

static hrs_status find_row(const hrs_interactions_file *set, int sample, bool any_target,
                           int target, hrs_count *out) {
  bool seen = false;
  for (hrs_count k = 0; k < set->rows; k++) {
    if (set->index[k] != sample) continue;
    seen = true;
    if (any_target || set->target[k] == target) {
      *out = k;
      return HRS_OK;
    }
  }
  HRS_REQUIRE(seen, USAGE, "--sample %d: %s has no such sample; --row takes 0 to %lld", sample,
              set->file->path, (long long)set->rows - 1);
  HRS_FAIL(USAGE, "--target %d: sample %d has no row for that class", target, sample);
}

/* The chosen row, or -1 where none was chosen. */
static hrs_status choose_row(const hrs_interactions_file *set, const hrs_show_options *options,
                             hrs_count *out) {
  *out = -1;
  if (options->row) {
    HRS_REQUIRE(!options->sample && !options->target, USAGE,
                "--row and --sample or --target exclude each other");
    HRS_TRY(hrs_text_count(options->row, "--row", out));
    HRS_REQUIRE(*out < set->rows, USAGE, "--row %lld: %s has rows 0 to %lld", (long long)*out,
                set->file->path, (long long)set->rows - 1);
    return HRS_OK;
  }
  HRS_REQUIRE(options->sample || !options->target, USAGE, "--target needs --sample");
  if (!options->sample) return HRS_OK;
  int sample, target = 0;
  HRS_TRY(hrs_text_int(options->sample, "--sample", &sample));
  if (options->target) HRS_TRY(hrs_text_int(options->target, "--target", &target));
  return find_row(set, sample, !options->target, target, out);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* The caller frees row->list, whatever the outcome. */
static hrs_status load_row(hrs_interactions_file *set, hrs_count k, hrs_show_row *row) {
  *row = (hrs_show_row){.k = k};
  HRS_TRY(hrs_interactions_name_row(set, k));
  HRS_TRY(hrs_reading_record(set->file, HRS_INTERACTIONS_ROW, k, &row->values));
  HRS_TRY(hrs_reading_record(set->file, HRS_INTERACTIONS_FIT, k, &row->fit));
  HRS_TRY(hrs_reading_record(set->file, HRS_INTERACTIONS_SHARING, k, &row->sharing));
  HRS_TRY(hrs_interactions_list(set, k, &row->list));
  for (hrs_count i = 0; i < row->list.count; i++)
    HRS_REQUIRE(row->list.type[i] <= 1 && row->list.mask[i] <= hrs_mask_full(set->n), INPUT,
                "%s: /salient entry %lld of row %lld is out of range (type %d, mask %llu)",
                set->file->path, (long long)i, (long long)k, row->list.type[i],
                (unsigned long long)row->list.mask[i]);
  return HRS_OK;
}

/* Number of salient AND and OR interactions of each row. */
static hrs_status count_rows(const hrs_interactions_file *set, hrs_count **out) {
  HRS_TRY(hrs_calloc(2 * set->rows, sizeof **out, out));
  for (hrs_count k = 0; k < set->rows; k++)
    for (int type = 0; type < 2; type++) {
      double count[HRS_MAX_PLAYERS + 1];
      if (!set->types[type]) continue;
      HRS_TRY(hrs_reading_read(set->file, type == 0 ? "/orders/and/count" : "/orders/or/count", k,
                               0, set->n + 1, HRS_F64, count));
      for (int m = 0; m <= set->n; m++)
        (*out)[2 * k + type] += (hrs_count)count[m];
    }
  return HRS_OK;
}

/* What a file says goes to the terminal as text alone (JSON has escapes of its own). */
static hrs_status make_names_printable(hrs_interactions_file *set) {
  for (int i = 0; i < set->n; i++)
    HRS_TRY(hrs_make_printable(&set->player_names[i]));
  return HRS_OK;
}

static hrs_status make_printable(hrs_interactions_file *set) {
  HRS_TRY(make_names_printable(set));
  for (int i = 0; i < set->classes; i++)
    HRS_TRY(hrs_make_printable(&set->class_names[i]));
  HRS_TRY(hrs_make_printable(&set->file->path));
  HRS_TRY(hrs_make_printable(&set->file->program_version));
  return hrs_make_printable(&set->file->git);
}

/* ---- showing -------------------------------------------------------------------------------- */

static hrs_status show_text(hrs_interactions_file *set, hrs_count chosen,
                            const hrs_show_options *options) {
  hrs_count *counts = NULL;
  hrs_show_row row = {0};
  hrs_status status = count_rows(set, &counts);
  if (status == HRS_OK) {
    hrs_show_rows_text(set, counts);
    status = load_row(set, chosen < 0 ? 0 : chosen, &row);
  }
  if (status == HRS_OK) status = make_names_printable(set);
  if (status == HRS_OK) status = hrs_show_row_text(set, &row, options);
  hrs_salient_destroy(&row.list);
  hrs_free(counts);
  return status;
}

static hrs_status show_json(hrs_interactions_file *set, hrs_count first, hrs_count end,
                            const hrs_show_options *options) {
  HRS_TRY(hrs_show_begin_json(set));
  for (hrs_count k = first; k < end; k++) {
    hrs_show_row row;
    hrs_status status = load_row(set, k, &row);
    if (status == HRS_OK) status = hrs_show_row_json(set, &row, options, k == first);
    hrs_salient_destroy(&row.list);
    HRS_TRY(status);
  }
  return HRS_OK;
}

static hrs_status judge(const char *path, const hrs_check *checks) {
  const char *detail = NULL;
  int failed = 0;
  for (int i = 0; i < hrs_interactions_checks; i++) {
    if (checks[i].failed && !detail) detail = checks[i].detail;
    failed += checks[i].failed > 0;
  }
  HRS_REQUIRE(!failed, INPUT, "%s fails %d of its checks; the first: %s", path, failed, detail);
  return HRS_OK;
}

static hrs_status show(hrs_interactions_file *set, const hrs_show_options *options) {
  hrs_count chosen;
  HRS_TRY(choose_row(set, options, &chosen));
  hrs_count first = chosen < 0 ? 0 : chosen, end = chosen < 0 ? set->rows : chosen + 1;
  if (!options->json) {
    HRS_TRY(make_printable(set));
    HRS_TRY(hrs_show_header_text(set));
  }
  HRS_REQUIRE(set->file->complete, INPUT,
              "%s is not complete: the run that wrote it ended before its end; run it again",
              set->file->path);
  HRS_TRY(options->json ? show_json(set, first, end, options) : show_text(set, chosen, options));
  hrs_check *checks = NULL;
  hrs_status status = HRS_OK;
  if (options->check) {
    HRS_TRY(hrs_alloc(hrs_interactions_checks, sizeof *checks, &checks));
    hrs_interactions_check_start(checks);
    for (hrs_count k = first; k < end && status == HRS_OK; k++)
      status = hrs_interactions_check(set, k, checks);
    if (status == HRS_OK && !options->json) hrs_show_checks_text(checks);
  }
  if (status == HRS_OK && options->json) hrs_show_end_json(checks);
  if (status == HRS_OK && checks) status = judge(set->file->path, checks);
  hrs_free(checks);
  return status;
}

hrs_status hrs_show_interactions(hrs_reading **reading, const hrs_show_options *options) {
  hrs_interactions_file *set;
  HRS_TRY(hrs_interactions_load(reading, &set));
  hrs_status status = show(set, options);
  hrs_interactions_close(&set);
  return status;
}
