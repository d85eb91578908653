/*
 * interactions.h -- the kind of data set that `harsanyi interactions` writes: its table of objects,
 * the structs of small results that the table finds their places in, and what decides which objects
 * a file has. docs/format describes the same for users.
 */
#ifndef HRS_MPI_PROGRAM_KINDS_INTERACTIONS_INTERACTIONS_H
#define HRS_MPI_PROGRAM_KINDS_INTERACTIONS_INTERACTIONS_H

#include "mpi/dataset/dataset.h"
#include "mpi/dataset/reading.h"

#include <harsanyi/analysis.h>

extern const hrs_kind hrs_interactions_kind;

/** What /reconstruction/curve has points for: the 1, 2, 4, ... strongest interactions. */
enum { HRS_CURVE_POINTS = 21 };
/** Points of a curve for n players: up to all 2^(n+1), or 2^20, interactions. */
static inline int hrs_curve_points(int n) {
  return n + 2 < HRS_CURVE_POINTS ? n + 2 : HRS_CURVE_POINTS;
}

/** The records of a row k (hrs_dataset_write_record): the structs below. */
typedef enum hrs_interactions_record {
  HRS_INTERACTIONS_ROW = 1,
  HRS_INTERACTIONS_FIT,
  HRS_INTERACTIONS_SHARING
} hrs_interactions_record;

/** The small results of one row k = (sample, target). */
typedef struct hrs_interactions_row {
  hrs_count index; /* of the sample in its file */
  int32_t label;   /* -1 where there is none */
  int32_t target;
  double v_empty, v_full;
  double threshold;
  /* orders[type][what][n+1], what = positive, negative, count (salient), all_positive,
   * all_negative */
  double orders[2][5][HRS_MAX_PLAYERS + 1];
  double indices[2][HRS_MAX_PLAYERS];      /* SV, BV */
  double mean_effect[HRS_MAX_PLAYERS + 1]; /* E_{|S|=k} v(S) - v(empty) */
  int32_t network;                         /* of several */
} hrs_interactions_row;

/** What a fitted row has besides: /fit and /reconstruction. */
typedef struct hrs_interactions_fit {
  double l1, loss, lower_bound, gap, noise_bound, max_residual;
  hrs_count iterations;
  double rmse, max, rho_unfaith, explained, kept;
  struct {
    double kept[HRS_CURVE_POINTS], rmse[HRS_CURVE_POINTS], max[HRS_CURVE_POINTS],
        explained[HRS_CURVE_POINTS], strength[HRS_CURVE_POINTS];
  } curve;
} hrs_interactions_fit;

/** What a row of several networks has besides: /sharing. */
typedef struct hrs_interactions_sharing {
  double salient, top[HRS_CURVE_POINTS];
} hrs_interactions_sharing;

/** What a file will hold. */
typedef struct hrs_interactions_spec {
  int n;
  hrs_count samples; /* distinct samples */
  hrs_count rows;    /* k = (sample, target) pairs, sample by sample */
  hrs_dtype precision;
  bool values;                 /* /values */
  bool effect;                 /* /salient/effect */
  bool types[2];               /* AND, OR computed: /orders */
  int networks;                /* rows of several networks in turn: /samples/network; else 0 or 1 */
  bool fit;                    /* AND and OR are a fitted split: /fit, /reconstruction */
  bool keep_all;               /* /interactions */
  bool indices[2];             /* SV, BV */
  int orders[HRS_INDEX_LIMIT]; /* highest order of the other indices, 0: not there */
  char *const *player_names;   /* [n], or NULL */
  char *const *row_player_names; /* [rows, n]: names that differ by sample, or NULL */
  const hrs_array *map;          /* i4, or NULL: no /players/map, /players/baseline */
  const hrs_array *baseline;
  char *const *class_names; /* [classes], or NULL */
  int classes;
  const hrs_run_attribute *game; /* what v is: texts, attributes of /game */
  int game_attributes;
} hrs_interactions_spec;

/** The contents of a file. What the spec points to is needed until the file is made. */
hrs_status hrs_interactions_contents(const hrs_interactions_spec *spec, hrs_contents **out);
/** Tell the reading of a file how long its axes are (entries: -1 where that is not known yet), and
 *  see that its arrays are. Errors: INPUT. */
hrs_status hrs_interactions_set_lengths(hrs_reading *reading, int n, hrs_count rows,
                                        hrs_count entries);
/** /indices/NAME/PART: mask, value or error. */
const char *hrs_interactions_index_path(hrs_index index, const char *part,
                                        char path[HRS_PATH_SIZE]);
/** Write row k of /indices/NAME: values of all its sets, and their error. By any one rank, not
 *  collective. Errors: IO. */
hrs_status hrs_interactions_write_index(hrs_dataset *set, hrs_count k, hrs_index index,
                                        const double *values, double error);

#endif
