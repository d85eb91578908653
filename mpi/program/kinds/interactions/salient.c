/* The salient lists: their lengths are known at the end, so that their arrays are made then. */
#include "salient.h"

#include "mpi/dataset/write.h"
#include "mpi/lattice/comm.h"

#include <math.h>
#include <string.h>

/* offset[k] = where row k begins, the same on every rank; each row must have exactly one owner. */
static hrs_status count_entries(hrs_dataset *set, hrs_count all, hrs_count count,
                                const hrs_count *rows, const hrs_salient *lists, uint64_t *offset,
                                uint64_t *owners) {
  int length;
  hrs_status status = hrs_narrow(all + 1, "the number of rows", &length);
  for (hrs_count i = 0; i < count && status == HRS_OK; i++) {
    if (rows[i] < 0 || rows[i] >= all) {
      status = hrs_error_set(HRS_STATUS_INTERNAL, __FILE__, __LINE__,
                             "salient list of row %lld, there are %lld", (long long)rows[i],
                             (long long)all);
      break;
    }
    offset[rows[i] + 1] = (uint64_t)lists[i].count;
    owners[rows[i]]++;
  }
  HRS_TRY(hrs_agree(set->comm, status));
  HRS_TRY(hrs_comm_reduce(set->comm, MPI_SUM, MPI_UINT64_T, offset, length));
  HRS_TRY(hrs_comm_reduce(set->comm, MPI_SUM, MPI_UINT64_T, owners, length - 1));
  for (hrs_count k = 0; k < all; k++) {
    HRS_ASSERT(owners[k] == 1);
    offset[k + 1] += offset[k];
  }
  return HRS_OK;
}

hrs_status hrs_salient_write_list(hrs_dataset *set, hrs_count k, hrs_count first,
                                  const hrs_salient *list) {
  enum { AT_A_TIME = 1 << 16 };
  HRS_TRY(hrs_dataset_write(set, "/salient/mask", first, list->count, list->mask));
  HRS_TRY(hrs_dataset_write(set, "/salient/type", first, list->count, list->type));
  HRS_TRY(hrs_dataset_write(set, "/salient/value", first, list->count, list->value));
  uint8_t order[AT_A_TIME], truncated = list->truncated;
  for (hrs_count done = 0; done < list->count; done += AT_A_TIME) {
    hrs_count piece = list->count - done < AT_A_TIME ? list->count - done : AT_A_TIME;
    for (hrs_count i = 0; i < piece; i++)
      order[i] = (uint8_t)hrs_order(list->mask[done + i]);
    HRS_TRY(hrs_dataset_write(set, "/salient/order", first + done, piece, order));
  }
  return hrs_dataset_write(set, "/salient/truncated", k, 1, &truncated);
}

hrs_status hrs_salient_find_axes(const hrs_dataset *set, hrs_count *rows, int *entry) {
  int offset = hrs_contents_find(set->contents, "/salient/offset");
  int mask = hrs_contents_find(set->contents, "/salient/mask");
  HRS_ASSERT(offset >= 0 && mask >= 0);
  *rows = set->contents->array[offset].dim[0] - 1;
  *entry = set->contents->array[mask].object->axis[0];
  return HRS_OK;
}

hrs_status hrs_salient_write(hrs_dataset *set, hrs_count count, const hrs_count *rows,
                             const hrs_salient *lists) {
  uint64_t *offset = NULL, *owners = NULL;
  hrs_count all = 0;
  int entry = 0;
  HRS_TRY(hrs_salient_find_axes(set, &all, &entry)); /* the same on all ranks */
  hrs_status status = hrs_calloc(all + 1, sizeof *offset, &offset);
  if (status == HRS_OK) status = hrs_calloc(all, sizeof *owners, &owners);
  HRS_GO(hrs_agree(set->comm, status));
  HRS_GO(count_entries(set, all, count, rows, lists, offset, owners));
  HRS_GO(hrs_dataset_extend(set, entry, (hrs_count)offset[all]));
  if (set->rank == 0) status = hrs_dataset_write(set, "/salient/offset", 0, all + 1, offset);
  for (hrs_count i = 0; i < count && status == HRS_OK; i++)
    status = hrs_salient_write_list(set, rows[i], (hrs_count)offset[rows[i]], &lists[i]);
  HRS_GO(hrs_agree(set->comm, status));
done:
  hrs_free(offset);
  hrs_free(owners);
  return status;
}

void hrs_salient_sums(int n, const hrs_salient *list, double threshold, hrs_interactions_row *row) {
  row->threshold = threshold;
  for (int type = 0; type < 2; type++)
    for (int what = 0; what < 3; what++)
      memset(row->orders[type][what], 0, sizeof(double) * (size_t)(n + 1));
  for (hrs_count i = 0; i < list->count; i++) {
    if (fabs(list->value[i]) < threshold) break;
    int order = hrs_order(list->mask[i]);
    row->orders[list->type[i]][list->value[i] < 0][order] += list->value[i];
    row->orders[list->type[i]][2][order]++;
  }
}
