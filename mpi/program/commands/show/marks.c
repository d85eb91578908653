/* Words, colours and bars of `harsanyi show`. */
#include "marks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *hrs_show_paint(hrs_show_style s) {
  static const char *const codes[] = {"\033[0m", "\033[1m", "\033[32m", "\033[31m", "\033[2m"};
  static int colours = -1;
  if (colours < 0) {
    const char *terminal = getenv("TERM");
    colours =
        isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && terminal && strcmp(terminal, "dumb") != 0;
  }
  return colours ? codes[s] : "";
}

void hrs_show_heading(const char *text) {
  printf("\n%s%s%s\n", hrs_show_paint(HRS_SHOW_HEADING), text, hrs_show_paint(HRS_SHOW_PLAIN));
}

int hrs_show_width(const char *text) {
  int count = 0;
  for (; *text; text++)
    count += (*text & 0xC0) != 0x80;
  return count;
}

void hrs_show_pad(const char *text, int to) {
  printf("%s%*s", text, to > hrs_show_width(text) ? to - hrs_show_width(text) : 0, "");
}

void hrs_show_number(double value, int columns) {
  printf("%s%+*.5g%s", hrs_show_paint(value < 0 ? HRS_SHOW_NEGATIVE : HRS_SHOW_POSITIVE), columns,
         value, hrs_show_paint(HRS_SHOW_PLAIN));
}

void hrs_show_bar(double value, double largest, bool to_the_left, hrs_show_style s) {
  int length =
      largest > 0 && isfinite(value) ? (int)lround(fabs(value) / largest * HRS_SHOW_BAR) : 0;
  char marks[HRS_SHOW_BAR + 1];
  memset(marks, '#', HRS_SHOW_BAR);
  marks[length < HRS_SHOW_BAR ? length : HRS_SHOW_BAR] = '\0';
  if (to_the_left) printf("%*s", HRS_SHOW_BAR - length, "");
  printf("%s%s%s", hrs_show_paint(s), marks, hrs_show_paint(HRS_SHOW_PLAIN));
}
