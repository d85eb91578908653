/* Lines for the user. */
#include "log.h"

#include <harsanyi/base.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

/* Lines may hold names from files: nothing in them commands the terminal. */
static void print(FILE *stream, const char *format, va_list arguments) {
  char text[8192], safe[sizeof text];
  vsnprintf(text, sizeof text, format, arguments);
  fprintf(stream, "%s\n", hrs_printable(text, safe, sizeof safe));
  fflush(stream);
}

void hrs_log(const char *format, ...) {
  if (level < HRS_LOG_NORMAL) return;
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

void hrs_print(const char *format, ...) {
  char text[8192], safe[sizeof text];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  for (char *line = text, *end; *line; line = end) {
    end = line + strcspn(line, "\n");
    bool ends = *end;
    if (ends) *end++ = '\0';
    printf("%s%s", hrs_printable(line, safe, sizeof safe), ends ? "\n" : "");
  }
}
