/*
 * A run has an accident, at each place in turn: at the k-th passing of every place of
 * src/base/fault.h, for all k up to a bound, it is killed; at fewer of them it gets the wish to
 * stop, or something fails; and files cannot grow beyond a size, as on a full disk. After each,
 * nothing stands under the final name that is not complete, a checkpoint that was kept opens, and
 * the same command with --resume ends with the bits of the undisturbed run and leaves nothing else.
 *
 * A run is a process of its own, forked from this one, which knows neither MPI nor HDF5: so a kill
 * costs no start of a program. Processes that a killed run has left, such as its reader of HDF5,
 * become this one's children and must end by themselves. To start MPI is mostly waiting, so several
 * workers share the cases.
 *
 * HARSANYI_FAULT_CASES=m tries m kills of each place in each run, evenly spaced, 0 all of them. An
 * argument is a part of a run's text: only such runs. Runs of several ranks: kills.py.
 */
#define _XOPEN_SOURCE 700 /* nftw */

#include "../command.h"
#include "mpi/dataset/h5.h"
#include "mpi/program/log.h"
#include "outcome.h"
#include "src/base/fault.h"
#include "words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANG_SECONDS = 300, USUAL_CASES = 30, FEWER = 10, SIZES = 4, WORKERS = 4 };

/* Checkpoints are written whenever they can be. `features` has none, and begins anew. */
#define KEEP " --checkpoint-every 1e-9 --out T/out.h5"

static const char *const runs[] = {
    "interactions --closed-form and-or:n=6,terms=6,seed=1 --verify --indices SV,STII:2 --types "
    "and,or --keep all --values" KEEP,
    "interactions --table T/values.npy --threshold global:0.1 --types and,or --keep top:5" KEEP,
    "interactions --table T/values.npy --types and-or --noise 0.02 --fit-iterations 10" KEEP,
    "interactions --model D/wine_mlp.onnx --samples D/wine_features.npy --select 0:3 --subset "
    "0,2,5,7 --target all" KEEP,
    "features --model D/wine_mlp.onnx --samples D/wine_features.npy --select 0:30 --out T/out.h5",
};

enum { RUNS = sizeof runs / sizeof *runs };

static const hrs_count NEVER = (hrs_count)1 << 40;

/* What a run tells: memory that it shares with this process. */
typedef struct told {
  bool ended;           /* the command came back, */
  hrs_status status;    /* with this, */
  char message[512];    /* and, unless all was well, this */
  int opened;           /* there is a checkpoint, and FILE.part opens */
  uint64_t before, now; /* digests of what was under the final name; 0: nothing */
  hrs_count passed[HRS_FAULT_LIMIT];
} told;

/* What a worker has found. */
typedef struct found {
  hrs_count killed[RUNS], places[RUNS]; /* in each run */
  hrs_count stopped, failed, full;      /* accidents that are no kills */
  hrs_count complete;                   /* of all: that left a file under the final name, */
  hrs_count kept, opened;               /* that left a checkpoint; FILE.part opens */
  hrs_count shorter;                    /* resumed with fewer masks than the whole run evaluates */
  hrs_count again;                      /* cases after which the command gave the same bits */
  hrs_count wrong;
} found;

typedef struct kills {
  int worker, run_number;
  char base[64], folder[72];
  const char *run;
  told *told;
  found *found;
  hrs_count most;   /* cases of a series, 0: all */
  hrs_count number; /* of the case: whose is it? */
  uint64_t usual;   /* digest of what the undisturbed run leaves */
  hrs_count slices; /* that it evaluates */
} kills;

/* ---- one run ----------------------------------------------------------------------------------
 */

/* Does what stands beside a checkpoint open as it is? A run that died while it added the last
 * arrays has left a structure that is not whole; whoever resumes it builds it anew. */
static void look_at_checkpoint(const kills *s) {
  char path[512];
  snprintf(path, sizeof path, "%s/out.h5.checkpoint/identity", s->folder);
  if (access(path, F_OK) != 0) return;
  snprintf(path, sizeof path, "%s/out.h5.part", s->folder);
  hrs_h5_quiet();
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  s->told->opened += file >= 0;
  if (file >= 0) H5Fclose(file);
}

/* In the forked process. */
static void work(const kills *s, const char *option, rlim_t size) {
  char *words[WORDS], said[128];
  snprintf(said, sizeof said, "%s/said", s->folder);
  if (!freopen("/dev/null", "w", stdout) || !freopen(said, "w", stderr)) _exit(2);
  alarm(HANG_SECONDS);
  setenv("OMPI_MCA_orte_tmpdir_base", s->base, 1); /* which a kill leaves there */
  MPI_Init(NULL, NULL);
  hrs_stop_install();
  hrs_log_set_level(HRS_LOG_QUIET);
  hrs_warn_enable(false);
  s->told->before = outcome_digest(s->folder);
  look_at_checkpoint(s);
  int count = words_of(s->run, s->folder, words);
  char last[16];
  snprintf(last, sizeof last, "%s", option ? option : "");
  if (option) words[count++] = last;
  words[count] = NULL;
  setrlimit(RLIMIT_FSIZE, &(struct rlimit){size, size});
  for (int i = 0; i < HRS_FAULT_LIMIT; i++)
    hrs_fault_arm((hrs_fault)i, NEVER);
  hrs_status status = hrs_fault_arm_from_environment(0);
  if (status == HRS_OK) status = test_command(MPI_COMM_WORLD, count, words);
  for (int i = 0; i < HRS_FAULT_LIMIT; i++) {
    s->told->passed[i] = NEVER - hrs_fault_left((hrs_fault)i);
    hrs_fault_arm((hrs_fault)i, 0);
  }
  s->told->status = status;
  if (status != HRS_OK)
    snprintf(s->told->message, sizeof s->told->message, "%s", hrs_error_message());
  s->told->now = outcome_digest(s->folder);
  s->told->ended = true;
  MPI_Finalize();
  _exit(0);
}

/* The command in a process of its own; how that ended. */
static int run(const kills *s, const char *option, rlim_t size) {
  int how = -1, other;
  memset(s->told, 0, sizeof *s->told);
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) work(s, option, size);
  waitpid(child, &how, 0);
  /* Whoever it has left. */
  alarm(HANG_SECONDS);
  while (waitpid(-1, &other, 0) > 0 || errno == EINTR) {
  }
  alarm(0);
  return how;
}

/* ---- what is there ----------------------------------------------------------------------------
 */

static bool exists(const kills *s, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", s->folder, name);
  return access(path, F_OK) == 0;
}

static bool is_kept(const kills *s) {
  return exists(s, "out.h5.checkpoint/identity");
}

/* Are the names in the folder but the inputs among these? */
static bool only(const kills *s, const char *const *allowed) {
  static const char *const inputs[] = {".", "..", "values.npy", "said", NULL};
  bool good = true;
  DIR *list = opendir(s->folder);
  for (struct dirent *entry; list && (entry = readdir(list));)
    if (!outcome_is_one_of(entry->d_name, inputs) && !outcome_is_one_of(entry->d_name, allowed)) {
      fprintf(stderr, "left: %s\n", entry->d_name);
      good = false;
    }
  if (list) closedir(list);
  return good && list;
}

/* What an accident may leave: all of it after a kill, else nothing or what a checkpoint needs. */
static bool after_accident(const kills *s, bool killed) {
  static const char *const all[] = {"out.h5", "out.h5.part", "out.h5.part.lock",
                                    "out.h5.checkpoint", NULL};
  return only(s, killed || is_kept(s) ? all : all + 4);
}

static bool after_end(const kills *s) {
  static const char *const allowed[] = {"out.h5", NULL};
  return only(s, allowed);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where) {
  (void)info, (void)type, (void)where;
  return remove(path);
}

static void clear(const kills *s) {
  static const char *const names[] = {"out.h5", "out.h5.part", "out.h5.part.lock",
                                      "out.h5.checkpoint"};
  char path[128];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(path, sizeof path, "%s/%s", s->folder, names[i]);
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  }
}

/* ---- cases ------------------------------------------------------------------------------------
 */

static void wrong(kills *s, const char *what, int how, const char *why) {
  fprintf(stderr, "WRONG: %s: %s (signal %d, %s \"%s\"): %.200s\n", what, why,
          WIFSIGNALED(how) ? WTERMSIG(how) : 0,
          s->told->ended ? hrs_status_name(s->told->status) : "no end", s->told->message, s->run);
  s->found->wrong++;
}

/* The command once more: what stands under the final name is complete, and so is what it leaves. */
static void go_on(kills *s, const char *what) {
  bool there = exists(s, "out.h5"), kept = is_kept(s), resumes = strstr(s->run, "--checkpoint");
  int how = run(s, resumes ? "--resume" : there ? "--force" : NULL, RLIM_INFINITY);
  if (there && s->told->before != s->usual)
    wrong(s, what, how, "under the final name was something else than the whole result");
  else if (!s->told->ended || s->told->status != HRS_OK)
    wrong(s, what, how, "the command does not end well when it is given again");
  else if (s->told->now != s->usual || !after_end(s))
    wrong(s, what, how, "the command leaves something else when it is given again");
  else
    s->found->again++;
  s->found->complete += there;
  s->found->kept += kept;
  s->found->opened += s->told->opened;
  s->found->shorter += kept && s->told->passed[HRS_FAULT_SLICE] < s->slices;
}

/* Of a run that was not killed: all is well, or it has ended with this status. */
static void after_end_with(kills *s, const char *what, int how, hrs_status expected) {
  bool good = s->told->ended && s->told->status == HRS_OK;
  if (good && s->told->now == s->usual && after_end(s))
    s->found->again++;
  else if (good || !s->told->ended || (expected != HRS_OK && s->told->status != expected))
    wrong(s, what, how, "another end was expected");
  else if (exists(s, "out.h5") || !after_accident(s, false))
    wrong(s, what, how, "it has left something else");
  else
    go_on(s, what);
}

static void accident_at(kills *s, const char *variable, hrs_fault place, hrs_count k) {
  char where[64], what[96];
  snprintf(where, sizeof where, "0:%s:%lld", hrs_fault_name(place), (long long)k);
  snprintf(what, sizeof what, "%s=%s", variable, where);
  setenv(variable, where, 1);
  int how = run(s, NULL, RLIM_INFINITY);
  unsetenv(variable);
  if (strcmp(variable, "HARSANYI_KILL") == 0) {
    s->found->killed[s->run_number]++;
    if (!WIFSIGNALED(how) || WTERMSIG(how) != SIGKILL)
      wrong(s, what, how, "it was not killed there");
    else if (!after_accident(s, true))
      wrong(s, what, how, "it has left something else");
    else
      go_on(s, what);
  } else if (strcmp(variable, "HARSANYI_STOP") == 0) {
    s->found->stopped++;
    after_end_with(s, what, how, HRS_STATUS_STOPPED);
  } else {
    s->found->failed++;
    after_end_with(s, what, how, HRS_OK);
  }
  clear(s);
}

static void fill_up(kills *s, hrs_count size) {
  char what[64];
  snprintf(what, sizeof what, "files of at most %lld bytes", (long long)size);
  int how = run(s, NULL, (rlim_t)size);
  s->found->full++;
  after_end_with(s, what, how, HRS_STATUS_IO);
  clear(s);
}

static hrs_count size_of_result(const kills *s) {
  char path[128];
  struct stat info;
  snprintf(path, sizeof path, "%s/out.h5", s->folder);
  return stat(path, &info) == 0 ? (hrs_count)info.st_size : 0;
}

static bool is_mine(kills *s) {
  return s->number++ % WORKERS == s->worker;
}

/* At some of the passings of a place, evenly spaced; 0: at all. */
static void series(kills *s, const char *variable, hrs_fault place, hrs_count passed,
                   hrs_count most) {
  hrs_count tries = most && passed > most ? most : passed;
  for (hrs_count i = 0; i < tries; i++)
    if (is_mine(s)) accident_at(s, variable, place, (2 * i + 1) * passed / (2 * tries) + 1);
}

static void try_run(kills *s) {
  hrs_count passed[HRS_FAULT_LIMIT];
  int how = run(s, NULL, RLIM_INFINITY);
  s->usual = s->told->now;
  s->slices = s->told->passed[HRS_FAULT_SLICE];
  memcpy(passed, s->told->passed, sizeof passed);
  hrs_count size = size_of_result(s), few = s->most ? (s->most + FEWER - 1) / FEWER : 0;
  if (!s->told->ended || s->told->status != HRS_OK || !s->usual || !after_end(s)) {
    wrong(s, "undisturbed", how, "the run does not end well");
    return;
  }
  clear(s);
  for (int i = 0; i < HRS_FAULT_LIMIT; i++) {
    hrs_fault place = (hrs_fault)i;
    series(s, "HARSANYI_KILL", place, passed[i], s->most);
    series(s, "HARSANYI_STOP", place, passed[i], few);
    if (place < HRS_FAULT_FAILURES) series(s, "HARSANYI_FAIL", place, passed[i], few);
    s->found->places[s->run_number] += passed[i];
  }
  for (hrs_count i = 0; i < SIZES; i++)
    if (is_mine(s)) fill_up(s, size * i / SIZES);
}

/* Memory that forked processes share with this one. */
static void *shared(size_t bytes) {
  void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) exit(2);
  return block;
}

/* Values of three samples of 4 players. */
static hrs_status make_input(const kills *s) {
  char path[128];
  hrs_array values = {0};
  HRS_TRY(hrs_array_create(HRS_F64, 2, (const hrs_count[]){3, 16}, &values));
  for (int i = 0; i < 48; i++)
    ((double *)values.data)[i] = (double)(i * 37 % 23) - 5;
  snprintf(path, sizeof path, "%s/values.npy", s->folder);
  hrs_status status = hrs_array_save(path, &values);
  hrs_array_destroy(&values);
  return status;
}

/* A worker's process. */
static int work_through(int worker, const char *part, found *mine) {
  kills s = {.worker = worker, .found = mine, .base = "/tmp/harsanyi-kills-XXXXXX"};
  /* In memory where that is possible: each case waits for its file to be on disk. */
  if (access("/dev/shm", W_OK) == 0) strcpy(s.base, "/dev/shm/harsanyi-kills-XXXXXX");
  const char *most = getenv("HARSANYI_FAULT_CASES");
  s.most = most ? atoll(most) : USUAL_CASES;
  s.told = shared(sizeof *s.told);
  if (!mkdtemp(s.base)) return 2;
  snprintf(s.folder, sizeof s.folder, "%s/run", s.base);
  if (mkdir(s.folder, 0777) != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return 2;
  if (make_input(&s) != HRS_OK) return 2;
  for (int i = 0; i < RUNS; i++) {
    if (part && !strstr(runs[i], part)) continue;
    s.run = runs[i];
    s.run_number = i;
    try_run(&s);
  }
  nftw(s.base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  return 0;
}

static void add(found *sum, const found *more) {
  for (int i = 0; i < RUNS; i++) {
    sum->killed[i] += more->killed[i];
    sum->places[i] = more->places[i];
  }
  sum->stopped += more->stopped;
  sum->failed += more->failed;
  sum->full += more->full;
  sum->complete += more->complete;
  sum->kept += more->kept;
  sum->opened += more->opened;
  sum->shorter += more->shorter;
  sum->again += more->again;
  sum->wrong += more->wrong;
}

int main(int argc, char **argv) {
  found *each = shared(WORKERS * sizeof *each), sum = {0};
  pid_t child[WORKERS];
  hrs_count killed = 0;
  /* No daemon for each process that calls MPI alone. */
  setenv("OMPI_MCA_ess_singleton_isolated", "1", 1);
  for (int i = 0; i < WORKERS; i++) {
    child[i] = fork();
    if (child[i] == 0) _exit(work_through(i, argc > 1 ? argv[1] : NULL, &each[i]));
  }
  for (int i = 0; i < WORKERS; i++) {
    int how = -1;
    waitpid(child[i], &how, 0);
    add(&sum, &each[i]);
    sum.wrong += how != 0;
  }
  for (int i = 0; i < RUNS; i++) {
    if (sum.places[i])
      printf("%6lld kills, at %lld places: %.100s\n", (long long)sum.killed[i],
             (long long)sum.places[i], runs[i]);
    killed += sum.killed[i];
  }
  hrs_count all = killed + sum.stopped + sum.failed + sum.full;
  printf("%lld kills of one process, %lld stops, %lld failures, %lld full disks: %lld left a "
         "complete file under the final name, the others none\n",
         (long long)killed, (long long)sum.stopped, (long long)sum.failed, (long long)sum.full,
         (long long)sum.complete);
  printf(
      "%lld checkpoints were left; FILE.part beside them opens as it is in %lld cases, and in all "
      "when it is resumed\n",
      (long long)sum.kept, (long long)sum.opened);
  printf("%lld of %lld ended with equal bits, at once or when the command was given again; %lld of "
         "those with a checkpoint evaluated less than all\n%lld wrong\n",
         (long long)sum.again, (long long)all, (long long)sum.shorter, (long long)sum.wrong);
  return sum.wrong > 0;
}
