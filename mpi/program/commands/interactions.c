/* harsanyi interactions: the main job. */
#include "commands.h"

#include "mpi/lattice/comm.h"
#include "mpi/program/log.h"
#include "mpi/program/problem/problem.h"

#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(hrs_interactions_options, field)

static const hrs_option options[] = {
    {.kind = HRS_OPTION_HEADING, .help = "The game: exactly one of"},
    {"--model", HRS_OPTION_LIST, AT(model), "NET.onnx", NULL,
     "a trained network; needs --samples or --input"},
    {"--table", HRS_OPTION_LIST, AT(table), "FILE", NULL,
     "values v(T): [2^n] or [samples, 2^n], .npy, FILE.h5:/dataset, or shapiq's .npz or JSON"},
    {"--closed-form", HRS_OPTION_TEXT, AT(closed_form), "NAME:key=value,...", NULL,
     "a game with known dividends: and-or:n=N,terms=K,seed=S  additive:n=N,seed=S  majority:n=N  "
     "airport:n=N  random:n=N,seed=S"},
    {"--plugin", HRS_OPTION_TEXT, AT(plugin), "FILE.so[:ARG]", NULL,
     "a shared object with the C ABI of harsanyi/plugin.h"},
    {.kind = HRS_OPTION_HEADING, .help = "Samples"},
    {"--samples", HRS_OPTION_TEXT, AT(samples), "FILE", NULL,
     ".npy, .npz:NAME or FILE.h5:/dataset; first axis = samples, or one sample without that axis"},
    {"--input", HRS_OPTION_LIST, AT(input), "NAME=FILE", NULL,
     "samples of one input of a network with several; the first one named is masked"},
    {"--labels", HRS_OPTION_TEXT, AT(labels), "FILE", NULL, "a class number per sample"},
    {"--select", HRS_OPTION_TEXT, AT(select), "LIST", NULL,
     "which samples, such as 0:50,77 (50 left out); all of them if not given"},
    {"--per-sample", HRS_OPTION_TEXT, AT(per_sample), "ORDER", "auto",
     "arrays with a row for each sample (labels, maps, baselines, names, further inputs) are in "
     "the "
     "order of the file, or of select; auto: by their number of rows"},
    {"--bit-order", HRS_OPTION_TEXT, AT(bit_order), "lsb|msb", "lsb",
     "--table: which bit of the index is player 0"},
    {.kind = HRS_OPTION_HEADING, .help = "Players and masking"},
    {"--players", HRS_OPTION_TEXT, AT(players), "KIND", NULL,
     "features (default), grid:RxC (grid:C for series, grid:DxRxC for volumes), tokens, channels, "
     "or map:FILE.npy (a player number per element of the input, -1 = background)"},
    {"--player-names", HRS_OPTION_TEXT, AT(player_names), "FILE", NULL,
     "a name per line; or, with tabs between the names, a line for each sample"},
    {"--subset", HRS_OPTION_TEXT, AT(subset), "LIST", NULL,
     "keep these players, such as 0,3,5 or random:10:SEED; the rest stays as background"},
    {"--baseline", HRS_OPTION_TEXT, AT(baseline), "KIND", NULL,
     "what stands for an absent player: zero (default), value:X, mean:FILE.npy, tensor:FILE.npy, "
     "blur:SIGMA, token:ID"},
    {"--layout", HRS_OPTION_TEXT, AT(layout), "WHICH", "auto",
     "which axis holds channels: auto, channels-first, channels-last, no-channels"},
    {"--mask-at", HRS_OPTION_TEXT, AT(mask_at), "TENSOR", NULL,
     "mask this inner tensor instead of the input"},
    {.kind = HRS_OPTION_HEADING, .help = "Output"},
    {"--target", HRS_OPTION_TEXT, AT(target), "WHICH", NULL,
     "label, predicted, class numbers such as 3 or 0,7, or all: one row per sample and target "
     "(default label where --labels is given, else predicted)"},
    {"--output", HRS_OPTION_TEXT, AT(output), "KIND", NULL,
     "log-odds, logit, probability, log-probability or raw (default log-odds for a classifier, raw "
     "for one unbounded output)"},
    {"--output-node", HRS_OPTION_TEXT, AT(output_node), "TENSOR", NULL,
     "the tensor that holds the scores; the model's first output if not given"},
    {"--scores", HRS_OPTION_TEXT, AT(scores), "KIND", "auto",
     "what the network puts out: auto (looks at its last operator), logits, probabilities, "
     "log-probabilities"},
    {"--class-names", HRS_OPTION_TEXT, AT(class_names), "FILE", NULL, "a name per line"},
    {.kind = HRS_OPTION_HEADING, .help = "What to compute"},
    {"--types", HRS_OPTION_TEXT, AT(types), "LIST", "and",
     "and, or, and,or, or and-or: the sparsest split of v into both"},
    {"--indices", HRS_OPTION_TEXT, AT(indices), "LIST", "SV",
     "SV (Shapley), BV (Banzhaf), SII, k-SII, STII, FSII, FBII, BII, CHII, each up to order 2 or "
     "NAME:K; Moebius, Co-Moebius, Walsh, of all orders or NAME:K; none"},
    {.kind = HRS_OPTION_HEADING, AT(split_option), .help = "The split (--types and-or)"},
    {"--fit-gap", HRS_OPTION_NUMBER, AT(fit_gap), "GAP", "1e-3",
     "stop where the split is certified to be so near the sparsest: 1 - lower bound / L1"},
    {"--fit-iterations", HRS_OPTION_POSITIVE, AT(fit_iterations), "COUNT", "20000",
     "stop after so many; the gap as reached is stored"},
    {"--noise", HRS_OPTION_NUMBER, AT(noise), "C", "0",
     "v may be off by C |v(N)-v(empty)| (published: 0.02 or 0.04)"},
    {"--fit-merge", HRS_OPTION_TEXT, AT(fit_merge), "on|off", "on",
     "OR interactions of one player go into the AND ones, the same functions"},
    {"--fit-empty", HRS_OPTION_TEXT, AT(fit_empty), "merged|split", "merged",
     "I_and(empty) is v(empty); or v_and(empty), with v_or(empty) in I_or(empty)"},
    {"--share", HRS_OPTION_FLAG, AT(share), NULL, NULL,
     "fit several networks (--model A --model B ...) together, for interactions they share"},
    {.kind = HRS_OPTION_HEADING, AT(share_option), .help = "Several networks (--share)"},
    {"--share-alpha", HRS_OPTION_NUMBER, AT(share_alpha), "A", "0.1",
     "weight of what each network has for itself"},
    {"--share-form", HRS_OPTION_TEXT, AT(share_form), "mix|add", "mix",
     "loss per interaction: (1-A) max_i |I_i| + A sum_i |I_i|, or max_i |I_i| + A sum_i |I_i|"},
    {"--share-spread", HRS_OPTION_NUMBER, AT(share_spread), "C", "0.5",
     "networks' splits differ by at most C E|v(N)-v(empty)|; 0: by any amount"},
    {.kind = HRS_OPTION_HEADING, .help = "What to keep"},
    {"--keep", HRS_OPTION_TEXT, AT(keep), "WHICH", NULL,
     "salient, top:K or all interactions (default all up to 16 players, then salient)"},
    {"--threshold", HRS_OPTION_TEXT, AT(threshold), "MODE:X", "sample:0.05",
     "salient is |I| >= X times: the sample's largest (sample), the largest of all (global), the "
     "mean |v(N)-v(empty)| (delta)"},
    {"--salient-limit", HRS_OPTION_COUNT, AT(salient_limit), "COUNT", "1000000",
     "most salient interactions listed per row; counts and sums stay exact"},
    {"--values", HRS_OPTION_FLAG, AT(values), NULL, NULL, "store v(T) too"},
    {.kind = HRS_OPTION_HEADING, .help = "Run"},
    {"--out", HRS_OPTION_TEXT, AT(out), "FILE.h5", NULL, "the data set (required)"},
    {"--force", HRS_OPTION_FLAG, AT(force), NULL, NULL, "replace an existing one"},
    {"--precision", HRS_OPTION_TEXT, AT(precision), "double|single", "double",
     "storage of the lattice; sums are in double"},
    {"--blocks", HRS_OPTION_COUNT, AT(blocks), "COUNT", NULL,
     "rows of the lattice, a power of two up to 2^(n/2); by default a function of n alone"},
    {"--chunk", HRS_OPTION_COUNT, AT(chunk), "BYTES", "8MiB", "messages of the exchange"},
    {"--shm", HRS_OPTION_TEXT, AT(shm), "auto|off", "auto",
     "ranks of a node exchange through memory they share, or by messages like all others"},
    {"--ranks-per-sample", HRS_OPTION_POSITIVE, AT(ranks_per_sample), "R", NULL,
     "ranks that share a sample; by default what is fastest and fits"},
    {"--plan", HRS_OPTION_FLAG, AT(plan), NULL, NULL,
     "print masks, bytes, messages, predicted times and the largest n that fits; do nothing"},
    {"--plan-ranks", HRS_OPTION_POSITIVE, AT(plan_ranks), "P", NULL,
     "--plan as if there were P ranks like these"},
    {"--evaluator", HRS_OPTION_TEXT, AT(evaluator), "lattice|brute", "lattice",
     "tabulate activations that depend on few players, or a forward pass for each mask"},
    {"--table-memory", HRS_OPTION_COUNT, AT(table_memory), "BYTES", "256MiB",
     "most for tables of all masks; what needs more is made for one block of masks at a time"},
    {"--allow-nonfinite", HRS_OPTION_FLAG, AT(allow_nonfinite), NULL, NULL,
     "go on where the network puts out NaN or infinity"},
    {"--verify", HRS_OPTION_FLAG, AT(verify), NULL, NULL,
     "compare every dividend of a --closed-form game with its known value"},
    {"--timing", HRS_OPTION_TEXT, AT(timing), "FILE.json", NULL, "write the times of the phases"},
    {"--quiet", HRS_OPTION_FLAG, AT(quiet), NULL, NULL, "print errors and warnings alone"},
    {"--verbose", HRS_OPTION_FLAG, AT(verbose), NULL, NULL, "print more, and where errors arose"},
    {0}};

const hrs_command_line hrs_interactions_line = {
    .usage = "[mpirun -n P] harsanyi interactions --model NET.onnx --samples FILE --out FILE.h5",
    .description =
        "Evaluates a game on all 2^n sets of its players and writes its AND/OR interactions "
        "(Harsanyi dividends), order strengths and Shapley values to one HDF5 file, read with "
        "`harsanyi show` or h5py. Results do not depend on the number of ranks.",
    .options = options,
};

static hrs_status join(int argc, char **argv, char **out) {
  size_t length = 16;
  for (int i = 0; i < argc; i++)
    length += strlen(argv[i]) + 1;
  HRS_TRY(hrs_alloc((hrs_count)length, 1, out));
  size_t used = (size_t)snprintf(*out, length, "harsanyi");
  for (int i = 0; i < argc; i++)
    used += (size_t)snprintf(*out + used, length - used, " %s", argv[i]);
  return HRS_OK;
}

static hrs_status run(MPI_Comm comm, hrs_interactions_options *o, int argc, char **argv) {
  hrs_job job;
  hrs_plan plan;
  char *command = NULL, *echo = NULL;
  HRS_REQUIRE(o->plan || o->out, USAGE, "--out FILE.h5 is missing: where the data set goes");
  HRS_REQUIRE(o->plan || !o->plan_ranks, USAGE,
              "--plan-ranks %d belongs to --plan; a run has the ranks it is started with "
              "(mpirun -n %d)",
              o->plan_ranks, o->plan_ranks);
  hrs_status status = hrs_options_echo(&hrs_interactions_line, o, &echo);
  status = hrs_agree(comm, status);
  if (status == HRS_OK) status = hrs_comm_same_text(comm, "the options", echo);
  if (status == HRS_OK) status = hrs_job_create(comm, o, &job);
  if (status != HRS_OK) {
    hrs_free(echo);
    return status;
  }
  HRS_GO(hrs_plan_create(comm, &job, o, &plan));
  if (o->plan) {
    if (hrs_comm_rank(comm) == 0) status = hrs_plan_print(&job, &plan);
    if (status == HRS_OK) status = hrs_plan_check(&job, &plan);
    status = hrs_agree(comm, status);
    goto done;
  }
  HRS_GO(hrs_plan_check(&job, &plan));
  HRS_GO(join(argc, argv, &command));
  HRS_GO(hrs_job_run(comm, &job, &plan, o, command, echo));
done:
  hrs_free(command);
  hrs_free(echo);
  hrs_job_destroy(&job);
  return status;
}

hrs_status hrs_command_interactions(MPI_Comm comm, int argc, char **argv) {
  if (hrs_options_want_help(argc, argv)) {
    hrs_options_help(&hrs_interactions_line);
    return HRS_OK;
  }
  hrs_interactions_options values = {0};
  HRS_TRY(hrs_options_parse(&hrs_interactions_line, argc, argv, &values, NULL, NULL));
  if (hrs_log_get_level() != HRS_LOG_QUIET && (values.quiet || values.verbose))
    hrs_log_set_level(values.quiet ? HRS_LOG_QUIET : HRS_LOG_VERBOSE);
  return run(comm, &values, argc, argv);
}
