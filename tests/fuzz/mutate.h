/* mutate.h -- changes of a network as a network, for fuzzing. */
#ifndef HRS_TESTS_MUTATE_H
#define HRS_TESTS_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/** A changed copy of a network, to be freed; NULL where the bytes are no network. */
uint8_t *mutate_model(const uint8_t *bytes, size_t size, uint64_t seed, size_t *out_size);

#endif
