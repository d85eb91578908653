/*
 * Runs the fuzzing function over files as they are, cut short and changed: replay ROUNDS FOLDER...
 * A folder holds files, or folders with a model.onnx each as ONNX's test cases have them. The
 * changes come from a generator with a fixed seed, so that a failure can be repeated.
 */
#include "mutate.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t seed = 42;

static uint64_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed;
}

static uint8_t *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  size_t room = 1 << 20;
  uint8_t *bytes = malloc(room);
  *size = bytes ? fread(bytes, 1, room, file) : 0;
  fclose(file);
  return bytes;
}

/* One to four changes: a byte, a number, a piece copied or removed, or the end cut off. */
static size_t change(uint8_t *bytes, size_t size) {
  for (uint64_t n = 1 + next() % 4; n > 0 && size > 0; n--) {
    size_t at = next() % size;
    size_t length = 1 + next() % 16;
    if (length > size - at) length = size - at;
    switch (next() % 6) {
    case 0:
      bytes[at] = (uint8_t)next();
      break;
    case 1:
      bytes[at] ^= (uint8_t)(1u << (next() % 8));
      break;
    case 2:
      memset(bytes + at, next() % 2 ? 0xff : 0, length);
      break;
    case 3:
      memmove(bytes + next() % (size - length + 1), bytes + at, length);
      break;
    case 4:
      memmove(bytes + at, bytes + at + length, size - at - length);
      size -= length;
      break;
    default:
      if (next() % 4 == 0) size = at;
      break;
    }
  }
  return size;
}

/* With HARSANYI_FUZZ_DUMP each input is stored before it runs, so that the last one can be kept. */
static const char *dump;

static void save(const uint8_t *bytes, size_t size) {
  FILE *file = fopen(dump, "wb");
  if (!file || fwrite(bytes, 1, size, file) != size || fclose(file) != 0) perror(dump);
}

static long replay(const char *path, long rounds) {
  size_t size;
  uint8_t *bytes = read_file(path, &size);
  if (!bytes) return -1;
  LLVMFuzzerTestOneInput(bytes, size);
  uint8_t *changed = malloc(size + 1);
  for (long round = 0; round < rounds; round++) {
    size_t length;
    uint8_t *network = round % 4 ? mutate_model(bytes, size, next(), &length) : NULL;
    if (!network) {
      memcpy(changed, bytes, size);
      length = change(changed, size);
      /* A copy of its own size: reading past the end shows. */
      network = malloc(length ? length : 1);
      memcpy(network, changed, length);
    }
    if (dump) save(network, length);
    LLVMFuzzerTestOneInput(network, length);
    free(network);
  }
  free(changed);
  free(bytes);
  return 1 + rounds;
}

static long files, executions;

static int replay_folder(const char *folder, long rounds) {
  DIR *list = opendir(folder);
  if (!list) {
    fprintf(stderr, "replay: cannot read folder %s\n", folder);
    return 1;
  }
  for (struct dirent *entry; (entry = readdir(list));) {
    char path[1024];
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s/model.onnx", folder, entry->d_name);
    long done = replay(path, rounds);
    if (done < 0) {
      snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
      done = replay(path, rounds);
    }
    if (done < 0) continue;
    files++;
    executions += done;
  }
  closedir(list);
  return 0;
}

int main(int argc, char **argv) {
  dump = getenv("HARSANYI_FUZZ_DUMP");
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  for (int i = 2; i < argc; i++)
    if (replay_folder(argv[i], rounds)) return 1;
  printf("%ld files, %ld executions\n", files, executions);
  return files ? 0 : 1;
}
