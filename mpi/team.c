/*
 * The ranks that evaluate one sample.
 *
 * They are numbered anew, node by node, so that the parts that the ranks of a node make of a table
 * lie side by side: these ranks write them into the one copy that they share, and one of them, the
 * leader, exchanges the node's piece with the leaders of other nodes. Without shared memory every
 * rank is its own leader.
 */
#include "team.h"

/* Memory of the team: a segment of the sharers' first rank, or each rank's own. */
typedef struct piece {
  void *memory;
  hrs_shared *shared;
} piece;

struct hrs_mpi_team {
  hrs_team team;
  MPI_Comm ranks;   /* by node */
  MPI_Comm sharers; /* of one copy */
  MPI_Comm leaders; /* one of each copy; MPI_COMM_NULL on other ranks */
  int copies, own;  /* how many copies there are, and which one this rank reads */
  int *first;       /* [copies + 1]: first rank of each */
  piece *piece;
  int n_pieces;
};

static hrs_status allocate(void *self, hrs_count bytes, void **out) {
  hrs_mpi_team *t = self;
  int sharers;
  hrs_shared *shared = NULL;
  MPI_Comm_size(t->sharers, &sharers);
  *out = NULL;
  hrs_status status = hrs_realloc(&t->piece, t->n_pieces + 1, sizeof *t->piece);
  if (sharers == 1) {
    if (status == HRS_OK) status = hrs_alloc(bytes, 1, out);
  } else {
    status = hrs_agree(t->sharers, status);
    if (status == HRS_OK)
      status = hrs_shared_create(t->sharers, t->team.share_rank == 0 ? bytes : 0, &shared);
    if (status == HRS_OK)
      status = shared ? HRS_OK
                      : hrs_error_set(HRS_STATUS_MEMORY, __FILE__, __LINE__,
                                      "%lld bytes that the ranks of a node share could not be "
                                      "had; --shm off gives each its own",
                                      (long long)bytes);
    if (status == HRS_OK) *out = hrs_shared_of(shared, 0);
  }
  status = hrs_agree(t->ranks, status);
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

/* Bytes of one message, well below what an int counts. */
static const hrs_count MESSAGE = (hrs_count)256 << 20;

static void gather(void *self, void *data, const hrs_count *part) {
  hrs_mpi_team *t = self;
  MPI_Barrier(t->sharers);
  if (t->leaders == MPI_COMM_NULL || t->copies == 1 || !part) {
    if (part && t->copies > 1) MPI_Barrier(t->sharers);
    return;
  }
  for (int c = 0; c < t->copies; c++) {
    hrs_count from = part[t->first[c]], to = part[t->first[c + 1]];
    for (; from < to; from += MESSAGE) {
      hrs_count bytes = to - from < MESSAGE ? to - from : MESSAGE;
      MPI_Bcast((char *)data + from, (int)bytes, MPI_BYTE, c, t->leaders);
    }
  }
  MPI_Barrier(t->sharers);
}

/* Can these ranks share memory? */
static hrs_status can_share(MPI_Comm node, bool *out) {
  hrs_shared *probe;
  HRS_TRY(hrs_shared_create(node, 1, &probe));
  *out = probe != NULL;
  hrs_shared_destroy(&probe);
  return HRS_OK;
}

/* The communicators: by node, of those who share, of leaders. */
static hrs_status connect(hrs_mpi_team *t, MPI_Comm comm, bool share) {
  int rank, node_rank;
  MPI_Comm node;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node);
  bool sharing = false;
  hrs_status status = share ? can_share(node, &sharing) : HRS_OK;
  MPI_Comm_rank(node, &node_rank);
  MPI_Comm_split(node, sharing ? 0 : node_rank, node_rank, &t->sharers);
  MPI_Comm_free(&node);
  MPI_Comm_rank(t->sharers, &t->team.share_rank);
  /* Copies are numbered by their leaders' ranks. */
  bool leads = t->team.share_rank == 0;
  MPI_Comm_split(comm, leads ? 0 : MPI_UNDEFINED, rank, &t->leaders);
  int copy[2] = {0, 0};
  if (leads) {
    MPI_Comm_size(t->leaders, &copy[0]);
    MPI_Comm_rank(t->leaders, &copy[1]);
  }
  MPI_Bcast(copy, 2, MPI_INT, 0, t->sharers);
  t->copies = copy[0];
  t->own = copy[1];
  /* Ranks of equal keys keep their order: that of the copies, and within one that of its ranks. */
  MPI_Comm ordered;
  MPI_Comm_split(comm, 0, t->team.share_rank, &ordered);
  MPI_Comm_split(ordered, 0, t->own, &t->ranks);
  MPI_Comm_free(&ordered);
  MPI_Comm_rank(t->ranks, &t->team.rank);
  MPI_Comm_size(t->ranks, &t->team.size);
  return hrs_agree(comm, status);
}

static hrs_status count_copies(hrs_mpi_team *t) {
  int *copy_of = NULL;
  hrs_status status = hrs_calloc(t->copies + 1, sizeof *t->first, &t->first);
  if (status == HRS_OK) status = hrs_alloc(t->team.size + 1, sizeof *t->team.part, &t->team.part);
  if (status == HRS_OK) status = hrs_alloc(t->team.size, sizeof *copy_of, &copy_of);
  status = hrs_agree(t->ranks, status);
  if (status == HRS_OK) {
    MPI_Allgather(&t->own, 1, MPI_INT, copy_of, 1, MPI_INT, t->ranks);
    for (int r = 0; r < t->team.size; r++)
      t->first[copy_of[r] + 1] = r + 1;
  }
  hrs_free(copy_of);
  return status;
}

hrs_status hrs_mpi_team_create(MPI_Comm comm, bool share, hrs_mpi_team **out) {
  hrs_mpi_team *t;
  *out = NULL;
  HRS_TRY(hrs_agree(comm, hrs_calloc(1, sizeof *t, &t)));
  hrs_status status = connect(t, comm, share);
  if (status == HRS_OK) status = count_copies(t);
  t->team.self = t;
  t->team.allocate = allocate;
  t->team.release = release;
  t->team.gather = gather;
  *out = t;
  if (status != HRS_OK) hrs_mpi_team_destroy(out);
  return status;
}

void hrs_mpi_team_destroy(hrs_mpi_team **team) {
  hrs_mpi_team *t = *team;
  if (!t) return;
  while (t->n_pieces > 0)
    release(t, t->piece[0].memory);
  MPI_Comm_free(&t->ranks);
  MPI_Comm_free(&t->sharers);
  if (t->leaders != MPI_COMM_NULL) MPI_Comm_free(&t->leaders);
  hrs_free(t->first);
  hrs_free(t->team.part);
  hrs_free(t->piece);
  hrs_free(t);
  *team = NULL;
}

const hrs_team *hrs_mpi_team_of(const hrs_mpi_team *team) {
  return &team->team;
}
