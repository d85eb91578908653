/* rates.h -- what the machine can do at most, from measurements of a tenth of a second: beside
 * what a run has done. Other ranks of a node should measure at the same time, for they share its
 * memory. Nothing here is collective. */
#ifndef HRS_MPI_PROGRAM_MACHINE_RATES_H
#define HRS_MPI_PROGRAM_MACHINE_RATES_H

#include <harsanyi/base.h>

/** Bytes per second, read and written, of passes x[i] += 0 over the first 256 MiB of memory that
 *  begins as double numbers do; 0 where there is too little to tell. What is there stays. */
double hrs_rate_memory(void *memory, hrs_count bytes);
/** Multiply-adds per second of a large sgemm: the limit of dense networks. Errors: MEMORY. */
hrs_status hrs_rate_products(double *rate);

#endif
