/*
 * The ranks that evaluate one sample.
 *
 * They are numbered anew, node by node, so that the parts that the ranks of a node make of a table
 * lie side by side: these ranks write them into the one copy that they share, and one of them, the
 * leader, exchanges the node's piece with the leaders of other nodes. Without shared memory every
 * rank is its own leader.
 */
#include "team.h"

#include "comm.h"

/* Memory of the team: a segment of the sharers' first rank, or each rank's own. */
typedef struct piece {
  void *memory;
  hrs_shared *shared;
} piece;

struct hrs_mpi_team {
  hrs_team team;
  MPI_Comm comm;    /* of all, where they agree */
  MPI_Comm sharers; /* of one copy */
  MPI_Comm leaders; /* one of each copy; MPI_COMM_NULL on other ranks */
  int copies, own;  /* how many copies there are, and which one this rank reads */
  int *first;       /* [copies + 1]: first rank of each */
  piece *piece;
  int n_pieces;
};

static hrs_status allocate(void *self, hrs_count bytes, void **out) {
  hrs_mpi_team *t = self;
  hrs_shared *shared = NULL;
  *out = NULL;
  hrs_status status = hrs_realloc(&t->piece, t->n_pieces + 1, sizeof *t->piece);
  HRS_TRY(hrs_agree(t->comm, status));
  if (hrs_comm_size(t->sharers) == 1) {
    status = hrs_alloc(bytes, 1, out);
  } else {
    status = hrs_shared_create(t->sharers, t->team.share_rank == 0 ? bytes : 0, &shared);
    if (status == HRS_OK)
      status = shared ? HRS_OK
                      : hrs_error_set(HRS_STATUS_MEMORY, __FILE__, __LINE__,
                                      "%lld bytes that the ranks of a node share could not be "
                                      "had; --shm off gives each its own",
                                      (long long)bytes);
    if (status == HRS_OK) *out = hrs_shared_of(shared, 0);
  }
  status = hrs_agree(t->comm, status);
  if (status == HRS_OK) {
    t->piece[t->n_pieces++] = (piece){*out, shared};
    return HRS_OK;
  }
  if (shared)
    hrs_shared_destroy(&shared);
  else
    hrs_free(*out);
  *out = NULL;
  return status;
}

static void release(void *self, void *memory) {
  hrs_mpi_team *t = self;
  for (int i = 0; i < t->n_pieces; i++) {
    if (t->piece[i].memory != memory) continue;
    if (t->piece[i].shared)
      hrs_shared_destroy(&t->piece[i].shared);
    else
      hrs_free(memory);
    t->piece[i] = t->piece[--t->n_pieces];
    return;
  }
}

/* The team agrees, so whoever comes out of it finds what all ranks have written. What the leaders
 * send each other is in their copies when they agree again. */
static hrs_status gather(void *self, hrs_status status, void *data, const hrs_count *part) {
  hrs_mpi_team *t = self;
  HRS_TRY(hrs_agree(t->comm, status));
  if (t->copies == 1 || !part) return HRS_OK;
  for (int c = 0; t->leaders != MPI_COMM_NULL && c < t->copies && status == HRS_OK; c++) {
    hrs_count from = part[t->first[c]], bytes = part[t->first[c + 1]] - from;
    status = hrs_broadcast(t->leaders, c, (char *)data + from, bytes);
  }
  return hrs_agree(t->comm, status);
}

/* Can these ranks share memory? */
static hrs_status can_share(MPI_Comm node, bool *out) {
  hrs_shared *probe;
  HRS_TRY(hrs_shared_create(node, 1, &probe));
  *out = probe != NULL;
  hrs_shared_destroy(&probe);
  return HRS_OK;
}

/* The communicators: of those who share, of leaders. */
static hrs_status connect(hrs_mpi_team *t, bool share) {
  MPI_Comm node;
  int rank = hrs_comm_rank(t->comm);
  HRS_TRY(hrs_comm_split_node(t->comm, rank, &node));
  bool sharing = false;
  int node_rank = hrs_comm_rank(node);
  hrs_status status = hrs_agree(t->comm, share ? can_share(node, &sharing) : HRS_OK);
  if (status == HRS_OK)
    status = hrs_comm_split(node, sharing ? 0 : node_rank, node_rank, &t->sharers);
  hrs_comm_free(&node);
  HRS_TRY(status);
  t->team.share_rank = hrs_comm_rank(t->sharers);
  /* Copies are numbered by their leaders' ranks. */
  bool leads = t->team.share_rank == 0;
  HRS_TRY(hrs_comm_split(t->comm, leads ? 0 : MPI_UNDEFINED, rank, &t->leaders));
  int copy[2] = {0, 0};
  if (leads) {
    copy[0] = hrs_comm_size(t->leaders);
    copy[1] = hrs_comm_rank(t->leaders);
  }
  HRS_TRY(hrs_broadcast(t->sharers, 0, copy, sizeof copy));
  t->copies = copy[0];
  t->own = copy[1];
  return HRS_OK;
}

/* A rank's copy, and its place among those who share it. */
typedef struct place {
  int copy, share_rank;
} place;

/* New numbers: copy by copy, and within one by the ranks that share it. */
static hrs_status number(hrs_mpi_team *t) {
  place mine = {t->own, t->team.share_rank}, *all = NULL;
  t->team.size = hrs_comm_size(t->comm);
  hrs_status status = hrs_calloc(t->copies + 1, sizeof *t->first, &t->first);
  if (status == HRS_OK) status = hrs_alloc(t->team.size + 1, sizeof *t->team.part, &t->team.part);
  if (status == HRS_OK) status = hrs_alloc(t->team.size, sizeof *all, &all);
  HRS_GO(hrs_agree(t->comm, status));
  HRS_GO(hrs_comm_allgather(t->comm, &mine, sizeof mine, all));
  for (int r = 0; r < t->team.size; r++) {
    bool before = all[r].copy == mine.copy && all[r].share_rank < mine.share_rank;
    if (all[r].copy < mine.copy || before) t->team.rank++;
    t->first[all[r].copy + 1]++;
  }
  for (int c = 0; c < t->copies; c++)
    t->first[c + 1] += t->first[c];
done:
  hrs_free(all);
  return status;
}

hrs_status hrs_mpi_team_create(MPI_Comm comm, bool share, hrs_mpi_team **out) {
  hrs_mpi_team *t = NULL;
  *out = NULL;
  hrs_status status = hrs_agree(comm, hrs_calloc(1, sizeof *t, &t));
  if (status != HRS_OK) {
    hrs_free(t);
    return status;
  }
  t->comm = comm;
  t->sharers = t->leaders = MPI_COMM_NULL;
  t->team.self = t;
  t->team.allocate = allocate;
  t->team.release = release;
  t->team.gather = gather;
  status = connect(t, share);
  if (status == HRS_OK) status = number(t);
  *out = t;
  if (status != HRS_OK) hrs_mpi_team_destroy(out);
  return status;
}

void hrs_mpi_team_destroy(hrs_mpi_team **team) {
  hrs_mpi_team *t = *team;
  if (!t) return;
  while (t->n_pieces > 0)
    release(t, t->piece[0].memory);
  hrs_comm_free(&t->sharers);
  hrs_comm_free(&t->leaders);
  hrs_free(t->first);
  hrs_free(t->team.part);
  hrs_free(t->piece);
  hrs_free(t);
  *team = NULL;
}

const hrs_team *hrs_mpi_team_of(const hrs_mpi_team *team) {
  return &team->team;
}
