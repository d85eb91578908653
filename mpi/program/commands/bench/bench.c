/*
 * harsanyi bench: timings that are verified first and printed beside their limits.
 *
 * stream     one in-place pass x[i] += c over an array: the unit of the others
 * transform  the butterflies of one rank, reference and blocked, in passes
 * exchange   the exchange of the distributed lattice against a bare chunked MPI_Sendrecv
 * indices    each interaction index against as many plain additions (indices.c)
 * evaluate   masks per second of any game, beside the rate of a large matrix product
 * lattice    v of all masks and its transform, over all ranks: a scaling study's run (lattice.c)
 * fit        steps of a fitted split, in passes (fit.c)
 */
#include "mpi/lattice/comm.h"
#include "mpi/lattice/exchange.h"
#include "mpi/program/commands/commands.h"
#include "mpi/program/engine/machine.h"
#include "mpi/program/machine/node.h"
#include "mpi/program/options/options.h"
#include "parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(hrs_bench_options, field)
static const hrs_option options[] = {
    {"--n", HRS_OPTION_INT, AT(n), "N", "24",
     "2^N doubles: on each rank (stream, transform), in all (exchange, indices)"},
    {"--repeat", HRS_OPTION_POSITIVE, AT(repeat), "R", "3", "the least time of R is taken"},
    {"--chunk", HRS_OPTION_COUNT, AT(chunk), "BYTES", "8MiB", "messages of the exchange"},
    {"--shm", HRS_OPTION_CHOICE, AT(shm), "auto|off", "auto", "shared memory of a node's ranks"},
    {"--json", HRS_OPTION_TEXT, AT(json), "FILE", NULL, "write the figures there too"},
    {"--force", HRS_OPTION_FLAG, AT(force), NULL, NULL, "replace an existing file"},
    {0}};

static const hrs_option_group groups[] = {{options, 0}, {0}};

static const hrs_command_line line = {
    .usage = "[mpirun -n P] harsanyi bench stream|transform|exchange|indices [options]\n"
             "       [mpirun -n P] harsanyi bench evaluate|lattice|fit [--model ... as for "
             "interactions]",
    .description =
        "Timings, verified before they are taken, beside their limits. Times are the "
        "largest of all ranks, the least of the repeats. HARSANYI_BENCH_SECONDS: what a rate "
        "of evaluate is measured for (2).",
    .groups = groups,
    .min_positional = 1,
    .max_positional = 1};

/* --json is written last: that it can be is better known first. By rank 0. */
static hrs_status check_json(hrs_bench_options *o) {
  if (!o->json || hrs_comm_rank(o->comm) != 0) return HRS_OK;
  hrs_writer *out;
  HRS_TRY(hrs_writer_create(o->json, "--json", o->force, &out));
  hrs_writer_abort(&out);
  return hrs_place_create(o->json, "--json", o->force, &o->place);
}

static void print_text(const hrs_bench_report *r, int n, int size) {
  printf("%s, n = %d, %d rank%s%s, verified\n", r->kind, n, size, hrs_plural(size), r->note);
  for (int i = 0; i < r->count; i++) {
    const hrs_bench_figure *f = &r->figures[i];
    if (f->unit)
      printf("  %-44s%12.4g %s\n", f->name, f->value, f->unit);
    else
      printf("  %-44s%016" PRIx64 "\n", f->name, f->checksum);
  }
}

static hrs_status print_json(const hrs_bench_report *r, int n, int size, const char *hosts,
                             hrs_place **place) {
  hrs_writer *out;
  HRS_TRY(hrs_writer_begin(place, &out));
  FILE *file = hrs_writer_stream(out);
  fprintf(file,
          "{\"kind\": \"%s\", \"version\": \"%s\", \"git\": \"%s\", \"hosts\": \"%s\", "
          "\"n\": %d, \"ranks\": %d",
          r->kind, hrs_version(), hrs_git(), hosts, n, size);
  for (int i = 0; i < r->count; i++) {
    const hrs_bench_figure *f = &r->figures[i];
    if (f->unit)
      fprintf(file, ", \"%s [%s]\": %.15g", f->name, f->unit, f->value);
    else
      fprintf(file, ", \"%s\": \"%016" PRIx64 "\"", f->name, f->checksum);
  }
  fprintf(file, "}\n");
  return hrs_writer_finish(&out);
}

/* Collective; errors need not agree. */
static hrs_status print(const hrs_bench_report *r, hrs_bench_options *o) {
  int size = hrs_comm_size(o->comm);
  char *hosts;
  HRS_TRY(hrs_node_names(o->comm, &hosts));
  if (hrs_comm_rank(o->comm) != 0) return HRS_OK;
  print_text(r, o->n, size);
  hrs_status status = o->place ? print_json(r, o->n, size, hosts, &o->place) : HRS_OK;
  hrs_free(hosts);
  return status;
}

/* Small whole numbers: sums of them are exact, so that results can be compared for equality. */
static double sample_value(hrs_mask mask) {
  uint64_t x = (mask + 1) * 0x9e3779b97f4a7c15u;
  return (double)(x >> 60) - 8;
}

static void fill(double *data, hrs_count count) {
  for (hrs_count i = 0; i < count; i++)
    data[i] = sample_value((hrs_mask)i);
}

static double least(double a, double b) {
  return a < b ? a : b;
}

/* 2^n doubles on each rank. */
static hrs_status require_array(const hrs_bench_options *o) {
  char what[64];
  snprintf(what, sizeof what, "bench with --n %d", o->n);
  return hrs_machine_require(o->comm, false, (hrs_count)8 << o->n, what);
}

static hrs_status bench_stream(const hrs_bench_options *o, hrs_bench_report *r) {
  hrs_count count = (hrs_count)1 << o->n;
  double *data;
  HRS_TRY(require_array(o));
  HRS_TRY(hrs_alloc(count, sizeof *data, &data));
  fill(data, count);
  double pass = hrs_bench_pass(o->comm, data, 1, count, o->repeat);
  bool right = true;
  for (hrs_count i = 0; i < count; i++)
    right = right && data[i] == sample_value((hrs_mask)i) + o->repeat;
  hrs_free(data);
  HRS_REQUIRE(right, VERIFY, "bench stream: the array holds wrong numbers");
  int size = hrs_comm_size(o->comm);
  hrs_bench_add(r, "one in-place pass", pass, "s");
  hrs_bench_add(r, "read and written, all ranks", 16.0 * (double)count * size / pass / 1e9, "GB/s");
  return HRS_OK;
}

static double get(const void *data, hrs_dtype type, hrs_count i) {
  return type == HRS_F64 ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

/* Forth and back, and least time of the way forth; in between, unless `pass` is NULL, passes over
 * the same array, for a machine's speed changes within seconds. Whole numbers below 2^24 (or 2^53):
 * the way back is exact. */
static hrs_status time_butterfly(const hrs_bench_options *o, hrs_dtype type, void *data,
                                 hrs_butterfly_engine engine, double *best, double *pass) {
  hrs_kernel mobius = hrs_kernel_get(HRS_KERNEL_MOBIUS), zeta = hrs_kernel_get(HRS_KERNEL_ZETA);
  *best = 1e300;
  if (pass) *pass = 1e300;
  for (hrs_count i = 0; i < (hrs_count)1 << o->n; i++) {
    if (type == HRS_F64)
      ((double *)data)[i] = sample_value((hrs_mask)i);
    else /* 1 at one set in 64: its dividends are below 2^24 */
      ((float *)data)[i] = i % 64 == 0 && i >> 20 == 0;
  }
  for (int r = 0; r < o->repeat; r++) {
    double start = hrs_bench_begin(o->comm);
    HRS_TRY(hrs_butterfly(mobius, 1, type, data, o->n, 0, o->n, engine));
    double seconds = hrs_bench_slowest(o->comm, hrs_time() - start);
    *best = least(seconds, *best);
    if (pass) {
      double forth = hrs_bench_pass(o->comm, data, 1, (hrs_count)1 << o->n, 1);
      *pass =
          least((forth + hrs_bench_pass(o->comm, data, -1, (hrs_count)1 << o->n, 1)) / 2, *pass);
    }
    HRS_TRY(hrs_butterfly(zeta, 1, type, data, o->n, 0, o->n, HRS_BUTTERFLY_AUTO));
  }
  for (hrs_count i = 0; i < (hrs_count)1 << o->n; i++) {
    double wanted = type == HRS_F64 ? sample_value((hrs_mask)i) : i % 64 == 0 && i >> 20 == 0;
    HRS_REQUIRE(get(data, type, i) == wanted, VERIFY,
                "bench transform: element %lld is %g after Moebius and zeta, not %g", (long long)i,
                get(data, type, i), wanted);
  }
  return HRS_OK;
}

static hrs_status bench_transform(const hrs_bench_options *o, hrs_bench_report *r) {
  hrs_count count = (hrs_count)1 << o->n;
  double *data, pass = 0, reference = 0, blocked = 0, single = 0;
  HRS_TRY(hrs_simd_check());
  HRS_TRY(require_array(o));
  HRS_TRY(hrs_alloc(count, sizeof *data, &data));
  hrs_status status = time_butterfly(o, HRS_F64, data, HRS_BUTTERFLY_BLOCKED, &blocked, &pass);
  if (status == HRS_OK)
    status = time_butterfly(o, HRS_F32, data, HRS_BUTTERFLY_BLOCKED, &single, NULL);
  if (status == HRS_OK)
    status = time_butterfly(o, HRS_F64, data, HRS_BUTTERFLY_REFERENCE, &reference, NULL);
  hrs_free(data);
  HRS_TRY(status);
  snprintf(r->note, sizeof r->note, ", %s", hrs_simd_name());
  hrs_bench_add(r, "one in-place pass (the limit is 2 to 3)", pass, "s");
  hrs_bench_add(r, "Moebius, blocked", blocked, "s");
  hrs_bench_add(r, "Moebius, blocked", blocked / pass, "passes");
  hrs_bench_add(r, "Moebius of floats, blocked", single / pass, "passes");
  hrs_bench_add(r, "floats against doubles", single / blocked, "of the time");
  hrs_bench_add(r, "Moebius, one loop per bit", reference / pass, "passes");
  hrs_bench_add(r, "blocked against one loop per bit", reference / blocked, "times faster");
  return HRS_OK;
}

/* The same volume between the same pairs in the same chunks, from one half of a buffer larger than
 * the caches to the other: what network and memory allow. */
static hrs_status bare_sendrecv(const hrs_lattice *lattice, hrs_count volume, char *buffer,
                                hrs_count half) {
  int size = lattice->part.ranks;
  hrs_count share = volume / (size - 1);
  hrs_count chunk = lattice->chunk < half ? lattice->chunk : half;
  for (int step = 1; step < size; step++) {
    int to = (lattice->rank + step) % size, from = (lattice->rank - step + size) % size;
    for (hrs_count done = 0; done < share; done += chunk) {
      int bytes = 0;
      HRS_TRY(hrs_narrow(share - done < chunk ? share - done : chunk, "bytes of a chunk", &bytes));
      hrs_count at = done % (half - bytes + 1);
      MPI_Sendrecv(buffer + at, bytes, MPI_BYTE, to, 1, buffer + half + at, bytes, MPI_BYTE, from,
                   1, lattice->comm, MPI_STATUS_IGNORE);
    }
  }
  return HRS_OK;
}

/* The most bytes of each half. */
static const hrs_count BARE = (hrs_count)256 << 20;

/* Least time of the bare loop, and of the rank's own tiles. The lattice is not left as it was. */
static hrs_status time_parts(const hrs_bench_options *o, hrs_lattice *lattice, hrs_count volume,
                             double *own, double *bare) {
  hrs_count half = volume < BARE ? volume : BARE;
  char *buffer;
  HRS_TRY(hrs_comm_alloc(lattice->comm, 2 * half, 1, &buffer));
  memset(buffer, 0, 2 * (size_t)half);
  hrs_status status = HRS_OK;
  for (int i = 0; i < o->repeat && status == HRS_OK; i++) {
    double start = hrs_bench_begin(o->comm);
    hrs_lattice_swap_own(lattice);
    double seconds = hrs_bench_slowest(o->comm, hrs_time() - start);
    *own = seconds < *own ? seconds : *own;
    start = hrs_bench_begin(o->comm);
    status = hrs_agree(lattice->comm, HRS_OK); /* raw messages follow */
    if (status == HRS_OK && volume) status = bare_sendrecv(lattice, volume, buffer, half);
    seconds = hrs_bench_slowest(o->comm, hrs_time() - start);
    *bare = seconds < *bare ? seconds : *bare;
  }
  hrs_free(buffer);
  return status;
}

/* Bits [first, first + count) of this rank's rows. */
static hrs_status rows_bits(const hrs_lattice *lattice, int first, int count) {
  int bits = lattice->part.n - lattice->part.block_bits;
  for (hrs_count row = lattice->first; row < lattice->first + lattice->count; row++)
    HRS_TRY(hrs_butterfly(hrs_kernel_get(HRS_KERNEL_WALSH), 1, lattice->type,
                          hrs_lattice_row(lattice, row), bits, first, count, HRS_BUTTERFLY_AUTO));
  return HRS_OK;
}

/* Least times of a transform, and of its parts one after the other: what overlapping gains. At best
 * the butterflies across tiles take no time, or the messages do not. */
static hrs_status time_transforms(const hrs_bench_options *o, hrs_lattice *lattice,
                                  hrs_bench_report *r) {
  int n = lattice->part.n, v = lattice->part.block_bits;
  double together = 1e300, apart = 1e300, last = 1e300;
  for (int i = 0; i < o->repeat; i++) {
    double start = hrs_bench_begin(o->comm);
    HRS_TRY(hrs_lattice_transform(lattice, hrs_kernel_get(HRS_KERNEL_WALSH), 1));
    together = least(hrs_bench_slowest(o->comm, hrs_time() - start), together);
    start = hrs_bench_begin(o->comm);
    HRS_TRY(rows_bits(lattice, 0, n - v));
    HRS_TRY(hrs_lattice_exchange(lattice));
    double across = hrs_time();
    HRS_TRY(rows_bits(lattice, n - 2 * v, v));
    double end = hrs_time();
    last = least(hrs_bench_slowest(o->comm, end - across), last);
    apart = least(hrs_bench_slowest(o->comm, end - start), apart);
  }
  hrs_bench_add(r, "transform, parts one after the other", apart, "s");
  hrs_bench_add(r, "of it butterflies across tiles", last, "s");
  hrs_bench_add(r, "transform, butterflies as tiles arrive", together, "s");
  hrs_bench_add(r, "against parts one after the other", together / apart, "of the time");
  return HRS_OK;
}

static hrs_status bench_exchange(const hrs_bench_options *o, hrs_bench_report *r) {
  int size = hrs_comm_size(o->comm);
  hrs_partition part;
  HRS_TRY(hrs_partition_create(o->n, -1, size, &part));
  /* Equal shares, so that the bare loop moves the same bytes. */
  HRS_REQUIRE((1 << part.block_bits) % size == 0, USAGE,
              "bench exchange: %d ranks do not divide the %d blocks", size, 1 << part.block_bits);
  hrs_lattice *lattice;
  HRS_TRY(hrs_bench_require(o->comm, &part, HRS_F64, o->chunk, (hrs_sharing)o->shm, 1,
                            size > 1 ? 2 * BARE : 0));
  HRS_TRY(hrs_lattice_create(o->comm, &part, HRS_F64, o->chunk, (hrs_sharing)o->shm, &lattice));
  for (hrs_count row = lattice->first; row < lattice->first + lattice->count; row++) {
    hrs_subcube cube = hrs_lattice_row_cube(lattice, row);
    double *data = hrs_lattice_row(lattice, row);
    for (hrs_count i = 0; i < hrs_lattice_row_size(lattice); i++)
      data[i] = sample_value(hrs_subcube_mask(cube, i));
  }
  uint64_t before, after;
  hrs_status status = HRS_OK;
  double exchange = 1e300, own = 1e300, bare = 1e300;
  hrs_count volume = hrs_partition_volume(&part, HRS_F64, 0);
  HRS_GO(hrs_lattice_checksum(lattice, &before));
  for (int i = 0; i < o->repeat; i++) {
    double start = hrs_bench_begin(o->comm);
    HRS_GO(hrs_lattice_exchange(lattice));
    double seconds = hrs_bench_slowest(o->comm, hrs_time() - start);
    exchange = seconds < exchange ? seconds : exchange;
  }
  HRS_GO(hrs_lattice_checksum(lattice, &after));
  HRS_GO(before == after ? HRS_OK
                         : hrs_error_set(HRS_STATUS_VERIFY, __FILE__, __LINE__,
                                         "bench exchange: the checksum changed"));
  HRS_GO(time_parts(o, lattice, volume, &own, &bare));
  hrs_bench_add(r, "exchange", exchange, "s");
  hrs_bench_add(r, "of it own tiles, swapped in place", own, "s");
  hrs_bench_add(r, "sent by a rank", (double)volume / 0x1p20, "MiB");
  if (size > 1) {
    hrs_bench_add(r, "bare chunked MPI_Sendrecv, same volume (limit)", bare, "s");
    hrs_bench_add(r, "exchange with other ranks against bare", (exchange - own) / bare,
                  "times as long");
    hrs_bench_add(r, "whole exchange against bare", exchange / bare, "times as long");
    hrs_bench_add(r, "sent by a rank", (double)volume / exchange / 1e9, "GB/s");
  }
  HRS_GO(time_transforms(o, lattice, r));
done:
  hrs_lattice_destroy(&lattice);
  return status;
}

static hrs_status bench(int argc, char **argv, hrs_bench_options *o, hrs_bench_report *r) {
  static const struct {
    const char *name;
    hrs_status (*run)(const hrs_bench_options *o, hrs_bench_report *r);
  } kinds[] = {{"stream", bench_stream},
               {"transform", bench_transform},
               {"exchange", bench_exchange},
               {"indices", hrs_bench_indices}};
  static const struct {
    const char *name;
    hrs_status (*run)(int argc, char **argv, hrs_bench_options *o, hrs_bench_report *r);
  } given[] = {
      {"evaluate", hrs_bench_evaluate}, {"lattice", hrs_bench_lattice}, {"fit", hrs_bench_fit}};
  for (size_t i = 0; argc > 1 && i < sizeof given / sizeof *given; i++) {
    if (strcmp(argv[1], given[i].name) != 0) continue;
    r->kind = given[i].name;
    return given[i].run(argc - 1, argv + 1, o, r);
  }
  const char *kind;
  HRS_TRY(hrs_options_parse(&line, argc, argv, o, &kind, NULL));
  HRS_REQUIRE(o->n >= 1 && o->n <= 36, USAGE, "--n %d: it must be 1 to 36", o->n);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(kind, kinds[i].name) != 0) continue;
    r->kind = kinds[i].name;
    HRS_TRY(hrs_agree(o->comm, check_json(o)));
    return kinds[i].run(o, r);
  }
  HRS_FAIL(USAGE,
           "bench: '%s' is none of stream, transform, exchange, indices, evaluate, lattice, fit",
           kind);
}

hrs_status hrs_command_bench(MPI_Comm comm, int argc, char **argv) {
  if (hrs_options_want_help(argc, argv)) {
    hrs_options_help(&line);
    return HRS_OK;
  }
  hrs_bench_report r = {0};
  hrs_bench_options o = {.comm = comm};
  hrs_status status = hrs_agree(comm, bench(argc, argv, &o, &r));
  if (status == HRS_OK) status = hrs_agree(comm, print(&r, &o));
  hrs_place_destroy(&o.place);
  return status;
}
