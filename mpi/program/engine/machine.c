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

static hrs_status state(const hrs_run_options *o, hrs_count node_memory, hrs_machine *out) {
  int nodes = o->plan_nodes ? o->plan_nodes : 1;
  HRS_REQUIRE(nodes <= o->plan_ranks, USAGE,
              "--plan-nodes %d: %d rank%s (--plan-ranks) cannot be on so many nodes", nodes,
              o->plan_ranks, hrs_plural(o->plan_ranks));
  out->stated = true;
  out->ranks = o->plan_ranks;
  out->nodes = nodes;
  out->bandwidth = (double)o->plan_bandwidth;
  if (!o->plan_nodes && !o->plan_memory) {
    out->node_ranks = 1;
    return HRS_OK;
  }
  int fullest = (o->plan_ranks + nodes - 1) / nodes;
  out->node_ranks = o->plan_ranks / nodes;
  out->memory = (o->plan_memory ? o->plan_memory : node_memory) / fullest;
  if (o->plan_memory)
    snprintf(out->limit, sizeof out->limit, "--plan-memory, of %d rank%s on a node", fullest,
             hrs_plural(fullest));
  return HRS_OK;
}

hrs_status hrs_machine_find(MPI_Comm comm, const hrs_run_options *options, bool shared,
                            hrs_machine *out) {
  HRS_REQUIRE(options->plan_ranks ||
                  !(options->plan_nodes || options->plan_memory || options->plan_bandwidth),
              USAGE, "%s belongs to --plan-ranks P: how many ranks the stated machine has",
              options->plan_nodes    ? "--plan-nodes"
              : options->plan_memory ? "--plan-memory"
                                     : "--plan-bandwidth");
  hrs_count node_memory;
  HRS_TRY(look_here(comm, shared, out, &node_memory));
  return options->plan_ranks ? state(options, node_memory, out) : HRS_OK;
}
