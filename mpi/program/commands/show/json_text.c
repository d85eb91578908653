/* Strings and numbers of JSON. */
#include "json_text.h"

#include <math.h>
#include <stdio.h>

void hrs_json_text(const char *value) {
  putchar('"');
  while (*value) {
    uint32_t character = 0xfffd;
    int bytes = hrs_text_character(value, &character);
    if (character == '"' || character == '\\')
      printf("\\%c", (char)character);
    else if (bytes == 0 || hrs_character_commands(character))
      printf("\\u%04x", bytes ? (unsigned)character : 0xfffdU);
    else
      fwrite(value, 1, (size_t)bytes, stdout);
    value += bytes ? bytes : 1;
  }
  putchar('"');
}

void hrs_json_number(double value) {
  if (isfinite(value))
    printf("%.17g", value);
  else
    printf("null");
}

void hrs_json_begin(const hrs_reading *file) {
  printf("{\"file\": ");
  hrs_json_text(file->path);
  printf(", \"format_version\": %d, \"program_version\": ", file->format_version);
  hrs_json_text(file->program_version);
  printf(", \"git\": ");
  hrs_json_text(file->git);
  printf(", \"complete\": %s", file->complete ? "true" : "false");
}
