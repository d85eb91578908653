/* Parser and echo of groups of options. The help: help.c. */
#include "options.h"

#include "src/base/parse.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

hrs_status hrs_text_count(const char *text, const char *what, hrs_count *out) {
  static const struct {
    const char *unit;
    hrs_count factor;
  } units[] = {{"", 1},
               {"K", 1000},
               {"M", 1000000},
               {"G", 1000000000},
               {"T", 1000000000000},
               {"KB", 1000},
               {"MB", 1000000},
               {"GB", 1000000000},
               {"TB", 1000000000000},
               {"KiB", 1 << 10},
               {"MiB", 1 << 20},
               {"GiB", 1 << 30},
               {"TiB", (hrs_count)1 << 40}};
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (end != text && errno == 0 && value >= 0)
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
      if (strcmp(end, units[i].unit) == 0 && value <= INT64_MAX / units[i].factor) {
        *out = value * units[i].factor;
        return HRS_OK;
      }
  HRS_FAIL(USAGE, "%s: '%s' is no whole number from 0 on (10, 64K, 8MiB)", what, text);
}

hrs_status hrs_text_int(const char *text, const char *what, int *out) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  HRS_REQUIRE(end != text && !*end && errno == 0 && value >= INT_MIN && value <= INT_MAX, USAGE,
              "%s: '%s' is no whole number", what, text);
  *out = (int)value;
  return HRS_OK;
}

hrs_status hrs_text_number(const char *text, const char *what, double *out) {
  HRS_REQUIRE(hrs_parse_real(text, out), USAGE, "%s: '%s' is no number", what, text);
  return HRS_OK;
}

hrs_status hrs_text_duration(const char *text, const char *what, double *out) {
  int hours, minutes, seconds, used = 0;
  bool read = strspn(text, "0123456789:") == strlen(text) &&
              sscanf(text, "%6d:%2d:%2d%n", &hours, &minutes, &seconds, &used) == 3;
  /* Two digits each: what is read as 5 minutes may be meant as 50. */
  bool whole = read && !text[used] && strlen(strchr(text, ':')) == strlen(":MM:SS") &&
               strrchr(text, ':') == text + used - strlen(":SS");
  HRS_REQUIRE(whole && minutes < 60 && seconds < 60, USAGE,
              "%s %s: hours, minutes and seconds are wanted, H:MM:SS, such as 0:30:00 for half an "
              "hour",
              what, text);
  *out = hours * 3600.0 + minutes * 60 + seconds;
  HRS_REQUIRE(*out > 0, USAGE, "%s %s: it must be longer than that", what, text);
  return HRS_OK;
}

const char *hrs_duration_text(double seconds, char text[HRS_DURATION_TEXT]) {
  const double longest = 1e9 * 3600; /* no run is so long; and no NaN is less */
  long long whole = (long long)(seconds < longest ? seconds + 0.5 : longest);
  snprintf(text, HRS_DURATION_TEXT, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60,
           whole % 60);
  return text;
}

const char *hrs_text_word(const char *words, int number, char text[HRS_WORD_TEXT]) {
  for (; number > 0; number--)
    words += strcspn(words, "|") + 1;
  snprintf(text, HRS_WORD_TEXT, "%.*s", (int)strcspn(words, "|"), words);
  return text;
}

hrs_status hrs_text_choice(const char *text, const char *what, const char *words, int *out) {
  char all[256] = "";
  int number = 0;
  for (const char *at = words; *at; number++) {
    size_t length = strcspn(at, "|"), used = strlen(all);
    if (strlen(text) == length && strncmp(text, at, length) == 0) {
      *out = number;
      return HRS_OK;
    }
    snprintf(all + used, sizeof all - used, "%s%.*s", number ? ", " : "", (int)length, at);
    at += length + (at[length] == '|');
  }
  HRS_FAIL(USAGE, "%s: '%s' is none of %s", what, text, all);
}

static hrs_option_kind kind_of(const hrs_option *option) {
  return (hrs_option_kind)(option->kind & ~HRS_OPTION_FREE);
}

static hrs_status store(const hrs_option *option, const char *text, void *place) {
  switch (kind_of(option)) {
  case HRS_OPTION_COUNT:
    return hrs_text_count(text, option->name, place);
  case HRS_OPTION_RATE: {
    char count[64];
    size_t length = strlen(text);
    bool rate = length > 2 && length < sizeof count && strcmp(text + length - 2, "/s") == 0;
    HRS_REQUIRE(rate, USAGE, "%s %s: a rate such as 12GB/s is wanted, in bytes per second",
                option->name, text);
    snprintf(count, sizeof count, "%.*s", (int)length - 2, text);
    return hrs_text_count(count, option->name, place);
  }
  case HRS_OPTION_INT:
  case HRS_OPTION_POSITIVE: {
    int least = kind_of(option) == HRS_OPTION_POSITIVE;
    HRS_TRY(hrs_text_int(text, option->name, place));
    HRS_REQUIRE(*(const int *)place >= least, USAGE, "%s %s: it must be at least %d", option->name,
                text, least);
    return HRS_OK;
  }
  case HRS_OPTION_NUMBER:
    HRS_TRY(hrs_text_number(text, option->name, place));
    HRS_REQUIRE(*(const double *)place >= 0, USAGE, "%s %s: it must not be negative", option->name,
                text);
    return HRS_OK;
  case HRS_OPTION_DURATION:
    return hrs_text_duration(text, option->name, place);
  case HRS_OPTION_TEXT:
    memcpy(place, &text, sizeof text);
    return HRS_OK;
  case HRS_OPTION_LIST: {
    hrs_text_list *list = place;
    HRS_REQUIRE(list->count < HRS_OPTION_REPEATS, USAGE, "%s is given more than %d times",
                option->name, HRS_OPTION_REPEATS);
    list->text[list->count++] = text;
    return HRS_OK;
  }
  case HRS_OPTION_CHOICE: {
    int *word = place;
    HRS_TRY(hrs_text_choice(text, option->name, option->argument, word));
    *word += !option->otherwise;
    return HRS_OK;
  }
  default:
    HRS_FAIL(INTERNAL, "option %s holds no value", option->name);
  }
}

/* Edit distance between short words, for "did you mean". */
static int distance(const char *a, const char *b) {
  enum { MOST = 40 };
  int la = (int)strlen(a), lb = (int)strlen(b), row[MOST + 1];
  if (la > MOST || lb > MOST) return MOST;
  for (int j = 0; j <= lb; j++)
    row[j] = j;
  for (int i = 1; i <= la; i++) {
    int corner = row[0];
    row[0] = i;
    for (int j = 1; j <= lb; j++) {
      int best = corner + (a[i - 1] != b[j - 1]);
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      corner = row[j];
      row[j] = best;
    }
  }
  return row[lb];
}

/* An option and the group that it was found in. */
typedef struct found {
  const hrs_option_group *group;
  const hrs_option *option;
} found;

static void *place_of(found at, const void *values) {
  return (char *)(uintptr_t)values + at.group->base + at.option->offset;
}

/* The next row after `at`, from {groups, NULL} on; false at the end. */
static bool step(found *at) {
  at->option = at->option ? at->option + 1 : at->group->rows;
  while (at->option && !at->option->help)
    at->option = (++at->group)->rows;
  return at->option;
}

static bool find(const hrs_command_line *line, const char *text, size_t length, found *at) {
  for (*at = (found){line->groups, NULL}; step(at);) {
    const char *name = at->option->name;
    if (name && strlen(name) == length && strncmp(name, text, length) == 0) return true;
  }
  return false;
}

/* Tell the heading that an option stands under, if it wants to know. */
static void note(found at, void *values) {
  found heading = at;
  while (heading.option > at.group->rows && kind_of(heading.option) != HRS_OPTION_HEADING)
    heading.option--;
  if (kind_of(heading.option) == HRS_OPTION_HEADING && heading.option->offset)
    memcpy(place_of(heading, values), &at.option->name, sizeof at.option->name);
}

static hrs_status unknown(const hrs_command_line *line, const char *text, size_t length) {
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), text);
  const hrs_option *nearest = NULL;
  int least = 4;
  for (found at = {line->groups, NULL}; step(&at);)
    if (at.option->name && distance(at.option->name, name) < least) {
      least = distance(at.option->name, name);
      nearest = at.option;
    }
  if (nearest)
    HRS_FAIL(USAGE, "unknown option %s; did you mean %s? (--help lists all)", name, nearest->name);
  HRS_FAIL(USAGE, "unknown option %s (--help lists all)", name);
}

hrs_status hrs_options_parse(const hrs_command_line *line, int argc, char **argv, void *values,
                             const char **positional, int *count) {
  for (found at = {line->groups, NULL}; step(&at);)
    if (at.option->otherwise) HRS_TRY(store(at.option, at.option->otherwise, place_of(at, values)));
  int used = 0;
  for (int i = 1; i < argc; i++) {
    const char *text = argv[i];
    if (strncmp(text, "--", 2) != 0) {
      HRS_REQUIRE(used < line->max_positional, USAGE, "unexpected argument '%s'; usage: %s", text,
                  line->usage);
      positional[used++] = text;
      continue;
    }
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    found at;
    if (!find(line, text, length, &at)) return unknown(line, text, length);
    const hrs_option *option = at.option;
    note(at, values);
    if (kind_of(option) == HRS_OPTION_FLAG) {
      HRS_REQUIRE(!equals, USAGE, "%s takes no value (given '%s')", option->name, equals + 1);
      *(bool *)place_of(at, values) = true;
      continue;
    }
    /* A value that begins with dashes can still be given as --name=--value. */
    bool follows = i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0;
    HRS_REQUIRE(equals || follows, USAGE, "%s needs a value: %s %s", option->name, option->name,
                option->argument);
    HRS_TRY(store(option, equals ? equals + 1 : argv[++i], place_of(at, values)));
  }
  HRS_REQUIRE(used >= line->min_positional, USAGE, "something is missing; usage: %s", line->usage);
  if (count) *count = used;
  return HRS_OK;
}

/* Visit one option, unless it has no value. */
static hrs_status visit_option(const hrs_option *o, const void *place, hrs_option_visit *visit,
                               void *context) {
  char number[64] = "";
  const char *value = number;
  switch (kind_of(o)) {
  case HRS_OPTION_HEADING:
    return HRS_OK;
  case HRS_OPTION_FLAG:
    if (!*(const bool *)place) return HRS_OK;
    break;
  case HRS_OPTION_TEXT:
    memcpy(&value, place, sizeof value);
    if (!value) return HRS_OK;
    break;
  case HRS_OPTION_COUNT:
  case HRS_OPTION_RATE:
    snprintf(number, sizeof number, "%lld", (long long)*(const hrs_count *)place);
    break;
  case HRS_OPTION_INT:
  case HRS_OPTION_POSITIVE:
    snprintf(number, sizeof number, "%d", *(const int *)place);
    break;
  case HRS_OPTION_NUMBER:
    snprintf(number, sizeof number, "%.17g", *(const double *)place);
    break;
  case HRS_OPTION_DURATION:
    if (!*(const double *)place) return HRS_OK;
    value = hrs_duration_text(*(const double *)place, number);
    break;
  case HRS_OPTION_LIST: {
    const hrs_text_list *list = place;
    for (int i = 0; i < list->count; i++)
      HRS_TRY(visit(context, o, list->text[i]));
    return HRS_OK;
  }
  case HRS_OPTION_CHOICE: {
    int word = *(const int *)place - !o->otherwise;
    if (word < 0) return HRS_OK;
    value = hrs_text_word(o->argument, word, number);
    break;
  }
  }
  return visit(context, o, value);
}

hrs_status hrs_options_visit(const hrs_command_line *line, const void *values,
                             hrs_option_visit *visit, void *context) {
  for (found at = {line->groups, NULL}; step(&at);)
    HRS_TRY(visit_option(at.option, place_of(at, values), visit, context));
  return HRS_OK;
}

typedef struct echo {
  char *text;
  size_t used;
} echo;

static hrs_status append(void *context, const hrs_option *option, const char *value) {
  echo *e = context;
  size_t more = strlen(option->name) + strlen(value) + 3;
  HRS_TRY(hrs_realloc(&e->text, (hrs_count)(e->used + more), 1));
  e->used += (size_t)snprintf(e->text + e->used, more, "%s%s%s%s", e->used ? " " : "", option->name,
                              *value ? " " : "", value);
  return HRS_OK;
}

hrs_status hrs_options_echo(const hrs_command_line *line, const void *values, char **out) {
  echo e = {NULL, 0};
  *out = NULL;
  HRS_TRY(hrs_strdup("", &e.text));
  hrs_status status = hrs_options_visit(line, values, append, &e);
  if (status != HRS_OK)
    hrs_free(e.text);
  else
    *out = e.text;
  return status;
}

hrs_status hrs_options_join(int argc, char **argv, char **out) {
  size_t length = 16;
  for (int i = 0; i < argc; i++)
    length += strlen(argv[i]) + 1;
  HRS_TRY(hrs_alloc((hrs_count)length, 1, out));
  size_t used = (size_t)snprintf(*out, length, "harsanyi");
  for (int i = 0; i < argc; i++)
    used += (size_t)snprintf(*out + used, length - used, " %s", argv[i]);
  return HRS_OK;
}
