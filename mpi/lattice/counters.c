/* What this process has waited for, sent, read and written. */
#include "counters.h"

#include <stddef.h>

hrs_counters hrs_counted;

static void (*watcher)(void *);
static void *watched;
static hrs_count unseen; /* bytes that were counted since it has looked */

void hrs_counters_watch(void (*look)(void *), void *context) {
  watcher = look;
  watched = context;
  unseen = 0;
}

static void add(hrs_count *to, hrs_count bytes) {
  *to += bytes;
  unseen += bytes;
  if (!watcher || unseen < 1 << 20) return;
  unseen = 0;
  watcher(watched);
}

void hrs_count_passed(hrs_count bytes) {
  add(&hrs_counted.passed, bytes);
}

void hrs_count_sent(hrs_count bytes) {
  add(&hrs_counted.sent, bytes);
}

void hrs_count_written(hrs_count bytes) {
  add(&hrs_counted.written, bytes);
}
