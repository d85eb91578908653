/*
 * What the run of a plan needs and holds, from its first row to its last.
 *
 * AND and OR are both made of v, so that one lattice more keeps v while AND is there (row.c). Where
 * that does not fit, v is evaluated again for OR, once for each target.
 */
#include "work.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"
#include "row.h"
#include "src/base/smaller.h"

#include <math.h>

const char *const hrs_task_names[HRS_TASK_LIMIT] = {"evaluate", "fit",   "transform",
                                                    "reduce",   "write", "verify"};

/* Are AND and OR both made by transforms of v? A fit has both anyhow. */
static bool both_types(const hrs_settings *settings) {
  return settings->types[0] && settings->types[1] && !settings->fit;
}

/* Two lists while the second type is merged, and each is sorted in a copy. */
static hrs_count list_bytes(const hrs_work *work, const hrs_plan *plan, int types) {
  const hrs_settings *settings = work->settings;
  int n = plan->part.n;
  hrs_count most = settings->keep == HRS_KEEP_TOP ? settings->top : settings->salient_limit;
  hrs_count listed = hrs_smaller(most, (hrs_count)types << n);
  hrs_count lists = hrs_count_multiply(plan->rounds, plan->targets);
  hrs_count bytes =
      hrs_count_multiply(listed, hrs_count_add(hrs_count_multiply(17, lists), 2 * 17 + 2 * 16));
  if (!settings->fit) return bytes;
  /* The strongest interactions are listed for the curve, each type sorted in a copy. */
  hrs_count strongest = hrs_smaller((hrs_count)2 << n, (hrs_count)1 << (HRS_CURVE_POINTS - 1));
  return hrs_count_add(bytes, strongest * (17 * (settings->split.networks + 3) + 2 * 16));
}

static void needs(const void *self, const hrs_plan *plan, hrs_needs *out) {
  const hrs_work *work = self;
  const hrs_settings *settings = work->settings;
  int n = plan->part.n, types = settings->types[0] + settings->types[1], orders[HRS_INDEX_LIMIT];
  bool keeps_values = both_types(settings) && !plan->lean;
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    orders[i] = (int)hrs_smaller(settings->orders[i], n);
  out->lattices = keeps_values;
  out->transforms = types;
  if (both_types(settings) && plan->lean) out->evaluations = 1 + plan->targets;
  out->repeated = "for lack of memory to keep v";
  out->held[0] =
      (hrs_need){"interaction indices",
                 hrs_lattice_indices_bytes(orders, n, n - plan->part.block_bits, plan->part.ranks,
                                           plan->lattice_bytes + 2 * plan->chunk)};
  if (settings->fit)
    out->held[1] = (hrs_need){"fit of the split",
                              hrs_fit_bytes(plan->elements, plan->chunk, settings->split.networks,
                                            settings->split.bounded)};
  out->lists = (hrs_need){"salient lists", list_bytes(work, plan, types)};
}

hrs_row_work hrs_work_of(hrs_work *work) {
  return (hrs_row_work){work, needs, hrs_work_sample};
}

/* ---- a run ---------------------------------------------------------------------------------- */

/* Of a rank in a group. Collective over the group. */
static hrs_status allocate(hrs_work *work) {
  const hrs_engine *engine = work->engine;
  const hrs_resources *resources = work->resources;
  const hrs_split *split = &work->settings->split;
  const hrs_partition *part = &engine->plan->part;
  if (both_types(work->settings) && !engine->plan->lean)
    HRS_TRY(hrs_lattice_create(engine->group, part, resources->precision, resources->chunk,
                               resources->sharing, &work->and_lattice));
  if (work->settings->fit)
    HRS_TRY(hrs_fit_create(engine->group, part, resources->chunk, resources->sharing,
                           split->networks, split->bounded, &work->fit));
  if (engine->group_rank != 0) return HRS_OK;
  return hrs_done_create(engine->plan->rounds * work->problem->targets,
                         work->threshold.mode == HRS_THRESHOLD_GLOBAL, &work->done);
}

hrs_status hrs_work_start(hrs_work *work, hrs_engine *engine, hrs_dataset *set) {
  const hrs_settings *settings = work->settings;
  work->engine = engine;
  work->set = set;
  work->threshold = settings->threshold;
  if (engine->plan->needs.evaluations > 1)
    hrs_log("there is no memory for v beside AND: v is evaluated %d times, to the same numbers",
            engine->plan->needs.evaluations);
  hrs_status status = engine->group == MPI_COMM_NULL ? HRS_OK : allocate(work);
  HRS_TRY(hrs_agree(engine->world, status));
  bool spreads = settings->fit && isfinite(settings->split.spread);
  if (work->threshold.mode != HRS_THRESHOLD_DELTA && !spreads) return HRS_OK;
  return hrs_problem_delta(engine->world, work->problem, &work->delta);
}

void hrs_work_destroy(hrs_work *work) {
  hrs_lattice_destroy(&work->and_lattice);
  hrs_fit_destroy(&work->fit);
  for (int i = 0; i < HRS_SHARE_NETWORKS; i++)
    hrs_salient_destroy(&work->strongest[i]);
  hrs_done_destroy(&work->done);
}
