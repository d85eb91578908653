/* Options as those of harsanyi interactions, as far as they say what is evaluated and how. */
#include "given.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/engine/files.h"
#include "report.h"

#include <string.h>

typedef struct given_options {
  hrs_problem_options problem;
  hrs_split_options split;
  hrs_resource_options resources;
  hrs_run_options run;
  int repeat;
} given_options;

static const hrs_option options[] = {{"--repeat", HRS_OPTION_POSITIVE,
                                      offsetof(given_options, repeat), "R", "1",
                                      "lattice, fit: the least time of R is taken"},
                                     {0}};

static const hrs_option_group groups[] = {{hrs_group_game, offsetof(given_options, problem)},
                                          {hrs_group_samples, offsetof(given_options, problem)},
                                          {hrs_group_table, offsetof(given_options, problem)},
                                          {hrs_group_players, offsetof(given_options, problem)},
                                          {hrs_group_output, offsetof(given_options, problem)},
                                          {hrs_group_split, offsetof(given_options, split)},
                                          {hrs_group_share, offsetof(given_options, split)},
                                          {hrs_group_out, offsetof(given_options, run)},
                                          {hrs_group_resources, offsetof(given_options, resources)},
                                          {hrs_group_evaluator, offsetof(given_options, problem)},
                                          {hrs_group_timing, offsetof(given_options, run)},
                                          {hrs_group_talk, offsetof(given_options, run)},
                                          {options, 0},
                                          {0}};

static const hrs_command_line line = {
    .usage = "[mpirun -n P] harsanyi bench evaluate|lattice|fit [--model ... as for interactions]",
    .groups = groups,
};

hrs_status hrs_bench_given_create(MPI_Comm comm, int argc, char **argv, hrs_bench_given *out) {
  given_options o = {0};
  memset(out, 0, sizeof *out);
  HRS_TRY(hrs_options_parse(&line, argc, argv, &o, NULL, NULL));
  HRS_TRY(hrs_resources_make(&o.resources, &out->resources));
  HRS_TRY(hrs_split_make(&o.split, &o.problem, &out->split));
  out->repeat = o.repeat;
  out->model = o.problem.model.count ? o.problem.model.text[0] : NULL;
  double start = hrs_bench_begin(comm);
  HRS_TRY(hrs_problem_create(comm, &o.problem, out->resources.sharing, false, &out->problem));
  out->ready = hrs_bench_slowest(comm, hrs_time() - start);
  hrs_status status = hrs_files_check(comm, &o.run, &out->timing);
  if (status == HRS_OK && hrs_comm_size(comm) > 1)
    status = hrs_mpi_team_create(comm, out->resources.sharing == HRS_SHARE_AUTO, &out->team);
  if (status != HRS_OK) {
    hrs_bench_given_destroy(out);
    return status;
  }
  if (out->team) hrs_game_join(out->problem.game, hrs_mpi_team_of(out->team));
  return HRS_OK;
}

static void store(hrs_dtype type, void *row, hrs_count at, const double *values, hrs_count count) {
  if (type == HRS_F64)
    memcpy((double *)row + at, values, (size_t)count * sizeof *values);
  else
    for (hrs_count i = 0; i < count; i++)
      ((float *)row)[at + i] = (float)values[i];
}

/* This rank's rows, slice by slice. */
static hrs_status evaluate_rows(const hrs_problem *problem, int count, hrs_lattice *const *v) {
  int bits = hrs_game_slice_bits(problem->game);
  hrs_count row_size = hrs_lattice_row_size(v[0]);
  while ((hrs_count)1 << bits > row_size)
    bits--;
  hrs_count slice = (hrs_count)1 << bits, first = hrs_lattice_first_row(v[0]);
  hrs_count last = first + hrs_lattice_row_count(v[0]);
  double *values;
  HRS_TRY(hrs_alloc(problem->targets * slice, sizeof *values, &values));
  hrs_status status = HRS_OK;
  for (hrs_count row = first; row < last && status == HRS_OK; row++)
    for (hrs_count at = 0; at < row_size && status == HRS_OK; at += slice) {
      hrs_subcube cube = hrs_lattice_row_cube(v[0], row);
      status = hrs_game_evaluate(problem->game, hrs_subcube_part(cube, bits, at >> bits), values);
      for (int i = 0; i < count; i++)
        store(hrs_lattice_type(v[i]), hrs_lattice_row(v[i], row), at, values + i * slice, slice);
    }
  hrs_free(values);
  return status;
}

hrs_status hrs_bench_given_evaluate(const hrs_bench_given *given, int count,
                                    hrs_lattice *const *v) {
  const hrs_problem *problem = &given->problem;
  for (int i = 0; i < count; i++)
    hrs_lattice_reset(v[i]);
  hrs_status status = hrs_game_select(problem->game, hrs_problem_in_game(problem, 0));
  HRS_TRY(hrs_agree(problem->comm, status));
  HRS_TRY(hrs_agree(problem->comm, hrs_game_prepare(problem->game)));
  return hrs_agree(problem->comm, evaluate_rows(problem, count, v));
}

void hrs_bench_given_destroy(hrs_bench_given *given) {
  if (given->team) hrs_game_join(given->problem.game, NULL);
  hrs_mpi_team_destroy(&given->team);
  hrs_place_destroy(&given->timing);
  hrs_problem_destroy(&given->problem);
}
