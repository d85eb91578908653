/*
 * Features of many samples over the ranks: each has a run of batches, and they go through them in
 * step, so that a failure, or a wish to stop, is known to all after one batch.
 *
 * A batch is as large as buffers allow, and which steps are fused, and so the buffers, may depend
 * on the processor. Ranks that cut the samples differently would leave some to nobody.
 */
#include "comm.h"

#include <string.h>

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

/* Do all ranks cut as many samples into the same batches? Collective. */
static hrs_status compare(MPI_Comm comm, const hrs_features *features) {
  const hrs_count own[2] = {hrs_features_samples(features), hrs_features_batch(features)};
  hrs_count first[2];
  memcpy(first, own, sizeof first);
  HRS_TRY(hrs_broadcast(comm, 0, first, sizeof first));
  hrs_status status = HRS_OK;
  if (own[0] != first[0] || own[1] != first[1])
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "rank %d evaluates %lld samples in batches of %lld, rank 0 %lld in "
                           "batches of %lld; are the files and the processors the same on all "
                           "nodes?",
                           hrs_comm_rank(comm), (long long)own[0], (long long)own[1],
                           (long long)first[0], (long long)first[1]);
  return hrs_agree(comm, status);
}

hrs_status hrs_features_visit(MPI_Comm comm, hrs_features *features, hrs_features_sink *sink,
                              void *context) {
  int rank = hrs_comm_rank(comm), ranks = hrs_comm_size(comm);
  HRS_TRY(compare(comm, features));
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
