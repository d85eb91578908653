/*
 * Many runs of the program within one mpirun.
 *
 *     mpirun -n RANKS run_rows ROWS RESULTS
 *
 * A line of ROWS is a command line, its words apart by tabs. Of each, RESULTS gets the least and
 * the largest exit code of all ranks, how many ranks did not free their memory, and the message,
 * apart by tabs, with a zero byte at the end.
 */
#include "../command.h"
#include "mpi/program/log.h"

#include <harsanyi/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 128 };

static void run_row(char *line, int rank, FILE *results) {
  char *words[WORDS];
  int count = 0;
  for (char *rest = line, *word; (word = strtok_r(rest, "\t\n", &rest)) && count < WORDS - 1;)
    words[count++] = word;
  words[count] = NULL;
  hrs_count before = hrs_memory_current();
  hrs_status status = test_command(MPI_COMM_WORLD, count, words);
  int codes[2] = {hrs_status_exit_code(status), -hrs_status_exit_code(status)};
  int leaks = hrs_memory_current() != before;
  MPI_Allreduce(MPI_IN_PLACE, codes, 2, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Allreduce(MPI_IN_PLACE, &leaks, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0)
    fprintf(results, "%d\t%d\t%d\t%s%c", -codes[1], codes[0], leaks,
            status == HRS_OK ? "" : hrs_error_message(), '\0');
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, ready;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank != 0) {
    hrs_log_set_level(HRS_LOG_QUIET);
    hrs_warn_enable(false);
  }
  FILE *rows = argc == 3 ? fopen(argv[1], "r") : NULL;
  FILE *results = rank != 0 ? NULL : argc == 3 ? fopen(argv[2], "w") : NULL;
  ready = rows && (rank != 0 || results);
  MPI_Allreduce(MPI_IN_PLACE, &ready, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  char *line = NULL;
  size_t size = 0;
  while (ready && getline(&line, &size, rows) > 0)
    run_row(line, rank, results);
  free(line);
  if (rows) fclose(rows);
  bool written = !results || fclose(results) == 0;
  if (!ready) fprintf(stderr, "usage: run_rows ROWS RESULTS\n");
  MPI_Finalize();
  return ready && written ? 0 : 1;
}
