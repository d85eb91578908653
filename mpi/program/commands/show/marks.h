/* marks.h -- what the sections of `harsanyi show` are made of; colours on a terminal alone. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_SHOW_MARKS_H
#define HRS_MPI_PROGRAM_COMMANDS_SHOW_MARKS_H

#include <stdbool.h>

typedef enum hrs_show_style {
  HRS_SHOW_PLAIN,
  HRS_SHOW_HEADING,
  HRS_SHOW_POSITIVE,
  HRS_SHOW_NEGATIVE,
  HRS_SHOW_FAINT
} hrs_show_style;

/** What switches a style on, on a terminal that has colours; else nothing. */
const char *hrs_show_paint(hrs_show_style style);
void hrs_show_heading(const char *text);
/** Characters, not bytes, of UTF-8 text. */
int hrs_show_width(const char *text);
/** Text and blanks, up to a width. */
void hrs_show_pad(const char *text, int to);
/** A number with its sign, which decides on the colour. */
void hrs_show_number(double value, int columns);
/** |value| / largest of HRS_SHOW_BAR marks; to_the_left: they end where the bar does. */
enum { HRS_SHOW_BAR = 18 };
void hrs_show_bar(double value, double largest, bool to_the_left, hrs_show_style style);

#endif
