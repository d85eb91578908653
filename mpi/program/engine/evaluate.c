/*
 * v of a sample on all masks: each rank of the group evaluates its rows of the lattice, slice by
 * slice, for all targets at once.
 */
#include "engine.h"

#include "mpi/lattice/comm.h"
#include "src/base/fault.h"

#include <math.h>
#include <string.h>

/* Values that are no numbers, met while evaluating a sample. */
typedef struct nonfinite {
  hrs_count count;
  hrs_mask first;
} nonfinite;

/* Store a slice's values in a row, from element `at` on. */
static void store(hrs_lattice *lattice, hrs_count row, hrs_count at, hrs_subcube cube,
                  const double *values, nonfinite *bad) {
  hrs_count count = hrs_subcube_size(cube);
  void *data = hrs_lattice_row(lattice, row);
  bool narrow = hrs_lattice_type(lattice) == HRS_F32;
  for (hrs_count i = 0; i < count; i++) {
    double stored = narrow ? (double)(float)values[i] : values[i];
    if (!isfinite(stored)) {
      hrs_mask mask = hrs_subcube_mask(cube, i);
      if (bad->count++ == 0 || mask < bad->first) bad->first = mask;
    }
  }
  if (narrow)
    for (hrs_count i = 0; i < count; i++)
      ((float *)data)[at + i] = (float)values[i];
  else
    memcpy((double *)data + at, values, (size_t)count * sizeof *values);
}

/* Will it take a second or so before the first masks are evaluated? */
static bool starts_slowly(const hrs_engine *engine) {
  const double second = 5e9; /* multiply-adds */
  hrs_network_cost cost = hrs_game_network_cost(engine->problem->game);
  double tables = cost.tables * ldexp(1, engine->problem->n) / engine->plan->ranks;
  double masks = ldexp(1, hrs_game_slice_bits(engine->problem->game));
  return tables + (cost.blocks + cost.tail) * masks > second;
}

static hrs_status evaluate_rows(hrs_engine *engine, nonfinite *bad) {
  hrs_lattice *any = engine->values[0];
  bool narrow = hrs_lattice_type(any) == HRS_F32;
  int slice_bits = hrs_game_slice_bits(engine->problem->game);
  hrs_count row_size = hrs_lattice_row_size(any);
  if (row_size < (hrs_count)1 << slice_bits)
    for (slice_bits = 0; (hrs_count)1 << slice_bits < row_size;)
      slice_bits++;
  hrs_count slice = (hrs_count)1 << slice_bits, first = hrs_lattice_first_row(any);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(any); row++) {
    hrs_subcube cube = hrs_lattice_row_cube(any, row);
    for (hrs_count at = 0; at < row_size; at += slice) {
      hrs_fault_pass(HRS_FAULT_SLICE);
      HRS_TRY(hrs_stop_check("evaluating a sample"));
      hrs_subcube part = hrs_subcube_part(cube, slice_bits, at >> slice_bits);
      double start = hrs_time();
      HRS_TRY(hrs_game_evaluate(engine->problem->game, part, engine->slice));
      for (int t = 0; t < engine->problem->targets; t++) {
        hrs_range_add(&engine->ranges[t], slice, engine->slice + t * slice, narrow);
        store(engine->values[t], row, at, part, engine->slice + t * slice, bad);
      }
      engine->evaluated += slice;
      hrs_progress_add(&engine->progress, slice, hrs_time() - start);
    }
  }
  return HRS_OK;
}

hrs_status hrs_engine_evaluate(hrs_engine *engine, hrs_count sample, bool again) {
  nonfinite bad = {0, ~(hrs_mask)0};
  for (int t = 0; t < engine->problem->targets; t++) {
    hrs_lattice_reset(engine->values[t]);
    engine->ranges[t] = (hrs_range){-INFINITY, INFINITY, 0};
  }
  if (starts_slowly(engine)) hrs_progress_announce(&engine->progress);
  hrs_status status =
      hrs_game_select(engine->problem->game, hrs_problem_in_game(engine->problem, sample));
  if (engine->team) {
    HRS_TRY(hrs_agree(engine->group, status));
    status = hrs_agree(engine->group, hrs_game_prepare(engine->problem->game));
  }
  if (status == HRS_OK) status = evaluate_rows(engine, &bad);
  HRS_TRY(hrs_agree_or_stop(engine->group, status));
  HRS_TRY(hrs_comm_reduce(engine->group, MPI_SUM, MPI_INT64_T, &bad.count, 1));
  HRS_TRY(hrs_comm_reduce(engine->group, MPI_MIN, MPI_UINT64_T, &bad.first, 1));
  HRS_TRY(hrs_engine_agree_ranges(engine, sample, again));
  if (bad.count == 0) return HRS_OK;
  hrs_count index = engine->problem->index[sample];
  bool single = engine->resources->precision == HRS_F32;
  HRS_REQUIRE(engine->allow_nonfinite, NONFINITE,
              "sample %lld: %lld value%s NaN or infinite%s, first at mask %llu (bit i = player i); "
              "give %s--allow-nonfinite to go on all the same",
              (long long)index, (long long)bad.count, bad.count == 1 ? " is" : "s are",
              single ? ", or beyond the range of single precision" : "",
              (unsigned long long)bad.first, single ? "--precision double, or " : "");
  if (!again)
    hrs_engine_note(engine, HRS_NOTE_NONFINITE, sample, (double)bad.count,
                    "%lld values are NaN or infinite, first at mask %llu", (long long)bad.count,
                    (unsigned long long)bad.first);
  return HRS_OK;
}
