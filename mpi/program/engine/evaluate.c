/*
 * v of a sample on all masks: each rank of the group evaluates its rows of the lattice, slice by
 * slice, for all targets at once.
 */
#include "engine.h"

#include "mpi/lattice/comm.h"
#include "pieces.h"
#include "src/base/fault.h"

#include <math.h>
#include <string.h>

/* Values that are no numbers, met while evaluating a sample. */
typedef struct nonfinite {
  hrs_count count;
  hrs_mask first;
} nonfinite;

static const hrs_range NO_RANGE = {-INFINITY, INFINITY, 0};

/* Store a slice's values in a row, from element `at` on. */
static void store(hrs_lattice *lattice, hrs_count row, hrs_count at, hrs_subcube cube,
                  const double *values, hrs_piece_head *head) {
  hrs_count count = hrs_subcube_size(cube);
  void *data = hrs_lattice_row(lattice, row);
  bool narrow = hrs_lattice_type(lattice) == HRS_F32;
  for (hrs_count i = 0; i < count; i++) {
    double stored = narrow ? (double)(float)values[i] : values[i];
    if (!isfinite(stored)) {
      hrs_mask mask = hrs_subcube_mask(cube, i);
      head->bad++;
      if (mask < head->first_bad) head->first_bad = mask;
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

/* A piece of a row, from mask `from` of it on, slice by slice; what is told of it goes to head. */
static hrs_status evaluate_piece(hrs_engine *engine, hrs_count row, hrs_count from, hrs_count size,
                                 int slice_bits, hrs_piece_head *head) {
  hrs_lattice *any = engine->values[0];
  bool narrow = hrs_lattice_type(any) == HRS_F32;
  hrs_subcube cube = hrs_lattice_row_cube(any, row);
  hrs_count slice = (hrs_count)1 << slice_bits;
  *head = (hrs_piece_head){.first_bad = ~(hrs_mask)0};
  for (int t = 0; t < engine->problem->targets; t++)
    head->range[t] = NO_RANGE;
  for (hrs_count at = from; at < from + size; at += slice) {
    hrs_fault_pass(HRS_FAULT_SLICE);
    HRS_TRY(hrs_stop_check("evaluating a sample"));
    hrs_subcube part = hrs_subcube_part(cube, slice_bits, at >> slice_bits);
    double start = hrs_time();
    HRS_TRY(hrs_game_evaluate(engine->problem->game, part, engine->slice));
    for (int t = 0; t < engine->problem->targets; t++) {
      hrs_range_add(&head->range[t], slice, engine->slice + t * slice, narrow);
      store(engine->values[t], row, at, part, engine->slice + t * slice, head);
    }
    engine->evaluated += slice;
    hrs_progress_add(&engine->progress, slice, hrs_time() - start);
  }
  return HRS_OK;
}

/* What is told of a piece, to what is told of all. */
static void add_head(hrs_engine *engine, const hrs_piece_head *head, nonfinite *bad) {
  for (int t = 0; t < engine->problem->targets; t++) {
    hrs_range *range = &engine->ranges[t];
    const hrs_range *more = &head->range[t];
    range->high = more->high > range->high ? more->high : range->high;
    range->low = more->low < range->low ? more->low : range->low;
    range->rounding = more->rounding > range->rounding ? more->rounding : range->rounding;
  }
  bad->count += head->bad;
  bad->first = head->first_bad < bad->first ? head->first_bad : bad->first;
}

/* All pieces that are not there yet. */
static hrs_status evaluate_rows(hrs_engine *engine, nonfinite *bad) {
  const hrs_lattice *any = engine->values[0];
  int slice_bits = hrs_game_slice_bits(engine->problem->game);
  hrs_count row_size = hrs_lattice_row_size(any), size = hrs_pieces_size(engine->pieces);
  while ((hrs_count)1 << slice_bits > row_size)
    slice_bits--;
  hrs_count first = hrs_lattice_first_row(any), i = 0;
  for (hrs_count row = first; row < first + hrs_lattice_row_count(any); row++)
    for (hrs_count from = 0; from < row_size; from += size, i++) {
      hrs_piece_head *head = hrs_pieces_head(engine->pieces, i);
      bool done = hrs_pieces_is_done(engine->pieces, i);
      if (done)
        hrs_progress_more(&engine->progress, -size);
      else
        HRS_TRY(evaluate_piece(engine, row, from, size, slice_bits, head));
      add_head(engine, head, bad);
      if (!done) hrs_pieces_done(engine, i);
    }
  hrs_pieces_all_done(engine);
  return HRS_OK;
}

hrs_status hrs_engine_evaluate(hrs_engine *engine, hrs_count sample, bool again) {
  nonfinite bad = {0, ~(hrs_mask)0};
  for (int t = 0; t < engine->problem->targets; t++) {
    hrs_lattice_reset(engine->values[t]);
    engine->ranges[t] = NO_RANGE;
  }
  if (starts_slowly(engine)) hrs_progress_announce(&engine->progress);
  hrs_status status =
      hrs_game_select(engine->problem->game, hrs_problem_in_game(engine->problem, sample));
  if (engine->team) {
    HRS_TRY(hrs_agree(engine->group, status));
    status = hrs_agree(engine->group, hrs_game_prepare(engine->problem->game));
  }
  hrs_pieces_begin(engine, sample);
  if (status == HRS_OK) status = evaluate_rows(engine, &bad);
  HRS_TRY(hrs_agree_or_stop(engine->group, status));
  if (again) hrs_pieces_close(engine);
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
