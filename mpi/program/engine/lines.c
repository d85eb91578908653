/* Numbers of a plan: as they are, for scripts, and in a unit that one can take in. */
#include "lines.h"

#include "progress.h"

#include <stdio.h>

void hrs_line_bytes(const char *what, hrs_count bytes) {
  printf("  %-30s%lld bytes (%.3g GiB)\n", what, (long long)bytes, (double)bytes / 0x1p30);
}

void hrs_line_time(const char *what, double seconds, const char *bound) {
  char text[HRS_DURATION_TEXT];
  printf("  %-30s%s (%.3g s)%s%s\n", what, hrs_duration_text(seconds, text), seconds,
         bound ? ", " : "", bound ? bound : "");
}
