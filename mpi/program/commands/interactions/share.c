/* --share: how many of their interactions the networks of a joint fit have in common. */
#include "fit.h"

#include "mpi/dataset/write.h"

#include <math.h>
#include <stdlib.h>

/* An interaction and its place in the list of a network. */
typedef struct place {
  hrs_mask mask;
  uint8_t type;
  hrs_count at;
} place;

static int by_set(const void *a, const void *b) {
  const place *x = a, *y = b;
  if (x->type != y->type) return x->type < y->type ? -1 : 1;
  return x->mask < y->mask ? -1 : x->mask > y->mask;
}

static hrs_status places_of(const hrs_salient *list, place **out) {
  HRS_TRY(hrs_alloc(list->count, sizeof **out, out));
  for (hrs_count i = 0; i < list->count; i++)
    (*out)[i] = (place){list->mask[i], list->type[i], i};
  qsort(*out, (size_t)list->count, sizeof **out, by_set);
  return HRS_OK;
}

/* Interactions with |I| >= threshold: the first so many of a list by falling |I|. */
static hrs_count count_salient(const hrs_salient *list, double threshold) {
  hrs_count count = 0;
  while (count < list->count && fabs(list->value[count]) >= threshold)
    count++;
  return count;
}

/*
 * What lists by falling |I| have in common.
 *   threshold  [networks]
 *   salient    [networks] |in all| / |in this one|, among those that pass its threshold; NaN where
 *              none does
 *   top        [points] share of the 2^point strongest that all networks have among theirs
 */
static hrs_status measure(int networks, const hrs_salient *lists, const double *threshold,
                          int points, double *salient, double *top) {
  place *places[HRS_SHARE_NETWORKS] = {NULL};
  hrs_count limits[HRS_SHARE_NETWORKS], common = 0;
  hrs_status status = HRS_OK;
  for (int i = 0; i < networks && status == HRS_OK; i++) {
    limits[i] = count_salient(&lists[i], threshold[i]);
    status = places_of(&lists[i], &places[i]);
  }
  for (int point = 0; point < points; point++)
    top[point] = 0;
  for (hrs_count entry = 0; status == HRS_OK && entry < lists[0].count; entry++) {
    place wanted = {lists[0].mask[entry], lists[0].type[entry], entry};
    hrs_count last = entry; /* the entry is among the first last + 1 of all networks */
    bool all = true, salient_in_all = entry < limits[0];
    for (int i = 1; i < networks && all; i++) {
      const place *found =
          bsearch(&wanted, places[i], (size_t)lists[i].count, sizeof wanted, by_set);
      all = found != NULL;
      if (!all) break;
      last = found->at > last ? found->at : last;
      salient_in_all = salient_in_all && found->at < limits[i];
    }
    if (!all) continue;
    common += salient_in_all;
    for (int point = points - 1; point >= 0 && (hrs_count)1 << point > last; point--)
      top[point]++;
  }
  for (int point = 0; point < points; point++)
    top[point] = ldexp(top[point], -point);
  for (int i = 0; i < networks; i++) {
    salient[i] = limits[i] ? (double)common / (double)limits[i] : NAN;
    hrs_free(places[i]);
  }
  return status;
}

hrs_status hrs_work_share(hrs_work *work, hrs_count k) {
  int networks = work->problem->games, points = hrs_curve_points(work->problem->n);
  double salient[HRS_SHARE_NETWORKS];
  hrs_interactions_sharing sharing;
  HRS_TRY(measure(networks, work->strongest, work->thresholds, points, salient, sharing.top));
  for (int i = 0; i < networks; i++) {
    sharing.salient = salient[i];
    HRS_TRY(hrs_dataset_write_record(work->set, HRS_INTERACTIONS_SHARING, k - networks + 1 + i,
                                     &sharing));
  }
  return HRS_OK;
}
