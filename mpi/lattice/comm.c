/*
 * Agreement on errors, and collectives, which all begin with one: comm.h.
 *
 * Cost: one more MPI_Allreduce of an int for each collective, two where a part of the communicator
 * is in use. It loses where collectives of a few bytes are all there is; here they end passes over
 * lattices.
 */
#include "comm.h"

#include "counters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 28, MESSAGE = 4096 };

typedef struct report {
  int status;
  char message[MESSAGE];
} report;

/* What a guarded communicator remembers, as its attribute. */
typedef struct guard {
  MPI_Comm comm;
  int rank, first; /* first: the rank that failed first, -1 while all is well */
  report failure;
  struct guard *parent, *part, *next; /* parts, one after the other */
} guard;

static int guard_key = MPI_KEYVAL_INVALID;

int hrs_comm_rank(MPI_Comm comm) {
  int rank = 0;
  if (comm != MPI_COMM_SELF) MPI_Comm_rank(comm, &rank);
  return rank;
}

int hrs_comm_size(MPI_Comm comm) {
  int size = 1;
  if (comm != MPI_COMM_SELF) MPI_Comm_size(comm, &size);
  return size;
}

/* ---- headers -------------------------------------------------------------------------------- */

static guard *guard_of(MPI_Comm comm) {
  guard *g = NULL;
  int found = 0;
  if (guard_key != MPI_KEYVAL_INVALID) MPI_Comm_get_attr(comm, guard_key, &g, &found);
  return found ? g : NULL;
}

static hrs_status told(const report *failure) {
  return hrs_error_set((hrs_status)failure->status, __FILE__, __LINE__, "%s", failure->message);
}

/* Headers of the parts. Of a part that failed, the rank where it began alone brings the failure to
 * the whole: the others know it from hearsay. */
static hrs_status agree_in_parts(const guard *whole, hrs_status status, bool *brings) {
  const hrs_status own = status;
  bool failed = false, began = false;
  for (guard *part = whole ? whole->part : NULL; part; part = part->next) {
    hrs_status agreed = hrs_agree(part->comm, own);
    if (agreed == HRS_OK) continue;
    failed = true;
    began = began || part->first == part->rank;
    if (status == HRS_OK) status = agreed;
  }
  *brings = failed ? began : status != HRS_OK;
  return status;
}

hrs_status hrs_agree(MPI_Comm comm, hrs_status status) {
  if (comm == MPI_COMM_SELF) return status;
  guard *g = guard_of(comm);
  if (g && g->first >= 0) return status != HRS_OK ? status : told(&g->failure);
  int rank = hrs_comm_rank(comm), size = hrs_comm_size(comm), first;
  bool brings;
  status = agree_in_parts(g, status, &brings);
  int failed = brings ? rank : size;
  double start = hrs_time();
  MPI_Allreduce(&failed, &first, 1, MPI_INT, MPI_MIN, comm);
  hrs_counted.wait += hrs_time() - start;
  if (first == size) return HRS_OK;
  report failure;
  memset(&failure, 0, sizeof failure);
  if (rank == first) {
    failure.status = (int)status;
    snprintf(failure.message, sizeof failure.message, "%s", hrs_error_message());
  }
  MPI_Bcast(&failure, (int)sizeof failure, MPI_BYTE, first, comm);
  if (g) {
    g->first = first;
    g->failure = failure;
  }
  return rank == first ? status : told(&failure);
}

hrs_status hrs_agree_or_stop(MPI_Comm comm, hrs_status status) {
  HRS_TRY(hrs_agree(comm, status == HRS_STATUS_STOPPED ? HRS_OK : status));
  int reason = hrs_stop_reason(); /* only now: a rank may have got it while it waited */
  HRS_TRY(hrs_comm_reduce(comm, MPI_MAX, MPI_INT, &reason, 1));
  hrs_stop_want(reason);
  HRS_REQUIRE(!reason, STOPPED, "stopped by %s", hrs_stop_text(reason));
  return HRS_OK;
}

/* A node's own trouble is found where the node is named. */
static void name_rank(const guard *g, hrs_status status) {
  char node[MPI_MAX_PROCESSOR_NAME + 1] = "";
  int length;
  bool of_node =
      status == HRS_STATUS_MEMORY || status == HRS_STATUS_INPUT || status == HRS_STATUS_IO;
  MPI_Get_processor_name(node, &length);
  if (g->rank > 0 && of_node) (void)hrs_error_context(status, "rank %d on %s", g->rank, node);
}

hrs_status hrs_agree_finally(MPI_Comm comm, hrs_status status) {
  status = hrs_agree(comm, status);
  if (status == HRS_OK || comm == MPI_COMM_SELF) return status;
  guard *g = guard_of(comm);
  if (!g) return status;
  if (g->rank == g->first) name_rank(g, status);
  snprintf(g->failure.message, sizeof g->failure.message, "%s", hrs_error_message());
  MPI_Bcast(g->failure.message, MESSAGE, MPI_CHAR, g->first, comm);
  return g->rank == g->first ? status : told(&g->failure);
}

/* ---- communicators -------------------------------------------------------------------------- */

static int forget(MPI_Comm comm, int key, void *value, void *extra) {
  (void)comm, (void)key, (void)extra;
  guard *g = value;
  for (guard **at = g->parent ? &g->parent->part : NULL; at && *at; at = &(*at)->next)
    if (*at == g) {
      *at = g->next;
      break;
    }
  hrs_free(g);
  return MPI_SUCCESS;
}

/* Make `comm` guarded, as a part of what `parent` guards; all ranks of `over` agree on how it went,
 * also those that have no `comm`. */
static hrs_status set_guard(MPI_Comm over, guard *parent, MPI_Comm *comm) {
  guard *g = NULL;
  hrs_status status = *comm != MPI_COMM_NULL ? hrs_calloc(1, sizeof *g, &g) : HRS_OK;
  status = hrs_agree(over, status);
  if (status != HRS_OK) {
    hrs_free(g);
    hrs_comm_free(comm);
    return status;
  }
  if (!g) return HRS_OK;
  *g = (guard){.comm = *comm, .rank = hrs_comm_rank(*comm), .first = -1, .parent = parent};
  if (guard_key == MPI_KEYVAL_INVALID)
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, forget, &guard_key, NULL);
  MPI_Comm_set_attr(*comm, guard_key, g);
  if (!parent) return HRS_OK;
  g->next = parent->part;
  parent->part = g;
  return HRS_OK;
}

hrs_status hrs_comm_guard(MPI_Comm comm, MPI_Comm *out) {
  *out = MPI_COMM_SELF;
  if (comm == MPI_COMM_SELF) return HRS_OK;
  MPI_Comm_dup(comm, out);
  return set_guard(comm, NULL, out);
}

hrs_status hrs_comm_split(MPI_Comm comm, int color, int key, MPI_Comm *out) {
  *out = color == MPI_UNDEFINED ? MPI_COMM_NULL : MPI_COMM_SELF;
  if (comm == MPI_COMM_SELF) return HRS_OK;
  *out = MPI_COMM_NULL;
  HRS_TRY(hrs_agree(comm, HRS_OK));
  MPI_Comm_split(comm, color, key, out);
  return HRS_OK;
}

hrs_status hrs_comm_split_guarded(MPI_Comm comm, int color, int key, MPI_Comm *out) {
  HRS_TRY(hrs_comm_split(comm, color, key, out));
  guard *parent = comm == MPI_COMM_SELF ? NULL : guard_of(comm);
  return parent ? set_guard(comm, parent, out) : HRS_OK;
}

hrs_status hrs_comm_split_node(MPI_Comm comm, int key, MPI_Comm *out) {
  *out = MPI_COMM_SELF;
  if (comm == MPI_COMM_SELF) return HRS_OK;
  *out = MPI_COMM_NULL;
  HRS_TRY(hrs_agree(comm, HRS_OK));
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, key, MPI_INFO_NULL, out);
  const char *text = getenv("HARSANYI_NODE_RANKS");
  int ranks = text ? atoi(text) : 0;
  if (ranks < 1) return HRS_OK;
  MPI_Comm node = *out;
  MPI_Comm_split(node, hrs_comm_rank(node) / ranks, key, out);
  MPI_Comm_free(&node);
  return HRS_OK;
}

void hrs_comm_free(MPI_Comm *comm) {
  if (*comm != MPI_COMM_NULL && *comm != MPI_COMM_SELF) MPI_Comm_free(comm);
  *comm = MPI_COMM_NULL;
}

hrs_status hrs_comm_alloc(MPI_Comm comm, hrs_count count, size_t size, void *out) {
  void *block = NULL;
  hrs_status status = hrs_agree(comm, hrs_alloc(count, size, &block));
  if (status != HRS_OK) {
    hrs_free(block);
    block = NULL;
  }
  memcpy(out, &block, sizeof block);
  return status;
}

hrs_status hrs_comm_same_text(MPI_Comm comm, const char *what, const char *text) {
  hrs_count length = (hrs_count)strlen(text) + 1, most = length;
  char *first = NULL;
  HRS_TRY(hrs_comm_reduce(comm, MPI_MAX, MPI_INT64_T, &most, 1));
  HRS_TRY(hrs_comm_alloc(comm, most, 1, &first));
  memset(first, 0, (size_t)most);
  memcpy(first, text, (size_t)length);
  hrs_status status = hrs_broadcast(comm, 0, first, most);
  if (status == HRS_OK && strcmp(first, text) != 0) {
    hrs_count at = 0, from = 0; /* the word in which they differ */
    for (; text[at] == first[at]; at++)
      if (text[at] == ' ') from = at + 1;
    status = hrs_error_set(HRS_STATUS_USAGE, __FILE__, __LINE__,
                           "rank %d: %s differ from rank 0's: '%.60s...' here, '%.60s...' there",
                           hrs_comm_rank(comm), what, text + from, first + from);
  }
  hrs_free(first);
  return hrs_agree(comm, status);
}

/* ---- collectives ---------------------------------------------------------------------------- */

hrs_status hrs_comm_reduce(MPI_Comm comm, MPI_Op op, MPI_Datatype type, void *data,
                           hrs_count count) {
  if (comm == MPI_COMM_SELF) return HRS_OK;
  HRS_TRY(hrs_agree(comm, HRS_OK));
  int size;
  MPI_Type_size(type, &size);
  for (hrs_count done = 0; done < count; done += PIECE) {
    int piece = (int)(count - done < PIECE ? count - done : PIECE);
    MPI_Allreduce(MPI_IN_PLACE, (char *)data + done * size, piece, type, op, comm);
  }
  return HRS_OK;
}

hrs_status hrs_comm_allgather(MPI_Comm comm, const void *mine, int bytes, void *all) {
  if (comm == MPI_COMM_SELF) {
    memcpy(all, mine, (size_t)bytes);
    return HRS_OK;
  }
  HRS_TRY(hrs_agree(comm, HRS_OK));
  MPI_Allgather(mine, bytes, MPI_BYTE, all, bytes, MPI_BYTE, comm);
  return HRS_OK;
}

hrs_status hrs_comm_gather_parts(MPI_Comm comm, const double *part, int mine, double *all,
                                 const int *counts, const int *places) {
  if (comm == MPI_COMM_SELF) {
    memcpy(all + places[0], part, (size_t)mine * sizeof *part);
    return HRS_OK;
  }
  HRS_TRY(hrs_agree(comm, HRS_OK));
  MPI_Gatherv(part, mine, MPI_DOUBLE, all, counts, places, MPI_DOUBLE, 0, comm);
  return HRS_OK;
}

hrs_status hrs_comm_barrier(MPI_Comm comm) {
  if (comm == MPI_COMM_SELF) return HRS_OK;
  HRS_TRY(hrs_agree(comm, HRS_OK));
  MPI_Barrier(comm);
  return HRS_OK;
}

/* Behind a header. */
static void broadcast(MPI_Comm comm, int root, void *data, hrs_count bytes) {
  for (hrs_count done = 0; done < bytes; done += PIECE) {
    int piece = (int)(bytes - done < PIECE ? bytes - done : PIECE);
    MPI_Bcast((char *)data + done, piece, MPI_BYTE, root, comm);
  }
}

hrs_status hrs_broadcast(MPI_Comm comm, int root, void *data, hrs_count bytes) {
  if (comm == MPI_COMM_SELF) return HRS_OK;
  HRS_TRY(hrs_agree(comm, HRS_OK));
  broadcast(comm, root, data, bytes);
  return HRS_OK;
}

hrs_status hrs_broadcast_array(MPI_Comm comm, hrs_array *array) {
  if (comm == MPI_COMM_SELF) return HRS_OK;
  int rank = hrs_comm_rank(comm);
  hrs_array header = {0};
  if (rank == 0) header = *array;
  HRS_TRY(hrs_broadcast(comm, 0, &header, sizeof header));
  hrs_status status = HRS_OK;
  if (rank != 0) status = hrs_array_create(header.type, header.rank, header.dim, array);
  status = hrs_agree(comm, status);
  if (status != HRS_OK) {
    if (rank != 0) hrs_array_destroy(array);
    return status;
  }
  broadcast(comm, 0, array->data, hrs_array_count(array) * (hrs_count)hrs_dtype_size(array->type));
  return HRS_OK;
}

static void send_bytes(MPI_Comm comm, int to, const char *data, hrs_count bytes) {
  for (hrs_count done = 0; done < bytes; done += PIECE) {
    int piece = (int)(bytes - done < PIECE ? bytes - done : PIECE);
    MPI_Send(data + done, piece, MPI_BYTE, to, 0, comm);
  }
}

static void receive_bytes(MPI_Comm comm, int from, char *data, hrs_count bytes) {
  for (hrs_count done = 0; done < bytes; done += PIECE) {
    int piece = (int)(bytes - done < PIECE ? bytes - done : PIECE);
    MPI_Recv(data + done, piece, MPI_BYTE, from, 0, comm, MPI_STATUS_IGNORE);
  }
}

hrs_status hrs_gather(MPI_Comm comm, const void *data, hrs_count bytes, void **out,
                      hrs_count *total) {
  int rank = hrs_comm_rank(comm), size = hrs_comm_size(comm);
  char *all = NULL;
  *out = NULL;
  *total = bytes;
  HRS_TRY(hrs_comm_reduce(comm, MPI_SUM, MPI_INT64_T, total, 1));
  HRS_TRY(hrs_agree(comm, rank == 0 ? hrs_alloc(*total, 1, &all) : HRS_OK));
  if (rank != 0) {
    MPI_Send(&bytes, 1, MPI_INT64_T, 0, 0, comm);
    send_bytes(comm, 0, data, bytes);
    return HRS_OK;
  }
  if (bytes) memcpy(all, data, (size_t)bytes);
  hrs_count used = bytes;
  for (int from = 1; from < size; from++) {
    hrs_count length;
    MPI_Recv(&length, 1, MPI_INT64_T, from, 0, comm, MPI_STATUS_IGNORE);
    receive_bytes(comm, from, all + used, length);
    used += length;
  }
  *out = all;
  return HRS_OK;
}

static hrs_status read_and_broadcast(void *self, const char *path, hrs_count limit,
                                     unsigned char **bytes, hrs_count *size) {
  MPI_Comm comm = *(MPI_Comm *)self;
  int rank = hrs_comm_rank(comm);
  *bytes = NULL;
  *size = 0;
  hrs_status status = rank == 0 ? hrs_file_read(path, limit, bytes, size) : HRS_OK;
  HRS_GO(hrs_agree(comm, status));
  HRS_GO(hrs_broadcast(comm, 0, size, sizeof *size));
  /* One byte more, as hrs_file_read leaves it: a zero behind the last byte, for text files. */
  if (rank != 0) status = hrs_calloc(*size + 1, 1, bytes);
  HRS_GO(hrs_agree(comm, status));
  if (comm != MPI_COMM_SELF) broadcast(comm, 0, *bytes, *size);
  return HRS_OK;
done:
  hrs_free(*bytes);
  *bytes = NULL;
  return status;
}

hrs_reader hrs_comm_reader(MPI_Comm *comm) {
  return (hrs_reader){read_and_broadcast, comm};
}
