/* sites.h -- sites, and what the files of this room share. Internal to src/tables. */
#ifndef HRS_TABLES_SITES_H
#define HRS_TABLES_SITES_H

#include "tables.h"

#include "network/operators/window.h"

typedef enum hrs_sites_kind {
  HRS_SITES_INPUT,    /* the masked tensor */
  HRS_SITES_CONSTANT, /* an operand that differs from position to position, but by no player */
  HRS_SITES_MOVE,     /* each element is one of the inputs' elements */
  HRS_SITES_PRODUCTS, /* rows times the weights of all taps of a convolution */
  HRS_SITES_TAPS,     /* sums of those over a window */
  HRS_SITES_POOL,     /* largest or mean over a window */
  HRS_SITES_ROWWISE   /* its operator, on the channels of one position */
} hrs_sites_kind;

/** A tensor as tables of its sites, and how they are made from those of other tensors. */
typedef struct hrs_sites {
  hrs_sites_kind kind;
  const hrs_step *step; /* of the session; NULL for the masked tensor */
  int at;               /* its number, -1 for the masked tensor */
  int n_in;
  int *in;           /* [n_in] sites, -1: an operand that is the same for all rows */
  int32_t **place;   /* [n_in] its position for each of these; NULL: the same position (ROWWISE) */
  int32_t *source;   /* [elements] of a MOVE: which element of all inputs' one after the other */
  int operand;       /* of a CONSTANT: which operand of the step */
  hrs_window window; /* TAPS, POOL */
  float *weights;    /* PRODUCTS: [channels in][taps][channels out] */
  hrs_call *call;    /* ROWWISE: the operator, prepared for rows; batch is set for each run */
  double work;       /* of a row: about as many multiply-adds */
  double multiply_adds; /* of a row: those that are counted */

  hrs_dtype type;
  hrs_count outer, channels, inner;
  hrs_mask *players; /* [positions] */
  bool block;        /* made for one block after the other */
  hrs_mask *stored;  /* [positions] */
  hrs_count *row;    /* [positions + 1] first row of a position */
  int shares;        /* sites whose memory this takes over, -1: none */
  int last;          /* last sites that read it; or HRS_SITES_KEPT */
  hrs_count offset;  /* in the arena */
  char *data;        /* [rows][channels] */
} hrs_sites;

enum { HRS_SITES_KEPT = 1 << 30 };
/** Most elements of a tensor with sites. */
enum { HRS_SITES_ELEMENTS = 1 << 28 };
/** Rows of one matrix product, or of one call of an operator. */
enum { HRS_SITES_CHUNK = 256 };

/** One term of a sum: a table that is added up with others. */
typedef struct hrs_term {
  hrs_mask players;  /* that it has states for */
  const float *data; /* row of the players that are fixed, the free ones absent */
  hrs_count step;    /* from row to row */
} hrs_term;

/** Scratch memory for adding up terms; grows as needed. */
typedef struct hrs_scratch {
  hrs_count rows, floats, terms;
  int32_t *index;
  float *value;
  hrs_term *term;
} hrs_scratch;

/* A dense layer or a mean over all positions, as tables that are added up: tables/sum.c. */
typedef struct hrs_sum hrs_sum;

typedef struct hrs_cut {
  int slot;
  int sites; /* which are copied, or summed */
} hrs_cut;

struct hrs_tables {
  const hrs_session *session;
  int n;
  hrs_sites **sites; /* in the order in which they are made */
  int n_sites, room;
  int *of_slot; /* [slots] sites, -1: none */
  int n_cuts;
  hrs_cut *cut;
  hrs_sum *sum; /* or NULL */
  int sum_cut;  /* the cut that it makes */
  bool sum_in_block;
  int block_bits;
  hrs_count most_bytes, most_block_bytes; /* the tables for all masks, and a block's, may take */
  hrs_mask focus; /* free players that the blocks' tables are laid out for */
  hrs_count bytes, block_bytes, room_bytes; /* of the two arenas; what the second one has */
  char *arena, *block_arena;
  const hrs_team *team; /* the arena's; NULL: it is this rank's own */
  hrs_subcube cube;     /* what is made at the moment: all masks, or a block */
  hrs_tables_cost cost;
  hrs_scratch scratch;
};

/** Sites that the sum is of. */
static inline const hrs_sites *hrs_tables_summed(const hrs_tables *tables) {
  return tables->sites[tables->cut[tables->sum_cut].sites];
}

/* ---- states (sites.c) ------------------------------------------------------------------------ */

/** Row of a table over `players` at a mask. */
hrs_count hrs_state_row(hrs_mask players, hrs_mask mask);
/** index[2^|from|]: rows of a table over `to`, as steps from the row where `from` is absent. */
void hrs_state_rows(hrs_mask from, hrs_mask to, int32_t *index);

/* ---- sites (sites.c) ------------------------------------------------------------------------- */

static inline hrs_count hrs_sites_positions(const hrs_sites *sites) {
  return sites->outer * sites->inner;
}
static inline hrs_count hrs_sites_rows(const hrs_sites *sites) {
  return sites->row[hrs_sites_positions(sites)];
}
/** Element of the tensor at a position and channel. */
static inline hrs_count hrs_sites_element(const hrs_sites *sites, hrs_count at, hrs_count channel) {
  return (at / sites->inner * sites->channels + channel) * sites->inner + at % sites->inner;
}
/** Position of an element. */
static inline hrs_count hrs_sites_position(const hrs_sites *sites, hrs_count element) {
  return element / (sites->channels * sites->inner) * sites->inner + element % sites->inner;
}
static inline hrs_count hrs_sites_channel(const hrs_sites *sites, hrs_count element) {
  return element / sites->inner % sites->channels;
}
/** Bytes of a row. */
static inline hrs_count hrs_sites_width(const hrs_sites *sites) {
  return sites->channels * (hrs_count)hrs_dtype_size(sites->type);
}
/** Sites of a tensor along one axis (-1: of single elements), without players, at the end of the
 *  list; *id is their number. `n_in` inputs, all -1. */
hrs_status hrs_sites_add(hrs_tables *tables, hrs_sites_kind kind, const hrs_tensor *tensor,
                         int axis, int n_in, int *id);
void hrs_sites_destroy(hrs_sites **sites);
/** Are these sites those along an axis of the tensor? */
bool hrs_sites_along(const hrs_sites *sites, const hrs_tensor *tensor, int axis);
/** The axis along which tables of elements with these players are smallest; -1 for none. */
hrs_status hrs_sites_best_axis(const hrs_tensor *tensor, const hrs_mask *players, int *axis);
/** Row `state` 0 of a position of `in` at the players that `cube` fixes. */
const char *hrs_sites_fixed_row(const hrs_sites *in, hrs_count position, hrs_subcube cube);
/** Lay out for the states of `free`: stored and row. */
void hrs_sites_store(hrs_sites *sites, hrs_mask free);

/* ---- what a step is to the tables ------------------------------------------------------------ */

static inline const hrs_tensor *hrs_slot_tensor(const hrs_session *s, int slot) {
  return &s->slot[slot].tensor;
}
static inline bool hrs_slot_varies(const hrs_session *s, int slot) {
  return slot >= 0 && s->slot[slot].varies;
}
/** Where a window's tap looks at the input from an output position; -1: outside. */
static inline hrs_count hrs_window_source(const hrs_window *w, hrs_count at, hrs_count tap) {
  hrs_count place = 0, step = 1;
  for (int axis = HRS_WINDOW_AXES - 1; axis >= 0; axis--) {
    hrs_count i = hrs_window_at(w, axis, at % w->out[axis], tap % w->kernel[axis]);
    if (i < 0 || i >= w->in[axis]) return -1;
    place += i * step;
    step *= w->in[axis];
    at /= w->out[axis];
    tap /= w->kernel[axis];
  }
  return place;
}
/** Known now, and for good. */
static inline bool hrs_slot_constant(const hrs_session *s, int slot) {
  return slot >= 0 && !s->slot[slot].varies && !s->slot[slot].shared && s->slot[slot].tensor.data;
}
/* What steps read (operands.c). */
/** Sites of the masked tensor. */
hrs_status hrs_tables_input(hrs_tables *tables, const int32_t *label);
/** Sites along an axis: those given, or a MOVE of them, which `slot` then stands for. */
hrs_status hrs_tables_align(hrs_tables *tables, int slot, int axis, int *sites);
/** Operand of a step as sites of its own, without players. */
hrs_status hrs_tables_constant(hrs_tables *tables, int at, int operand, int axis, int *sites);
/** Sites of a step's outputs, where it is one that the room knows and its inputs have sites; else
 *  nothing (build.c). */
hrs_status hrs_tables_grow(hrs_tables *tables, int at);
/** The same for operators that work on rows (rowwise.c) and that move elements about
 *  (move.c); *done tells whether the step was one. */
hrs_status hrs_tables_grow_rowwise(hrs_tables *tables, int at, bool *done);
hrs_status hrs_tables_grow_move(hrs_tables *tables, int at, bool *done);
/** Is the step a dense layer over all elements of its input, or a mean over all positions of
 *  `sites` (sum.c)? */
bool hrs_sum_known(const hrs_session *session, const hrs_step *step, const hrs_sites *sites);

/* ---- memory (places.c) ----------------------------------------------------------------------- */

/** Give the chosen tables their places. */
hrs_status hrs_tables_lay_out(hrs_tables *tables);
/** Memory of the tables for all masks, the team's where there is one. */
hrs_status hrs_tables_allocate(hrs_tables *tables, const hrs_team *team);
/** Lay the blocks' tables out for these free players. */
hrs_status hrs_tables_focus(hrs_tables *tables, hrs_mask free);

/* ---- making tables (fill.c, rows.c, rowwise.c) ----------------------------------------------- */

/** Is a table of this many multiply-adds worth dealing over ranks, or had one better make it? */
static inline bool hrs_tables_deals(const hrs_tables *tables, double work) {
  const double least = 1e5; /* well above what it takes to meet */
  return tables->team->size > 1 && work >= least;
}
/** Is the unit of the work a row, not a position: have all inputs the same states? */
bool hrs_sites_by_rows(const hrs_tables *tables, const hrs_sites *sites);
/** The same for tables that are made row by row: PRODUCTS and ROWWISE (rows.c). */
hrs_status hrs_rows_run(hrs_tables *tables, hrs_sites *sites, hrs_count from, hrs_count to);
/** Put the weights of PRODUCTS in order. */
hrs_status hrs_products_pack(hrs_sites *sites);
/** The operator of a ROWWISE table on rows of its inputs (rowwise.c). */
hrs_status hrs_rowwise_apply(const hrs_tables *tables, hrs_sites *sites, char *const *in, char *out,
                             hrs_count rows);

/* ---- sums (terms.c, sum.c) ------------------------------------------------------------------- */

typedef enum hrs_combine { HRS_COMBINE_SUM, HRS_COMBINE_MAX } hrs_combine;
/**
 * out[2^|free|][width] = start (NULL: 0, or -infinity) combined with all terms at each state of
 * `free`.
 */
hrs_status hrs_terms_combine(hrs_combine how, hrs_count width, hrs_mask free, int count,
                             const hrs_term *terms, const float *start, hrs_scratch *scratch,
                             float *out);
/** The same sum, from a `start` that must be there, with all terms side by side: this pays where
 *  most depend on many free players. */
hrs_status hrs_terms_add(hrs_count width, hrs_mask free, int count, const hrs_term *terms,
                         const float *start, hrs_scratch *scratch, float *out);
/** Room for the index of `rows` states, for `terms` terms in scratch->term, for `floats` values. */
hrs_status hrs_scratch_rows(hrs_scratch *scratch, hrs_count rows);
hrs_status hrs_scratch_terms(hrs_scratch *scratch, hrs_count terms);
hrs_status hrs_scratch_floats(hrs_scratch *scratch, hrs_count floats);
void hrs_scratch_free(hrs_scratch *scratch);

/** The sum that a step is, of the sites that it reads. */
hrs_status hrs_sum_create(const hrs_tables *tables, int at, int sites, hrs_sum **out);
void hrs_sum_destroy(hrs_sum **sum);
/** Numbers of scratch memory per mask of hrs_sum_expand. */
hrs_count hrs_sum_scratch(const hrs_sum *sum);
/** The last step that it stands for: a Relu behind the layer is done with it. */
int hrs_sum_last(const hrs_sum *sum);
/** Choose which tables are added up: after hrs_sites_store of the sites that are summed. `most` is
 *  how many bytes they may take, `bits` the order of the sub-cube that is made of them. */
hrs_status hrs_sum_lay_out(hrs_sum *sum, const hrs_sites *sites, int bits, hrs_count most);
/** Put the weights in the order of the tables that were chosen; `for_good`: once for all, so that
 *  the ranks of a node may share them. */
hrs_status hrs_sum_pack(hrs_sum *sum, const hrs_sites *sites, bool for_good);
/** Bytes of its tables, multiply-adds to make them, additions for each mask. */
void hrs_sum_cost(const hrs_sum *sum, hrs_count *bytes, double *multiply_adds, double *additions);
/** Its tables in memory of that size. */
void hrs_sum_place(hrs_sum *sum, char *memory);
/** With the team, unless the tables are a block's. Errors do not keep it from taking part.
 */
hrs_status hrs_sum_fill(hrs_tables *tables, hrs_sum *sum, const hrs_sites *sites);
hrs_status hrs_sum_expand(hrs_tables *tables, const hrs_sum *sum, hrs_subcube cube, float *out);

#endif
