/*
 * Games as newer versions of shapiq store them: JSON with the number of players in the object
 * "metadata" and the values in the object "data", whose names are sets ("0,3", "empty"):
 *
 *   {"object_name": "Game", "metadata": {"n_players": 2, ...},
 *    "data": {"empty": 0.0, "0": 1.0, "1": 2.0, "0,1": 4.0}}
 *
 * Two passes over the text, the first for the number of players. Nothing else of JSON is looked at,
 * but all of it must be well formed. NaN and Infinity are numbers, as Python writes them.
 */
#include "shapiq.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_DEPTH = 64, KEY = 256 };

/* Where reading is. The text ends with a bracket, so a number never reaches its end. */
typedef struct json {
  const char *path, *start, *at, *end;
} json;

static hrs_status bad(const json *j, const char *expected) {
  HRS_FAIL(INPUT, "%s: %s was expected at byte %lld; this is no game that shapiq stored as JSON",
           j->path, expected, (long long)(j->at - j->start));
}

static char next(json *j) {
  while (j->at < j->end && strchr(" \t\r\n", *j->at))
    j->at++;
  return j->at < j->end ? *j->at : '\0';
}

static hrs_status take(json *j, char what, const char *name) {
  if (next(j) != what) return bad(j, name);
  j->at++;
  return HRS_OK;
}

/* A string as it stands, escapes included, cut to fit. */
static hrs_status take_string(json *j, char out[KEY]) {
  HRS_TRY(take(j, '"', "a string"));
  size_t used = 0;
  for (; j->at < j->end && *j->at != '"'; j->at++) {
    if ((unsigned char)*j->at < ' ') return bad(j, "the end of a string");
    if (used + 1 < KEY) out[used++] = *j->at;
    if (*j->at == '\\' && j->at + 1 < j->end) {
      j->at++;
      if (used + 1 < KEY) out[used++] = *j->at;
    }
  }
  out[used] = '\0';
  return take(j, '"', "the end of a string");
}

static hrs_status take_number(json *j, double *out) {
  char first = next(j), *end;
  if (first == '\0') return bad(j, "a number");
  const char *digits = j->at + (first == '-');
  /* Else strtod would read hexadecimal numbers and other words too. */
  bool word = strncmp(digits, "NaN", 3) == 0 || strncmp(digits, "Infinity", 8) == 0;
  if (!word && (!isdigit((unsigned char)*digits) || digits[1] == 'x' || digits[1] == 'X'))
    return bad(j, "a number");
  *out = strtod(j->at, &end);
  j->at = end;
  return HRS_OK;
}

/* Another member of an object, or its end; behind '{' where `first`. */
static hrs_status take_key(json *j, bool first, char key[KEY], bool *more) {
  *more = next(j) != '}';
  if (!*more) {
    j->at++;
    return HRS_OK;
  }
  if (!first) HRS_TRY(take(j, ',', "a comma"));
  HRS_TRY(take_string(j, key));
  return take(j, ':', "a colon");
}

static hrs_status skip_value(json *j, int depth);

static hrs_status skip_members(json *j, int depth) {
  char key[KEY];
  bool more = true;
  HRS_TRY(take(j, '{', "an object"));
  for (bool first = true; more; first = false) {
    HRS_TRY(take_key(j, first, key, &more));
    if (more) HRS_TRY(skip_value(j, depth));
  }
  return HRS_OK;
}

static hrs_status skip_value(json *j, int depth) {
  static const char *const words[] = {"true", "false", "null"};
  char text[KEY];
  double number;
  if (depth > MOST_DEPTH) return bad(j, "less nesting");
  char first = next(j);
  if (first == '\0') return bad(j, "a value");
  if (first == '{') return skip_members(j, depth + 1);
  if (first == '"') return take_string(j, text);
  if (first == '[') {
    j->at++;
    for (bool more = next(j) != ']'; more;) {
      HRS_TRY(skip_value(j, depth + 1));
      more = next(j) == ',';
      j->at += more;
    }
    return take(j, ']', "the end of an array");
  }
  for (int i = 0; i < 3; i++)
    if (strncmp(j->at, words[i], strlen(words[i])) == 0) {
      j->at += strlen(words[i]);
      return HRS_OK;
    }
  return take_number(j, &number);
}

/* "0,3" or "empty": a set of players. */
static hrs_status parse_set(const json *j, const char *text, int players, hrs_mask *out) {
  *out = 0;
  if (strcmp(text, "empty") == 0) return HRS_OK;
  for (const char *at = text;; at++) {
    char *end;
    long player = isdigit((unsigned char)*at) ? strtol(at, &end, 10) : -1;
    bool good =
        player >= 0 && player < players && !(*out >> player & 1) && (*end == ',' || *end == '\0');
    HRS_REQUIRE(good, INPUT, "%s: '%s' is no set of the players 0 to %d (0,3 or empty)", j->path,
                text, players - 1);
    *out |= (hrs_mask)1 << player;
    if (*end == '\0') return HRS_OK;
    at = end;
  }
}

/* What the two passes look for. */
typedef struct content {
  int players;
  double *values; /* by mask; NULL: count the players */
  unsigned char *seen;
  hrs_count count;
} content;

static hrs_status read_metadata(json *j, content *c) {
  char key[KEY];
  bool more = true;
  HRS_TRY(take(j, '{', "an object"));
  for (bool first = true; more; first = false) {
    HRS_TRY(take_key(j, first, key, &more));
    if (!more) break;
    if (strcmp(key, "n_players") != 0) {
      HRS_TRY(skip_value(j, 0));
      continue;
    }
    double number;
    HRS_TRY(take_number(j, &number));
    HRS_REQUIRE(number >= 1 && number <= HRS_MAX_PLAYERS && number == (int)number, INPUT,
                "%s: n_players is %g; 1 to %d are possible", j->path, number, HRS_MAX_PLAYERS);
    c->players = (int)number;
  }
  return HRS_OK;
}

static hrs_status read_values(json *j, content *c) {
  char key[KEY];
  bool more = true;
  HRS_TRY(take(j, '{', "an object"));
  for (bool first = true; more; first = false) {
    HRS_TRY(take_key(j, first, key, &more));
    if (!more) break;
    hrs_mask mask;
    HRS_TRY(parse_set(j, key, c->players, &mask));
    HRS_REQUIRE(!c->seen[mask], INPUT, "%s: the set '%s' comes twice", j->path, key);
    c->seen[mask] = 1;
    c->count++;
    HRS_TRY(take_number(j, &c->values[mask]));
  }
  return HRS_OK;
}

static hrs_status read_document(json *j, content *c) {
  char key[KEY];
  bool more = true, data = false;
  j->at = j->start;
  HRS_TRY(take(j, '{', "an object"));
  for (bool first = true; more; first = false) {
    HRS_TRY(take_key(j, first, key, &more));
    if (!more) break;
    bool here = strcmp(key, "data") == 0;
    data = data || here;
    if (!c->values && strcmp(key, "metadata") == 0)
      HRS_TRY(read_metadata(j, c));
    else if (c->values && here)
      HRS_TRY(read_values(j, c));
    else
      HRS_TRY(skip_value(j, 0));
  }
  if (next(j) != '\0' || j->at < j->end) return bad(j, "the end of the file");
  HRS_REQUIRE(c->players > 0 && data, INPUT, "%s holds no game of shapiq: %s is missing", j->path,
              data ? "n_players in \"metadata\"" : "the object \"data\"");
  return HRS_OK;
}

bool hrs_shapiq_is_json(const char *path) {
  char start[16] = "";
  int descriptor;
  hrs_count size;
  if (hrs_file_open(path, &descriptor, &size) != HRS_OK) return false;
  hrs_count some = size < (hrs_count)sizeof start - 1 ? size : (hrs_count)sizeof start - 1;
  bool read = hrs_file_read_at(descriptor, path, 0, some, start) == HRS_OK;
  close(descriptor);
  return read && start[strspn(start, " \t\r\n")] == '{';
}

static hrs_status read_game(json *j, content *c) {
  HRS_TRY(read_document(j, c));
  hrs_count all = (hrs_count)1 << c->players;
  /* A set takes five bytes and more: far fewer are not worth the memory of all. */
  HRS_REQUIRE((j->end - j->start) / 4 >= all, INPUT,
              "%s has no room for the 2^%d = %lld sets of its %d players; the whole game is needed "
              "(in shapiq: game.precompute())",
              j->path, c->players, (long long)all, c->players);
  HRS_TRY(hrs_alloc(all, sizeof *c->values, &c->values));
  HRS_TRY(hrs_calloc(all, 1, &c->seen));
  HRS_TRY(read_document(j, c));
  HRS_REQUIRE(
      c->count == all, INPUT,
      "%s holds %lld of the 2^%d = %lld sets of its %d players; the whole game is needed (in "
      "shapiq: game.precompute())",
      j->path, (long long)c->count, c->players, (long long)all, c->players);
  return HRS_OK;
}

hrs_status hrs_shapiq_load_json(const char *path, int *players, double **values) {
  const hrs_count most = (hrs_count)1 << 40;
  unsigned char *bytes;
  hrs_count size;
  content c = {0};
  HRS_TRY(hrs_file_read(path, most, &bytes, &size));
  while (size > 0 && strchr(" \t\r\n", bytes[size - 1]) && bytes[size - 1])
    size--;
  json j = {path, (const char *)bytes, (const char *)bytes, (const char *)bytes + size};
  hrs_status status = HRS_OK;
  if (size == 0 || bytes[size - 1] != '}' || memchr(bytes, 0, (size_t)size)) {
    j.at = j.end;
    status = bad(&j, "a closing brace");
  }
  if (status == HRS_OK) status = read_game(&j, &c);
  hrs_free(bytes);
  hrs_free(c.seen);
  if (status != HRS_OK) hrs_free(c.values);
  *players = c.players;
  *values = status == HRS_OK ? c.values : NULL;
  return status;
}
