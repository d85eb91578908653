/* limits.h -- what the machine can do at most, from measurements of a tenth of a second: beside
 * what a run has done. Other ranks of a node should measure at the same time, for they share its
 * memory. Nothing here is collective. */
#ifndef HRS_MPI_PROGRAM_MACHINE_LIMITS_H
#define HRS_MPI_PROGRAM_MACHINE_LIMITS_H

#include <harsanyi/base.h>

/** Bytes per second, read and written, of passes x[i] += 0 over memory, of which the first 256 MiB
 *  are looked at; 0 where there is too little to tell. */
double hrs_limit_memory(double *data, hrs_count count);
/** Multiply-adds per second of a large sgemm: the limit of dense networks. Errors: MEMORY. */
hrs_status hrs_limit_products(double *rate);

#endif
