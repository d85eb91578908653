/* Agreement on errors, and collectives without a limit on the number of bytes. */
#include <harsanyi/mpi.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { PIECE = 1 << 28, MESSAGE = 4096 };

hrs_status hrs_agree(MPI_Comm comm, hrs_status status) {
  int rank, size;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  int failed = status == HRS_OK ? size : rank, first;
  MPI_Allreduce(&failed, &first, 1, MPI_INT, MPI_MIN, comm);
  if (first == size) return HRS_OK;
  struct {
    int status;
    char message[MESSAGE];
  } report;
  memset(&report, 0, sizeof report);
  if (rank == first) {
    report.status = (int)status;
    snprintf(report.message, sizeof report.message, "%s", hrs_error_message());
  }
  MPI_Bcast(&report, (int)sizeof report, MPI_BYTE, first, comm);
  if (rank == first) return status;
  return hrs_error_set((hrs_status)report.status, __FILE__, __LINE__, "%s", report.message);
}

hrs_status hrs_broadcast(MPI_Comm comm, int root, void *data, hrs_count bytes) {
  for (hrs_count done = 0; done < bytes; done += PIECE) {
    int piece = (int)(bytes - done < PIECE ? bytes - done : PIECE);
    MPI_Bcast((char *)data + done, piece, MPI_BYTE, root, comm);
  }
  return HRS_OK;
}

hrs_status hrs_broadcast_array(MPI_Comm comm, hrs_array *array) {
  int rank;
  MPI_Comm_rank(comm, &rank);
  hrs_array header = {0};
  if (rank == 0) header = *array;
  MPI_Bcast(&header, (int)sizeof header, MPI_BYTE, 0, comm);
  hrs_status status = HRS_OK;
  if (rank != 0) status = hrs_array_create(header.type, header.rank, header.dim, array);
  HRS_TRY(hrs_agree(comm, status));
  return hrs_broadcast(comm, 0, array->data,
                       hrs_array_count(array) * (hrs_count)hrs_dtype_size(array->type));
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
  int rank, size;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  *out = NULL;
  MPI_Allreduce(&bytes, total, 1, MPI_INT64_T, MPI_SUM, comm);
  char *all = NULL;
  hrs_status status = rank == 0 ? hrs_alloc(*total, 1, &all) : HRS_OK;
  HRS_TRY(hrs_agree(comm, status));
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
  int rank;
  MPI_Comm_rank(comm, &rank);
  *bytes = NULL;
  hrs_status status = rank == 0 ? hrs_file_read(path, limit, bytes, size) : HRS_OK;
  HRS_TRY(hrs_agree(comm, status));
  MPI_Bcast(size, 1, MPI_INT64_T, 0, comm);
  /* One byte more, as hrs_file_read leaves it: a zero behind the last byte, for text files. */
  if (rank != 0) status = hrs_calloc(*size + 1, 1, bytes);
  HRS_TRY(hrs_agree(comm, status));
  return hrs_broadcast(comm, 0, *bytes, *size);
}

hrs_reader hrs_comm_reader(MPI_Comm *comm) {
  return (hrs_reader){read_and_broadcast, comm};
}
