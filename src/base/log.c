/* Lines for the user, the clock, and what this program was built from. */
#include <harsanyi/base.h>

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "harsanyi_git.h"

static hrs_log_level level = HRS_LOG_NORMAL;
static bool warnings = true;

void hrs_log_set_level(hrs_log_level wanted) {
  level = wanted;
}

hrs_log_level hrs_log_get_level(void) {
  return level;
}

void hrs_warn_enable(bool enable) {
  warnings = enable;
}

static void print(FILE *stream, const char *format, va_list arguments) {
  vfprintf(stream, format, arguments);
  fputc('\n', stream);
  fflush(stream);
}

void hrs_log(const char *format, ...) {
  if (level < HRS_LOG_NORMAL) return;
  va_list arguments;
  va_start(arguments, format);
  print(stdout, format, arguments);
  va_end(arguments);
}

void hrs_log_verbose(const char *format, ...) {
  if (level < HRS_LOG_VERBOSE) return;
  va_list arguments;
  va_start(arguments, format);
  print(stdout, format, arguments);
  va_end(arguments);
}

void hrs_warn(const char *format, ...) {
  if (!warnings) return;
  va_list arguments;
  va_start(arguments, format);
  fputs("harsanyi: warning: ", stderr);
  print(stderr, format, arguments);
  va_end(arguments);
}

double hrs_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

const char *hrs_version(void) {
  return HRS_VERSION;
}

const char *hrs_git(void) {
  return HRS_GIT;
}
