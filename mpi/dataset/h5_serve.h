/*
 * h5_serve.h -- between h5_reader.c and the child process that it starts: a request is answered by
 * a reply and, behind it, as many bytes as the reply says.
 */
#ifndef HRS_MPI_DATASET_H5_SERVE_H
#define HRS_MPI_DATASET_H5_SERVE_H

#include "h5.h"
#include "h5_array.h"

enum { HRS_H5_LIST = 512 };

typedef enum hrs_h5_wish {
  HRS_H5_WISH_OPEN,
  HRS_H5_WISH_FIND,
  HRS_H5_WISH_READ,
  HRS_H5_WISH_STRINGS,
  HRS_H5_WISH_TEXT,
  HRS_H5_WISH_NUMBER,
  HRS_H5_WISH_LIST,
  HRS_H5_WISHES
} hrs_h5_wish;

typedef struct hrs_h5_request {
  hrs_h5_wish wish;
  char name[HRS_H5_NAME], attribute[64];
  hrs_dtype type;
  hrs_count first, count;
} hrs_h5_request;

/* On failure the bytes are the message. */
typedef struct hrs_h5_reply {
  hrs_status status;
  hrs_count bytes;
  hrs_h5_array array;
  double number;
} hrs_h5_reply;

/** The most elements of one WISH_READ. */
enum { HRS_H5_PIECE = 1 << 21 };
/** The most bytes of any other answer. */
#define HRS_H5_ANSWER_LIMIT ((hrs_count)256 << 20)

/** The child's life: answer until the socket closes. Never returns. */
_Noreturn void hrs_h5_serve(const char *path, int socket);

/** A class of types in words: "integers". */
const char *hrs_h5_class_text(H5T_class_t class);
/** The type that elements of a stored type are read as: integers and floats of up to eight bytes by
 *  their size, half floats as float32, and h5py's booleans (an enumeration of one byte); HRS_NONE
 *  for all others. */
hrs_dtype hrs_h5_element_type(hid_t stored);
/** Can numbers of one type be read as the other: as they are, or as the next double? */
bool hrs_h5_holds(hrs_dtype wanted, hrs_dtype stored);

#endif
