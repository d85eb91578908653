/*
 * operator.h -- what an operator is: the one table that the loader, the shape inference, the
 * folding of constants and the executor read. One family of operators per file in operators/.
 *
 * Instances. A call covers `batch` instances of the node. Shapes are logical: those of one sample.
 * Instance b of tensor t starts at element b * t->step of t->data; step is 0 where all instances
 * share one value, else the number of elements of the shape. An operator without the flag
 * HRS_OP_BATCHED is called by the executor once per instance with batch = 1; one with the flag
 * handles all instances itself, because it can join them (GEMM, convolutions, element-wise loops).
 *
 * Inference. `infer` is called once when a session is made, with the shapes and types of all inputs
 * and, where an input is constant, its data (else data == NULL). It checks everything that can be
 * checked, sets type, rank and dim of each output, may keep what it has worked out in node->state
 * (one hrs_alloc block, freed with hrs_free) and may ask for workspace. After `infer` succeeded,
 * `run` cannot meet a wrong shape. A node whose inputs are all constant is run at once and folded.
 * `infer` may be called again for the same node (a shared input got new values): the session frees
 * node->state before that.
 *
 * Half precision. Sessions hold float16 and bfloat16 as float32: no input ever has these types. An
 * output to which infer gives one of them (Cast, ConstantOfShape, ...) is written as such by run
 * and widened by the session afterwards.
 */
#ifndef HRS_NETWORK_OPERATOR_H
#define HRS_NETWORK_OPERATOR_H

#include "network/facts.h"

#include "onnx.pb-c.h"

typedef struct hrs_tensor {
  hrs_dtype type; /* HRS_NONE: an optional input or output left out */
  int rank;
  hrs_count dim[HRS_MAX_RANK];
  void *data;
  hrs_count step;
} hrs_tensor;

struct hrs_operator;

typedef struct hrs_node {
  const struct hrs_operator *def;
  const Onnx__NodeProto *proto; /* attributes: read with the hrs_attr functions */
  const char *name;             /* never NULL: the node's name, or "#index" */
  const char *op;               /* operator's name, never NULL */
  int opset;                    /* operator set in force for the node's domain */
  void *state;                  /* what infer keeps for run */
  bool decides;                 /* infer has read values of inputs: they decide on shapes */
  const char **misused;         /* the hrs_attr functions note here an attribute of another type */
} hrs_node;

typedef struct hrs_call {
  hrs_node *node;
  hrs_count batch;
  int n_in, n_out; /* as many as the node lists; left out ones in between have type HRS_NONE */
  hrs_tensor *in;
  hrs_tensor *out;
  hrs_count workspace_bytes; /* set by infer: wanted for a whole run, whatever the batch */
  void *workspace;           /* given to run, aligned to 64 bytes */
  hrs_count multiply_adds;   /* set by infer: for one instance; 0 where not worth counting */
} hrs_call;

enum {
  HRS_OP_BATCHED = 1,  /* run handles all instances at once */
  HRS_OP_IN_PLACE = 2, /* out[0] may be the same buffer as in[0] */
  HRS_OP_VIEW = 4,     /* out[0] has the bytes of in[0]: run is never called and may be NULL */
  HRS_OP_OF_SHAPE = 8  /* outputs depend on the shapes and types of inputs alone (Shape, Size,
                          EyeLike): folded although in[].data may be NULL */
};

typedef struct hrs_operator {
  const char *name;
  int since, until; /* operator sets, inclusive, in which this row holds (range used: 7..21) */
  int min_in, max_in, min_out, max_out; /* max -1: any number */
  unsigned flags;
  hrs_status (*infer)(hrs_call *call);
  hrs_status (*run)(hrs_call *call);
  hrs_facts facts; /* what others may rely on: stated in every row */
} hrs_operator;

/** The rows of one family; each families' file defines one. Ended by a row with a NULL name. */
typedef const hrs_operator hrs_operator_family[];

/** Row for an operator of the default domain at an operator set; NULL if there is none. */
const hrs_operator *hrs_operator_find(const char *name, int opset);
/** Row number `index` of all families in order; NULL past the end. For tables in docs and tests. */
const hrs_operator *hrs_operator_at(int index);
/** The layer or function of PyTorch that an operator is, supported or not, such as nn.Linear for
 * Gemm; NULL where there is none, or where it has the same name (torch_names.c). */
const char *hrs_torch_name(const char *op);

/* ---- attributes: by name, with the documented default --------------------------------------- */

int64_t hrs_attr_int(const hrs_node *node, const char *name, int64_t otherwise);
float hrs_attr_float(const hrs_node *node, const char *name, float otherwise);
/** Not NUL-terminated in the file: this gives a NUL-terminated view, or `otherwise`. */
const char *hrs_attr_string(const hrs_node *node, const char *name, const char *otherwise);
/** Integers of a list attribute, *count = -1 and NULL where it is absent. */
const int64_t *hrs_attr_ints(const hrs_node *node, const char *name, int *count);
const float *hrs_attr_floats(const hrs_node *node, const char *name, int *count);
bool hrs_attr_has(const hrs_node *node, const char *name);
/** A tensor attribute, converted to an array that the caller owns; empty where absent. */
hrs_status hrs_attr_tensor(const hrs_node *node, const char *name, hrs_array *out);

/* ---- small helpers for operators ------------------------------------------------------------ */

/** Fail with "Conv node 'conv1' (operator set 11): message". */
#define HRS_NODE_FAIL(call, status, ...)                                                           \
  return hrs_node_error((call), HRS_STATUS_##status, __FILE__, __LINE__, __VA_ARGS__)
#define HRS_NODE_REQUIRE(condition, call, status, ...)                                             \
  do {                                                                                             \
    if (!(condition)) HRS_NODE_FAIL(call, status, __VA_ARGS__);                                    \
  } while (0)
hrs_status hrs_node_error(const hrs_call *call, hrs_status status, const char *file, int line,
                          const char *format, ...) HRS_PRINTF(5, 6);

hrs_count hrs_tensor_count(const hrs_tensor *tensor);
/** Set an output's type and shape; checks rank and that the element count does not overflow. Does
 *  nothing for an output past the node's list. After infer, outputs left out have type HRS_NONE. */
hrs_status hrs_call_output(hrs_call *call, int index, hrs_dtype type, int rank,
                           const hrs_count *dim);
/** Output `index` has type and shape of input `like`. */
hrs_status hrs_call_output_like(hrs_call *call, int index, int like);
/** axis in [-rank, rank) to [0, rank), or a failure that names the node. `what` for messages. */
hrs_status hrs_call_axis(const hrs_call *call, int64_t axis, int rank, const char *what, int *out);
/** Is input `index` there? */
bool hrs_call_has(const hrs_call *call, int index);
/** Values of a constant integer input (int32 or int64) as int64, into a caller's array of at most
 *  `limit`; fails where the input is not constant, with a message that says so. */
hrs_status hrs_call_constant_ints(const hrs_call *call, int index, int limit, int64_t *out,
                                  int *count);

#endif
