/*
 * Which sites are tabulated: tables end where the tables, what puts the cuts together and the
 * tail cost least in all; tables for all masks where memory allows, made for each block of masks
 * where not.
 */
#include "sites.h"

#include <math.h>
#include <string.h>

/* An addition or a copy, in multiply-adds of dense algebra. */
static const double ADDITION = 3;

enum { LEAST_BLOCK_BITS = 3, MOST_BLOCK_BITS = 10 };

/* What a step of the session is to the plan. */
typedef struct step_plan {
  bool covered; /* its outputs have sites */
  hrs_sum *sum; /* tables may end with it: of made[in[0]] */
} step_plan;

/* One way to end. */
typedef struct choice {
  int steps; /* those before it are tabulated as far as they are covered */
  int sum;   /* step that is the sum behind them; -1: none */
  int block_bits;
  double cost;
} choice;

typedef struct plan {
  hrs_tables *tables;
  const hrs_session *session;
  step_plan *step;
  int *made;                              /* [slots] sites of a slot, -1: none */
  int *producer;                          /* [slots] step that makes it, -1: a feed */
  double *rows, *block_rows, *worst_rows; /* [sites] of all masks, of a block, at most of a block */
  bool *needed;                           /* [sites] */
  int *last;                              /* [sites] */
  bool *block;                            /* [sites] */
  bool *cut;                              /* [slots] */
  choice best;
  hrs_tables_cost best_cost;
} plan;

/* ---- growing -------------------------------------------------------------------------------- */

static hrs_status grow(plan *p, const int32_t *label) {
  const hrs_session *s = p->session;
  int input = s->feed[0].slot;
  HRS_TRY(hrs_tables_input(p->tables, label));
  p->made[input] = p->tables->of_slot[input];
  for (int at = 0; at < s->n_steps; at++) {
    const hrs_step *step = s->step[at];
    if (step->folded) continue;
    for (int k = 0; k < step->call.n_out; k++)
      if (step->out[k] >= 0) p->producer[step->out[k]] = at;
    HRS_TRY(hrs_tables_grow(p->tables, at));
    for (int k = 0; k < step->call.n_out; k++) {
      if (step->out[k] < 0 || p->tables->of_slot[step->out[k]] < 0) continue;
      p->made[step->out[k]] = p->tables->of_slot[step->out[k]];
      p->step[at].covered = true;
    }
    int in = step->call.n_in > 0 && hrs_slot_varies(s, step->in[0]) ? p->made[step->in[0]] : -1;
    if (in >= 0 && hrs_sum_known(s, step, p->tables->sites[in]))
      HRS_TRY(hrs_sum_create(p->tables, at, in, &p->step[at].sum));
  }
  return HRS_OK;
}

/* ---- one way to end -------------------------------------------------------------------------- */

static bool is_done(const plan *p, int step, const choice *c) {
  if (c->sum >= 0 && (step == c->sum || step == hrs_sum_last(p->step[c->sum].sum))) return true;
  return step < c->steps && p->step[step].covered;
}

/* Does the choice's sum make this slot? */
static bool is_sum(const plan *p, int slot, const choice *c) {
  return c->sum >= 0 && p->producer[slot] == hrs_sum_last(p->step[c->sum].sum);
}

/* Slots that the tail reads and does not make itself; false where one is nobody's. Beside a sum
 * these are fetches alone: what else leads past it is better made without. */
static bool find_cuts(plan *p, const choice *c) {
  const hrs_session *s = p->session;
  bool summed = c->sum < 0;
  memset(p->cut, 0, (size_t)s->n_slots * sizeof *p->cut);
  for (int i = 0; i <= s->n_steps; i++) {
    bool result = i == s->n_steps;
    if (!result && (s->step[i]->folded || is_done(p, i, c))) continue;
    int count = result ? s->n_fetches : s->step[i]->call.n_in;
    const int *read = result ? s->fetch : s->step[i]->in;
    for (int k = 0; k < count; k++) {
      if (!hrs_slot_varies(s, read[k])) continue;
      int by = p->producer[read[k]];
      if (by >= 0 && !is_done(p, by, c)) continue;
      p->cut[read[k]] = true;
      if (is_sum(p, read[k], c))
        summed = true;
      else if (p->made[read[k]] < 0 || (c->sum >= 0 && !result))
        return false;
    }
  }
  return summed;
}

/* Sites that the cuts are made of, and who reads them last. */
static void find_needed(plan *p, const choice *c) {
  const hrs_session *s = p->session;
  int count = p->tables->n_sites;
  memset(p->needed, 0, (size_t)count * sizeof *p->needed);
  for (int i = 0; i < count; i++)
    p->last[i] = -1;
  for (int slot = 0; slot < s->n_slots; slot++) {
    if (!p->cut[slot]) continue;
    int sites = p->made[is_sum(p, slot, c) ? s->step[c->sum]->in[0] : slot];
    p->needed[sites] = true;
    p->last[sites] = HRS_SITES_KEPT;
  }
  for (int i = count - 1; i >= 0; i--) {
    const hrs_sites *sites = p->tables->sites[i];
    for (int k = 0; p->needed[i] && k < sites->n_in; k++) {
      int in = sites->in[k];
      if (in < 0) continue;
      p->needed[in] = true;
      if (p->last[in] < i) p->last[in] = i;
    }
  }
}

/* Bytes that are in use at once, of the tables for all masks and of those of a block. */
typedef struct use {
  double now[2], most[2];
} use;

static void take(use *u, bool block, double bytes) {
  u->now[block] += bytes;
  if (u->now[block] > u->most[block]) u->most[block] = u->now[block];
}

/* Which of the needed sites are made for all masks, and which block by block; false where neither
 * fits. Their cost for all masks: of
 * the former (`once`), and of those that each block makes anew. */
static bool find_blocks(plan *p, const choice *c, use *u, double *once, double *blocks,
                        double *counted_once, double *counted_blocks) {
  double n_blocks = ldexp(1, p->tables->n - c->block_bits);
  for (int i = 0; i < p->tables->n_sites; i++) {
    if (!p->needed[i]) continue;
    const hrs_sites *sites = p->tables->sites[i];
    double width = (double)hrs_sites_width(sites), bytes = p->rows[i] * width;
    bool block = u->now[0] + bytes > (double)p->tables->most_bytes;
    for (int k = 0; k < sites->n_in; k++)
      block |= sites->in[k] >= 0 && p->block[sites->in[k]];
    p->block[i] = block;
    if (block && (c->block_bits == 0 || sites->kind == HRS_SITES_INPUT)) return false;
    take(u, block, block ? p->worst_rows[i] * width : bytes);
    if (u->most[1] > (double)p->tables->most_block_bytes) return false;
    if (block) {
      *blocks += p->block_rows[i] * sites->work * n_blocks;
      *counted_blocks += p->block_rows[i] * sites->multiply_adds * n_blocks;
    } else {
      *once += p->rows[i] * sites->work;
      *counted_once += p->rows[i] * sites->multiply_adds;
    }
    for (int k = 0; k < sites->n_in; k++) {
      int in = sites->in[k];
      if (in < 0) continue;
      if (block && !p->block[in]) p->last[in] = HRS_SITES_KEPT; /* read again by each block */
      if (p->last[in] != i) continue;
      p->last[in] = -2; /* given back once */
      double own = (double)hrs_sites_width(p->tables->sites[in]);
      u->now[p->block[in]] -= own * (p->block[in] ? p->worst_rows[in] : p->rows[in]);
    }
  }
  return true;
}

/* The players that are assumed free in a block: which really are, a game is told with each. */
static hrs_mask assumed_free(const hrs_tables *tables, int bits) {
  hrs_mask all = hrs_mask_full(tables->n);
  return bits > 0 ? all & ~(all >> bits) : all;
}

/* What a choice costs, for all masks of a sample; infinite where it is none. */
static hrs_status cost_of(plan *p, choice *c, hrs_tables_cost *out) {
  const hrs_session *s = p->session;
  hrs_tables *tables = p->tables;
  double once = 0, blocks = 0, counted_once = 0, counted_blocks = 0, tail = 0, expansion = 0;
  use u = {{0}, {0}};
  c->cost = INFINITY;
  if (!find_cuts(p, c)) return HRS_OK;
  find_needed(p, c);
  if (!find_blocks(p, c, &u, &once, &blocks, &counted_once, &counted_blocks)) return HRS_OK;
  if (c->sum >= 0) {
    int in = p->made[s->step[c->sum]->in[0]];
    bool block = p->block[in];
    hrs_sum *sum = p->step[c->sum].sum;
    hrs_mask free = block ? assumed_free(tables, c->block_bits) : hrs_mask_full(tables->n);
    hrs_count room =
                  (block ? tables->most_block_bytes : tables->most_bytes) - (hrs_count)u.now[block],
              bytes;
    double multiply_adds;
    hrs_sites_store(tables->sites[in], free);
    HRS_TRY(hrs_sum_lay_out(sum, tables->sites[in], block ? c->block_bits : tables->n, room));
    hrs_sum_cost(sum, &bytes, &multiply_adds, &expansion);
    take(&u, block, (double)bytes);
    if (bytes > room) return HRS_OK;
    double all = multiply_adds * (block ? ldexp(1, tables->n - c->block_bits) : 1);
    *(block ? &blocks : &once) += all;
    *(block ? &counted_blocks : &counted_once) += all;
  }
  for (int i = 0; i < s->n_slots; i++)
    if (p->cut[i] && !is_sum(p, i, c)) expansion += (double)hrs_tensor_count(&s->slot[i].tensor);
  double steps = 0;
  for (int i = 0; i < s->n_steps; i++) {
    double each = s->step[i]->folded ? 0 : (double)s->step[i]->call.multiply_adds;
    *(is_done(p, i, c) ? &steps : &tail) += each;
  }
  double masks = ldexp(1, tables->n);
  c->cost = once + blocks + masks * (tail + ADDITION * expansion);
  *out = (hrs_tables_cost){.tables = counted_once,
                           .blocks = counted_blocks / masks,
                           .expansion = expansion,
                           .steps = steps,
                           .bytes = (hrs_count)(u.most[0] + u.most[1]),
                           .block_bytes = (hrs_count)u.most[1]};
  return HRS_OK;
}

static hrs_status offer(plan *p, choice c) {
  hrs_tables_cost cost;
  HRS_TRY(cost_of(p, &c, &cost));
  if (!(c.cost < p->best.cost)) return HRS_OK;
  p->best = c;
  p->best_cost = cost;
  return HRS_OK;
}

/* ---- all ways -------------------------------------------------------------------------------- */

static void count_rows(plan *p, int block_bits) {
  hrs_mask free = assumed_free(p->tables, block_bits);
  for (int i = 0; i < p->tables->n_sites; i++) {
    const hrs_sites *sites = p->tables->sites[i];
    p->rows[i] = p->block_rows[i] = p->worst_rows[i] = 0;
    for (hrs_count at = 0; at < hrs_sites_positions(sites); at++) {
      int order = hrs_order(sites->players[at]);
      p->rows[i] += ldexp(1, order);
      p->block_rows[i] += ldexp(1, hrs_order(sites->players[at] & free));
      p->worst_rows[i] += ldexp(1, order < block_bits ? order : block_bits);
    }
  }
}

static hrs_status choose(plan *p) {
  const hrs_session *s = p->session;
  int n = p->tables->n;
  for (int bits = 0; bits <= MOST_BLOCK_BITS && bits < n; bits++) {
    if (bits > 0 && bits < LEAST_BLOCK_BITS) continue;
    count_rows(p, bits);
    for (int i = 0; i < s->n_steps; i++) {
      if (s->step[i]->folded) continue;
      if (p->step[i].sum) HRS_TRY(offer(p, (choice){i, i, bits, 0}));
      if (p->step[i].covered) HRS_TRY(offer(p, (choice){i + 1, -1, bits, 0}));
    }
  }
  return HRS_OK;
}

static hrs_status reserve(plan *p) {
  const hrs_session *s = p->session;
  hrs_count sites = p->tables->n_sites;
  HRS_TRY(hrs_alloc(sites, sizeof *p->rows, &p->rows));
  HRS_TRY(hrs_alloc(sites, sizeof *p->block_rows, &p->block_rows));
  HRS_TRY(hrs_alloc(sites, sizeof *p->worst_rows, &p->worst_rows));
  HRS_TRY(hrs_alloc(sites, sizeof *p->needed, &p->needed));
  HRS_TRY(hrs_alloc(sites, sizeof *p->last, &p->last));
  HRS_TRY(hrs_alloc(sites, sizeof *p->block, &p->block));
  return hrs_alloc(s->n_slots, sizeof *p->cut, &p->cut);
}

static void plan_free(plan *p) {
  for (int i = 0; p->step && i < p->session->n_steps; i++)
    hrs_sum_destroy(&p->step[i].sum);
  hrs_free(p->step);
  hrs_free(p->made);
  hrs_free(p->producer);
  hrs_free(p->rows);
  hrs_free(p->block_rows);
  hrs_free(p->worst_rows);
  hrs_free(p->needed);
  hrs_free(p->last);
  hrs_free(p->block);
  hrs_free(p->cut);
}

/* ---- what was chosen ------------------------------------------------------------------------- */

/* Take what the choice needs out of all that grew. */
static hrs_status settle(plan *p) {
  hrs_tables *tables = p->tables;
  const hrs_session *s = p->session;
  choice c = p->best;
  count_rows(p, c.block_bits);
  HRS_TRY(cost_of(p, &c, &tables->cost));
  for (int i = 0; i < s->n_slots; i++)
    tables->n_cuts += p->cut[i];
  HRS_TRY(hrs_alloc(tables->n_cuts, sizeof *tables->cut, &tables->cut));
  int *number;
  HRS_TRY(hrs_alloc(tables->n_sites, sizeof *number, &number));
  int kept = 0;
  tables->block_bits = 0;
  for (int i = 0; i < tables->n_sites; i++) {
    number[i] = p->needed[i] ? kept : -1;
    hrs_sites *sites = tables->sites[i];
    if (!p->needed[i]) {
      hrs_sites_destroy(&tables->sites[i]);
      continue;
    }
    sites->block = p->block[i];
    if (sites->block) tables->block_bits = c.block_bits;
    for (int k = 0; k < sites->n_in; k++)
      if (sites->in[k] >= 0) sites->in[k] = number[sites->in[k]];
    tables->sites[kept++] = sites;
  }
  tables->n_sites = kept;
  int cut = 0;
  for (int i = 0; i < s->n_slots; i++) {
    if (!p->cut[i]) continue;
    bool sum = is_sum(p, i, &c);
    int sites = p->made[sum ? s->step[c.sum]->in[0] : i];
    if (sum) tables->sum_cut = cut;
    tables->cut[cut++] = (hrs_cut){i, number[sites]};
  }
  hrs_free(number);
  if (c.sum < 0) return HRS_OK;
  tables->sum = p->step[c.sum].sum;
  p->step[c.sum].sum = NULL;
  tables->sum_in_block = hrs_tables_summed(tables)->block;
  return HRS_OK;
}

hrs_status hrs_tables_plan(const hrs_session *session, int n, const int32_t *label, hrs_count most,
                           hrs_tables **out) {
  *out = NULL;
  const hrs_tensor *input = &session->slot[session->feed[0].slot].tensor;
  hrs_count count = hrs_tensor_count(input);
  if (input->type != HRS_F32 && input->type != HRS_I64) return HRS_OK;
  if (count == 0 || count > HRS_SITES_ELEMENTS) return HRS_OK;
  plan p = {.session = session, .best = {.cost = INFINITY}};
  hrs_tables *tables = NULL;
  hrs_status status;
  HRS_GO(hrs_calloc(1, sizeof *tables, &tables));
  p.tables = tables;
  tables->session = session;
  tables->n = n;
  tables->most_bytes = most;
  tables->most_block_bytes = most / 4;
  HRS_GO(hrs_alloc(session->n_slots, sizeof *tables->of_slot, &tables->of_slot));
  HRS_GO(hrs_alloc(session->n_slots, sizeof *p.made, &p.made));
  HRS_GO(hrs_alloc(session->n_slots, sizeof *p.producer, &p.producer));
  HRS_GO(hrs_calloc(session->n_steps, sizeof *p.step, &p.step));
  for (int i = 0; i < session->n_slots; i++)
    tables->of_slot[i] = p.made[i] = p.producer[i] = -1;
  HRS_GO(grow(&p, label));
  HRS_GO(reserve(&p));
  /* Small savings are not worth the memory. */
  p.best.cost = ldexp((double)session->multiply_adds, n) * 0.95;
  p.best.steps = -1;
  HRS_GO(choose(&p));
  if (p.best.steps < 0) goto done;
  HRS_GO(settle(&p));
  HRS_GO(hrs_tables_lay_out(tables));
  *out = tables;
  tables = NULL;
done:
  plan_free(&p);
  hrs_tables_destroy(&tables);
  return status;
}
