/*
 * harsanyi.h -- the umbrella: everything that needs no MPI. For the distributed lattice and the
 * reductions include harsanyi/mpi.h.
 *
 * Functions are collective where their contracts say so, and nowhere else.
 */
#ifndef HARSANYI_H
#define HARSANYI_H

#include <harsanyi/analysis.h>
#include <harsanyi/base.h>
#include <harsanyi/game.h>
#include <harsanyi/lattice.h>
#include <harsanyi/network.h>
#include <harsanyi/probe.h>
#include <harsanyi/sums.h>
#include <harsanyi/team.h>

#endif
