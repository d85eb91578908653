/* scratch.h -- for tests: a folder that goes away, files from bytes, and failures with a message.
 */
#ifndef HRS_TESTS_SCRATCH_H
#define HRS_TESTS_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <harsanyi/base.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** Assert success, and print the message of a failure. */
#define ASSERT_OK(call)                                                                            \
  do {                                                                                             \
    hrs_status assert_status_ = (call);                                                            \
    if (assert_status_ != HRS_OK)                                                                  \
      fail_msg("%s: %s (%s)", #call, hrs_error_message(), hrs_error_trace_text());                 \
  } while (0)

/** Assert a failure of a kind, whose message holds a text. */
#define ASSERT_FAILS(call, wanted, text)                                                           \
  do {                                                                                             \
    hrs_status assert_status_ = (call);                                                            \
    if (assert_status_ != HRS_STATUS_##wanted || !strstr(hrs_error_message(), text))               \
      fail_msg("%s: %s: '%s', expected %s with '%s'", #call, hrs_status_name(assert_status_),      \
               assert_status_ == HRS_OK ? "" : hrs_error_message(), #wanted, text);                \
  } while (0)

/** Path of a file in this program's own folder, which scratch_remove deletes. Static storage. */
static inline const char *scratch_path(const char *name) {
  static char folder[64], path[8][256];
  static int turn;
  if (!folder[0]) {
    snprintf(folder, sizeof folder, "/tmp/hrs_test_XXXXXX");
    if (!mkdtemp(folder)) abort();
  }
  turn = (turn + 1) % 8;
  snprintf(path[turn], sizeof path[turn], "%s%s%s", folder, *name ? "/" : "", name);
  return path[turn];
}

static inline const char *scratch_write(const char *name, const void *bytes, size_t size) {
  const char *path = scratch_path(name);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) abort();
  return path;
}

static inline int scratch_remove(void **state) {
  (void)state;
  char command[320];
  snprintf(command, sizeof command, "rm -rf '%s'", scratch_path(""));
  return system(command);
}

#endif
