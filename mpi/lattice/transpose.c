/*
 * Swaps of tiles across the diagonal: a[i][j] <-> b[j][i] of two matrices of tiles, in squares.
 *
 * Tiles of up to 64 bytes, as small and middling lattices have them, go through two small buffers
 * with sizes that the compiler knows, eight at a time each way, so that a cache line is read and
 * written whole. Larger ones are swapped one by one, in squares of 16, so that the pages of their
 * rows stay in the TLB.
 */
#include "lattice.h"

#include <string.h>

enum { SMALL_SQUARE = 8, SQUARE = 16, LARGEST_SMALL = 64 };

/* Squares of `rows` x `columns` tiles; a and b may be the same square on the diagonal. */
#define DEFINE_SWAP(BYTES)                                                                         \
  static void swap_##BYTES(char *a, char *b, hrs_count row, hrs_count rows, hrs_count columns) {   \
    char x[SMALL_SQUARE][SMALL_SQUARE][BYTES], y[SMALL_SQUARE][SMALL_SQUARE][BYTES];               \
    for (hrs_count i = 0; i < rows; i++)                                                           \
      for (hrs_count j = 0; j < columns; j++)                                                      \
        memcpy(x[j][i], a + i * row + j * BYTES, BYTES);                                           \
    for (hrs_count j = 0; j < columns; j++)                                                        \
      for (hrs_count i = 0; i < rows; i++)                                                         \
        memcpy(y[i][j], b + j * row + i * BYTES, BYTES);                                           \
    for (hrs_count i = 0; i < rows; i++)                                                           \
      memcpy(a + i * row, y[i], (size_t)columns * BYTES);                                          \
    for (hrs_count j = 0; j < columns; j++)                                                        \
      memcpy(b + j * row, x[j], (size_t)rows * BYTES);                                             \
  }
DEFINE_SWAP(4)
DEFINE_SWAP(8)
DEFINE_SWAP(16)
DEFINE_SWAP(32)
DEFINE_SWAP(64)

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
        swap_4(x, y, row, high, wide);
        break;
      case 8:
        swap_8(x, y, row, high, wide);
        break;
      case 16:
        swap_16(x, y, row, high, wide);
        break;
      case 32:
        swap_32(x, y, row, high, wide);
        break;
      case 64:
        swap_64(x, y, row, high, wide);
        break;
      default:
        swap_large(x, y, row, high, wide, tile);
      }
    }
}
