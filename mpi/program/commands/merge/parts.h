/*
 * parts.h -- inside harsanyi merge.
 *
 * Rank 0 looks at all files once, compares each with the first, and learns how long they are and
 * what has to be computed anew (survey.c); all ranks make the same contents from the first file
 * (contents.c); then files are dealt over the ranks, and whoever has one copies it (copy.c). What
 * is peculiar to a kind of data set is in a hrs_merge_kind, the rest reads the kind's table.
 */
#ifndef HRS_MPI_PROGRAM_COMMANDS_MERGE_PARTS_H
#define HRS_MPI_PROGRAM_COMMANDS_MERGE_PARTS_H

#include "mpi/program/engine/progress.h"
#include "mpi/program/engine/salience.h"
#include "mpi/program/kinds/interactions/file.h"
#include "mpi/program/kinds/interactions/salient.h"

typedef struct hrs_merge hrs_merge;

/* ---- one file ------------------------------------------------------------------------------- */

typedef struct hrs_merge_kind hrs_merge_kind;

/** One of the files, open for reading. */
typedef struct hrs_merge_file {
  const hrs_merge_kind *as;
  hrs_reading *reading;
  hrs_interactions_file *interactions; /* where it is of that kind: then the reading is its own */
} hrs_merge_file;

/** Open file i, complete and of a kind that can be merged. Not collective. Errors: INPUT,
 *  UNSUPPORTED. */
hrs_status hrs_merge_open(const hrs_merge *merge, int i, hrs_merge_file *out);
/** Zeros are fine. */
void hrs_merge_close(hrs_merge_file *file);

/** An attribute that files of a kind have in common. */
typedef struct hrs_merge_attribute {
  const char *object, *name;
  hrs_dtype type; /* HRS_NONE: text, which need not be there */
  bool adds;      /* a number of which the merged file has the sum; else all have the same */
} hrs_merge_attribute;

/** How files of a kind are merged. */
struct hrs_merge_kind {
  const hrs_kind *kind;
  const hrs_merge_attribute *attribute;
  int attributes;
  /** Find what the table has families of, and check what can be known at once. */
  hrs_status (*load)(hrs_merge_file *file);
  /* The rest is NULL where rows are what they are. On rank 0: */
  /** Take in file i, which fits to those before. */
  hrs_status (*take)(hrs_merge *merge, int i, const hrs_merge_file *file);
  /** All files are known. */
  hrs_status (*settle)(hrs_merge *merge);
  /* On the rank that copies file i: */
  /** Rows of a file whose arrays have been copied. */
  hrs_status (*rows)(hrs_merge *merge, int i, const hrs_merge_file *file);
  /** What has a length that is known by now, after `make`. */
  hrs_status (*lists)(hrs_merge *merge, int i, const hrs_merge_file *file);
  /** Make the arrays for that, once all rows are done. Collective. */
  hrs_status (*make)(hrs_merge *merge);
};

extern const hrs_merge_kind hrs_merge_interactions, hrs_merge_features;

/* ---- all files ------------------------------------------------------------------------------ */

/** What is known of a file; the same on all ranks after the survey. */
typedef struct hrs_merge_source {
  hrs_count samples, rows, first; /* rows: places on the axis that files are joined along; first:
                                     where they begin in the merged file */
  double threshold;               /* of all its rows, where --threshold has one for all */
} hrs_merge_source;

/** What a file holds that is written when the merged one is made (HRS_SOURCE_TEXT, _ARRAY). */
typedef struct hrs_merge_given {
  char path[HRS_PATH_SIZE];
  bool joined;    /* along the first axis, by the kind's table */
  char **strings; /* of text */
  int count;
  hrs_array array; /* of numbers: the first file's, unless joined */
  /* Where an axis over samples may be in front: */
  hrs_array all;  /* with that axis, */
  bool own;       /* where samples have their own; */
  bool shared;    /* there is a file in which several samples have one; */
  hrs_count ones; /* files of a single sample so far, all equal, which are not in `all` */
} hrs_merge_given;

/** Interactions: how rows were made, and the threshold of all; the same on all ranks after the
 *  survey. */
typedef struct hrs_merge_settings {
  hrs_threshold mode;
  double threshold; /* of all rows, unless each has its own */
  hrs_keep keep;
  hrs_count limit; /* most that are listed of a row */
  hrs_count blocks;
  bool fit;
  bool whole; /* files have all interactions, or v, of which they are made */
} hrs_merge_settings;

typedef struct hrs_merge_rows {
  hrs_merge_settings settings;
  /* On rank 0, of all rows so far: /salient/effect, and from where on a list has all there is. */
  double *effect, *reach;
  hrs_count known;
  /* Entries of the list of each row of this rank's files, 0 elsewhere; then where all rows begin.
   */
  uint64_t *offset; /* [rows + 1] */
  /* Rows of this rank whose lists were made anew. */
  hrs_count anew;
  hrs_count *row;
  hrs_salient *list;
} hrs_merge_rows;

struct hrs_merge {
  MPI_Comm comm;
  int rank, ranks;
  const hrs_merge_kind *const *kinds; /* ends with NULL */
  int files;
  const char *const *path;
  hrs_merge_source *source; /* [files] */
  hrs_count rows, samples;  /* of all */
  hrs_merge_file first;     /* the first file, until the contents are made */
  hrs_merge_rows interactions;
  /* On rank 0: */
  int givens;
  hrs_merge_given *given;
  int texts;
  char **text; /* of attributes; NULL where there is none */
  /* The merged file, and copying: */
  hrs_dataset *set;
  char *buffer;
  hrs_count buffer_size;
  hrs_progress progress;
  double clock;
};

/** Look at all files, by rank 0, and tell the others. Collective. Errors: INPUT, where files do
 *  not fit. */
hrs_status hrs_merge_survey(hrs_merge *merge);
/** The contents of the merged file, from the first one. The same on all ranks, but for what rank 0
 *  alone is given. Not collective. Errors: INPUT. */
hrs_status hrs_merge_contents(hrs_merge *merge, hrs_contents **out);
/** Copy all files, each by one rank. Collective. */
hrs_status hrs_merge_copy(hrs_merge *merge);
/** Copy places [from, from + count) on the first axis of an array of a file to those from `to` on.
 *  Not collective. Errors: INPUT, IO, STOPPED. */
hrs_status hrs_merge_copy_places(hrs_merge *merge, const hrs_reading *reading, const char *path,
                                 hrs_count from, hrs_count count, hrs_count to);

/* ---- comparing ------------------------------------------------------------------------------ */

/** Is a file of the same kind, with the same attributes, options and arrays as the first one, but
 *  for the length of the axis that files are joined along? Errors: INPUT. */
hrs_status hrs_merge_compare(const hrs_merge_file *first, const hrs_merge_file *file);
/** Were its rows computed by another program, or by other kernels, so that bits may differ? That is
 *  how machines are, so it is no failure; *text says so, or is empty. Errors: INPUT. */
enum { HRS_MERGE_TEXT = 1024 };
hrs_status hrs_merge_compare_origins(const hrs_merge_file *first, const hrs_merge_file *file,
                                     char text[HRS_MERGE_TEXT]);
/** Are the options in force the same, but for those that say which samples, and how the work is
 *  done? Errors: INPUT. */
hrs_status hrs_merge_compare_options(const hrs_merge_file *first, const hrs_merge_file *file);
/** The axis that files of a kind are joined along. */
int hrs_merge_axis(const hrs_kind *kind);
/** The value of an option in a file's record, "--name", as a text to be freed; NULL where it was
 *  not given. Errors: MEMORY, INPUT. */
hrs_status hrs_merge_option(const hrs_merge_file *file, const char *name, char **out);
/** An attribute of /run that says how rows came to be: of a merged file, that of its sources. NULL
 *  where there is none. */
hrs_status hrs_merge_run_text(const hrs_merge_file *file, const char *name, char **out);

/** Take what a file holds that is given (on rank 0), or see that it is the same. Errors: INPUT. */
hrs_status hrs_merge_give(hrs_merge *merge, int i, const hrs_merge_file *file);
/** What the merged file is given. */
const hrs_array *hrs_merge_given_array(const hrs_merge_given *given);

/* ---- rows of interactions ------------------------------------------------------------------- */

/** Row k of a file at the threshold of all rows: its sums to the merged file's row `to`; how many
 *  of its list's entries are left, or a list made anew. Not collective. Errors: INPUT. */
hrs_status hrs_merge_row(hrs_merge *merge, const hrs_interactions_file *file, hrs_count k,
                         hrs_count to, hrs_count *entries, hrs_salient *anew);

#endif
