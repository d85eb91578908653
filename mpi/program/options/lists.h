/* lists.h -- lists of numbers and ranges as users type them. */
#ifndef HRS_MPI_PROGRAM_OPTIONS_LISTS_H
#define HRS_MPI_PROGRAM_OPTIONS_LISTS_H

#include <harsanyi/base.h>

/**
 * "0:50,77" -> 0..49, 77: numbers below `limit`, in the order given; hrs_free the result.
 * Errors: USAGE, naming `what` and the text.
 */
hrs_status hrs_parse_list(const char *text, const char *what, hrs_count limit, hrs_count **out,
                          hrs_count *count);
/** The same for a choice out of `limit` things: none may come twice. */
hrs_status hrs_parse_choice(const char *text, const char *what, hrs_count limit, hrs_count **out,
                            hrs_count *count);

#endif
