#include "words.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int words_of(const char *run, const char *folder, char *words[WORDS]) {
  static char text[4096];
  size_t used = 0;
  for (const char *at = run; *at; at++) {
    bool place = strchr("DTP", *at) && strchr("/:", at[1]) && at > run && strchr(" :", at[-1]);
    const char *to = *at == 'D' ? HRS_DATA_DIR : *at == 'T' ? folder : HRS_PLUGIN_EXAMPLE;
    used += (size_t)(place ? snprintf(text + used, sizeof text - used, "%s", to)
                           : snprintf(text + used, sizeof text - used, "%c", *at));
  }
  int count = 0;
  for (char *rest = text, *word; (word = strtok_r(rest, " ", &rest)) && count < WORDS - 1;)
    words[count++] = word;
  words[count] = NULL;
  return count;
}
