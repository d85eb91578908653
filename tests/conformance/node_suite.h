/* node_suite.h -- the cases that run_node runs, and the document that it makes of them. */
#ifndef HRS_TESTS_NODE_SUITE_H
#define HRS_TESTS_NODE_SUITE_H

#include <stdio.h>

#include "network/operator.h"

enum { MOST_OPERATORS = 64 };

/* The group of our own cases. */
#define SUITE_OWN "own"

typedef enum outcome { PASSED, FAILED, SKIPPED } outcome;

typedef struct node_case {
  char name[256];
  char path[1024];
  const char *group;
  outcome result;
  char note[512]; /* why it failed or was skipped */
  bool as_set_7;
  int instances; /* 3 where it was evaluated with varying inputs, else 1 */
  double error;  /* largest difference in units of the tolerance */
  const hrs_operator *operator[MOST_OPERATORS];
  int n_operators;
} node_case;

typedef struct suite {
  node_case *cases;
  int n, room;
  bool verbose;
  const char *only;
} suite;

/* False with a reason in c->note where a case is to be skipped (node_scope.c). */
bool suite_in_scope(node_case *c);
/* A reader that gives a model of operator set 6 as one of set 7. */
hrs_status suite_read_as_set_7(void *self, const char *path, hrs_count limit, unsigned char **bytes,
                               hrs_count *size);
/* Put the right values in the place of stored ones that are wrong. */
hrs_status suite_correct(const node_case *c, hrs_array *expected);

int suite_count(const suite *s, const char *group, outcome result);
/* Write docs/operators.md. */
void suite_write_markdown(const suite *s, FILE *file);
/* Is the file what suite_write_markdown would write? Says so. */
bool suite_is_up_to_date(const suite *s, const char *path);

#endif
