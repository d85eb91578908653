/* state.h -- what the parts of the row work share: the run's own objects, and what it found. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_STATE_H
#define HRS_MPI_PROGRAM_COMMANDS_INTERACTIONS_STATE_H

#include "done.h"
#include "mpi/program/engine/engine.h"
#include "settings.h"

/** What is warned of. */
enum { HRS_NOTE_NO_SPLIT = HRS_NOTE_OF_WORK, HRS_NOTE_GAP };

typedef struct hrs_work {
  const hrs_settings *settings;
  const hrs_problem *problem;
  const hrs_resources *resources;
  /* Of a run: */
  hrs_engine *engine; /* the engine */
  hrs_dataset *set;
  hrs_lattice *and_lattice; /* where AND stands beside v (unless the plan is lean), else NULL */
  hrs_fit *fit;             /* --types and-or, else NULL */
  hrs_fit_report report;    /* of the split that stands in it */
  double noise[HRS_SHARE_NETWORKS];
  /* Of the networks that share: their strongest interactions (first rank) and thresholds. */
  hrs_salient strongest[HRS_SHARE_NETWORKS];
  double thresholds[HRS_SHARE_NETWORKS];
  hrs_threshold threshold;
  double delta;       /* mean |v(N) - v(empty)|, for its threshold and a spread */
  double running_max; /* largest |I| of the rows so far, for the global threshold */
  bool checksums;     /* are added up in engine->checksum */
  double verified;    /* largest error against known dividends, over its tolerance */
  hrs_done done;
} hrs_work;

/** Does AND replace v, so that v is evaluated again? The same on all ranks, idle ones as well. */
static inline bool hrs_work_is_lean(const hrs_work *work) {
  const hrs_settings *settings = work->settings;
  bool both = settings->types[0] && settings->types[1] && !settings->fit;
  return both && work->engine->plan->lean;
}

#endif
