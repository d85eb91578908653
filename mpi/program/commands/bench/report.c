/* What the benchmarks share: a report, clocks, and the pass that is the unit of many. */
#include "report.h"

#include "mpi/lattice/comm.h"
#include "mpi/lattice/schedule.h"
#include "mpi/program/engine/machine.h"

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

void hrs_bench_add_checksum(hrs_bench_report *r, const char *name, uint64_t checksum) {
  hrs_bench_add(r, name, 0, NULL);
  r->figures[r->count - 1].checksum = checksum;
}

void hrs_bench_add_times(hrs_bench_report *r, const char *name, const hrs_bench_times *times) {
  char text[sizeof r->figures->name];
  hrs_bench_add(r, name, times->least, "s");
  snprintf(text, sizeof text, "%s, fastest rank", name);
  hrs_bench_add(r, text, times->fastest, "s");
  snprintf(text, sizeof text, "%s, longest repeat", name);
  hrs_bench_add(r, text, times->most, "s");
}

hrs_status hrs_bench_repeat(MPI_Comm comm, double seconds, hrs_bench_times *times) {
  double ends[2] = {seconds, -seconds};
  HRS_TRY(hrs_comm_reduce(comm, MPI_MAX, MPI_DOUBLE, ends, 2));
  if (times->most == 0 || ends[0] < times->least) {
    times->least = ends[0];
    times->fastest = -ends[1];
  }
  if (ends[0] > times->most) times->most = ends[0];
  return HRS_OK;
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

hrs_status hrs_bench_require(MPI_Comm comm, const hrs_partition *part, hrs_dtype type,
                             hrs_count chunk, hrs_sharing sharing, int lattices, hrs_count bytes) {
  char what[64];
  hrs_count rows = ((hrs_count)1 << part->block_bits) - hrs_partition_first(part, part->ranks - 1);
  hrs_count lattice = (rows << (part->n - part->block_bits)) * (hrs_count)hrs_dtype_size(type);
  snprintf(what, sizeof what, "bench with %d player%s", part->n, hrs_plural(part->n));
  lattice += 2 * hrs_schedule_chunk(part, type, chunk);
  return hrs_machine_require(comm, sharing == HRS_SHARE_AUTO,
                             hrs_count_add(hrs_count_multiply(lattice, lattices), bytes), what);
}
