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
} given_options;

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
                                          {0}};

static const hrs_command_line line = {
    .usage = "[mpirun -n P] harsanyi bench evaluate|fit [--model ... as for interactions]",
    .groups = groups,
};

hrs_status hrs_bench_given_create(MPI_Comm comm, int argc, char **argv, hrs_bench_given *out) {
  given_options o = {0};
  memset(out, 0, sizeof *out);
  HRS_TRY(hrs_options_parse(&line, argc, argv, &o, NULL, NULL));
  HRS_TRY(hrs_resources_make(&o.resources, &out->resources));
  HRS_TRY(hrs_split_make(&o.split, &o.problem, &out->split));
  out->model = o.problem.model.count ? o.problem.model.text[0] : NULL;
  double start = hrs_bench_begin(comm);
  HRS_TRY(hrs_problem_create(comm, &o.problem, out->resources.sharing, false, &out->problem));
  out->ready = hrs_bench_slowest(comm, hrs_time() - start);
  hrs_status status = hrs_files_check(comm, &o.run, &out->timing);
  if (status != HRS_OK) hrs_problem_destroy(&out->problem);
  return status;
}

void hrs_bench_given_destroy(hrs_bench_given *given) {
  hrs_place_destroy(&given->timing);
  hrs_problem_destroy(&given->problem);
}
