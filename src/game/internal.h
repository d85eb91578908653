/* internal.h -- what the files of this room share: the handle, shapes. */
#ifndef HRS_GAME_INTERNAL_H
#define HRS_GAME_INTERNAL_H

#include <harsanyi/game.h>

#include "base/axis.h"
#include "base/parse.h"
#include "base/random.h"

struct hrs_game {
  hrs_game_methods methods;
  void *self;
  int players;
  hrs_count samples;
  int targets;
  int slice_bits;
};

/** Is it a type of floating point, of whatever width? */
static inline bool hrs_is_real(hrs_dtype type) {
  return type == HRS_F32 || type == HRS_F64 || type == HRS_F16 || type == HRS_BF16;
}

/* ---- shapes and players ---- */

/** Which axes of one sample's tensor are places, one after the other (length; rows, columns; depth,
 *  rows, columns), and which one is channels. */
typedef struct hrs_axes {
  int first, places; /* the first of them, and how many there are: 1 to 3 */
  int channels;      /* -1: there are none */
} hrs_axes;

/** Errors: USAGE, beginning with `what`, where the shape leaves it open, or has too many axes. */
hrs_status hrs_axes_find(const char *what, int rank, const hrs_count *dim, hrs_layout layout,
                         hrs_axes *out);
/** Number of batch axes in front: 1 or 0. */
int hrs_batch_axes(int rank, const hrs_count *dim);

/* ---- arrays given beside the samples: beside.c ---- */

/** Are two shapes the same but for leading axes of length 1? */
bool hrs_shape_fits(int a_rank, const hrs_count *a, int b_rank, const hrs_count *b);

typedef struct hrs_shape {
  int rank;
  const hrs_count *dim;
} hrs_shape;

/** Is `given` (its shape alone is looked at) one for all samples, of one of the shapes, or are
 * there rows for `all` or for `chosen` samples of one of the shapes? Errors: INPUT where it is
 * neither, has another number of rows, or could be both; `what` begins the message. */
hrs_status hrs_beside_form(const char *what, const hrs_array *given, int shapes,
                           const hrs_shape *shape, hrs_count all, hrs_count chosen,
                           bool *per_sample);

/** Players of a kind that follows from the shape of players->map, whose labels it writes. */
hrs_status hrs_players_fill(const char *spec, hrs_layout layout, hrs_players *players);
/** Names "kind 0", "kind 1", ... */
hrs_status hrs_players_number(hrs_players *players, const char *kind);

/** The shape's part of hrs_network_bind; the data stay where they are. */
hrs_status hrs_network_bind_shape(const hrs_model *model, const char *input, hrs_array *samples);

/* ---- outputs ---- */

/** Output vectors that are looked at together. */
enum { HRS_OUTPUT_LANES = 16 };

/** hrs_output_value for HRS_OUTPUT_LANES vectors side by side, score[class * lanes + vector], and
 *  many targets of each, out[number of the target * lanes + vector]; `workspace` is as large as
 *  `score`. A value depends on its own vector alone, not on which other targets are asked for. */
void hrs_output_values(hrs_output output, hrs_scores scores, const double *score, int classes,
                       int targets, const int *target, double *workspace, double *out);

#endif
