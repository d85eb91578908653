/* Status codes and the message of the last failure, one per thread. */
#include <harsanyi/base.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const char *name;
  int exit_code;
  const char *text;
} statuses[] = {
#define ROW(name, code, text) {#name, code, text},
    HRS_STATUS_TABLE(ROW)
#undef ROW
};

static _Thread_local char message[4096];
static _Thread_local char trace[1024];

static bool is_known(hrs_status status) {
  return (int)status >= 0 && status < HRS_STATUS_LIMIT;
}

const char *hrs_status_name(hrs_status status) {
  return is_known(status) ? statuses[status].name : "UNKNOWN";
}

const char *hrs_status_text(hrs_status status) {
  return is_known(status) ? statuses[status].text : "unknown status";
}

int hrs_status_exit_code(hrs_status status) {
  return is_known(status) ? statuses[status].exit_code : 70;
}

hrs_status hrs_error_set(hrs_status status, const char *file, int line, const char *format, ...) {
  /* The message may be built from the previous one, so write it elsewhere first. */
  char text[sizeof message];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  memcpy(message, text, sizeof message);
  trace[0] = '\0';
  return hrs_error_trace(status, file, line);
}

hrs_status hrs_error_context(hrs_status status, const char *format, ...) {
  char text[2 * sizeof message + 2]; /* room for both: what is too long is cut at the end */
  va_list arguments;
  va_start(arguments, format);
  int used = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (used < 0 || (size_t)used >= sizeof message) used = (int)sizeof message - 1;
  snprintf(text + used, sizeof text - (size_t)used, ": %s", message);
  memcpy(message, text, sizeof message - 1);
  return status;
}

hrs_status hrs_error_trace(hrs_status status, const char *file, int line) {
  size_t used = strlen(trace);
  const char *base = strrchr(file, '/');
  snprintf(trace + used, sizeof trace - used, "%s%s:%d", used ? " < " : "", base ? base + 1 : file,
           line);
  return status;
}

const char *hrs_error_message(void) {
  return message;
}

const char *hrs_error_trace_text(void) {
  return trace;
}
