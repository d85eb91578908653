/*
 * options.h -- command-line options: each stands once in a table, which gives the parser, the help
 * text, the default and the echo in the data set.
 *
 * A table is a group: options that are about one thing, with the struct that their values go into.
 * A command line is a list of groups, in the order of the help. Groups that several commands share
 * are in groups.h; a command adds those of its own.
 */
#ifndef HRS_MPI_PROGRAM_OPTIONS_OPTIONS_H
#define HRS_MPI_PROGRAM_OPTIONS_OPTIONS_H

#include <harsanyi/base.h>

typedef enum hrs_option_kind {
  HRS_OPTION_HEADING, /* no option: a heading in the help, in `help`; with an offset, a const char *
                         there gets the name of an option of the group below that is given */
  HRS_OPTION_FLAG,    /* bool */
  HRS_OPTION_TEXT,    /* const char *, one of argv */
  HRS_OPTION_COUNT,   /* hrs_count; K, M, G, T (KB, ...) as powers of 1000, KiB,
                         ... as powers of 1024 */
  HRS_OPTION_RATE,    /* hrs_count: such a count in a second, "/s" behind it */
  HRS_OPTION_INT,     /* int from 0 on */
  HRS_OPTION_POSITIVE, /* int from 1 on */
  HRS_OPTION_NUMBER,   /* double from 0 on */
  HRS_OPTION_DURATION, /* double, seconds above 0; as H:MM:SS */
  HRS_OPTION_LIST,     /* hrs_text_list: may be given several times */
  HRS_OPTION_CHOICE /* int, an enum: which of the option's words. With a default they are numbered
                       from 0; else from 1, and 0 is none of them: not given */
} hrs_option_kind;

/** Added to a kind: results do not depend on the option, so a run may be resumed with another value
 *  of it. */
#define HRS_OPTION_FREE 64

enum { HRS_OPTION_REPEATS = 64 };

typedef struct hrs_text_list {
  int count;
  const char *text[HRS_OPTION_REPEATS];
} hrs_text_list;

typedef struct hrs_option {
  const char *name;      /* with its dashes */
  int kind;              /* hrs_option_kind, and HRS_OPTION_FREE */
  size_t offset;         /* of the value in the group's struct */
  const char *argument;  /* for the help: "FILE"; of a CHOICE its words: "lsb|msb" */
  const char *otherwise; /* default, parsed as if typed; NULL: zero */
  const char *help;
} hrs_option;

/** Options that belong together. Groups without a heading go on under the one before. */
typedef struct hrs_option_group {
  const hrs_option *rows; /* ends with help == NULL */
  size_t base;            /* of the group's struct in the caller's */
} hrs_option_group;

/** What a command may be given, for the parser and for --help. */
typedef struct hrs_command_line {
  const char *usage;              /* "harsanyi show FILE.h5 [options]" */
  const char *description;        /* a paragraph */
  const hrs_option_group *groups; /* ends with rows == NULL */
  int min_positional, max_positional;
} hrs_command_line;

/**
 * Parse argv[1..] into `values`. "--name=value" and "--name value" are the same. Positional
 * arguments go to positional[max_positional], their number to *count.
 * Errors: USAGE, naming the option, its value and what it should be (and the nearest option).
 */
hrs_status hrs_options_parse(const hrs_command_line *line, int argc, char **argv, void *values,
                             const char **positional, int *count);
/** Print usage, description and options to stdout. */
void hrs_options_help(const hrs_command_line *line);
/** Is --help (or -h) among the arguments? */
bool hrs_options_want_help(int argc, char **argv);
/** What is done with an option and the value in force; `value` is empty for a flag. */
typedef hrs_status hrs_option_visit(void *context, const hrs_option *option, const char *value);
/** Visit all options that have a value, in their order; repeated ones value by value. */
hrs_status hrs_options_visit(const hrs_command_line *line, const void *values,
                             hrs_option_visit *visit, void *context);
/** "--name value --flag ...": all options with the values in force, for the data set's record.
 *  Free with hrs_free. */
hrs_status hrs_options_echo(const hrs_command_line *line, const void *values, char **out);

/** "harsanyi COMMAND ...", as typed; argv[0] is the command. Free with hrs_free. */
hrs_status hrs_options_join(int argc, char **argv, char **out);

/* Values on their own, for options with a syntax of their own. Errors name `what`. */
/** Which of the words "lsb|msb" a text is. Errors: USAGE, listing them. */
hrs_status hrs_text_choice(const char *text, const char *what, const char *words, int *out);
/** The word of a number; returns `text`. */
enum { HRS_WORD_TEXT = 32 };
const char *hrs_text_word(const char *words, int number, char text[HRS_WORD_TEXT]);
hrs_status hrs_text_count(const char *text, const char *what, hrs_count *out);
hrs_status hrs_text_int(const char *text, const char *what, int *out);
/** Seconds of H:MM:SS, above 0; and as it is written. */
hrs_status hrs_text_duration(const char *text, const char *what, double *out);
enum { HRS_DURATION_TEXT = 32 };
const char *hrs_duration_text(double seconds, char text[HRS_DURATION_TEXT]);
hrs_status hrs_text_number(const char *text, const char *what, double *out);

#endif
