/*
 * The largest interactions of a distributed lattice.
 *
 * Idea: a total order on entries, falling |value|, then rising mask, is written as one key of
 * digits: the 64 bits of |value| (which sort as the number does) and the bits of the mask. Where
 * more entries pass the threshold than may be kept, a radix selection finds the key of the last one
 * to keep: for 16 bits at a time a histogram over the entries that share the digits found so far,
 * summed over the ranks. Then each rank collects its entries up to that key; rank 0 sorts.
 *
 * Cost: one pass over the data for each digit, at most 4 for the value and 3 for the mask, and
 * 512 KiB of histogram. It loses against a heap only where nearly nothing passes, and there it does
 * not run at all.
 */
#include "comm.h"
#include "counters.h"
#include "lattice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 16, DIGITS = 1 << DIGIT_BITS };

typedef struct entry {
  uint64_t size; /* bits of |value| */
  hrs_mask mask;
} entry;

static uint64_t size_bits(double value) {
  double size = fabs(value);
  uint64_t bits;
  memcpy(&bits, &size, sizeof bits);
  return bits;
}

static double value_at(hrs_dtype type, const void *row, hrs_count i) {
  return type == HRS_F64 ? ((const double *)row)[i] : (double)((const float *)row)[i];
}

typedef void (*visitor)(void *context, hrs_mask mask, double value);

/* All entries of this rank with |value| >= threshold and S not empty. */
static void visit(const hrs_lattice *lattice, double threshold, visitor function, void *context) {
  hrs_dtype type = hrs_lattice_type(lattice);
  hrs_count first = hrs_lattice_first_row(lattice), size = hrs_lattice_row_size(lattice);
  for (hrs_count r = first; r < first + hrs_lattice_row_count(lattice); r++) {
    hrs_subcube cube = hrs_lattice_row_cube(lattice, r);
    const void *row = hrs_lattice_row(lattice, r);
    for (hrs_count i = 0; i < size; i++) {
      double value = value_at(type, row, i);
      if (!(fabs(value) >= threshold)) continue; /* NaN is not salient */
      hrs_mask mask = hrs_subcube_mask(cube, i);
      if (mask) function(context, mask, value);
    }
    hrs_count_passed(hrs_lattice_row_bytes(lattice));
  }
}

static void count_one(void *context, hrs_mask mask, double value) {
  (void)mask;
  (void)value;
  ++*(hrs_count *)context;
}

/* One digit of the key, looked at where all higher digits equal those of `found`. */
typedef struct digit {
  bool of_mask;
  int shift;
  entry found;
  hrs_count *histogram;
} digit;

static void count_digit(void *context, hrs_mask mask, double value) {
  digit *d = context;
  uint64_t size = size_bits(value), key = d->of_mask ? mask : size;
  uint64_t known = d->of_mask ? d->found.mask : d->found.size;
  int above = d->shift + DIGIT_BITS;
  if (d->of_mask && size != d->found.size) return;
  if (above < 64 && key >> above != known >> above) return;
  d->histogram[key >> d->shift & (DIGITS - 1)]++;
}

/* Key of the entry number `keep` (from 1) in the order. */
static hrs_status find_bound(const hrs_lattice *lattice, double threshold, hrs_count keep,
                             entry *bound) {
  digit d = {0};
  hrs_status status = hrs_alloc(DIGITS, sizeof *d.histogram, &d.histogram);
  HRS_GO(hrs_agree(hrs_lattice_comm(lattice), status));
  for (int step = 0; step < 7; step++) {
    d.of_mask = step >= 4;
    d.shift = d.of_mask ? (6 - step) * DIGIT_BITS : (3 - step) * DIGIT_BITS;
    memset(d.histogram, 0, DIGITS * sizeof *d.histogram);
    visit(lattice, threshold, count_digit, &d);
    HRS_GO(hrs_comm_reduce(hrs_lattice_comm(lattice), MPI_SUM, MPI_INT64_T, d.histogram, DIGITS));
    /* Values fall, masks rise. */
    int at = d.of_mask ? 0 : DIGITS - 1, next = d.of_mask ? 1 : -1;
    while (keep > d.histogram[at]) {
      keep -= d.histogram[at];
      at += next;
    }
    if (d.of_mask)
      d.found.mask |= (uint64_t)at << d.shift;
    else
      d.found.size |= (uint64_t)at << d.shift;
  }
  *bound = d.found;
done:
  hrs_free(d.histogram);
  return status;
}

/* Entries kept: larger than the bound, or as large with a mask not above the bound's. */
typedef struct collection {
  entry bound;
  hrs_count count;
  hrs_mask *mask;
  double *value;
} collection;

static bool is_within(entry bound, hrs_mask mask, double value) {
  uint64_t size = size_bits(value);
  return size > bound.size || (size == bound.size && mask <= bound.mask);
}

static void count_within(void *context, hrs_mask mask, double value) {
  collection *c = context;
  c->count += is_within(c->bound, mask, value);
}

static void collect(void *context, hrs_mask mask, double value) {
  collection *c = context;
  if (!is_within(c->bound, mask, value)) return;
  c->mask[c->count] = mask;
  c->value[c->count++] = value;
}

void hrs_salient_destroy(hrs_salient *list) {
  if (!list) return;
  hrs_free(list->mask);
  hrs_free(list->type);
  hrs_free(list->value);
  memset(list, 0, sizeof *list);
}

static hrs_status allocate(hrs_salient *list, hrs_count count) {
  HRS_TRY(hrs_alloc(count, sizeof *list->mask, &list->mask));
  HRS_TRY(hrs_alloc(count, sizeof *list->type, &list->type));
  HRS_TRY(hrs_alloc(count, sizeof *list->value, &list->value));
  list->count = count;
  return HRS_OK;
}

typedef struct sorted {
  hrs_mask mask;
  double value;
} sorted;

static int by_rank(const void *a, const void *b) {
  const sorted *x = a, *y = b;
  double p = fabs(x->value), q = fabs(y->value);
  if (p != q) return p > q ? -1 : 1;
  return x->mask < y->mask ? -1 : x->mask > y->mask;
}

/* Masks and values as gathered -> the list in order. */
static hrs_status sort_into(hrs_salient *list, hrs_count count, const hrs_mask *mask,
                            const double *value, uint8_t type) {
  sorted *order;
  HRS_TRY(hrs_alloc(count, sizeof *order, &order));
  for (hrs_count i = 0; i < count; i++)
    order[i] = (sorted){mask[i], value[i]};
  qsort(order, (size_t)count, sizeof *order, by_rank);
  hrs_status status = allocate(list, count);
  for (hrs_count i = 0; i < count && status == HRS_OK; i++) {
    list->mask[i] = order[i].mask;
    list->value[i] = order[i].value;
    list->type[i] = type;
  }
  hrs_free(order);
  return status;
}

hrs_status hrs_lattice_select(const hrs_lattice *lattice, uint8_t type, double threshold,
                              hrs_count limit, hrs_salient *out) {
  memset(out, 0, sizeof *out);
  MPI_Comm comm = hrs_lattice_comm(lattice);
  hrs_count total = 0;
  visit(lattice, threshold, count_one, &total);
  HRS_TRY(hrs_comm_reduce(comm, MPI_SUM, MPI_INT64_T, &total, 1));
  collection c = {.bound = {0, ~(hrs_mask)0}};
  hrs_mask *masks = NULL;
  double *values = NULL;
  hrs_count bytes;
  hrs_status status = HRS_OK;
  out->truncated = total > limit;
  if (limit == 0) return HRS_OK;
  if (out->truncated) HRS_GO(find_bound(lattice, threshold, limit, &c.bound));
  visit(lattice, threshold, count_within, &c);
  hrs_count mine = c.count;
  c.count = 0;
  status = hrs_alloc(mine, sizeof *c.mask, &c.mask);
  if (status == HRS_OK) status = hrs_alloc(mine, sizeof *c.value, &c.value);
  HRS_GO(hrs_agree(comm, status));
  visit(lattice, threshold, collect, &c);
  HRS_GO(hrs_gather(comm, c.mask, mine * (hrs_count)sizeof *c.mask, (void **)&masks, &bytes));
  HRS_GO(hrs_gather(comm, c.value, mine * (hrs_count)sizeof *c.value, (void **)&values, &bytes));
  if (values) status = sort_into(out, bytes / (hrs_count)sizeof *values, masks, values, type);
  status = hrs_agree(comm, status);
done:
  hrs_free(c.mask);
  hrs_free(c.value);
  hrs_free(masks);
  hrs_free(values);
  if (status != HRS_OK) hrs_salient_destroy(out);
  return status;
}

/* Does entry i of a come before entry j of b: falling |value|, then type, then mask. */
static bool comes_first(const hrs_salient *a, hrs_count i, const hrs_salient *b, hrs_count j) {
  double p = fabs(a->value[i]), q = fabs(b->value[j]);
  if (p != q) return p > q;
  if (a->type[i] != b->type[j]) return a->type[i] < b->type[j];
  return a->mask[i] < b->mask[j];
}

bool hrs_salient_lacks(const hrs_salient *list, double threshold) {
  return list->truncated && (list->count == 0 || fabs(list->value[list->count - 1]) >= threshold);
}

hrs_status hrs_salient_merge(hrs_salient *into, hrs_salient *other, double threshold,
                             hrs_count limit) {
  hrs_salient merged = {0};
  hrs_count most = into->count + other->count;
  hrs_status status = allocate(&merged, most < limit ? most : limit);
  hrs_count i = 0, j = 0, used = 0;
  merged.truncated = hrs_salient_lacks(into, threshold) || hrs_salient_lacks(other, threshold);
  while (status == HRS_OK && (i < into->count || j < other->count)) {
    bool first = j == other->count || (i < into->count && comes_first(into, i, other, j));
    const hrs_salient *from = first ? into : other;
    hrs_count at = first ? i++ : j++;
    if (fabs(from->value[at]) < threshold) break;
    if (used == limit) {
      merged.truncated = true;
      break;
    }
    merged.mask[used] = from->mask[at];
    merged.type[used] = from->type[at];
    merged.value[used++] = from->value[at];
  }
  merged.count = used;
  hrs_salient_destroy(other);
  hrs_salient_destroy(into);
  if (status != HRS_OK) {
    hrs_salient_destroy(&merged);
    return status;
  }
  *into = merged;
  return HRS_OK;
}
