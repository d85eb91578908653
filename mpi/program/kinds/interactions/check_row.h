/*
 * check_row.h -- what the checks of a data set share: their names, the row that is looked
 * at, and how an error is noted.
 */
#ifndef HRS_MPI_PROGRAM_KINDS_INTERACTIONS_CHECK_ROW_H
#define HRS_MPI_PROGRAM_KINDS_INTERACTIONS_CHECK_ROW_H

#include "file.h"
#include "mpi/program/kinds/checks.h"

/* Types, and what /orders has of each. */
enum { AND, OR };
enum { POSITIVE, NEGATIVE, COUNT, ALL_POSITIVE, ALL_NEGATIVE };
/* Elements that are read at a time where an array need not be in memory. */
enum { HRS_CHECK_AT_A_TIME = 1 << 16 };

typedef enum hrs_check_name {
  HRS_CHECK_LIST,
  HRS_CHECK_LIST_SUMS,
  HRS_CHECK_ORDER_SUMS,
  HRS_CHECK_MEANS,
  HRS_CHECK_SHAPLEY,
  HRS_CHECK_INDEX_SETS,
  HRS_CHECK_INDEX_SUMS,
  HRS_CHECK_INDEX_VALUES,
  HRS_CHECK_ENDS,
  HRS_CHECK_AND_SUMS,
  HRS_CHECK_OR_SUMS,
  HRS_CHECK_LIST_VALUES,
  HRS_CHECK_PLAYERS,
  HRS_CHECK_AND_MATCH,
  HRS_CHECK_OR_MATCH,
  HRS_CHECK_FIT,
  HRS_CHECK_SHARED,
  HRS_CHECK_CURVE,
  HRS_CHECK_SPLIT_MATCH,
  HRS_CHECK_RECONSTRUCTION,
  HRS_CHECK_LIMIT
} hrs_check_name;

/** One row under check. */
typedef struct hrs_check_row {
  const hrs_interactions_file *set;
  hrs_check *checks;
  bool touched[HRS_CHECK_LIMIT], failed[HRS_CHECK_LIMIT];
  hrs_count k;
  double epsilon;
  hrs_interactions_row row;
  hrs_interactions_fit fit;         /* zeros without a fit */
  hrs_interactions_sharing sharing; /* zeros without several networks */
  bool fitted;                      /* AND and OR explain v together, each else by itself */
  double off;                       /* by how much they may be off at a mask, as the file says */
  double sum[2]; /* of |I| over all sets (of both types where fitted), and |v(empty)| */
  double scale;  /* a bound of |v|: the smaller of them */
  double empty[2];
  double players[2][HRS_MAX_PLAYERS]; /* SV and BV, from the interactions that passed by */
  hrs_salient list;
} hrs_check_row;

/** Set up checks[HRS_CHECK_LIMIT]. */
void hrs_check_start(hrs_check *checks);
/** What rounding may do to sums whose terms' sizes add up to `scale`. */
double hrs_check_tolerance(const hrs_check_row *r, double scale);
/** A number as /interactions has it: splits are found in double precision, and may be stored in
 * single. */
double hrs_check_stored(const hrs_check_row *r, double value);
/** Add an error to a check; `format` says what is wrong should it be too large. */
void hrs_check_found(hrs_check_row *r, hrs_check_name name, double error, double tolerance,
                     const char *format, ...) HRS_PRINTF(5, 6);

#endif
