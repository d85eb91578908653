/*
 * Operators that only move elements about: transposes, slices, concatenations, paddings, ...
 *
 * Which element goes where is found out by running the operator itself once, on the numbers of the
 * elements: whatever its attributes mean, the table of moves is right.
 */
#include "sites.h"

#include <string.h>

/* Numbers that a float32 holds exactly. */
enum { MOST_ELEMENTS = 1 << 24 };

static bool moves(const char *op) {
  static const char *const known[] = {"Transpose",    "Slice",        "Split", "Concat", "Gather",
                                      "DepthToSpace", "SpaceToDepth", "Tile",  "Expand", "Pad"};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(op, known[i]) == 0) return true;
  return false;
}

/* Operands that are moved: the first, or all of a concatenation. The others say how. */
static int moved_operands(const hrs_step *step) {
  return strcmp(step->node.op, "Concat") == 0 ? step->call.n_in : 1;
}

static bool is_known(const hrs_tables *front, const hrs_step *step) {
  if (!moves(step->node.op)) return false;
  hrs_count elements = 0;
  for (int i = 0; i < step->call.n_in; i++) {
    if (step->in[i] < 0) continue;
    bool varies = hrs_slot_varies(front->session, step->in[i]);
    if (!varies && !hrs_slot_constant(front->session, step->in[i])) return false;
    if (i < moved_operands(step)) elements += hrs_tensor_count(&step->call.in[i]);
    if (varies && i >= moved_operands(step)) return false;
  }
  if (strcmp(step->node.op, "Pad") == 0) {
    const char *mode = hrs_attr_string(&step->node, "mode", "constant");
    bool value = (step->call.n_in > 2 && step->in[2] >= 0) || hrs_attr_has(&step->node, "value");
    if (value && strcmp(mode, "constant") == 0) return false; /* 0 is known: see below */
  }
  return elements < MOST_ELEMENTS;
}

/* An operand with the elements' numbers instead of their values: first, first + 1, ... */
static hrs_status number(hrs_tensor *tensor, hrs_count first) {
  hrs_count count = hrs_tensor_count(tensor);
  double *numbers;
  tensor->data = NULL;
  HRS_TRY(hrs_alloc(count, sizeof *numbers, &numbers));
  for (hrs_count e = 0; e < count; e++)
    numbers[e] = (double)(first + e);
  hrs_status status = hrs_alloc(count, hrs_dtype_size(tensor->type), &tensor->data);
  if (status == HRS_OK) status = hrs_convert(HRS_F64, numbers, tensor->type, tensor->data, count);
  hrs_free(numbers);
  return status;
}

/* Run the step on numbers that start at 1, so that 0 is what padding adds: its outputs' data are
 * the caller's to free. */
static hrs_status run_on_numbers(const hrs_step *step, hrs_tensor *in, hrs_tensor *out) {
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
    HRS_GO(number(&in[i], first));
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

/* Sites of an output from the numbers that stand in it. */
static hrs_status add_output(hrs_tables *front, int at, const hrs_tensor *numbers, int slot,
                             const int *in) {
  const hrs_step *step = front->session->step[at];
  int n_in = moved_operands(step), axis, id;
  hrs_count count = hrs_tensor_count(numbers);
  double *number = NULL;
  int32_t *source = NULL;
  hrs_mask *players = NULL;
  hrs_status status;
  HRS_GO(hrs_alloc(count, sizeof *number, &number));
  HRS_GO(hrs_alloc(count, sizeof *source, &source));
  HRS_GO(hrs_calloc(count, sizeof *players, &players));
  HRS_GO(hrs_convert(numbers->type, numbers->data, HRS_F64, number, count));
  for (hrs_count e = 0; e < count; e++) {
    source[e] = (int32_t)number[e] - 1;
    hrs_count own = source[e];
    for (int i = 0; i < n_in && own >= 0; i++) {
      const hrs_sites *sites = front->sites[in[i]];
      hrs_count size = hrs_tensor_count(&step->call.in[i]);
      if (own < size) players[e] = sites->players[hrs_sites_position(sites, own)];
      own -= size;
    }
  }
  HRS_GO(hrs_sites_best_axis(numbers, players, &axis));
  HRS_GO(hrs_sites_add(front, HRS_SITES_MOVE, numbers, axis, n_in, &id));
  hrs_sites *sites = front->sites[id];
  sites->step = step;
  sites->at = at;
  sites->source = source;
  source = NULL;
  memcpy(sites->in, in, (size_t)n_in * sizeof *in);
  for (hrs_count e = 0; e < count; e++)
    sites->players[hrs_sites_position(sites, e)] |= players[e];
  sites->work = 2 * (double)sites->channels;
  front->of_slot[slot] = id;
done:
  hrs_free(number);
  hrs_free(source);
  hrs_free(players);
  return status;
}

static hrs_status grow(hrs_tables *front, int at, hrs_tensor *numbers, int *in) {
  const hrs_step *step = front->session->step[at];
  for (int i = 0; i < moved_operands(step); i++) {
    if (hrs_slot_varies(front->session, step->in[i]))
      in[i] = front->of_slot[step->in[i]];
    else
      HRS_TRY(hrs_tables_constant(front, at, i, -1, &in[i]));
  }
  hrs_tensor *outputs = numbers + step->call.n_in;
  hrs_status status = run_on_numbers(step, numbers, outputs);
  for (int i = 0; i < step->call.n_out && status == HRS_OK; i++)
    if (step->out[i] >= 0) status = add_output(front, at, &outputs[i], step->out[i], in);
  for (int i = 0; i < step->call.n_out; i++)
    hrs_free(outputs[i].data);
  return status;
}

hrs_status hrs_tables_grow_move(hrs_tables *front, int at, bool *done) {
  const hrs_step *step = front->session->step[at];
  *done = is_known(front, step);
  if (!*done) return HRS_OK;
  hrs_tensor *numbers = NULL;
  int *in = NULL;
  hrs_status status;
  HRS_GO(hrs_calloc(step->call.n_in + step->call.n_out, sizeof *numbers, &numbers));
  HRS_GO(hrs_alloc(step->call.n_in, sizeof *in, &in));
  status = grow(front, at, numbers, in);
done:
  hrs_free(numbers);
  hrs_free(in);
  return status;
}
