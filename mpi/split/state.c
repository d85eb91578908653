/* The memory of a fit. */
#include "state.h"

#include "mpi/lattice/comm.h"
#include "mpi/lattice/schedule.h"

#include <string.h>

static int lattice_count(int networks, bool bounded) {
  return networks * (bounded ? 3 * 4 + 3 : 3 * 2 + 1);
}

hrs_count hrs_fit_bytes(const hrs_partition *part, hrs_count chunk, int networks, bool bounded) {
  /* The last rank has as many rows as any. */
  hrs_count rows = ((hrs_count)1 << part->block_bits) - hrs_partition_first(part, part->ranks - 1);
  hrs_count bytes = (rows << (part->n - part->block_bits)) * (hrs_count)sizeof(double);
  hrs_count exchanged = networks * (bounded ? 4 + 1 : 2 + 1) + 2;
  hrs_count scratch = 2 * hrs_schedule_chunk(part, HRS_F64, chunk);
  return bytes * lattice_count(networks, bounded) + scratch * exchanged +
         rows * 2 * HRS_SHARE_NETWORKS * (hrs_count)sizeof(double);
}

hrs_status hrs_fit_create(MPI_Comm comm, const hrs_partition *part, hrs_count chunk,
                          hrs_sharing sharing, int networks, bool bounded, hrs_fit **out) {
  *out = NULL;
  HRS_REQUIRE(networks >= 1 && networks <= HRS_SHARE_NETWORKS, USAGE,
              "a fit of %d networks: there may be 1 to %d", networks, HRS_SHARE_NETWORKS);
  hrs_fit *fit;
  HRS_TRY(hrs_comm_alloc(comm, 1, sizeof *fit, &fit));
  memset(fit, 0, sizeof *fit);
  fit->comm = comm;
  fit->part = *part;
  fit->networks = networks;
  fit->bounded = bounded;
  hrs_kernel mobius = hrs_kernel_get(HRS_KERNEL_MOBIUS), or_kernel = hrs_kernel_get(HRS_KERNEL_OR);
  fit->exact = hrs_factors_of(hrs_kernel_product(mobius, hrs_kernel_get(HRS_KERNEL_OR_INVERSE)));
  fit->and_ = hrs_factors_of(mobius);
  fit->or_ = hrs_factors_of(or_kernel);
  hrs_angles **angles[] = {&fit->exact_angles, &fit->and_angles, &fit->or_angles};
  hrs_status status = HRS_OK;
  for (int i = 0; i < 3 && status == HRS_OK; i++)
    status = hrs_alloc(1, sizeof **angles[i], angles[i]);
  HRS_GO(hrs_agree(comm, status));
  hrs_angles_set(fit->exact_angles, part->n, fit->exact.value, 1);
  for (int slot = 0; slot < (bounded ? 4 : 2) * networks; slot++) {
    hrs_lattice **three[] = {&fit->state[slot], &fit->anchor[slot], &fit->work[slot]};
    for (int i = 0; i < 3; i++) {
      /* The anchor never leaves its rank, the state's first two are scratch in the end. */
      bool moves = i == 2 || (i == 0 && slot < 2);
      HRS_GO(hrs_lattice_create(comm, part, HRS_F64, moves ? chunk : 1,
                                moves ? sharing : HRS_SHARE_OFF, three[i]));
    }
  }
  for (int i = 0; i < networks; i++)
    HRS_GO(hrs_lattice_create(comm, part, HRS_F64, chunk, sharing, &fit->data[i]));
  for (int i = 0; i < 2 * networks && bounded; i++)
    HRS_GO(hrs_lattice_create(comm, part, HRS_F64, 1, HRS_SHARE_OFF, &fit->safe[i]));
  status = hrs_alloc(hrs_lattice_row_count(fit->state[0]) * 2 * HRS_SHARE_NETWORKS,
                     sizeof *fit->parts, &fit->parts);
  status = hrs_agree(comm, status);
done:
  if (status != HRS_OK) hrs_fit_destroy(&fit);
  *out = fit;
  return status;
}

void hrs_fit_destroy(hrs_fit **handle) {
  if (!handle || !*handle) return;
  hrs_fit *fit = *handle;
  for (int slot = 0; slot < HRS_FIT_SLOTS; slot++) {
    hrs_lattice_destroy(&fit->state[slot]);
    hrs_lattice_destroy(&fit->anchor[slot]);
    hrs_lattice_destroy(&fit->work[slot]);
  }
  for (int i = 0; i < HRS_SHARE_NETWORKS; i++)
    hrs_lattice_destroy(&fit->data[i]);
  for (int i = 0; i < 2 * HRS_SHARE_NETWORKS; i++)
    hrs_lattice_destroy(&fit->safe[i]);
  hrs_free(fit->parts);
  hrs_free(fit->exact_angles);
  hrs_free(fit->and_angles);
  hrs_free(fit->or_angles);
  hrs_free(fit);
  *handle = NULL;
}

hrs_lattice *hrs_fit_interactions(const hrs_fit *fit, int network, bool or_type) {
  return fit->work[or_type ? fit->networks + network : network];
}
