/*
 * graph.h -- the graph inside a model: values (tensors by name) and nodes, in an order in which
 * each node comes after those it reads.
 *
 * Model. Bodies of local functions and both branches of an If stand in the same flat list as all
 * other nodes. Inside a function or a branch, names are prefixed ("node/then_branch/x"). An If
 * whose condition is known at load time has left its chosen branch only; any other has become a
 * *select* node: inputs are the condition, then the outputs of the then-branch, then those of the
 * else-branch. A session decides it when it knows the condition, and never looks at the branch that
 * is not taken.
 */
#ifndef HRS_NETWORK_GRAPH_H
#define HRS_NETWORK_GRAPH_H

#include "network/operator.h"
#include "network/weights.h"
#include "network/wire.h"

/** Memory that is freed all at once. */
typedef struct hrs_arena {
  struct hrs_arena_block *blocks;
} hrs_arena;

/** `size` bytes, filled with zeros, aligned for any type. */
hrs_status hrs_arena_alloc(hrs_arena *arena, size_t size, void *out /* T** */);
/** "prefix" followed by "name", in the arena. */
hrs_status hrs_arena_join(hrs_arena *arena, const char *prefix, const char *name, const char **out);
void hrs_arena_destroy(hrs_arena *arena);

/** Names to numbers. A name is looked up together with the number of the scope that it stands in.
 */
typedef struct hrs_names {
  struct hrs_names_entry *entry;
  hrs_count room, used;
} hrs_names;

/** Number that `name` stands for in `scope`; -1 where there is none. */
int hrs_names_find(const hrs_names *names, int scope, const char *name);
/** Add a name that is not there yet. The text must outlive the table. */
hrs_status hrs_names_add(hrs_names *names, int scope, const char *name, int number);
void hrs_names_destroy(hrs_names *names);

/* Scopes: 0 is the file's main graph; functions' bodies and branches have positive numbers. */
enum {
  HRS_FUNCTION_SCOPE = -1, /* local functions, as "domain.name" */
  HRS_INNER_SCOPE = -2     /* values of bodies and branches, by their full names */
};

typedef struct hrs_value {
  const char *name;
  int producer;                /* node that makes it; -1: an input of the network, or a constant */
  int same_as;                 /* another value that this one is only a name of; -1 */
  bool input;                  /* listed as an input of the network */
  const Onnx__TypeProto *type; /* what the file says of it, or NULL */
  Onnx__TensorProto *initialiser; /* not read yet, or NULL */
  hrs_array constant;             /* type HRS_NONE where it is none; halves are widened */
} hrs_value;

typedef struct hrs_graph_node {
  hrs_node base;   /* def is NULL for an operator that is not supported, and for a select */
  bool select;     /* see above */
  int n_in, n_out; /* without empty names at the end */
  int *in, *out;   /* values, -1: left out */
} hrs_graph_node;

typedef struct hrs_graph {
  hrs_arena arena;
  hrs_names names;
  hrs_value *value;
  int n_values, value_room;
  hrs_graph_node *node;
  int n_nodes, node_room;
} hrs_graph;

/** Most nodes of a graph, with all bodies in place. */
#define HRS_MAX_NODES (1 << 18)

/** Attributes of a local function that have a default value. */
typedef struct hrs_defaults {
  Onnx__AttributeProto **attribute;
  int count;
} hrs_defaults;

/** Read them (defaults.c). The field is newer than the onnx.proto that this may be built with. */
hrs_status hrs_defaults_read(const Onnx__FunctionProto *function, hrs_defaults *out);
void hrs_defaults_destroy(hrs_defaults *defaults);

/** Operator sets that a file, or a function of it, imports. */
typedef struct hrs_imports {
  Onnx__OperatorSetIdProto **set;
  size_t count;
} hrs_imports;

enum { HRS_MIN_OPSET = 7, HRS_MAX_OPSET = 21 };

struct hrs_model {
  char *path;
  hrs_status refused; /* why it can be looked at, but not be evaluated: OK, or the first reason */
  char *refusal;
  Onnx__ModelProto *proto;
  hrs_defaults *defaults; /* by function of the file */
  hrs_graph graph;
  hrs_tensor_info *input, *output;
  int *input_value, *output_value;
  int n_inputs, n_outputs;
};

/**
 * Does an operator take what a node has at its operator set? The loader asks, so that whoever reads
 * an attribute or an input need not look at the set again (signature.c). Errors: INPUT, naming an
 * attribute that is unknown, came later or is gone, or the number of inputs or outputs.
 */
hrs_status hrs_node_check(const hrs_graph_node *node);

/** Note the last failure as a reason to refuse the model, and forget it: who only looks at a file
 *  sees the rest of it. Errors: MEMORY. */
hrs_status hrs_model_refuse(hrs_model *model, hrs_status status);

/** Is it ONNX's own domain? Version that is imported for a domain; -1. */
bool hrs_domain_is_default(const char *domain);
int64_t hrs_opset_imported(const hrs_imports *imports, const char *domain);
/** Are operators of the default domain supported at the set that is imported? If not, the model is
 *  refused. `where` says who imports it. */
hrs_status hrs_opset_check(hrs_model *model, const hrs_imports *imports, const char *where,
                           bool *supported);

/** Value of a name (of the main graph, or a full name of an inner value); -1. */
int hrs_graph_named(const hrs_graph *graph, const char *name);
/** The same, with names of names resolved. */
int hrs_graph_find(const hrs_graph *graph, const char *name);
/** Append a value or a node; *out is its number. */
hrs_status hrs_graph_add_value(hrs_graph *graph, const char *name, int *out);
hrs_status hrs_graph_add_node(hrs_graph *graph, int n_in, int n_out, int *out);
/** Resolve names of names, and put nodes in order. Errors: INPUT where there is a cycle. */
hrs_status hrs_graph_sort(hrs_graph *graph, const char *path);
void hrs_graph_destroy(hrs_graph *graph);

/** Build the graph of model->proto, with bodies in place (build.c). */
hrs_status hrs_graph_build(hrs_model *model, hrs_weight_files *files);

/** Fail with UNSUPPORTED: "operator 'X' (node 'Y', operator set Z) is not supported". */
hrs_status hrs_graph_unsupported(const hrs_graph_node *node);

/** Fill in what the file says of a value. Errors: UNSUPPORTED where it is no tensor. */
hrs_status hrs_model_describe(const hrs_model *model, int value, hrs_tensor_info *out);

/** Most bytes that a session may take for activations and for what it computes once. For fuzzing,
 *  where files ask for anything; 0, the default, is a quarter of the machine's memory. */
extern hrs_count hrs_session_limit;

#endif
