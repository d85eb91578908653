/* json_text.h -- what JSON is made of, on stdout. */
#ifndef HRS_MPI_PROGRAM_COMMANDS_SHOW_JSON_TEXT_H
#define HRS_MPI_PROGRAM_COMMANDS_SHOW_JSON_TEXT_H

#include "mpi/dataset/reading.h"

/** A string. Bytes that are no UTF-8, which files of other programs may hold, become U+FFFD. */
void hrs_json_text(const char *value);
/** A number; JSON knows no infinity and no not-a-number: null. */
void hrs_json_number(double value);
/** The beginning of an object that tells of a data set: what every kind says of itself. */
void hrs_json_begin(const hrs_reading *file);

#endif
