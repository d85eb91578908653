/*
 * The runs of a block by their order.
 */
#include "analysis/block.h"

hrs_runs hrs_runs_by_order(int bits) {
  hrs_runs runs = {{0}, {0}};
  int count = 0, all = bits > HRS_LANE_BITS ? 1 << (bits - HRS_LANE_BITS) : 1;
  for (int order = 0; order < HRS_RUN_ORDERS; order++) {
    for (int run = 0; run < HRS_LANES && run < all; run++) {
      if (hrs_order((hrs_mask)run) == order) runs.run[count++] = run;
    }
    runs.start[order + 1] = count;
  }
  return runs;
}
