/*
 * dataset.h -- the data set's format from inside: one table of objects, which the writer creates,
 * the plan sizes and the reader looks up; and the serial reader that `harsanyi show` uses.
 * docs/format describes the same for users.
 */
#ifndef HRS_MPI_DATASET_DATASET_H
#define HRS_MPI_DATASET_DATASET_H

#include "claim.h"
#include "h5.h"
#include "h5_reader.h"

#include <harsanyi/mpi.h>

#define HRS_DATASET_FORMAT "harsanyi"

/* X(name, length's meaning): the axes that arrays have. */
#define HRS_DATASET_AXES(X)                                                                        \
  X(NONE, "")                                                                                      \
  X(ROW, "row")                                                                                    \
  X(PLAYER, "player")                                                                              \
  X(ORDER, "order")                                                                                \
  X(MASK, "mask")                                                                                  \
  X(CLASS, "class")                                                                                \
  X(OFFSET, "offset")                                                                              \
  X(ENTRY, "entry")                                                                                \
  X(POINT, "point")                                                                                \
  X(SHARED_POINT, "point")                                                                         \
  X(SII, "set")                                                                                    \
  X(K_SII, "set")                                                                                  \
  X(STII, "set")                                                                                   \
  X(FSII, "set")                                                                                   \
  X(FBII, "set")                                                                                   \
  X(BII, "set")                                                                                    \
  X(CHII, "set")                                                                                   \
  X(MOEBIUS, "set")                                                                                \
  X(CO_MOEBIUS, "set")                                                                             \
  X(WALSH, "set")

typedef enum hrs_dataset_axis {
#define HRS_AXIS_ENUM(name, text) HRS_AXIS_##name,
  HRS_DATASET_AXES(HRS_AXIS_ENUM)
#undef HRS_AXIS_ENUM
      HRS_AXIS_LIMIT
} hrs_dataset_axis;

/** When an object is there. */
typedef enum hrs_dataset_when {
  HRS_WHEN_ALWAYS,
  HRS_WHEN_SALIENT, /* always, created once the number of entries is known */
  HRS_WHEN_AND,
  HRS_WHEN_OR,
  HRS_WHEN_FIT,
  HRS_WHEN_NETWORKS, /* several networks in one data set */
  HRS_WHEN_KEEP_AND,
  HRS_WHEN_KEEP_OR,
  HRS_WHEN_VALUES,
  HRS_WHEN_SV,
  HRS_WHEN_BV,
#define HRS_WHEN_INDEX(name, text, orders) HRS_WHEN_##name,
  HRS_INDEX_TABLE(HRS_WHEN_INDEX)
#undef HRS_WHEN_INDEX
      HRS_WHEN_PLAYER_NAMES,
  HRS_WHEN_ROW_NAMES,
  HRS_WHEN_CLASS_NAMES,
  HRS_WHEN_MAP,
  HRS_WHEN_BASELINE,
  HRS_WHEN_LIMIT
} hrs_dataset_when;

/* What an interaction index has: its sets, its values, and an estimate of their rounding. */
#define HRS_DATASET_INDEX(X, NAME, TEXT)                                                           \
  X(NAME##_MASK, "/indices/" TEXT "/mask", U64, NAME, NONE, NAME)                                  \
  X(NAME##_VALUE, "/indices/" TEXT "/value", F64, ROW, NAME, NAME)                                 \
  X(NAME##_ERROR, "/indices/" TEXT "/error", F64, ROW, NONE, NAME)

/* X(name, path, type, axis, axis, when). Type NONE: the lattice's precision, a string, or the type
 * and shape of the caller's array. The coordinate of an axis stands before its first use. */
#define HRS_DATASET_OBJECTS(X)                                                                     \
  X(ROW, "/row", I64, ROW, NONE, ALWAYS)                                                           \
  X(PLAYER, "/player", I32, PLAYER, NONE, ALWAYS)                                                  \
  X(ORDER, "/orders/order", I32, ORDER, NONE, ALWAYS)                                              \
  X(PLAYER_NAME, "/players/name", NONE, PLAYER, NONE, PLAYER_NAMES)                                \
  X(MAP, "/players/map", NONE, NONE, NONE, MAP)                                                    \
  X(BASELINE, "/players/baseline", NONE, NONE, NONE, BASELINE)                                     \
  X(CLASS_NAME, "/classes/name", NONE, CLASS, NONE, CLASS_NAMES)                                   \
  X(INDEX, "/samples/index", I64, ROW, NONE, ALWAYS)                                               \
  X(LABEL, "/samples/label", I32, ROW, NONE, ALWAYS)                                               \
  X(TARGET, "/samples/target", I32, ROW, NONE, ALWAYS)                                             \
  X(ROW_NAME, "/samples/player_name", NONE, ROW, PLAYER, ROW_NAMES)                                \
  X(V_EMPTY, "/samples/v_empty", F64, ROW, NONE, ALWAYS)                                           \
  X(V_FULL, "/samples/v_full", F64, ROW, NONE, ALWAYS)                                             \
  X(NETWORK, "/samples/network", I32, ROW, NONE, NETWORKS)                                         \
  X(VALUES, "/values", NONE, ROW, MASK, VALUES)                                                    \
  X(AND, "/interactions/and", NONE, ROW, MASK, KEEP_AND)                                           \
  X(OR, "/interactions/or", NONE, ROW, MASK, KEEP_OR)                                              \
  X(AND_POSITIVE, "/orders/and/positive", F64, ROW, ORDER, AND)                                    \
  X(AND_NEGATIVE, "/orders/and/negative", F64, ROW, ORDER, AND)                                    \
  X(AND_COUNT, "/orders/and/count", F64, ROW, ORDER, AND)                                          \
  X(AND_ALL_POSITIVE, "/orders/and/all_positive", F64, ROW, ORDER, AND)                            \
  X(AND_ALL_NEGATIVE, "/orders/and/all_negative", F64, ROW, ORDER, AND)                            \
  X(OR_POSITIVE, "/orders/or/positive", F64, ROW, ORDER, OR)                                       \
  X(OR_NEGATIVE, "/orders/or/negative", F64, ROW, ORDER, OR)                                       \
  X(OR_COUNT, "/orders/or/count", F64, ROW, ORDER, OR)                                             \
  X(OR_ALL_POSITIVE, "/orders/or/all_positive", F64, ROW, ORDER, OR)                               \
  X(OR_ALL_NEGATIVE, "/orders/or/all_negative", F64, ROW, ORDER, OR)                               \
  X(FIT_L1, "/fit/l1", F64, ROW, NONE, FIT)                                                        \
  X(FIT_LOSS, "/fit/loss", F64, ROW, NONE, FIT)                                                    \
  X(FIT_BOUND, "/fit/lower_bound", F64, ROW, NONE, FIT)                                            \
  X(FIT_GAP, "/fit/gap", F64, ROW, NONE, FIT)                                                      \
  X(FIT_ITERATIONS, "/fit/iterations", I64, ROW, NONE, FIT)                                        \
  X(FIT_NOISE, "/fit/noise_bound", F64, ROW, NONE, FIT)                                            \
  X(FIT_RESIDUAL, "/fit/max_residual", F64, ROW, NONE, FIT)                                        \
  X(RECONSTRUCTION_RMSE, "/reconstruction/rmse", F64, ROW, NONE, FIT)                              \
  X(RECONSTRUCTION_MAX, "/reconstruction/max", F64, ROW, NONE, FIT)                                \
  X(RECONSTRUCTION_UNFAITH, "/reconstruction/rho_unfaith", F64, ROW, NONE, FIT)                    \
  X(RECONSTRUCTION_EXPLAINED, "/reconstruction/explained", F64, ROW, NONE, FIT)                    \
  X(RECONSTRUCTION_KEPT, "/reconstruction/kept", F64, ROW, NONE, FIT)                              \
  X(CURVE_POINT, "/reconstruction/curve/point", I64, POINT, NONE, FIT)                             \
  X(CURVE_KEPT, "/reconstruction/curve/kept", F64, ROW, POINT, FIT)                                \
  X(CURVE_RMSE, "/reconstruction/curve/rmse", F64, ROW, POINT, FIT)                                \
  X(CURVE_MAX, "/reconstruction/curve/max", F64, ROW, POINT, FIT)                                  \
  X(CURVE_EXPLAINED, "/reconstruction/curve/explained", F64, ROW, POINT, FIT)                      \
  X(CURVE_STRENGTH, "/reconstruction/curve/strength", F64, ROW, POINT, FIT)                        \
  X(SHARED_SALIENT, "/sharing/salient", F64, ROW, NONE, NETWORKS)                                  \
  X(SHARED_POINT, "/sharing/point", I64, SHARED_POINT, NONE, NETWORKS)                             \
  X(SHARED_TOP, "/sharing/top", F64, ROW, SHARED_POINT, NETWORKS)                                  \
  X(MEAN_EFFECT, "/orders/mean_effect", F64, ROW, ORDER, ALWAYS)                                   \
  X(SV, "/indices/SV", F64, ROW, PLAYER, SV)                                                       \
  X(BV, "/indices/BV", F64, ROW, PLAYER, BV)                                                       \
  HRS_DATASET_INDEX(X, SII, "SII")                                                                 \
  HRS_DATASET_INDEX(X, K_SII, "k-SII")                                                             \
  HRS_DATASET_INDEX(X, STII, "STII")                                                               \
  HRS_DATASET_INDEX(X, FSII, "FSII")                                                               \
  HRS_DATASET_INDEX(X, FBII, "FBII")                                                               \
  HRS_DATASET_INDEX(X, BII, "BII")                                                                 \
  HRS_DATASET_INDEX(X, CHII, "CHII")                                                               \
  HRS_DATASET_INDEX(X, MOEBIUS, "Moebius")                                                         \
  HRS_DATASET_INDEX(X, CO_MOEBIUS, "Co-Moebius")                                                   \
  HRS_DATASET_INDEX(X, WALSH, "Walsh")                                                             \
  X(THRESHOLD, "/salient/threshold", F64, ROW, NONE, ALWAYS)                                       \
  X(TRUNCATED, "/salient/truncated", U8, ROW, NONE, ALWAYS)                                        \
  X(SALIENT_OFFSET, "/salient/offset", U64, OFFSET, NONE, SALIENT)                                 \
  X(SALIENT_MASK, "/salient/mask", U64, ENTRY, NONE, SALIENT)                                      \
  X(SALIENT_TYPE, "/salient/type", U8, ENTRY, NONE, SALIENT)                                       \
  X(SALIENT_ORDER, "/salient/order", U8, ENTRY, NONE, SALIENT)                                     \
  X(SALIENT_VALUE, "/salient/value", F64, ENTRY, NONE, SALIENT)

typedef enum hrs_dataset_path {
#define HRS_DATASET_ENUM(name, path, type, axis, axis2, when) HRS_PATH_##name,
  HRS_DATASET_OBJECTS(HRS_DATASET_ENUM)
#undef HRS_DATASET_ENUM
      HRS_PATH_LIMIT
} hrs_dataset_path;

typedef struct hrs_dataset_object {
  const char *path;
  hrs_dtype type;
  hrs_dataset_axis axis[2];
  hrs_dataset_when when;
} hrs_dataset_object;

/** The table: HRS_PATH_LIMIT objects. */
extern const hrs_dataset_object hrs_dataset_objects[];
/** "row" and so on. */
const char *hrs_dataset_axis_text(hrs_dataset_axis axis);
/** /orders/TYPE/WHAT, numbered as hrs_dataset_row.orders. */
static inline hrs_dataset_path hrs_dataset_orders(int type, int what) {
  return (hrs_dataset_path)((int)HRS_PATH_AND_POSITIVE + 5 * type + what);
}

/** The objects and the axis of an interaction index. */
typedef enum hrs_dataset_index_part {
  HRS_INDEX_MASK,
  HRS_INDEX_VALUE,
  HRS_INDEX_ERROR,
  HRS_INDEX_PARTS
} hrs_dataset_index_part;
static inline hrs_dataset_path hrs_dataset_index(hrs_index index, hrs_dataset_index_part part) {
  return (hrs_dataset_path)((int)HRS_PATH_SII_MASK + HRS_INDEX_PARTS * (int)index + (int)part);
}
static inline hrs_dataset_axis hrs_dataset_index_axis(hrs_index index) {
  return (hrs_dataset_axis)((int)HRS_AXIS_SII + (int)index);
}
/** The index that an axis belongs to; HRS_INDEX_LIMIT where it is another's. */
static inline hrs_index hrs_dataset_axis_index(hrs_dataset_axis axis) {
  return axis >= HRS_AXIS_SII ? (hrs_index)((int)axis - (int)HRS_AXIS_SII) : HRS_INDEX_LIMIT;
}

/* ---- the writer from inside ----------------------------------------------------------------- */

/** Largest piece of one H5Dwrite: far from the 2 GiB that independent writes fail at. */
#define HRS_DATASET_SLAB ((hrs_count)512 << 20)

struct hrs_dataset {
  MPI_Comm comm;
  int rank;
  hrs_claim *claim; /* rank 0's, else NULL */
  char part[4096];  /* PATH.part */
  int n;
  hrs_count rows;
  hrs_dtype precision;
  int orders[HRS_INDEX_LIMIT];
  int points;
  bool present[HRS_WHEN_LIMIT];
  hid_t file;                  /* open on all ranks */
  hid_t array[HRS_PATH_LIMIT]; /* opened when first used, by whoever uses it */
  bool salient_written;
};

/** Type and shape of an array in a file. */
typedef struct hrs_dataset_shape {
  hrs_dtype type;       /* NONE: strings */
  char *const *strings; /* all of them */
  int rank;
  hsize_t dim[HRS_MAX_RANK];
} hrs_dataset_shape;

/** present[HRS_WHEN_LIMIT]: which objects a data set has. */
void hrs_dataset_present(const hrs_dataset_spec *spec, bool *present);
hrs_dataset_shape hrs_dataset_shape_of(const hrs_dataset_spec *spec, hrs_dataset_path path);
/** The type that elements are stored in: HDF5 has no half precision, and bool is uint8. */
hrs_dtype hrs_dataset_stored_type(hrs_dtype type);

/* By one process, while no other has the file open. A failure leaves an empty file or none. */

/** Make the file with all objects of fixed size, `complete` = 0, and have its space set aside. */
hrs_status hrs_dataset_build(const char *part, const hrs_dataset_spec *spec);
/** Add the arrays of /salient for `total` entries. */
hrs_status hrs_dataset_build_salient(const char *part, hrs_count rows, hrs_count total);
/** Set the attributes of /run and `complete`, and see the file safely to disk. */
hrs_status hrs_dataset_seal(const char *part, int attributes, const hrs_run_attribute *run);

/** Close the file on all ranks, let rank 0 work on it, open it again on all ranks. Collective. */
hrs_status hrs_dataset_serially(hrs_dataset *set, hrs_status (*work)(hrs_dataset *, void *),
                                void *context, bool reopen);
/** Write part of an array from one rank, in slabs along its first axis. Not collective. */
hrs_status hrs_dataset_write_part(hrs_dataset *set, hrs_dataset_path path, hid_t memory_type,
                                  int rank, const hsize_t *start, const hsize_t *count,
                                  const void *data);
/** The failure of a write that HDF5 has just reported, with the reason as far as it can be known.
 */
hrs_status hrs_dataset_write_failed(const hrs_dataset *set, const char *what);

/* ---- the reader ----------------------------------------------------------------------------- */

/** A data set open for reading by one process, with what is small of it in memory. */
typedef struct hrs_dataset_reading {
  char *path;
  hrs_h5_reader *reader;
  int format_version;
  char *program_version, *git;
  int n;
  hrs_count samples, rows;
  bool complete;
  bool has[HRS_PATH_LIMIT];
  hrs_h5_array found[HRS_PATH_LIMIT]; /* what those are */
  int orders[HRS_INDEX_LIMIT];        /* highest order of an interaction index; 0: not there */
  hrs_dtype precision;                /* of the lattice arrays; HRS_NONE where there is none */
  char **player_names;                /* [n]; "0", "1" ... where the file has none */
  char **row_names;                   /* [rows, n] where rows have their own, once asked for */
  int n_row_names;
  char **class_names; /* [classes], or NULL */
  int classes;
  hrs_array map; /* empty where there is none */
  /* [rows]; salient things are NULL in an incomplete file */
  int64_t *index;
  int32_t *label, *target;
  int32_t *network; /* NULL where there is one */
  double *v_empty, *v_full, *threshold;
  uint8_t *truncated;
  uint64_t *offset; /* [rows + 1] */
} hrs_dataset_reading;

/**
 * Open a data set and read what stands in memory. An incomplete file opens, with complete = false.
 * Not collective. Errors: INPUT (no such file, no HDF5, no data set of ours, damaged),
 * UNSUPPORTED (a newer format).
 */
hrs_status hrs_dataset_open(const char *path, hrs_dataset_reading **out);
void hrs_dataset_close(hrs_dataset_reading **set);
/** Read elements [first, first + count) of row k of an array [rows, ...] (of the array itself where
 *  it has one axis and k < 0), converted to `type`. Errors: INPUT. */
hrs_status hrs_dataset_read(const hrs_dataset_reading *set, hrs_dataset_path name, hrs_count k,
                            hrs_count first, hrs_count count, hrs_dtype type, void *out);
/** Let player_names be those of row k, where rows have names of their own. Errors: INPUT. */
hrs_status hrs_dataset_name_row(hrs_dataset_reading *set, hrs_count k);
/** An attribute of /run as text, in hrs_alloc memory; NULL where there is none. */
hrs_status hrs_dataset_read_run(const hrs_dataset_reading *set, const char *name, char **out);
/** The same of /game, which says what v is; NULL in files of before it was recorded. */
hrs_status hrs_dataset_read_game(const hrs_dataset_reading *set, const char *name, char **out);
/** The salient list of row k: entries [first, first + count). */
hrs_status hrs_dataset_read_salient(const hrs_dataset_reading *set, hrs_count first,
                                    hrs_count count, hrs_salient *out);

#endif
