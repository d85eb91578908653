/* Parser, help and echo of tables of options. */
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

hrs_status hrs_text_count(const char *text, const char *what, hrs_count *out) {
  static const struct {
    const char *unit;
    hrs_count factor;
  } units[] = {{"", 1},          {"K", 1000},      {"M", 1000000},  {"G", 1000000000},
               {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
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
  char *end;
  *out = strtod(text, &end);
  HRS_REQUIRE(end != text && !*end && isfinite(*out), USAGE, "%s: '%s' is no number", what, text);
  return HRS_OK;
}

static hrs_status store(const hrs_option *option, const char *text, void *values) {
  void *place = (char *)values + option->offset;
  switch (option->kind) {
  case HRS_OPTION_COUNT:
    return hrs_text_count(text, option->name, place);
  case HRS_OPTION_INT:
  case HRS_OPTION_POSITIVE: {
    int least = option->kind == HRS_OPTION_POSITIVE;
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

static const hrs_option *find(const hrs_command_line *line, const char *text, size_t length) {
  for (const hrs_option *o = line->options; o->help; o++)
    if (o->name && strlen(o->name) == length && strncmp(o->name, text, length) == 0) return o;
  return NULL;
}

/* Tell the heading that an option stands under, if it wants to know. */
static void note(const hrs_command_line *line, const hrs_option *option, void *values) {
  const hrs_option *heading = option;
  while (heading > line->options && heading->kind != HRS_OPTION_HEADING)
    heading--;
  if (heading->kind == HRS_OPTION_HEADING && heading->offset)
    memcpy((char *)values + heading->offset, &option->name, sizeof option->name);
}

static hrs_status unknown(const hrs_command_line *line, const char *text, size_t length) {
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), text);
  const hrs_option *nearest = NULL;
  int least = 4;
  for (const hrs_option *o = line->options; o->help; o++)
    if (o->name && distance(o->name, name) < least) {
      least = distance(o->name, name);
      nearest = o;
    }
  if (nearest)
    HRS_FAIL(USAGE, "unknown option %s; did you mean %s? (--help lists all)", name, nearest->name);
  HRS_FAIL(USAGE, "unknown option %s (--help lists all)", name);
}

hrs_status hrs_options_parse(const hrs_command_line *line, int argc, char **argv, void *values,
                             const char **positional, int *count) {
  for (const hrs_option *o = line->options; o->help; o++)
    if (o->otherwise) HRS_TRY(store(o, o->otherwise, values));
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
    const hrs_option *option = find(line, text, length);
    if (!option) return unknown(line, text, length);
    note(line, option, values);
    if (option->kind == HRS_OPTION_FLAG) {
      HRS_REQUIRE(!equals, USAGE, "%s takes no value (given '%s')", option->name, equals + 1);
      *(bool *)((char *)values + option->offset) = true;
      continue;
    }
    /* A value that begins with dashes can still be given as --name=--value. */
    bool follows = i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0;
    HRS_REQUIRE(equals || follows, USAGE, "%s needs a value: %s %s", option->name, option->name,
                option->argument);
    HRS_TRY(store(option, equals ? equals + 1 : argv[++i], values));
  }
  HRS_REQUIRE(used >= line->min_positional, USAGE, "something is missing; usage: %s", line->usage);
  if (count) *count = used;
  return HRS_OK;
}

bool hrs_options_want_help(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
  return false;
}

/* Print text in lines of at most 100 columns, from column `indent` on. */
static void print_wrapped(const char *text, int indent) {
  enum { WIDTH = 100 };
  int column = indent;
  while (*text) {
    size_t word = strcspn(text, " \n");
    if (column > indent && column + 1 + (int)word > WIDTH) {
      printf("\n%*s", indent, "");
      column = indent;
    } else if (column > indent) {
      putchar(' ');
      column++;
    }
    printf("%.*s", (int)word, text);
    column += (int)word;
    text += word;
    if (*text == '\n') {
      printf("\n%*s", indent, "");
      column = indent;
    }
    if (*text) text++;
  }
  putchar('\n');
}

void hrs_options_help(const hrs_command_line *line) {
  enum { COLUMN = 30 };
  printf("usage: %s\n\n", line->usage);
  print_wrapped(line->description, 0);
  for (const hrs_option *o = line->options; o->help; o++) {
    if (o->kind == HRS_OPTION_HEADING) {
      printf("\n%s\n", o->help);
      continue;
    }
    int used = printf("  %s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
    if (used >= COLUMN)
      printf("\n%*s", COLUMN, "");
    else
      printf("%*s", COLUMN - used, "");
    char text[1024];
    if (o->otherwise)
      snprintf(text, sizeof text, "%s (default %s)", o->help, o->otherwise);
    else
      snprintf(text, sizeof text, "%s", o->help);
    print_wrapped(text, COLUMN);
  }
}

static hrs_status append(char **text, size_t *used, const char *name, const char *value) {
  size_t more = strlen(name) + strlen(value) + 3;
  HRS_TRY(hrs_realloc(text, (hrs_count)(*used + more), 1));
  *used += (size_t)snprintf(*text + *used, more, "%s%s%s%s", *used ? " " : "", name,
                            *value ? " " : "", value);
  return HRS_OK;
}

hrs_status hrs_options_echo(const hrs_command_line *line, const void *values, char **out) {
  *out = NULL;
  size_t used = 0;
  hrs_status status = append(out, &used, "", "");
  for (const hrs_option *o = line->options; o->help && status == HRS_OK; o++) {
    const void *place = (const char *)values + o->offset;
    char number[64] = "";
    const char *value = number;
    switch (o->kind) {
    case HRS_OPTION_HEADING:
      continue;
    case HRS_OPTION_FLAG:
      if (!*(const bool *)place) continue;
      break;
    case HRS_OPTION_TEXT:
      memcpy(&value, place, sizeof value);
      if (!value) continue;
      break;
    case HRS_OPTION_COUNT:
      snprintf(number, sizeof number, "%lld", (long long)*(const hrs_count *)place);
      break;
    case HRS_OPTION_INT:
    case HRS_OPTION_POSITIVE:
      snprintf(number, sizeof number, "%d", *(const int *)place);
      break;
    case HRS_OPTION_NUMBER:
      snprintf(number, sizeof number, "%.17g", *(const double *)place);
      break;
    case HRS_OPTION_LIST: {
      const hrs_text_list *list = place;
      for (int i = 0; i < list->count && status == HRS_OK; i++)
        status = append(out, &used, o->name, list->text[i]);
      continue;
    }
    }
    status = append(out, &used, o->name, value);
  }
  if (status != HRS_OK) {
    hrs_free(*out);
    *out = NULL;
  }
  return status;
}
