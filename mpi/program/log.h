/* log.h -- lines for the user: results and notes on stdout, warnings on stderr. What they quote
 * from files cannot command a terminal (hrs_printable). Only rank 0 speaks, or all ranks do with
 * the level at QUIET and warnings off elsewhere. Nothing here is collective. */
#ifndef HRS_MPI_PROGRAM_LOG_H
#define HRS_MPI_PROGRAM_LOG_H

#include <harsanyi/base.h>

/** How much is printed. */
typedef enum hrs_log_level { HRS_LOG_QUIET, HRS_LOG_NORMAL, HRS_LOG_VERBOSE } hrs_log_level;
/** Set what is printed. */
void hrs_log_set_level(hrs_log_level level);
/** What is printed. */
hrs_log_level hrs_log_get_level(void);
/** A line on stdout from level NORMAL on. The newline is added. */
void hrs_log(const char *format, ...) HRS_PRINTF(1, 2);
/** printf to stdout, of whole texts, with hrs_printable's escapes; line ends stay. */
void hrs_print(const char *format, ...) HRS_PRINTF(1, 2);
/** A warning, a line on stderr, at any level. */
void hrs_warn(const char *format, ...) HRS_PRINTF(1, 2);
/** Switch warnings off or on. */
void hrs_warn_enable(bool enable);

#endif
