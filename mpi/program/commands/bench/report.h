/* report.h -- a benchmark's figures, and clocks that all ranks agree on. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_BENCH_REPORT_H
#define HRS_MPI_PROGRAM_COMMANDS_BENCH_REPORT_H

#include <harsanyi/mpi.h>

/** May the ranks hold so many lattices of a type, with their chunks, and other bytes? Collective;
 * the status is agreed on. Errors: TOO_LARGE. */
hrs_status hrs_bench_require(MPI_Comm comm, const hrs_partition *part, hrs_dtype type,
                             hrs_count chunk, hrs_sharing sharing, int lattices, hrs_count bytes);

typedef struct hrs_bench_figure {
  char name[48];
  const char *unit; /* NULL: a checksum */
  double value;
  uint64_t checksum;
} hrs_bench_figure;

/** Seconds of something that is done several times. */
typedef struct hrs_bench_times {
  double least, most; /* of the slowest rank */
  double fastest;     /* of the fastest rank, in the least */
} hrs_bench_times;

enum { HRS_BENCH_FIGURES = 64 };

typedef struct hrs_bench_report {
  const char *kind;
  char note[32]; /* what else the first line tells */
  int count;
  hrs_bench_figure figures[HRS_BENCH_FIGURES];
} hrs_bench_report;

/** Another line of the report. */
void hrs_bench_add(hrs_bench_report *r, const char *name, double value, const char *unit);
/** A number that is the same for the same bits. */
void hrs_bench_add_checksum(hrs_bench_report *r, const char *name, uint64_t checksum);
/** The least time; and, as figures of their own, the longest repeat and the fastest rank. */
void hrs_bench_add_times(hrs_bench_report *r, const char *name, const hrs_bench_times *times);
/** The time after a barrier. Collective over the guarded comm, like the next two, which give no
 *  status: a failure is final, and the next agreement tells of it. */
double hrs_bench_begin(MPI_Comm comm);
/** The largest of all ranks' seconds. Collective. */
double hrs_bench_slowest(MPI_Comm comm, double seconds);
/** Count one repeat, which took this rank so many seconds; times begin as {0}. Collective. */
hrs_status hrs_bench_repeat(MPI_Comm comm, double seconds, hrs_bench_times *times);
/** Least time of `repeat` passes x[i] += change over an array. Collective. */
double hrs_bench_pass(MPI_Comm comm, double *data, double change, hrs_count count, int repeat);

#endif
