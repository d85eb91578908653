/* scoring.h -- from a network's output tensor to v: what the scores are, and what of them is v. */
#ifndef HRS_GAME_SCORING_H
#define HRS_GAME_SCORING_H

#include "internal.h"

typedef struct hrs_scoring {
  hrs_output output;
  hrs_scores scores;
  hrs_count elements; /* scores: of the fetched tensor, or of the probe */
  int classes;        /* targets there are: elements, or 2 where one score stands for two classes */
  bool guessed;       /* nobody said that the scores are logits, and no operator shows it */
  bool independent;   /* sigmoid outputs, each of which is a decision of its own */
  const char *op;     /* Softmax, LogSoftmax or Sigmoid before the scores, or NULL */
  const char *tensor; /* that holds the output, for messages */
  hrs_probe probe;    /* own copy; classes 0: none */
  float *weights;     /* of the probe: its weights, then its bias */
} hrs_scoring;

/** Readout `index` of a game; number 0 of one that lists none. */
hrs_readout hrs_readout_of(const hrs_network_game *spec, int index);
/** Which tensor to fetch, and what its scores are. Errors: USAGE, INPUT. */
hrs_status hrs_scoring_find(hrs_scoring *scoring, const hrs_model *model,
                            const hrs_readout *readout, const char **fetch);
/** Refuse an output `tensor` of class numbers, or of another type of whole numbers, that nobody
 * asked for with raw. Errors: USAGE, naming tensors that may hold scores. */
hrs_status hrs_scoring_refuse_classes(const hrs_model *model, const hrs_readout *readout,
                                      const char *tensor, hrs_dtype type);
/** Settle the rest when the fetched tensor's shape is known. Errors: USAGE, UNSUPPORTED. */
hrs_status hrs_scoring_bind(hrs_scoring *scoring, const hrs_readout *readout,
                            const hrs_tensor_info *info);
void hrs_scoring_free(hrs_scoring *scoring);
/** Doubles of workspace for hrs_scoring_values. */
hrs_count hrs_scoring_workspace(const hrs_scoring *scoring, int targets);
/**
 * Values of some targets from output vectors of `type`.
 * @param data   `count` vectors, at most HRS_OUTPUT_LANES
 * @param step   bytes from one to the next; 0 where all are the same
 * @param out    value of target t of vector b at [t * HRS_OUTPUT_LANES + b]
 */
void hrs_scoring_values(const hrs_scoring *scoring, hrs_dtype type, const void *data,
                        hrs_count step, int count, int targets, const int *target,
                        double *workspace, double *out);
/** The class with the highest score of one output vector. */
hrs_status hrs_scoring_predict(const hrs_scoring *scoring, hrs_dtype type, const void *data,
                               int *out);

#endif
