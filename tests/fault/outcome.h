/* What a run has left in a folder, in one number. */
#ifndef HRS_FAULT_OUTCOME_H
#define HRS_FAULT_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

/** Digest of out.h5 (all data sets, and attributes but those of /run), of exports, and of the text
 *  that was printed; 0 where none is there. */
uint64_t outcome_digest(const char *folder);
/** Remove what a run may leave; false where there is anything else, or, unless the run ended well,
 *  a result. */
bool outcome_remove(const char *folder, bool good);

/** Is a name among these, of which NULL is the last? */
bool outcome_is_one_of(const char *name, const char *const *names);

#endif
