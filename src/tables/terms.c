/*
 * Adding up terms over a sub-cube of masks, where each depends on few players.
 *
 * By doubling: once the values for all states of the lowest k free players stand there, those with
 * player k present start as copies, and every term whose highest free player is k joins all of
 * them. A term so joins once for each state of the players up to its own highest one, not for each
 * mask. Terms over the same players are joined first, where that is fewer additions.
 */
#include "sites.h"

#include "base/simd.h"

#include <math.h>
#include <string.h>

hrs_status hrs_scratch_rows(hrs_scratch *scratch, hrs_count rows) {
  if (rows <= scratch->rows) return HRS_OK;
  HRS_TRY(hrs_realloc(&scratch->index, rows, sizeof *scratch->index));
  scratch->rows = rows;
  return HRS_OK;
}

hrs_status hrs_scratch_terms(hrs_scratch *scratch, hrs_count terms) {
  if (terms <= scratch->terms) return HRS_OK;
  /* The second half is for those that were joined. */
  HRS_TRY(hrs_realloc(&scratch->term, 2 * terms, sizeof *scratch->term));
  scratch->terms = terms;
  return HRS_OK;
}

hrs_status hrs_scratch_floats(hrs_scratch *scratch, hrs_count floats) {
  if (floats <= scratch->floats) return HRS_OK;
  HRS_TRY(hrs_realloc(&scratch->value, floats, sizeof *scratch->value));
  scratch->floats = floats;
  return HRS_OK;
}

void hrs_scratch_free(hrs_scratch *scratch) {
  hrs_free(scratch->index);
  hrs_free(scratch->value);
  hrs_free(scratch->term);
}

/* ---- kernels -------------------------------------------------------------------------------- */

HRS_INLINE void join(bool max, hrs_count width, const float *restrict from, float *restrict to) {
  HRS_INDEPENDENT
  for (hrs_count c = 0; c < width; c++)
    to[c] = !max ? to[c] + from[c] : from[c] > to[c] ? from[c] : to[c];
}

HRS_INLINE void join_rows(bool max, hrs_count width, const hrs_term *term, const int32_t *index,
                          hrs_count rows, float *out) {
  for (hrs_count i = 0; i < rows; i++)
    join(max, width, term->data + index[i] * term->step, out + i * width);
}

/* The copies for a player present, and a term's part in both halves, in one sweep. */
HRS_INLINE void double_rows(bool max, hrs_count width, const hrs_term *term, const int32_t *index,
                            hrs_count rows, float *restrict out) {
  float *restrict upper = out + rows * width;
  for (hrs_count i = 0; i < rows; i++) {
    const float *absent = term->data + index[i] * term->step;
    const float *present = term->data + index[rows + i] * term->step;
    float *low = out + i * width, *high = upper + i * width;
    HRS_INDEPENDENT
    for (hrs_count c = 0; c < width; c++) {
      float x = low[c];
      low[c] = !max ? x + absent[c] : absent[c] > x ? absent[c] : x;
      high[c] = !max ? x + present[c] : present[c] > x ? present[c] : x;
    }
  }
}

/* Either of the two, compiled for sums of common widths and for maxima. */
HRS_INLINE void sweep(bool doubles, bool max, hrs_count width, const hrs_term *term,
                      const int32_t *index, hrs_count rows, float *out) {
  if (doubles)
    double_rows(max, width, term, index, rows, out);
  else
    join_rows(max, width, term, index, rows, out);
}

HRS_INLINE void sweep_widths(bool doubles, bool max, hrs_count width, const hrs_term *term,
                             const int32_t *index, hrs_count rows, float *out) {
  if (max)
    sweep(doubles, true, width, term, index, rows, out);
  else if (width == 8)
    sweep(doubles, false, 8, term, index, rows, out);
  else if (width == 16)
    sweep(doubles, false, 16, term, index, rows, out);
  else
    sweep(doubles, false, width, term, index, rows, out);
}

typedef void sweep_function(bool doubles, bool max, hrs_count width, const hrs_term *term,
                            const int32_t *index, hrs_count rows, float *out);

static void sweep_any(bool doubles, bool max, hrs_count width, const hrs_term *term,
                      const int32_t *index, hrs_count rows, float *out) {
  sweep_widths(doubles, max, width, term, index, rows, out);
}

HRS_TARGET_AVX2 static void sweep_avx2(bool doubles, bool max, hrs_count width,
                                       const hrs_term *term, const int32_t *index, hrs_count rows,
                                       float *out) {
  sweep_widths(doubles, max, width, term, index, rows, out);
}

/* One sweep for several terms: from `start` (NULL: from what stands in out). */
HRS_INLINE void add_rows(int terms, hrs_count width, const hrs_term *term, const int32_t *index,
                         hrs_count rows, const float *start, float *out) {
  for (hrs_count i = 0; i < rows; i++) {
    const float *from[4];
    for (int k = 0; k < 4; k++)
      from[k] = term[k < terms ? k : 0].data +
                index[(k < terms ? k : 0) * rows + i] * term[k < terms ? k : 0].step;
    float *to = out + i * width;
    const float *before = start ? start : to;
    HRS_INDEPENDENT
    for (hrs_count c = 0; c < width; c++) {
      float sum = from[0][c];
      if (terms > 1) sum += from[1][c];
      if (terms > 2) sum += terms > 3 ? from[2][c] + from[3][c] : from[2][c];
      to[c] = before[c] + sum;
    }
  }
}

HRS_INLINE void add_some(int terms, hrs_count width, const hrs_term *term, const int32_t *index,
                         hrs_count rows, const float *start, float *out) {
  if (terms == 4)
    add_rows(4, width, term, index, rows, start, out);
  else if (terms == 3)
    add_rows(3, width, term, index, rows, start, out);
  else if (terms == 2)
    add_rows(2, width, term, index, rows, start, out);
  else
    add_rows(1, width, term, index, rows, start, out);
}

static void add_any(int terms, hrs_count width, const hrs_term *term, const int32_t *index,
                    hrs_count rows, const float *start, float *out) {
  add_some(terms, width, term, index, rows, start, out);
}

HRS_TARGET_AVX2 static void add_avx2(int terms, hrs_count width, const hrs_term *term,
                                     const int32_t *index, hrs_count rows, const float *start,
                                     float *out) {
  add_some(terms, width, term, index, rows, start, out);
}

hrs_status hrs_terms_add(hrs_count width, hrs_mask free, int count, const hrs_term *terms,
                         const float *start, hrs_scratch *scratch, float *out) {
  enum { TOGETHER = 4 };
  hrs_count rows = (hrs_count)1 << hrs_order(free);
  HRS_TRY(hrs_scratch_rows(scratch, TOGETHER * rows));
  for (hrs_count i = 0; count == 0 && i < rows; i++)
    memcpy(out + i * width, start, (size_t)width * sizeof *out);
  for (int first = 0; first < count; first += TOGETHER) {
    int some = count - first < TOGETHER ? count - first : TOGETHER;
    for (int k = 0; k < some; k++)
      hrs_state_rows(free, terms[first + k].players, scratch->index + k * rows);
    (hrs_has_avx2() ? add_avx2 : add_any)(some, width, terms + first, scratch->index, rows,
                                          first == 0 ? start : NULL, out);
  }
  return HRS_OK;
}

/* ---- terms over the same players ------------------------------------------------------------- */

/* Highest free player of a term, counted among the free ones; -1: none. */
static int level_of(hrs_mask players, hrs_mask free) {
  hrs_mask own = players & free;
  if (!own) return -1;
  int level = hrs_order(free);
  for (hrs_mask high = own; high; high &= high - 1)
    own = high & -high;
  return level - hrs_order(free & ~(own - 1));
}

/* Join terms over the same players, where states of theirs are fewer than those they would join one
 * by one; the terms that are left stand in out. */
static hrs_status join_same(sweep_function *sweep_them, bool max, hrs_count width, hrs_mask free,
                            int count, const hrs_term *terms, hrs_scratch *scratch, hrs_term *out,
                            int *n_out) {
  hrs_count floats = 0;
  for (int pass = 0; pass < 2; pass++) {
    hrs_count at = 0;
    *n_out = 0;
    for (int k = 0; k < count; k++) {
      hrs_mask own = terms[k].players & free;
      int level = level_of(own, free), same = 0, before = 0;
      for (int j = 0; j < count; j++)
        if ((terms[j].players & free) == own) {
          before += j < k;
          same++;
        }
      hrs_count states = (hrs_count)1 << hrs_order(own);
      bool joined = same > 1 && level >= 0 && 2 * states <= (hrs_count)2 << level;
      if (!joined) {
        if (pass) out[*n_out] = terms[k];
        (*n_out)++;
        continue;
      }
      if (before) continue;
      if (pass) {
        float *to = scratch->value + at;
        memset(to, 0, (size_t)(states * width) * sizeof *to);
        for (hrs_count i = 0; max && i < states * width; i++)
          to[i] = -INFINITY;
        for (int j = k; j < count; j++)
          if ((terms[j].players & free) == own) {
            hrs_state_rows(own, terms[j].players, scratch->index);
            sweep_them(false, max, width, &terms[j], scratch->index, states, to);
          }
        out[*n_out] = (hrs_term){own, to, width};
      }
      (*n_out)++;
      at += states * width;
    }
    floats = at;
    if (!pass) HRS_TRY(hrs_scratch_floats(scratch, floats));
  }
  return HRS_OK;
}

/* ---- all terms ------------------------------------------------------------------------------ */

hrs_status hrs_terms_combine(hrs_combine how, hrs_count width, hrs_mask free, int count,
                             const hrs_term *terms, const float *start, hrs_scratch *scratch,
                             float *out) {
  bool max = how == HRS_COMBINE_MAX;
  sweep_function *sweep_them = hrs_has_avx2() ? sweep_avx2 : sweep_any;
  int order = hrs_order(free), left = count;
  HRS_TRY(hrs_scratch_rows(scratch, (hrs_count)1 << order));
  HRS_TRY(hrs_scratch_terms(scratch, count));
  const hrs_term *list = terms;
  if (order > 2 && count > 1) {
    hrs_term *joined = scratch->term + scratch->terms;
    HRS_TRY(join_same(sweep_them, max, width, free, count, terms, scratch, joined, &left));
    list = joined;
  }
  for (hrs_count c = 0; c < width; c++)
    out[c] = start ? start[c] : max ? -INFINITY : 0;
  static const int32_t none[1] = {0};
  for (int k = 0; k < left; k++)
    if (level_of(list[k].players, free) < 0) sweep_them(false, max, width, &list[k], none, 1, out);
  hrs_mask below = 0, rest = free;
  for (int level = 0; level < order; level++, rest &= rest - 1) {
    hrs_count half = (hrs_count)1 << level;
    bool doubled = false;
    below |= rest & -rest;
    for (int k = 0; k < left; k++) {
      if (level_of(list[k].players, free) != level) continue;
      hrs_state_rows(below, list[k].players, scratch->index);
      sweep_them(!doubled, max, width, &list[k], scratch->index, doubled ? 2 * half : half, out);
      doubled = true;
    }
    if (!doubled) memcpy(out + half * width, out, (size_t)(half * width) * sizeof *out);
  }
  return HRS_OK;
}
