/*
 * feed.h -- samples of inputs as feeds of sessions. An array of samples is [samples, ...the model's
 * own shape], or has one row that stands for all samples.
 */
#ifndef HRS_NETWORK_FEED_H
#define HRS_NETWORK_FEED_H

#include <harsanyi/network.h>

#include <string.h>

/** Bytes of one sample of an input. */
static inline hrs_count hrs_sample_bytes(const hrs_array *samples) {
  return hrs_array_count(samples) / samples->dim[0] * (hrs_count)hrs_dtype_size(samples->type);
}
/** Values of one sample of an input, which may have one for all. */
static inline const void *hrs_sample_at(const hrs_array *samples, hrs_count sample) {
  if (samples->dim[0] == 1) sample = 0;
  return (const char *)samples->data + sample * hrs_sample_bytes(samples);
}
/** A tensor as a feed. */
static inline hrs_feed hrs_feed_of(const char *name, hrs_dtype type, int rank, const hrs_count *dim,
                                   bool varies, const void *data) {
  hrs_feed feed = {.name = name, .type = type, .rank = rank, .varies = varies, .data = data};
  memcpy(feed.dim, dim, (size_t)rank * sizeof *dim);
  return feed;
}
/** An input as a feed: with its first sample's values where it does not vary. */
static inline hrs_feed hrs_feed_of_input(const char *name, const hrs_array *samples, bool varies) {
  return hrs_feed_of(name, samples->type, samples->rank - 1, samples->dim + 1, varies,
                     varies ? NULL : samples->data);
}

#endif
