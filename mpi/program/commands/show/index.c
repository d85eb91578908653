/* `harsanyi show`: the strongest sets of each interaction index of a row. The index is read whole:
 * it has at most 2^24 sets. */
#include "parts.h"

#include <math.h>
#include <stdlib.h>

/* By falling size; of equals as they stand in the file, by order and mask. */
static int by_strength(const void *a, const void *b) {
  const hrs_show_set *x = a, *y = b;
  if (fabs(x->value) != fabs(y->value)) return fabs(x->value) > fabs(y->value) ? -1 : 1;
  int order = hrs_order(x->mask) - hrs_order(y->mask);
  return order ? order : x->mask < y->mask ? -1 : x->mask > y->mask;
}

static hrs_status read_index(const hrs_interactions_file *set, hrs_count k, hrs_index index,
                             hrs_show_index *out) {
  hrs_mask *mask = NULL;
  double *value = NULL;
  char path[HRS_PATH_SIZE];
  hrs_count count = hrs_set_count(set->n, set->orders[index]);
  hrs_status status = hrs_alloc(count, sizeof *mask, &mask);
  if (status == HRS_OK) status = hrs_alloc(count, sizeof *value, &value);
  if (status == HRS_OK) status = hrs_alloc(count, sizeof *out->set, &out->set);
  if (status == HRS_OK)
    status = hrs_reading_read(set->file, hrs_interactions_index_path(index, "mask", path), -1, 0,
                              count, HRS_U64, mask);
  if (status == HRS_OK)
    status = hrs_reading_read(set->file, hrs_interactions_index_path(index, "value", path), k, 0,
                              count, HRS_F64, value);
  if (status == HRS_OK)
    status = hrs_reading_read(set->file, hrs_interactions_index_path(index, "error", path), -1, k,
                              1, HRS_F64, &out->error);
  for (hrs_count i = 0; i < count && status == HRS_OK; i++)
    out->set[i] = (hrs_show_set){mask[i], value[i]};
  hrs_free(mask);
  hrs_free(value);
  out->index = index;
  out->orders = set->orders[index];
  out->count = count;
  return status;
}

hrs_status hrs_show_indices(const hrs_interactions_file *set, hrs_count k, int most,
                            hrs_show_index_function *say) {
  hrs_status status = HRS_OK;
  for (int i = 0; i < HRS_INDEX_LIMIT && status == HRS_OK; i++) {
    if (!set->orders[i]) continue;
    hrs_show_index x = {0};
    status = read_index(set, k, (hrs_index)i, &x);
    if (status == HRS_OK) {
      qsort(x.set, (size_t)x.count, sizeof *x.set, by_strength);
      x.count = most < x.count ? most : x.count;
      say(set, &x);
    }
    hrs_free(x.set);
  }
  return status;
}
