/*
 * The options in force of the runs that wrote the files, as /run has them: "--name value --flag".
 * They are compared one by one. Whatever is not known to be about which samples, or about how the
 * work was done, has to be the same.
 */
#include "parts.h"

#include <stdio.h>
#include <string.h>

/* What may differ. Names and labels are in the files, and compared or put together there. */
static const char *const free_to_differ[] = {
    "--samples",    "--labels",          "--select",
    "--per-sample", "--player-names",    "--class-names",
    "--out",        "--force",           "--chunk",
    "--shm",        "--timing",          "--quiet",
    "--verbose",    "--max-time",        "--resume",
    "--verify",     "--allow-nonfinite", "--checkpoint-every",
    "--plan-ranks", "--table-memory",    "--ranks-per-sample"};

/* An option in a text: it ends where the next one begins. */
typedef struct option {
  const char *at;
  int name, length; /* of the name, and with its value */
} option;

static bool next(const char **rest, option *out) {
  const char *at = *rest;
  while (*at == ' ')
    at++;
  if (!*at) return false;
  const char *end = strstr(at, " --");
  *out = (option){at, (int)strcspn(at, " "), end ? (int)(end - at) : (int)strlen(at)};
  *rest = at + out->length;
  return true;
}

static bool is_named(const option *o, const char *name) {
  return (int)strlen(name) == o->name && strncmp(o->at, name, (size_t)o->name) == 0;
}

static bool may_differ(const option *o) {
  for (size_t i = 0; i < sizeof free_to_differ / sizeof *free_to_differ; i++)
    if (is_named(o, free_to_differ[i])) return true;
  return false;
}

static bool next_that_matters(const char **rest, option *out) {
  while (next(rest, out))
    if (!may_differ(out)) return true;
  *out = (option){"", 0, 0};
  return false;
}

static bool is_in(const option *o, const char *text) {
  option other;
  while (o->name && next(&text, &other))
    if (other.name == o->name && strncmp(other.at, o->at, (size_t)o->name) == 0) return true;
  return false;
}

static hrs_status options_of(const hrs_merge_file *file, char **out) {
  HRS_TRY(hrs_merge_run_text(file, "options", out));
  HRS_REQUIRE(*out, INPUT, "%s does not say with which options it was made: /run has none",
              file->reading->path);
  return HRS_OK;
}

/* Where the texts part: which option it is, and what each file has. */
static hrs_status differ(const char *a_path, const char *a_text, const option *a,
                         const char *b_path, const char *b_text, const option *b) {
  if (a->name == b->name && strncmp(a->at, b->at, (size_t)a->name) == 0)
    HRS_FAIL(INPUT,
             "%s was made with %.*s, %s with %.*s: rows of one network and one choice of "
             "options are merged",
             b_path, b->length, b->at, a_path, a->length, a->at);
  bool only_a = a->name && !is_in(a, b_text);
  const option *o = only_a || !b->name || is_in(b, a_text) ? a : b;
  HRS_FAIL(INPUT,
           "%s was made with %.*s, and %s was not: rows of one network and one choice of "
           "options are merged",
           o == a ? a_path : b_path, o->length, o->at, o == a ? b_path : a_path);
}

static hrs_status compare(const char *a_path, const char *a_text, const char *b_path,
                          const char *b_text) {
  option a, b;
  for (const char *a_rest = a_text, *b_rest = b_text;;) {
    bool more = next_that_matters(&a_rest, &a);
    if (!next_that_matters(&b_rest, &b) && !more) return HRS_OK;
    if (a.length != b.length || strncmp(a.at, b.at, (size_t)a.length) != 0)
      return differ(a_path, a_text, &a, b_path, b_text, &b);
  }
}

hrs_status hrs_merge_compare_options(const hrs_merge_file *first, const hrs_merge_file *file) {
  char *a = NULL, *b = NULL;
  hrs_status status = options_of(first, &a);
  if (status == HRS_OK) status = options_of(file, &b);
  if (status == HRS_OK) status = compare(first->reading->path, a, file->reading->path, b);
  hrs_free(a);
  hrs_free(b);
  return status;
}

hrs_status hrs_merge_option(const hrs_merge_file *file, const char *name, char **out) {
  char *text = NULL;
  option o;
  *out = NULL;
  hrs_status status = options_of(file, &text);
  for (const char *rest = text; status == HRS_OK && next(&rest, &o);) {
    if (!is_named(&o, name)) continue;
    int length = o.length > o.name ? o.length - o.name - 1 : 0;
    status = hrs_alloc(length + 1, 1, out);
    if (status == HRS_OK) snprintf(*out, (size_t)length + 1, "%s", o.at + o.name + (length > 0));
    break;
  }
  hrs_free(text);
  return status;
}
