/*
 * A row at another threshold: its salient sums and its list, to the bit as a run has them.
 *
 * A run takes sums from the lattice, row by row of its partition, or, with --threshold global, from
 * the list. What is below the threshold adds nothing. So where the list has all that passes, the
 * lattice's rows are filled from it, zeros elsewhere, and added in the same order; a row of the
 * lattice without an entry adds nothing either. Where the list does not reach so far, the
 * lattice's rows are read from /interactions, or made of /values, and the list is made anew.
 *
 * Cost: from a list, that of the lattice's rows that have an entry, 2^n additions at most; from
 * /interactions, reading them, with no more than a row of the lattice and two lists in memory; from
 * /values a transform, and all of the lattice in the memory of one rank.
 */
#include "parts.h"

#include "mpi/dataset/write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct entry {
  double value;
  hrs_mask mask;
  uint8_t type;
} entry;

typedef struct work {
  const hrs_merge_settings *settings;
  const hrs_interactions_file *set;
  hrs_count k;
  hrs_partition part;
  hrs_interactions_row row;
  hrs_salient list;     /* as the file has it */
  bool cut;             /* more pass the threshold than may be listed */
  void *values;         /* a row of the lattice */
  hrs_lattice *lattice; /* all of it, where /values is all there is */
  entry *entry;         /* the new list, of at most `limit`, with room for twice as many */
  hrs_count entries, room;
} work;

/* ---- a list that is to be believed ---------------------------------------------------------- */

static hrs_status check_list(const work *w) {
  const hrs_salient *list = &w->list;
  for (hrs_count i = 0; i < list->count; i++)
    HRS_REQUIRE(list->type[i] <= 1 && w->set->types[list->type[i]] && list->mask[i] != 0 &&
                    list->mask[i] <= hrs_mask_full(w->set->n) &&
                    (i == 0 || fabs(list->value[i]) <= fabs(list->value[i - 1])),
                INPUT, "%s: entry %lld of the list of row %lld cannot be (harsanyi show --check)",
                w->set->file->path, (long long)i, (long long)w->k);
  return HRS_OK;
}

/* Has it all that passes? As hrs_salient_lacks, of a list that stands in a file. */
static bool reaches(const work *w) {
  bool top = w->settings->keep == HRS_KEEP_TOP;
  bool cut = top ? w->list.count >= w->settings->limit : w->set->truncated[w->k] != 0;
  double last = w->list.count ? fabs(w->list.value[w->list.count - 1]) : INFINITY;
  if (cut) return last < w->settings->threshold;
  return top || w->set->threshold[w->k] <= w->settings->threshold;
}

/* ---- sums ----------------------------------------------------------------------------------- */

/* What a row of the lattice adds. */
static hrs_status add_row(work *w, int type, hrs_dtype stored, const void *values, hrs_count row) {
  int n = w->set->n;
  double part[HRS_ORDER_SUMS * (HRS_MAX_PLAYERS + 1)] = {0};
  HRS_TRY(hrs_order_sums(stored, values, hrs_partition_row_cube(&w->part, HRS_PHASE_B, row), n,
                         w->settings->threshold, part));
  for (int what = 0; what < 3; what++)
    for (int order = 0; order <= n; order++)
      w->row.orders[type][what][order] += part[what * (n + 1) + order];
  return HRS_OK;
}

static void clear_sums(work *w) {
  for (int type = 0; type < 2; type++)
    memset(w->row.orders[type], 0, 3 * sizeof w->row.orders[type][0]);
}

static int by_mask(const void *a, const void *b) {
  const entry *x = a, *y = b;
  if (x->type != y->type) return x->type < y->type ? -1 : 1;
  return x->mask < y->mask ? -1 : x->mask > y->mask;
}

static hrs_status sum_list(work *w) {
  int bits = w->part.n - w->part.block_bits;
  hrs_count size = (hrs_count)1 << bits;
  hrs_mask within = (hrs_mask)size - 1;
  const hrs_salient *list = &w->list;
  double *values = NULL;
  entry *sorted = NULL;
  hrs_status status;
  HRS_GO(hrs_calloc(size, sizeof *values, &values));
  HRS_GO(hrs_alloc(list->count, sizeof *sorted, &sorted));
  for (hrs_count i = 0; i < list->count; i++)
    sorted[i] = (entry){list->value[i], list->mask[i], list->type[i]};
  if (list->count) qsort(sorted, (size_t)list->count, sizeof *sorted, by_mask);
  clear_sums(w);
  for (hrs_count i = 0, end; i < list->count; i = end) {
    hrs_mask row = sorted[i].mask >> bits;
    for (end = i;
         end < list->count && sorted[end].type == sorted[i].type && sorted[end].mask >> bits == row;
         end++)
      values[sorted[end].mask & within] = sorted[end].value;
    HRS_GO(add_row(w, sorted[i].type, HRS_F64, values, (hrs_count)row));
    for (hrs_count j = i; j < end; j++)
      values[sorted[j].mask & within] = 0;
  }
done:
  hrs_free(values);
  hrs_free(sorted);
  return status;
}

/* ---- a list made anew ----------------------------------------------------------------------- */

/* By falling |value|, then type, then mask. */
static int by_size(const void *a, const void *b) {
  const entry *x = a, *y = b;
  double p = fabs(x->value), q = fabs(y->value);
  if (p != q) return p > q ? -1 : 1;
  return by_mask(a, b);
}

static void cut_list(work *w) {
  if (w->entries) qsort(w->entry, (size_t)w->entries, sizeof *w->entry, by_size);
  if (w->entries <= w->settings->limit) return;
  w->entries = w->settings->limit;
  w->cut = true;
}

static hrs_status list_one(work *w, entry one) {
  if (w->entries == w->room && w->entries / 2 >= w->settings->limit) cut_list(w);
  if (w->entries == w->room) {
    w->room = 2 * w->room + 1024;
    HRS_TRY(hrs_realloc(&w->entry, w->room, sizeof *w->entry));
  }
  w->entry[w->entries++] = one;
  return HRS_OK;
}

static hrs_status list_row(work *w, int type, hrs_dtype stored, const void *values, hrs_count first,
                           hrs_count size) {
  for (hrs_count i = 0; i < size; i++) {
    double x = stored == HRS_F64 ? ((const double *)values)[i] : (double)((const float *)values)[i];
    if (!(fabs(x) >= w->settings->threshold) || first + i == 0) continue;
    HRS_TRY(list_one(w, (entry){x, (hrs_mask)(first + i), (uint8_t)type}));
  }
  return HRS_OK;
}

/* ---- all interactions ----------------------------------------------------------------------- */

/* v of the file's row into the lattice, whose rows of phase A are spread over those that are read.
 */
static hrs_status read_values(work *w) {
  hrs_count blocks = (hrs_count)1 << w->part.block_bits, size = hrs_lattice_row_size(w->lattice);
  size_t tile = (size_t)(size / blocks) * hrs_dtype_size(w->set->precision);
  hrs_lattice_reset(w->lattice);
  for (hrs_count h = 0; h < blocks; h++) {
    HRS_TRY(hrs_reading_read(w->set->file, "/values", w->k, h * size, size, w->set->precision,
                             w->values));
    for (hrs_count q = 0; q < blocks; q++)
      memcpy((char *)hrs_lattice_row(w->lattice, q) + (size_t)h * tile,
             (const char *)w->values + (size_t)q * tile, tile);
  }
  return HRS_OK;
}

/* As a run makes a type of v. */
static hrs_status transform(work *w, int type) {
  hrs_kernel kernel = hrs_kernel_get(type ? HRS_KERNEL_OR : HRS_KERNEL_MOBIUS);
  HRS_TRY(read_values(w));
  HRS_TRY(hrs_lattice_transform(w->lattice, kernel, type ? -1 : 1));
  if (type) hrs_lattice_set(w->lattice, 0, 0);
  return HRS_OK;
}

static hrs_status do_type(work *w, int type) {
  const char *path = type ? "/interactions/or" : "/interactions/and";
  hrs_count size = (hrs_count)1 << (w->part.n - w->part.block_bits);
  hrs_dtype stored = w->set->precision;
  if (w->lattice) HRS_TRY(transform(w, type));
  for (hrs_count row = 0; row < (hrs_count)1 << w->part.block_bits; row++) {
    const void *values = w->lattice ? hrs_lattice_row(w->lattice, row) : w->values;
    HRS_TRY(hrs_stop_check("merging %s", w->set->file->path));
    if (!w->lattice)
      HRS_TRY(hrs_reading_read(w->set->file, path, w->k, row * size, size, stored, w->values));
    HRS_TRY(add_row(w, type, stored, values, row));
    if (w->settings->keep != HRS_KEEP_TOP)
      HRS_TRY(list_row(w, type, stored, values, row * size, size));
  }
  return HRS_OK;
}

/* Sums and list of all interactions, which the file keeps, or v, of which they are made. */
static hrs_status do_all(work *w) {
  hrs_count size = (hrs_count)1 << (w->part.n - w->part.block_bits);
  HRS_TRY(hrs_alloc(size, hrs_dtype_size(w->set->precision), &w->values));
  if (w->settings->keep != HRS_KEEP_ALL)
    HRS_TRY(hrs_lattice_create(MPI_COMM_SELF, &w->part, w->set->precision, 0, HRS_SHARE_OFF,
                               &w->lattice));
  clear_sums(w);
  for (int type = 0; type < 2; type++)
    if (w->set->types[type]) HRS_TRY(do_type(w, type));
  cut_list(w);
  return HRS_OK;
}

static hrs_status make_list(const work *w, hrs_salient *out) {
  hrs_salient list = {.count = w->entries, .truncated = w->cut};
  hrs_status status = hrs_alloc(w->entries, sizeof *list.mask, &list.mask);
  if (status == HRS_OK) status = hrs_alloc(w->entries, sizeof *list.type, &list.type);
  if (status == HRS_OK) status = hrs_alloc(w->entries, sizeof *list.value, &list.value);
  for (hrs_count i = 0; i < w->entries && status == HRS_OK; i++) {
    list.mask[i] = w->entry[i].mask;
    list.type[i] = w->entry[i].type;
    list.value[i] = w->entry[i].value;
  }
  if (status == HRS_OK)
    *out = list;
  else
    hrs_salient_destroy(&list);
  return status;
}

/* ---- a row ---------------------------------------------------------------------------------- */

static hrs_status start(work *w) {
  int bits = -1;
  if (w->settings->blocks > 0)
    for (bits = 0; bits < 62 && (hrs_count)1 << bits < w->settings->blocks;)
      bits++;
  HRS_TRY(hrs_partition_create(w->set->n, bits, 1, &w->part));
  HRS_TRY(hrs_reading_record(w->set->file, HRS_INTERACTIONS_ROW, w->k, &w->row));
  HRS_TRY(hrs_interactions_list(w->set, w->k, &w->list));
  w->row.threshold = w->settings->threshold;
  return check_list(w);
}

static hrs_status count(work *w, hrs_count *entries, hrs_salient *anew) {
  const hrs_merge_settings *settings = w->settings;
  if (!reaches(w)) {
    HRS_TRY(do_all(w));
    if (settings->keep == HRS_KEEP_TOP) {
      w->cut = true; /* the largest are the largest */
      return HRS_OK;
    }
    *entries = w->entries;
    return make_list(w, anew);
  }
  if (settings->mode.mode == HRS_THRESHOLD_GLOBAL && !settings->fit)
    hrs_salient_sums(w->set->n, &w->list, settings->threshold, &w->row);
  else
    HRS_TRY(sum_list(w));
  *entries = w->list.count;
  while (settings->keep != HRS_KEEP_TOP && *entries > 0 &&
         fabs(w->list.value[*entries - 1]) < settings->threshold)
    --*entries;
  return HRS_OK;
}

hrs_status hrs_merge_row(hrs_merge *merge, const hrs_interactions_file *file, hrs_count k,
                         hrs_count to, hrs_count *entries, hrs_salient *anew) {
  work *w;
  HRS_TRY(hrs_calloc(1, sizeof *w, &w));
  w->settings = &merge->interactions.settings;
  w->set = file;
  w->k = k;
  hrs_status status = start(w);
  if (status == HRS_OK) status = count(w, entries, anew);
  uint8_t cut = w->cut;
  if (status == HRS_OK)
    status = hrs_dataset_write_record(merge->set, HRS_INTERACTIONS_ROW, to, &w->row);
  if (status == HRS_OK) status = hrs_dataset_write(merge->set, "/salient/truncated", to, 1, &cut);
  hrs_salient_destroy(&w->list);
  hrs_lattice_destroy(&w->lattice);
  hrs_free(w->values);
  hrs_free(w->entry);
  hrs_free(w);
  return status;
}
