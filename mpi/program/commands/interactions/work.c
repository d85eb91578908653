/*
 * What the run of a plan needs and holds, from its first row to its last.
 *
 * AND and OR are both made of v, so that one lattice more keeps v while AND is there (row.c). Where
 * that does not fit, v is evaluated again for OR, once for each target.
 */
#include "work.h"

#include "mpi/dataset/write.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"
#include "rehearse.h"
#include "row.h"
#include "save.h"
#include "src/base/smaller.h"

#include <math.h>

/* Are AND and OR both made by transforms of v? A fit has both anyhow. */
static bool both_types(const hrs_settings *settings) {
  return settings->types[0] && settings->types[1] && !settings->fit;
}

/* Bytes of an entry: in a list, in what the ranks send, while it is sorted, looked up by its set.
 */
enum { LISTED = 17, SENT = 16, SORTED = 16, PLACE = 24 };

/* What there may be of a row's salient interactions. */
typedef struct row_lists {
  hrs_count one, both; /* entries of a type, and of both, */
  hrs_count strongest; /* and of a type for the curve of a split */
} row_lists;

/* The most that a row's lists take while they are made. One type's are sent, gathered and sorted
 * into a list while the other's is there; or both are merged into a third. */
static hrs_count making_bytes(hrs_count one, hrs_count both, int types, hrs_count mine) {
  hrs_count sorting = hrs_count_add(hrs_count_multiply(one, SENT + SORTED + LISTED * types),
                                    hrs_smaller(one, mine) * SENT);
  hrs_count merging = hrs_count_multiply(hrs_count_add(one * types, both), LISTED);
  return sorting > merging ? sorting : merging;
}

/* On the first rank of a group: the lists of rows that are done, of how many rows, and what those
 * of the row at hand take. */
static hrs_count list_bytes(const hrs_work *work, const hrs_plan *plan, row_lists l) {
  const hrs_settings *settings = work->settings;
  int types = settings->types[0] + settings->types[1], networks = settings->split.networks;
  hrs_count rounds = plan->rounds, samples = work->problem->samples;
  /* Samples that are done again are dealt anew, to groups that may have kept all of theirs. */
  if (settings->threshold.mode == HRS_THRESHOLD_GLOBAL && !settings->fit)
    rounds += (samples - rounds + plan->groups - 1) / plan->groups;
  hrs_count done = hrs_count_multiply(rounds, plan->targets) - 1;
  hrs_count bytes = hrs_count_multiply(hrs_count_multiply(l.both, LISTED), done);
  hrs_count row = making_bytes(l.one, l.both, types, plan->elements);
  if (settings->fit) {
    /* Beside the row's list: the strongest of this network, and those of all that share. */
    hrs_count most = hrs_smaller(types * l.strongest, (hrs_count)1 << (HRS_CURVE_POINTS - 1));
    hrs_count curve = l.both * LISTED + making_bytes(l.strongest, most, types, plan->elements) +
                      (networks > 1 ? most * networks * (LISTED + PLACE) : 0);
    row = row > curve ? row : curve;
  }
  return hrs_count_add(bytes, row);
}

/* As a rule few interactions are salient: with the thresholds in use hundreds of a network's row.
 */
static const hrs_count FEW = 1000;

static hrs_lists lists(const hrs_work *work, const hrs_plan *plan) {
  const hrs_settings *settings = work->settings;
  bool top = settings->keep == HRS_KEEP_TOP;
  int n = plan->part.n, types = settings->types[0] + settings->types[1];
  hrs_count limit = top ? settings->top : settings->salient_limit;
  hrs_count strongest = hrs_smaller((hrs_count)1 << n, (hrs_count)1 << (HRS_CURVE_POINTS - 1));
  row_lists most = {hrs_smaller(limit, (hrs_count)1 << n),
                    hrs_smaller(limit, (hrs_count)types << n), strongest};
  /* The largest K there always are. */
  row_lists few = {hrs_smaller(most.one, top ? most.one : FEW),
                   hrs_smaller(most.both, top ? most.both : FEW), strongest};
  return (hrs_lists){"salient lists", list_bytes(work, plan, few), list_bytes(work, plan, most)};
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
                              hrs_fit_bytes(&plan->part, work->resources->chunk,
                                            settings->split.networks, settings->split.bounded)};
  out->lists = lists(work, plan);
}

hrs_row_work hrs_work_of(hrs_work *work) {
  return (hrs_row_work){.self = work,
                        .needs = needs,
                        .sample = hrs_work_sample,
                        .rehearse = hrs_work_rehearse,
                        .done = hrs_work_done,
                        .save = hrs_work_save,
                        .load = hrs_work_load};
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

/* The mean |v(N) - v(empty)|, and to the data set what it is the mean of, where the threshold
 * follows from it: so that it can be found again when data sets are merged. */
static hrs_status find_delta(hrs_work *work) {
  MPI_Comm world = work->engine->world;
  hrs_count rows = work->problem->samples * work->problem->targets;
  double *effect;
  HRS_TRY(hrs_comm_alloc(world, rows, sizeof *effect, &effect));
  hrs_status status = hrs_problem_delta(world, work->problem, effect, &work->delta);
  bool writes = work->threshold.mode == HRS_THRESHOLD_DELTA && hrs_comm_rank(world) == 0;
  if (status == HRS_OK && writes)
    status = hrs_dataset_write(work->set, "/salient/effect", 0, rows, effect);
  hrs_free(effect);
  return hrs_agree(world, status);
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
  return find_delta(work);
}

void hrs_work_destroy(hrs_work *work) {
  hrs_lattice_destroy(&work->and_lattice);
  hrs_fit_destroy(&work->fit);
  for (int i = 0; i < HRS_SHARE_NETWORKS; i++)
    hrs_salient_destroy(&work->strongest[i]);
  hrs_done_destroy(&work->done);
}
