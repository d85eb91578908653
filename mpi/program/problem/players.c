/* Players and baseline of a network problem, laid over the masked tensor. */
#include "builder.h"

#include <stdio.h>
#include <string.h>

/* What --layout says, or else what the network shows by how it reads the masked tensor. Inner
 * tensors of images and volumes are as ONNX's convolutions make them, whatever their sizes. */
static hrs_status find_layout(const hrs_problem_builder *b, hrs_layout *out) {
  const hrs_array *masked = hrs_problem_masked_tensor(b);
  int rank = masked->rank - 1, channels;
  *out = (hrs_layout)b->o->layout;
  if (*out != HRS_LAYOUT_AUTO) return HRS_OK;
  HRS_TRY(hrs_model_channel_axis(b->problem->model, b->o->mask_at ? b->o->mask_at : b->names[0],
                                 rank, &channels));
  if (channels == 1 && masked->dim[1] == 1)
    *out = HRS_LAYOUT_CHANNELS_FIRST;
  else if (channels > 1 && channels == rank - 1)
    *out = HRS_LAYOUT_CHANNELS_LAST;
  else if (channels < 0 && b->o->mask_at && rank >= 4)
    *out = HRS_LAYOUT_CHANNELS_FIRST;
  return HRS_OK;
}

/* A map or baseline from its file. */
static hrs_status load_beside(const hrs_problem_builder *b, const char *option, const char *spec,
                              hrs_dtype type, hrs_array *header, hrs_array *out, bool per_sample) {
  char what[512];
  snprintf(what, sizeof what, "%s %s", option, spec);
  hrs_problem_beside beside = {
      .what = what, .path = strchr(spec, ':') + 1, .type = type, .per_sample = per_sample};
  HRS_TRY(hrs_problem_load_beside(b, &beside, header, out));
  if (out->rank == HRS_MAX_RANK) return HRS_OK;
  /* The rows of few samples must not look like something else: behind their axis, or in front of
   * an array for all, there is an axis of length 1. */
  memmove(out->dim + 1 + per_sample, out->dim + per_sample,
          (size_t)(out->rank - per_sample) * sizeof *out->dim);
  out->dim[per_sample] = 1;
  out->rank++;
  return HRS_OK;
}

static hrs_status load_map(const hrs_problem_builder *b, const char *spec, hrs_array *map) {
  const hrs_array *masked = hrs_problem_masked_tensor(b);
  hrs_array header;
  bool per_sample;
  hrs_layout layout;
  HRS_TRY(find_layout(b, &layout));
  HRS_TRY_CONTEXT(hrs_problem_peek(b->comm, spec + 4, &header), "--players");
  HRS_TRY(hrs_players_map_form(spec, &header, masked->rank - 1, masked->dim + 1, layout,
                               b->problem->all, b->problem->samples, &per_sample));
  return load_beside(b, "--players", spec, HRS_I32, &header, map, per_sample);
}

static hrs_status load_tensor(const hrs_problem_builder *b, const char *spec, hrs_array *tensor) {
  const hrs_array *masked = hrs_problem_masked_tensor(b);
  hrs_array header;
  bool per_sample;
  HRS_TRY_CONTEXT(hrs_problem_peek(b->comm, spec + 7, &header), "--baseline");
  HRS_TRY(hrs_baseline_tensor_form(spec, &header, masked, b->problem->all, &per_sample));
  bool whole = masked->type > HRS_BF16 && header.type > HRS_BF16;
  return load_beside(b, "--baseline", spec, whole ? masked->type : HRS_NONE, &header, tensor,
                     per_sample);
}

hrs_status hrs_problem_make_players(hrs_problem_builder *b) {
  const hrs_problem_options *o = b->o;
  const char *spec = o->players ? o->players : "features";
  const hrs_array *masked = hrs_problem_masked_tensor(b);
  hrs_layout layout;
  HRS_TRY(find_layout(b, &layout));
  b->problem->layout = layout;
  hrs_array map = {0};
  if (strncmp(spec, "map:", 4) == 0) HRS_TRY(load_map(b, spec, &map));
  hrs_players *players = &b->problem->players;
  hrs_status status = hrs_players_create(spec, masked->rank - 1, masked->dim + 1, layout,
                                         map.data ? &map : NULL, b->problem->samples, players);
  hrs_array_destroy(&map);
  HRS_TRY(status);
  if (o->subset) HRS_TRY(hrs_players_subset(players, o->subset));
  HRS_REQUIRE(players->n >= 1 && players->n <= HRS_MAX_PLAYERS, USAGE,
              "--players %s: %d players, but there must be 1 to %d (2^n masks are evaluated); "
              "choose fewer with --players grid:RxC, map:FILE, or --subset",
              spec, players->n, HRS_MAX_PLAYERS);
  b->problem->n = players->n;
  return HRS_OK;
}

hrs_status hrs_problem_make_baseline(hrs_problem_builder *b) {
  const hrs_problem_options *o = b->o;
  const hrs_array *masked = hrs_problem_masked_tensor(b);
  bool whole = masked->type == HRS_I64 || masked->type == HRS_I32;
  HRS_REQUIRE(o->baseline || !whole, USAGE,
              "--baseline token:ID is needed: the masked input holds token ids (%s), and only you "
              "know which one stands for an absent word ([MASK], [PAD])",
              hrs_dtype_name(masked->type));
  const char *spec = o->baseline ? o->baseline : "zero";
  hrs_layout layout;
  HRS_TRY(find_layout(b, &layout));
  hrs_array file = {0};
  bool mean = strncmp(spec, "mean:", 5) == 0, tensor = strncmp(spec, "tensor:", 7) == 0;
  if (tensor) HRS_TRY(load_tensor(b, spec, &file));
  if (mean) HRS_TRY_CONTEXT(hrs_problem_load(b->comm, spec + 5, 0, NULL, &file), "--baseline");
  hrs_status status = hrs_baseline_create(spec, masked, layout, mean || tensor ? &file : NULL,
                                          &b->problem->baseline);
  hrs_array_destroy(&file);
  return status;
}
