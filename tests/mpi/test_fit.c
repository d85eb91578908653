/*
 * Fits that are broken off and gone on with: from wherever a fit may stop, on any number of ranks,
 * another one comes to the same bits, numbers of the report included. The values are random, so
 * that all of the problems that a split is made of take their time.
 */
#include "mpi_test.h"

#include "../unit/pick.h"

#include <harsanyi/fit.h>

#include <math.h>
#include <signal.h>
#include <string.h>

enum { N = 6, SIZE = 1 << N, MOST = 64 };

/* A problem, and what there is to see of its solution. */
typedef struct scene {
  const char *name;
  int networks;
  double gap, noise, spread;
  int64_t stage; /* that it has to get to */
} scene;

static const scene scenes[] = {{"exact", 1, 1e-4, 0, INFINITY, 0},
                               {"little noise", 1, 1e-3, 1e-7, INFINITY, 1},
                               {"noise", 1, 1e-3, 0.05, INFINITY, 2},
                               {"shared", 2, 1e-3, 0, INFINITY, 0},
                               {"spread", 3, 1e-2, 0.02, 0.2, 2}};

typedef struct outcome {
  double interactions[2 * HRS_SHARE_NETWORKS][SIZE];
  hrs_fit_report report;
} outcome;

/* An iterate, whole, on every rank. */
typedef struct kept {
  hrs_fit_iterate at;
  int count;
  double *vector[HRS_FIT_VECTORS];
} kept;

typedef struct memory {
  MPI_Comm comm;
  kept *kept;
  int count, stops_at; /* stops_at: keep ends the fit at that place; -1: it does not */
  const kept *from;
} memory;

/* A lattice, whole, on every rank of comm. */
static void gather(MPI_Comm comm, hrs_lattice *lattice, double *out) {
  hrs_count first = hrs_lattice_first_row(lattice), size = hrs_lattice_row_size(lattice);
  memset(out, 0, SIZE * sizeof *out);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(lattice); row++)
    memcpy(out + row * size, hrs_lattice_row(lattice, row), (size_t)size * sizeof *out);
  /* Bits, because 0 + -0 is 0. */
  MPI_Allreduce(MPI_IN_PLACE, out, SIZE, MPI_UINT64_T, MPI_BOR, comm);
}

static void scatter(hrs_lattice *lattice, const double *in) {
  hrs_count first = hrs_lattice_first_row(lattice), size = hrs_lattice_row_size(lattice);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(lattice); row++)
    memcpy(hrs_lattice_row(lattice, row), in + row * size, (size_t)size * sizeof *in);
}

static hrs_status keep(void *context, const hrs_fit_iterate *at, int count,
                       hrs_lattice *const *vectors) {
  memory *m = context;
  if (!m->kept) return HRS_OK;
  if (m->count == m->stops_at)
    return hrs_error_set(HRS_STATUS_STOPPED, __FILE__, __LINE__, "stopped");
  if (m->count == MOST) return HRS_OK;
  kept *k = &m->kept[m->count++];
  k->at = *at;
  k->count = count;
  for (int i = 0; i < count; i++) {
    must(hrs_alloc(SIZE, sizeof(double), &k->vector[i]));
    gather(m->comm, vectors[i], k->vector[i]);
  }
  return HRS_OK;
}

static hrs_status restore(void *context, int count, hrs_lattice *const *vectors) {
  const memory *m = context;
  if (count != m->from->count)
    return hrs_error_set(HRS_STATUS_INTERNAL, __FILE__, __LINE__, "%d vectors", count);
  for (int i = 0; i < count; i++)
    scatter(vectors[i], m->from->vector[i]);
  return HRS_OK;
}

static void values_of(int network, double *v) {
  seed = 100 + (uint64_t)network;
  for (int i = 0; i < SIZE; i++)
    v[i] = (double)pick(-1000, 1000) / 300;
}

/* A fit over comm. */
static hrs_status fit_on(MPI_Comm comm, const scene *s, memory *m, outcome *out) {
  hrs_partition part;
  hrs_fit *fit;
  hrs_lattice *v[HRS_SHARE_NETWORKS];
  double values[SIZE];
  must(hrs_partition_create(N, 3, mpi_size(comm), &part));
  must(hrs_fit_create(comm, &part, 64, HRS_SHARE_AUTO, s->networks, true, &fit));
  for (int k = 0; k < s->networks; k++) {
    must(hrs_lattice_create(comm, &part, HRS_F64, 64, HRS_SHARE_AUTO, &v[k]));
    values_of(k, values);
    scatter(v[k], values);
  }
  hrs_fit_options o = {.gap = s->gap,
                       .iterations = 3000,
                       .spread = s->spread,
                       .share = {s->networks > 1 ? 0.9 : 0, s->networks > 1 ? 0.1 : 1},
                       .keep = keep,
                       .from = m->from ? &m->from->at : NULL,
                       .restore = restore,
                       .context = m};
  for (int k = 0; k < s->networks; k++)
    o.noise[k] = s->noise;
  m->comm = comm;
  memset(out, 0, sizeof *out);
  hrs_status status = hrs_fit_run(fit, v, &o, (hrs_fit_conventions){true, true}, &out->report);
  for (int i = 0; i < 2 * s->networks && status == HRS_OK; i++)
    gather(comm, hrs_fit_interactions(fit, i / 2, i % 2), out->interactions[i]);
  for (int k = 0; k < s->networks; k++)
    hrs_lattice_destroy(&v[k]);
  hrs_fit_destroy(&fit);
  return status;
}

static void forget(kept *k, int count) {
  for (int i = 0; i < count; i++)
    for (int j = 0; j < k[i].count; j++)
      hrs_free(k[i].vector[j]);
  hrs_free(k);
}

/* Ranks [0, size) of the world, and where this is none of them MPI_COMM_NULL. */
static MPI_Comm first_ranks(int size) {
  MPI_Comm comm;
  int rank = mpi_rank(MPI_COMM_WORLD);
  MPI_Comm_split(MPI_COMM_WORLD, rank < size ? 0 : MPI_UNDEFINED, rank, &comm);
  return comm;
}

static bool is_same(const outcome *a, const outcome *b) {
  return memcmp(a, b, sizeof *a) == 0;
}

/* From every iterate; on fewer and fewer ranks. */
static void check(const scene *s) {
  memory m = {.stops_at = -1};
  outcome *wanted, *got;
  int world = mpi_size(MPI_COMM_WORLD);
  must(hrs_calloc(1, sizeof *wanted, &wanted));
  must(hrs_calloc(1, sizeof *got, &got));
  must(hrs_calloc(MOST, sizeof *m.kept, &m.kept));
  mpi_assert_ok(fit_on(MPI_COMM_WORLD, s, &m, wanted));
  mpi_assert(m.count >= 2 && m.kept[m.count - 1].at.stage == s->stage);
  kept *all = m.kept;
  int step = 1 + m.count / 5;
  for (int i = 0; i < m.count; i += step) {
    MPI_Comm comm = first_ranks(1 + i / step % world);
    memory later = {.from = &all[i], .stops_at = -1};
    bool good =
        comm == MPI_COMM_NULL || (fit_on(comm, s, &later, got) == HRS_OK && is_same(wanted, got));
    if (!good) fprintf(stderr, "%s, from iterate %d of %d\n", s->name, i, m.count);
    mpi_assert(good);
    if (comm != MPI_COMM_NULL) MPI_Comm_free(&comm);
  }
  forget(all, m.count);
  hrs_free(wanted);
  hrs_free(got);
}

static void goes_on(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
    check(&scenes[i]);
}

/* A callback's failure is the fit's, and what was kept by then is enough. */
static void broken_off(void **state) {
  (void)state;
  memory none = {.stops_at = -1}, m = {.stops_at = 2};
  outcome *wanted, *got;
  must(hrs_calloc(1, sizeof *wanted, &wanted));
  must(hrs_calloc(1, sizeof *got, &got));
  must(hrs_calloc(MOST, sizeof *m.kept, &m.kept));
  mpi_assert_ok(fit_on(MPI_COMM_WORLD, &scenes[0], &none, wanted));
  mpi_assert(fit_on(MPI_COMM_WORLD, &scenes[0], &m, got) == HRS_STATUS_STOPPED);
  mpi_assert(m.count == 2);
  memory later = {.from = &m.kept[1], .stops_at = -1};
  mpi_assert(fit_on(MPI_COMM_WORLD, &scenes[0], &later, got) == HRS_OK && is_same(wanted, got));
  /* What is no iterate of such a fit is refused. */
  kept odd = m.kept[1];
  const struct {
    int64_t stage, done, since, iterations;
    double step;
  } bad[] = {{1, 10, 3, 10, 1},   {2, 10, 3, 10, 1},  {-1, 10, 3, 10, 1},
             {0, -1, 0, 0, 1},    {0, 10, 11, 10, 1}, {0, 10, 3, 9, 1},
             {0, 10, 3, 4000, 1}, {0, 10, 3, 10, 0},  {0, 10, 3, 10, NAN}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    odd.at.stage = bad[i].stage;
    odd.at.done = bad[i].done;
    odd.at.since = bad[i].since;
    odd.at.iterations = bad[i].iterations;
    odd.at.step = bad[i].step;
    memory refused = {.from = &odd, .stops_at = -1};
    mpi_assert(fit_on(MPI_COMM_WORLD, &scenes[0], &refused, got) == HRS_STATUS_USAGE);
  }
  forget(m.kept, m.count);
  hrs_free(wanted);
  hrs_free(got);
}

/* The last one: the wish stays. All ranks stop, at the same place, and can keep what there is. */
static void wishes(void **state) {
  (void)state;
  memory m = {.stops_at = -1};
  outcome *got;
  must(hrs_calloc(1, sizeof *got, &got));
  must(hrs_calloc(MOST, sizeof *m.kept, &m.kept));
  hrs_stop_install();
  if (mpi_rank(MPI_COMM_WORLD) == mpi_size(MPI_COMM_WORLD) - 1) raise(SIGUSR1);
  mpi_assert(fit_on(MPI_COMM_WORLD, &scenes[0], &m, got) == HRS_STATUS_STOPPED);
  mpi_assert(m.count == 1 && strstr(hrs_error_message(), "SIGUSR1"));
  /* What comes to another one later changes nothing of what all have agreed on. */
  int reason = hrs_stop_reason();
  if (mpi_rank(MPI_COMM_WORLD) < mpi_size(MPI_COMM_WORLD) - 1) raise(SIGTERM);
  mpi_assert(hrs_stop_reason() == reason && !hrs_stop_hurries(reason));
  forget(m.kept, m.count);
  hrs_free(got);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(goes_on),
    cmocka_unit_test(broken_off),
    cmocka_unit_test(wishes),
};

mpi_test_main(tests)
