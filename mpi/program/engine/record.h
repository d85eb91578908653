/* record.h -- /run: how a data set came to be, and --timing. All that differs from run to run is
 * there. */
#ifndef HRS_MPI_PROGRAM_ENGINE_RECORD_H
#define HRS_MPI_PROGRAM_ENGINE_RECORD_H

#include "invocation.h"
#include "mpi/dataset/dataset.h"

#include <mpi.h>

enum { HRS_RECORDS = 64, HRS_RECORD_NAME = 48 };

/** Attributes of /run. Texts are the caller's, but for those that it makes itself. */
typedef struct hrs_record {
  int count;
  bool full; /* there was one that had no room */
  hrs_run_attribute attribute[HRS_RECORDS];
  char name[HRS_RECORDS][HRS_RECORD_NAME];
  char mpi[MPI_MAX_LIBRARY_VERSION_STRING], when[64];
  char *hosts;
} hrs_record;

/**
 * What every command records: command line and options, program and libraries, hosts, ranks, time
 * since `start` (hrs_time) and memory, the largest of all ranks. Collective over comm.
 * @param what  one line: the game; or NULL
 */
hrs_status hrs_record_create(MPI_Comm comm, const hrs_invocation *invocation, const char *what,
                             double start, hrs_record *out);
void hrs_record_destroy(hrs_record *record);
/** One more attribute; its name is copied, its text is not. Not collective. */
void hrs_record_number(hrs_record *record, const char *name, double number);
void hrs_record_text(hrs_record *record, const char *name, const char *text);
/** A number that is there; 0 for another name. Not collective. */
double hrs_record_get(const hrs_record *record, const char *name);
/** hrs_dataset_finish with the record as /run. Collective. Errors: INTERNAL where a command records
 *  more than there is room for; those of hrs_dataset_finish. */
hrs_status hrs_record_finish(const hrs_record *record, hrs_dataset **set);

#endif
