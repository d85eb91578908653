/* digest.h -- digests of contents (XXH3): equal ones mean equal bytes. They find damage and other
 * files, not forgery. Nothing here is collective. */
#ifndef HRS_MPI_DATASET_DIGEST_H
#define HRS_MPI_DATASET_DIGEST_H

#include <harsanyi/base.h>

/** 64 bits of some bytes, never 0; another seed gives another digest. */
uint64_t hrs_digest(const void *data, hrs_count bytes, uint64_t seed);

enum { HRS_DIGEST_TEXT = 33 };
/** 128 bits of a file's content, in hexadecimal digits. Errors: INPUT, IO. */
hrs_status hrs_digest_file(const char *path, char text[HRS_DIGEST_TEXT]);

#endif
