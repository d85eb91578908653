/* scoring.h -- from a network's output tensor to v: what the scores are, and what of them is v. */
#ifndef HRS_GAME_SCORING_H
#define HRS_GAME_SCORING_H

#include "internal.h"

typedef struct hrs_scoring {
  hrs_output output;
  hrs_scores scores;
  hrs_count elements; /* of the fetched tensor */
  int classes;        /* targets there are: elements, or 2 where one score stands for two classes */
  bool guessed;       /* nobody said that the scores are logits, and no operator shows it */
  bool independent;   /* sigmoid outputs, each of which is a decision of its own */
  const char *op;     /* Softmax, LogSoftmax or Sigmoid before the scores, or NULL */
  const char *tensor; /* that holds the output, for messages */
} hrs_scoring;

/** Which tensor to fetch, and what its scores are (spec: model, output_node, scores, output). */
hrs_status hrs_scoring_find(hrs_scoring *scoring, const hrs_network_game *spec, const char **fetch);
/** Refuse an output `tensor` of class numbers, or of another type of whole numbers, that nobody
 * asked for with raw. Errors: USAGE, naming tensors that may hold scores. */
hrs_status hrs_scoring_refuse_classes(const hrs_network_game *spec, const char *tensor,
                                      hrs_dtype type);
/** Settle the rest when the fetched tensor's shape is known. Errors: USAGE, UNSUPPORTED. */
hrs_status hrs_scoring_bind(hrs_scoring *scoring, const hrs_tensor_info *info);
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
/** The class with the highest score. */
int hrs_scoring_predict(const hrs_scoring *scoring, const double *score);

#endif
