/*
 * Which row of an array belongs to which sample: one rule for labels, maps, baselines, further
 * inputs and names.
 *
 * An array with as many rows as the file of samples is indexed like it; one with as many rows as
 * samples are chosen follows --select. Where that is the same number but not the same order,
 * --per-sample has to say.
 */
#include "problem.h"

static bool in_order(const hrs_problem *problem) {
  for (hrs_count i = 0; i < problem->samples; i++)
    if (problem->index[i] != i) return false;
  return true;
}

hrs_status hrs_problem_rows(const hrs_problem *problem, const hrs_problem_options *o,
                            const char *what, hrs_count rows, const hrs_count **row) {
  bool file = o->per_sample == HRS_PER_SAMPLE_FILE, select = o->per_sample == HRS_PER_SAMPLE_SELECT;
  long long have = rows, all = problem->all, chosen = problem->samples;
  HRS_REQUIRE(!file || have == all, INPUT,
              "%s has %lld row%s; --per-sample file needs %lld, one for each sample", what, have,
              hrs_plural(have), all);
  HRS_REQUIRE(!select || have == chosen, INPUT,
              "%s has %lld row%s; --per-sample select needs %lld, one for each chosen sample", what,
              have, hrs_plural(have), chosen);
  HRS_REQUIRE(have == all || have == chosen, INPUT,
              all == chosen ? "%s has %lld row%s for %lld sample%s"
                            : "%s has %lld row%s; there are %lld sample%s, %lld of them chosen, "
                              "and a row for each of these or of those was expected",
              what, have, hrs_plural(have), all, hrs_plural(all), chosen);
  HRS_REQUIRE(file || select || all != chosen || in_order(problem), USAGE,
              "%s: --select %s changes the order of all %lld samples; say --per-sample file where "
              "row i is of sample i of the file, or --per-sample select where it is of the i-th "
              "one chosen",
              what, o->select, all);
  *row = file || (!select && have == all) ? problem->index : NULL;
  return HRS_OK;
}
