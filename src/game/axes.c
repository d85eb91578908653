/*
 * Which axes of a tensor are places (a length; rows and columns; depth, rows and columns), and
 * which one holds channels.
 *
 * A shape alone does not always tell. What it leaves open is refused with the ways to settle it: a
 * guess would blur across channels, or make rows of them, without a word.
 */
#include "internal.h"

static bool is_few(hrs_count size) {
  return size == 1 || size == 3 || size == 4;
}

/* What the sizes behind the batch axis tell; AUTO where they leave it open. */
static hrs_layout layout_by_sizes(int count, const hrs_count *dim) {
  hrs_count first = dim[0], last = dim[count - 1];
  if (count == 1) return HRS_LAYOUT_NO_CHANNELS;
  if (count == 2)
    return first == 1  ? HRS_LAYOUT_CHANNELS_FIRST
           : last == 1 ? HRS_LAYOUT_CHANNELS_LAST
                       : HRS_LAYOUT_AUTO;
  if (is_few(last) && first > last) {
    /* Many channels of 3x3 pixels look the same. */
    bool cube = true;
    for (int i = 2; i < count; i++)
      cube &= dim[i] == dim[1];
    return cube ? HRS_LAYOUT_AUTO : HRS_LAYOUT_CHANNELS_LAST;
  }
  /* Frames of a film have their channels in the middle. */
  bool frames = count == 4 && is_few(dim[1]) && first > dim[1];
  return frames ? HRS_LAYOUT_AUTO : HRS_LAYOUT_CHANNELS_FIRST;
}

static hrs_status left_open(const char *what, int rank, const hrs_count *dim, int count) {
  static const char *const readings[] = {
      "channels-first ([channels, length]), channels-last ([length, channels]) or no-channels "
      "([rows, columns])",
      "channels-first ([channels, rows, columns]), channels-last ([rows, columns, channels]) or "
      "no-channels ([depth, rows, columns])",
      "channels-first ([channels, depth, rows, columns]) or channels-last ([depth, rows, columns, "
      "channels]); if neither fits, give a map:FILE of players or a tensor:FILE as baseline"};
  char shape[HRS_SHAPE_TEXT];
  HRS_FAIL(USAGE, "%s: shape %s does not tell which axis holds channels; say --layout %s", what,
           hrs_shape_text(rank, dim, shape, sizeof shape), readings[count - 2]);
}

hrs_status hrs_axes_find(const char *what, int rank, const hrs_count *dim, hrs_layout layout,
                         hrs_axes *out) {
  int batch = hrs_batch_axes(rank, dim), count = rank - batch;
  char shape[HRS_SHAPE_TEXT];
  if (count <= 1) layout = HRS_LAYOUT_NO_CHANNELS;
  int most = layout == HRS_LAYOUT_NO_CHANNELS ? 3 : 4;
  HRS_REQUIRE(count >= 1 && count <= most, USAGE,
              "%s needs a tensor with 1 to 3 axes besides those of batch and channels; shape %s "
              "has %d",
              what, hrs_shape_text(rank, dim, shape, sizeof shape), count - (most - 3));
  if (layout == HRS_LAYOUT_AUTO) layout = layout_by_sizes(count, dim + batch);
  if (layout == HRS_LAYOUT_AUTO) return left_open(what, rank, dim, count);
  bool channels = layout != HRS_LAYOUT_NO_CHANNELS, first = layout == HRS_LAYOUT_CHANNELS_FIRST;
  out->channels = !channels ? -1 : first ? batch : rank - 1;
  out->first = batch + (channels && first);
  out->places = count - channels;
  return HRS_OK;
}

int hrs_batch_axes(int rank, const hrs_count *dim) {
  return rank > 1 && dim[0] == 1 ? 1 : 0;
}
