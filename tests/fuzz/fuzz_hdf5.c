/*
 * Fuzzing of HDF5 files: the input is a whole file, which is read as an array of numbers and by one
 * of the commands for data sets, `show` and `export`. libhdf5 reads in a child process, which may
 * die of it; this process may not. Built and run as fuzz_model is (fuzz_model.c), from files that
 * hdf5.py makes:
 *
 *   HARSANYI_PROGRAM=build/dev/harsanyi /usr/bin/python3 tests/fuzz/hdf5.py --make FOLDER
 *
 * replay_hdf5.c has changes of its own for the plain test.
 */
#include "../command.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_WORDS = 6, MOST_ELEMENTS = 1 << 20 };

/* What follows the file's name. */
static const char *const commands[][MOST_WORDS] = {
    {"show"},
    {"show", "--json"},
    {"show", "--check"},
    {"show", "--orders", "--row", "0", "--type", "or"},
    {"show", "--sample", "0", "--top", "3"},
    {"export"},
    {"export", "--interactions", "and", "--row", "0"},
    {"export", "--interactions", "salient", "--format", "csv"},
    {"export", "--index", "SII", "--format", "shapiq"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static const char *const arrays[] = {"values", "interactions/and", "plain", "gzip", "salient/mask"};
enum { ARRAYS = sizeof arrays / sizeof *arrays };

static hrs_status run(const char *path, const char *const *words) {
  char *argv[MOST_WORDS + 2] = {(char *)(uintptr_t)words[0], (char *)(uintptr_t)path};
  int argc = 2;
  for (int i = 1; i < MOST_WORDS && words[i]; i++)
    argv[argc++] = (char *)(uintptr_t)words[i];
  return test_command(MPI_COMM_SELF, argc, argv);
}

static hrs_status read_array(const char *path, const char *name) {
  char place[512];
  hrs_array_file *file;
  snprintf(place, sizeof place, "%s:/%s", path, name);
  HRS_TRY(hrs_input_open(place, &file));
  hrs_count elements = 1;
  for (int i = 0; i < hrs_array_file_rank(file); i++)
    elements *= hrs_array_file_dim(file)[i];
  if (elements > MOST_ELEMENTS) elements = MOST_ELEMENTS;
  double *data;
  hrs_status status = hrs_alloc(elements, sizeof *data, &data);
  if (status == HRS_OK) status = hrs_array_file_read_elements(file, 0, elements, HRS_F64, data);
  hrs_free(data);
  hrs_array_file_close(&file);
  return status;
}

/* An error is one of the file, and has a message. */
static void check(hrs_status status) {
  if (status == HRS_STATUS_INTERNAL || (status != HRS_OK && !*hrs_error_message())) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool silent;
  const char *folder = getenv("TMPDIR");
  char path[256];
  if (!silent && !freopen("/dev/null", "w", stdout)) abort();
  silent = true;
  snprintf(path, sizeof path, "%s/harsanyi-fuzz-%ld.h5", folder ? folder : "/tmp", (long)getpid());
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || write(file, data, size) != (ssize_t)size || close(file) != 0) abort();
  uint32_t pick = 2166136261u;
  for (size_t i = 0; i < size; i++)
    pick = (pick ^ data[i]) * 16777619u;
  hrs_count before = hrs_memory_current();
  check(run(path, commands[pick % COMMANDS]));
  if (pick % 4 == 0) check(read_array(path, arrays[pick / 4 % ARRAYS]));
  unlink(path);
  if (hrs_memory_current() != before) abort();
  return 0;
}
