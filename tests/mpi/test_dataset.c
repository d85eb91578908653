/* The data set's writer at any number of ranks: what is written is what is read, from both phases,
 * by several groups at a time; failures and aborts leave nothing behind. Rank 0 reads the file back
 * with serial HDF5 and compares bit by bit. */
#include "mpi/dataset/write.h"
#include "mpi/dataset/write_lattice.h"
#include "mpi/program/kinds/interactions/interactions.h"
#include "mpi/program/kinds/interactions/salient.h"
#include "mpi_test.h"

#include <hdf5.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int rank, size;
static char folder[256];

static const char *in_folder(char path[512], const char *name) {
  snprintf(path, 512, "%s/%s", folder, name);
  return path;
}

static bool exists(const char *name) {
  char path[512];
  struct stat info;
  return stat(in_folder(path, name), &info) == 0;
}

static void make_folder(void **state) {
  (void)state;
  rank = mpi_rank(MPI_COMM_WORLD);
  size = mpi_size(MPI_COMM_WORLD);
  const char *base = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/harsanyi-dataset-XXXXXX", base ? base : "/tmp");
  bool made = rank != 0 || mkdtemp(folder);
  mpi_assert(made);
  MPI_Bcast(folder, (int)sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD);
}

/* Every test has removed its files: nothing else is left either. */
static void remove_folder(void **state) {
  (void)state;
  bool removed = rank != 0 || rmdir(folder) == 0;
  mpi_assert(removed);
}

/* A number per row, array and mask that has no pattern, exact in single precision. */
static double number(hrs_count k, int which, hrs_mask mask) {
  uint64_t x = (mask + 1) * 0x9E3779B97F4A7C15u + (uint64_t)(k * 3 + which) * 0xD1B54A32D192ED03u;
  x ^= x >> 29;
  x *= 0xBF58476D1CE4E5B9u;
  return (double)(int64_t)(x >> 41) - 4194304.0;
}

static bool row_equals(const char *path, const char *array, hrs_count k, int which, int n) {
  char name[600];
  snprintf(name, sizeof name, "%s:%s", path, array);
  hrs_array_file *file;
  if (hrs_input_open(name, &file) != HRS_OK) return false;
  hrs_count masks = (hrs_count)1 << n;
  double *value = malloc(sizeof *value * (size_t)masks);
  bool equal = hrs_array_file_read(file, k, 1, HRS_F64, value) == HRS_OK;
  for (hrs_count i = 0; equal && i < masks; i++)
    equal = value[i] == number(k, which, (hrs_mask)i);
  free(value);
  hrs_array_file_close(&file);
  return equal;
}

static bool load(const char *path, const char *array, hrs_dtype type, void *out, hrs_count most) {
  char name[600];
  hrs_array loaded = {0};
  hrs_array_file *file;
  snprintf(name, sizeof name, "%s:%s", path, array);
  if (hrs_input_open(name, &file) != HRS_OK) return false;
  bool good = hrs_array_file_read_all(file, &loaded) == HRS_OK &&
              hrs_array_convert(&loaded, type) == HRS_OK && hrs_array_count(&loaded) <= most;
  if (good) memcpy(out, loaded.data, (size_t)hrs_array_count(&loaded) * hrs_dtype_size(type));
  hrs_array_destroy(&loaded);
  hrs_array_file_close(&file);
  return good;
}

static hrs_interactions_spec plain_spec(int n, hrs_count rows) {
  return (hrs_interactions_spec){.n = n,
                                 .samples = rows,
                                 .rows = rows,
                                 .precision = HRS_F64,
                                 .values = true,
                                 .types = {true, true},
                                 .keep_all = true,
                                 .indices = {true, true}};
}

static hrs_status create(const char *path, bool force, const hrs_interactions_spec *spec,
                         hrs_dataset **out) {
  hrs_contents *contents;
  *out = NULL;
  HRS_TRY(hrs_interactions_contents(spec, &contents));
  hrs_status status = hrs_dataset_create(MPI_COMM_WORLD, path, force, &contents, out);
  hrs_contents_destroy(&contents);
  return status;
}

static hrs_count bytes_of(const hrs_interactions_spec *spec) {
  hrs_contents *contents;
  if (hrs_interactions_contents(spec, &contents) != HRS_OK) return -1;
  hrs_count bytes = hrs_contents_bytes(contents);
  hrs_contents_destroy(&contents);
  return bytes;
}

static void fill(hrs_lattice *lattice, hrs_count k, int which) {
  hrs_lattice_reset(lattice);
  hrs_count first = hrs_lattice_first_row(lattice);
  for (hrs_count row = first; row < first + hrs_lattice_row_count(lattice); row++) {
    hrs_subcube cube = hrs_lattice_row_cube(lattice, row);
    hrs_mask mask = cube.fixed;
    for (hrs_count i = 0; i < hrs_subcube_size(cube); i++) {
      hrs_lattice_set(lattice, mask, number(k, which, mask));
      mask = hrs_subcube_next(cube, mask);
    }
  }
}

static hrs_interactions_row small_row(int n, hrs_count k) {
  hrs_interactions_row row = {.index = 100 + k,
                              .label = (int)k % 10,
                              .target = (int)k % 3,
                              .v_empty = number(k, 0, 0),
                              .v_full = number(k, 0, hrs_mask_full(n)),
                              .threshold = 0.5 + (double)k};
  for (int type = 0; type < 2; type++)
    for (int i = 0; i <= n; i++)
      for (int what = 0; what < 5; what++)
        row.orders[type][what][i] = (double)(1000 * k + 100 * type + 10 * what + i);
  for (int i = 0; i < n; i++) {
    row.indices[0][i] = (double)k + i / 16.0;
    row.indices[1][i] = -(double)k - i / 16.0;
  }
  return row;
}

/* Row k has k % 4 entries. */
static hrs_salient small_list(hrs_count k) {
  hrs_salient list = {.count = k % 4, .truncated = k % 2 == 1};
  list.mask = malloc(sizeof *list.mask * 4);
  list.type = malloc(4);
  list.value = malloc(sizeof *list.value * 4);
  for (int i = 0; i < 4; i++) {
    list.mask[i] = (hrs_mask)(i + 1);
    list.type[i] = (uint8_t)(i % 2);
    list.value[i] = 10.0 - i + (double)k / 8;
  }
  return list;
}

/* `groups` groups of ranks take the rows in turn; in the last round some have none. */
static void write_and_compare(int n, hrs_dtype type, int groups, hrs_count rows, hrs_count chunk,
                              int block_bits) {
  char path[512];
  in_folder(path, "set.h5");
  if (groups > size) groups = size;
  int group = rank % groups, in_group = (size - group + groups - 1) / groups;
  hrs_partition part;
  int most = 1 << (block_bits >= 0 ? block_bits : hrs_partition_default_bits(n));
  int use = in_group < most ? in_group : most;
  bool idle = rank / groups >= use;
  MPI_Comm comm;
  MPI_Comm_split(MPI_COMM_WORLD, idle ? MPI_UNDEFINED : group, rank, &comm);
  hrs_lattice *lattice = NULL;
  hrs_status status = HRS_OK;
  if (!idle) {
    status = hrs_partition_create(n, block_bits, use, &part);
    if (status == HRS_OK)
      status = hrs_lattice_create(comm, &part, type, chunk, HRS_SHARE_AUTO, &lattice);
  }
  mpi_assert_ok(status);
  hrs_interactions_spec spec = plain_spec(n, rows);
  spec.precision = type;
  hrs_dataset *set;
  mpi_assert_ok(create(path, false, &spec, &set));
  mpi_assert(!exists("set.h5") && exists("set.h5.part"));
  hrs_count mine = 0, listed[64];
  hrs_salient lists[64];
  for (hrs_count round = 0; round * groups < rows; round++) {
    hrs_count k = round * groups + group;
    hrs_lattice *own = k < rows ? lattice : NULL;
    if (own) fill(own, k, 0);
    mpi_assert_ok(hrs_dataset_write_lattice(set, "/values", k, own));
    if (own) {
      fill(own, k, 1);
      status = hrs_lattice_exchange(own);
    }
    mpi_assert_ok(status);
    mpi_assert_ok(hrs_dataset_write_lattice(set, "/interactions/and", k, own));
    if (own) fill(own, k, 2);
    mpi_assert_ok(hrs_dataset_write_lattice(set, "/interactions/or", k, own));
    if (k < rows && rank / groups == 0) {
      hrs_interactions_row row = small_row(n, k);
      status = hrs_dataset_write_record(set, HRS_INTERACTIONS_ROW, k, &row);
      listed[mine] = k;
      lists[mine++] = small_list(k);
    }
    mpi_assert_ok(status);
  }
  mpi_assert_ok(hrs_salient_write(set, mine, listed, lists));
  const hrs_run_attribute run[] = {{"command", "a test", 0}, {"seconds", NULL, 1.5}};
  mpi_assert_ok(hrs_dataset_finish(&set, 2, run));
  mpi_assert(set == NULL && exists("set.h5") && !exists("set.h5.part"));
  bool good = true;
  if (rank == 0) {
    uint64_t offset[65];
    double orders[64 * 41], value[256];
    good = load(path, "/salient/offset", HRS_U64, offset, 65) && offset[0] == 0;
    good = good && load(path, "/salient/value", HRS_F64, value, 256);
    good = good && load(path, "/orders/or/negative", HRS_F64, orders, 64 * 41);
    for (hrs_count k = 0; good && k < rows; k++) {
      good = row_equals(path, "/values", k, 0, n) &&
             row_equals(path, "/interactions/and", k, 1, n) &&
             row_equals(path, "/interactions/or", k, 2, n) &&
             offset[k + 1] - offset[k] == (uint64_t)(k % 4);
      for (uint64_t i = 0; good && i < offset[k + 1] - offset[k]; i++)
        good = value[offset[k] + i] == 10.0 - (double)i + (double)k / 8;
      for (int i = 0; good && i <= n; i++)
        good = orders[k * (n + 1) + i] == (double)(1000 * k + 110 + i);
    }
  }
  mpi_assert(good);
  for (hrs_count i = 0; i < mine; i++)
    free(lists[i].mask), free(lists[i].type), free(lists[i].value);
  hrs_lattice_destroy(&lattice);
  if (!idle) MPI_Comm_free(&comm);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) unlink(path);
  MPI_Barrier(MPI_COMM_WORLD);
}

static void one_group(void **state) {
  (void)state;
  for (int n = 1; n <= 12; n += n < 6 ? 1 : 3)
    write_and_compare(n, HRS_F64, 1, 2, 0, -1);
  write_and_compare(10, HRS_F32, 1, 1, 0, -1);
}

static void many_groups(void **state) {
  (void)state;
  for (int groups = 2; groups <= 5; groups++)
    write_and_compare(6, HRS_F64, groups, 7, 0, -1);
  write_and_compare(4, HRS_F32, 3, 10, 0, -1);
}

/* Chunks smaller than a tile (written straight), of a few tiles (packed), and few blocks. */
static void any_cut(void **state) {
  (void)state;
  const hrs_count chunks[] = {8, 200, 1024};
  for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++)
    for (int bits = 2; bits <= 4; bits++)
      write_and_compare(9, HRS_F64, 1, 1, chunks[i], bits);
}

static void nothing_salient(void **state) {
  (void)state;
  char path[512];
  in_folder(path, "empty.h5");
  hrs_interactions_spec spec = {
      .n = 3, .samples = 1, .rows = 1, .precision = HRS_F64, .types = {true}};
  hrs_dataset *set;
  mpi_assert_ok(create(path, false, &spec, &set));
  hrs_status status = HRS_OK;
  if (rank == size - 1) {
    hrs_interactions_row row = small_row(3, 0);
    status = hrs_dataset_write_record(set, HRS_INTERACTIONS_ROW, 0, &row);
  }
  mpi_assert_ok(status);
  hrs_count k = 0;
  hrs_salient list = {0};
  mpi_assert_ok(hrs_salient_write(set, rank == size - 1, &k, &list));
  mpi_assert_ok(hrs_dataset_finish(&set, 0, NULL));
  bool good = true;
  if (rank == 0) {
    uint64_t number_of[2] = {7, 7};
    good = load(path, "/salient/mask", HRS_U64, number_of, 0) &&
           load(path, "/salient/offset", HRS_U64, number_of, 2) && number_of[0] == 0 &&
           number_of[1] == 0 && !load(path, "/values", HRS_F64, NULL, 0) &&
           !load(path, "/orders/or/positive", HRS_F64, NULL, 0);
    unlink(path);
  }
  mpi_assert(good);
}

static void names_map_and_baseline(void **state) {
  (void)state;
  char path[512];
  in_folder(path, "names.h5");
  char *players[] = {"left", "rechts \xc3\xa4\xc3\xb6", ""}, *classes[] = {"no", "yes"};
  int32_t label[6] = {0, 0, 1, 1, 2, -1};
  uint16_t half[6] = {0x3C00, 0, 0xC000, 0, 0, 0x3800}; /* 1, 0, -2, 0, 0, 0.5 */
  hrs_array map = {HRS_I32, 2, {2, 3}, label}, baseline = {HRS_F16, 2, {2, 3}, half};
  hrs_interactions_spec spec = {.n = 3,
                                .samples = 1,
                                .rows = 1,
                                .precision = HRS_F64,
                                .types = {true},
                                .player_names = players,
                                .map = &map,
                                .baseline = &baseline,
                                .class_names = classes,
                                .classes = 2};
  hrs_dataset *set;
  mpi_assert_ok(create(path, false, &spec, &set));
  hrs_count k = 0;
  hrs_salient list = {0};
  mpi_assert_ok(hrs_salient_write(set, rank == 0, &k, &list));
  mpi_assert_ok(hrs_dataset_finish(&set, 0, NULL));
  bool good = true;
  if (rank == 0) {
    int32_t read[6];
    double base[6];
    good = load(path, "/players/map", HRS_I32, read, 6) && memcmp(read, label, sizeof read) == 0 &&
           load(path, "/players/baseline", HRS_F64, base, 6) && base[0] == 1 && base[2] == -2 &&
           base[5] == 0.5;
    /* Strings are no numbers, and the message says so. */
    good = good && !load(path, "/players/name", HRS_F64, base, 6) &&
           strstr(hrs_error_message(), "strings");
    unlink(path);
  }
  mpi_assert(good);
}

static void existing_file_is_kept(void **state) {
  (void)state;
  char path[512];
  in_folder(path, "old.h5");
  char text[8] = "";
  if (rank == 0) {
    FILE *file = fopen(path, "w");
    if (file) fputs("old", file), fclose(file);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  hrs_interactions_spec spec = plain_spec(4, 1);
  hrs_dataset *set;
  hrs_status status = create(path, false, &spec, &set);
  mpi_assert(status == HRS_STATUS_USAGE && !set);
  mpi_assert(strstr(hrs_error_message(), "give --force to replace it"));
  mpi_assert(!exists("old.h5.part"));
  mpi_assert_ok(create(path, true, &spec, &set));
  hrs_dataset_abort(&set);
  MPI_Barrier(MPI_COMM_WORLD);
  mpi_assert(!set && !exists("old.h5.part"));
  FILE *file = fopen(path, "r");
  if (file) fgets(text, sizeof text, file), fclose(file);
  mpi_assert(strcmp(text, "old") == 0);
  mpi_assert_ok(create(path, true, &spec, &set));
  hrs_count k = 0;
  hrs_salient list = {0};
  mpi_assert_ok(hrs_salient_write(set, rank == 0, &k, &list));
  mpi_assert_ok(hrs_dataset_finish(&set, 0, NULL));
  hrs_array_file *array = NULL;
  char name[600];
  snprintf(name, sizeof name, "%s:/values", path);
  status = rank == 0 ? hrs_input_open(name, &array) : HRS_OK;
  hrs_array_file_close(&array);
  mpi_assert_ok(status);
  if (rank == 0) unlink(path);
}

static void refused(const char *path, const hrs_interactions_spec *spec, hrs_status expected,
                    const char *words) {
  hrs_dataset *set;
  hrs_status status = create(path, false, spec, &set);
  mpi_assert(status == expected && !set);
  mpi_assert(strstr(hrs_error_message(), words));
}

static void bad_places(void **state) {
  (void)state;
  char path[512];
  hrs_interactions_spec spec = plain_spec(4, 1), vast = plain_spec(40, 1);
  refused(in_folder(path, "missing/out.h5"), &spec, HRS_STATUS_IO, "No such file or directory");
  refused(folder, &spec, HRS_STATUS_USAGE, "is a folder");
  refused("/dev/null", &spec, HRS_STATUS_USAGE, "no regular file");
  refused("", &spec, HRS_STATUS_USAGE, "--out");
  refused(in_folder(path, "vast.h5"), &vast, HRS_STATUS_IO, "GiB and the disk has");
  mpi_assert(!exists("vast.h5.part") && !exists("vast.h5"));
}

/* A list that no rank brings, or two do, is an error on all ranks, and abort cleans up. */
static void rows_without_or_with_two_owners(void **state) {
  (void)state;
  char path[512];
  hrs_interactions_spec spec = plain_spec(3, 2);
  for (int twice = 0; twice < 2; twice++) {
    hrs_dataset *set;
    mpi_assert_ok(create(in_folder(path, "bad.h5"), false, &spec, &set));
    hrs_count rows[3] = {0, 1, 0};
    hrs_salient lists[3] = {{0}, {0}, {0}};
    hrs_status status = hrs_salient_write(set, rank == 0 ? 1 + 2 * twice : 0, rows, lists);
    mpi_assert(status == HRS_STATUS_INTERNAL);
    hrs_dataset_abort(&set);
    MPI_Barrier(MPI_COMM_WORLD);
    mpi_assert(!exists("bad.h5") && !exists("bad.h5.part"));
  }
}

static void planned_bytes(void **state) {
  (void)state;
  hrs_interactions_spec spec = plain_spec(20, 3);
  hrs_count lattice = 3 * 8 * ((hrs_count)1 << 20);
  hrs_count bytes = bytes_of(&spec);
  mpi_assert(bytes > 3 * lattice && bytes < 3 * lattice + (1 << 18));
  spec.values = spec.keep_all = false;
  mpi_assert(bytes_of(&spec) < 1 << 18);
}

/* Nothing in a file depends on when or where it was written. */
static void equal_contents_are_equal_bytes(void **state) {
  (void)state;
  char path[2][512];
  hrs_interactions_spec spec = plain_spec(5, 1);
  for (int i = 0; i < 2; i++) {
    hrs_dataset *set;
    in_folder(path[i], i ? "second.h5" : "first.h5");
    mpi_assert_ok(create(path[i], false, &spec, &set));
    hrs_interactions_row row = small_row(5, 0);
    hrs_salient list = small_list(3);
    hrs_count k = 0;
    int writer = i % size;
    mpi_assert_ok(rank == writer ? hrs_dataset_write_record(set, HRS_INTERACTIONS_ROW, 0, &row)
                                 : HRS_OK);
    mpi_assert_ok(hrs_salient_write(set, rank == writer, &k, &list));
    const hrs_run_attribute run = {"command", "a test", 0};
    mpi_assert_ok(hrs_dataset_finish(&set, 1, &run));
    free(list.mask), free(list.type), free(list.value);
    /* Files keep times in whole seconds. All ranks sleep: one that waits for others spins. */
    for (time_t begun = time(NULL); i == 0 && time(NULL) == begun;)
      usleep(10000);
  }
  bool equal = true;
  if (rank == 0) {
    unsigned char *bytes[2] = {NULL, NULL};
    hrs_count length[2] = {0, 1};
    for (int i = 0; i < 2; i++)
      equal = equal && hrs_file_read(path[i], 1 << 20, &bytes[i], &length[i]) == HRS_OK;
    equal = equal && length[0] == length[1] && memcmp(bytes[0], bytes[1], (size_t)length[0]) == 0;
    hrs_free(bytes[0]);
    hrs_free(bytes[1]);
    unlink(path[0]);
    unlink(path[1]);
  }
  mpi_assert(equal);
}

/* No handle of HDF5 is left open by what ran before. */
static void no_handle_is_left(void **state) {
  (void)state;
  mpi_assert(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL) == 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(make_folder),
    cmocka_unit_test(one_group),
    cmocka_unit_test(many_groups),
    cmocka_unit_test(any_cut),
    cmocka_unit_test(nothing_salient),
    cmocka_unit_test(names_map_and_baseline),
    cmocka_unit_test(existing_file_is_kept),
    cmocka_unit_test(bad_places),
    cmocka_unit_test(rows_without_or_with_two_owners),
    cmocka_unit_test(planned_bytes),
    cmocka_unit_test(equal_contents_are_equal_bytes),
    cmocka_unit_test(no_handle_is_left),
    cmocka_unit_test(remove_folder),
};
mpi_test_main(tests)
