/* What this library was built from. */
#include <harsanyi/base.h>

#include "harsanyi_git.h"

const char *hrs_version(void) {
  return HRS_VERSION;
}

const char *hrs_git(void) {
  return HRS_GIT;
}
