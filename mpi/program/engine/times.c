/* Where the time went, for /run and --timing. */
#include "engine.h"

#include "mpi/lattice/comm.h"

#include <math.h>
#include <stdio.h>

hrs_status hrs_engine_record(hrs_engine *engine, const char *const *names, int tasks,
                             hrs_record *record) {
  const hrs_plan *plan = engine->plan;
  const hrs_problem *problem = engine->problem;
  HRS_TRY(hrs_comm_reduce(engine->world, MPI_MAX, MPI_DOUBLE, engine->seconds, HRS_TASKS));
  double seconds = engine->seconds[0];
  double masks = (double)problem->samples * ldexp(plan->needs.evaluations, problem->n);
  hrs_record_number(record, "groups", plan->groups);
  hrs_record_number(record, "ranks_per_sample", plan->ranks);
  hrs_record_number(record, "blocks", ldexp(1, plan->part.block_bits));
  hrs_record_number(record, "masks_per_second", seconds > 0 ? masks / seconds : 0);
  hrs_record_number(record, "planned_bytes_per_rank", (double)plan->rank_bytes);
  hrs_record_number(record, "planned_held_bytes_per_rank", (double)plan->machine.held);
  for (int i = 0; i < tasks; i++) {
    char name[HRS_RECORD_NAME];
    snprintf(name, sizeof name, "seconds_%s", names[i]);
    hrs_record_number(record, name, engine->seconds[i]);
  }
  return HRS_OK;
}

hrs_status hrs_engine_write_timing(const hrs_engine *engine, const char *const *names, int tasks,
                                   const hrs_record *record, hrs_place **place) {
  if (!*place) return HRS_OK;
  hrs_writer *out;
  HRS_TRY(hrs_writer_begin(place, &out));
  FILE *file = hrs_writer_stream(out);
  fprintf(file, "{\"ranks\": %d, \"groups\": %d, \"masks\": %lld, \"total\": %.6f",
          engine->plan->world, engine->plan->groups,
          (long long)engine->problem->samples << engine->problem->n,
          hrs_record_get(record, "seconds_total"));
  for (int i = 0; i < tasks; i++)
    fprintf(file, ", \"%s\": %.6f", names[i], engine->seconds[i]);
  fprintf(file, "}\n");
  return hrs_writer_finish(&out);
}
