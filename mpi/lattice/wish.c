/*
 * A wish to stop becomes that of all ranks: wish.h.
 *
 * Each rank waits for one message, rank 0 from whoever it is, the others from rank 0; asking for a
 * wish is a test whether it is there. Cost: that test, well under a microsecond, for each slice of
 * masks; with a wish P - 1 messages of rank 0, once. It loses where one rank with the wish is in a
 * long computation that does not ask.
 *
 * At the end all ranks know how many have told rank 0 and whether rank 0 has told all, so each
 * knows which messages are still to come.
 */
#include "wish.h"

#include "comm.h"

static struct {
  MPI_Comm comm; /* MPI_COMM_NULL: nothing is shared */
  int rank, size;
  int sent, heard;      /* reasons: what this rank has sent, what it has received */
  int received;         /* messages */
  MPI_Request incoming; /* MPI_REQUEST_NULL: none is waited for */
} wish = {.comm = MPI_COMM_NULL};

static void listen(void) {
  int from = wish.rank == 0 ? MPI_ANY_SOURCE : 0;
  MPI_Irecv(&wish.heard, 1, MPI_INT, from, 0, wish.comm, &wish.incoming);
}

static void send(int to) {
  MPI_Send(&wish.sent, 1, MPI_INT, to, 0, wish.comm);
}

static void say(int reason) {
  wish.sent = reason;
  if (wish.rank > 0) {
    send(0);
    return;
  }
  for (int to = 1; to < wish.size; to++)
    send(to);
}

/* What this process wishes, with what has been heard: hrs_stop_share. */
static int with_others(int reason) {
  int here = 0;
  if (wish.incoming != MPI_REQUEST_NULL) MPI_Test(&wish.incoming, &here, MPI_STATUS_IGNORE);
  if (here) {
    wish.received++;
    if (wish.heard > reason) reason = wish.heard;
  }
  /* Others need not tell rank 0 what they know from it. */
  bool known = wish.rank > 0 && wish.received > 0;
  if (reason && !wish.sent && !known) say(reason);
  return reason;
}

hrs_status hrs_wish_share(MPI_Comm comm) {
  if (comm == MPI_COMM_SELF) return HRS_OK;
  HRS_TRY(hrs_agree(comm, HRS_OK));
  MPI_Comm_dup(comm, &wish.comm);
  wish.rank = hrs_comm_rank(comm);
  wish.size = hrs_comm_size(comm);
  wish.sent = wish.received = 0;
  listen();
  hrs_stop_share(with_others);
  return HRS_OK;
}

void hrs_wish_end(void) {
  if (wish.comm == MPI_COMM_NULL) return;
  hrs_stop_share(NULL);
  int counts[2] = {wish.rank > 0 && wish.sent, wish.rank == 0 && wish.sent};
  MPI_Allreduce(MPI_IN_PLACE, counts, 2, MPI_INT, MPI_SUM, wish.comm);
  int messages = wish.rank == 0 ? counts[0] : counts[1];
  for (; wish.received < messages; wish.received++) {
    if (wish.incoming == MPI_REQUEST_NULL) listen();
    MPI_Wait(&wish.incoming, MPI_STATUS_IGNORE);
  }
  if (wish.incoming != MPI_REQUEST_NULL) {
    MPI_Cancel(&wish.incoming);
    MPI_Wait(&wish.incoming, MPI_STATUS_IGNORE);
  }
  hrs_comm_free(&wish.comm);
}
