/*
 * Interactions. Rows are independent of each other, but for thresholds of all rows: `global` is a
 * share of the largest |I|, and `delta` one of the mean |v(N) - v(empty)|. So the threshold of the
 * merged file is found first:
 *
 *   global   c max is the largest of the files' thresholds, to the bit: products with c do not
 *            change which is the largest;
 *   delta    c times the mean, added up in the order of rows as a run does it, of what
 *            /salient/effect has: v as the runs had it for that, before it was stored.
 *
 * Rows whose threshold changes are counted anew (row.c): from their lists, or from /interactions.
 * That is known before anything is written: rows of which the file holds too little are refused.
 */
#include "parts.h"

#include "mpi/dataset/write.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"
#include "mpi/program/options/options.h"

#include <math.h>

static const hrs_merge_attribute attributes[] = {
    {"/", "n_players", HRS_I32, false},      {"/", "n_samples", HRS_I64, true},
    {"/game", "kind", HRS_NONE, false},      {"/game", "v", HRS_NONE, false},
    {"/game", "scores", HRS_NONE, false},    {"/game", "output_node", HRS_NONE, false},
    {"/game", "target", HRS_NONE, false},    {"/game", "masked", HRS_NONE, false},
    {"/game", "players", HRS_NONE, false},   {"/game", "subset", HRS_NONE, false},
    {"/game", "baseline", HRS_NONE, false},  {"/game", "layout", HRS_NONE, false},
    {"/game", "evaluator", HRS_NONE, false},
};

static hrs_status load(hrs_merge_file *file) {
  hrs_reading *reading = file->reading;
  /* The reading goes to the file of interactions, whatever comes of it. */
  file->reading = NULL;
  HRS_TRY(hrs_interactions_load(&reading, &file->interactions));
  file->reading = file->interactions->file;
  return HRS_OK;
}

static bool is_of_all_rows(const hrs_merge_settings *settings) {
  return settings->mode.mode != HRS_THRESHOLD_SAMPLE;
}

/* ---- what the options say ------------------------------------------------------------------- */

static hrs_status read_count(const hrs_merge_file *file, const char *name, hrs_count *out) {
  char *text = NULL;
  HRS_TRY(hrs_merge_option(file, name, &text));
  hrs_status status = text ? hrs_text_count(text, name, out) : HRS_OK;
  hrs_free(text);
  return status;
}

static hrs_status read_words(const hrs_merge_file *file, hrs_merge_settings *out) {
  char *keep = NULL, *threshold = NULL;
  hrs_count top = 0;
  hrs_status status = hrs_merge_option(file, "--keep", &keep);
  if (status == HRS_OK) status = hrs_keep_parse(keep, file->interactions->n, &out->keep, &top);
  if (status == HRS_OK) status = hrs_merge_option(file, "--threshold", &threshold);
  if (status == HRS_OK && !threshold)
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__, "/run has no --threshold");
  if (status == HRS_OK) status = hrs_threshold_parse(threshold, &out->mode);
  if (out->keep == HRS_KEEP_TOP) out->limit = top;
  hrs_free(keep);
  hrs_free(threshold);
  return status;
}

/* Networks that are fitted together may differ by so much of the mean |v(N) - v(empty)| of all
 * rows of their run: other rows, another split. */
static hrs_status check_spread(const hrs_merge_file *file) {
  char *share = NULL, *spread = NULL;
  double number = 0;
  hrs_status status = hrs_merge_option(file, "--share", &share);
  if (status == HRS_OK && share) status = hrs_merge_option(file, "--share-spread", &spread);
  if (status == HRS_OK && spread) status = hrs_text_number(spread, "--share-spread", &number);
  if (status == HRS_OK && number > 0)
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "with --share-spread %s splits depend on all rows of a run, so those of "
                           "several runs cannot be merged; give --share-spread 0 to the runs",
                           spread);
  hrs_free(share);
  hrs_free(spread);
  return status;
}

static hrs_status read_settings(const hrs_merge_file *file, hrs_merge_settings *out) {
  *out = (hrs_merge_settings){.fit = file->interactions->fitted, .limit = INT64_MAX};
  HRS_TRY(read_count(file, "--salient-limit", &out->limit));
  HRS_TRY(read_count(file, "--blocks", &out->blocks));
  HRS_TRY(read_words(file, out));
  out->whole = out->keep == HRS_KEEP_ALL || hrs_reading_has(file->reading, "/values");
  return HRS_OK;
}

/* ---- the threshold of all rows -------------------------------------------------------------- */

/* As hrs_problem_delta adds it up. */
static double mean_of(const double *effect, hrs_count rows) {
  double mean = 0;
  for (hrs_count k = 0; k < rows; k++)
    mean += effect[k] / (double)rows;
  return mean;
}

/* All rows have one threshold, and it is the one that the file's values give. */
static hrs_status check_threshold(const hrs_merge_settings *settings,
                                  const hrs_interactions_file *set, const double *effect) {
  const char *path = set->file->path;
  double threshold = set->threshold[0];
  for (hrs_count k = 0; k < set->rows; k++)
    HRS_REQUIRE(set->threshold[k] == threshold && threshold > 0, INPUT,
                "%s: /salient/threshold is %.17g in row 0 and %.17g in row %lld; all have one",
                path, threshold, set->threshold[k], (long long)k);
  if (settings->mode.mode != HRS_THRESHOLD_DELTA) return HRS_OK;
  double c = settings->mode.coefficient, mean = mean_of(effect, set->rows);
  double expected = hrs_threshold_positive(c * mean);
  HRS_REQUIRE(expected == threshold, INPUT,
              "%s: /salient/threshold is %.17g, but %g times the mean of /salient/effect is %.17g",
              path, threshold, c, expected);
  return HRS_OK;
}

/* Of what is at least as large, a list that was cut has all. */
static hrs_status find_reach(const hrs_merge_settings *settings, const hrs_interactions_file *set,
                             hrs_count k, double *out) {
  hrs_count first = (hrs_count)set->offset[k], count = (hrs_count)set->offset[k + 1] - first;
  bool top = settings->keep == HRS_KEEP_TOP;
  bool cut = top ? count >= settings->limit : set->truncated[k] != 0;
  double last = INFINITY;
  *out = top ? 0 : set->threshold[k];
  if (!cut) return HRS_OK;
  if (count > 0)
    HRS_TRY(
        hrs_reading_read(set->file, "/salient/value", -1, first + count - 1, 1, HRS_F64, &last));
  *out = nextafter(fabs(last), INFINITY);
  return HRS_OK;
}

static hrs_status take(hrs_merge *merge, int i, const hrs_merge_file *file) {
  const hrs_interactions_file *set = file->interactions;
  hrs_merge_rows *rows = &merge->interactions;
  if (i == 0) HRS_TRY_CONTEXT(read_settings(file, &rows->settings), "%s", file->reading->path);
  if (i == 1) HRS_TRY_CONTEXT(check_spread(file), "%s", file->reading->path);
  if (!is_of_all_rows(&rows->settings)) return HRS_OK;
  hrs_count all = rows->known + set->rows;
  HRS_TRY(hrs_realloc(&rows->effect, all, sizeof *rows->effect));
  HRS_TRY(hrs_realloc(&rows->reach, all, sizeof *rows->reach));
  double *effect = rows->effect + rows->known, *reach = rows->reach + rows->known;
  if (rows->settings.mode.mode == HRS_THRESHOLD_DELTA)
    HRS_TRY(hrs_reading_read(set->file, "/salient/effect", -1, 0, set->rows, HRS_F64, effect));
  for (hrs_count k = 0; k < set->rows; k++)
    HRS_TRY(find_reach(&rows->settings, set, k, &reach[k]));
  HRS_TRY(check_threshold(&rows->settings, set, effect));
  merge->source[i].threshold = set->threshold[0];
  rows->known = all;
  return HRS_OK;
}

static double find_threshold(const hrs_merge *merge) {
  const hrs_merge_rows *rows = &merge->interactions;
  double largest = 0;
  if (rows->settings.mode.mode == HRS_THRESHOLD_DELTA)
    return hrs_threshold_positive(rows->settings.mode.coefficient *
                                  mean_of(rows->effect, rows->known));
  for (int i = 0; i < merge->files; i++)
    largest = fmax(largest, merge->source[i].threshold);
  return largest;
}

/* Is everything there that the rows of a file need at the new threshold? */
static hrs_status check_rows(const hrs_merge *merge, int i) {
  const hrs_merge_rows *rows = &merge->interactions;
  const hrs_merge_source *source = &merge->source[i];
  double threshold = rows->settings.threshold;
  hrs_count lacking = 0;
  if (source->threshold == threshold) return HRS_OK;
  HRS_REQUIRE(!rows->settings.fit, INPUT,
              "%s: the threshold of all rows is %g, and was %g in this file; what of v the salient "
              "interactions of a split reconstruct is not known for another threshold: give "
              "--threshold sample:X to the runs",
              merge->path[i], threshold, source->threshold);
  if (rows->settings.whole) return HRS_OK;
  for (hrs_count k = source->first; k < source->first + source->rows; k++)
    lacking += rows->reach[k] > threshold;
  HRS_REQUIRE(lacking == 0, INPUT,
              "%s: the threshold of all rows is %g, and was %g in this file, whose lists do not "
              "reach so far in %lld row%s; give --keep all or --values to the runs, --threshold "
              "sample:X, or a "
              "larger --salient-limit",
              merge->path[i], threshold, source->threshold, (long long)lacking,
              hrs_plural(lacking));
  return HRS_OK;
}

static hrs_status settle(hrs_merge *merge) {
  hrs_merge_rows *rows = &merge->interactions;
  if (!is_of_all_rows(&rows->settings)) return HRS_OK;
  rows->settings.threshold = find_threshold(merge);
  for (int i = 0; i < merge->files; i++)
    HRS_TRY(check_rows(merge, i));
  return HRS_OK;
}

/* ---- rows and lists ------------------------------------------------------------------------- */

static hrs_status keep_list(hrs_merge_rows *rows, hrs_count k, hrs_salient *list) {
  hrs_count count = rows->anew + 1;
  HRS_TRY(hrs_realloc(&rows->row, count, sizeof *rows->row));
  HRS_TRY(hrs_realloc(&rows->list, count, sizeof *rows->list));
  rows->row[rows->anew] = k;
  rows->list[rows->anew++] = *list;
  *list = (hrs_salient){0};
  return HRS_OK;
}

static hrs_status count_row(hrs_merge *merge, int i, const hrs_interactions_file *set,
                            hrs_count k) {
  hrs_merge_rows *rows = &merge->interactions;
  const hrs_merge_settings *settings = &rows->settings;
  hrs_count to = merge->source[i].first + k,
            entries = (hrs_count)(set->offset[k + 1] - set->offset[k]);
  hrs_salient anew = {0};
  hrs_status status = HRS_OK;
  if (is_of_all_rows(settings) && merge->source[i].threshold != settings->threshold)
    status = hrs_merge_row(merge, set, k, to, &entries, &anew);
  if (status == HRS_OK && anew.mask) status = keep_list(rows, to, &anew);
  if (status == HRS_OK) rows->offset[to + 1] = (uint64_t)entries;
  hrs_salient_destroy(&anew);
  return status;
}

static hrs_status copy_rows(hrs_merge *merge, int i, const hrs_merge_file *file) {
  hrs_merge_rows *rows = &merge->interactions;
  if (!rows->offset) HRS_TRY(hrs_calloc(merge->rows + 1, sizeof *rows->offset, &rows->offset));
  for (hrs_count k = 0; k < merge->source[i].rows; k++)
    HRS_TRY(count_row(merge, i, file->interactions, k));
  return HRS_OK;
}

static hrs_status make(hrs_merge *merge) {
  hrs_merge_rows *rows = &merge->interactions;
  hrs_count all = merge->rows;
  int entry = 0, offset = hrs_contents_find(merge->set->contents, "/salient/offset");
  HRS_ASSERT(offset >= 0);
  hrs_contents_set_length(merge->set->contents, merge->set->contents->array[offset].object->axis[0],
                          all + 1);
  HRS_TRY(hrs_salient_find_axes(merge->set, &all, &entry));
  hrs_status status = HRS_OK;
  if (!rows->offset) status = hrs_calloc(all + 1, sizeof *rows->offset, &rows->offset);
  HRS_TRY(hrs_agree(merge->comm, status));
  HRS_TRY(hrs_comm_reduce(merge->comm, MPI_SUM, MPI_UINT64_T, rows->offset, all + 1));
  for (hrs_count k = 0; k < all; k++)
    rows->offset[k + 1] += rows->offset[k];
  HRS_TRY(hrs_dataset_extend(merge->set, entry, (hrs_count)rows->offset[all]));
  if (merge->rank == 0)
    status = hrs_dataset_write(merge->set, "/salient/offset", 0, all + 1, rows->offset);
  for (hrs_count i = 0; i < rows->anew && status == HRS_OK; i++)
    status = hrs_salient_write_list(merge->set, rows->row[i], (hrs_count)rows->offset[rows->row[i]],
                                    &rows->list[i]);
  return hrs_agree(merge->comm, status);
}

static bool is_anew(const hrs_merge_rows *rows, hrs_count k) {
  for (hrs_count low = 0, high = rows->anew; low < high;) {
    hrs_count middle = low + (high - low) / 2;
    if (rows->row[middle] == k) return true;
    if (rows->row[middle] < k)
      low = middle + 1;
    else
      high = middle;
  }
  return false;
}

static hrs_status copy_entries(hrs_merge *merge, const hrs_reading *reading, hrs_count from,
                               hrs_count count, hrs_count to) {
  static const char *const paths[] = {"/salient/mask", "/salient/type", "/salient/order",
                                      "/salient/value"};
  for (int i = 0; i < 4 && count > 0; i++)
    HRS_TRY(hrs_merge_copy_places(merge, reading, paths[i], from, count, to));
  return HRS_OK;
}

/* Lists, as far as they are left; those of rows that keep all of theirs go together. */
static hrs_status copy_lists(hrs_merge *merge, int i, const hrs_merge_file *file) {
  const hrs_merge_rows *rows = &merge->interactions;
  const hrs_interactions_file *set = file->interactions;
  hrs_count first = merge->source[i].first, from = 0, count = 0, to = 0;
  for (hrs_count k = 0; k < merge->source[i].rows; k++) {
    if (is_anew(rows, first + k)) continue;
    hrs_count at = (hrs_count)set->offset[k], had = (hrs_count)set->offset[k + 1] - at;
    hrs_count left = (hrs_count)(rows->offset[first + k + 1] - rows->offset[first + k]);
    HRS_REQUIRE(left <= had, INPUT, "%s has been changed while it was read", file->reading->path);
    hrs_count place = (hrs_count)rows->offset[first + k];
    if (from + count != at || to + count != place) {
      HRS_TRY(copy_entries(merge, file->reading, from, count, to));
      from = at;
      to = place;
      count = 0;
    }
    count += left;
  }
  return copy_entries(merge, file->reading, from, count, to);
}

const hrs_merge_kind hrs_merge_interactions = {.kind = &hrs_interactions_kind,
                                               .attribute = attributes,
                                               .attributes = sizeof attributes / sizeof *attributes,
                                               .load = load,
                                               .take = take,
                                               .settle = settle,
                                               .rows = copy_rows,
                                               .make = make,
                                               .lists = copy_lists};
