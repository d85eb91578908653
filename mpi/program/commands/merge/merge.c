/* harsanyi merge: data sets of one network over different samples become one. */
#include "parts.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/commands/commands.h"
#include "mpi/program/engine/files.h"
#include "mpi/program/engine/invocation.h"
#include "mpi/program/engine/record.h"
#include "mpi/program/log.h"

#include <stdio.h>
#include <string.h>

static const hrs_option_group groups[] = {{hrs_group_out, 0}, {hrs_group_talk, 0}, {0}};

static const hrs_command_line line = {
    .usage = "[mpirun -n P] harsanyi merge A.h5 B.h5 ... --out ALL.h5",
    .description =
        "Puts data sets of one network with the same players and options over different samples "
        "one behind another, as an array job leaves them. Thresholds of all rows (global, delta) "
        "are computed anew: but for /run, the file is that of one run over all samples.",
    .groups = groups,
    .min_positional = 1,
    .max_positional = INT32_MAX};

/* ---- /run ----------------------------------------------------------------------------------- */

/* What /run says of the sources; texts of the first one, with which all others were compared. */
typedef struct origin {
  char *names; /* one file a line */
  char *text[6];
} origin;

static const char *const origin_names[] = {"options", "program_version", "git", "blas_core", "simd",
                                           "game"};
enum { ORIGIN_GAME = 5 };

static hrs_status make_origin(const hrs_merge *merge, origin *out) {
  size_t length = 1, used = 0;
  for (int i = 0; i < merge->files; i++)
    length += strlen(merge->path[i]) + 1;
  HRS_TRY(hrs_calloc((hrs_count)length, 1, &out->names));
  for (int i = 0; i < merge->files; i++)
    used +=
        (size_t)snprintf(out->names + used, length - used, "%s%s", i ? "\n" : "", merge->path[i]);
  for (int i = 0; i <= ORIGIN_GAME; i++)
    HRS_TRY(hrs_merge_run_text(&merge->first, origin_names[i], &out->text[i]));
  return HRS_OK;
}

static void free_origin(origin *o) {
  hrs_free(o->names);
  for (int i = 0; i <= ORIGIN_GAME; i++)
    hrs_free(o->text[i]);
}

static hrs_status finish(hrs_merge *merge, const hrs_run_options *o, const origin *from,
                         const hrs_invocation *invocation, double start) {
  static const char *const names[] = {"source_options", "source_program_version", "source_git",
                                      "source_blas_core", "source_simd"};
  hrs_record record;
  HRS_TRY(hrs_record_create(merge->comm, invocation, from->text[ORIGIN_GAME], start, &record));
  hrs_record_text(&record, "sources", from->names);
  for (int i = 0; i < ORIGIN_GAME; i++)
    if (from->text[i]) hrs_record_text(&record, names[i], from->text[i]);
  hrs_status status = hrs_record_finish(&record, &merge->set);
  if (status == HRS_OK)
    hrs_log("%d file%s, %lld row%s of %lld sample%s; %.2f s; %s written", merge->files,
            hrs_plural(merge->files), (long long)merge->rows, hrs_plural(merge->rows),
            (long long)merge->samples, hrs_plural(merge->samples),
            hrs_record_get(&record, "seconds_total"), o->out);
  hrs_record_destroy(&record);
  return status;
}

/* ---- the command ---------------------------------------------------------------------------- */

static void destroy(hrs_merge *merge) {
  hrs_merge_rows *rows = &merge->interactions;
  hrs_merge_close(&merge->first);
  for (int i = 0; i < merge->givens; i++) {
    for (int j = 0; j < merge->given[i].count; j++)
      hrs_free(merge->given[i].strings[j]);
    hrs_free(merge->given[i].strings);
    hrs_array_destroy(&merge->given[i].array);
    hrs_array_destroy(&merge->given[i].all);
  }
  for (hrs_count i = 0; i < rows->anew; i++)
    hrs_salient_destroy(&rows->list[i]);
  hrs_free(rows->row);
  hrs_free(rows->list);
  hrs_free(rows->offset);
  hrs_free(rows->effect);
  hrs_free(rows->reach);
  for (int i = 0; i < merge->texts; i++)
    hrs_free(merge->text[i]);
  hrs_free(merge->text);
  hrs_free(merge->given);
  hrs_free(merge->source);
  hrs_free(merge->buffer);
}

/* The first file on every rank, and what the merged one will hold. */
static hrs_status prepare(hrs_merge *merge, hrs_contents **contents, origin *from) {
  if (!merge->first.reading) HRS_TRY(hrs_merge_open(merge, 0, &merge->first));
  HRS_TRY(hrs_merge_contents(merge, contents));
  return make_origin(merge, from);
}

static hrs_status run(hrs_merge *merge, const hrs_run_options *o,
                      const hrs_invocation *invocation) {
  double start = hrs_time();
  hrs_contents *contents = NULL;
  origin from = {0};
  hrs_status status;
  HRS_GO(hrs_comm_alloc(merge->comm, merge->files, sizeof *merge->source, &merge->source));
  HRS_GO(hrs_merge_survey(merge));
  HRS_GO(hrs_agree(merge->comm, prepare(merge, &contents, &from)));
  HRS_GO(hrs_files_check(merge->comm, o, &(hrs_place *){NULL}));
  HRS_GO(hrs_dataset_create(merge->comm, o->out, o->force, &contents, &merge->set));
  if (hrs_dataset_replaced(merge->set))
    hrs_warn("%s is replaced", hrs_dataset_replaced(merge->set));
  HRS_GO(hrs_merge_copy(merge));
  status = finish(merge, o, &from, invocation, start);
done:
  hrs_contents_destroy(&contents);
  status = hrs_agree(merge->comm, status);
  hrs_progress_end(&merge->progress);
  if (status != HRS_OK) hrs_dataset_abort(&merge->set);
  free_origin(&from);
  return status;
}

/* A kind that can be merged is a line here. */
static const hrs_merge_kind *const kinds[] = {&hrs_merge_interactions, &hrs_merge_features, NULL};

static hrs_status solve(MPI_Comm comm, const void *parsed, const hrs_invocation *invocation) {
  const hrs_run_options *o = parsed;
  HRS_REQUIRE(o->out, USAGE, "--out FILE.h5 is missing: where the merged data set goes");
  hrs_merge merge = {.comm = comm,
                     .rank = hrs_comm_rank(comm),
                     .ranks = hrs_comm_size(comm),
                     .kinds = kinds,
                     .files = invocation->arguments,
                     .path = invocation->argument};
  hrs_status status = run(&merge, o, invocation);
  destroy(&merge);
  return status;
}

hrs_status hrs_command_merge(MPI_Comm comm, int argc, char **argv) {
  hrs_run_options o = {0};
  return hrs_command_run(comm, &line, argc, argv, &o, &o, solve);
}
