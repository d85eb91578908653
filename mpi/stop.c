/* Signals set a flag; whoever loops over batches looks at it. */
#include "stop.h"

#include <signal.h>
#include <stddef.h>
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
  action.sa_flags = SA_RESTART;
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
