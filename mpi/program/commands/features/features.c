/* harsanyi features: values of a network's layers for many samples. */
#include "parts.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/commands/commands.h"
#include "mpi/program/engine/files.h"
#include "mpi/program/engine/machine.h"
#include "mpi/program/kinds/features/features.h"

typedef struct options {
  hrs_network_options network;
  hrs_problem_options problem; /* samples */
  hrs_run_options run;
} options;

#define AT(field) offsetof(options, field)
static const hrs_option_group groups[] = {
    {hrs_group_network, AT(network)}, {hrs_group_samples, AT(problem)},
    {hrs_group_out, AT(run)},         {hrs_group_restart, AT(run)},
    {hrs_group_plan, AT(run)},        {hrs_group_nonfinite, AT(run)},
    {hrs_group_talk, AT(run)},        {0}};

static const hrs_command_line line = {
    .usage = "[mpirun -n P] harsanyi features --model NET.onnx --samples FILE --out F.h5",
    .description = "Writes what the layers of a network are for each of many samples, its "
                   "features, to one HDF5 file, read with `harsanyi show` or h5py. Results do not "
                   "depend on the number of ranks.",
    .groups = groups};

static hrs_status plan(MPI_Comm comm, const hrs_layers *layers, const hrs_run_options *run) {
  hrs_features_given given;
  hrs_contents *contents;
  hrs_status status = hrs_agree(comm, hrs_features_describe(layers, &given, &contents));
  if (status == HRS_OK)
    status = hrs_features_print_plan(comm, layers, run, hrs_contents_bytes(contents));
  hrs_contents_destroy(&contents);
  hrs_features_given_destroy(&given);
  return status;
}

static hrs_status solve(MPI_Comm comm, const void *parsed, const hrs_invocation *invocation) {
  const options *o = parsed;
  HRS_REQUIRE(o->run.plan || o->run.out || hrs_layers_only_listed(&o->network), USAGE,
              "--out FILE.h5 is missing: where the features go");
  HRS_TRY(hrs_machine_check_options(&o->run));
  hrs_layers layers;
  hrs_status status;
  HRS_GO(hrs_layers_create(comm, &o->network, &o->problem, &layers));
  if (hrs_layers_only_listed(&o->network)) {
    if (hrs_comm_rank(comm) == 0) hrs_layers_print(&layers);
  } else if (o->run.plan) {
    status = plan(comm, &layers, &o->run);
  } else {
    HRS_GO(hrs_files_check(comm, &o->run, &(hrs_place *){NULL}));
    status = hrs_features_write(comm, &layers, &o->run, invocation);
  }
done:
  hrs_layers_destroy(&layers);
  return status;
}

hrs_status hrs_command_features(MPI_Comm comm, int argc, char **argv) {
  options o = {0};
  return hrs_command_run(comm, &line, argc, argv, &o, &o.run, solve);
}
