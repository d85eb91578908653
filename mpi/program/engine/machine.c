/*
 * Memory of the machine at hand, or of the one that --plan-ranks and its companions state.
 *
 * A stated machine has its ranks spread evenly, so that the fullest node has ceil(P/K). Where
 * neither its nodes nor their memory are stated, each rank has as much as this one has here.
 */
#include "machine.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/machine/node.h"

#include <stdio.h>
#include <string.h>

/* Code, MPI, BLAS and HDF5, as measured: 27 to 46 MiB resident (docs/performance). Where MPI holds
 * more by now, as it does with some networks, it is that, and what connections and files take. */
static const hrs_count LEAST_HELD = (hrs_count)40 << 20, TO_COME = (hrs_count)12 << 20;

static hrs_count held_here(void) {
  hrs_count held = hrs_node_resident() - hrs_memory_current() + TO_COME;
  return held > LEAST_HELD ? held : LEAST_HELD;
}

static hrs_status look_here(MPI_Comm comm, bool shared, hrs_machine *out, hrs_count *node_memory) {
  hrs_node_room room;
  HRS_TRY(hrs_node_memory(comm, shared, &room));
  *node_memory = hrs_count_multiply(room.bytes, room.ranks);
  *out = (hrs_machine){.ranks = hrs_comm_size(comm), .memory = room.bytes, .held = held_here()};
  memcpy(out->limit, room.limit, sizeof out->limit);
  HRS_TRY(hrs_node_ranks(comm, &out->node_ranks, &out->nodes));
  return hrs_comm_reduce(comm, MPI_MAX, MPI_INT64_T, &out->held, 1);
}

static void state(const hrs_run_options *o, hrs_count node_memory, hrs_machine *out) {
  int nodes = o->plan_nodes ? o->plan_nodes : 1;
  out->stated = true;
  out->ranks = o->plan_ranks;
  out->nodes = nodes;
  out->bandwidth = (double)o->plan_bandwidth;
  out->node_ranks = 1;
  if (!o->plan_nodes && !o->plan_memory) return;
  int fullest = (o->plan_ranks + nodes - 1) / nodes;
  out->node_ranks = o->plan_ranks / nodes;
  out->memory = (o->plan_memory ? o->plan_memory : node_memory) / fullest;
  if (o->plan_memory)
    snprintf(out->limit, sizeof out->limit, "--plan-memory, of %d rank%s on a node", fullest,
             hrs_plural(fullest));
}

hrs_status hrs_machine_check_options(const hrs_run_options *o) {
  const char *without = o->plan_nodes       ? "--plan-nodes"
                        : o->plan_memory    ? "--plan-memory"
                        : o->plan_bandwidth ? "--plan-bandwidth"
                                            : NULL;
  HRS_REQUIRE(!without || o->plan_ranks, USAGE,
              "%s belongs to --plan-ranks P: how many ranks the stated machine has", without);
  HRS_REQUIRE(o->plan || !o->plan_ranks, USAGE,
              "--plan-ranks %d belongs to --plan; a run has the ranks it is started with "
              "(mpirun -n %d)",
              o->plan_ranks, o->plan_ranks);
  HRS_REQUIRE(o->plan_nodes <= o->plan_ranks, USAGE,
              "--plan-nodes %d: %d rank%s (--plan-ranks) cannot be on so many nodes", o->plan_nodes,
              o->plan_ranks, hrs_plural(o->plan_ranks));
  return HRS_OK;
}

hrs_status hrs_machine_find(MPI_Comm comm, const hrs_run_options *options, bool shared,
                            hrs_machine *out) {
  hrs_count node_memory;
  HRS_TRY(look_here(comm, shared, out, &node_memory));
  if (options->plan_ranks) state(options, node_memory, out);
  return HRS_OK;
}

double hrs_machine_usable(const hrs_machine *machine) {
  return 0.95 * (double)machine->memory;
}

hrs_status hrs_machine_require(MPI_Comm comm, bool shared, hrs_count bytes, const char *what) {
  hrs_machine machine;
  hrs_count most = bytes;
  HRS_TRY(hrs_comm_reduce(comm, MPI_MAX, MPI_INT64_T, &most, 1));
  HRS_TRY(hrs_machine_find(comm, &(hrs_run_options){0}, shared, &machine));
  most = hrs_count_add(most, machine.held);
  HRS_REQUIRE(hrs_machine_may_hold(&machine, most), TOO_LARGE,
              "%s needs %.2f GiB on each of %d rank%s, of which %.2f GiB are available (%s); take "
              "fewer players, or more nodes",
              what, (double)most / 0x1p30, machine.ranks, hrs_plural(machine.ranks),
              hrs_machine_usable(&machine) / 0x1p30, machine.limit);
  return HRS_OK;
}
