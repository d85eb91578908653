/*
 * conv_winograd_product.h -- the products of conv_winograd.c, for processors with
 * HRS_HAVE_TILES (tile.h).
 */
#ifndef HRS_NETWORK_OPERATORS_CONV_WINOGRAD_PRODUCT_H
#define HRS_NETWORK_OPERATORS_CONV_WINOGRAD_PRODUCT_H

#include <harsanyi/base.h>

/** Of a tile of 4x4 pixels. */
enum { HRS_WINOGRAD_POSITIONS = 16 };

typedef struct hrs_winograd_product {
  hrs_count in_channels, out_channels; /* output channels rounded up to whole tiles of them */
  hrs_count channels, vectors;         /* of a tile: 6 and 2, or 4 and 3 */
  hrs_count step;                      /* numbers from channel to channel, in both arrays */
  const float *weight;                 /* [position][tile of channels][input channel][channel] */
} hrs_winograd_product;

/** out[position][output channel][tile] = weight * in[position][input channel][tile]. What is
 * written behind the last tile, up to whole vectors, is of no use. */
void hrs_winograd_multiply(const hrs_winograd_product *product, hrs_count tiles, const float *in,
                           float *out);

#endif
