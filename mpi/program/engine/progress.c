/* Progress on stderr, so that stdout stays a result. */
#include "progress.h"

#include "mpi/program/log.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const double FIRST = 0.5, TERMINAL_INTERVAL = 0.2, LOG_INTERVAL = 30;

const char *hrs_duration_text(double seconds, char text[HRS_DURATION_TEXT]) {
  const double longest = 1e9 * 3600; /* no run is so long; and no NaN is less */
  long long whole = (long long)(seconds < longest ? seconds + 0.5 : longest);
  snprintf(text, HRS_DURATION_TEXT, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
           whole % 60);
  return text;
}

void hrs_progress_start(hrs_progress *progress, hrs_count total, int ranks, bool speaks) {
  *progress = (hrs_progress){.total = total,
                             .unit = "masks",
                             .ranks = ranks,
                             .start = hrs_time(),
                             .terminal = isatty(STDERR_FILENO),
                             .speaks = speaks && hrs_log_get_level() >= HRS_LOG_NORMAL};
}

/* Is a line due? The first one of its kind, whose work began at `since`, is soon. */
static bool is_due(const hrs_progress *progress, bool first, double since) {
  if (!progress->speaks) return false;
  double now = hrs_time();
  if (first) return now - since >= FIRST;
  return now - progress->shown >= (progress->terminal ? TERMINAL_INTERVAL : LOG_INTERVAL);
}

/* A line in the place of the last one, whose end may have to be covered; or one more in a log. */
HRS_PRINTF(2, 3) static void show(hrs_progress *progress, const char *format, ...) {
  char text[128];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (progress->terminal)
    fprintf(stderr, "\r%-78s", text);
  else
    fprintf(stderr, "harsanyi: %s\n", text);
  fflush(stderr);
  progress->shown = hrs_time();
}

void hrs_progress_announce(hrs_progress *progress) {
  if (!progress->speaks || progress->shown > 0) return;
  show(progress, "%5.1f %%  the first of %lld masks of a rank are evaluated", 0.0,
       (long long)progress->total);
}

void hrs_progress_add(hrs_progress *progress, hrs_count masks, double seconds) {
  progress->done = hrs_count_add(progress->done, masks);
  progress->spent += seconds;
  if (progress->done >= progress->total) return;
  if (!is_due(progress, progress->shown == 0, progress->start)) return;
  char left[HRS_DURATION_TEXT];
  double rate = (double)progress->done / progress->spent;
  show(progress, "%5.1f %%  %.3g %s/s  %s left",
       100 * (double)progress->done / (double)progress->total, rate * progress->ranks,
       progress->unit, hrs_duration_text((double)(progress->total - progress->done) / rate, left));
}

void hrs_progress_split_start(hrs_progress *progress) {
  progress->split_start = hrs_time();
}

/* The gap falls about exponentially: it takes as long from 1 to what it is now as its logarithm
 * says of the way to what is wanted. No split takes longer than its steps allow. */
void hrs_progress_split(hrs_progress *progress, int steps, int limit, double gap, double wanted) {
  if (!is_due(progress, !progress->split_shown, progress->split_start)) return;
  char reached[32] = "not known yet", text[HRS_DURATION_TEXT];
  double spent = hrs_time() - progress->split_start, left = spent / steps * (limit - steps);
  bool falls = gap > wanted && gap < 1 && wanted > 0;
  if (falls) left = fmin(left, spent * (log(wanted) / log(gap) - 1));
  if (!isnan(gap)) snprintf(reached, sizeof reached, "%.2g", gap);
  show(progress, "splitting: step %d, gap %s (%g ends it), %s %s left", steps, reached, wanted,
       falls ? "about" : "at most", hrs_duration_text(left, text));
  progress->split_shown = true;
}

void hrs_progress_end(hrs_progress *progress) {
  if (progress->speaks && progress->terminal && progress->shown > 0)
    fprintf(stderr, "\r%78s\r", "");
  progress->speaks = false;
}
