/*
 * engine.h -- the row engine: sample after sample, groups of ranks evaluate v on all masks for all
 * targets, and a row work (work.h) makes something of it. What holds for every kind of run is here:
 * groups and their lattices, rounds, progress, what is warned of, where the time goes, values that
 * are no numbers.
 *
 * Each group takes a sample; then all groups walk through the targets in step, because writing is
 * collective over the world. A group without a sample in the last round, and ranks that are in no
 * group, take part in the agreements and write nothing.
 */
#ifndef HRS_MPI_PROGRAM_ENGINE_ENGINE_H
#define HRS_MPI_PROGRAM_ENGINE_ENGINE_H

#include "record.h"
#include "state.h"

/** Groups, and the lattices of v; says what is about to be done. problem, resources, plan and times
 * must outlive it. Collective over world. Destroy it whatever the outcome. */
hrs_status hrs_engine_create(MPI_Comm world, const hrs_problem *problem,
                             const hrs_resources *resources, const hrs_plan *plan,
                             bool allow_nonfinite, hrs_times *times, hrs_engine *engine);
/** Not collective. */
void hrs_engine_destroy(hrs_engine *engine);

/**
 * Evaluate samples and let the work have them, in rounds. Collective over the world.
 * @param samples  [count] the problem's numbers of them; NULL: all
 * @param again    they were done before: what was said of their values is not said a second time
 */
hrs_status hrs_engine_run(hrs_engine *engine, const hrs_row_work *work, const hrs_count *samples,
                          hrs_count count, bool again);
/** Once all is done: clear the progress, say the warnings. Collective over the world. */
hrs_status hrs_engine_end(hrs_engine *engine);

/** Put together what all ranks have done so far: engine->tally. Collective over the world. */
hrs_status hrs_engine_collect(hrs_engine *engine);
/** Collect, and add groups, memory and times to /run. Collective over the world. */
hrs_status hrs_engine_record(hrs_engine *engine, hrs_record *record);
/** After the data set is complete: collect, measure limits, print a table, unless all is quiet, and
 *  write *place, rank 0's file of --timing, unless that is NULL. Collective over the
 *  world. Errors: MEMORY, IO (of rank 0 alone). */
hrs_status hrs_engine_tell_times(hrs_engine *engine, const hrs_record *record, hrs_place **place);

/* ---- for works ------------------------------------------------------------------------------- */

/** All masks of a sample into engine->values, phase A; `again`: nothing is said of them. Collective
 *  over the group. Errors: NONFINITE; STOPPED, which is no failure yet (hrs_agree_or_stop). */
hrs_status hrs_engine_evaluate(hrs_engine *engine, hrs_count sample, bool again);
/** What became of a part of the work; whether the run is to stop here, together. Then it is said
 *  how far it has come. Errors: STOPPED, on all ranks. Collective over the world. */
hrs_status hrs_engine_agree(hrs_engine *engine, hrs_status status);
/** From now on the time is that of a task. Not collective. */
void hrs_engine_begin(hrs_engine *engine, hrs_task task);
/** It will pass over, send and write about so many times the bytes of a lattice, for the progress.
 *  Not collective. */
void hrs_engine_expect(hrs_engine *engine, int times);
/** Note what the problem's sample gives reason to warn of; the text goes on after "sample I: ". By
 *  all ranks of the group; in a pass over samples done before, nothing is noted. */
void hrs_engine_note(hrs_engine *engine, int kind, hrs_count sample, double worst,
                     const char *format, ...) HRS_PRINTF(5, 6);
/** Is a number that was made of a row's values finite in a type? `index` is the sample's in its
 *  file. Errors: NONFINITE, unless that is allowed. Not collective. */
hrs_status hrs_engine_check(const hrs_engine *engine, hrs_count index, int target, const char *what,
                            hrs_dtype type, double number);

#endif
