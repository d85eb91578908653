/* The program: finds the subcommand, starts and ends MPI, prints the one error message. */
#include "commands/commands.h"
#include "src/base/fault.h"

#include "machine/launcher.h"
#include "mpi/lattice/comm.h"
#include "mpi/lattice/wish.h"
#include "mpi/program/log.h"

#include <hdf5.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
  const char *name;
  hrs_status (*run)(MPI_Comm comm, int argc, char **argv);
  bool parallel; /* several ranks share the work; else one process does it, without MPI */
  const char *summary;
} commands[] = {
    {"interactions", hrs_command_interactions, true,
     "masked outputs -> AND/OR interactions, values, indices -> one HDF5 data set"},
    {"features", hrs_command_features, true,
     "what a network's layers are for each of many samples -> one HDF5 data set"},
    {"merge", hrs_command_merge, true,
     "data sets over different samples, as array jobs leave them -> one"},
    {"model", hrs_command_model, false,
     "an ONNX file: inputs, outputs, operators, cost, what is unsupported, whether it batches"},
    {"show", hrs_command_show, false, "a data set, for reading in a terminal"},
    {"export", hrs_command_export, false,
     "a data set's indices or interactions as shapiq's JSON or CSV"},
    {"bench", hrs_command_bench, true,
     "stream | transform | exchange | indices | evaluate | fit: timings and limits"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(void) {
  printf("usage: harsanyi COMMAND [options], alone or under mpirun or srun\n\n"
         "AND/OR interactions (Harsanyi dividends) of neural networks on a distributed subset "
         "lattice.\n\n");
  for (int i = 0; i < COMMANDS; i++)
    printf("  %-14s%s\n", commands[i].name, commands[i].summary);
  printf("\n`harsanyi COMMAND --help` lists a command's options. Exit codes: 0 done, 64 wrong "
         "usage,\n65 bad input, 70 internal error, 74 file error, 75 stopped early.\n");
}

static hrs_status dispatch(MPI_Comm comm, int argc, char **argv) {
  for (int i = 0; argc > 1 && i < COMMANDS; i++)
    if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(comm, argc - 1, argv + 1);
  if (argc < 2) HRS_FAIL(USAGE, "no command; `harsanyi --help` lists them");
  HRS_FAIL(USAGE, "unknown command '%s'; `harsanyi --help` lists them", argv[1]);
}

static bool is_one_of(const char *text, const char *a, const char *b) {
  return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* Help and version need no MPI. */
static bool answer_without_mpi(int argc, char **argv) {
  if (argc < 2) return false;
  if (is_one_of(argv[1], "--help", "-h") || is_one_of(argv[1], "help", "--version")) {
    if (hrs_launcher_rank() != 0) return true;
    if (strcmp(argv[1], "--version") == 0)
      printf("harsanyi %s (%s)\n", hrs_version(), hrs_git());
    else
      print_help();
    return true;
  }
  for (int i = 2; i < argc; i++)
    if (is_one_of(argv[i], "--help", "-h") && hrs_launcher_rank() != 0) return true;
  return false;
}

static bool has_option(int argc, char **argv, const char *name) {
  size_t length = strlen(name);
  for (int i = 2; i < argc; i++)
    if (strncmp(argv[i], name, length) == 0 && (argv[i][length] == 0 || argv[i][length] == '='))
      return true;
  return false;
}

/* Where one process does the work, MPI is not started: in an interactive shell of a batch system it
 * cannot be, and it takes longer than the work. A plan is about the ranks that there are, so they
 * take part in it, unless it is asked about a number. */
static bool needs_mpi(int argc, char **argv) {
  bool alone = has_option(argc, argv, "--plan") &&
               (hrs_launcher_size() == 1 || has_option(argc, argv, "--plan-ranks"));
  for (int i = 0; argc > 1 && i < COMMANDS; i++)
    if (strcmp(argv[1], commands[i].name) == 0) return commands[i].parallel && !alone;
  return false;
}

/* OpenBLAS chooses its kernels when it is loaded, and older ones take newer processors for ones
 * without AVX-512. The user's own choice stands. */
static void restart_with_faster_blas(char **argv) {
  static const char *const variable = "OPENBLAS_CORETYPE";
  const char *core = hrs_blas_faster_core(hrs_blas_core(), hrs_cpu_has_avx512());
  if (!core || getenv(variable) || setenv(variable, core, 0) != 0) return;
  execv("/proc/self/exe", argv);
  /* Where that is not possible, slower kernels are right too. */
}

/* Values differ in their last bits between kernels, so all ranks should have the same. Collective.
 */
static hrs_status compare_kernels(MPI_Comm comm) {
  enum { LENGTH = 64 };
  char first[LENGTH] = {0}, own[LENGTH] = {0};
  snprintf(own, sizeof own, "%s", hrs_blas_core());
  memcpy(first, own, sizeof own);
  HRS_TRY(hrs_broadcast(comm, 0, first, LENGTH));
  int differs = strcmp(first, own) != 0;
  HRS_TRY(hrs_comm_reduce(comm, MPI_MAX, MPI_INT, &differs, 1));
  if (differs)
    hrs_warn("ranks run with different BLAS kernels, rank 0 with %s: last bits depend on who "
             "evaluates what; set OPENBLAS_CORETYPE to one of them for all ranks (mpirun -x)",
             first);
  return HRS_OK;
}

/* A standard stream that is closed stays so: what is printed must not end in the next file that is
 * opened. A pipe that nobody reads, or a file beyond ulimit -f, is an error to report, not a reason
 * to die. */
static void keep_streams(void) {
  for (int i = 0; i < 3; i++)
    if (fcntl(i, F_GETFD) < 0 && errno == EBADF && open("/dev/null", i ? O_RDONLY : O_WRONLY) != i)
      exit(hrs_status_exit_code(HRS_STATUS_IO));
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);
}

/* Has all that was printed been written? Some file systems tell only when a file is closed. */
static hrs_status check_output(void) {
  HRS_TRY(hrs_stream_check(stdout, "standard output"));
  int copy = dup(STDOUT_FILENO);
  HRS_REQUIRE(copy < 0 || close(copy) == 0, IO, "standard output cannot be written: %s",
              strerror(errno));
  return HRS_OK;
}

static int end(hrs_status status) {
  if (status != HRS_OK) {
    fflush(stdout);
    char text[8192];
    fprintf(stderr, "harsanyi: error: %s\n", hrs_printable(hrs_error_message(), text, sizeof text));
    if (hrs_log_get_level() == HRS_LOG_VERBOSE)
      fprintf(stderr, "harsanyi: at %s\n", hrs_error_trace_text());
  }
  return hrs_status_exit_code(status);
}

static hrs_status checked(hrs_status status) {
  return status == HRS_OK ? check_output() : status;
}

/* Code that is not the program's own, a plug-in's or a library's, may call exit, with 0 even, and
 * that is no success. Nothing can be unwound any more: FILE.part is left, as by a run that was
 * killed. */
static bool at_end;

static void end_from_within(void) {
  if (at_end) return;
  fflush(stdout);
  fprintf(stderr,
          "harsanyi: error: rank %d: something it has loaded, such as a plug-in, has called exit "
          "in the middle of the run\n",
          hrs_launcher_rank());
  _exit(hrs_status_exit_code(HRS_STATUS_INTERNAL));
}

static int run_alone(int argc, char **argv) {
  if (hrs_launcher_rank() != 0) return 0;
  hrs_blas_single_thread();
  hrs_status status = hrs_fault_arm_from_environment(0);
  return end(status == HRS_OK ? checked(dispatch(MPI_COMM_SELF, argc, argv)) : status);
}

static int run(int argc, char **argv) {
  if (answer_without_mpi(argc, argv)) return end(check_output());
  restart_with_faster_blas(argv);
  for (int i = 2; i < argc; i++)
    if (is_one_of(argv[i], "--help", "-h"))
      return end(checked(dispatch(MPI_COMM_SELF, argc, argv)));
  hrs_stop_install(); /* before MPI, whose start may take long in a large job */
  if (!needs_mpi(argc, argv)) return run_alone(argc, argv);
  MPI_Init(&argc, &argv);
  int rank = hrs_comm_rank(MPI_COMM_WORLD);
  hrs_blas_single_thread();
  if (rank != 0) {
    hrs_log_set_level(HRS_LOG_QUIET);
    hrs_warn_enable(false);
  }
  MPI_Comm comm;
  hrs_status status = hrs_comm_guard(MPI_COMM_WORLD, &comm);
  if (status == HRS_OK) status = hrs_fault_arm_from_environment(rank);
  if (status == HRS_OK) status = hrs_wish_share(comm);
  if (status == HRS_OK) status = compare_kernels(comm);
  if (status == HRS_OK) status = checked(dispatch(comm, argc, argv));
  if (comm != MPI_COMM_NULL) status = hrs_agree_finally(comm, status);
  int code = rank == 0 ? end(status) : hrs_status_exit_code(status);
  /* No rank's exit code reaches the launcher before the message is out: it may kill the job. */
  MPI_Barrier(MPI_COMM_WORLD);
  hrs_wish_end();
  hrs_comm_free(&comm);
  MPI_Finalize();
  return code;
}

int main(int argc, char **argv) {
  keep_streams();
  H5dont_atexit(); /* it would close files that all ranks have open, and wait for the others */
  atexit(end_from_within);
  int code = run(argc, argv);
  at_end = true;
  return code;
}
