/* The tables of options that commands share, and their words. */
#include "groups.h"

/* ---- the problem ---------------------------------------------------------------------------- */

#define AT(field) offsetof(hrs_problem_options, field)

const hrs_option hrs_group_game[] = {
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
    {0}};

const hrs_option hrs_group_samples[] = {
    {.kind = HRS_OPTION_HEADING, .help = "Samples"},
    {"--samples", HRS_OPTION_TEXT, AT(samples), "FILE", NULL,
     ".npy, .npz:NAME or FILE.h5:/dataset; first axis = samples, or one sample without that axis"},
    {"--input", HRS_OPTION_LIST, AT(input), "NAME=FILE", NULL,
     "samples of one input of a network with several; where one is masked, the first one named is"},
    {"--labels", HRS_OPTION_TEXT, AT(labels), "FILE", NULL, "a class number per sample"},
    {"--select", HRS_OPTION_TEXT, AT(select), "LIST", NULL,
     "which samples, such as 0:50,77 (50 left out); all of them if not given"},
    {"--per-sample", HRS_OPTION_CHOICE, AT(per_sample), "auto|file|select", "auto",
     "arrays with a row for each sample (labels, maps, baselines, names, further inputs) are in "
     "the order of the file, or of select; auto: by their number of rows"},
    {0}};

const hrs_option hrs_group_table[] = {{"--bit-order", HRS_OPTION_CHOICE, AT(bit_order), "lsb|msb",
                                       "lsb", "--table: which bit of the index is player 0"},
                                      {0}};

const char hrs_layout_words[] = "auto|channels-first|channels-last|no-channels";

const hrs_option hrs_group_players[] = {
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
    {"--layout", HRS_OPTION_CHOICE, AT(layout), hrs_layout_words, "auto",
     "which axis holds channels"},
    {"--mask-at", HRS_OPTION_TEXT, AT(mask_at), "TENSOR", NULL,
     "mask this inner tensor instead of the input"},
    {0}};

const char hrs_output_words[] = "log-odds|logit|probability|log-probability|raw";
const char hrs_scores_words[] = "auto|logits|probabilities|log-probabilities";

const hrs_option hrs_group_output[] = {
    {.kind = HRS_OPTION_HEADING, .help = "Output"},
    {"--target", HRS_OPTION_TEXT, AT(target), "WHICH", NULL,
     "label, predicted, class numbers such as 3 or 0,7, or all: one row per sample and target "
     "(default label where --labels is given, else predicted)"},
    {"--output", HRS_OPTION_CHOICE, AT(output), hrs_output_words, NULL,
     "what v is; if not given log-odds for a classifier, raw for one unbounded output"},
    {"--output-node", HRS_OPTION_TEXT, AT(output_node), "TENSOR", NULL,
     "the tensor that holds the scores; the model's first output if not given"},
    {"--scores", HRS_OPTION_CHOICE, AT(scores), hrs_scores_words, "auto",
     "what the network puts out; auto looks at its last operator"},
    {"--class-names", HRS_OPTION_TEXT, AT(class_names), "FILE", NULL, "a name per line"},
    {0}};

const char hrs_evaluator_words[] = "lattice|brute";

const hrs_option hrs_group_evaluator[] = {
    {"--evaluator", HRS_OPTION_CHOICE, AT(evaluator), hrs_evaluator_words, "lattice",
     "tabulate activations that depend on few players, or a forward pass for each mask"},
    {"--table-memory", HRS_OPTION_COUNT, AT(table_memory), "BYTES", "256MiB",
     "most for tables of all masks; what needs more is made for one block of masks at a time"},
    {0}};

/* ---- a network at its layers ---------------------------------------------------------------- */

#undef AT
#define AT(field) offsetof(hrs_network_options, field)

const hrs_option hrs_group_network[] = {
    {.kind = HRS_OPTION_HEADING, .help = "The network"},
    {"--model", HRS_OPTION_TEXT, AT(model), "NET.onnx", NULL, "the network (required)"},
    {"--layers", HRS_OPTION_TEXT, AT(layers), "all|list|NAME,...", "all",
     "its layers: one tensor per stage (after an activation, a pool, a residual sum, a dense "
     "layer, a block of a transformer), the logits last; list prints them and ends; NAME: any "
     "tensor of the graph that varies with the input"},
    {0}};

/* ---- the split ------------------------------------------------------------------------------ */

#undef AT
#define AT(field) offsetof(hrs_split_options, field)

const hrs_option hrs_group_split[] = {
    {.kind = HRS_OPTION_HEADING, AT(split_given), .help = "The split (--types and-or)"},
    {"--fit-gap", HRS_OPTION_NUMBER, AT(gap), "GAP", "1e-3",
     "stop where the split is certified to be so near the sparsest: 1 - lower bound / L1"},
    {"--fit-iterations", HRS_OPTION_POSITIVE, AT(iterations), "COUNT", "20000",
     "stop after so many; the gap as reached is stored"},
    {"--noise", HRS_OPTION_NUMBER, AT(noise), "C", "0",
     "v may be off by C |v(N)-v(empty)| (published: 0.02 or 0.04)"},
    {"--fit-merge", HRS_OPTION_CHOICE, AT(merge), "on|off", "on",
     "OR interactions of one player go into the AND ones, the same functions"},
    {"--fit-empty", HRS_OPTION_CHOICE, AT(empty), "merged|split", "merged",
     "I_and(empty) is v(empty); or v_and(empty), with v_or(empty) in I_or(empty)"},
    {"--share", HRS_OPTION_FLAG, AT(share), NULL, NULL,
     "fit several networks (--model A --model B ...) together, for interactions they share"},
    {0}};

const hrs_option hrs_group_share[] = {
    {.kind = HRS_OPTION_HEADING, AT(share_given), .help = "Several networks (--share)"},
    {"--share-alpha", HRS_OPTION_NUMBER, AT(alpha), "A", "0.1",
     "weight of what each network has for itself"},
    {"--share-form", HRS_OPTION_CHOICE, AT(form), "mix|add", "mix",
     "loss per interaction: (1-A) max_i |I_i| + A sum_i |I_i|, or max_i |I_i| + A sum_i |I_i|"},
    {"--share-spread", HRS_OPTION_NUMBER, AT(spread), "C", "0.5",
     "networks' splits differ by at most C E|v(N)-v(empty)|; 0: by any amount"},
    {0}};

/* ---- the run -------------------------------------------------------------------------------- */

#undef AT
#define AT(field) offsetof(hrs_run_options, field)

const hrs_option hrs_group_out[] = {{.kind = HRS_OPTION_HEADING, .help = "Run"},
                                    {"--out", HRS_OPTION_TEXT | HRS_OPTION_FREE, AT(out), "FILE.h5",
                                     NULL, "the data set (required)"},
                                    {"--force", HRS_OPTION_FLAG | HRS_OPTION_FREE, AT(force), NULL,
                                     NULL, "replace an existing one"},
                                    {0}};

const hrs_option hrs_group_plan[] = {
    {"--plan", HRS_OPTION_FLAG | HRS_OPTION_FREE, AT(plan), NULL, NULL,
     "print memory, volumes, predicted times and the largest n that fits; do nothing else"},
    {"--plan-ranks", HRS_OPTION_POSITIVE | HRS_OPTION_FREE, AT(plan_ranks), "P", NULL,
     "--plan for P ranks, each with as much memory as a rank has here"},
    {"--plan-nodes", HRS_OPTION_POSITIVE | HRS_OPTION_FREE, AT(plan_nodes), "K", NULL,
     "of --plan-ranks: on K nodes, each with as much memory as this one"},
    {"--plan-memory", HRS_OPTION_COUNT | HRS_OPTION_FREE, AT(plan_memory), "SIZE", NULL,
     "of --plan-ranks: each node has SIZE bytes of memory"},
    {"--plan-bandwidth", HRS_OPTION_RATE | HRS_OPTION_FREE, AT(plan_bandwidth), "SIZE/s", NULL,
     "of --plan-ranks: a node sends SIZE bytes in a second"},
    {0}};

const hrs_option hrs_group_restart[] = {{"--max-time", HRS_OPTION_DURATION | HRS_OPTION_FREE,
                                         AT(max_time), "H:MM:SS", NULL,
                                         "stop early, with exit code 75, after so long"},
                                        {0}};

const hrs_option hrs_group_checkpoint[] = {
    {"--checkpoint-every", HRS_OPTION_NUMBER | HRS_OPTION_FREE, AT(checkpoint_every), "SECONDS",
     "300", "keep what is done in FILE.h5.checkpoint, so often; 0: never"},
    {"--resume", HRS_OPTION_FLAG | HRS_OPTION_FREE, AT(resume), NULL, NULL,
     "go on where a run that ended early has stopped, to the same result; with any number of "
     "ranks. Where there is none, begin; where it is done, do nothing"},
    {0}};

const hrs_option hrs_group_nonfinite[] = {{"--allow-nonfinite", HRS_OPTION_FLAG | HRS_OPTION_FREE,
                                           AT(allow_nonfinite), NULL, NULL,
                                           "go on where the network puts out NaN or infinity"},
                                          {0}};

const hrs_option hrs_group_timing[] = {{"--timing", HRS_OPTION_TEXT | HRS_OPTION_FREE, AT(timing),
                                        "FILE.json", NULL, "write where the time went"},
                                       {0}};

const hrs_option hrs_group_talk[] = {
    {"--quiet", HRS_OPTION_FLAG | HRS_OPTION_FREE, AT(quiet), NULL, NULL,
     "print errors and warnings alone"},
    {"--verbose", HRS_OPTION_FLAG | HRS_OPTION_FREE, AT(verbose), NULL, NULL,
     "say where the time went, and where in the code an error arose"},
    {0}};

#undef AT
#define AT(field) offsetof(hrs_resource_options, field)

const hrs_option hrs_group_resources[] = {
    {"--precision", HRS_OPTION_CHOICE, AT(precision), "double|single", "double",
     "storage of the lattice; sums are in double"},
    {"--blocks", HRS_OPTION_COUNT | HRS_OPTION_FREE, AT(blocks), "COUNT", NULL,
     "rows of the lattice, a power of two up to 2^(n/2); by default a function of n alone"},
    {"--chunk", HRS_OPTION_COUNT | HRS_OPTION_FREE, AT(chunk), "BYTES", "8MiB",
     "messages of the exchange"},
    {"--shm", HRS_OPTION_CHOICE | HRS_OPTION_FREE, AT(shm), "auto|off", "auto",
     "ranks of a node exchange through memory they share, or by messages like all others"},
    {"--ranks-per-sample", HRS_OPTION_POSITIVE | HRS_OPTION_FREE, AT(ranks_per_sample), "R", NULL,
     "ranks that share a sample; by default what is fastest and fits"},
    {0}};
