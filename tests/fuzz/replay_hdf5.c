/*
 * Reads damaged HDF5 files by the program's readers: replay_hdf5 SCRATCH ROUNDS FILE...
 *
 * Each file is read as it is, cut short, and ROUNDS times with a few changed bytes: every array as
 * `--table FILE:/name` reads it, then as a data set, and by a command (fuzz_hdf5.c). This process
 * has to live through all of it; of the children that read for it, many do not. The changes come
 * from a generator with a fixed seed, so that a failure can be repeated.
 */
#include "mpi/program/kinds/interactions/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 1 << 22, NAMES = 64 };

typedef struct tally {
  const char *reader;
  long files, whole, refused, crashed, killed, other;
} tally;

static uint64_t seed = 7;

static uint64_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

/* HDF5's own data are mostly at the front, and in runs of zeros nothing is to be found. */
static size_t change(uint8_t *bytes, size_t size) {
  for (uint64_t n = 1 + next() % 6; n > 0; n--) {
    size_t front = size < 4096 || next() % 2 ? size : 4096, at = next() % front;
    for (int tries = 0; tries < 8 && bytes[at] == 0; tries++)
      at = next() % front;
    switch (next() % 4) {
    case 0:
      bytes[at] ^= (uint8_t)(1u << next() % 8);
      break;
    case 1:
      bytes[at] = next() % 2 ? 0xff : 0;
      break;
    case 2:
      memmove(bytes + next() % (size - 8), bytes + at % (size - 8), 8);
      break;
    default:
      bytes[at] = (uint8_t)next();
    }
  }
  return next() % 16 ? size : 1 + next() % size;
}

/* What became of a file, by its last failure. */
static void count(tally *t, hrs_status status) {
  const char *message = hrs_error_message();
  t->files++;
  if (status == HRS_OK)
    t->whole++;
  else if (strstr(message, "HDF5 crashed"))
    t->crashed++;
  else if (strstr(message, "was ended by signal"))
    t->killed++;
  else if (status == HRS_STATUS_INPUT || status == HRS_STATUS_UNSUPPORTED)
    t->refused++;
  else
    t->other++;
  if (status != HRS_OK && (!*message || status == HRS_STATUS_INTERNAL)) {
    fprintf(stderr, "%s: %s '%s'\n", t->reader, hrs_status_name(status), message);
    exit(1);
  }
}

static hrs_status read_array(const char *path) {
  hrs_array_file *file;
  HRS_TRY(hrs_input_open(path, &file));
  hrs_count elements = 1;
  for (int i = 0; i < hrs_array_file_rank(file); i++)
    elements *= hrs_array_file_dim(file)[i];
  hrs_status status = HRS_OK;
  void *data = NULL;
  if (elements > LARGEST) elements = LARGEST;
  status = hrs_alloc(elements, sizeof(double), &data);
  if (status == HRS_OK) status = hrs_array_file_read_elements(file, 0, elements, HRS_F64, data);
  hrs_free(data);
  hrs_array_file_close(&file);
  return status;
}

static hrs_status read_data_set(const char *path) {
  hrs_interactions_file *set;
  char *command = NULL;
  hrs_check *checks = NULL;
  HRS_TRY(hrs_interactions_open(path, &set));
  hrs_status status = hrs_reading_text(set->file, "/run", "command", &command);
  if (status == HRS_OK) status = hrs_alloc(hrs_interactions_checks, sizeof *checks, &checks);
  if (status == HRS_OK) hrs_interactions_check_start(checks);
  for (hrs_count k = 0; status == HRS_OK && set->file->complete && k < set->rows && k < 8; k++)
    status = hrs_interactions_check(set, k, checks);
  hrs_free(checks);
  hrs_free(command);
  hrs_interactions_close(&set);
  return status;
}

/* "/a, /b, ..." of the file as it was. */
static int names_of(const char *path, char text[512], char *name[NAMES]) {
  hrs_h5_reader *reader;
  if (hrs_h5_reader_open(path, &reader) != HRS_OK) return 0;
  hrs_h5_reader_list(reader, text, 512);
  hrs_h5_reader_close(&reader);
  int found = 0;
  for (char *at = strtok(text, ", "); at && found < NAMES; at = strtok(NULL, ", "))
    if (*at == '/') name[found++] = at;
  return found;
}

int main(int argc, char **argv) {
  tally tallies[] = {{.reader = "input"}, {.reader = "data set"}};
  if (argc < 4) return 2;
  for (int i = 3; i < argc; i++) {
    static uint8_t whole[LARGEST], bytes[LARGEST];
    char list[512], *name[NAMES], path[4096];
    FILE *file = fopen(argv[i], "rb");
    size_t size = file ? fread(whole, 1, sizeof whole, file) : 0;
    if (file) fclose(file);
    int names = names_of(argv[i], list, name);
    if (size < 64 || size == sizeof whole || !names) {
      fprintf(stderr, "%s: no HDF5 file to begin with\n", argv[i]);
      return 1;
    }
    for (int round = 0; round < atoi(argv[2]); round++) {
      memcpy(bytes, whole, size);
      size_t length = round ? change(bytes, size) : size;
      file = fopen(argv[1], "wb");
      if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) return 1;
      snprintf(path, sizeof path, "%s:%s", argv[1], name[next() % (uint64_t)names]);
      count(&tallies[0], read_array(path));
      count(&tallies[1], read_data_set(argv[1]));
      LLVMFuzzerTestOneInput(bytes, length);
    }
  }
  remove(argv[1]);
  for (size_t i = 0; i < sizeof tallies / sizeof *tallies; i++)
    fprintf(stderr,
            "%-10s %6ld files: %ld read, %ld refused, %ld by the end of the child (%ld killed), "
            "%ld others\n",
            tallies[i].reader, tallies[i].files, tallies[i].whole, tallies[i].refused,
            tallies[i].crashed + tallies[i].killed, tallies[i].killed, tallies[i].other);
  if (hrs_memory_current() != 0) {
    fprintf(stderr, "%lld bytes were not freed\n", (long long)hrs_memory_current());
    return 1;
  }
  return 0;
}
