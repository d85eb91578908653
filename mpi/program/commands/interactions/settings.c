/* The command's own options -> settings. */
#include "settings.h"

#include "list_indices.h"

#define AT(field) offsetof(hrs_interactions_options, field)

enum { TYPES_AND, TYPES_OR, TYPES_BOTH, TYPES_SPLIT };
static const char types_words[] = "and|or|and,or|and-or";

const hrs_option hrs_group_compute[] = {
    {.kind = HRS_OPTION_HEADING, .help = "What to compute"},
    {"--types", HRS_OPTION_CHOICE, AT(types), types_words, "and",
     "interactions of these types; and-or: the sparsest split of v into both"},
    {"--indices", HRS_OPTION_TEXT, AT(indices), "LIST", "SV",
     "SV (Shapley), BV (Banzhaf), SII, k-SII, STII, FSII, FBII, BII, CHII, each up to order 2 or "
     "NAME:K; Moebius, Co-Moebius, Walsh, of all orders or NAME:K; none"},
    {0}};

const hrs_option hrs_group_keep[] = {
    {.kind = HRS_OPTION_HEADING, .help = "What to keep"},
    {"--keep", HRS_OPTION_TEXT, AT(keep), "WHICH", NULL,
     "salient, top:K or all interactions (default all up to 16 players, then salient)"},
    {"--threshold", HRS_OPTION_TEXT, AT(threshold), "MODE:X", "sample:0.05",
     "salient is |I| >= X times: the sample's largest (sample), the largest of all (global), the "
     "mean |v(N)-v(empty)| (delta)"},
    {"--salient-limit", HRS_OPTION_COUNT, AT(salient_limit), "COUNT", "1000000",
     "most salient interactions listed per row; counts and sums stay exact"},
    {"--values", HRS_OPTION_FLAG, AT(values), NULL, NULL, "store v(T) too"},
    {0}};

const hrs_option hrs_group_verify[] = {
    {"--verify", HRS_OPTION_FLAG, AT(verify), NULL, NULL,
     "compare every dividend of a --closed-form game with its known value"},
    {0}};

static hrs_status set_types(const hrs_interactions_options *o, const hrs_split_options *split,
                            hrs_settings *settings) {
  char word[HRS_WORD_TEXT];
  const char *given = split->split_given ? split->split_given : split->share_given;
  settings->types[0] = o->types != TYPES_OR;
  settings->types[1] = o->types != TYPES_AND;
  settings->fit = o->types == TYPES_SPLIT;
  HRS_REQUIRE(settings->fit || !given, USAGE,
              "%s belongs to a split: add --types and-or (%s splits nothing), or leave it out",
              given, hrs_text_word(types_words, o->types, word));
  HRS_REQUIRE(!settings->fit || !o->verify, USAGE,
              "--verify knows the dividends of --types and, or, or and,or; a fitted split has its "
              "own certificate (/fit/gap)");
  return HRS_OK;
}

hrs_status hrs_settings_make(const hrs_interactions_options *o, const hrs_split_options *split,
                             const hrs_problem_options *problem, hrs_settings *out) {
  *out =
      (hrs_settings){.salient_limit = o->salient_limit, .values = o->values, .verify = o->verify};
  HRS_TRY(set_types(o, split, out));
  HRS_TRY(hrs_split_make(split, problem, &out->split));
  HRS_REQUIRE(o->salient_limit >= 1, USAGE, "--salient-limit must be at least 1");
  HRS_TRY(hrs_indices_parse(o->indices, out->indices, out->orders));
  return hrs_threshold_parse(o->threshold, &out->threshold);
}

hrs_status hrs_settings_settle(const hrs_interactions_options *o, const hrs_game *game,
                               hrs_settings *settings) {
  int n = hrs_game_players(game);
  HRS_TRY(hrs_indices_settle(n, settings->orders));
  HRS_REQUIRE(!o->verify || hrs_game_knows_dividends(game), USAGE,
              "--verify needs a game with known dividends: a --closed-form other than random");
  return hrs_keep_parse(o->keep, n, &settings->keep, &settings->top);
}
