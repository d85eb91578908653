/*
 * Swaps of tiles across the diagonal: a[i][j] <-> b[j][i] of two matrices of tiles, in squares.
 *
 * Tiles of up to 64 bytes, as small and middling lattices have them, go through two small buffers
 * with sizes that the compiler knows, eight at a time each way, so that a cache line is read and
 * written whole. Larger ones are swapped one by one, in squares of 16, so that the pages of their
 * rows stay in the TLB.
 */
#include "transpose.h"

#include "src/base/simd.h"

#include <string.h>

enum { SMALL_SQUARE = 8, SQUARE = 16, LARGEST_SMALL = 64 };

/* Squares of `rows` x `columns` tiles of so many bytes, which the compiler knows; a and b may be
 * the same square on the diagonal. */
HRS_INLINE void swap_small(hrs_count bytes, char *a, char *b, hrs_count row, hrs_count rows,
                           hrs_count columns) {
  enum { MOST = SMALL_SQUARE * SMALL_SQUARE * LARGEST_SMALL };
  char x[MOST], y[MOST];
  const hrs_count line = SMALL_SQUARE * bytes;
  const size_t tile = (size_t)bytes;
  for (hrs_count i = 0; i < rows; i++)
    for (hrs_count j = 0; j < columns; j++)
      memcpy(x + j * line + i * bytes, a + i * row + j * bytes, tile);
  for (hrs_count j = 0; j < columns; j++)
    for (hrs_count i = 0; i < rows; i++)
      memcpy(y + i * line + j * bytes, b + j * row + i * bytes, tile);
  for (hrs_count i = 0; i < rows; i++)
    memcpy(a + i * row, y + i * line, (size_t)columns * tile);
  for (hrs_count j = 0; j < columns; j++)
    memcpy(b + j * row, x + j * line, (size_t)rows * tile);
}

static void swap_tiles(char *a, char *b, hrs_count bytes) {
  char buffer[4096];
  for (hrs_count done = 0; done < bytes; done += (hrs_count)sizeof buffer) {
    size_t piece = bytes - done < (hrs_count)sizeof buffer ? (size_t)(bytes - done) : sizeof buffer;
    memcpy(buffer, a + done, piece);
    memcpy(a + done, b + done, piece);
    memcpy(b + done, buffer, piece);
  }
}

static void swap_large(char *a, char *b, hrs_count row, hrs_count rows, hrs_count columns,
                       hrs_count tile) {
  for (hrs_count i = 0; i < rows; i++)
    for (hrs_count j = a == b ? i + 1 : 0; j < columns; j++)
      swap_tiles(a + i * row + j * tile, b + j * row + i * tile, tile);
}

void hrs_swap_across(char *a, char *b, hrs_count row, hrs_count tile, hrs_count rows,
                     hrs_count columns) {
  hrs_count square = tile <= LARGEST_SMALL ? SMALL_SQUARE : SQUARE;
  for (hrs_count i = 0; i < rows; i += square)
    for (hrs_count j = a == b ? i : 0; j < columns; j += square) {
      char *x = a + i * row + j * tile, *y = b + j * row + i * tile;
      hrs_count high = rows - i < square ? rows - i : square;
      hrs_count wide = columns - j < square ? columns - j : square;
      switch (tile) {
      case 4:
        swap_small(4, x, y, row, high, wide);
        break;
      case 8:
        swap_small(8, x, y, row, high, wide);
        break;
      case 16:
        swap_small(16, x, y, row, high, wide);
        break;
      case 32:
        swap_small(32, x, y, row, high, wide);
        break;
      case 64:
        swap_small(64, x, y, row, high, wide);
        break;
      default:
        swap_large(x, y, row, high, wide, tile);
      }
    }
}
