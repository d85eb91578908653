/* parse.h -- numbers in what users type; true where the whole text was one. */
#ifndef HRS_BASE_PARSE_H
#define HRS_BASE_PARSE_H

#include <harsanyi/base.h>

bool hrs_parse_count(const char *text, hrs_count *out);
bool hrs_parse_seed(const char *text, uint64_t *out);
/** A finite one. */
bool hrs_parse_real(const char *text, double *out);

#endif
