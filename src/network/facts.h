/*
 * facts.h -- what is known of an operator without running it. Each operator states its facts once,
 * in its row of the table (operator.h); whoever looks through operators reads them there: parts of
 * tensors (parts.c), fusion, layouts, scores, tables of activations.
 *
 * Where a fact needs attributes, a function reads them, the same that inference reads them with.
 * tests/unit/test_facts.c holds every operator to what it states.
 */
#ifndef HRS_NETWORK_FACTS_H
#define HRS_NETWORK_FACTS_H

#include <harsanyi/network.h>

struct hrs_call;
struct hrs_node;
struct hrs_window;

/** What an element of out[0] depends on. */
typedef enum hrs_dependence {
  HRS_BY_ITSELF,    /* something else, or something else with some attributes */
  HRS_BY_ELEMENT,   /* the same element of in[0]; other inputs are single numbers */
  HRS_BY_BROADCAST, /* one element of each input: they broadcast to the result */
  HRS_BY_CHANNEL,   /* the same element of in[0]; others are vectors along its axis 1 */
  HRS_BY_ROW,       /* the row of in[0] that it stands in, along `axes`; others serve all rows */
  HRS_BY_REDUCTION, /* the row that it is made of, along `axes`, which become 1 or are gone */
  HRS_BY_WINDOW,    /* `window` over in[0], [images][channels][places] */
  HRS_BY_PRODUCT,   /* in[0] times in[1], matrices as `product` says; in[2] is added */
  HRS_BY_MOVE,      /* an element of in[0] (of any input, where they may be many), or a number that
                       is always the same: which one, the other inputs say. True of all outputs */
  HRS_BY_INDEX      /* an element of in[0]: along `axes`, one axis, it stands where in[1] says */
} hrs_dependence;

/** What becomes of the elements of a window, of a reduction, or of all. */
typedef enum hrs_fold {
  HRS_FOLD_OTHER,
  HRS_FOLD_WEIGHTS, /* their sum, weighted by in[1], plus in[2] */
  HRS_FOLD_SUM,
  HRS_FOLD_MEAN,
  HRS_FOLD_MAX,
  HRS_FOLD_MIN,
  HRS_FOLD_WHICH /* the places of one or some of them */
} hrs_fold;

/** alpha * A * B + beta * C, for the last two axes of A and B. */
typedef struct hrs_product {
  bool transposes_a, transposes_b;
  float alpha, beta;
} hrs_product;

/** Which axis of in[0] holds channels or features. */
typedef enum hrs_channel_axis {
  HRS_CHANNELS_UNTOLD,
  HRS_CHANNELS_SECOND, /* axis 1 */
  HRS_CHANNELS_LAST    /* where in[1] is weights */
} hrs_channel_axis;

/** What is not stated is 0. */
typedef struct hrs_facts {
  const char *attributes; /* that it takes: "name" at all sets that are supported, "name@10" from
                             set 10 on, "name-12" up to set 12. The loader refuses all others */
  hrs_dependence depends;
  hrs_fold fold;
  unsigned linear;   /* inputs, as bits: linear in each of these but for a constant, with all other
                        inputs fixed */
  bool weighs;       /* makes new features of in[0] by weights, in[1] as a rule */
  bool same;         /* out[0] is in[0], perhaps converted to another type */
  bool keeps_axes;   /* BY_MOVE: axis i of the result is axis i of in[0], cut or padded; so are
                        boxes */
  bool expands;      /* BY_MOVE: in[0] broadcasts to the shape in[1] */
  hrs_scores scores; /* what it makes of scores; AUTO: nothing */
  hrs_channel_axis channels;
  /** BY_ROW, BY_REDUCTION, BY_INDEX, and BY_MOVE that joins its inputs: axes of an in[0] of this
   *  rank, as bits. Reductions must have been inferred. False where they do not fit the rank. */
  bool (*axes)(const struct hrs_node *node, int rank, unsigned *out);
  /** BY_WINDOW, inferred. */
  const struct hrs_window *(*window)(const struct hrs_node *node);
  /** BY_PRODUCT; NULL: A * B. */
  hrs_product (*product)(const struct hrs_node *node);
  /** BY_MOVE of whole axes: axis i of the result is axis from[i] of in[0]. False as for `axes`. */
  bool (*order)(const struct hrs_node *node, int rank, int *from);
  /** BY_MOVE, inferred: is an output a box of in[0]? Where it starts along each axis. */
  bool (*box)(const struct hrs_call *call, int output, hrs_count *start);
} hrs_facts;

#define HRS_LINEAR_IN_ALL (~0u)

/** `axes` of an operator that has them, if it is one axis; else -1. */
int hrs_fact_axis(const struct hrs_node *node, int rank);
/** `product`, or the plain one. */
hrs_product hrs_fact_product(const struct hrs_node *node);

#endif
