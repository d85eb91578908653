/* What /run says of every command's run. */
#include "record.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/machine/node.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void add(hrs_record *record, const char *name, const char *text, double number) {
  if (record->count == HRS_RECORDS) {
    record->full = true;
    return;
  }
  int i = record->count++;
  snprintf(record->name[i], HRS_RECORD_NAME, "%s", name);
  record->attribute[i] = (hrs_run_attribute){record->name[i], text, number};
}

void hrs_record_text(hrs_record *record, const char *name, const char *text) {
  add(record, name, text, 0);
}

void hrs_record_number(hrs_record *record, const char *name, double number) {
  add(record, name, NULL, number);
}

double hrs_record_get(const hrs_record *record, const char *name) {
  for (int i = 0; i < record->count; i++)
    if (strcmp(record->name[i], name) == 0) return record->attribute[i].number;
  return 0;
}

hrs_status hrs_record_finish(const hrs_record *record, hrs_dataset **set) {
  HRS_ASSERT(!record->full);
  return hrs_dataset_finish(set, record->count, record->attribute);
}

hrs_status hrs_record_create(MPI_Comm comm, const hrs_invocation *invocation, const char *what,
                             double start, hrs_record *out) {
  memset(out, 0, sizeof *out);
  double most[] = {hrs_time() - start, (double)hrs_memory_peak(), (double)hrs_node_resident_peak()};
  HRS_TRY(hrs_comm_reduce(comm, MPI_MAX, MPI_DOUBLE, most, 3));
  HRS_TRY(hrs_node_names(comm, &out->hosts));
  int length;
  MPI_Get_library_version(out->mpi, &length);
  out->mpi[strcspn(out->mpi, "\n,")] = '\0';
  time_t now = time(NULL);
  strftime(out->when, sizeof out->when, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  hrs_record_text(out, "command_line", invocation->command_line);
  hrs_record_text(out, "options", invocation->options);
  if (what) hrs_record_text(out, "game", what);
  hrs_record_text(out, "program_version", hrs_version());
  hrs_record_text(out, "git", hrs_git());
  hrs_record_text(out, "mpi_version", out->mpi);
  hrs_record_text(out, "blas_core", hrs_blas_core());
  hrs_record_text(out, "simd", hrs_simd_name());
  hrs_record_text(out, "finished", out->when);
  hrs_record_text(out, "hosts", out->hosts ? out->hosts : "");
  hrs_record_number(out, "ranks", hrs_comm_size(comm));
  hrs_record_number(out, "seconds_total", most[0]);
  hrs_record_number(out, "peak_bytes_per_rank", most[1]);
  hrs_record_number(out, "peak_resident_bytes_per_rank", most[2]);
  return HRS_OK;
}

void hrs_record_destroy(hrs_record *record) {
  hrs_free(record->hosts);
  memset(record, 0, sizeof *record);
}
