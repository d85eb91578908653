/* shapiq.h -- the two forms in which shapiq stores games: shapiq.c has .npz, shapiq_json.c JSON. */
#ifndef HRS_GAME_SHAPIQ_H
#define HRS_GAME_SHAPIQ_H

#include <harsanyi/base.h>

/** Does a file begin like JSON? False where it cannot be read. */
bool hrs_shapiq_is_json(const char *path);
/** The values of a game, in order of masks; hrs_free them. Errors: INPUT, MEMORY. */
hrs_status hrs_shapiq_load_json(const char *path, int *players, double **values);

#endif
