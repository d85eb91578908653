/*
 * Values from the files to the merged one. Files are dealt over the ranks, and no more than a slab
 * stands in memory: it comes through the child that reads the file (mpi/dataset/h5_reader.h) and is
 * written where it belongs. Cost: each byte is read once and written once, and copied twice
 * between; so `cp` of all files is faster, by what the socket to the child takes. Where the files
 * are fewer than the ranks, some have nothing to do.
 */
#include "parts.h"

#include "mpi/dataset/write.h"
#include "mpi/lattice/comm.h"
#include "src/base/smaller.h"

/* Bytes of a slab, unless a place takes more. */
static const hrs_count SLAB = (hrs_count)16 << 20;

static hrs_status make_buffer(hrs_merge *merge, hrs_count bytes) {
  if (bytes <= merge->buffer_size) return HRS_OK;
  HRS_TRY(hrs_realloc(&merge->buffer, bytes, 1));
  merge->buffer_size = bytes;
  return HRS_OK;
}

static void tell(hrs_merge *merge, hrs_count bytes) {
  double now = hrs_time();
  hrs_progress_add(&merge->progress, bytes, now - merge->clock);
  merge->clock = now;
}

/* A place with two axes that is larger than a slab: by parts. */
static hrs_status copy_place(hrs_merge *merge, const hrs_reading *reading,
                             const hrs_contents_array *of, hrs_count from, hrs_count to) {
  hrs_count row = hrs_contents_row(of), size = (hrs_count)hrs_dtype_size(of->type);
  HRS_TRY(make_buffer(merge, SLAB));
  for (hrs_count done = 0, step = SLAB / size; done < row; done += step) {
    hrs_count count = hrs_smaller(step, row - done);
    HRS_TRY(hrs_reading_read(reading, of->path, from, done, count, of->type, merge->buffer));
    HRS_TRY(hrs_dataset_write_part(merge->set, of->path, to, done, count, merge->buffer));
    tell(merge, count * size);
  }
  return HRS_OK;
}

hrs_status hrs_merge_copy_places(hrs_merge *merge, const hrs_reading *reading, const char *path,
                                 hrs_count from, hrs_count count, hrs_count to) {
  int at = hrs_contents_find(merge->set->contents, path);
  HRS_ASSERT(at >= 0);
  const hrs_contents_array *of = &merge->set->contents->array[at];
  hrs_count row = hrs_contents_row(of);
  hrs_count bytes = hrs_count_multiply(row, (hrs_count)hrs_dtype_size(of->type));
  if (bytes == 0) return HRS_OK;
  if (bytes > SLAB && of->rank == 2) {
    for (hrs_count i = 0; i < count; i++)
      HRS_TRY(copy_place(merge, reading, of, from + i, to + i));
    return HRS_OK;
  }
  hrs_count step = bytes > SLAB ? 1 : SLAB / bytes;
  HRS_TRY(make_buffer(merge, bytes > SLAB ? bytes : SLAB));
  for (hrs_count done = 0; done < count; done += step) {
    hrs_count places = hrs_smaller(step, count - done);
    HRS_TRY(hrs_stop_check("merging %s", reading->path));
    HRS_TRY(hrs_reading_read(reading, path, -1, (from + done) * row, places * row, of->type,
                             merge->buffer));
    HRS_TRY(hrs_dataset_write(merge->set, path, to + done, places, merge->buffer));
    tell(merge, places * bytes);
  }
  return HRS_OK;
}

/* Is an array written place by place, one for each of the axis that files are joined along? */
static bool is_copied(const hrs_object *object, int joins) {
  return (object->source == HRS_SOURCE_RUN || object->source == HRS_SOURCE_BULK) &&
         !(object->when & HRS_WHEN_LATER) && object->axis[0] == joins;
}

/* Bytes that this rank copies of arrays of known length. */
static hrs_count count_bytes(const hrs_merge *merge) {
  const hrs_contents *contents = merge->set->contents;
  int joins = hrs_merge_axis(contents->kind);
  hrs_count row = 0, bytes = 0;
  for (int i = 0; i < contents->arrays; i++)
    if (is_copied(contents->array[i].object, joins))
      row = hrs_count_add(row,
                          hrs_count_multiply(hrs_contents_row(&contents->array[i]),
                                             (hrs_count)hrs_dtype_size(contents->array[i].type)));
  for (int f = merge->rank; f < merge->files; f += merge->ranks)
    bytes = hrs_count_add(bytes, hrs_count_multiply(row, merge->source[f].rows));
  return bytes;
}

static hrs_status copy_arrays(hrs_merge *merge, int f, const hrs_merge_file *file) {
  const hrs_contents *contents = merge->set->contents;
  const hrs_merge_source *source = &merge->source[f];
  int joins = hrs_merge_axis(contents->kind);
  for (int i = 0; i < contents->arrays; i++)
    if (is_copied(contents->array[i].object, joins))
      HRS_TRY(hrs_merge_copy_places(merge, file->reading, contents->array[i].path, 0, source->rows,
                                    source->first));
  return file->as->rows ? file->as->rows(merge, f, file) : HRS_OK;
}

static hrs_status copy_lists(hrs_merge *merge, int f, const hrs_merge_file *file) {
  return file->as->lists(merge, f, file);
}

/* It was looked at before, and may have been changed since. */
static hrs_status open_again(const hrs_merge *merge, int f, hrs_merge_file *file) {
  const hrs_contents *contents = merge->set->contents;
  int joins = hrs_merge_axis(contents->kind);
  HRS_TRY(hrs_merge_open(merge, f, file));
  bool same = file->as->kind == contents->kind && file->reading->arrays == contents->arrays;
  for (int i = 0; i < contents->arrays && same; i++) {
    const hrs_contents_array *array = &contents->array[i];
    const hrs_found *found = hrs_reading_find(file->reading, array->path);
    if (found && is_copied(array->object, joins))
      same = found->stored.dim[0] == merge->source[f].rows && found->stored.type == array->type &&
             found->stored.rank == array->rank;
    for (int j = 1; found && is_copied(array->object, joins) && j < array->rank; j++)
      same = same && found->stored.dim[j] == array->dim[j];
    same = same && found;
  }
  if (same) return HRS_OK;
  hrs_merge_close(file);
  HRS_FAIL(INPUT, "%s has been changed while it was read", merge->path[f]);
}

static hrs_status each_file(hrs_merge *merge,
                            hrs_status (*work)(hrs_merge *, int, const hrs_merge_file *)) {
  for (int f = merge->rank; f < merge->files; f += merge->ranks) {
    hrs_merge_file file;
    HRS_TRY(open_again(merge, f, &file));
    hrs_status status = work(merge, f, &file);
    hrs_merge_close(&file);
    HRS_TRY(status);
  }
  return HRS_OK;
}

hrs_status hrs_merge_copy(hrs_merge *merge) {
  const hrs_merge_kind *as = merge->first.as;
  hrs_merge_close(&merge->first);
  hrs_progress_start(&merge->progress, count_bytes(merge), merge->ranks, merge->rank == 0);
  merge->progress.unit = "bytes";
  merge->clock = hrs_time();
  HRS_TRY(hrs_agree(merge->comm, each_file(merge, copy_arrays)));
  hrs_progress_end(&merge->progress);
  if (!as->make) return HRS_OK;
  HRS_TRY(as->make(merge));
  return hrs_agree(merge->comm, each_file(merge, copy_lists));
}
