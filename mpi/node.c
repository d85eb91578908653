/* Memory and names of the nodes. */
#include "node.h"

#include "comm.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static hrs_count available_here(void) {
  hrs_count available = INT64_MAX;
  char line[256];
  FILE *file = fopen("/proc/meminfo", "r");
  long long kib;
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "MemAvailable: %lld kB", &kib) == 1) available = kib * 1024;
  if (file) fclose(file);
  /* A batch system or container may allow less than the node has. */
  long long limit, used;
  FILE *max = fopen("/sys/fs/cgroup/memory.max", "r");
  FILE *now = fopen("/sys/fs/cgroup/memory.current", "r");
  if (max && now && fscanf(max, "%lld", &limit) == 1 && fscanf(now, "%lld", &used) == 1)
    if (limit - used < available) available = limit - used;
  if (max) fclose(max);
  if (now) fclose(now);
  return available;
}

/* Ranks on this rank's node. */
static hrs_status ranks_here(MPI_Comm comm, int *ranks) {
  MPI_Comm node;
  HRS_TRY(hrs_comm_split_node(comm, 0, &node));
  *ranks = hrs_comm_size(node);
  hrs_comm_free(&node);
  return HRS_OK;
}

hrs_status hrs_node_memory(MPI_Comm comm, hrs_count *least) {
  int ranks = 1;
  HRS_TRY(ranks_here(comm, &ranks));
  *least = available_here() / ranks;
  return hrs_comm_reduce(comm, MPI_MIN, MPI_INT64_T, least, 1);
}

hrs_status hrs_node_ranks(MPI_Comm comm, int *least) {
  HRS_TRY(ranks_here(comm, least));
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

hrs_count hrs_node_resident_peak(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (hrs_count)usage.ru_maxrss * 1024;
}
