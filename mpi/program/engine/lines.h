/* lines.h -- lines of what --plan says. Not collective. */
#ifndef HRS_MPI_PROGRAM_ENGINE_LINES_H
#define HRS_MPI_PROGRAM_ENGINE_LINES_H

#include <harsanyi/base.h>

/** "  what   123 bytes (1.15e-07 GiB)" */
void hrs_line_bytes(const char *what, hrs_count bytes);
/** "  what   0:00:07 (7.3 s)" */
/** `bound`: what sets the pace; NULL: nothing is said of that. */
void hrs_line_time(const char *what, double seconds, const char *bound);

#endif
