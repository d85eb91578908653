/*
 * One rank fails, at each place in turn: its k-th allocation, read, write or call of HDF5, for all
 * k up to the end of the run. After each, all ranks must have come back with the same failed
 * status, nothing may be left allocated, open or on disk. A run that ends well all the same must
 * have its reason here, and leave what the undisturbed run leaves. A rank that does not come back
 * is a hang: an alarm tells of the case and ends the job.
 *
 * Starting processes takes longer than a run on four players, so all cases are tried within one
 * mpirun, by calling the commands as main does. HARSANYI_FAULT_CASES=m tries m cases of each
 * series, evenly spaced, 0 all of them. An argument is a part of a run's text: only such runs.
 */
#include "../command.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"
#include "outcome.h"
#include "src/base/fault.h"
#include "words.h"

#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HANG_SECONDS = 60, USUAL_CASES = 3 };

/* Runs, as users give them; D is the folder of the bundled data, T one of this test, P a plug-in.
 * Those in front make what later ones read. */
static const char *const runs[] = {
    "interactions --closed-form and-or:n=5,terms=6,seed=1 --verify --indices SV,BV,SII,STII:2,"
    "Walsh --types and,or --values --out T/out.h5",
    "interactions --closed-form and-or:n=6,terms=6,seed=1 --keep top:5 --threshold global:0.1 "
    "--types and,or --salient-limit 3 --shm off --out T/out.h5",
    "interactions --closed-form random:n=4,seed=2 --types and-or --noise 0.02 --fit-iterations 10 "
    "--out T/out.h5",
    "interactions --closed-form random:n=4,seed=2 --types and-or --threshold global "
    "--fit-iterations 20 --out T/out.h5",
    "interactions --table T/values.npy --threshold delta --ranks-per-sample 1 --out T/out.h5",
    "interactions --table T/values.npy --table T/values.npy --share --types and-or --out T/out.h5",
    "interactions --table T/file.h5:/values --player-names T/names.txt --precision single "
    "--out T/out.h5",
    "interactions --plugin P:51/50,49,1,7 --chunk 64 --out T/out.h5",
    "interactions --model D/wine_mlp.onnx --samples D/wine_features.npy --labels D/wine_labels.npy "
    "--select 0,3 --subset 0,2,5,7,9 --class-names D/wine_class_names.txt --timing T/time.json "
    "--baseline mean:D/wine_features.npy --types and,or --out T/out.h5",
    "interactions --model D/wine_mlp.onnx --samples D/wine_features.npy --select 0:3 --subset "
    "0,2,5,"
    "7 --threshold global --salient-limit 2 --ranks-per-sample 1 --target all --out T/out.h5",
    "interactions --model D/wine_mlp.onnx --model D/wine_mlp.onnx --share --types and-or --target "
    "0 "
    "--samples D/wine_features.npy --select 1 --subset 0,2,5,7 --noise 0.04 --out T/out.h5",
    "interactions --model D/digits_cnn.onnx --samples D/digits_images.npy --select 0 --players "
    "grid:2x3 --out T/out.h5",
    "interactions --model D/tokens_transformer.onnx --samples D/tokens_ids.npy --select 0 "
    "--players "
    "tokens --subset 0,1,2,3,4,5,6 --baseline token:0 --out T/out.h5",
    "interactions --model D/wine_mlp.onnx --samples D/wine_features.npy --plan",
    "features --model D/wine_mlp.onnx --samples D/wine_features.npy --labels D/wine_labels.npy "
    "--select 0:30 --out T/out.h5",
    "features --model D/wine_mlp.onnx --samples D/wine_features.npy --layers features --plan",
    "features --model D/tokens_transformer.onnx --layers list",
    "merge T/first.h5 T/second.h5 --out T/out.h5",
    "merge T/features.h5 --out T/out.h5",
    "model D/wine_mlp.onnx",
    "show T/file.h5",
    "show T/file.h5 --json",
    "show T/features.h5",
    "export T/file.h5 --out T/export.csv --index SV --format csv",
    "export T/file.h5 --out T/export.json --index SII --row 0",
    "bench transform --n 8 --repeat 1",
    "bench exchange --n 8 --repeat 1",
    "bench indices --n 6 --repeat 1",
    "bench lattice --closed-form and-or:n=5,seed=1 --repeat 2",
    "bench fit --closed-form random:n=5,seed=1",
    "bench evaluate --model D/wine_mlp.onnx --samples D/wine_features.npy --select 0 --subset "
    "0,1,2,"
    "3,4,5",
};

/* Where a run goes on after a failure, as it should; anywhere else a failure got lost. */
static const struct {
  hrs_fault kind;
  const char *run, *message;
} survived[] = {
    /* Is a table a game of shapiq in JSON? Who cannot see leaves it to the readers of tables. */
    {HRS_FAULT_READ, "--table T/values.npy", "values.npy: cannot be read"},
    {HRS_FAULT_READ, "--table T/file.h5", "file.h5:/values: cannot be read"},
};

static const hrs_count NEVER = (hrs_count)1 << 40;
static const char UNTOUCHED[] = "(no message)";

typedef struct sweep {
  MPI_Comm world; /* not guarded: what the test says to itself */
  int rank, size;
  char folder[64];
  const char *run;
  hrs_count most;                        /* cases of a series, 0: all */
  hrs_count chances[HRS_FAULT_FAILURES]; /* of this rank in the run, undisturbed */
  uint64_t usual;                        /* digest of what the run leaves then */
  hrs_count total, cases, went_on, wrong;
} sweep;

static char now[512]; /* the case that is tried, for the alarm */

static void on_alarm(int number) {
  (void)number;
  static const char text[] = "\nHANG: ";
  if (write(2, text, sizeof text - 1) < 0 || write(2, now, strlen(now)) < 0 ||
      write(2, "\n", 1) < 0)
    _exit(4);
  _exit(3);
}

static hrs_status command(const sweep *s) {
  char *words[WORDS];
  int count = words_of(s->run, s->folder, words);
  return test_command(s->world, count, words);
}

static bool may_go_on(const sweep *s, hrs_fault kind) {
  for (size_t i = 0; i < sizeof survived / sizeof *survived; i++)
    if (kind == survived[i].kind && strstr(s->run, survived[i].run) &&
        strstr(hrs_error_message(), survived[i].message))
      return true;
  return false;
}

/* What was printed starts anew. */
static void forget_printed(void) {
  fflush(stdout);
  if (ftruncate(fileno(stdout), 0) == 0) rewind(stdout);
}

/* One case: the command once more, with nothing armed (k is NEVER) or rank `who` to fail. */
static void try_case(sweep *s, hrs_fault kind, int who, hrs_count k) {
  snprintf(now, sizeof now, "%d ranks, %d:%s:%lld, %.300s", s->size, who, hrs_fault_name(kind),
           (long long)k, s->run);
  hrs_count before = hrs_memory_current();
  alarm(HANG_SECONDS);
  forget_printed();
  (void)hrs_error_set(HRS_STATUS_INTERNAL, "", 0, "%s", UNTOUCHED);
  for (int i = 0; i < HRS_FAULT_FAILURES; i++)
    hrs_fault_arm((hrs_fault)i, k == NEVER ? NEVER : i == (int)kind && s->rank == who ? k : 0);
  hrs_status status = command(s);
  bool reached = k != NEVER && hrs_fault_left(kind) == 0;
  for (int i = 0; i < HRS_FAULT_FAILURES; i++) {
    s->chances[i] = k == NEVER ? NEVER - hrs_fault_left((hrs_fault)i) : s->chances[i];
    hrs_fault_arm((hrs_fault)i, 0);
  }
  MPI_Bcast(&reached, 1, MPI_C_BOOL, who, s->world);
  int code = (int)status, least, most;
  bool leaks = hrs_memory_current() != before || H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL) > 0;
  const char *message = hrs_error_message();
  bool silent = status != HRS_OK && (!*message || strcmp(message, UNTOUCHED) == 0);
  MPI_Allreduce(&code, &least, 1, MPI_INT, MPI_MIN, s->world);
  MPI_Allreduce(&code, &most, 1, MPI_INT, MPI_MAX, s->world);
  bool went_on = k != NEVER && status == HRS_OK;
  bool bad = leaks || silent || least != most || (k == NEVER && status != HRS_OK), other = false;
  if (s->rank == 0) {
    if (strncmp(s->run, "bench", 5) == 0) forget_printed(); /* times */
    fflush(stdout);
    uint64_t digest = outcome_digest(s->folder);
    if (k == NEVER) s->usual = digest;
    other = status == HRS_OK && digest != s->usual;
    /* Times are written when the result is whole: it stays where they fail. */
    bool whole = strstr(s->run, "--timing") && digest == s->usual;
    bad = !outcome_remove(s->folder, status == HRS_OK || whole) || bad || other;
  }
  if (went_on && reached && s->rank == who && !may_go_on(s, kind)) {
    fprintf(stderr, "WENT ON: %s: %s at %s\n", now, hrs_error_message(), hrs_error_trace_text());
    bad = true;
  }
  if (bad)
    fprintf(
        stderr,
        "WRONG on rank %d: %s: %s \"%s\", statuses %d to %d, %lld bytes, %zd of HDF5%s, at %s\n",
        s->rank, now, hrs_status_name(status), status == HRS_OK ? "" : message, least, most,
        (long long)(hrs_memory_current() - before), H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL),
        other ? ", another result" : "", hrs_error_trace_text());
  alarm(0);
  int any = bad;
  MPI_Allreduce(MPI_IN_PLACE, &any, 1, MPI_INT, MPI_MAX, s->world);
  s->wrong += any;
  /* A child that reads foreign HDF5 has counters of its own: there a failure may come early. */
  s->cases += reached || (k != NEVER && status != HRS_OK);
  s->went_on += went_on && reached;
}

static void sweep_run(sweep *s) {
  try_case(s, (hrs_fault)0, 0, NEVER);
  for (int kind = 0; kind < HRS_FAULT_FAILURES; kind++)
    for (int who = 0; who < s->size; who++) {
      hrs_count chances = s->chances[kind];
      MPI_Bcast(&chances, 1, MPI_INT64_T, who, s->world);
      hrs_count tries = s->most && chances > s->most ? s->most : chances;
      s->total += chances;
      for (hrs_count i = 0; i < tries; i++)
        try_case(s, (hrs_fault)kind, who, (2 * i + 1) * chances / (2 * tries) + 1);
    }
}

/* Values of two samples of 4 players, names, and a data set to show and to read values from. */
static hrs_status make_inputs(sweep *s) {
  char path[128], text[512];
  hrs_array values = {0};
  hrs_status status = HRS_OK;
  if (s->rank == 0) {
    HRS_TRY(hrs_array_create(HRS_F64, 2, (const hrs_count[]){2, 16}, &values));
    for (int i = 0; i < 32; i++)
      ((double *)values.data)[i] = (double)(i * 37 % 23) - 5;
    snprintf(path, sizeof path, "%s/values.npy", s->folder);
    status = hrs_array_save(path, &values);
    hrs_array_destroy(&values);
    snprintf(path, sizeof path, "%s/names.txt", s->folder);
    FILE *names = fopen(path, "w");
    if (names) fprintf(names, "a\nb\nc\nd\n");
    if (names) fclose(names);
  }
  HRS_TRY(hrs_agree(s->world, status));
  snprintf(text, sizeof text,
           "interactions --table T/values.npy --values --indices SV,SII --types and,or "
           "--out T/file.h5");
  s->run = text;
  HRS_TRY(command(s));
  /* Lists that are cut, and a threshold that falls in one of the two: made anew. */
  for (int part = 0; part < 2; part++) {
    snprintf(
        text, sizeof text,
        "interactions --table T/values.npy --select %d --threshold delta:0.1 --salient-limit 3 "
        "--out T/%s.h5",
        part, part ? "second" : "first");
    HRS_TRY(command(s));
  }
  s->run = "features --model D/wine_mlp.onnx --samples D/wine_features.npy --out T/features.h5";
  return command(s);
}

static void remove_inputs(const sweep *s) {
  static const char *const inputs[] = {"values.npy", "names.txt", "file.h5", "features.h5",
                                       "first.h5",   "second.h5", "printed"};
  char path[128];
  for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
    snprintf(path, sizeof path, "%s/%s", s->folder, inputs[i]);
    unlink(path);
  }
  rmdir(s->folder);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  sweep s = {.world = MPI_COMM_WORLD, .folder = "/tmp/harsanyi-fault-XXXXXX"};
  /* In memory where that is possible: each case waits for its file to be on disk. */
  if (access("/dev/shm", W_OK) == 0) strcpy(s.folder, "/dev/shm/harsanyi-fault-XXXXXX");
  s.rank = hrs_comm_rank(s.world);
  s.size = hrs_comm_size(s.world);
  if (s.rank == 0 && !mkdtemp(s.folder)) return 2;
  MPI_Bcast(s.folder, sizeof s.folder, MPI_CHAR, 0, s.world);
  const char *most = getenv("HARSANYI_FAULT_CASES");
  s.most = most ? atoll(most) : USUAL_CASES;
  FILE *report = fdopen(dup(1), "w");
  char printed[128] = "/dev/null";
  if (s.rank == 0) snprintf(printed, sizeof printed, "%s/printed", s.folder);
  if (!report || !freopen(printed, "w", stdout)) return 2;
  signal(SIGALRM, on_alarm);
  hrs_log_set_level(HRS_LOG_QUIET);
  hrs_warn_enable(false);
  setenv("HARSANYI_BENCH_SECONDS", "1e-3", 1);
  hrs_status status = make_inputs(&s);
  if (status != HRS_OK && s.rank == 0) fprintf(stderr, "inputs: %s\n", hrs_error_message());
  for (size_t i = 0; i < sizeof runs / sizeof *runs && status == HRS_OK; i++) {
    if (argc > 1 && !strstr(runs[i], argv[1])) continue;
    /* Only ranks that divide the blocks exchange them. */
    if (strstr(runs[i], "bench exchange") && (s.size & (s.size - 1))) continue;
    hrs_count cases = s.cases, went_on = s.went_on, total = s.total;
    s.run = runs[i];
    sweep_run(&s);
    if (s.rank == 0)
      fprintf(report, "%6lld of %lld cases, %lld of them went on: %.80s\n",
              (long long)(s.cases - cases), (long long)(s.total - total),
              (long long)(s.went_on - went_on), s.run);
    fflush(report);
  }
  if (s.rank == 0) {
    fprintf(report, "%lld of %lld cases on %d ranks, 0 hangs, %lld wrong\n", (long long)s.cases,
            (long long)s.total, s.size, (long long)s.wrong);
    remove_inputs(&s);
  }
  fclose(report);
  MPI_Finalize();
  return status != HRS_OK || s.wrong > 0;
}
