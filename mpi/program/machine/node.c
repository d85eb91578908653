/* Memory and names of the nodes. */
#include "node.h"

#include "launcher.h"
#include "mpi/lattice/comm.h"
#include "src/base/memory_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Ranks on this rank's node. */
static hrs_status ranks_here(MPI_Comm comm, int *ranks) {
  MPI_Comm node;
  HRS_TRY(hrs_comm_split_node(comm, 0, &node));
  *ranks = hrs_comm_size(node);
  hrs_comm_free(&node);
  return HRS_OK;
}

static void room_here(int ranks, bool shared, hrs_node_room *out) {
  const char *root = getenv("HARSANYI_SYSTEM");
  hrs_memory_room room;
  hrs_memory_room_find(root ? root : "", &room);
  memset(out, 0, sizeof *out);
  out->ranks = ranks;
  out->bytes = room.node / ranks;
  snprintf(out->limit, sizeof out->limit, "%s", room.limit);
  hrs_count own = room.process / (shared ? ranks : 1);
  if (own >= out->bytes) return;
  out->bytes = own;
  snprintf(out->limit, sizeof out->limit, "%s", room.ulimit);
}

hrs_status hrs_node_memory(MPI_Comm comm, bool shared, hrs_node_room *least) {
  hrs_node_room mine, *all;
  int ranks = 1, size = hrs_comm_size(comm);
  HRS_TRY(ranks_here(comm, &ranks));
  if (comm == MPI_COMM_SELF) ranks = hrs_launcher_node_size();
  room_here(ranks, shared, &mine);
  HRS_TRY(hrs_alloc(size, sizeof *all, &all));
  hrs_status status = hrs_comm_allgather(comm, &mine, sizeof mine, all);
  *least = mine;
  for (int i = 0; i < size && status == HRS_OK; i++)
    if (all[i].bytes < least->bytes) *least = all[i];
  hrs_free(all);
  return status;
}

hrs_status hrs_node_ranks(MPI_Comm comm, int *least, int *nodes) {
  MPI_Comm node;
  HRS_TRY(hrs_comm_split_node(comm, 0, &node));
  *least = hrs_comm_size(node);
  *nodes = hrs_comm_rank(node) == 0;
  hrs_comm_free(&node);
  HRS_TRY(hrs_comm_reduce(comm, MPI_SUM, MPI_INT, nodes, 1));
  return hrs_comm_reduce(comm, MPI_MIN, MPI_INT, least, 1);
}

hrs_status hrs_node_names(MPI_Comm comm, char **out) {
  char name[MPI_MAX_PROCESSOR_NAME + 1] = "";
  int length, rank = hrs_comm_rank(comm);
  MPI_Get_processor_name(name, &length);
  char *all = NULL;
  hrs_count bytes;
  *out = NULL;
  HRS_TRY(hrs_gather(comm, name, sizeof name, (void **)&all, &bytes));
  if (rank != 0) return HRS_OK;
  hrs_status status = hrs_calloc(bytes + 1, 1, out);
  for (hrs_count i = 0; i < bytes && status == HRS_OK; i += (hrs_count)sizeof name) {
    bool seen = false;
    for (hrs_count j = 0; j < i && !seen; j += (hrs_count)sizeof name)
      seen = strcmp(all + i, all + j) == 0;
    if (seen) continue;
    size_t used = strlen(*out);
    snprintf(*out + used, (size_t)(bytes + 1) - used, "%s%s", used ? "," : "", all + i);
  }
  hrs_free(all);
  return status;
}

hrs_count hrs_node_resident(void) {
  long long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file && fscanf(file, "%*d %lld", &pages) != 1) pages = 0;
  if (file) fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

hrs_count hrs_node_resident_peak(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (hrs_count)usage.ru_maxrss * 1024;
}
