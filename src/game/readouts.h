/*
 * readouts.h -- the values of a network's game, as they are read off one forward pass: each readout
 * looks at one tensor and gives the values of its own targets, one readout after the other.
 */
#ifndef HRS_GAME_READOUTS_H
#define HRS_GAME_READOUTS_H

#include "scoring.h"

typedef struct hrs_bound_readout {
  hrs_scoring scoring;
  int fetch;            /* of the session: readouts of one tensor share one */
  int first, n_targets; /* among all targets */
  int *targets;         /* [samples, n_targets]; NULL: predicted */
} hrs_bound_readout;

typedef struct hrs_readouts {
  int n;
  hrs_bound_readout *of;
  int n_fetches;
  const char **fetch; /* names of the tensors, in the network */
  int n_targets;      /* of all */
  int *target;        /* [n_targets] of the current sample */
  double *workspace;
  double *values; /* [n_targets, HRS_OUTPUT_LANES] of some masks */
} hrs_readouts;

/** Which tensors to fetch, and what they are taken for. Errors: as hrs_scoring_find. */
hrs_status hrs_readouts_find(hrs_readouts *readouts, const hrs_network_game *spec);
/** Are they what can be read so? Errors: USAGE for class numbers. */
hrs_status hrs_readouts_check(const hrs_readouts *readouts, const hrs_network_game *spec,
                              const hrs_session *session);
/** Settle the rest, and the targets of all samples. Errors: USAGE, UNSUPPORTED. */
hrs_status hrs_readouts_bind(hrs_readouts *readouts, const hrs_network_game *spec,
                             const hrs_session *session, hrs_count samples);
void hrs_readouts_free(hrs_readouts *readouts);
/** Targets of a sample, whose own forward pass is the session's last run. */
hrs_status hrs_readouts_choose(hrs_readouts *readouts, const hrs_session *session,
                               hrs_count sample);
/** Is the forward pass wanted for that? */
bool hrs_readouts_predict(const hrs_readouts *readouts);
/** Values of `batch` instances of a session's last run, at [target * size + first] and on. */
void hrs_readouts_values(hrs_readouts *readouts, const hrs_session *session, hrs_count batch,
                         hrs_count first, hrs_count size, double *values);

#endif
