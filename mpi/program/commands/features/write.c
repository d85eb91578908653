/*
 * Features into a data set. Each rank writes the samples that it evaluates, batch by batch, so that
 * no more than a batch stands in memory; the file is the same for any number of ranks.
 */
#include "parts.h"

#include "mpi/dataset/write.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/engine/progress.h"
#include "mpi/program/engine/record.h"
#include "mpi/program/kinds/features/features.h"
#include "mpi/program/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct writer {
  const hrs_layers *layers;
  hrs_dataset *set;
  bool allow_nonfinite;
  hrs_count *nonfinite; /* of each layer, so far */
  hrs_progress progress;
  double clock;
} writer;

/* Count what is no number, the first of them to *at. */
static hrs_count count_nonfinite(hrs_dtype type, const void *data, hrs_count count, hrs_count *at) {
  hrs_count bad = 0;
  for (hrs_count i = 0; i < count; i++) {
    bool fine = type == HRS_F32 ? isfinite(((const float *)data)[i]) != 0
                                : isfinite(((const double *)data)[i]) != 0;
    if (!fine && bad++ == 0) *at = i;
  }
  return bad;
}

static hrs_status check_finite(writer *w, int l, hrs_count first, hrs_count count,
                               const void *data) {
  const hrs_layer *layer = hrs_features_layer(w->layers->features, l);
  hrs_count at = 0, bad = count_nonfinite(layer->type, data, count * layer->units, &at);
  w->nonfinite[l] += bad;
  HRS_REQUIRE(!bad || w->allow_nonfinite, NONFINITE,
              "layer '%s', sample %lld, unit %lld: the network gives NaN or infinity; "
              "--allow-nonfinite lets it pass",
              layer->name, (long long)w->layers->problem.index[first + at / layer->units],
              (long long)(at % layer->units));
  return HRS_OK;
}

static hrs_status write_batch(void *context, hrs_count first, hrs_count count,
                              const void *const *data) {
  writer *w = context;
  for (int l = 0; l < hrs_features_layers(w->layers->features); l++) {
    char path[HRS_PATH_SIZE];
    HRS_TRY(check_finite(w, l, first, count, data[l]));
    HRS_TRY(hrs_dataset_write(w->set, hrs_features_path(l, path), first, count, data[l]));
  }
  double now = hrs_time();
  hrs_progress_add(&w->progress, count, now - w->clock);
  w->clock = now;
  return HRS_OK;
}

/* What was let pass is told once, of all layers. */
static hrs_status warn_nonfinite(MPI_Comm comm, writer *w) {
  int layers = hrs_features_layers(w->layers->features), met = 0, first = -1;
  HRS_TRY(hrs_comm_reduce(comm, MPI_SUM, MPI_INT64_T, w->nonfinite, layers));
  for (int l = 0; l < layers; l++) {
    if (w->nonfinite[l] && first < 0) first = l;
    met += w->nonfinite[l] > 0;
  }
  if (first >= 0)
    hrs_warn("%d layer%s hold%s NaN or infinity, first '%s', %lld of them", met, hrs_plural(met),
             met == 1 ? "s" : "", hrs_features_layer(w->layers->features, first)->name,
             (long long)w->nonfinite[first]);
  return HRS_OK;
}

static hrs_status create_set(MPI_Comm comm, const hrs_layers *layers,
                             const hrs_run_options *options, hrs_dataset **out) {
  hrs_features_given given;
  hrs_contents *contents = NULL;
  hrs_status status = hrs_agree(comm, hrs_features_describe(layers, &given, &contents));
  if (status == HRS_OK)
    status = hrs_dataset_create(comm, options->out, options->force, &contents, out);
  if (status == HRS_OK && hrs_dataset_replaced(*out))
    hrs_warn("%s is replaced", hrs_dataset_replaced(*out));
  hrs_contents_destroy(&contents);
  hrs_features_given_destroy(&given);
  return status;
}

/* /run, and the end. */
static hrs_status finish(MPI_Comm comm, writer *w, const char *out, const hrs_record *record) {
  const hrs_features *f = w->layers->features;
  int ranks = hrs_comm_size(comm), count = hrs_features_layers(f);
  HRS_TRY(hrs_record_finish(record, &w->set));
  hrs_count samples = hrs_features_samples(f);
  hrs_log("%lld sample%s, %d layer%s, on %d rank%s; %.2f s in all; %s written", (long long)samples,
          hrs_plural(samples), count, hrs_plural(count), ranks, hrs_plural(ranks),
          hrs_record_get(record, "seconds_total"), out);
  return HRS_OK;
}

hrs_status hrs_features_write(MPI_Comm comm, const hrs_layers *layers,
                              const hrs_run_options *options, const hrs_invocation *invocation) {
  int rank = hrs_comm_rank(comm), ranks = hrs_comm_size(comm);
  double start = hrs_time();
  hrs_count own = hrs_features_first(layers->features, rank + 1, ranks) -
                  hrs_features_first(layers->features, rank, ranks);
  writer w = {.layers = layers, .allow_nonfinite = options->allow_nonfinite};
  hrs_record record = {0};
  hrs_status status;
  HRS_TRY(hrs_comm_alloc(comm, hrs_features_layers(layers->features), sizeof *w.nonfinite,
                         &w.nonfinite));
  for (int l = 0; l < hrs_features_layers(layers->features); l++)
    w.nonfinite[l] = 0;
  HRS_GO(create_set(comm, layers, options, &w.set));
  hrs_progress_start(&w.progress, own, ranks, rank == 0);
  w.progress.unit = "samples";
  w.clock = hrs_time();
  HRS_GO(hrs_features_visit(comm, layers->features, write_batch, &w));
  hrs_progress_end(&w.progress);
  HRS_GO(warn_nonfinite(comm, &w));
  HRS_GO(hrs_record_create(comm, invocation, NULL, start, &record));
  status = finish(comm, &w, options->out, &record);
done:
  status = hrs_agree(comm, status);
  if (status != HRS_OK) {
    hrs_progress_end(&w.progress);
    hrs_dataset_abort(&w.set);
  }
  hrs_record_destroy(&record);
  hrs_free(w.nonfinite);
  return status;
}
