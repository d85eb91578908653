/* --help, from the same groups that are parsed. */
#include "options.h"

#include <stdio.h>
#include <string.h>

bool hrs_options_want_help(int argc, char **argv) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
  return false;
}

/* Print text in lines of at most 100 columns, from column `indent` on. */
static void print_wrapped(const char *text, int indent) {
  enum { WIDTH = 100 };
  int column = indent;
  while (*text) {
    size_t word = strcspn(text, " \n");
    if (column > indent && column + 1 + (int)word > WIDTH) {
      printf("\n%*s", indent, "");
      column = indent;
    } else if (column > indent) {
      putchar(' ');
      column++;
    }
    printf("%.*s", (int)word, text);
    column += (int)word;
    text += word;
    if (*text == '\n') {
      printf("\n%*s", indent, "");
      column = indent;
    }
    if (*text) text++;
  }
  putchar('\n');
}

static void print_option(const hrs_option *option) {
  enum { COLUMN = 30 };
  if (option->kind == HRS_OPTION_HEADING) {
    printf("\n%s\n", option->help);
    return;
  }
  const char *argument = option->argument, *otherwise = option->otherwise;
  int used = printf("  %s%s%s", option->name, argument ? " " : "", argument ? argument : "");
  if (used >= COLUMN)
    printf("\n%*s", COLUMN, "");
  else
    printf("%*s", COLUMN - used, "");
  char text[1024];
  snprintf(text, sizeof text, "%s%s%s%s", option->help, otherwise ? " (default " : "",
           otherwise ? otherwise : "", otherwise ? ")" : "");
  print_wrapped(text, COLUMN);
}

void hrs_options_help(const hrs_command_line *line) {
  printf("usage: %s\n\n", line->usage);
  print_wrapped(line->description, 0);
  for (const hrs_option_group *group = line->groups; group->rows; group++)
    for (const hrs_option *option = group->rows; option->help; option++)
      print_option(option);
}
