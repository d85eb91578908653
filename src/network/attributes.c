/* Attributes of a node, read by name with the default of the operator's documentation. */
#include "network/operator.h"
#include "network/weights.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

typedef Onnx__AttributeProto attribute;
typedef Onnx__AttributeProto__AttributeType attribute_type;
#define TYPE(name) ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__##name

static const attribute *find(const hrs_node *node, const char *name) {
  if (!node->proto) return NULL;
  for (size_t i = 0; i < node->proto->n_attribute; i++) {
    const attribute *a = node->proto->attribute[i];
    if (a->name && strcmp(a->name, name) == 0) return a;
  }
  return NULL;
}

/* The attribute if it has the type that an operator asks for. Files older than IR version 2 leave
 * the type out: `present` says that a value of that type is there. */
static const attribute *typed(const hrs_node *node, const attribute *a, attribute_type type,
                              bool present) {
  if (!a) return NULL;
  bool fits = a->has_type && a->type != TYPE(UNDEFINED) ? a->type == type : present;
  if (fits) return a;
  if (node->misused) *node->misused = a->name;
  return NULL;
}

int64_t hrs_attr_int(const hrs_node *node, const char *name, int64_t otherwise) {
  const attribute *a = find(node, name);
  a = typed(node, a, TYPE(INT), a && a->has_i);
  return a ? a->i : otherwise;
}

float hrs_attr_float(const hrs_node *node, const char *name, float otherwise) {
  const attribute *a = find(node, name);
  a = typed(node, a, TYPE(FLOAT), a && a->has_f);
  return a ? a->f : otherwise;
}

const char *hrs_attr_string(const hrs_node *node, const char *name, const char *otherwise) {
  const attribute *a = find(node, name);
  a = typed(node, a, TYPE(STRING), a && a->has_s);
  if (!a) return otherwise;
  /* hrs_wire_allocator put a zero byte behind it. */
  return a->s.len ? (const char *)a->s.data : "";
}

const int64_t *hrs_attr_ints(const hrs_node *node, const char *name, int *count) {
  static const int64_t none[1];
  const attribute *a = find(node, name);
  a = typed(node, a, TYPE(INTS), a && a->n_ints > 0);
  *count = a ? (int)(a->n_ints < INT_MAX ? a->n_ints : INT_MAX) : -1;
  return a ? (a->n_ints ? a->ints : none) : NULL;
}

const float *hrs_attr_floats(const hrs_node *node, const char *name, int *count) {
  static const float none[1];
  const attribute *a = find(node, name);
  a = typed(node, a, TYPE(FLOATS), a && a->n_floats > 0);
  *count = a ? (int)(a->n_floats < INT_MAX ? a->n_floats : INT_MAX) : -1;
  return a ? (a->n_floats ? a->floats : none) : NULL;
}

bool hrs_attr_has(const hrs_node *node, const char *name) {
  return find(node, name) != NULL;
}

hrs_status hrs_attr_tensor(const hrs_node *node, const char *name, hrs_array *out) {
  memset(out, 0, sizeof *out);
  const attribute *a = find(node, name);
  a = typed(node, a, TYPE(TENSOR), a && a->t);
  if (!a) return HRS_OK;
  char what[256];
  snprintf(what, sizeof what, "attribute '%s' of %s node '%s'", name, node->op, node->name);
  HRS_REQUIRE(a->t, INPUT, "%s has no value", what);
  return hrs_weights_read(a->t, what, NULL, out);
}
