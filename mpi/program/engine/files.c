/* What is written last: that it can be is better known first. */
#include "files.h"

#include "mpi/lattice/comm.h"

static hrs_status check(const hrs_run_options *o, hrs_place **timing) {
  HRS_REQUIRE(!o->out || !hrs_input_is(o->out), USAGE,
              "--out %s is a file that this run reads; give another name", o->out);
  if (!o->timing) return HRS_OK;
  HRS_REQUIRE(!hrs_input_is(o->timing), USAGE,
              "--timing %s is a file that this run reads; give another name", o->timing);
  HRS_REQUIRE(!o->out || !hrs_path_is_same(o->out, o->timing), USAGE,
              "--timing %s is --out too; give another name", o->timing);
  hrs_writer *writer;
  HRS_TRY(hrs_writer_create(o->timing, "--timing", o->force, &writer));
  hrs_writer_abort(&writer);
  return hrs_place_create(o->timing, "--timing", o->force, timing);
}

hrs_status hrs_files_check(MPI_Comm comm, const hrs_run_options *options, hrs_place **timing) {
  *timing = NULL;
  bool looks = hrs_comm_rank(comm) == 0 && !options->plan;
  hrs_status status = hrs_agree(comm, looks ? check(options, timing) : HRS_OK);
  if (status != HRS_OK) hrs_place_destroy(timing);
  return status;
}
