/*
 * h5_reader.h -- HDF5 files of others, read in a process of their own.
 *
 * libhdf5 believes what stands in a file: a wrong byte can make it write past its memory, recurse
 * or run in circles. So a file that comes from outside is opened in a child process, which answers
 * requests over a socket; its death is a message like any other, and a signal that asks this
 * process to stop ends the wait for it. The child is where a file is checked: type, rank and size
 * of what is asked for before anything is read, and where external links, virtual sources and
 * external storage lead. Nothing of a file is opened that is not asked for.
 *
 * A child costs a fork and one copy of the data. It never returns, touches no MPI, and ends with
 * its reader or with this process. Nothing here is collective.
 */
#ifndef HRS_MPI_DATASET_H5_READER_H
#define HRS_MPI_DATASET_H5_READER_H

#include "h5_array.h"

typedef struct hrs_h5_reader hrs_h5_reader;

/** Open a file. Errors: INPUT (missing, no regular file, no HDF5, damaged), IO (no process can be
 *  started), STOPPED. Those of INPUT, IO and STOPPED may come from all that follows, too. */
hrs_status hrs_h5_reader_open(const char *path, hrs_h5_reader **out);
/** Bytes that other processes may hold while hrs_input_open's array of this name is open: those of
 *  a child, or 0. */
hrs_count hrs_input_child_bytes(const char *path);
/** End the child; NULL is fine. */
void hrs_h5_reader_close(hrs_h5_reader **reader);

/** What there is under a path. Errors: INPUT (more axes than HRS_MAX_RANK, no elements, a link or
 *  storage that leads out of the file's folder). */
hrs_status hrs_h5_reader_find(hrs_h5_reader *reader, const char *name, hrs_h5_array *out);
/** Elements [first, first + count) of an array in C order as `type`. Integers are not made smaller
 *  and floats not made integers; any number can be read as float64. */
hrs_status hrs_h5_reader_read(hrs_h5_reader *reader, const char *name, hrs_count first,
                              hrs_count count, hrs_dtype type, void *out);
/** All strings of an array of `count` of them, of fixed or variable length. Free each, then the
 *  list. */
hrs_status hrs_h5_reader_strings(hrs_h5_reader *reader, const char *name, hrs_count count,
                                 char ***out);
/** An attribute of an object ("/": the file) that is one string or one number, in hrs_alloc memory;
 *  NULL where there is none. */
hrs_status hrs_h5_reader_text(hrs_h5_reader *reader, const char *object, const char *attribute,
                              char **out);
/** An attribute of an object that is one number. Errors: INPUT where there is none. */
hrs_status hrs_h5_reader_number(hrs_h5_reader *reader, const char *object, const char *attribute,
                                double *out);
/** "/a, /b/c, ...": the data sets of the file, for messages; why not, where they cannot be listed.
 *  Opens every object. */
void hrs_h5_reader_list(hrs_h5_reader *reader, char *text, size_t size);

#endif
