/*
 * Sums in pairs over ranks: each rank gives its pieces to its neighbour on the left, of these every
 * second one to the next that is left, and so on; what numbers say decides what is joined, so that
 * the way taken leaves no trace.
 *
 * Cost: about log2(P) + 1 messages of a few vectors, and a broadcast of one.
 */
#include "comm.h"

#include <harsanyi/probe.h>

enum { TAG = 5, MOST = 1 << 27 /* doubles of a message */ };

typedef struct label {
  int64_t level, index;
} label;

static void send(MPI_Comm comm, int to, const hrs_sums *sums, hrs_count width) {
  int pieces = hrs_sums_pieces(sums);
  MPI_Send(&pieces, 1, MPI_INT, to, TAG, comm);
  for (int i = 0; i < pieces; i++) {
    int level;
    hrs_count index;
    const double *x = hrs_sums_piece(sums, i, &level, &index);
    label l = {level, index};
    MPI_Send(&l, 2, MPI_INT64_T, to, TAG, comm);
    for (hrs_count at = 0; at < width; at += MOST)
      MPI_Send(x + at, (int)(width - at < MOST ? width - at : MOST), MPI_DOUBLE, to, TAG, comm);
  }
}

/* All is received, also after a failure. */
static hrs_status receive(MPI_Comm comm, int from, hrs_sums *sums, hrs_count width, double *x) {
  int pieces;
  hrs_status status = HRS_OK;
  MPI_Recv(&pieces, 1, MPI_INT, from, TAG, comm, MPI_STATUS_IGNORE);
  for (int i = 0; i < pieces; i++) {
    label l;
    MPI_Recv(&l, 2, MPI_INT64_T, from, TAG, comm, MPI_STATUS_IGNORE);
    for (hrs_count at = 0; at < width; at += MOST)
      MPI_Recv(x + at, (int)(width - at < MOST ? width - at : MOST), MPI_DOUBLE, from, TAG, comm,
               MPI_STATUS_IGNORE);
    if (status == HRS_OK) status = hrs_sums_add(sums, (int)l.level, l.index, x);
  }
  return status;
}

hrs_status hrs_mpi_sums_join(MPI_Comm comm, hrs_status status, hrs_sums *sums) {
  HRS_TRY(hrs_agree(comm, status));
  int rank = hrs_comm_rank(comm), size = hrs_comm_size(comm);
  if (!sums || size == 1) return HRS_OK;
  hrs_count width = hrs_sums_width(sums);
  double *x;
  HRS_TRY(hrs_comm_alloc(comm, width, sizeof *x, &x));
  for (int step = 1; step < size; step *= 2) {
    if (rank % (2 * step) == step) {
      send(comm, rank - step, sums, width);
      break;
    }
    if (rank + step >= size) continue;
    hrs_status received = receive(comm, rank + step, sums, width, x);
    status = status == HRS_OK ? received : status;
  }
  if (rank == 0 && status == HRS_OK) status = hrs_sums_finish(sums, x);
  status = hrs_agree(comm, status);
  if (status == HRS_OK) status = hrs_broadcast(comm, 0, x, width * (hrs_count)sizeof *x);
  if (status == HRS_OK && rank != 0) {
    hrs_sums_clear(sums);
    status = hrs_sums_add(sums, hrs_sums_level(sums), 0, x);
  }
  hrs_free(x);
  return hrs_agree(comm, status);
}

hrs_status hrs_mpi_probe_join(void *comm, hrs_status status, hrs_sums *sums) {
  return hrs_mpi_sums_join(*(MPI_Comm *)comm, status, sums);
}
