/* and_or.h -- the planted AND-OR game. */
#ifndef HRS_GAME_AND_OR_H
#define HRS_GAME_AND_OR_H

#include "form.h"

/** Plant spec->terms AND and as many OR terms (and_or.c). */
hrs_status hrs_closed_form_and_or(const hrs_closed_form_spec *spec, hrs_game **out);

#endif
