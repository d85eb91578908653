/*
 * contents.h -- what one file is to hold: the arrays of its kind that are wanted, with their
 * shapes, and the attributes that say what they are of. All is known before the first value, but
 * for arrays whose length the values decide (HRS_WHEN_LATER). Nothing here is collective; every
 * rank makes the same.
 */
#ifndef HRS_MPI_DATASET_CONTENTS_H
#define HRS_MPI_DATASET_CONTENTS_H

#include "kind.h"

/** An array of a file. */
typedef struct hrs_contents_array {
  const hrs_object *object;
  char path[HRS_PATH_SIZE], name[HRS_PATH_SIZE / 2]; /* name: in place of %s */
  hrs_dtype type;                                    /* as stored; HRS_NONE: strings */
  int rank;
  hrs_count dim[HRS_MAX_RANK];
  /* What it is given, the caller's: */
  char *const *strings;
  const hrs_array *array;
} hrs_contents_array;

/** An attribute of an object, "/" and groups included: text, or a number where text is NULL. */
typedef struct hrs_contents_attribute {
  char object[HRS_PATH_SIZE];
  const char *name, *text;
  hrs_dtype type;
  double number;
} hrs_contents_attribute;

typedef struct hrs_contents {
  const hrs_kind *kind;
  unsigned has;
  hrs_count length[HRS_KIND_AXES];
  int arrays, attributes;
  hrs_contents_array *array;
  hrs_contents_attribute *attribute;
} hrs_contents;

/**
 * Contents with all arrays that `has` asks for, families apart.
 * @param has        bits of hrs_object.when
 * @param length     [kind->axes] lengths of the axes
 * @param precision  type of arrays whose type the table leaves open
 */
hrs_status hrs_contents_create(const hrs_kind *kind, unsigned has, const hrs_count *length,
                               hrs_dtype precision, hrs_contents **out);
void hrs_contents_destroy(hrs_contents **contents);
/**
 * Add a member of a family: all objects whose path begins with `family`, such as "/indices/%s/",
 * and that `has` asks for, under a name. An axis of the member's own has length dim[0]; axes
 * without name are all of dim[rank].
 * @param type  of arrays whose type the table leaves open (half precision is stored as float32)
 */
hrs_status hrs_contents_add(hrs_contents *contents, const char *family, const char *name,
                            hrs_dtype type, int rank, const hrs_count *dim);

/* What is given is needed until the file is made: hrs_dataset_create. */

/** The strings of an array of SOURCE_TEXT, as many as it has elements. */
hrs_status hrs_contents_give_text(hrs_contents *contents, const char *path, char *const *strings);
/** An array of SOURCE_ARRAY. */
hrs_status hrs_contents_give_array(hrs_contents *contents, const char *path,
                                   const hrs_array *array);
/** Attributes of an object that the file has: one of its arrays, "/", or a group. */
hrs_status hrs_contents_set_text(hrs_contents *contents, const char *object, const char *name,
                                 const char *text);
hrs_status hrs_contents_set_number(hrs_contents *contents, const char *object, const char *name,
                                   hrs_dtype type, double number);

/** The number of an array in the contents, -1 where there is none. */
int hrs_contents_find(const hrs_contents *contents, const char *path);
/** Set the length of an axis that is known by now; shapes follow. */
void hrs_contents_set_length(hrs_contents *contents, int axis, hrs_count length);
/** Elements of an array, or as many as counts go; of a row: of what it has for one place on its
 *  first axis. */
hrs_count hrs_contents_count(const hrs_contents_array *array);
hrs_count hrs_contents_row(const hrs_contents_array *array);
/** Bytes of the file, roughly, without arrays whose length is not known: for the plan. */
hrs_count hrs_contents_bytes(const hrs_contents *contents);
/** Bytes of those arrays alone. */
hrs_count hrs_contents_later_bytes(const hrs_contents *contents);

#endif
