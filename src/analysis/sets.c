/*
 * Sets of few players by order, then by mask.
 *
 * Among the sets of one order, rising masks are colexicographic order: with the players
 * b_1 < b_2 < ... of a set, C(b_1, 1) + C(b_2, 2) + ... sets stand before it.
 */
#include <harsanyi/analysis.h>

hrs_count hrs_set_count(int n, int orders) {
  hrs_count count = 0, sets = 1;
  for (int s = 1; s <= orders && s <= n; s++) {
    sets = sets * (n - s + 1) / s;
    count += sets;
  }
  return count;
}

void hrs_set_list(int n, int orders, hrs_mask *out) {
  for (int s = 1; s <= orders && s <= n; s++) {
    hrs_count count = (hrs_count)hrs_binomial(n, s);
    hrs_mask set = hrs_mask_full(s);
    for (hrs_count i = 0; i < count; i++) {
      *out++ = set;
      /* The next larger number with as many bits: the lowest run of ones moves up by one bit, and
       * all but its first go back to the bottom. */
      hrs_mask low = set & -set, up = set + low;
      set = up | (((set ^ up) >> 2) / low);
    }
  }
}

hrs_count hrs_set_position(int n, hrs_mask set) {
  hrs_count position = hrs_set_count(n, hrs_order(set) - 1);
  for (int i = 1; set; i++, set &= set - 1) {
    /* C(b, i) by steps that stay whole. */
    int b = hrs_order((set & -set) - 1);
    hrs_count before = b >= i;
    for (int j = 0; j < i && before; j++)
      before = before * (b - j) / (j + 1);
    position += before;
  }
  return position;
}
