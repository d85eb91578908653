/*
 * The .npy format, versions 1 to 3: six magic bytes, a version, the length of a header that is a
 * Python dictionary, and the data. The header comes from anywhere, so the scanner takes nothing
 * that it does not know, and no size is believed before it is compared with the file's.
 */
#include "npy_header.h"

#include <ctype.h>
#include <string.h>

const char hrs_npy_magic[HRS_NPY_MAGIC] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

typedef struct scanner {
  const char *path;
  const char *at, *end;
} scanner;

static void skip_space(scanner *s) {
  while (s->at < s->end && isspace((unsigned char)*s->at))
    s->at++;
}

static bool take(scanner *s, char wanted) {
  skip_space(s);
  if (s->at == s->end || *s->at != wanted) return false;
  s->at++;
  return true;
}

static bool take_word(scanner *s, const char *word) {
  skip_space(s);
  size_t length = strlen(word);
  if ((size_t)(s->end - s->at) < length || memcmp(s->at, word, length) != 0) return false;
  s->at += length;
  return true;
}

static hrs_status damaged(const scanner *s, const char *expected) {
  HRS_FAIL(INPUT, "%s: its .npy header is damaged (expected %s); store it anew with numpy.save",
           s->path, expected);
}

static hrs_status take_string(scanner *s, char *text, size_t size) {
  skip_space(s);
  if (s->at == s->end || (*s->at != '\'' && *s->at != '"')) return damaged(s, "a string");
  char quote = *s->at++;
  const char *stop = memchr(s->at, quote, (size_t)(s->end - s->at));
  if (!stop || (size_t)(stop - s->at) >= size) return damaged(s, "a short string");
  memcpy(text, s->at, (size_t)(stop - s->at));
  text[stop - s->at] = '\0';
  s->at = stop + 1;
  return HRS_OK;
}

static hrs_status take_count(scanner *s, hrs_count *out) {
  skip_space(s);
  if (s->at == s->end || !isdigit((unsigned char)*s->at)) return damaged(s, "a dimension");
  hrs_count value = 0;
  for (; s->at < s->end && isdigit((unsigned char)*s->at); s->at++) {
    int digit = *s->at - '0';
    HRS_REQUIRE(value <= (INT64_MAX - digit) / 10, INPUT, "%s: a dimension is too large", s->path);
    value = value * 10 + digit;
  }
  take(s, 'L'); /* Python 2 wrote long integers so */
  *out = value;
  return HRS_OK;
}

static hrs_status take_type(scanner *s, hrs_npy_header *out) {
  static const struct {
    const char *descr;
    hrs_dtype type;
  } known[] = {
#define ROW(name, bytes, descr, text) {descr, HRS_##name},
      HRS_DTYPE_TABLE(ROW)
#undef ROW
  };
  skip_space(s);
  HRS_REQUIRE(s->at == s->end || *s->at != '[', INPUT,
              "%s holds records (a structured array); store one numeric field of it", s->path);
  char descr[32];
  HRS_TRY(take_string(s, descr, sizeof descr));
  const char *kind = descr;
  if (*kind && strchr("<>|=", *kind)) kind++;
  out->swapped = descr[0] == '>';
  if (strcmp(kind, "?") == 0) kind = "b1";
  for (size_t i = 0; *kind && i < sizeof known / sizeof known[0]; i++) {
    if (strcmp(kind, known[i].descr) == 0) out->type = known[i].type;
  }
  HRS_REQUIRE(out->type != HRS_NONE, INPUT,
              "%s holds elements of NumPy's type '%s'%s; real numbers, integers or bool of at "
              "most 64 bits are needed (numpy.asarray(a, dtype=numpy.float64))",
              s->path, descr,
              *kind == 'O'                   ? " (Python objects)"
              : *kind == 'U' || *kind == 'S' ? " (text)"
              : *kind == 'c'                 ? " (complex numbers)"
                                             : "");
  return HRS_OK;
}

static hrs_status take_shape(scanner *s, hrs_npy_header *out) {
  if (!take(s, '(')) return damaged(s, "'('");
  out->rank = 0;
  while (!take(s, ')')) {
    HRS_REQUIRE(out->rank < HRS_MAX_RANK, INPUT, "%s has more than %d axes", s->path, HRS_MAX_RANK);
    HRS_TRY(take_count(s, &out->dim[out->rank++]));
    if (take(s, ',')) continue;
    if (!take(s, ')')) return damaged(s, "',' or ')'");
    break;
  }
  return HRS_OK;
}

static hrs_status parse_dictionary(scanner *s, hrs_npy_header *out, bool *fortran) {
  enum { DESCR = 1, ORDER = 2, SHAPE = 4 };
  int seen = 0;
  if (!take(s, '{')) return damaged(s, "'{'");
  while (!take(s, '}')) {
    char key[32];
    HRS_TRY(take_string(s, key, sizeof key));
    if (!take(s, ':')) return damaged(s, "':'");
    if (strcmp(key, "descr") == 0) {
      HRS_TRY(take_type(s, out));
      seen |= DESCR;
    } else if (strcmp(key, "fortran_order") == 0) {
      *fortran = take_word(s, "True");
      if (!*fortran && !take_word(s, "False")) return damaged(s, "True or False");
      seen |= ORDER;
    } else if (strcmp(key, "shape") == 0) {
      HRS_TRY(take_shape(s, out));
      seen |= SHAPE;
    } else {
      return damaged(s, "one of the keys descr, fortran_order, shape");
    }
    if (take(s, ',')) continue;
    if (!take(s, '}')) return damaged(s, "',' or '}'");
    break;
  }
  return seen == (DESCR | ORDER | SHAPE) ? HRS_OK : damaged(s, "descr, fortran_order and shape");
}

hrs_count hrs_npy_header_size(const unsigned char *bytes, hrs_count count) {
  if (count < 10 || memcmp(bytes, hrs_npy_magic, sizeof hrs_npy_magic) != 0) return 0;
  if (bytes[6] == 1) return 10 + bytes[8] + 256 * bytes[9];
  if (count < 12) return 0;
  return 12 + (bytes[8] | (hrs_count)bytes[9] << 8 | (hrs_count)bytes[10] << 16 |
               (hrs_count)bytes[11] << 24);
}

hrs_status hrs_npy_parse(const char *path, const unsigned char *bytes, hrs_count count,
                         hrs_count size, hrs_npy_header *out) {
  memset(out, 0, sizeof *out);
  hrs_count whole = hrs_npy_header_size(bytes, count);
  HRS_REQUIRE(whole > 0, INPUT, "%s is no .npy file, or it ends within its header", path);
  HRS_REQUIRE(bytes[6] >= 1 && bytes[6] <= 3, INPUT,
              "%s is of version %d.%d of the .npy format; 1 to 3 are known", path, bytes[6],
              bytes[7]);
  HRS_REQUIRE(whole <= HRS_NPY_HEADER_LIMIT, INPUT, "%s: its .npy header claims %lld bytes", path,
              (long long)whole);
  HRS_REQUIRE(whole <= count, INPUT, "%s is truncated: it ends within its .npy header", path);
  const char *text = (const char *)bytes;
  scanner s = {path, text + (bytes[6] == 1 ? 10 : 12), text + whole};
  bool fortran = false;
  HRS_TRY(parse_dictionary(&s, out, &fortran));
  hrs_count elements = 1;
  int wide_axes = 0;
  for (int i = 0; i < out->rank; i++) {
    HRS_TRY_CONTEXT(hrs_multiply(elements, out->dim[i], "elements", &elements), "%s", path);
    wide_axes += out->dim[i] > 1;
  }
  char shape[HRS_SHAPE_TEXT];
  hrs_shape_text(out->rank, out->dim, shape, sizeof shape);
  /* With one axis at most, both orders are one. */
  out->fortran = fortran && wide_axes > 1 && elements > 0;
  HRS_TRY_CONTEXT(
      hrs_multiply(elements, (hrs_count)hrs_dtype_size(out->type), "bytes", &out->bytes), "%s",
      path);
  out->offset = whole;
  HRS_REQUIRE(out->bytes <= size - whole, INPUT,
              "%s is truncated: %s of shape %s need %lld bytes, it holds %lld", path,
              hrs_dtype_name(out->type), shape, (long long)out->bytes, (long long)(size - whole));
  return HRS_OK;
}

void hrs_npy_swap(void *data, hrs_count count, size_t size) {
  unsigned char *at = data;
  for (hrs_count i = 0; i < count; i++, at += size) {
    for (size_t low = 0, high = size - 1; low < high; low++, high--) {
      unsigned char byte = at[low];
      at[low] = at[high];
      at[high] = byte;
    }
  }
}
