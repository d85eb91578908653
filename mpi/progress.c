/* Progress on stderr, so that stdout stays a result. */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

static const double TERMINAL_INTERVAL = 0.2, LOG_INTERVAL = 30;

void hrs_progress_start(hrs_progress *progress, hrs_count total, int ranks, bool speaks) {
  *progress = (hrs_progress){.total = total,
                             .ranks = ranks,
                             .start = hrs_time(),
                             .terminal = isatty(STDERR_FILENO),
                             .speaks = speaks && hrs_log_get_level() >= HRS_LOG_NORMAL};
  progress->shown = progress->start;
}

void hrs_progress_add(hrs_progress *progress, hrs_count masks) {
  progress->done += masks;
  if (!progress->speaks || progress->done >= progress->total) return;
  double now = hrs_time();
  if (now - progress->shown < (progress->terminal ? TERMINAL_INTERVAL : LOG_INTERVAL)) return;
  progress->shown = now;
  double rate = (double)progress->done / (now - progress->start);
  long long left = (long long)((double)(progress->total - progress->done) / rate + 0.5);
  fprintf(stderr, "%s%5.1f %%  %.3g masks/s  %lld:%02lld:%02lld left%s",
          progress->terminal ? "\r" : "harsanyi: ",
          100 * (double)progress->done / (double)progress->total, rate * progress->ranks,
          left / 3600, left / 60 % 60, left % 60, progress->terminal ? "   " : "\n");
  fflush(stderr);
}

void hrs_progress_end(hrs_progress *progress) {
  if (progress->speaks && progress->terminal && progress->shown > progress->start)
    fprintf(stderr, "\r%60s\r", "");
}
