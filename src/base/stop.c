/*
 * A wish to stop early. Signals set a flag, and a time limit passes; whoever loops over batches, or
 * over pieces of a file, looks at it. System calls that wait are not begun again after a signal (no
 * SA_RESTART), so that the one who waits gets to look.
 */
#include <harsanyi/base.h>

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* From the patient to the urgent. After those that hurry, the process may be killed within a
 * second: launchers and shells do that. */
static const struct {
  int number;
  const char *name;
  bool hurries;
} reasons[] = {{0, NULL, false},
               {0, NULL, false},
               {SIGXCPU, "SIGXCPU", false},
               {SIGUSR1, "SIGUSR1", false},
               {SIGHUP, "SIGHUP", true},
               {SIGTERM, "SIGTERM", true},
               {SIGINT, "SIGINT", true}};
enum { NONE, TIME_IS_OVER, FIRST_SIGNAL, REASONS = sizeof reasons / sizeof *reasons };

static volatile sig_atomic_t wanted, settled; /* settled: no signal changes what is wanted */
static struct timespec first_signal;          /* of the handler alone; 0: none yet */
static double begun, limit = INFINITY;
static char limit_text[48];
static int (*share)(int reason);

/* Launchers may send a signal twice, by two ways. What comes later is meant. */
static bool is_second(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (first_signal.tv_sec == 0) {
    first_signal = now;
    return false;
  }
  return (double)(now.tv_sec - first_signal.tv_sec) +
             1e-9 * (double)(now.tv_nsec - first_signal.tv_nsec) >
         1;
}

static void on_signal(int number) {
  if (is_second()) {
    signal(number, SIG_DFL);
    raise(number); /* comes once this handler returns */
    return;
  }
  for (int reason = FIRST_SIGNAL; reason < REASONS; reason++)
    if (reasons[reason].number == number && reason > wanted && !settled) wanted = reason;
}

void hrs_stop_install(void) {
  struct sigaction action, before;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  for (int i = FIRST_SIGNAL; i < REASONS; i++)
    sigaddset(&action.sa_mask, reasons[i].number);
  begun = hrs_time();
  for (int i = FIRST_SIGNAL; i < REASONS; i++) {
    /* Under nohup a run outlives its terminal. */
    int number = reasons[i].number;
    if (number == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
      continue;
    sigaction(number, &action, NULL);
  }
  /* A file system that is full past a limit is an error to report, not a reason to die. */
  signal(SIGXFSZ, SIG_IGN);
}

void hrs_stop_after(double seconds, const char *text) {
  limit = seconds;
  snprintf(limit_text, sizeof limit_text, "%s", text);
}

void hrs_stop_share(int (*with_others)(int reason)) {
  share = with_others;
}

static void raise_to(int reason) {
  if (reason > wanted) wanted = reason;
}

/* Processes that have agreed on a reason go the same way, whatever signals come to some. */
void hrs_stop_want(int reason) {
  if (reason == NONE) return;
  settled = 1;
  raise_to(reason);
}

int hrs_stop_reason(void) {
  if (wanted == NONE && hrs_time() - begun >= limit) raise_to(TIME_IS_OVER);
  if (share) {
    int heard = share(wanted);
    if (!settled) raise_to(heard);
  }
  return wanted;
}

bool hrs_stop_wanted(void) {
  return hrs_stop_reason() != NONE;
}

bool hrs_stop_hurries(int reason) {
  return reason > NONE && reason < REASONS && reasons[reason].hurries;
}

const char *hrs_stop_text(int reason) {
  return reason >= FIRST_SIGNAL && reason < REASONS ? reasons[reason].name : limit_text;
}

hrs_status hrs_stop_check(const char *format, ...) {
  char doing[1024];
  va_list arguments;
  int reason = hrs_stop_reason();
  if (reason == NONE) return HRS_OK;
  va_start(arguments, format);
  vsnprintf(doing, sizeof doing, format, arguments);
  va_end(arguments);
  HRS_FAIL(STOPPED, "stopped by %s while %s; nothing was written", hrs_stop_text(reason), doing);
}
