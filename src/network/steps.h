/*
 * steps.h -- what a session consists of: slots (tensors that stand somewhere in memory) and steps
 * (nodes bound to slots).
 *
 * A slot either holds a constant (one value, shared by all instances) or belongs to a buffer of the
 * arena, which holds `batch` instances and may serve several slots one after the other (plan.c) or
 * at once (views, operators in place). Steps that depend on no varying feed are *folded*: run when
 * the session is made, and again only if a shared feed that they depend on gets a new value.
 *
 * Where a part of a tensor is all that is read, the steps compute that part only (narrow.h): it has
 * a slot of its own, and that of the whole tensor is left without a step.
 */
#ifndef HRS_NETWORK_STEPS_H
#define HRS_NETWORK_STEPS_H

#include "network/graph.h"

typedef struct hrs_slot {
  hrs_tensor tensor; /* data and step as operators see them */
  bool varies;
  bool shared;      /* depends on a feed that does not vary */
  bool owned;       /* tensor.data is freed with the session */
  bool used;        /* a constant that a run or a refolding reads */
  int whole;        /* slot that it is a part of (narrow.h); itself where it is none */
  int root;         /* slot whose buffer it stands in; itself for the first */
  int last;         /* of a root: last step that needs the buffer */
  hrs_count offset; /* of a root: of the buffer in the arena */
} hrs_slot;

/* All of a step stands in one block, so that pointers into it stay. */
typedef struct hrs_step {
  hrs_node node;
  hrs_call call;
  int *in, *out; /* slots, -1: left out */
  bool folded, shared;
  bool part;    /* made anew for a part of the result (narrow.h) */
  bool fused;   /* stands for several of session->step (fuse.h) */
  void *packed; /* of a fused step: weights as its kernel wants them */
} hrs_step;

typedef struct hrs_session_feed {
  int slot, value;
  bool varies;
  const char *name;
} hrs_session_feed;

/* An If that was decided by a constant. */
typedef struct hrs_choice {
  int slot;
  bool taken;
  const char *node;
} hrs_choice;

struct hrs_session {
  const hrs_model *model;
  hrs_slot *slot;
  int n_slots, slot_room;
  hrs_step **step;
  int n_steps, step_room;
  hrs_step **run; /* what a run goes through: steps, and fused ones in place of several */
  int n_run;
  int *slot_of; /* by value of the graph, the whole of it; -1: not needed (yet) */
  hrs_session_feed *feed;
  int n_feeds;
  int *fetch;
  hrs_tensor_info *fetch_info;
  int n_fetches;
  hrs_choice *choice;
  int n_choices, choice_room;
  hrs_count max_batch;
  char *arena;
  void *workspace;
  hrs_count workspace_bytes;
  hrs_count folded_bytes, bytes, multiply_adds;
  bool narrows, narrowed; /* may steps be computed in part; are they, or did it fail? (narrow.h) */
  bool decided;           /* by values of shared feeds: shapes, or branches of If */
  bool stale;             /* a shared feed has a new value that is not folded in yet */
};

/** For tests that compare: sessions are made without fused steps; with whole tensors only. */
extern bool hrs_session_unfused, hrs_session_whole;

/** Make slots and steps for everything that the fetches need (resolve.c). */
hrs_status hrs_session_resolve(hrs_session *session, int n_feeds, const hrs_feed *feeds,
                               int n_fetches, const char *const *fetches);
/** A slot for a tensor, with data only where it does not vary. Errors: INPUT above the limit. */
hrs_status hrs_session_add_slot(hrs_session *session, const hrs_tensor *tensor, bool varies,
                                int *out);
/** Memory of a slot that does not vary. Errors: INPUT above the limit. */
hrs_status hrs_session_own_data(hrs_session *session, int slot);
/** Bind a node to the slots of its inputs; out[] are the slots of its results, new ones. What
 * depends on no varying feed is computed at once; a step that was folded for good is not kept. */
hrs_status hrs_session_add_step(hrs_session *session, const hrs_node *node, int n_in, const int *in,
                                int n_out, const bool *wanted, int *out);
/** The same for a node made anew, with one output: slot *out, or a new one where that is -1. */
hrs_status hrs_session_add_part(hrs_session *session, const hrs_node *node, int n_in, const int *in,
                                int *out);
/** Append a step to session->step. */
hrs_status hrs_session_keep_step(hrs_session *session, hrs_step *step);
/** Give back constants that no run and no refolding reads. */
void hrs_session_drop_unused(hrs_session *session);
/** Plan buffers and bind all steps to them (session.c). */
hrs_status hrs_session_place(hrs_session *session, hrs_count max_batch);
/** Ask the operator for the shapes of its outputs; those that are not wanted are left out. */
hrs_status hrs_step_infer(hrs_session *session, hrs_step *step, const bool *wanted);
/** Point operators at the data of their slots. */
void hrs_step_bind(hrs_session *session, hrs_step *step);
/** Does a feed vary? And do values of those that do not decide shapes or branches? */
bool hrs_session_feed_varies(const hrs_session *session, int feed);
bool hrs_session_is_decided(const hrs_session *session);
/** Fold again what depends on shared feeds. Errors: UNSUPPORTED where a shape changes. */
hrs_status hrs_session_refold(hrs_session *session);
/** A step that is bound to no slots but those of its inputs; the node is copied. */
hrs_status hrs_step_create(const hrs_node *node, int n_in, const int *in, int n_out,
                           hrs_step **out);
void hrs_step_destroy(hrs_step *step);
/** Make the workspace at least as large. Errors: INPUT above the session's limit. */
hrs_status hrs_session_want_workspace(hrs_session *session, hrs_count bytes);

/**
 * The session that goes on from some slots of another one, the *cuts*: its feeds are the cuts, then
 * those feeds of the other one that do not vary; its fetches are the same (tail.c). It reads the
 * other one's constants, which must outlive it. Errors: INTERNAL where the cuts do not suffice.
 */
hrs_status hrs_session_behind(const hrs_session *session, int n_cuts, const int *cuts,
                              hrs_count max_batch, hrs_session **out);

/** Decide which buffers slots share, for `batch` instances; *bytes is the arena's size. */
hrs_status hrs_plan_buffers(hrs_session *session, hrs_count batch, hrs_count *bytes);
/** Instances of a run, from the bytes of the activations of one. */
hrs_count hrs_plan_batch(hrs_count bytes);

/** Bytes of one value of a slot's tensor. */
hrs_count hrs_slot_bytes(const hrs_slot *slot);
/** Run a step for `batch` instances. */
hrs_status hrs_step_run(hrs_step *step, hrs_count batch);

#endif
