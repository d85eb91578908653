/* Arrays of a problem of networks: samples of the inputs, labels, what is given beside them. */
#include "builder.h"
#include "mpi/lattice/comm.h"
#include "mpi/program/machine/node.h"
#include "mpi/program/options/lists.h"

#include <stdio.h>
#include <string.h>

/* All ranks hold what one of them reads: does that fit, on the smallest node? Little is not asked
 * about. Collective. */
static hrs_status fits(MPI_Comm comm, const char *path, hrs_count bytes) {
  const hrs_count little = (hrs_count)64 << 20;
  HRS_TRY(hrs_broadcast(comm, 0, &bytes, sizeof bytes));
  if (bytes <= little) return HRS_OK;
  hrs_node_room room;
  HRS_TRY(hrs_node_memory(comm, false, &room));
  HRS_REQUIRE(bytes <= room.bytes, TOO_LARGE,
              "%s: %.2f GiB, which each of %d rank%s holds, of which %.2f GiB are available (%s); "
              "fewer ranks on a node, or fewer samples (--select)",
              path, (double)bytes / 0x1p30, hrs_comm_size(comm), hrs_plural(hrs_comm_size(comm)),
              (double)room.bytes / 0x1p30, room.limit);
  return HRS_OK;
}

/* The rows of a file, one after the other, into an array like header; NULL: all of it. */
static hrs_status read_rows(hrs_array_file *file, const hrs_array *header, const hrs_count *rows,
                            hrs_array *out) {
  if (!rows) return hrs_array_file_read_all(file, out);
  HRS_TRY(hrs_array_create(header->type, header->rank, header->dim, out));
  hrs_count count = out->dim[0];
  size_t row = count ? (size_t)(hrs_array_count(out) / count) * hrs_dtype_size(out->type) : 0;
  for (hrs_count i = 0; i < count; i++)
    HRS_TRY(hrs_array_file_read(file, rows[i], 1, out->type, (char *)out->data + (size_t)i * row));
  return HRS_OK;
}

hrs_status hrs_problem_load(MPI_Comm comm, const char *path, hrs_count count, const hrs_count *rows,
                            hrs_array *out) {
  bool reads = hrs_comm_rank(comm) == 0;
  hrs_status status = HRS_OK;
  hrs_array_file *file = NULL;
  hrs_array header = {0};
  hrs_count bytes = 0;
  memset(out, 0, sizeof *out);
  if (reads) status = hrs_input_open(path, &file);
  if (file) {
    header.type = hrs_array_file_type(file);
    header.rank = hrs_array_file_rank(file);
    memcpy(header.dim, hrs_array_file_dim(file), sizeof header.dim);
    if (rows) header.dim[0] = count;
    bytes = (hrs_count)hrs_dtype_size(header.type);
    for (int axis = 0; axis < header.rank && status == HRS_OK; axis++)
      status = hrs_multiply(bytes, header.dim[axis], path, &bytes);
  }
  status = hrs_agree(comm, status);
  if (status == HRS_OK) status = fits(comm, path, bytes);
  if (status == HRS_OK && reads) status = read_rows(file, &header, rows, out);
  hrs_array_file_close(&file);
  status = hrs_agree(comm, status);
  if (status == HRS_OK) status = hrs_broadcast_array(comm, out);
  if (status != HRS_OK) hrs_array_destroy(out);
  return status;
}

hrs_status hrs_problem_peek(MPI_Comm comm, const char *path, hrs_array *header) {
  int rank = hrs_comm_rank(comm);
  hrs_status status = HRS_OK;
  memset(header, 0, sizeof *header);
  if (rank == 0) {
    hrs_array_file *file = NULL;
    status = hrs_input_open(path, &file);
    if (status == HRS_OK) {
      header->type = hrs_array_file_type(file);
      header->rank = hrs_array_file_rank(file);
      memcpy(header->dim, hrs_array_file_dim(file), sizeof header->dim);
    }
    hrs_array_file_close(&file);
  }
  HRS_TRY(hrs_agree(comm, status));
  return hrs_broadcast(comm, 0, header, sizeof *header);
}

static const hrs_tensor_info *find_input(const hrs_model *model, const char *name) {
  for (int i = 0; i < hrs_model_inputs(model); i++)
    if (strcmp(hrs_model_input(model, i)->name, name) == 0) return hrs_model_input(model, i);
  return NULL;
}

static hrs_status input_names_text(const hrs_model *model, char *text, size_t size) {
  text[0] = '\0';
  for (int i = 0; i < hrs_model_inputs(model); i++) {
    size_t used = strlen(text);
    snprintf(text + used, size - used, "%s%s", i ? ", " : "", hrs_model_input(model, i)->name);
  }
  return HRS_OK;
}

/* Whole numbers of a type, or a message that names sample, element and value. */
static hrs_status to_whole(const hrs_problem *problem, const hrs_problem_beside *beside,
                           hrs_array *array) {
  hrs_count bad = -1;
  hrs_status status = hrs_array_convert_whole(array, beside->type, &bad);
  if (bad < 0) return status;
  hrs_count rows = beside->per_sample ? problem->samples : 1, row = hrs_array_count(array) / rows;
  char sample[64] = "", element[64] = "";
  if (beside->per_sample)
    snprintf(sample, sizeof sample, ", sample %lld", (long long)problem->index[bad / row]);
  if (row > 1) snprintf(element, sizeof element, ", element %lld", (long long)(bad % row));
  return hrs_error_context(status, "%s%s%s", beside->what, sample, element);
}

hrs_status hrs_problem_load_beside(const hrs_problem_builder *b, const hrs_problem_beside *beside,
                                   const hrs_array *header, hrs_array *out) {
  const hrs_problem *problem = b->problem;
  const hrs_count *row = beside->row;
  if (beside->per_sample && !row)
    HRS_TRY(hrs_problem_rows(problem, b->o, beside->what, header->rank ? header->dim[0] : 1, &row));
  HRS_TRY_CONTEXT(
      hrs_problem_load(b->comm, beside->path, problem->samples, header->rank ? row : NULL, out),
      "%s", beside->what);
  if (beside->type == HRS_NONE) return HRS_OK;
  hrs_status status = to_whole(problem, beside, out);
  if (status != HRS_OK) hrs_array_destroy(out);
  return status;
}

/* Which samples there are and which are chosen: the first input says. A few bytes of a file can
 * claim any number of rows that hold nothing. */
static hrs_status choose_samples(hrs_problem_builder *b, const char *what, const hrs_array *header,
                                 hrs_count all) {
  char shape[HRS_SHAPE_TEXT];
  for (int axis = 0; axis < header->rank; axis++)
    HRS_REQUIRE(header->dim[axis] > 0, INPUT, "%s: no samples (shape %s)", what,
                hrs_shape_text(header->rank, header->dim, shape, sizeof shape));
  b->problem->all = all;
  if (!b->o->select) return hrs_problem_all_samples(b->problem, all);
  return hrs_parse_choice(b->o->select, "--select", all, &b->problem->index, &b->problem->samples);
}

static hrs_status load_input(hrs_problem_builder *b, const char *option, const char *name,
                             const char *path) {
  const hrs_tensor_info *info = find_input(b->problem->model, name);
  char known[256], what[512];
  HRS_TRY(input_names_text(b->problem->model, known, sizeof known));
  HRS_REQUIRE(info, USAGE, "%s: the model has no input '%s'; it has %s", option, name, known);
  for (int i = 0; i < b->inputs; i++)
    HRS_REQUIRE(strcmp(b->names[i], name) != 0, USAGE, "%s: input '%s' is given twice", option,
                name);
  hrs_array header;
  HRS_TRY_CONTEXT(hrs_problem_peek(b->comm, path, &header), "%s", option);
  /* A single sample without the axis of samples: of the model's own shape, without the batch axis
   * where it has one. */
  bool batch = info->rank > 0 && (info->dim[0] == 1 || info->dim[0] < 0);
  bool single = header.rank == 0 || (info->rank >= 0 && header.rank == info->rank - batch);
  hrs_count all = single ? 1 : header.dim[0];
  if (info->type > HRS_BF16)
    snprintf(what, sizeof what, "%s %s, input '%s' of %s", option, path, name,
             hrs_dtype_name(info->type));
  else
    snprintf(what, sizeof what, "%s %s", option, path);
  if (b->inputs == 0) HRS_TRY(choose_samples(b, what, &header, all));
  /* Further inputs may be one for all samples. */
  hrs_problem_beside beside = {.what = what,
                               .path = path,
                               .type = info->type > HRS_BF16 ? info->type : HRS_NONE,
                               .per_sample = !single && (b->inputs == 0 || all > 1),
                               .row = b->inputs == 0 && !single ? b->problem->index : NULL};
  HRS_TRY(hrs_problem_load_beside(b, &beside, &header, &b->samples[b->inputs]));
  HRS_TRY_CONTEXT(hrs_network_bind(b->problem->model, name, &b->samples[b->inputs]), "%s", what);
  HRS_TRY(hrs_strdup(name, &b->names[b->inputs]));
  b->inputs++;
  return HRS_OK;
}

hrs_status hrs_problem_load_inputs(hrs_problem_builder *b) {
  const hrs_problem_options *o = b->o;
  const hrs_model *model = b->problem->model;
  HRS_REQUIRE(!!o->samples != (o->input.count > 0), USAGE,
              "--model needs --samples FILE, or --input NAME=FILE for each input");
  if (o->samples) {
    char known[256];
    HRS_TRY(input_names_text(model, known, sizeof known));
    HRS_REQUIRE(hrs_model_inputs(model) == 1, USAGE,
                "--samples feeds one input, but %s has %d (%s): give --input NAME=FILE for each, "
                "the masked one first",
                b->path, hrs_model_inputs(model), known);
    return load_input(b, "--samples", hrs_model_input(model, 0)->name, o->samples);
  }
  for (int i = 0; i < o->input.count; i++) {
    const char *equals = strchr(o->input.text[i], '=');
    HRS_REQUIRE(equals && equals != o->input.text[i], USAGE,
                "--input: '%s' is not of the form NAME=FILE", o->input.text[i]);
    char *name;
    HRS_TRY(hrs_strndup(o->input.text[i], (size_t)(equals - o->input.text[i]), &name));
    hrs_status status = load_input(b, "--input", name, equals + 1);
    hrs_free(name);
    HRS_TRY(status);
  }
  for (int i = 0; i < hrs_model_inputs(model); i++) {
    bool fed = false;
    for (int j = 0; j < b->inputs; j++)
      fed = fed || strcmp(b->names[j], hrs_model_input(model, i)->name) == 0;
    HRS_REQUIRE(fed, USAGE, "--input: nothing is given for the model's input '%s'",
                hrs_model_input(model, i)->name);
  }
  return HRS_OK;
}

hrs_status hrs_problem_load_labels(hrs_problem_builder *b) {
  hrs_problem *problem = b->problem;
  HRS_TRY(hrs_alloc(problem->samples, sizeof *problem->label, &problem->label));
  for (hrs_count i = 0; i < problem->samples; i++)
    problem->label[i] = -1;
  if (!b->o->labels) return HRS_OK;
  char what[512];
  snprintf(what, sizeof what, "--labels %s", b->o->labels);
  hrs_array header, labels = {0};
  HRS_TRY_CONTEXT(hrs_problem_peek(b->comm, b->o->labels, &header), "--labels");
  for (int axis = 1; axis < header.rank; axis++)
    HRS_REQUIRE(header.dim[axis] == 1, INPUT, "%s has more than one number per sample", what);
  hrs_problem_beside beside = {
      .what = what, .path = b->o->labels, .type = HRS_I32, .per_sample = true};
  HRS_TRY(hrs_problem_load_beside(b, &beside, &header, &labels));
  memcpy(problem->label, labels.data, (size_t)problem->samples * sizeof *problem->label);
  hrs_array_destroy(&labels);
  for (hrs_count i = 0; i < problem->samples; i++)
    HRS_REQUIRE(problem->label[i] >= -1, INPUT,
                "%s, sample %lld: label %d; classes are numbered from 0, and -1 is no label", what,
                (long long)problem->index[i], problem->label[i]);
  return HRS_OK;
}

const hrs_array *hrs_problem_masked_tensor(const hrs_problem_builder *b) {
  return b->masked.data ? &b->masked : &b->samples[0];
}
