/* One of the files: opened, whole, and of a kind that can be merged. */
#include "parts.h"

#include "mpi/program/kinds/kinds.h"

#include <stdio.h>
#include <string.h>

static hrs_status find_kind(const hrs_merge *merge, hrs_merge_file *file) {
  for (int i = 0; merge->kinds[i]; i++)
    if (merge->kinds[i]->kind == file->reading->kind) file->as = merge->kinds[i];
  HRS_REQUIRE(file->as, INPUT, "%s: data sets of kind '%s' cannot be merged", file->reading->path,
              file->reading->kind->name);
  return HRS_OK;
}

static hrs_status check(const hrs_merge *merge, hrs_merge_file *file) {
  const hrs_reading *reading = file->reading;
  HRS_TRY(find_kind(merge, file));
  HRS_REQUIRE(reading->complete, INPUT,
              "%s is not complete: the run that writes it goes on, or has ended early; let it end, "
              "or go on with it (--resume), before its rows are merged",
              reading->path);
  HRS_REQUIRE(reading->format_version == HRS_DATASET_VERSION, INPUT,
              "%s has format version %d, which does not say all that has to be compared (this is "
              "%d): compute its rows anew",
              reading->path, reading->format_version, HRS_DATASET_VERSION);
  return file->as->load(file);
}

hrs_status hrs_merge_open(const hrs_merge *merge, int i, hrs_merge_file *out) {
  memset(out, 0, sizeof *out);
  HRS_TRY(hrs_reading_open(merge->path[i], hrs_kinds, &out->reading));
  hrs_status status = check(merge, out);
  if (status != HRS_OK) hrs_merge_close(out);
  return status;
}

void hrs_merge_close(hrs_merge_file *file) {
  /* Interactions have the reading as their own. */
  if (file->interactions)
    hrs_interactions_close(&file->interactions);
  else
    hrs_reading_close(&file->reading);
  memset(file, 0, sizeof *file);
}

int hrs_merge_axis(const hrs_kind *kind) {
  int axis = 1;
  while (axis < kind->axes && !kind->axis[axis].joins)
    axis++;
  return axis;
}

hrs_status hrs_merge_run_text(const hrs_merge_file *file, const char *name, char **out) {
  char source[64];
  snprintf(source, sizeof source, "source_%s", name);
  HRS_TRY(hrs_reading_text(file->reading, "/run", source, out));
  return *out ? HRS_OK : hrs_reading_text(file->reading, "/run", name, out);
}
