/*
 * Features of many samples over the ranks: each has a run of batches, and they go through them in
 * step, so that a failure, or a wish to stop, is known to all after one batch.
 */
#include "comm.h"

static hrs_count batches_of(const hrs_features *features) {
  hrs_count batch = hrs_features_batch(features);
  return (hrs_features_samples(features) + batch - 1) / batch;
}

static hrs_count first_batch(const hrs_features *features, int rank, int ranks) {
  return batches_of(features) * rank / ranks;
}

hrs_count hrs_features_first(const hrs_features *features, int rank, int ranks) {
  hrs_count samples = hrs_features_samples(features);
  hrs_count first = first_batch(features, rank, ranks) * hrs_features_batch(features);
  return first < samples ? first : samples;
}

hrs_status hrs_features_visit(MPI_Comm comm, hrs_features *features, hrs_features_sink *sink,
                              void *context) {
  int rank = hrs_comm_rank(comm), ranks = hrs_comm_size(comm);
  hrs_count begin = first_batch(features, rank, ranks);
  hrs_count end = first_batch(features, rank + 1, ranks);
  hrs_count rounds = (batches_of(features) + ranks - 1) / ranks;
  for (hrs_count i = 0; i < rounds; i++) {
    hrs_status status = hrs_stop_check("evaluating the network");
    if (status == HRS_OK && begin + i < end)
      status = hrs_features_run(features, begin + i, begin + i + 1, sink, context);
    HRS_TRY(hrs_agree(comm, status));
  }
  return HRS_OK;
}
