/* Options -> problem: which kind of game, and what all kinds have. Network games: network.c. */
#include "network.h"

#include "mpi/dataset/h5_reader.h"
#include "mpi/lattice/comm.h"
#include "mpi/lattice/shared.h"
#include "mpi/program/options/lists.h"

/* Options that belong to another kind of game are a mistake worth a word. */
static hrs_status check_network_only(const hrs_problem_options *o, const char *game) {
  const struct {
    const char *name;
    bool given;
  } only[] = {{"--samples", o->samples},        {"--input", o->input.count},
              {"--labels", o->labels},          {"--players", o->players},
              {"--subset", o->subset},          {"--baseline", o->baseline},
              {"--mask-at", o->mask_at},        {"--target", o->target},
              {"--output", o->output},          {"--output-node", o->output_node},
              {"--class-names", o->class_names}};
  for (size_t i = 0; i < sizeof only / sizeof *only; i++)
    HRS_REQUIRE(!only[i].given, USAGE, "%s belongs to --model and does not go with %s",
                only[i].name, game);
  return HRS_OK;
}

static hrs_status open_table(const hrs_problem_options *o, const char *path, hrs_game **game) {
  if (hrs_game_is_shapiq(path)) {
    HRS_TRY(hrs_game_shapiq(path, game)); /* which names the option itself, as tables do */
    return HRS_OK;
  }
  hrs_array_file *file;
  HRS_TRY_CONTEXT(hrs_input_open(path, &file), "--table");
  HRS_TRY(hrs_game_table(file, (hrs_bit_order)o->bit_order, game));
  return HRS_OK;
}

static hrs_status open_tables(const hrs_problem_options *o, hrs_game **game) {
  hrs_game *games[HRS_JOINT_GAMES] = {NULL};
  if (o->table.count == 1) return open_table(o, o->table.text[0], game);
  hrs_status status = HRS_OK;
  for (int i = 0; i < o->table.count && status == HRS_OK; i++)
    status = open_table(o, o->table.text[i], &games[i]);
  if (status == HRS_OK) return hrs_game_joint(o->table.count, games, game);
  for (int i = 0; i < o->table.count; i++)
    hrs_game_destroy(&games[i]);
  return status;
}

int hrs_problem_games(const hrs_problem_options *o) {
  int count = o->model.count > o->table.count ? o->model.count : o->table.count;
  return count > 1 ? count : 1;
}

static hrs_status make_game(MPI_Comm comm, const hrs_problem_options *o, bool plan,
                            hrs_problem *problem) {
  int given = !!o->model.count + !!o->table.count + !!o->closed_form + !!o->plugin;
  HRS_REQUIRE(given == 1, USAGE,
              "%s of --model, --table, --closed-form and --plugin: exactly one says what the game "
              "is",
              given ? "more than one" : "none");
  problem->games = hrs_problem_games(o);
  if (o->model.count) return hrs_problem_network(comm, o, plan, problem);
  const char *kind = o->table.count ? "--table" : o->closed_form ? "--closed-form" : "--plugin";
  const char *value = o->table.count   ? o->table.text[0]
                      : o->closed_form ? o->closed_form
                                       : o->plugin;
  HRS_TRY(check_network_only(o, kind));
  HRS_REQUIRE(o->table.count || !o->select, USAGE, "--select needs --model or --table");
  hrs_status status = o->table.count   ? open_tables(o, &problem->game)
                      : o->closed_form ? hrs_game_closed_form(value, &problem->game)
                                       : hrs_game_plugin(value, &problem->game);
  HRS_TRY(status);
  for (int i = 0; i < o->table.count; i++) {
    HRS_TRY(hrs_problem_describe(problem, "%s%s", i ? "" : "table ", o->table.text[i]));
    problem->game_bytes += hrs_input_child_bytes(o->table.text[i]);
  }
  if (!o->table.count) HRS_TRY(hrs_problem_describe(problem, "%s %s", kind + 2, value));
  problem->n = hrs_game_players(problem->game);
  problem->all = hrs_game_samples(problem->game);
  if (o->select)
    HRS_TRY(
        hrs_parse_choice(o->select, "--select", problem->all, &problem->index, &problem->samples));
  else
    HRS_TRY(hrs_problem_all_samples(problem, problem->all));
  HRS_TRY(hrs_alloc(problem->samples, sizeof *problem->label, &problem->label));
  for (hrs_count i = 0; i < problem->samples; i++)
    problem->label[i] = -1;
  return HRS_OK;
}

static hrs_status create(MPI_Comm comm, const hrs_problem_options *o, bool plan,
                         hrs_problem *problem) {
  HRS_TRY(make_game(comm, o, plan, problem));
  HRS_REQUIRE(problem->n >= 1 && problem->n <= HRS_MAX_PLAYERS, USAGE,
              "%d players: there must be 1 to %d", problem->n, HRS_MAX_PLAYERS);
  HRS_REQUIRE(problem->samples > 0, INPUT, "there are no samples");
  problem->targets = hrs_game_targets(problem->game);
  HRS_TRY(hrs_problem_name_players(problem, o));
  hrs_problem_record(problem, o);
  return HRS_OK;
}

hrs_status hrs_problem_create(MPI_Comm comm, const hrs_problem_options *options,
                              hrs_sharing sharing, bool plan, hrs_problem *problem) {
  *problem = (hrs_problem){.comm = comm};
  hrs_status status = hrs_agree(comm, create(comm, options, plan, problem));
  if (status == HRS_OK) status = hrs_problem_compare(problem);
  if (status == HRS_OK && problem->model && sharing == HRS_SHARE_AUTO)
    status = hrs_shared_constants(comm);
  if (status != HRS_OK) hrs_problem_destroy(problem);
  return status;
}
