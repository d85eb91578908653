/* libFuzzer's hook: half of the changes are its own, half those of mutate.c. */
#include "mutate.h"

#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  size_t length = 0;
  uint8_t *changed = seed % 2 ? mutate_model(data, size, seed, &length) : NULL;
  if (changed && length <= most) {
    memcpy(data, changed, length);
    free(changed);
    return length;
  }
  free(changed);
  return LLVMFuzzerMutate(data, size, most);
}
