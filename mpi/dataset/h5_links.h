/* h5_links.h -- where links, sources and storage of an HDF5 file of others may lead. */
#ifndef HRS_MPI_DATASET_H5_LINKS_H
#define HRS_MPI_DATASET_H5_LINKS_H

#include "h5.h"
#include "h5_array.h"

/** The properties by which the child opens arrays: links and sources are followed as far as
 *  h5_links.c allows. To be closed. */
hid_t hrs_h5_links_access(void);
/** Refuse an array whose values lie outside of the file's folder, or whose sources lead back to
 *  themselves. `path` is the file's. Errors: INPUT. */
hrs_status hrs_h5_links_check(const char *path, const char *name, hid_t array, hid_t access);
/** A link that was refused since the last call left its message: its status, or HRS_OK. */
hrs_status hrs_h5_links_refused(void);

#endif
