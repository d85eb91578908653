/*
 * game.h -- games: what gives v(T), a number for each set T of n players.
 *
 * Model. A game has n players, one or more samples, and one or more targets per sample (the classes
 * whose score is wanted). It is asked for the values of a whole sub-cube at a time, for all targets
 * at once, so that one evaluation of a network serves all of them. Kinds: a network on a masked
 * input, a table of values, closed-form games with known dividends, and plug-ins.
 *
 * Same bits: the value of a mask must depend on the game, the sample and the sub-cube that it is
 * asked in, never on what was asked before or by which rank.
 */
#ifndef HARSANYI_GAME_H
#define HARSANYI_GAME_H

#include <harsanyi/lattice.h>
#include <harsanyi/network.h>
#include <harsanyi/team.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/** A game; see the model above. */
typedef struct hrs_game hrs_game;

/** What a kind of game provides. Any function but `evaluate` may be NULL (see the defaults). */
typedef struct hrs_game_methods {
  /** Make `sample` current. Default: nothing to do. */
  hrs_status (*select)(void *self, hrs_count sample);
  /** values[t * 2^|free| + i] = v of target t at mask i of the sub-cube. */
  hrs_status (*evaluate)(void *self, hrs_subcube cube, double *values);
  /** Evaluate with these ranks from now on; NULL: alone. Default: nothing to do. */
  void (*join)(void *self, const hrs_team *team);
  /** Make what evaluating the current sample wants, with the team. Default: nothing to do. */
  hrs_status (*prepare)(void *self);
  /** Class index of target t for the current sample. Default: t. */
  int (*target)(void *self, int t);
  /** The dividend I_and(mask), or I_or(mask) where `or_type`, known without a transform. */
  hrs_status (*dividend)(void *self, bool or_type, hrs_mask mask, double *out);
  void (*destroy)(void *self);
} hrs_game_methods;

/** Make a game from methods; owns `self` from then on, even on failure. slice_bits: how many masks
 *  (2^slice_bits) the game likes to be asked for at a time, 0 for the default (12). */
hrs_status hrs_game_create(const hrs_game_methods *methods, void *self, int players,
                           hrs_count samples, int targets, int slice_bits, hrs_game **out);
/** Free a game; NULL is fine. */
void hrs_game_destroy(hrs_game **game);

/** Number of players n. */
int hrs_game_players(const hrs_game *game);
/** Number of samples. */
hrs_count hrs_game_samples(const hrs_game *game);
/** Number of targets per sample. */
int hrs_game_targets(const hrs_game *game);
/** The game likes to be asked for 2^slice_bits masks at a time. */
int hrs_game_slice_bits(const hrs_game *game);
/** Choose the sample that evaluate and target speak of; a new game stands at sample 0.
 *  Not collective. */
hrs_status hrs_game_select(hrs_game *game, hrs_count sample);
/** Evaluate with a team, which must outlive the game or its next team; NULL: alone, as a new game
 *  does. Not collective. */
void hrs_game_join(hrs_game *game, const hrs_team *team);
/** Make what evaluating many masks of the current sample wants: tables of activations. Without it
 *  a game that is alone makes it when it is first asked for many masks, and one with a team does
 *  without. Collective over the team; errors need not agree on its ranks. */
hrs_status hrs_game_prepare(hrs_game *game);
/** Class index of target t of the current sample. Not collective. */
int hrs_game_target(const hrs_game *game, int t);
/** Values of all masks of a sub-cube, for all targets: values[targets][2^|free|]. */
hrs_status hrs_game_evaluate(hrs_game *game, hrs_subcube cube, double *values);
/** The same for any masks, one by one sub-cube of a single mask. For tests and small lists. */
hrs_status hrs_game_evaluate_masks(hrs_game *game, hrs_count count, const hrs_mask *masks,
                                   double *values /* [targets][count] */);
/** Are dividends known in closed form, and one of them. */
bool hrs_game_knows_dividends(const hrs_game *game);
/** A dividend known in closed form. Errors: USAGE where none is. */
hrs_status hrs_game_dividend(hrs_game *game, bool or_type, hrs_mask mask, double *out);

/** Most games of a joint one. */
enum { HRS_JOINT_GAMES = 8 };
/**
 * Several games as one: target t of game i becomes target t * count + i. Takes the games over, also
 * on failure. Errors: INPUT where players, samples or targets are not as many in all of them.
 */
hrs_status hrs_game_joint(int count, hrs_game **games, hrs_game **out);

/* ---- tables --------------------------------------------------------------------------------- */

/** Which bit of a table's index is player 0: the lowest, or the highest. */
typedef enum hrs_bit_order { HRS_BITS_LSB, HRS_BITS_MSB } hrs_bit_order;

/**
 * A game whose values stand in a file: [2^n] or [samples, 2^n]. With HRS_BITS_MSB bit n-1-i of the
 * index stands for player i. Owns `file`, even on failure. Reads what is asked for, when asked.
 * Errors: INPUT where the length is no power of two (says the nearest ones) or n is 0 or over 40.
 */
hrs_status hrs_game_table(hrs_array_file *file, hrs_bit_order order, hrs_game **out);
/** A game from shapiq's .npz (values, coalitions [2^n, n] in any order, n_players) or JSON. Values
 *  are taken as stored: normalization_value, which shapiq subtracts from all when it evaluates
 *  the game, would change v(empty) alone among the dividends. */
hrs_status hrs_game_shapiq(const char *path, hrs_game **out);
/** Is the file a game of shapiq's (.npz with members values and coalitions, or JSON)? */
bool hrs_game_is_shapiq(const char *path);

/* ---- closed-form games ---------------------------------------------------------------------- */

/**
 * "NAME:key=value,...":
 *   and-or:n=N[,terms=K][,seed=S]   v = sum of K AND terms a_j [A_j subset of T] and K OR terms
 *                                   b_j [B_j meets T], of orders 1..min(n,6), planted from the seed
 *   additive:n=N[,seed=S]           v = sum of weights; dividends of order 1 alone
 *   majority:n=N                    v = [|T| > n/2]
 *   airport:n=N                     v = max_{i in T} (i+1)  (the airport cost game)
 *   random:n=N[,seed=S]             v iid N(0,1), made per mask by a counter-based generator
 * Errors: USAGE naming the key, its value and what it may be.
 */
hrs_status hrs_game_closed_form(const char *spec, hrs_game **out);
/** Help text: one line per closed form. */
const char *hrs_game_closed_form_help(void);

/* ---- plug-ins ------------------------------------------------------------------------------- */

/** Load FILE.so or FILE.so:ARGUMENT with the C ABI of plugin.h. Errors: INPUT (no file, no symbol,
 *  another ABI version, players out of range), with the plug-in's own message. */
hrs_status hrs_game_plugin(const char *spec, hrs_game **out);

/* ---- players, baselines, outputs of network games ------------------------------------------- */

/** A label map: for each element of one sample's masked tensor its player, -1 = background. */
typedef struct hrs_players {
  int n;
  hrs_array map;   /* i4, shape of the masked tensor, or with a leading sample axis */
  bool per_sample; /* the map has a leading sample axis */
  char **names;    /* [n] */
} hrs_players;

/** Which axis of one sample's tensor, behind its batch axis, holds channels (or features); the
 *  others are places: the length of a series; rows and columns; depth, rows and columns. */
typedef enum hrs_layout {
  HRS_LAYOUT_AUTO, /* as the sizes tell; where they do not, what asks for places is refused */
  HRS_LAYOUT_CHANNELS_FIRST,
  HRS_LAYOUT_CHANNELS_LAST,
  HRS_LAYOUT_NO_CHANNELS /* all axes are places */
} hrs_layout;

/**
 * Players from --players: "features", "grid:C" along a series, "grid:RxC" on images, "grid:DxRxC"
 * in volumes, "tokens", "channels", or "map:FILE" (the array is given in `map`, else NULL). `rank`
 * and `dim` are the masked tensor's for one sample, batch axis of 1 included. Errors: USAGE/INPUT
 * where players do not cover a sensible part or exceed the tensor, or where the layout is not
 * known.
 */
hrs_status hrs_players_create(const char *spec, int rank, const hrs_count *dim, hrs_layout layout,
                              const hrs_array *map, hrs_count samples, hrs_players *out);
/** Is the array of "map:FILE" one map for all samples, or has it a row for each, be it for `all`
 *  that there are or for the `chosen` ones? Its shape alone is looked at: that of the masked tensor
 *  or the same without channels, each with any leading axes of length 1. Not collective. Errors:
 *  INPUT where neither is, or both are with different meanings; USAGE where the layout is not
 *  known. */
hrs_status hrs_players_map_form(const char *spec, const hrs_array *map, int rank,
                                const hrs_count *dim, hrs_layout layout, hrs_count all,
                                hrs_count chosen, bool *per_sample);
/** Keep only the listed players ("0,3,5" or "random:10:SEED"), in rising order; others become
 *  background. */
hrs_status hrs_players_subset(hrs_players *players, const char *spec);
/** Replace the names; count must be n. */
hrs_status hrs_players_rename(hrs_players *players, hrs_count count, char *const *names,
                              const char *path);
/** Free map and names; NULL is fine. */
void hrs_players_destroy(hrs_players *players);

/**
 * Baseline tensors from --baseline: "zero", "value:X", "mean:FILE", "tensor:FILE", "blur:SIGMA"
 * (along the places of each channel), "token:ID" (the file's array in `file`, else NULL: mean over
 * its first axis, or one tensor for all samples, or one per sample).
 * @param samples  [samples, dim...] in the masked tensor's type
 * @param out      the shape of `samples`, or dim... alone where it is the same for all samples
 */
hrs_status hrs_baseline_create(const char *spec, const hrs_array *samples, hrs_layout layout,
                               const hrs_array *file, hrs_array *out);

/** The same question as hrs_players_map_form for the array of "tensor:FILE"; the chosen samples are
 *  those of `samples`. */
hrs_status hrs_baseline_tensor_form(const char *spec, const hrs_array *file,
                                    const hrs_array *samples, hrs_count all, bool *per_sample);

/** What of the output is v. */
typedef enum hrs_output {
  HRS_OUTPUT_AUTO, /* log-odds for a classifier, raw for a single unbounded output */
  HRS_OUTPUT_LOG_ODDS,
  HRS_OUTPUT_LOGIT,
  HRS_OUTPUT_PROBABILITY,
  HRS_OUTPUT_LOG_PROBABILITY,
  HRS_OUTPUT_RAW
} hrs_output;

/** v from one output vector of C scores: in double, stable far from 0 and 1. A single sigmoid
 *  logit is the two classes (0: -z, 1: z). Not collective. */
double hrs_output_value(hrs_output output, hrs_scores scores, const double *score, int classes,
                        int target);

/**
 * Bring samples from a file into the form of the model's input `input`: its element type and
 * [samples, dim...] with the input's own axes, the batch axis of 1 included. Accepts samples with
 * or without the batch axis, and one sample without the axis of samples. Whole numbers are wanted
 * for integer inputs, whatever type they are stored in; float16 inputs are fed as float32.
 * Errors: USAGE where there is no such input, INPUT where shape or values do not fit.
 */
hrs_status hrs_network_bind(const hrs_model *model, const char *input, hrs_array *samples);

/** Every class is a target (n_targets of hrs_network_game). */
#define HRS_TARGETS_ALL (-1)

/** How the network is evaluated on all masks. */
typedef enum hrs_evaluator {
  HRS_EVALUATOR_LATTICE, /* activations that depend on few players once for each of their states */
  HRS_EVALUATOR_BRUTE    /* a forward pass for each mask */
} hrs_evaluator;

/** What tables of activations may take, if nothing else is said; those of blocks a quarter more. */
#define HRS_TABLE_BYTES ((hrs_count)256 << 20)

/** A linear classifier on a tensor: its scores are logits, weights * tensor + bias. */
typedef struct hrs_probe {
  int classes;
  hrs_count units;      /* elements of the tensor */
  const float *weights; /* [classes, units] */
  const float *bias;    /* [classes]; NULL: none */
} hrs_probe;

/** What is read off one tensor of a forward pass, as values of some targets. */
typedef struct hrs_readout {
  const char *tensor; /* that holds the scores, or that the probe looks at; NULL: first output */
  const hrs_probe *probe; /* copied; NULL: the tensor's elements are the scores */
  hrs_scores scores;      /* of the tensor; a probe's are logits */
  hrs_output output;
  int n_targets;      /* per sample; or HRS_TARGETS_ALL */
  const int *targets; /* [samples, n_targets]; NULL: one, predicted at the unmasked input */
} hrs_readout;

/**
 * A network game, described. Everything is copied or taken as said. Several readouts share the
 * forward pass of a mask, and tables of activations as far as these reach: the game's targets are
 * those of its readouts, one readout after the other.
 */
typedef struct hrs_network_game {
  const hrs_model *model;    /* must outlive the game */
  int n_inputs;              /* feeds: the masked one first */
  const char *const *inputs; /* their names */
  hrs_array *samples;        /* [n_inputs] arrays, bound as by hrs_network_bind; inputs other than
                                the first may hold one sample for all; taken over */
  const char *mask_at;       /* inner tensor to mask, or NULL for inputs[0] */
  hrs_players players;       /* of the masked tensor; taken over */
  hrs_array baseline;        /* of the masked tensor; taken over */
  const char *output_node;   /* tensor that holds the scores, or NULL for the first output */
  hrs_scores scores;
  hrs_output output;
  int n_targets;       /* per sample; or HRS_TARGETS_ALL */
  const int *targets;  /* [samples, n_targets]; NULL: predicted at the unmasked input */
  hrs_count max_batch; /* 0: the session's choice */
  hrs_evaluator evaluator;
  hrs_count table_bytes;       /* most for tables of activations; 0: HRS_TABLE_BYTES */
  int n_readouts;              /* 0: one, which output_node, scores, output and targets describe */
  const hrs_readout *readouts; /* in place of these */
} hrs_network_game;

/** What scores look like, in every output that was looked at; within 1e-4, or 1e-2 where they are
 *  float16 or bfloat16. */
typedef enum hrs_output_sign {
  HRS_SIGN_UNIT = 1,    /* all elements lie between 0 and 1 */
  HRS_SIGN_SUM = 2,     /* the elements of an output sum to 1 */
  HRS_SIGN_LOG_SUM = 4, /* their exponentials do */
  HRS_SIGN_WHOLE = 8,   /* all elements are whole numbers, exactly */
  HRS_SIGN_ALL = 15
} hrs_output_sign;

/** The output of a network at unmasked samples. */
typedef struct hrs_output_look {
  const char *tensor; /* that holds the scores */
  const char *op;     /* Softmax, LogSoftmax or Sigmoid that makes them, or NULL */
  hrs_count elements; /* of one output */
  bool open;          /* nobody said what the scores are, and the network does not show it */
  unsigned signs;     /* a set of hrs_output_sign; HRS_SIGN_ALL where no sample was looked at */
} hrs_output_look;

/**
 * Look at the outputs of samples first, first + step, ... for signs that the scores are not what
 * they are taken for; at none where it is known what they are, or step is 0. Ranks may take their
 * share, and combine signs with a bitwise and. Of `spec` are read model, inputs, samples (bound),
 * output_node, scores and output. Not collective. Errors: USAGE for class numbers where `output` is
 * not raw, naming tensors that may hold scores; INPUT, UNSUPPORTED as for a session.
 */
hrs_status hrs_network_look(const hrs_network_game *spec, hrs_count first, hrs_count step,
                            hrs_output_look *out);
/** Make it. Fields marked "taken over" are emptied, also on failure. Errors: INPUT, USAGE (target
 *  out of range names the sample, the value and the number of classes). */
hrs_status hrs_game_network(hrs_network_game *spec, hrs_game **out);
/** Number of classes of the first readout. */
int hrs_game_network_classes(const hrs_game *game);
/** What AUTO became for this network's first readout, or what was asked for. */
hrs_output hrs_game_network_output(const hrs_game *game);
/** The same for the kind of scores. */
hrs_scores hrs_game_network_scores(const hrs_game *game);
/** Multiply-adds of one masked evaluation, and bytes the session holds. */
hrs_count hrs_game_network_multiply_adds(const hrs_game *game);
/** What evaluating all masks of a sample costs, in multiply-adds per mask. */
typedef struct hrs_network_cost {
  double brute;    /* a forward pass for each mask */
  double tables;   /* with tables: theirs, shared out over all masks; 0 where there are none */
  double blocks;   /* of tables that are made for one block of masks after the other */
  double tail;     /* what is left for each mask, additions that put the cut together included */
  hrs_count bytes; /* of the tables */
  hrs_count block_bytes; /* of these the ones for a block, at most */
  int block_bits;        /* a block has 2^block_bits masks; 0 where all tables are for all masks */
  int cuts;              /* tensors at which they end */
  const char *cut;       /* the first of these; NULL where there are none */
} hrs_network_cost;
/** Not collective. All 0 for games of another kind. */
hrs_network_cost hrs_game_network_cost(const hrs_game *game);
/** Evaluate so from now on, with the tables made anew; nothing for games of another kind and
 *  networks without tables. Not collective. */
void hrs_game_network_use(hrs_game *game, hrs_evaluator evaluator);
/** Bytes that its session holds. */
hrs_count hrs_game_network_bytes(const hrs_game *game);
/** Values of the inner tensor `name` at each unmasked sample ([samples, ...]), for players and
 *  baselines of --mask-at. */
hrs_status hrs_network_tensor_at(const hrs_model *model, int n_inputs, const char *const *inputs,
                                 const hrs_array *samples, const char *name, hrs_array *out);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
