/* The graph's containers: arena, names, values, nodes; and its order. */
#include "network/graph.h"

#include <stdio.h>
#include <string.h>

/* ---- arena ---- */

enum { ARENA_BLOCK = 1 << 16, ARENA_ALIGN = 16 };

typedef struct hrs_arena_block {
  struct hrs_arena_block *next;
  size_t used, room;
  _Alignas(ARENA_ALIGN) char bytes[];
} hrs_arena_block;

hrs_status hrs_arena_alloc(hrs_arena *arena, size_t size, void *out) {
  size_t whole = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
  hrs_arena_block *block = arena->blocks;
  if (!block || block->room - block->used < whole) {
    size_t room = whole > ARENA_BLOCK ? whole : ARENA_BLOCK;
    HRS_TRY(hrs_alloc((hrs_count)(sizeof *block + room), 1, &block));
    *block = (hrs_arena_block){arena->blocks, 0, room};
    arena->blocks = block;
  }
  void *result = block->bytes + block->used;
  block->used += whole;
  memset(result, 0, whole);
  memcpy(out, &result, sizeof result);
  return HRS_OK;
}

hrs_status hrs_arena_join(hrs_arena *arena, const char *prefix, const char *name,
                          const char **out) {
  size_t size = strlen(prefix) + strlen(name) + 1;
  char *text = NULL;
  HRS_TRY(hrs_arena_alloc(arena, size, &text));
  snprintf(text, size, "%s%s", prefix, name);
  *out = text;
  return HRS_OK;
}

void hrs_arena_destroy(hrs_arena *arena) {
  while (arena->blocks) {
    hrs_arena_block *next = arena->blocks->next;
    hrs_free(arena->blocks);
    arena->blocks = next;
  }
}

/* ---- names: open addressing, at most half full ---- */

typedef struct hrs_names_entry {
  const char *name; /* NULL: free */
  int scope, number;
} hrs_names_entry;

static hrs_names_entry *slot_of(const hrs_names *names, int scope, const char *name) {
  uint64_t hash = 14695981039346656037u ^ (uint64_t)(unsigned)scope * 0x9e3779b97f4a7c15u;
  for (const char *c = name; *c; c++)
    hash = (hash ^ (unsigned char)*c) * 1099511628211u;
  hash ^= hash >> 29;
  for (hrs_count at = (hrs_count)(hash & (uint64_t)(names->room - 1));;
       at = (at + 1) & (names->room - 1)) {
    hrs_names_entry *entry = &names->entry[at];
    if (!entry->name || (entry->scope == scope && strcmp(entry->name, name) == 0)) return entry;
  }
}

int hrs_names_find(const hrs_names *names, int scope, const char *name) {
  if (names->room == 0) return -1;
  const hrs_names_entry *entry = slot_of(names, scope, name);
  return entry->name ? entry->number : -1;
}

hrs_status hrs_names_add(hrs_names *names, int scope, const char *name, int number) {
  if (2 * (names->used + 1) > names->room) {
    hrs_names larger = {.room = names->room ? 2 * names->room : 64};
    HRS_TRY(hrs_calloc(larger.room, sizeof *larger.entry, &larger.entry));
    for (hrs_count i = 0; i < names->room; i++) {
      const hrs_names_entry *old = &names->entry[i];
      if (old->name) *slot_of(&larger, old->scope, old->name) = *old;
    }
    larger.used = names->used;
    hrs_free(names->entry);
    *names = larger;
  }
  *slot_of(names, scope, name) = (hrs_names_entry){name, scope, number};
  names->used++;
  return HRS_OK;
}

void hrs_names_destroy(hrs_names *names) {
  hrs_free(names->entry);
  memset(names, 0, sizeof *names);
}

/* ---- values and nodes ---- */

static hrs_status make_room(void *list /* T** */, int *room, int used, size_t size) {
  if (used < *room) return HRS_OK;
  int larger = *room ? 2 * *room : 64;
  HRS_TRY(hrs_realloc(list, larger, size));
  *room = larger;
  return HRS_OK;
}

hrs_status hrs_graph_add_value(hrs_graph *graph, const char *name, int *out) {
  HRS_REQUIRE(graph->n_values < 16 * HRS_MAX_NODES, INPUT, "the network has more than %d tensors",
              16 * HRS_MAX_NODES);
  HRS_TRY(make_room(&graph->value, &graph->value_room, graph->n_values, sizeof *graph->value));
  graph->value[graph->n_values] = (hrs_value){.name = name, .producer = -1, .same_as = -1};
  *out = graph->n_values++;
  return HRS_OK;
}

hrs_status hrs_graph_add_node(hrs_graph *graph, int n_in, int n_out, int *out) {
  HRS_REQUIRE(graph->n_nodes < HRS_MAX_NODES, INPUT,
              "the network has more than %d nodes, counting the bodies of its functions",
              HRS_MAX_NODES);
  HRS_TRY(make_room(&graph->node, &graph->node_room, graph->n_nodes, sizeof *graph->node));
  hrs_graph_node *node = &graph->node[graph->n_nodes];
  *node = (hrs_graph_node){.n_in = n_in, .n_out = n_out};
  HRS_TRY(hrs_arena_alloc(&graph->arena, sizeof(int) * (size_t)n_in, &node->in));
  HRS_TRY(hrs_arena_alloc(&graph->arena, sizeof(int) * (size_t)n_out, &node->out));
  *out = graph->n_nodes++;
  return HRS_OK;
}

static int resolve(const hrs_graph *graph, int value) {
  while (value >= 0 && graph->value[value].same_as >= 0)
    value = graph->value[value].same_as;
  return value;
}

int hrs_graph_named(const hrs_graph *graph, const char *name) {
  int value = hrs_names_find(&graph->names, 0, name);
  return value >= 0 ? value : hrs_names_find(&graph->names, HRS_INNER_SCOPE, name);
}

int hrs_graph_find(const hrs_graph *graph, const char *name) {
  return resolve(graph, hrs_graph_named(graph, name));
}

void hrs_graph_destroy(hrs_graph *graph) {
  for (int i = 0; i < graph->n_values; i++)
    hrs_array_destroy(&graph->value[i].constant);
  hrs_free(graph->value);
  hrs_free(graph->node);
  hrs_names_destroy(&graph->names);
  hrs_arena_destroy(&graph->arena);
  memset(graph, 0, sizeof *graph);
}

/* ---- order ---- */

enum { UNSEEN, OPEN, DONE };

typedef struct sorter {
  hrs_graph *graph;
  unsigned char *state; /* of each node */
  int *next_in;         /* of each node: the input to look at next */
  int *stack, *order;
  int depth, n_order;
} sorter;

/* Depth-first from one node, in a loop: chains may be as long as the file likes. */
static hrs_status visit(sorter *s, int root, const char *path) {
  hrs_graph *graph = s->graph;
  s->stack[s->depth++] = root;
  s->state[root] = OPEN;
  while (s->depth > 0) {
    int at = s->stack[s->depth - 1];
    const hrs_graph_node *node = &graph->node[at];
    int found = -1;
    while (found < 0 && s->next_in[at] < node->n_in) {
      int value = node->in[s->next_in[at]++];
      int producer = value >= 0 ? graph->value[value].producer : -1;
      if (producer >= 0 && s->state[producer] != DONE) found = producer;
    }
    if (found < 0) {
      s->state[at] = DONE;
      s->order[s->n_order++] = at;
      s->depth--;
      continue;
    }
    HRS_REQUIRE(s->state[found] == UNSEEN, INPUT,
                "%s: the graph has a cycle through %s node '%s', which reads its own result", path,
                graph->node[found].base.op, graph->node[found].base.name);
    s->state[found] = OPEN;
    s->stack[s->depth++] = found;
  }
  return HRS_OK;
}

static hrs_status apply_order(sorter *s) {
  hrs_graph *graph = s->graph;
  hrs_graph_node *sorted;
  HRS_TRY(hrs_alloc(graph->n_nodes, sizeof *sorted, &sorted));
  for (int i = 0; i < graph->n_nodes; i++)
    sorted[i] = graph->node[s->order[i]];
  hrs_free(graph->node);
  graph->node = sorted;
  graph->node_room = graph->n_nodes;
  for (int i = 0; i < graph->n_nodes; i++)
    for (int k = 0; k < sorted[i].n_out; k++)
      if (sorted[i].out[k] >= 0) graph->value[sorted[i].out[k]].producer = i;
  return HRS_OK;
}

/* Point names of names at the value itself, and the nodes' inputs with them. Each chain is walked
 * once: what was passed on the way points at its end from then on. */
static hrs_status resolve_all(hrs_graph *graph, const char *path) {
  for (int i = 0; i < graph->n_values; i++) {
    int end = i;
    for (int steps = 0; graph->value[end].same_as >= 0; end = graph->value[end].same_as)
      HRS_REQUIRE(steps++ < graph->n_values, INPUT, "%s: tensor '%s' is made from itself", path,
                  graph->value[i].name);
    for (int v = i; v != end;) {
      int next = graph->value[v].same_as;
      graph->value[v].same_as = end;
      v = next;
    }
  }
  for (int i = 0; i < graph->n_nodes; i++) {
    hrs_graph_node *node = &graph->node[i];
    for (int k = 0; k < node->n_in; k++)
      node->in[k] = resolve(graph, node->in[k]);
  }
  return HRS_OK;
}

hrs_status hrs_graph_sort(hrs_graph *graph, const char *path) {
  HRS_TRY(resolve_all(graph, path));
  sorter s = {.graph = graph};
  hrs_status status = HRS_OK;
  HRS_GO(hrs_calloc(graph->n_nodes, sizeof *s.state, &s.state));
  HRS_GO(hrs_calloc(graph->n_nodes, sizeof *s.next_in, &s.next_in));
  HRS_GO(hrs_alloc(graph->n_nodes, sizeof *s.stack, &s.stack));
  HRS_GO(hrs_alloc(graph->n_nodes, sizeof *s.order, &s.order));
  for (int i = 0; i < graph->n_nodes; i++)
    if (s.state[i] == UNSEEN) HRS_GO(visit(&s, i, path));
  HRS_GO(apply_order(&s));
done:
  hrs_free(s.state);
  hrs_free(s.next_in);
  hrs_free(s.stack);
  hrs_free(s.order);
  return status;
}
