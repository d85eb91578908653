/*
 * Fuzzing of the files that hold numbers and names: .npy, .npz, shapiq's games (.npz and JSON), and
 * lines of text. What the input is taken for follows from its first bytes, as a user's file is
 * known by its name. Built and run as fuzz_model is (fuzz_model.c), from corpus_arrays.
 */
#include <harsanyi/game.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The most elements that are read: a header may promise any number of zeros behind few bytes. */
enum { MOST_ELEMENTS = 1 << 20 };

static const char *suffix_of(const uint8_t *data, size_t size) {
  if (size >= 6 && memcmp(data, "\x93NUMPY", 6) == 0) return "npy";
  if (size >= 2 && memcmp(data, "PK", 2) == 0) return "npz";
  return size && data[0] == '{' ? "json" : "txt";
}

static hrs_status read_array(const char *path) {
  hrs_array_file *file;
  HRS_TRY(hrs_array_file_open(path, &file));
  const hrs_count *dim = hrs_array_file_dim(file);
  hrs_count elements = 1;
  for (int i = 0; i < hrs_array_file_rank(file); i++)
    elements =
        dim[i] > MOST_ELEMENTS / (elements ? elements : 1) ? MOST_ELEMENTS + 1 : elements * dim[i];
  hrs_status status = HRS_OK;
  if (elements <= MOST_ELEMENTS) {
    hrs_array array;
    status = hrs_array_file_read_all(file, &array);
    if (status == HRS_OK) {
      double last;
      if (elements > 0)
        status = hrs_array_file_read_elements(file, elements - 1, 1, HRS_F64, &last);
      hrs_array_destroy(&array);
    }
  }
  hrs_array_file_close(&file);
  return status;
}

static hrs_status play(hrs_game *game) {
  double value[2];
  hrs_status status = hrs_game_select(game, 0);
  if (status == HRS_OK) status = hrs_game_evaluate(game, (hrs_subcube){0, 1}, value);
  hrs_game_destroy(&game);
  return status;
}

static hrs_status read_file(const char *path, const char *suffix) {
  if (strcmp(suffix, "txt") == 0) {
    char **lines;
    hrs_count count;
    HRS_TRY(hrs_reader_lines(NULL, path, &lines, &count));
    hrs_lines_free(&lines);
    return HRS_OK;
  }
  hrs_status status = strcmp(suffix, "json") == 0 ? HRS_OK : read_array(path);
  if (status == HRS_STATUS_INTERNAL || !hrs_game_is_shapiq(path)) return status;
  hrs_game *game;
  HRS_TRY(hrs_game_shapiq(path, &game));
  return play(game);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *folder = getenv("TMPDIR"), *suffix = suffix_of(data, size);
  char path[256];
  snprintf(path, sizeof path, "%s/harsanyi-fuzz-%ld.%s", folder ? folder : "/tmp", (long)getpid(),
           suffix);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || write(file, data, size) != (ssize_t)size || close(file) != 0) abort();
  hrs_count before = hrs_memory_current();
  hrs_status status = read_file(path, suffix);
  unlink(path);
  /* Whatever the file, nothing is kept, and an error of ours is an error. */
  if (hrs_memory_current() != before || status == HRS_STATUS_INTERNAL) abort();
  return 0;
}
