/* A problem's own: what it holds, how it is told. */
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

hrs_status hrs_problem_describe(hrs_problem *problem, const char *format, ...) {
  const char *so_far = problem->description ? problem->description : "",
             *comma = *so_far ? ", " : "";
  va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  size_t used = strlen(so_far) + strlen(comma), size = used + (size_t)length + 1;
  char *text;
  hrs_status status = hrs_alloc((hrs_count)size, 1, &text);
  if (status == HRS_OK) {
    snprintf(text, size, "%s%s", so_far, comma);
    vsnprintf(text + used, size - used, format, again);
    hrs_free(problem->description);
    problem->description = text;
  }
  va_end(again);
  return status;
}

hrs_status hrs_problem_all_samples(hrs_problem *problem, hrs_count count) {
  HRS_TRY(hrs_alloc(count, sizeof *problem->index, &problem->index));
  for (hrs_count i = 0; i < count; i++)
    problem->index[i] = i;
  problem->samples = count;
  return HRS_OK;
}

void hrs_problem_destroy(hrs_problem *problem) {
  hrs_game_destroy(&problem->game);
  hrs_model_destroy(&problem->model);
  for (int i = 0; i < HRS_JOINT_GAMES; i++)
    hrs_model_destroy(&problem->more[i]);
  hrs_free(problem->index);
  hrs_free(problem->label);
  hrs_players_destroy(&problem->players);
  hrs_array_destroy(&problem->baseline);
  hrs_lines_free(&problem->class_names);
  hrs_free(problem->description);
  hrs_lines_free(&problem->name_lines);
  hrs_free(problem->row_names);
  hrs_free(problem->masked);
  memset(problem, 0, sizeof *problem);
}
