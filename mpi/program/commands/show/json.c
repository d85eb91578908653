/* `harsanyi show --json`: one object on stdout. */
#include "json_text.h"
#include "parts.h"

#include <math.h>
#include <stdio.h>

static void numbers(const char *name, const double *value, int count) {
  printf("\"%s\": [", name);
  for (int i = 0; i < count; i++) {
    if (i) printf(", ");
    hrs_json_number(value[i]);
  }
  printf("]");
}

static void texts(const char *name, char *const *value, int count) {
  printf("\"%s\": [", name);
  for (int i = 0; i < count; i++) {
    if (i) printf(", ");
    hrs_json_text(value[i]);
  }
  printf("]");
}

hrs_status hrs_show_begin_json(const hrs_interactions_file *set) {
  hrs_json_begin(set->file);
  printf(", \"n_players\": %d, \"n_samples\": %lld, \"n_rows\": %lld,\n ", set->n,
         (long long)set->samples, (long long)set->rows);
  static const char *const record[] = {"kind",     "v",      "scores",   "output_node",
                                       "target",   "masked", "players",  "subset",
                                       "baseline", "layout", "evaluator"};
  bool first = true;
  printf("\"game\": {");
  for (size_t i = 0; i < sizeof record / sizeof *record; i++) {
    char *value = NULL;
    HRS_TRY(hrs_reading_text(set->file, "/game", record[i], &value));
    if (value) {
      printf("%s\"%s\": ", first ? "" : ", ", record[i]);
      hrs_json_text(value);
      first = false;
    }
    hrs_free(value);
  }
  printf("},\n ");
  texts("players", set->player_names, set->n);
  if (set->class_names) {
    printf(", ");
    texts("classes", set->class_names, set->classes);
  }
  printf(",\n \"rows\": [");
  return HRS_OK;
}

static void interaction(const hrs_interactions_file *set, const hrs_salient *list, hrs_count i) {
  bool first = true;
  printf("{\"type\": \"%s\", \"order\": %d, \"mask\": %llu, \"players\": [",
         list->type[i] == 0 ? "AND" : "OR", hrs_order(list->mask[i]),
         (unsigned long long)list->mask[i]);
  for (int player = 0; player < set->n; player++)
    if (list->mask[i] >> player & 1) {
      printf("%s%d", first ? "" : ", ", player);
      first = false;
    }
  printf("], \"value\": ");
  hrs_json_number(list->value[i]);
  printf("}");
}

static void fit(const hrs_interactions_file *set, const hrs_show_row *row) {
  const hrs_interactions_fit *f = &row->fit;
  const int points = hrs_curve_points(set->n);
  const struct {
    const char *name;
    double value;
  } members[] = {{"loss", f->loss},
                 {"lower_bound", f->lower_bound},
                 {"gap", f->gap},
                 {"iterations", (double)f->iterations},
                 {"noise_bound", f->noise_bound},
                 {"max_residual", f->max_residual}},
    salient[] = {{"max", f->max},
                 {"rho_unfaith", f->rho_unfaith},
                 {"explained", f->explained},
                 {"kept", f->kept}};
  const struct {
    const char *name;
    const double *value;
  } curve[] = {{"kept", f->curve.kept},
               {"rmse", f->curve.rmse},
               {"max", f->curve.max},
               {"explained", f->curve.explained},
               {"strength", f->curve.strength}};
  printf(",\n   \"fit\": {\"l1\": ");
  hrs_json_number(f->l1);
  for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
    printf(", \"%s\": ", members[i].name);
    hrs_json_number(members[i].value);
  }
  printf("},\n   \"reconstruction\": {\"rmse\": ");
  hrs_json_number(f->rmse);
  for (size_t i = 0; i < sizeof salient / sizeof *salient; i++) {
    printf(", \"%s\": ", salient[i].name);
    hrs_json_number(salient[i].value);
  }
  printf(",\n    \"curve\": {\"point\": [");
  for (int p = 0; p < points; p++)
    printf("%s%lld", p ? ", " : "", 1LL << p);
  printf("]");
  for (size_t i = 0; i < sizeof curve / sizeof *curve; i++) {
    printf(", ");
    numbers(curve[i].name, curve[i].value, points);
  }
  printf("}}");
  if (!set->network) return;
  printf(",\n   \"sharing\": {\"salient\": ");
  hrs_json_number(row->sharing.salient);
  printf(", ");
  numbers("top", row->sharing.top, points);
  printf("}");
}

static void index_json(const hrs_interactions_file *set, const hrs_show_index *x) {
  printf(",\n   \"%s\": {\"orders\": %d, \"error\": ", hrs_index_name(x->index), x->orders);
  hrs_json_number(x->error);
  printf(", \"top\": [");
  for (hrs_count i = 0; i < x->count; i++) {
    printf("%s\n    {\"value\": ", i ? "," : "");
    hrs_json_number(x->set[i].value);
    printf(", \"mask\": %llu, \"players\": [", (unsigned long long)x->set[i].mask);
    for (int player = 0, any = 0; player < set->n; player++)
      if (x->set[i].mask >> player & 1) printf("%s%d", any++ ? ", " : "", player);
    printf("]}");
  }
  printf("]}");
}

hrs_status hrs_show_row_json(const hrs_interactions_file *set, const hrs_show_row *row,
                             const hrs_show_options *options, bool first) {
  static const char *const types[2] = {"and", "or"}, *const indices[2] = {"SV", "BV"};
  static const char *const sums[5] = {"positive", "negative", "count", "all_positive",
                                      "all_negative"};
  hrs_count k = row->k, shown = 0;
  printf("%s\n  {\"row\": %lld, \"sample\": %lld, \"label\": %d, \"target\": %d, ",
         first ? "" : ",", (long long)k, (long long)set->index[k], set->label[k], set->target[k]);
  if (set->network) printf("\"network\": %d, ", set->network[k]);
  if (hrs_reading_has(set->file, "/samples/player_name")) {
    texts("players", set->player_names, set->n);
    printf(", ");
  }
  printf("\"v_empty\": ");
  hrs_json_number(set->v_empty[k]);
  printf(", \"v_full\": ");
  hrs_json_number(set->v_full[k]);
  printf(", \"threshold\": ");
  hrs_json_number(set->threshold[k]);
  printf(", \"listed\": %lld, \"truncated\": %s,\n   \"top\": [", (long long)row->list.count,
         set->truncated[k] ? "true" : "false");
  for (hrs_count i = 0; i < row->list.count && shown < options->top; i++) {
    if (!hrs_show_wants(options, row->list.type[i])) continue;
    printf("%s\n    ", shown++ ? "," : "");
    interaction(set, &row->list, i);
  }
  printf("],\n   \"orders\": {");
  for (int type = 0; type < 2; type++) {
    if (!set->types[type]) continue;
    printf("%s\"%s\": {", type && set->types[0] ? ", " : "", types[type]);
    for (int what = 0; what < 5; what++) {
      if (what) printf(", ");
      numbers(sums[what], row->values.orders[type][what], set->n + 1);
    }
    printf("}");
  }
  printf("},\n   ");
  numbers("mean_effect", row->values.mean_effect, set->n + 1);
  if (set->fitted) fit(set, row);
  for (int which = 0; which < 2; which++)
    if (hrs_reading_has(set->file, which == 0 ? "/indices/SV" : "/indices/BV")) {
      printf(",\n   ");
      numbers(indices[which], row->values.indices[which], set->n);
    }
  HRS_TRY(hrs_show_indices(set, k, options->top, index_json));
  printf("}");
  return HRS_OK;
}

void hrs_show_end_json(const hrs_check *checks) {
  printf("]");
  if (checks) {
    printf(",\n \"checks\": [");
    for (int i = 0; i < hrs_interactions_checks; i++) {
      printf("%s\n  {\"name\": ", i ? "," : "");
      hrs_json_text(checks[i].name);
      printf(", \"rows\": %lld, \"failed\": %lld, \"error\": ", (long long)checks[i].rows,
             (long long)checks[i].failed);
      hrs_json_number(checks[i].error);
      printf(", \"allowed\": ");
      hrs_json_number(checks[i].tolerance);
      printf(", \"detail\": ");
      hrs_json_text(checks[i].detail);
      printf("}");
    }
    printf("]");
  }
  printf("}\n");
}
