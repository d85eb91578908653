/* The process that reads HDF5 for others: what it says of a file, and that its end, or its being
 * stuck, is a failure like any other. Each rank reads a file of its own. */
#include "mpi/dataset/h5.h"
#include "mpi/dataset/reading.h"
#include "mpi_test.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 5, COLUMNS = 1000000 };

static char path[256];

/* Numbers of some types, text, a group. */
static bool make_file(void) {
  const hsize_t dim[2] = {ROWS, COLUMNS};
  const int32_t three[] = {7, -8, 9};
  const char *names[] = {"one", ""};
  bool good = true;
  snprintf(path, sizeof path, "/tmp/hrs_reader_%d.h5", (int)getpid());
  hrs_h5_quiet();
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t group = H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  hid_t wide = H5Screate_simple(2, dim, NULL),
        short_list = H5Screate_simple(1, (hsize_t[]){3}, NULL);
  hid_t pair = H5Screate_simple(1, (hsize_t[]){2}, NULL), text = hrs_h5_string_type(H5T_VARIABLE);
  hid_t a = H5Dcreate2(file, "wide", H5T_IEEE_F64LE, wide, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  hid_t b =
      H5Dcreate2(group, "ints", H5T_STD_I32BE, short_list, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  hid_t c = H5Dcreate2(file, "names", text, pair, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  double *row = calloc(COLUMNS, sizeof *row);
  for (hsize_t k = 0; row && k < ROWS; k++) {
    hid_t part = H5Dget_space(a), memory = H5Screate_simple(1, (hsize_t[]){COLUMNS}, NULL);
    for (int i = 0; i < COLUMNS; i++)
      row[i] = (double)k * COLUMNS + i;
    H5Sselect_hyperslab(part, H5S_SELECT_SET, (hsize_t[]){k, 0}, NULL, (hsize_t[]){1, COLUMNS},
                        NULL);
    good = good && H5Dwrite(a, H5T_NATIVE_DOUBLE, memory, part, H5P_DEFAULT, row) >= 0;
    hrs_h5_close(memory);
    hrs_h5_close(part);
  }
  free(row);
  good = good && H5Dwrite(b, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, three) >= 0 &&
         H5Dwrite(c, text, H5S_ALL, H5S_ALL, H5P_DEFAULT, names) >= 0 &&
         hrs_h5_set_text(group, "text", "a word") == HRS_OK &&
         hrs_h5_set_number(file, "number", HRS_I32, 12) == HRS_OK;
  const hid_t all[] = {c, b, a, text, pair, short_list, wide, group, file};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    good = hrs_h5_close(all[i]) && good;
  return good;
}

static bool fails(hrs_status status, hrs_status wanted, const char *words) {
  return status == wanted && strstr(hrs_error_message(), words) &&
         strstr(hrs_error_message(), path);
}

static void answers(void **state) {
  (void)state;
  hrs_h5_reader *reader = NULL;
  hrs_h5_array array;
  int32_t ints[3] = {0};
  double *values = calloc(ROWS * COLUMNS, sizeof *values), number = 0;
  char *text = NULL, **names = NULL, list[256];
  hrs_count before = hrs_memory_current();
  bool good = make_file() && hrs_h5_reader_open(path, &reader) == HRS_OK;
  good = good && hrs_h5_reader_find(reader, "/nothing/there", &array) == HRS_OK &&
         array.kind == HRS_H5_NOTHING;
  good = good && hrs_h5_reader_find(reader, "group", &array) == HRS_OK &&
         array.kind == HRS_H5_NO_ARRAY;
  good = good && hrs_h5_reader_find(reader, "/names", &array) == HRS_OK &&
         array.kind == HRS_H5_TEXT && array.rank == 1 && array.dim[0] == 2;
  good = good && hrs_h5_reader_find(reader, "/wide", &array) == HRS_OK &&
         array.kind == HRS_H5_NUMBERS && array.type == HRS_F64 && array.rank == 2 &&
         array.dim[0] == ROWS && array.dim[1] == COLUMNS;
  /* More than one piece, beginning and ending inside of rows. */
  good =
      good && hrs_h5_reader_read(reader, "/wide", 3, ROWS * COLUMNS - 5, HRS_F64, values) == HRS_OK;
  for (int i = 0; good && i < ROWS * COLUMNS - 5; i++)
    good = values[i] == i + 3;
  good = good && hrs_h5_reader_read(reader, "group/ints", 0, 3, HRS_I32, ints) == HRS_OK &&
         ints[0] == 7 && ints[1] == -8 && ints[2] == 9;
  good = good && hrs_h5_reader_read(reader, "group/ints", 2, 1, HRS_F64, values) == HRS_OK &&
         values[0] == 9;
  good = good && hrs_h5_reader_strings(reader, "names", 2, &names) == HRS_OK &&
         strcmp(names[0], "one") == 0 && strcmp(names[1], "") == 0;
  good = good && hrs_h5_reader_text(reader, "/group", "text", &text) == HRS_OK &&
         strcmp(text, "a word") == 0;
  good = good && hrs_h5_reader_number(reader, "/", "number", &number) == HRS_OK && number == 12;
  hrs_h5_reader_list(reader, list, sizeof list);
  good = good && strcmp(list, "/group/ints, /names, /wide") == 0;
  mpi_assert(good);
  /* What is not there, or is something else. */
  char *none = NULL, **no_names = NULL;
  good = hrs_h5_reader_text(reader, "/group", "nothing", &none) == HRS_OK && !none &&
         hrs_h5_reader_text(reader, "/none", "nothing", &none) == HRS_OK && !none;
  good = good && fails(hrs_h5_reader_read(reader, "/wide", ROWS * COLUMNS - 1, 2, HRS_F64, values),
                       HRS_STATUS_INPUT, "elements");
  good = good && fails(hrs_h5_reader_read(reader, "/group/ints", 0, 1, HRS_I16, values),
                       HRS_STATUS_INPUT, "holds numbers of type int32; int16 was expected");
  good = good && fails(hrs_h5_reader_read(reader, "/group/ints", 0, 1, HRS_U32, values),
                       HRS_STATUS_INPUT, "uint32 was expected");
  good = good && fails(hrs_h5_reader_read(reader, "/wide", 0, 1, HRS_I64, values), HRS_STATUS_INPUT,
                       "int64 was expected");
  good = good && fails(hrs_h5_reader_read(reader, "/names", 0, 1, HRS_F64, values),
                       HRS_STATUS_INPUT, "strings of");
  good = good && fails(hrs_h5_reader_read(reader, "/group", 0, 1, HRS_F64, values),
                       HRS_STATUS_INPUT, "has no data set /group");
  good = good && fails(hrs_h5_reader_strings(reader, "/wide", 1, &no_names), HRS_STATUS_INPUT,
                       "strings were expected");
  good = good && fails(hrs_h5_reader_number(reader, "/group", "text", &number), HRS_STATUS_INPUT,
                       "attribute text of /group is none; a number was expected");
  good = good &&
         fails(hrs_h5_reader_number(reader, "/", "none", &number), HRS_STATUS_INPUT, "is missing");
  good = good && fails(hrs_h5_reader_text(reader, "/", "number", &none), HRS_STATUS_INPUT,
                       "text was expected");
  for (int i = 0; names && i < 2; i++)
    hrs_free(names[i]);
  hrs_free(names);
  hrs_free(text);
  hrs_h5_reader_close(&reader);
  mpi_assert(good && hrs_memory_current() == before);
  free(values);
}

/* The process that reads: the only child there is. */
static pid_t child(void) {
  char name[64];
  int found = 0;
  snprintf(name, sizeof name, "/proc/self/task/%d/children", (int)getpid());
  FILE *file = fopen(name, "r");
  if (file && fscanf(file, "%d", &found) != 1) found = 0;
  if (file) fclose(file);
  return (pid_t)found;
}

static void ends(void **state) {
  (void)state;
  const struct {
    int number;
    hrs_status status;
    const char *words;
  } cases[] = {{SIGSEGV, HRS_STATUS_INPUT, "is damaged: HDF5 crashed"},
               {SIGABRT, HRS_STATUS_INPUT, "is damaged: HDF5 crashed"},
               {SIGKILL, HRS_STATUS_IO, "was ended by signal 9"}};
  bool good = true;
  hrs_count before = hrs_memory_current();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    hrs_h5_reader *reader = NULL;
    hrs_h5_array array;
    good = good && hrs_h5_reader_open(path, &reader) == HRS_OK;
    pid_t reads = good ? child() : 0;
    good = reads > 0 && kill(reads, cases[i].number) == 0 &&
           fails(hrs_h5_reader_find(reader, "/wide", &array), cases[i].status, cases[i].words) &&
           fails(hrs_h5_reader_find(reader, "/wide", &array), cases[i].status, "");
    hrs_h5_reader_close(&reader);
    good = good && waitpid(-1, NULL, WNOHANG) == -1;
  }
  mpi_assert(good && hrs_memory_current() == before);
}

/* An answer that there was no memory for is not taken for the next one. */
static void no_memory(void **state) {
  (void)state;
  hrs_h5_reader *reader = NULL;
  char *text = NULL;
  double number = 0;
  hrs_count before = hrs_memory_current();
  bool good = hrs_h5_reader_open(path, &reader) == HRS_OK;
  hrs_fault_arm(HRS_FAULT_ALLOC, 1);
  good = good && hrs_h5_reader_text(reader, "/group", "text", &text) == HRS_STATUS_MEMORY && !text;
  hrs_fault_arm(HRS_FAULT_ALLOC, 0);
  good = good && fails(hrs_h5_reader_number(reader, "/", "number", &number), HRS_STATUS_IO,
                       "the process that read it has ended");
  hrs_h5_reader_close(&reader);
  /* Nor is a file then said to be something else. */
  for (hrs_count k = 1; good; k++) {
    const hrs_kind *const kinds[] = {NULL};
    hrs_reading *set = NULL;
    hrs_fault_arm(HRS_FAULT_ALLOC, k);
    hrs_status status = hrs_reading_open(path, kinds, &set);
    bool struck = hrs_fault_left(HRS_FAULT_ALLOC) == 0;
    hrs_fault_arm(HRS_FAULT_ALLOC, 0);
    if (status == HRS_STATUS_MEMORY) continue;
    good = !struck && fails(status, HRS_STATUS_INPUT, "no data set of harsanyi");
    break;
  }
  mpi_assert(good && hrs_memory_current() == before);
}

/* A child that never answers does not keep a job from stopping. The last test: the wish stays. */
static void stuck(void **state) {
  (void)state;
  hrs_h5_reader *reader = NULL;
  hrs_h5_array array;
  bool good = hrs_h5_reader_open(path, &reader) == HRS_OK;
  pid_t reads = good ? child() : 0;
  good = good && reads > 0 && kill(reads, SIGSTOP) == 0;
  hrs_stop_install();
  pid_t sender = fork();
  if (sender == 0) {
    usleep(100000);
    kill(getppid(), SIGTERM);
    _exit(0);
  }
  alarm(120);
  good = good && fails(hrs_h5_reader_find(reader, "/wide", &array), HRS_STATUS_STOPPED,
                       "stopped by SIGTERM while reading");
  alarm(0);
  waitpid(sender, NULL, 0);
  good = good && waitpid(reads, NULL, WNOHANG) == -1; /* gone */
  hrs_h5_reader_close(&reader);
  remove(path);
  mpi_assert(good);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(answers),
    cmocka_unit_test(ends),
    cmocka_unit_test(no_memory),
    cmocka_unit_test(stuck),
};

mpi_test_main(tests)
