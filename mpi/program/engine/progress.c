/* Progress on stderr, so that stdout stays a result. */
#include "progress.h"

#include "mpi/lattice/counters.h"
#include "mpi/program/log.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the user wants instead of the usual intervals. */
static void read_seconds(hrs_progress *progress) {
  const char *text = getenv("HARSANYI_PROGRESS_SECONDS");
  if (!text || !progress->speaks) return;
  char *end;
  double seconds = strtod(text, &end);
  if (end != text && !*end && seconds >= 0)
    progress->first = progress->first_of_task = progress->interval = seconds;
  else
    hrs_warn("HARSANYI_PROGRESS_SECONDS=%s is no number of seconds, and is not heeded", text);
}

void hrs_progress_start(hrs_progress *progress, hrs_count total, int ranks, bool speaks) {
  bool terminal = isatty(STDERR_FILENO);
  *progress = (hrs_progress){.total = total,
                             .unit = "masks",
                             .ranks = ranks,
                             .start = hrs_time(),
                             .first = 0.5,
                             .first_of_task = 2,
                             .interval = terminal ? 0.2 : 30,
                             .terminal = terminal,
                             .speaks = speaks && hrs_log_get_level() >= HRS_LOG_NORMAL};
  read_seconds(progress);
}

static bool is_due_again(const hrs_progress *progress, double now) {
  return now - progress->shown >= progress->interval;
}

/* Is a line due? The first one of its kind, whose work began at `since`, is soon. */
static bool is_due(const hrs_progress *progress, bool first, double since) {
  if (!progress->speaks) return false;
  double now = hrs_time();
  return first ? now - since >= progress->first : is_due_again(progress, now);
}

/* "[#####---------------] " for a share on a terminal; nothing in a log. */
static const char *bar(const hrs_progress *progress, double share, char text[32]) {
  enum { CELLS = 20 };
  *text = '\0';
  if (!progress->terminal) return text;
  int full = (int)(share * CELLS);
  memset(text + 1, '-', CELLS);
  memset(text + 1, '#', (size_t)(full < CELLS ? full : CELLS));
  text[0] = '[';
  strcpy(text + 1 + CELLS, "] ");
  return text;
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

/* ---- evaluating ----------------------------------------------------------------------------- */

void hrs_progress_left(hrs_progress *progress, hrs_count left, hrs_count samples) {
  if (left < samples)
    progress->total = (hrs_count)((double)progress->total * (double)left / (double)samples);
}

void hrs_progress_announce(hrs_progress *progress) {
  char text[32];
  if (!progress->speaks || progress->shown > 0) return;
  show(progress, "%s%5.1f %%  the first of %lld masks of a rank are evaluated",
       bar(progress, 0, text), 0.0, (long long)progress->total);
}

void hrs_progress_add(hrs_progress *progress, hrs_count masks, double seconds) {
  progress->done = hrs_count_add(progress->done, masks);
  progress->spent += seconds;
  if (progress->done >= progress->total) return;
  if (!is_due(progress, progress->shown == 0, progress->start)) return;
  char left[HRS_DURATION_TEXT], text[32];
  double rate = (double)progress->done / progress->spent;
  double share = (double)progress->done / (double)progress->total;
  show(progress, "%s%5.1f %%  %.3g %s/s  %s left", bar(progress, share, text), 100 * share,
       rate * progress->ranks, progress->unit,
       hrs_duration_text((double)(progress->total - progress->done) / rate + progress->beside,
                         left));
}

void hrs_progress_more(hrs_progress *progress, hrs_count masks) {
  progress->total = hrs_count_add(progress->total, masks);
}

/* ---- other tasks ---------------------------------------------------------------------------- */

static hrs_count counted(void) {
  return hrs_counted.passed + hrs_counted.sent + hrs_counted.written;
}

/* Bytes were counted: is it time to tell of the task? */
static void look(void *context) {
  hrs_progress *progress = context;
  double now = hrs_time(), since = now - progress->task_start;
  if (!progress->doing || since < progress->first_of_task || !is_due_again(progress, now)) return;
  char about[64] = "", time[HRS_DURATION_TEXT], text[32];
  if (progress->samples > 1)
    snprintf(about, sizeof about, " sample %lld of %lld", (long long)progress->sample,
             (long long)progress->samples);
  double done = (double)(counted() - progress->from), all = (double)progress->bytes;
  if (done > 0 && done <= all)
    show(progress, "%s%s%s: %.1f %%, %s left", bar(progress, done / all, text), progress->doing,
         about, 100 * done / all, hrs_duration_text(since * (all - done) / done, time));
  else
    show(progress, "%s%s, %s so far", progress->doing, about, hrs_duration_text(since, time));
}

void hrs_progress_task(hrs_progress *progress, const char *doing) {
  if (!progress->speaks) return;
  progress->doing = doing;
  progress->task_start = hrs_time();
  progress->from = counted();
  progress->bytes = 0;
  hrs_counters_watch(doing ? look : NULL, progress);
}

void hrs_progress_expect(hrs_progress *progress, hrs_count bytes) {
  progress->bytes = bytes;
}

/* ---- splits --------------------------------------------------------------------------------- */

void hrs_progress_split_start(hrs_progress *progress) {
  hrs_progress_task(progress, "splitting: the first step");
  progress->split_start = hrs_time();
}

/* The gap falls about exponentially: it takes as long from 1 to what it is now as its logarithm
 * says of the way to what is wanted. No split takes longer than its steps allow. */
void hrs_progress_split(hrs_progress *progress, int steps, int limit, double gap, double wanted) {
  if (progress->doing) hrs_progress_task(progress, NULL);
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

/* ---- the end -------------------------------------------------------------------------------- */

void hrs_progress_clear(hrs_progress *progress) {
  if (progress->speaks && progress->terminal && progress->shown > 0)
    fprintf(stderr, "\r%78s\r", "");
}

void hrs_progress_end(hrs_progress *progress) {
  hrs_progress_clear(progress);
  if (progress->speaks) hrs_counters_watch(NULL, NULL);
  progress->speaks = false;
}
