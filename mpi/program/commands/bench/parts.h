/* parts.h -- the benchmarks and their options. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_BENCH_PARTS_H
#define HRS_MPI_PROGRAM_COMMANDS_BENCH_PARTS_H

#include "report.h"

typedef struct hrs_bench_options {
  int n, repeat;
  hrs_count chunk;
  const char *json;
  int shm; /* hrs_sharing */
  bool force;
  hrs_place *place; /* of the file of figures, on rank 0 */
  MPI_Comm comm;
} hrs_bench_options;

/** bench evaluate: options as those of harsanyi interactions. Sets n and place. Collective. */
hrs_status hrs_bench_evaluate(int argc, char **argv, hrs_bench_options *o, hrs_bench_report *r);
/** bench lattice: options as those of harsanyi interactions. Sets n and place. Collective. */
hrs_status hrs_bench_lattice(int argc, char **argv, hrs_bench_options *o, hrs_bench_report *r);
/** bench fit: options as those of harsanyi interactions. Sets n and place. */
hrs_status hrs_bench_fit(int argc, char **argv, hrs_bench_options *o, hrs_bench_report *r);
/** bench indices. */
hrs_status hrs_bench_indices(const hrs_bench_options *o, hrs_bench_report *r);

#endif
