/*
 * team.h -- ranks that work together, as those rooms see them that know no MPI.
 *
 * Model. Work is dealt by rank and size, and what came of it is gathered. hrs_game_join gives a
 * game its team; without one it works alone.
 */
#ifndef HARSANYI_TEAM_H
#define HARSANYI_TEAM_H

#include <harsanyi/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Ranks that work on something together, without a word about how they talk to each other. Some
 * of them, those of a node say, may share one copy of what the team allocates.
 */
typedef struct hrs_team {
  int rank, size;  /* ranks that share a copy are neighbours */
  int share_rank;  /* among those that share this rank's copy */
  hrs_count *part; /* [size + 1] for gather's callers to write to */
  void *self;      /* of the functions, which are collective over the team */
  /** Memory for all ranks that share a copy; the same size everywhere. Errors agree on all ranks.
   */
  hrs_status (*allocate)(void *self, hrs_count bytes, void **out);
  /** Give it back. Not collective. */
  void (*release)(void *self, void *memory);
  /** Rank r has written bytes [part[r], part[r + 1]) of `data`: let all copies have all of it.
   *  part NULL: the first rank of each copy has written all that it shares. First the team agrees
   *  on `status`, what became of writing: any failure is one of all ranks, and final. */
  hrs_status (*gather)(void *self, hrs_status status, void *data, const hrs_count *part);
} hrs_team;

#ifdef __cplusplus
}
#endif

#endif
