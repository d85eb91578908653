/*
 * A row rehearsed: the passes that row.c makes, in the same functions, on lattices of at most 64
 * MiB on a rank, and timed. What is bound by memory takes as long per element on the planned
 * lattice, so times are scaled by elements; those of transforms by their bits too.
 *
 * It is a row with few salient interactions, whose lists cost nothing. Where it loses: caches that
 * hold as much for a rank alone make it too fast, and other ranks' traffic is there only where they
 * rehearse beside it (mpirun, with as many ranks as the run will have).
 */
#include "rehearse.h"

#include "fit.h"
#include "indices.h"
#include "mpi/lattice/comm.h"
#include "row.h"
#include "src/base/random.h"
#include "src/base/smaller.h"

#include <math.h>
#include <stdlib.h>

static const hrs_count MOST_ELEMENTS = (hrs_count)1 << 23, MOST_FIT = (hrs_count)144 << 20;

typedef struct rehearsal {
  const hrs_work *work;
  const hrs_plan *plan;
  MPI_Comm comm;
  hrs_partition part;               /* of the small lattice */
  double elements;                  /* of the busiest rank, planned over rehearsed */
  double transform, reduce, verify; /* seconds, scaled */
} rehearsal;

static double busiest(const hrs_partition *part) {
  hrs_count blocks = (hrs_count)1 << part->block_bits;
  hrs_count rows = blocks - hrs_partition_first(part, part->ranks - 1);
  return ldexp((double)rows, part->n - part->block_bits);
}

/* The largest lattice, of at most as many players as planned, that leaves a rank so many elements
 * and a split so many bytes, and both half of the memory. */
static hrs_status choose(rehearsal *r, bool split) {
  const hrs_split *s = &r->work->settings->split;
  const hrs_machine *machine = &r->plan->machine;
  hrs_count room = machine->stated ? INT64_MAX : machine->memory / 2;
  hrs_count most = hrs_smaller(MOST_ELEMENTS, room / (2 * (hrs_count)sizeof(double)));
  hrs_count most_bytes = hrs_smaller(MOST_FIT, room);
  int ranks = hrs_comm_size(r->comm);
  for (int n = r->plan->part.n; n >= 1; n--) {
    int bits = n == r->plan->part.n ? r->plan->part.block_bits : hrs_partition_default_bits(n);
    if (ranks > 1 << bits) break;
    HRS_TRY(hrs_partition_create(n, bits, ranks, &r->part));
    hrs_count bytes = split ? hrs_fit_bytes(&r->part, 0, s->networks, s->bounded) : 0;
    if (busiest(&r->part) <= (double)most && bytes <= most_bytes) break;
  }
  r->elements = (double)r->plan->elements / busiest(&r->part);
  return HRS_OK;
}

/* The number of players present, whose interactions are few; or any number, for a split, which
 * has no short cut then. */
static void fill(hrs_lattice *lattice, bool any) {
  hrs_lattice_reset(lattice);
  hrs_count first = hrs_lattice_first_row(lattice), size = hrs_lattice_row_size(lattice);
  bool narrow = hrs_lattice_type(lattice) == HRS_F32;
  for (hrs_count row = first; row < first + hrs_lattice_row_count(lattice); row++) {
    hrs_subcube cube = hrs_lattice_row_cube(lattice, row);
    void *data = hrs_lattice_row(lattice, row);
    hrs_mask mask = cube.fixed;
    for (hrs_count i = 0; i < size; i++) {
      double value = any ? ldexp((double)hrs_mix64(mask), -64) : hrs_order(mask);
      if (narrow)
        ((float *)data)[i] = (float)value;
      else
        ((double *)data)[i] = value;
      mask = hrs_subcube_next(cube, mask);
    }
  }
}

static double since(double *start) {
  double now = hrs_time(), seconds = now - *start;
  *start = now;
  return seconds;
}

/* ---- reductions ----------------------------------------------------------------------------- */

/* Additions of all indices that are wanted, for each element of a lattice. */
static double index_additions(const rehearsal *r, const hrs_partition *part) {
  double sum = 0;
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    double additions = 0;
    int orders = (int)hrs_smaller(r->work->settings->orders[i], part->n);
    if (orders)
      hrs_index_folds((hrs_index)i, part->n, part->n - part->block_bits, orders, &additions);
    sum += ldexp(additions, -part->n);
  }
  return sum;
}

static hrs_status time_indices(rehearsal *r, const hrs_lattice *v) {
  double *values[HRS_INDEX_LIMIT] = {NULL}, error[HRS_INDEX_LIMIT];
  int orders[HRS_INDEX_LIMIT];
  double additions = index_additions(r, &r->part);
  hrs_status status = HRS_OK;
  if (additions == 0) return HRS_OK;
  for (int i = 0; i < HRS_INDEX_LIMIT; i++) {
    orders[i] = (int)hrs_smaller(r->work->settings->orders[i], r->part.n);
    if (status == HRS_OK && orders[i] && hrs_comm_rank(r->comm) == 0)
      status = hrs_alloc(hrs_set_count(r->part.n, orders[i]), sizeof *values[i], &values[i]);
  }
  status = hrs_agree(r->comm, status);
  double start = hrs_time();
  if (status == HRS_OK)
    status = hrs_lattice_indices(v, r->work->resources->sharing, orders, values, error);
  r->reduce += since(&start) * r->elements * index_additions(r, &r->plan->part) / additions;
  for (int i = 0; i < HRS_INDEX_LIMIT; i++)
    hrs_free(values[i]);
  return status;
}

/* Largest |I|, order sums and list of a type. */
static hrs_status reduce(rehearsal *r, const hrs_lattice *lattice) {
  double largest, orders[5][HRS_MAX_PLAYERS + 1];
  hrs_salient list;
  HRS_TRY(hrs_lattice_max(lattice, &largest));
  HRS_TRY(hrs_row_orders(lattice, r->part.n, largest, orders));
  HRS_TRY(hrs_lattice_select(lattice, 0, largest, 1000, &list));
  hrs_salient_destroy(&list);
  return HRS_OK;
}

/* What is taken from v. */
static hrs_status time_values(rehearsal *r, const hrs_lattice *v) {
  double orders[5][HRS_MAX_PLAYERS + 1], players[2 * HRS_MAX_PLAYERS], start = hrs_time();
  const bool *indices = r->work->settings->indices;
  HRS_TRY(hrs_row_orders(v, r->part.n, INFINITY, orders));
  if (indices[0] || indices[1]) HRS_TRY(hrs_row_players(v, r->part.n, players));
  r->reduce += since(&start) * r->elements;
  return time_indices(r, v);
}

/* ---- interactions by transforms ------------------------------------------------------------- */

static hrs_status time_types(rehearsal *r, hrs_lattice *v, hrs_lattice *beside) {
  double bits = (double)r->plan->part.n / r->part.n, start = hrs_time();
  for (int type = 0; type < 2; type++) {
    if (!r->work->settings->types[type]) continue;
    hrs_lattice *lattice = type == 0 && beside ? beside : v;
    if (lattice == beside) HRS_TRY(hrs_lattice_copy(v, beside));
    HRS_TRY(hrs_row_transform(lattice, type == 1));
    r->transform += since(&start) * r->elements * bits;
    HRS_TRY(reduce(r, lattice));
    r->reduce += since(&start) * r->elements;
  }
  return HRS_OK;
}

/* Known dividends, which closed forms compute one by one. */
static hrs_status time_verify(rehearsal *r) {
  enum { SOME = 1 << 14 };
  const hrs_settings *settings = r->work->settings;
  if (!settings->verify) return HRS_OK;
  double start = hrs_time(), known;
  hrs_mask full = hrs_mask_full(r->plan->part.n);
  for (int i = 0; i < SOME; i++)
    HRS_TRY(hrs_game_dividend(r->work->problem->game, settings->types[1],
                              hrs_mix64((uint64_t)i) & full, &known));
  r->verify =
      since(&start) / SOME * (double)r->plan->elements * (settings->types[0] + settings->types[1]);
  return HRS_OK;
}

static hrs_status rehearse_types(rehearsal *r) {
  const hrs_resources *resources = r->work->resources;
  hrs_lattice *v = NULL, *beside = NULL;
  hrs_status status;
  bool both = r->plan->needs.lattices > 0;
  /* Memory that is used for the first time is slower: that is the rule where there is one row. */
  int times = r->plan->rounds * r->plan->targets > 1 ? 2 : 1;
  HRS_TRY(choose(r, false));
  HRS_GO(hrs_lattice_create(r->comm, &r->part, resources->precision, resources->chunk,
                            resources->sharing, &v));
  if (both)
    HRS_GO(hrs_lattice_create(r->comm, &r->part, resources->precision, resources->chunk,
                              resources->sharing, &beside));
  for (int i = 0; i < times; i++) {
    r->transform = r->reduce = 0;
    fill(v, false);
    HRS_GO(hrs_comm_barrier(r->comm));
    HRS_GO(time_values(r, v));
    HRS_GO(time_types(r, v, beside));
  }
  status = hrs_agree(r->comm, time_verify(r));
done:
  hrs_lattice_destroy(&beside);
  hrs_lattice_destroy(&v);
  return status;
}

/* ---- a split -------------------------------------------------------------------------------- */

enum { STEPS = 12, CERTIFY_FIRST = 10, CERTIFY_LATER = 25 };

/* Steps one by one; before some of them the split is certified. */
typedef struct steps {
  double last, certified;
  double plain[STEPS];
  int count; /* of plain ones */
} steps;

static void tell(void *context, int done, double gap) {
  steps *s = context;
  double seconds = since(&s->last);
  (void)gap;
  if (done == 1) return;
  if ((done - 1) % CERTIFY_FIRST == 0)
    s->certified = seconds;
  else
    s->plain[s->count++] = seconds;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Rotations of a step; the first time, memory is new to them. */
static hrs_status time_rotations(hrs_fit *fit, bool bounded, double *seconds) {
  for (int i = 0; i < 2; i++) {
    double start = hrs_time();
    HRS_TRY(hrs_fit_rotate(fit, bounded));
    *seconds = since(&start);
  }
  return HRS_OK;
}

/* A step of long splits, which are certified now and then; within bounds its rotations tell by how
 * much it takes longer. */
static hrs_status time_steps(rehearsal *r, hrs_fit *fit, hrs_lattice *const *v, double *step) {
  hrs_split split = r->work->settings->split;
  hrs_fit_report report;
  double noise[HRS_SHARE_NETWORKS], exact = 1, bounded = 1;
  steps s = {.last = hrs_time()};
  split.gap = 0;
  split.iterations = STEPS;
  HRS_TRY(hrs_split_run(&split, fit, v, 1, tell, &s, &report, noise));
  qsort(s.plain, (size_t)s.count, sizeof *s.plain, by_size);
  double plain = s.count ? s.plain[s.count / 2] : 0;
  *step = plain + (s.certified > plain ? s.certified - plain : 0) / CERTIFY_LATER;
  if (!split.bounded) return HRS_OK;
  HRS_TRY(time_rotations(fit, false, &exact));
  HRS_TRY(time_rotations(fit, true, &bounded));
  *step *= bounded / exact;
  return HRS_OK;
}

/* The curve of a split: interactions are listed down to the smallest, and v is reconstructed from
 * the strongest of them again and again. */
static hrs_status time_curve(rehearsal *r, hrs_fit *fit, hrs_lattice *v) {
  int n = r->plan->part.n, points = hrs_curve_points(n);
  hrs_count most = (hrs_count)1 << (HRS_CURVE_POINTS - 1);
  double all = ldexp(1, n), small = ldexp(1, r->part.n), start = hrs_time();
  for (int type = 0; type < 2; type++) {
    const hrs_lattice *lattice = hrs_fit_interactions(fit, 0, type);
    hrs_salient list;
    HRS_TRY(reduce(r, lattice));
    r->reduce += since(&start) * r->elements;
    HRS_TRY(hrs_lattice_select(lattice, 0, INFINITY, most, &list));
    double pass = since(&start) / 3;
    HRS_TRY(hrs_lattice_select(lattice, 0, 0, most, &list));
    double sorting = since(&start) - 3 * pass;
    hrs_salient_destroy(&list);
    /* Where there are more than are kept, the smallest of these is looked for in seven passes. */
    r->reduce += (all > (double)most ? 10 : 3) * pass * r->elements;
    r->reduce += sorting * fmin(all, (double)most) / fmin(small, (double)most);
  }
  hrs_reconstruction reconstruction;
  HRS_TRY(hrs_fit_reconstruct(fit, 0, v, 0.5, &reconstruction));
  r->reduce += since(&start) * r->elements * (points + 1);
  return HRS_OK;
}

static hrs_status rehearse_split(rehearsal *r, double *step) {
  const hrs_resources *resources = r->work->resources;
  const hrs_split *split = &r->work->settings->split;
  hrs_lattice *v[HRS_SHARE_NETWORKS] = {NULL};
  hrs_fit *fit = NULL;
  hrs_status status;
  HRS_TRY(choose(r, true));
  HRS_GO(hrs_lattice_create(r->comm, &r->part, resources->precision, resources->chunk,
                            resources->sharing, &v[0]));
  for (int i = 1; i < split->networks; i++)
    v[i] = v[0];
  HRS_GO(hrs_fit_create(r->comm, &r->part, resources->chunk, resources->sharing, split->networks,
                        split->bounded, &fit));
  fill(v[0], true);
  HRS_GO(time_values(r, v[0]));
  HRS_GO(time_steps(r, fit, v, step));
  HRS_GO(time_curve(r, fit, v[0]));
  *step *= r->elements;
done:
  hrs_fit_destroy(&fit);
  hrs_lattice_destroy(&v[0]);
  return status;
}

/* ---- the whole ------------------------------------------------------------------------------ */

hrs_status hrs_work_rehearse(const void *self, const hrs_plan *plan, MPI_Comm comm,
                             hrs_row_times *out) {
  const hrs_work *work = self;
  const hrs_settings *settings = work->settings;
  rehearsal r = {.work = work, .plan = plan, .comm = comm};
  double step = 0;
  HRS_TRY(settings->fit ? rehearse_split(&r, &step) : rehearse_types(&r));
  double most[] = {r.transform, r.reduce, r.verify, step};
  HRS_TRY(hrs_comm_reduce(comm, MPI_MAX, MPI_DOUBLE, most, 4));
  /* A reconstruction is two transforms and an exchange. */
  int curve = settings->fit ? 3 * (hrs_curve_points(plan->part.n) + 1) : 0;
  bool again = settings->fit && settings->threshold.mode == HRS_THRESHOLD_GLOBAL; /* recount.c */
  *out = (hrs_row_times){.passes = again ? 2 : 1,
                         .count = 3,
                         .task = {{"transform", "memory", most[0], plan->needs.transforms},
                                  {"reduce", "memory", most[1], curve},
                                  {"verify", "arithmetic", most[2], 0}},
                         .step = most[3]};
  if (!settings->fit) return HRS_OK;
  out->task[0].exchanges = 0;
  out->split = settings->split.networks;
  out->exchanges = settings->split.networks * (settings->split.bounded ? 8 : 4);
  out->most = settings->split.iterations;
  return HRS_OK;
}
