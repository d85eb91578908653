/* Pieces of values in the checkpoint: pieces.h has the model. */
#include "pieces.h"

#include "engine.h"
#include "mpi/dataset/piece_file.h"
#include "mpi/lattice/comm.h"
#include "restart.h"
#include "src/base/smaller.h"

#include <stdio.h>
#include <string.h>

enum { PIECE_BITS = 16 };

/* What a piece is: to be evaluated, evaluated, and kept as well. */
enum { OPEN, DONE, KEPT };

struct hrs_pieces {
  int bits, row_bits;       /* masks of a piece, of a row */
  hrs_count count, waiting; /* pieces of this rank; those that are DONE */
  hrs_count head_bytes;
  uint8_t *state;
  char *head;
  hrs_count sample, closed; /* whose values stand in engine->values; that was closed last; -1 */
  double begun, last;       /* when its evaluation began; when something was kept */
  hrs_piece_part *part;     /* [1 + targets] */
  hrs_piece_file file;
};

hrs_status hrs_pieces_create(const hrs_engine *engine, hrs_pieces **out) {
  const hrs_problem *problem = engine->problem;
  int row_bits = problem->n - engine->plan->part.block_bits;
  int slice_bits = hrs_game_slice_bits(problem->game);
  hrs_pieces *p;
  *out = NULL;
  HRS_TRY(hrs_calloc(1, sizeof *p, &p));
  p->row_bits = row_bits;
  p->bits = (int)hrs_smaller(row_bits, slice_bits > PIECE_BITS ? slice_bits : PIECE_BITS);
  p->count = hrs_lattice_row_count(engine->values[0]) << (row_bits - p->bits);
  p->head_bytes =
      (hrs_count)sizeof(hrs_piece_head) + problem->targets * (hrs_count)sizeof(hrs_range);
  p->sample = p->closed = -1;
  p->file.descriptor = -1;
  hrs_status status = hrs_calloc(p->count, 1, &p->state);
  if (status == HRS_OK) status = hrs_calloc(p->count, (size_t)p->head_bytes, &p->head);
  if (status == HRS_OK) status = hrs_alloc(problem->targets + 1, sizeof *p->part, &p->part);
  *out = p;
  return status;
}

void hrs_pieces_destroy(hrs_pieces **pieces) {
  if (!*pieces) return;
  hrs_piece_file_close(&(*pieces)->file);
  hrs_free((*pieces)->state);
  hrs_free((*pieces)->head);
  hrs_free((*pieces)->part);
  hrs_free(*pieces);
  *pieces = NULL;
}

hrs_count hrs_pieces_size(const hrs_pieces *pieces) {
  return (hrs_count)1 << pieces->bits;
}

hrs_piece_head *hrs_pieces_head(const hrs_pieces *pieces, hrs_count i) {
  return (hrs_piece_head *)(void *)(pieces->head + i * pieces->head_bytes);
}

bool hrs_pieces_is_done(const hrs_pieces *pieces, hrs_count i) {
  return pieces->state[i] != OPEN;
}

/* ---- the file -------------------------------------------------------------------------------- */

static bool open_file(const hrs_engine *engine, bool make) {
  hrs_pieces *p = engine->pieces;
  char name[64];
  if (p->file.descriptor >= 0) return true;
  snprintf(name, sizeof name, "values-%lld", (long long)p->sample);
  return hrs_piece_file_open(engine->restart->folder, name, make, &p->file);
}

/* The parts of piece i of this rank, into p->part; and its number in the whole lattice. */
static hrs_count find_parts(const hrs_engine *engine, hrs_count i) {
  hrs_pieces *p = engine->pieces;
  int per_row = p->row_bits - p->bits;
  hrs_count first = hrs_lattice_first_row(engine->values[0]);
  hrs_count row = first + (i >> per_row), at = (i & (((hrs_count)1 << per_row) - 1)) << p->bits;
  p->part[0] = (hrs_piece_part){hrs_pieces_head(p, i), p->head_bytes};
  for (int t = 0; t < engine->problem->targets; t++) {
    hrs_lattice *values = engine->values[t];
    hrs_count size = (hrs_count)hrs_dtype_size(hrs_lattice_type(values));
    p->part[t + 1] = (hrs_piece_part){(char *)hrs_lattice_row(values, row) + at * size,
                                      hrs_pieces_size(p) * size};
  }
  return (first << per_row) + i;
}

void hrs_pieces_begin(hrs_engine *engine, hrs_count sample) {
  hrs_pieces *p = engine->pieces;
  hrs_piece_file_close(&p->file);
  p->sample = sample;
  p->waiting = 0;
  p->begun = p->last = hrs_time();
  memset(p->state, OPEN, (size_t)p->count);
  if (!engine->restart || !engine->restart->kept || !open_file(engine, false)) return;
  hrs_count read = 0;
  for (hrs_count i = 0; i < p->count; i++) {
    hrs_count number = find_parts(engine, i);
    if (!hrs_piece_file_read(&p->file, number, p->part, engine->problem->targets + 1)) continue;
    p->state[i] = KEPT;
    read++;
  }
  engine->restart->read += read << p->bits;
}

bool hrs_pieces_wait(const hrs_engine *engine) {
  return engine->pieces && engine->pieces->sample >= 0 && engine->pieces->waiting > 0;
}

hrs_status hrs_pieces_keep(hrs_engine *engine) {
  hrs_pieces *p = engine->pieces;
  if (!hrs_pieces_wait(engine) || !open_file(engine, true)) return HRS_OK;
  for (hrs_count i = 0; i < p->count; i++) {
    if (p->state[i] != DONE) continue;
    hrs_count number = find_parts(engine, i);
    HRS_TRY(hrs_piece_file_write(&p->file, number, p->part, engine->problem->targets + 1));
    p->state[i] = KEPT;
    p->waiting--;
  }
  return HRS_OK;
}

/* Seconds between checkpoints; 0: there are none. */
static double every(const hrs_engine *engine) {
  return engine->restart ? engine->restart->every : 0;
}

static void keep_if_due(hrs_engine *engine, double since) {
  hrs_pieces *p = engine->pieces;
  if (!(every(engine) > 0) || hrs_time() - p->last < since) return;
  hrs_task task = hrs_times_begin(engine->times, HRS_TASK_CHECKPOINT);
  hrs_status status = hrs_restart_make(engine);
  if (status == HRS_OK) status = hrs_pieces_keep(engine);
  if (status != HRS_OK) hrs_restart_warn(engine->restart, hrs_error_message());
  if (p->waiting == 0 || status != HRS_OK) p->last = hrs_time();
  hrs_times_return(engine->times, task);
}

void hrs_pieces_done(hrs_engine *engine, hrs_count i) {
  engine->pieces->state[i] = DONE;
  engine->pieces->waiting++;
  keep_if_due(engine, every(engine));
}

/* Others may have a long way to go yet, and rank 0 alone makes the folder. */
void hrs_pieces_all_done(hrs_engine *engine) {
  double begun = engine->pieces->begun;
  if (every(engine) > 0 && hrs_time() - begun >= every(engine) / 2 &&
      hrs_restart_make(engine) != HRS_OK)
    hrs_restart_warn(engine->restart, hrs_error_message());
}

void hrs_pieces_close(hrs_engine *engine) {
  hrs_pieces *p = engine->pieces;
  if (!p) return;
  if (p->file.descriptor >= 0) p->closed = p->sample;
  hrs_piece_file_close(&p->file);
  p->sample = -1;
  p->waiting = 0;
}

void hrs_pieces_drop(hrs_engine *engine) {
  hrs_pieces *p = engine->pieces;
  char path[HRS_CHECKPOINT_PATH];
  if (!p || p->closed < 0 || p->closed == p->sample) return;
  hrs_checkpoint_file(engine->restart->folder, path, "values-%lld", (long long)p->closed);
  hrs_checkpoint_unlink(path);
  p->closed = -1;
}
