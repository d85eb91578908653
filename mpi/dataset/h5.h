/*
 * h5.h -- small helpers around HDF5: reasons of failures in words, element types, short-lived
 * handles. HDF5's own printing of its error stack is switched off for the process by the first
 * file that is opened or created here; its innermost message becomes part of ours instead.
 */
#ifndef HRS_MPI_DATASET_H5_H
#define HRS_MPI_DATASET_H5_H

#include "src/base/fault.h"

#include <hdf5.h>

/** Switch off the printing of HDF5's error stack. */
void hrs_h5_quiet(void);
/** Why the last HDF5 call of this thread failed, in a few words. */
const char *hrs_h5_reason(void);

/** A handle of HDF5, or a failure with HDF5's reason behind the message. */
#define HRS_H5_GO(handle, call, status_name, ...)                                                  \
  do {                                                                                             \
    (handle) = (call);                                                                             \
    if ((handle) < 0 || hrs_fault_strikes(HRS_FAULT_HDF5)) {                                       \
      status = hrs_h5_error(HRS_STATUS_##status_name, __FILE__, __LINE__, __VA_ARGS__);            \
      goto done;                                                                                   \
    }                                                                                              \
  } while (0)

/** Record a failure: the message, a colon, and HDF5's reason. */
hrs_status hrs_h5_error(hrs_status status, const char *file, int line, const char *format, ...)
    HRS_PRINTF(4, 5);

/** The type in memory and in files (little-endian) of elements that HDF5 has a name for; bool is
 *  stored as uint8. H5I_INVALID_HID for float16 and bfloat16. Not to be closed. */
hid_t hrs_h5_memory_type(hrs_dtype type);
hid_t hrs_h5_file_type(hrs_dtype type);
/** A new type for UTF-8 strings: of `size` bytes, padded with zeros, or with H5T_VARIABLE of any
 *  length, as `char *` in memory. */
hid_t hrs_h5_string_type(size_t size);

/** Is there an object under this path (of which any part may be missing)? */
bool hrs_h5_exists(hid_t file, const char *path);

/** Make or overwrite an attribute: UTF-8 text of fixed length, or a number in the type given.
 *  Collective where the file is. Errors: IO. */
hrs_status hrs_h5_set_text(hid_t object, const char *name, const char *text);
hrs_status hrs_h5_set_number(hid_t object, const char *name, hrs_dtype type, double number);
/** Close any handle; a negative one is none. False where HDF5 could not. */
bool hrs_h5_close(hid_t handle);

#endif
