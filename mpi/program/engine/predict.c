/*
 * The time of a planned run: rates times numbers.
 *
 * The busiest rank evaluates its masks and does its rounds of rows. What a row takes was measured
 * with its exchanges where as many ranks took part; for a stated machine exchanges between nodes
 * come on top, the bytes that leave a node over what it sends in a second. Within a node a rank
 * swaps its own tiles instead of its neighbours', which is as many passes through memory.
 */
#include "predict.h"

static void add(hrs_prediction *out, const char *task, double seconds, const char *bound) {
  out->task[out->count++] = (hrs_predicted){task, bound, seconds};
  out->sum += seconds;
}

/* Seconds of an exchange of a lattice between the nodes of a stated machine. */
static double between_nodes(const hrs_plan *plan, hrs_dtype type, bool *unknown) {
  const hrs_machine *m = &plan->machine;
  if (!m->stated || m->nodes == 1 || plan->ranks == 1) return 0;
  int here = (m->ranks + m->nodes - 1) / m->nodes; /* on the fullest node */
  int beside = (here < plan->ranks ? here : plan->ranks) - 1;
  double away = 1 - (double)beside / (plan->ranks - 1);
  if (!(away > 0)) return 0;
  *unknown = !(m->bandwidth > 0);
  double bytes = (double)hrs_partition_volume(&plan->part, type, plan->ranks - 1) * away * here;
  return *unknown ? 0 : bytes / m->bandwidth;
}

void hrs_predict(const hrs_plan *plan, const hrs_rates *rates, hrs_dtype type, hrs_count file_bytes,
                 hrs_prediction *out) {
  *out = (hrs_prediction){0};
  int passes = rates->row.passes;
  double rows = (double)plan->rounds * plan->targets * passes;
  double exchange = between_nodes(plan, type, &out->unknown_exchange);
  if (rates->evaluates)
    add(out, "evaluate",
        passes * (rates->tables / plan->ranks * (double)plan->rounds * plan->needs.evaluations +
                  rates->mask * (double)plan->masks),
        "arithmetic");
  for (int i = 0; i < rates->row.count; i++) {
    const hrs_row_time *row = &rates->row.task[i];
    if (!(row->seconds > 0)) continue;
    double sent = row->exchanges * exchange;
    add(out, row->task, rows * (row->seconds + sent),
        sent > row->seconds ? "exchange between nodes" : row->bound);
  }
  if (rates->disk > 0) add(out, "write", (double)file_bytes / rates->disk, "disk");
  if (rates->row.split == 0) return;
  double doubles = between_nodes(plan, HRS_F64, &out->unknown_exchange);
  double step = rates->row.step + rates->row.exchanges * doubles;
  out->thousand = 1000 * step * rows / rates->row.split;
  out->most = rates->row.most * step * rows / rates->row.split;
}
