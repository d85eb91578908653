/*
 * Operators that only move elements about: transposes, slices, concatenations, paddings, ...
 *
 * Which element goes where is found out by running the operator itself once, on the numbers of the
 * elements: whatever its attributes mean, the table of moves is right. A second run, on the numbers
 * with another sign, shows what is no element, but what the operator puts there itself.
 */
#include "sites.h"

#include <string.h>

/* Numbers that a float32 holds exactly. */
enum { MOST_ELEMENTS = 1 << 24 };

/* Operands that are moved: the first, or all where there may be many. The others say how. */
static int moved_operands(const hrs_step *step) {
  return step->node.def->max_in < 0 ? step->call.n_in : 1;
}

static bool is_known(const hrs_tables *tables, const hrs_step *step) {
  hrs_dependence depends = step->node.def->facts.depends;
  if (depends != HRS_BY_MOVE && depends != HRS_BY_INDEX) return false;
  hrs_count elements = 0;
  for (int i = 0; i < step->call.n_in; i++) {
    if (step->in[i] < 0) continue;
    bool varies = hrs_slot_varies(tables->session, step->in[i]);
    if (!varies && !hrs_slot_constant(tables->session, step->in[i])) return false;
    if (i < moved_operands(step)) elements += hrs_tensor_count(&step->call.in[i]);
    if (varies && i >= moved_operands(step)) return false;
  }
  return elements < MOST_ELEMENTS;
}

/* An operand with the elements' numbers instead of their values: first, first + 1, ..., times
 * `sign`. */
static hrs_status number(hrs_tensor *tensor, hrs_count first, int sign) {
  hrs_count count = hrs_tensor_count(tensor);
  double *numbers;
  tensor->data = NULL;
  HRS_TRY(hrs_alloc(count, sizeof *numbers, &numbers));
  for (hrs_count e = 0; e < count; e++)
    numbers[e] = sign * (double)(first + e);
  hrs_status status = hrs_alloc(count, hrs_dtype_size(tensor->type), &tensor->data);
  if (status == HRS_OK) status = hrs_convert(HRS_F64, numbers, tensor->type, tensor->data, count);
  hrs_free(numbers);
  return status;
}

/* Run the step on numbers that start at 1. Its outputs' data are the caller's to free. */
static hrs_status run_on_numbers(const hrs_step *step, int sign, hrs_tensor *in, hrs_tensor *out) {
  hrs_call call = step->call;
  hrs_count first = 1;
  hrs_status status = HRS_OK;
  call.in = in;
  call.out = out;
  call.batch = 1;
  call.workspace = NULL;
  for (int i = 0; i < call.n_in; i++)
    in[i] = step->call.in[i];
  for (int i = 0; i < call.n_out; i++) {
    out[i] = step->call.out[i];
    out[i].data = NULL;
  }
  for (int i = 0; i < moved_operands(step); i++) {
    HRS_GO(number(&in[i], first, sign));
    first += hrs_tensor_count(&in[i]);
  }
  for (int i = 0; i < call.n_out; i++)
    if (out[i].type != HRS_NONE)
      HRS_GO(hrs_alloc(hrs_tensor_count(&out[i]), hrs_dtype_size(out[i].type), &out[i].data));
  HRS_GO(hrs_alloc(call.workspace_bytes, 1, &call.workspace));
  status = step->node.def->run(&call);
done:
  hrs_free(call.workspace);
  for (int i = 0; i < moved_operands(step); i++)
    hrs_free(in[i].data);
  return status;
}

/* Where each element of an output comes from, by what stood in it in both runs; -1: from nowhere,
 * it is 0. *known: no element is another number that the operator puts there. */
static hrs_status find_sources(const hrs_tensor *plus, const hrs_tensor *minus, int32_t *source,
                               bool *known) {
  hrs_count count = hrs_tensor_count(plus);
  double *number = NULL, *mirrored = NULL;
  hrs_status status;
  HRS_GO(hrs_alloc(count, sizeof *number, &number));
  HRS_GO(hrs_alloc(count, sizeof *mirrored, &mirrored));
  HRS_GO(hrs_convert(plus->type, plus->data, HRS_F64, number, count));
  HRS_GO(hrs_convert(minus->type, minus->data, HRS_F64, mirrored, count));
  *known = true;
  for (hrs_count e = 0; e < count; e++) {
    bool moved = number[e] > 0 && mirrored[e] == -number[e];
    source[e] = moved ? (int32_t)number[e] - 1 : -1;
    *known &= moved || (number[e] == 0 && mirrored[e] == 0);
  }
done:
  hrs_free(number);
  hrs_free(mirrored);
  return status;
}

/* Sites of an output. */
static hrs_status add_output(hrs_tables *tables, int at, const hrs_tensor *plus,
                             const hrs_tensor *minus, int slot, const int *in) {
  const hrs_step *step = tables->session->step[at];
  int n_in = moved_operands(step), axis, id;
  hrs_count count = hrs_tensor_count(plus);
  int32_t *source = NULL;
  hrs_mask *players = NULL;
  bool known = false;
  hrs_status status;
  HRS_GO(hrs_alloc(count, sizeof *source, &source));
  HRS_GO(hrs_calloc(count, sizeof *players, &players));
  HRS_GO(find_sources(plus, minus, source, &known));
  if (!known) goto done;
  for (hrs_count e = 0; e < count; e++) {
    hrs_count own = source[e];
    for (int i = 0; i < n_in && own >= 0; i++) {
      const hrs_sites *sites = tables->sites[in[i]];
      hrs_count size = hrs_tensor_count(&step->call.in[i]);
      if (own < size) players[e] = sites->players[hrs_sites_position(sites, own)];
      own -= size;
    }
  }
  HRS_GO(hrs_sites_best_axis(plus, players, &axis));
  HRS_GO(hrs_sites_add(tables, HRS_SITES_MOVE, plus, axis, n_in, &id));
  hrs_sites *sites = tables->sites[id];
  sites->step = step;
  sites->at = at;
  sites->source = source;
  source = NULL;
  memcpy(sites->in, in, (size_t)n_in * sizeof *in);
  for (hrs_count e = 0; e < count; e++)
    sites->players[hrs_sites_position(sites, e)] |= players[e];
  sites->work = 2 * (double)sites->channels;
  tables->of_slot[slot] = id;
done:
  hrs_free(source);
  hrs_free(players);
  return status;
}

/* `tensors`: room for the inputs, and for the outputs of both runs. */
static hrs_status grow(hrs_tables *tables, int at, hrs_tensor *tensors, int *in) {
  const hrs_step *step = tables->session->step[at];
  int n_out = step->call.n_out;
  hrs_tensor *plus = tensors + step->call.n_in, *minus = plus + n_out;
  for (int i = 0; i < moved_operands(step); i++) {
    if (hrs_slot_varies(tables->session, step->in[i]))
      in[i] = tables->of_slot[step->in[i]];
    else
      HRS_TRY(hrs_tables_constant(tables, at, i, -1, &in[i]));
  }
  hrs_status status = run_on_numbers(step, 1, tensors, plus);
  if (status == HRS_OK) status = run_on_numbers(step, -1, tensors, minus);
  for (int i = 0; i < n_out && status == HRS_OK; i++)
    if (step->out[i] >= 0) status = add_output(tables, at, &plus[i], &minus[i], step->out[i], in);
  for (int i = 0; i < 2 * n_out; i++)
    hrs_free(plus[i].data);
  return status;
}

hrs_status hrs_tables_grow_move(hrs_tables *tables, int at, bool *done) {
  const hrs_step *step = tables->session->step[at];
  *done = is_known(tables, step);
  if (!*done) return HRS_OK;
  hrs_tensor *tensors = NULL;
  int *in = NULL;
  hrs_status status;
  HRS_GO(hrs_calloc(step->call.n_in + 2 * step->call.n_out, sizeof *tensors, &tensors));
  HRS_GO(hrs_alloc(step->call.n_in, sizeof *in, &in));
  status = grow(tables, at, tensors, in);
done:
  hrs_free(tensors);
  hrs_free(in);
  return status;
}
