/* Sessions: made once, run for batch after batch. */
#include "base/simd.h"
#include "network/fuse.h"

#include <string.h>
#include <unistd.h>

/* A file of a hundred bytes may ask for any size, and what the system grants on paper it may later
 * take back by force: no session has more than its share of this machine. */
static hrs_count share_of_memory(void) {
  enum { SHARES = 4 };
  const hrs_count otherwise = (hrs_count)1 << 32;
  long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? (hrs_count)pages / SHARES * size : otherwise;
}

enum { MOST_INSTANCES = 1 << 20 };

/* ---- running ---- */

hrs_status hrs_session_run(hrs_session *s, hrs_count batch) {
  HRS_REQUIRE(batch >= 1 && batch <= s->max_batch, INTERNAL, "%lld instances, but at most %lld fit",
              (long long)batch, (long long)s->max_batch);
  if (s->stale) HRS_TRY(hrs_session_refold(s));
  for (int i = 0; i < s->n_run; i++) {
    hrs_step *step = s->run[i];
    step->call.workspace = s->workspace;
    hrs_status status = hrs_step_run(step, batch);
    bool moved = batch > 1 && !(step->node.def->flags & (HRS_OP_VIEW | HRS_OP_BATCHED));
    if (moved) hrs_step_bind(s, step);
    if (status != HRS_OK) return hrs_error_context(status, "%s", s->model->path);
  }
  return HRS_OK;
}

/* ---- making ---- */

hrs_status hrs_session_place(hrs_session *s, hrs_count max_batch) {
  hrs_count bytes;
  HRS_TRY(hrs_plan_buffers(s, 1, &bytes));
  s->max_batch = max_batch > 0 ? max_batch : hrs_plan_batch(bytes);
  if (s->max_batch > 1) HRS_TRY(hrs_plan_buffers(s, s->max_batch, &bytes));
  HRS_TRY(hrs_alloc(bytes, 1, &s->arena));
  for (int i = 0; i < s->n_slots; i++)
    if (s->slot[i].varies) s->slot[i].tensor.data = s->arena + s->slot[s->slot[i].root].offset;
  for (int i = 0; i < s->n_steps; i++)
    if (!s->step[i]->folded) hrs_step_bind(s, s->step[i]);
  for (int i = 0; i < s->n_run; i++)
    if (s->run[i]->fused) hrs_step_bind(s, s->run[i]);
  return HRS_OK;
}

static hrs_status describe_fetches(hrs_session *s, const char *const *names) {
  for (int i = 0; i < s->n_fetches; i++) {
    const hrs_tensor *tensor = &s->slot[s->fetch[i]].tensor;
    hrs_tensor_info *info = &s->fetch_info[i];
    int own = hrs_graph_named(&s->model->graph, names[i]);
    *info = (hrs_tensor_info){s->model->graph.value[own].name, tensor->type, tensor->rank, {0}};
    memcpy(info->dim, tensor->dim, sizeof info->dim);
  }
  return HRS_OK;
}

static hrs_status create(hrs_session *s, int n_feeds, const hrs_feed *feeds, int n_fetches,
                         const char *const *fetches, hrs_count max_batch) {
  HRS_REQUIRE(max_batch >= 0 && max_batch <= MOST_INSTANCES, USAGE,
              "a batch of %lld: 1 to %d are possible", (long long)max_batch, MOST_INSTANCES);
  hrs_count values = s->model->graph.n_values;
  HRS_TRY(hrs_alloc(values, sizeof *s->slot_of, &s->slot_of));
  for (hrs_count i = 0; i < values; i++)
    s->slot_of[i] = -1;
  HRS_TRY(hrs_calloc(n_feeds, sizeof *s->feed, &s->feed));
  HRS_TRY(hrs_calloc(n_fetches, sizeof *s->fetch, &s->fetch));
  HRS_TRY(hrs_calloc(n_fetches, sizeof *s->fetch_info, &s->fetch_info));
  HRS_TRY(hrs_session_resolve(s, n_feeds, feeds, n_fetches, fetches));
  HRS_TRY(hrs_session_fuse(s));
  HRS_TRY(hrs_session_place(s, max_batch));
  return describe_fetches(s, fetches);
}

static hrs_status try_create(const hrs_model *model, int n_feeds, const hrs_feed *feeds,
                             int n_fetches, const char *const *fetches, hrs_count max_batch,
                             bool narrows, bool *failed_narrowed, hrs_session **out) {
  *out = NULL;
  *failed_narrowed = false;
  hrs_count before = hrs_memory_current();
  hrs_session *session;
  HRS_TRY(hrs_calloc(1, sizeof *session, &session));
  session->model = model;
  session->narrows = narrows;
  hrs_status status = create(session, n_feeds, feeds, n_fetches, fetches, max_batch);
  *failed_narrowed = status != HRS_OK && session->narrowed;
  session->bytes = hrs_memory_current() - before;
  if (status != HRS_OK) hrs_session_destroy(&session);
  *out = session;
  return status;
}

hrs_status hrs_session_create(const hrs_model *model, int n_feeds, const hrs_feed *feeds,
                              int n_fetches, const char *const *fetches, hrs_count max_batch,
                              hrs_session **out) {
  bool failed_narrowed;
  HRS_TRY(hrs_simd_check()); /* before anything is evaluated */
  if (hrs_session_limit == 0) hrs_session_limit = share_of_memory();
  hrs_status status = try_create(model, n_feeds, feeds, n_fetches, fetches, max_batch,
                                 !hrs_session_whole, &failed_narrowed, out);
  /* Less work may take more memory: what fits as a whole is not refused for that. */
  if (failed_narrowed)
    status = try_create(model, n_feeds, feeds, n_fetches, fetches, max_batch, false,
                        &failed_narrowed, out);
  return status;
}

void hrs_session_destroy(hrs_session **session) {
  hrs_session *s = *session;
  if (!s) return;
  for (int i = 0; i < s->n_slots; i++)
    if (s->slot[i].owned) hrs_free(s->slot[i].tensor.data);
  for (int i = 0; i < s->n_run; i++)
    if (s->run[i]->fused) hrs_step_destroy(s->run[i]);
  for (int i = 0; i < s->n_steps; i++)
    hrs_step_destroy(s->step[i]);
  hrs_free(s->slot);
  hrs_free(s->step);
  hrs_free(s->run);
  hrs_free(s->slot_of);
  hrs_free(s->feed);
  hrs_free(s->fetch);
  hrs_free(s->fetch_info);
  hrs_free(s->choice);
  hrs_free(s->arena);
  hrs_free(s->workspace);
  hrs_free(s);
  *session = NULL;
}

/* ---- access ---- */

hrs_count hrs_session_max_batch(const hrs_session *session) {
  return session->max_batch;
}

hrs_count hrs_session_bytes(const hrs_session *session) {
  return session->bytes;
}

hrs_count hrs_session_multiply_adds(const hrs_session *session) {
  return session->multiply_adds;
}

const hrs_tensor_info *hrs_session_fetch_info(const hrs_session *session, int fetch) {
  return &session->fetch_info[fetch];
}

void *hrs_session_feed_buffer(hrs_session *session, int feed) {
  return session->slot[session->feed[feed].slot].tensor.data;
}

hrs_status hrs_session_set_shared(hrs_session *session, int feed, const void *data) {
  const hrs_session_feed *f = &session->feed[feed];
  HRS_REQUIRE(!f->varies, INTERNAL, "feed '%s' varies from instance to instance", f->name);
  hrs_slot *slot = &session->slot[f->slot];
  memcpy(slot->tensor.data, data, (size_t)hrs_slot_bytes(slot));
  /* Folded in before the next run: several feeds may change before it. */
  session->stale = true;
  return HRS_OK;
}

bool hrs_session_feed_varies(const hrs_session *session, int feed) {
  return session->feed[feed].varies;
}

bool hrs_session_is_decided(const hrs_session *session) {
  return session->decided;
}

const void *hrs_session_fetch(const hrs_session *session, int fetch, hrs_count *step) {
  const hrs_slot *slot = &session->slot[session->fetch[fetch]];
  *step = slot->varies ? hrs_tensor_count(&slot->tensor) : 0;
  return slot->tensor.data;
}
