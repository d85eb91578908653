/*
 * A wish to stop early. Signals set a flag; whoever loops over batches, or over pieces of a file,
 * looks at it. System calls that wait are not begun again after a signal (no SA_RESTART), so that
 * the one who waits gets to look.
 */
#include <harsanyi/base.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static volatile sig_atomic_t wanted;

static void on_signal(int number) {
  (void)number;
  wanted = 1;
}

void hrs_stop_install(void) {
  static const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGXCPU};
  struct sigaction action, before;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    /* Under nohup a run outlives its terminal. */
    if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 &&
        before.sa_handler == SIG_IGN)
      continue;
    sigaction(signals[i], &action, NULL);
  }
  /* A file system that is full past a limit is an error to report, not a reason to die. */
  signal(SIGXFSZ, SIG_IGN);
}

bool hrs_stop_wanted(void) {
  return wanted != 0;
}

hrs_status hrs_stop_check(const char *format, ...) {
  char doing[1024];
  va_list arguments;
  if (!hrs_stop_wanted()) return HRS_OK;
  va_start(arguments, format);
  vsnprintf(doing, sizeof doing, format, arguments);
  va_end(arguments);
  HRS_FAIL(STOPPED, "stopped by a signal while %s; nothing was written", doing);
}
