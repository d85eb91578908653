/* docs/operators.md: which operators are supported, what they were tested with, what is skipped. */
#include "node_suite.h"

#include <stdlib.h>
#include <string.h>

int suite_count(const suite *s, const char *group, outcome result) {
  int n = 0;
  for (int i = 0; i < s->n; i++)
    n += (!group || strcmp(s->cases[i].group, group) == 0) && s->cases[i].result == result;
  return n;
}

static const char introduction[] =
    "# Operators\n"
    "\n"
    "<!-- Generated: run_node --markdown (tests/conformance); a test fails where it is stale. -->\n"
    "\n"
    "Operator sets 7 to 21 of ONNX's default domain. An operator that is not in the table, or an\n"
    "operator set outside the range, is refused when the network is loaded, with the node's name; "
    "so\n"
    "is an attribute or an input that the operator does not take at the network's operator set.\n"
    "\n"
    "Float32 and float64 everywhere; integers and bool where the standard has them. Float16 and\n"
    "bfloat16 weights and tensors are widened to float32 where they come up and computed in\n"
    "float32. Texts, sequences and optional values are not supported.\n"
    "\n"
    "Shapes may not depend on the masked input: what decides on them (the new shape of Reshape, "
    "the\n"
    "pads of Pad, the k of TopK, ...) must be the same for all masks. Networks are evaluated as "
    "they\n"
    "were trained: Dropout passes its input on, and BatchNormalization uses its statistics.\n"
    "\n"
    "Integers wrap around; dividing them by zero, and the remainder of that, gives 0. A real "
    "number\n"
    "that becomes an integer (Cast, Pow, Shrink, Resize, ...) is cut off, or becomes the nearest "
    "one\n"
    "that the type has, and 0 for NaN: C leaves this open, and other runtimes differ from machine "
    "to\n"
    "machine. MaxPool and GlobalMaxPool pass NaN over unless a window has nothing else; in ONNX\n"
    "Runtime it depends on its place in the window.\n"
    "\n"
    "Every case runs three times: folded, and with inputs that vary over a batch of three "
    "instances\n"
    "that must agree with the reference. *Own cases* are made for what Debian's libonnx-testdata\n"
    "lacks: those of tests/conformance/cases with PyTorch and NumPy, those of cases_ort with ONNX\n"
    "Runtime, attribute by attribute and operator set by operator set. The others are ONNX's.\n"
    "Tolerances are ONNX's own: 1e-3 relative, 1e-7 absolute; own cases add 1e-6 of the largest\n"
    "value, and bfloat16 outputs have 2^-7, because ONNX 1.12 cut its reference values off. Three "
    "of "
    "its\n"
    "cases (MaxUnpool with an output shape, Resize down with align_corners) are compared with "
    "what\n"
    "ONNX Runtime gives, which their stored values are not.\n"
    "\n";

/* What an operator does not do; one line each. */
static const struct {
  const char *name, *note;
} notes[] = {
    {"BatchNormalization", "evaluation mode only"},
    {"Compress", "the condition must not vary"},
    {"ConvTranspose", "one to three spatial axes"},
    {"Conv", "one to three spatial axes"},
    {"Dropout", "evaluation mode only"},
    {"Einsum", "one or two operands"},
    {"NonZero", "its input must not vary"},
    {"Scatter", "the old name of ScatterElements"},
};

static const char *note_on(const char *name) {
  for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
    if (strcmp(notes[i].name, name) == 0) return notes[i].note;
  return "";
}

static void write_groups(const suite *s, FILE *file) {
  fprintf(file, "| cases | passed | failed | skipped |\n|---|---:|---:|---:|\n");
  for (int i = 0; i < s->n; i++) {
    const char *group = s->cases[i].group;
    if (i > 0 && strcmp(group, s->cases[i - 1].group) == 0) continue;
    fprintf(file, "| %s | %d | %d | %d |\n", group, suite_count(s, group, PASSED),
            suite_count(s, group, FAILED), suite_count(s, group, SKIPPED));
  }
}

static int compare_rows(const void *a, const void *b) {
  const hrs_operator *const *x = a, *const *y = b;
  int order = strcmp((*x)->name, (*y)->name);
  return order ? order : (*x)->since - (*y)->since;
}

static void write_operator(const suite *s, const hrs_operator *first, int until, FILE *file) {
  int passed = 0, varying = 0, from_own = 0;
  for (int k = 0; k < s->n; k++) {
    const node_case *c = &s->cases[k];
    bool has = false;
    for (int j = 0; j < c->n_operators; j++)
      has |= strcmp(c->operator[j]->name, first->name) == 0;
    if (!has || c->result != PASSED) continue;
    passed++;
    varying += c->instances > 1;
    from_own += strcmp(c->group, SUITE_OWN) == 0;
  }
  int since = first->since < 7 ? 7 : first->since;
  fprintf(file, "| %s | %d-%d | %d | %d | %d | %s |\n", first->name, since, until, passed, varying,
          from_own, note_on(first->name));
}

static void write_operators(const suite *s, FILE *file) {
  enum { MOST_ROWS = 512 };
  const hrs_operator *row[MOST_ROWS];
  int n = 0;
  for (; n < MOST_ROWS && hrs_operator_at(n); n++)
    row[n] = hrs_operator_at(n);
  qsort(row, (size_t)n, sizeof *row, compare_rows);
  fprintf(file, "| operator | sets | cases passed | with varying inputs | own cases | limits |\n"
                "|---|---|---:|---:|---:|---|\n");
  for (int i = 0; i < n; i++) {
    if (i > 0 && strcmp(row[i]->name, row[i - 1]->name) == 0) continue;
    int until = row[i]->until;
    for (int k = i + 1; k < n && strcmp(row[k]->name, row[i]->name) == 0; k++)
      until = row[k]->until;
    write_operator(s, row[i], until, file);
  }
}

static int by_note(const void *a, const void *b) {
  const node_case *const *x = a, *const *y = b;
  int order = strcmp((*x)->note, (*y)->note);
  return order ? order : strcmp((*x)->name, (*y)->name);
}

static void write_skipped(const suite *s, FILE *file) {
  const node_case **skipped = calloc((size_t)s->n + 1, sizeof *skipped);
  if (!skipped) exit(70);
  int n = 0;
  for (int i = 0; i < s->n; i++)
    if (s->cases[i].result == SKIPPED) skipped[n++] = &s->cases[i];
  qsort(skipped, (size_t)n, sizeof *skipped, by_note);
  fprintf(file, "| reason | cases |\n|---|---:|\n");
  for (int i = 0, from = 0; i < n; i++) {
    if (i + 1 < n && strcmp(skipped[i]->note, skipped[i + 1]->note) == 0) continue;
    fprintf(file, "| %s | %d |\n", skipped[i]->note, i + 1 - from);
    from = i + 1;
  }
  free(skipped);
}

void suite_write_markdown(const suite *s, FILE *file) {
  fputs(introduction, file);
  fprintf(file, "## Cases\n\n");
  write_groups(s, file);
  fprintf(file, "\n## Operators\n\n");
  write_operators(s, file);
  fprintf(file, "\n## Skipped cases\n\n");
  write_skipped(s, file);
}

/* Is the file what we would write? */
bool suite_is_up_to_date(const suite *s, const char *path) {
  char *text = NULL;
  size_t size = 0;
  unsigned char *there = NULL;
  hrs_count there_size = 0;
  FILE *file = open_memstream(&text, &size);
  if (!file) return false;
  suite_write_markdown(s, file);
  fclose(file);
  bool same = hrs_file_read(path, (hrs_count)1 << 24, &there, &there_size) == HRS_OK &&
              (size_t)there_size == size && memcmp(there, text, size) == 0;
  hrs_free(there);
  free(text);
  printf("%s is %s\n", path, same ? "up to date" : "stale: write it anew with run_node --markdown");
  return same;
}
