/*
 * plugin.h -- the C ABI of a game in a shared object (--plugin FILE.so[:ARGUMENT]).
 *
 * A plug-in exports one symbol, `hrs_plugin`, of type hrs_plugin_v1. It needs nothing of harsanyi
 * but this header. Every MPI rank loads it and asks for masks in any order; the values must depend
 * on the masks alone. The worked example is tests/plugin_example.c.
 */
#ifndef HARSANYI_PLUGIN_H
#define HARSANYI_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of this interface. */
#define HRS_PLUGIN_ABI 1

/** What a plug-in exports as `hrs_plugin`. */
typedef struct hrs_plugin_v1 {
  /** HRS_PLUGIN_ABI of the header it was built with. */
  int abi;
  /** Open a game. `argument` is what follows "FILE.so:", or "". Sets *players (1..40) and *self.
   *  Returns 0, or another number with a message in error[error_size]. */
  int (*open)(const char *argument, int *players, void **self, char *error, size_t error_size);
  /** values[i] = v(masks[i]); bit p of a mask = player p. Returns 0, or as above. */
  int (*evaluate)(void *self, size_t count, const uint64_t *masks, double *values, char *error,
                  size_t error_size);
  /** Close. May be NULL. */
  void (*close)(void *self);
} hrs_plugin_v1;

#ifdef __cplusplus
}
#endif
#endif
