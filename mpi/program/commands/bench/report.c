/* What the benchmarks share: a report, clocks, and the pass that is the unit of many. */
#include "report.h"

#include "mpi/lattice/comm.h"

#include <stdio.h>

double hrs_bench_slowest(MPI_Comm comm, double seconds) {
  return hrs_comm_reduce(comm, MPI_MAX, MPI_DOUBLE, &seconds, 1) == HRS_OK ? seconds : 0;
}

double hrs_bench_begin(MPI_Comm comm) {
  return hrs_comm_barrier(comm) == HRS_OK ? hrs_time() : 0;
}

void hrs_bench_add(hrs_bench_report *r, const char *name, double value, const char *unit) {
  hrs_bench_figure *figure = &r->figures[r->count++];
  *figure = (hrs_bench_figure){.unit = unit, .value = value};
  snprintf(figure->name, sizeof figure->name, "%s", name);
}

double hrs_bench_pass(MPI_Comm comm, double *data, double change, hrs_count count, int repeat) {
  double best = 1e300;
  for (int r = 0; r < repeat; r++) {
    double start = hrs_bench_begin(comm);
    for (hrs_count i = 0; i < count; i++)
      data[i] += change;
    double seconds = hrs_bench_slowest(comm, hrs_time() - start);
    best = seconds < best ? seconds : best;
  }
  return best;
}
