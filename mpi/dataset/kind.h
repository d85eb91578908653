/*
 * kind.h -- a kind of data set is a table.
 *
 * Model. A file holds arrays on named axes. What a file of a kind may hold stands once, in a const
 * table of objects: path, element type, axes, when it is there, where its values come from. All
 * that is done with files reads that table:
 *
 * - contents.h: the arrays of one file, which there are and of what shape, and its size;
 * - dataset.h: a file's life, PATH.part with all its arrays, then values, then `complete`;
 * - write.h, write_lattice.h: rows of arrays, records of small results, rows of lattices;
 * - reading.h: a file from outside, what is in it, and whether types and shapes are the table's.
 *
 * The first axis of an array is the one that it is written along, by any rank and in any order. A
 * path with %s is a family of arrays, one for each name (of a layer, a method, an index). Small
 * results that are known at the same time are fields of one struct, a record: the table says where.
 *
 * Objects that ask for the same bits come together: a file that has some of them alone is refused.
 * So an object that older files do not have asks for a bit of its own. A kind is added by writing
 * its table; nothing in this folder knows a kind by name.
 */
#ifndef HRS_MPI_DATASET_KIND_H
#define HRS_MPI_DATASET_KIND_H

#include <harsanyi/base.h>

#define HRS_DATASET_FORMAT "harsanyi"
/** Version of the format, an attribute of each file; files of all versions up to it are read. */
#define HRS_DATASET_VERSION 2

enum { HRS_OBJECT_AXES = 4, HRS_KIND_AXES = 16 };

/** An axis of a kind; axes are numbered from 1 on. */
typedef struct hrs_axis {
  const char *label; /* of the dimension, such as "row" */
  /* Path of the array that is the dimension's scale, netCDF's coordinate: it stands before all
   * others of the axis in the table. With %s each member of a family has an axis of its own. netCDF
   * finds a scale in the array's group or in one above it, and wants an array to have scales on all
   * of its axes or on none: where one axis has none, the others have their labels alone. */
  const char *scale;
  /* The scale has a length and no values, as netCDF's dimensions that are no variables: it is made
   * with the first array that has the axis, and is not in the table. */
  bool bare;
  bool joins; /* files of the kind are put one behind another along it (harsanyi merge) */
} hrs_axis;

/** Ends a list of axes, and is what an array without a named one has. */
enum { HRS_AXIS_NONE = 0 };
/** The last of a list of axes: any number of them without name or scale, as the contents say. */
enum { HRS_AXIS_OTHERS = -1 };

/** Where the values of an array come from. */
typedef enum hrs_source {
  HRS_SOURCE_RUN,     /* written row by row; NaN or 0 before, so that a run that was cut short shows
                         which rows it finished */
  HRS_SOURCE_BULK,    /* written by all ranks, and too large to be written twice: nothing before */
  HRS_SOURCE_NUMBERS, /* computed when the file is made: by `numbers` */
  HRS_SOURCE_TEXT,    /* strings that the contents are given */
  HRS_SOURCE_ARRAY    /* an array that they are given: its type and shape, too */
} hrs_source;

/** Fill `out` with the numbers of an array of shape dim; `length` has those of the kind's axes. */
typedef void hrs_numbers(const hrs_count *dim, const hrs_count *length, int64_t *out);
/** 0, 1, 2, ... and 1, 2, 4, ...: coordinates. */
hrs_numbers hrs_numbers_count, hrs_numbers_powers;

/** A place in a struct of small results. */
typedef struct hrs_field {
  int record;          /* which struct, a number from 1 on; 0: in none */
  size_t offset, size; /* size: a row of the array is not longer */
} hrs_field;
#define HRS_FIELD(record, type, field)                                                             \
  { record, offsetof(type, field), sizeof((type *)0)->field }

typedef struct hrs_object {
  const char *path;
  hrs_dtype type; /* HRS_NONE: that of the contents, or of what they are given */
  int8_t axis[HRS_OBJECT_AXES];
  unsigned when; /* bits that the contents have to have, all of them; 0: always */
  hrs_source source;
  hrs_field field; /* of SOURCE_RUN */
  hrs_numbers *numbers;
} hrs_object;

/** In `when`: made once the length of its axis is known (hrs_dataset_extend). */
#define HRS_WHEN_LATER (1u << 31)

typedef struct hrs_kind {
  const char *name;     /* the file's attribute `kind` */
  const hrs_axis *axis; /* [axes], of which the first is not used */
  const hrs_object *object;
  int axes, objects;
  bool unnamed;        /* files that name no kind are of this one: format version 1 had no other */
  const char *smaller; /* how a user has a smaller file: "keep less (--keep ...)"; or NULL */
} hrs_kind;

enum { HRS_PATH_SIZE = 128 };
/** Does the path stand for a family? */
bool hrs_object_is_family(const hrs_object *object);
/** A path of the table with a name in place of %s. False where it is too long. */
bool hrs_object_path(const char *pattern, const char *name, char path[HRS_PATH_SIZE]);

#endif
