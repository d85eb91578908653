/* Rows of arrays by one rank, in slabs along their first axis. */
#include "write.h"

#include "h5.h"
#include "mpi/lattice/counters.h"

/* Opening reads from the file alone, so each rank opens what it writes, when it comes to it. */
static hrs_status open_number(hrs_dataset *set, int at, hid_t *array) {
  const hrs_contents_array *of = &set->contents->array[at];
  HRS_ASSERT(set->extended || !(of->object->when & HRS_WHEN_LATER));
  if (set->array[at] < 0) set->array[at] = H5Dopen2(set->file, of->path, H5P_DEFAULT);
  *array = set->array[at];
  if (*array < 0)
    return hrs_h5_error(HRS_STATUS_IO, __FILE__, __LINE__, "%s: %s", set->part, of->path);
  return HRS_OK;
}

hrs_status hrs_dataset_open_array(hrs_dataset *set, const char *path, const hrs_contents_array **of,
                                  hid_t *array) {
  int at = hrs_contents_find(set->contents, path);
  HRS_REQUIRE(at >= 0, INTERNAL, "%s: %s is not in its contents", set->part, path);
  *of = &set->contents->array[at];
  return open_number(set, at, array);
}

/* A block of an array, from `start` on. */
static hrs_status write_block(const hrs_dataset *set, const hrs_contents_array *of, hid_t array,
                              hid_t file_space, const hsize_t *start, const hsize_t *length,
                              const void *data) {
  hrs_status status = HRS_OK;
  herr_t error;
  hid_t memory_space = H5I_INVALID_HID;
  HRS_H5_GO(memory_space, H5Screate_simple(of->rank, length, NULL), IO, "%s: %s", set->part,
            of->path);
  HRS_H5_GO(error, H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, length, NULL), IO,
            "%s: %s", set->part, of->path);
  if (hrs_fault_strikes(HRS_FAULT_WRITE) ||
      H5Dwrite(array, hrs_h5_memory_type(of->type), memory_space, file_space, H5P_DEFAULT, data) <
          0)
    status = hrs_dataset_write_failed(set, of->path);
done:
  hrs_h5_close(memory_space);
  return status;
}

static hrs_status write_slab(const hrs_dataset *set, const hrs_contents_array *of, hid_t array,
                             hid_t file_space, hrs_count first, hrs_count count, const void *data) {
  hsize_t start[HRS_MAX_RANK] = {(hsize_t)first}, length[HRS_MAX_RANK] = {(hsize_t)count};
  for (int i = 1; i < of->rank; i++)
    length[i] = (hsize_t)of->dim[i];
  return write_block(set, of, array, file_space, start, length, data);
}

static hrs_status write_rows(hrs_dataset *set, int at, hrs_count first, hrs_count count,
                             const void *data) {
  const hrs_contents_array *of = &set->contents->array[at];
  hrs_status status = HRS_OK;
  hid_t array = H5I_INVALID_HID, file_space = H5I_INVALID_HID;
  HRS_ASSERT(of->type != HRS_NONE && of->rank > 0);
  HRS_ASSERT(first >= 0 && count >= 0 && first <= of->dim[0] && count <= of->dim[0] - first);
  HRS_TRY(open_number(set, at, &array));
  hrs_count bytes = hrs_contents_row(of) * (hrs_count)hrs_dtype_size(of->type);
  if (bytes == 0 || count == 0) return HRS_OK;
  hrs_count step = HRS_DATASET_SLAB / bytes;
  if (step == 0) step = 1;
  HRS_H5_GO(file_space, H5Dget_space(array), IO, "%s: %s", set->part, of->path);
  for (hrs_count done = 0; done < count; done += step) {
    hrs_count rows = count - done < step ? count - done : step;
    HRS_GO(write_slab(set, of, array, file_space, first + done, rows,
                      (const char *)data + done * bytes));
    hrs_count_written(rows * bytes);
  }
done:
  hrs_h5_close(file_space);
  return status;
}

hrs_status hrs_dataset_write(hrs_dataset *set, const char *path, hrs_count first, hrs_count count,
                             const void *data) {
  int at = hrs_contents_find(set->contents, path);
  HRS_REQUIRE(at >= 0, INTERNAL, "%s: %s is not in its contents", set->part, path);
  return write_rows(set, at, first, count, data);
}

hrs_status hrs_dataset_write_part(hrs_dataset *set, const char *path, hrs_count k, hrs_count first,
                                  hrs_count count, const void *data) {
  const hrs_contents_array *of = NULL;
  hrs_status status = HRS_OK;
  hid_t array = H5I_INVALID_HID, file_space = H5I_INVALID_HID;
  HRS_TRY(hrs_dataset_open_array(set, path, &of, &array));
  hrs_count bytes = count * (hrs_count)hrs_dtype_size(of->type);
  HRS_ASSERT(of->type != HRS_NONE && of->rank == 2 && k >= 0 && k < of->dim[0]);
  HRS_ASSERT(first >= 0 && count > 0 && first <= of->dim[1] && count <= of->dim[1] - first);
  HRS_ASSERT(bytes <= HRS_DATASET_SLAB);
  HRS_H5_GO(file_space, H5Dget_space(array), IO, "%s: %s", set->part, path);
  const hsize_t start[2] = {(hsize_t)k, (hsize_t)first}, length[2] = {1, (hsize_t)count};
  HRS_GO(write_block(set, of, array, file_space, start, length, data));
  hrs_count_written(bytes);
done:
  hrs_h5_close(file_space);
  return status;
}

hrs_status hrs_dataset_write_record(hrs_dataset *set, int record, hrs_count k, const void *data) {
  HRS_ASSERT(record > 0);
  for (int i = 0; i < set->contents->arrays; i++) {
    const hrs_contents_array *of = &set->contents->array[i];
    const hrs_field *field = &of->object->field;
    if (field->record != record) continue;
    HRS_ASSERT(hrs_contents_row(of) * (hrs_count)hrs_dtype_size(of->type) <=
               (hrs_count)field->size);
    HRS_TRY(write_rows(set, i, k, 1, (const char *)data + field->offset));
  }
  return HRS_OK;
}
