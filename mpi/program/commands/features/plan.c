/* What a run takes, before it is made. */
#include "parts.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/engine/lines.h"
#include "mpi/program/engine/machine.h"
#include "mpi/program/log.h"

#include <stdio.h>

static hrs_status pass_over(void *context, hrs_count first, hrs_count count,
                            const void *const *data) {
  (void)context;
  (void)first;
  (void)count;
  (void)data;
  return HRS_OK;
}

/* Seconds of a batch: the second time, when its memory is there. */
static hrs_status measure(hrs_features *features, double *out) {
  double start = 0;
  for (int i = 0; i < 2; i++) {
    start = hrs_time();
    HRS_TRY(hrs_features_run(features, 0, 1, pass_over, NULL));
  }
  *out = hrs_time() - start;
  return HRS_OK;
}

static hrs_status print(const hrs_layers *layers, const hrs_machine *machine,
                        hrs_count file_bytes) {
  hrs_features *f = layers->features;
  int ranks = machine->ranks;
  hrs_count samples = hrs_features_samples(f), batch = hrs_features_batch(f);
  hrs_count batches = (samples + batch - 1) / batch, busiest = (batches + ranks - 1) / ranks;
  double seconds = 0;
  HRS_TRY(measure(f, &seconds));
  seconds *= (double)busiest;
  hrs_print("plan: %s, %d layer%s\n", layers->network, hrs_features_layers(f),
            hrs_plural(hrs_features_layers(f)));
  printf("  %-30s%lld in batches of %lld\n  %-30s%d, %lld batch%s for the busiest\n", "samples",
         (long long)samples, (long long)batch, "ranks", ranks, (long long)busiest,
         busiest == 1 ? "" : "es");
  printf("  %-30s%lld\n", "multiply-adds per sample", (long long)hrs_features_multiply_adds(f));
  hrs_line_bytes("samples, on each rank", hrs_layers_sample_bytes(layers));
  hrs_line_bytes("network, on each rank", hrs_features_bytes(f));
  hrs_line_bytes("available to a rank", machine->memory);
  printf("  %-30s%s\n", "limited by", machine->limit);
  hrs_line_bytes("file", file_bytes);
  hrs_line_time("time to evaluate", seconds, NULL);
  return HRS_OK;
}

hrs_status hrs_features_print_plan(MPI_Comm comm, const hrs_layers *layers,
                                   const hrs_run_options *options, hrs_count file_bytes) {
  hrs_machine machine;
  HRS_TRY(hrs_machine_find(comm, options, false, &machine));
  hrs_status status = HRS_OK;
  if (hrs_comm_rank(comm) == 0) status = print(layers, &machine, file_bytes);
  return hrs_agree(comm, status);
}
