/*
 * The identity of a run.
 *
 * Cost: one more pass over all files that were read, by one process.
 */
#include "identity.h"

#include "mpi/dataset/digest.h"
#include "src/base/inputs.h"

#include <hdf5.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file that was read. */
typedef struct content {
  const char *path;
  char digest[HRS_DIGEST_TEXT];
  bool named; /* by an option */
} content;

typedef struct identity {
  char *text;
  size_t used;
  content *files;
  int count;
  const hrs_option *last; /* option that had a value, and how often */
  int repeats;
} identity;

static hrs_status append(identity *id, const char *text, size_t length) {
  HRS_TRY(hrs_realloc(&id->text, (hrs_count)(id->used + length + 1), 1));
  memcpy(id->text + id->used, text, length);
  id->used += length;
  id->text[id->used] = '\0';
  return HRS_OK;
}

/* Lines and tabs divide the text, so values have none. */
static hrs_status append_value(identity *id, const char *value, size_t length) {
  for (size_t i = 0; i < length; i++) {
    bool divides = value[i] == '\n' || value[i] == '\t';
    HRS_TRY(append(id, divides ? "\\" : value + i, 1));
    if (divides) HRS_TRY(append(id, value[i] == '\n' ? "n" : "t", 1));
  }
  return HRS_OK;
}

static hrs_status add(identity *id, const char *name, const char *format, ...) HRS_PRINTF(3, 4);
static hrs_status add(identity *id, const char *name, const char *format, ...) {
  char value[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(value, sizeof value, format, arguments);
  va_end(arguments);
  HRS_TRY(append(id, name, strlen(name)));
  HRS_TRY(append(id, "\t", 1));
  HRS_TRY(append_value(id, value, strlen(value)));
  return append(id, "\n", 1);
}

/* ---- files ---------------------------------------------------------------------------------- */

/* The list may grow while files are read again, by names that it has. */
static hrs_status read_files(identity *id) {
  int count = 0;
  while (hrs_input_get(count))
    count++;
  HRS_TRY(hrs_calloc(count ? count : 1, sizeof *id->files, &id->files));
  for (int i = 0; i < count; i++) {
    const hrs_input *input = hrs_input_get(i);
    HRS_REQUIRE(hrs_input_is_unchanged(input), INPUT, "%s has changed since it was read",
                input->path);
    id->files[i].path = input->path;
    HRS_TRY(hrs_digest_file(input->path, id->files[i].digest));
    id->count = i + 1;
  }
  return HRS_OK;
}

/* The longest file name that begins here, as a whole part of a value: NAME=FILE, FILE.h5:/data. */
static content *file_at(const identity *id, const char *value, const char *at) {
  content *longest = NULL;
  if (at > value && at[-1] != ':' && at[-1] != '=') return NULL;
  for (int i = 0; i < id->count; i++) {
    size_t length = strlen(id->files[i].path);
    if (strncmp(at, id->files[i].path, length) != 0 || (at[length] && at[length] != ':')) continue;
    if (!longest || length > strlen(longest->path)) longest = &id->files[i];
  }
  return longest;
}

static hrs_status append_contents(identity *id, const char *value) {
  for (const char *at = value; *at;) {
    content *file = file_at(id, value, at);
    if (!file) {
      HRS_TRY(append_value(id, at++, 1));
      continue;
    }
    file->named = true;
    HRS_TRY(append(id, "{", 1));
    HRS_TRY(append(id, file->digest, strlen(file->digest)));
    HRS_TRY(append(id, "}", 1));
    at += strlen(file->path);
  }
  return HRS_OK;
}

/* Files that others name, such as external weights. */
static hrs_status add_unnamed(identity *id) {
  int number = 0;
  for (int i = 0; i < id->count; i++) {
    char name[64];
    if (id->files[i].named) continue;
    snprintf(name, sizeof name, "file that another names, number %d", ++number);
    HRS_TRY(add(id, name, "{%s}", id->files[i].digest));
  }
  return HRS_OK;
}

/* ---- the rest ------------------------------------------------------------------------------- */

static hrs_status add_option(void *context, const hrs_option *option, const char *value) {
  identity *id = context;
  if (option->kind & HRS_OPTION_FREE) return HRS_OK;
  id->repeats = id->last == option ? id->repeats + 1 : 1;
  id->last = option;
  HRS_TRY(append(id, option->name, strlen(option->name)));
  if (id->repeats > 1) {
    char number[32];
    snprintf(number, sizeof number, " (number %d)", id->repeats);
    HRS_TRY(append(id, number, strlen(number)));
  }
  HRS_TRY(append(id, "\t", 1));
  HRS_TRY(append_contents(id, *value ? value : "given"));
  return append(id, "\n", 1);
}

static hrs_status add_program(identity *id) {
  unsigned major, minor, release;
  H5get_libversion(&major, &minor, &release);
  HRS_TRY(add(id, "version of the program", "%s (%s)", hrs_version(), hrs_git()));
  HRS_TRY(add(id, "version of HDF5", "%u.%u.%u", major, minor, release));
  HRS_TRY(add(id, "BLAS core (OPENBLAS_CORETYPE)", "%s", hrs_blas_core()));
  return add(id, "instruction set (HARSANYI_SIMD)", "%s", hrs_simd_name());
}

static hrs_status add_problem(identity *id, const hrs_problem *problem, const hrs_plan *plan) {
  HRS_TRY(add(id, "number of players", "%d", problem->n));
  HRS_TRY(add(id, "number of samples", "%lld", (long long)problem->samples));
  HRS_TRY(add(id, "number of targets", "%d", problem->targets));
  return add(id, "--blocks", "%d", 1 << plan->part.block_bits);
}

hrs_status hrs_identity_create(const hrs_invocation *invocation, const hrs_problem *problem,
                               const hrs_plan *plan, char **out) {
  identity id = {0};
  *out = NULL;
  hrs_status status = read_files(&id);
  if (status == HRS_OK) status = add_program(&id);
  if (status == HRS_OK)
    status = hrs_options_visit(invocation->line, invocation->values, add_option, &id);
  if (status == HRS_OK) status = add_unnamed(&id);
  if (status == HRS_OK) status = add_problem(&id, problem, plan);
  hrs_free(id.files);
  if (status == HRS_OK)
    *out = id.text;
  else
    hrs_free(id.text);
  return status;
}
