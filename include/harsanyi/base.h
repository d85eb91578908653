/*
 * base.h -- what every other room stands on: status codes and error messages, integer types by
 * meaning, accounted memory, n-dimensional arrays and the files they come from.
 *
 * Model. Every function that can fail returns an hrs_status and leaves a message for the user in a
 * thread-local buffer (hrs_error_message). Callers pass failures on with HRS_TRY and may put a
 * context such as the option's name in front with HRS_TRY_CONTEXT, so that the message that is
 * printed once, at the top, names option, file, value and remedy. Results are last parameters.
 */
#ifndef HARSANYI_BASE_H
#define HARSANYI_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif
/* What a public header declares leaves the shared library, and nothing else does. */
#pragma GCC visibility push(default)

/* ---- integer types by meaning --------------------------------------------------------------- */

/** A set of players: bit i = player i, bit 0 the least significant. */
typedef uint64_t hrs_mask;
/** A number of things that may exceed 2^31: elements, masks, bytes. */
typedef int64_t hrs_count;

/** Most players a lattice may have: 2^40 masks are 8 TiB in double precision. */
#define HRS_MAX_PLAYERS 40

/* ---- status --------------------------------------------------------------------------------- */

/* X(name, exit code, meaning). Exit codes follow sysexits.h. */
#define HRS_STATUS_TABLE(X)                                                                        \
  X(OK, 0, "success")                                                                              \
  X(USAGE, 64, "wrong options or values")                                                          \
  X(TOO_LARGE, 64, "the request does not fit the memory or the ranks")                             \
  X(INPUT, 65, "bad input file or data")                                                           \
  X(UNSUPPORTED, 65, "the input asks for something this version does not do")                      \
  X(NONFINITE, 65, "the game's values are not finite")                                             \
  X(MEMORY, 70, "out of memory")                                                                   \
  X(INTERNAL, 70, "an error in harsanyi itself")                                                   \
  X(VERIFY, 70, "a verification failed")                                                           \
  X(IO, 74, "a file could not be written or read")                                                 \
  X(STOPPED, 75, "stopped before the end")

/* A status that nobody looks at is worth a warning, where the compiler can give one. In C11 GCC
 * does so for a price: pedantic warnings, which our own build does not ask for. */
#if defined(__clang__)
#define HRS_CHECKED __attribute__((warn_unused_result))
#elif defined(HRS_CHECK_STATUS) || (defined(__cplusplus) && __cplusplus >= 201703L)
#define HRS_CHECKED [[nodiscard]]
#else
#define HRS_CHECKED
#endif

/** What became of a call; see HRS_STATUS_TABLE. */
typedef enum HRS_CHECKED hrs_status {
#define HRS_STATUS_ENUM(name, code, text) HRS_STATUS_##name,
  HRS_STATUS_TABLE(HRS_STATUS_ENUM)
#undef HRS_STATUS_ENUM
      HRS_STATUS_LIMIT
} hrs_status;

/** No failure. */
#define HRS_OK HRS_STATUS_OK

/** Name of a status, for example "INPUT". Not collective. */
const char *hrs_status_name(hrs_status status);
/** What a status means, in a few words. Not collective. */
const char *hrs_status_text(hrs_status status);
/** The exit code that the program returns for a status. Not collective. */
int hrs_status_exit_code(hrs_status status);

#if defined(__GNUC__)
#define HRS_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define HRS_PRINTF(at, first)
#endif

/**
 * Record a failure and return its status. Not collective.
 * @param file,line  where it happened (kept for --verbose traces, not part of the message)
 * @param format     a message for the user: what was found, what was expected, what to do
 */
hrs_status hrs_error_set(hrs_status status, const char *file, int line, const char *format, ...)
    HRS_PRINTF(4, 5);
/** Put "context: " in front of the recorded message, and return status. Not collective. */
hrs_status hrs_error_context(hrs_status status, const char *format, ...) HRS_PRINTF(2, 3);
/** Note that a failure passed through file:line (HRS_TRY does), and return status. */
hrs_status hrs_error_trace(hrs_status status, const char *file, int line);
/** The message of this thread's last failure; "" if there was none. Not collective. */
const char *hrs_error_message(void);
/** Where it happened: "file:line < file:line ...", innermost first. Not collective. */
const char *hrs_error_trace_text(void);

/** Return from the enclosing function with a status and a message. */
#define HRS_FAIL(status, ...)                                                                      \
  return hrs_error_set(HRS_STATUS_##status, __FILE__, __LINE__, __VA_ARGS__)
/** Pass a failure on. */
#define HRS_TRY(call)                                                                              \
  do {                                                                                             \
    hrs_status hrs_try_status_ = (call);                                                           \
    if (hrs_try_status_ != HRS_OK) return hrs_error_trace(hrs_try_status_, __FILE__, __LINE__);    \
  } while (0)
/** Pass a failure on with a context in front of its message. */
#define HRS_TRY_CONTEXT(call, ...)                                                                 \
  do {                                                                                             \
    hrs_status hrs_try_status_ = (call);                                                           \
    if (hrs_try_status_ != HRS_OK) return hrs_error_context(hrs_try_status_, __VA_ARGS__);         \
  } while (0)
/** Go to label `done` on failure, with the status in the local variable `status`. */
#define HRS_GO(call)                                                                               \
  do {                                                                                             \
    status = (call);                                                                               \
    if (status != HRS_OK) {                                                                        \
      status = hrs_error_trace(status, __FILE__, __LINE__);                                        \
      goto done;                                                                                   \
    }                                                                                              \
  } while (0)
/** A user's error: always checked. */
#define HRS_REQUIRE(condition, status, ...)                                                        \
  do {                                                                                             \
    if (!(condition)) HRS_FAIL(status, __VA_ARGS__);                                               \
  } while (0)
/** Our own error: an invariant that no input may break. */
#define HRS_ASSERT(condition)                                                                      \
  do {                                                                                             \
    if (!(condition)) HRS_FAIL(INTERNAL, "internal check failed: %s", #condition);                 \
  } while (0)

/** value as an int, or a failure where it does not fit: the one place where counts are narrowed. */
hrs_status hrs_narrow(hrs_count value, const char *what, int *out);
/** a*b, or a failure (INPUT) where it overflows or an operand is negative. */
hrs_status hrs_multiply(hrs_count a, hrs_count b, const char *what, hrs_count *out);
/** a+b of counts from 0 on, or the largest count where that does not fit: for estimates, which are
 *  compared with what there is. Not collective. */
hrs_count hrs_count_add(hrs_count a, hrs_count b);
/** a*b of counts from 0 on, or the largest count where that does not fit. Not collective. */
hrs_count hrs_count_multiply(hrs_count a, hrs_count b);
/** The ending of a noun behind a count in a message: "" for 1, else "s". Not collective. */
const char *hrs_plural(hrs_count count);

/* ---- accounted memory ----------------------------------------------------------------------- */

/**
 * Allocate `count` elements of `size` bytes, aligned to 64 bytes, not initialised; 0 elements are
 * allowed and give a pointer that may be freed. Accounted: see hrs_memory_peak. Not collective.
 * Errors: MEMORY.
 */
hrs_status hrs_alloc(hrs_count count, size_t size, void *out /* T** */);
/** The same, filled with zeros. */
hrs_status hrs_calloc(hrs_count count, size_t size, void *out /* T** */);
/** Resize an allocation of hrs_alloc, keeping its contents; *pointer may be NULL. */
hrs_status hrs_realloc(void *pointer /* T** */, hrs_count count, size_t size);
/** Copy of a string, or of its first `length` bytes. */
hrs_status hrs_strdup(const char *text, char **out);
/** Copy of the first `length` bytes of a string; free with hrs_free. */
hrs_status hrs_strndup(const char *text, size_t length, char **out);
/** Free what the functions above gave; NULL is fine. */
void hrs_free(void *pointer);
/** Bytes now allocated, and the most there were since the start (or the last reset). */
hrs_count hrs_memory_current(void);
/** The most bytes there were at a time, since the start or the last reset. */
hrs_count hrs_memory_peak(void);
/** Let the peak begin anew at what is allocated now. */
void hrs_memory_reset_peak(void);
/** Account `bytes` (negative: given back) that were not taken with hrs_alloc. */
void hrs_memory_note(hrs_count bytes);

/** Memory of a block that does not change any more, in whole pages. */
typedef struct hrs_constant {
  void *block; /* of hrs_alloc */
  char *data;
  hrs_count bytes;
  bool elsewhere; /* another process accounts for it */
} hrs_constant;

/**
 * `bytes` from `data` on, inside a block of hrs_alloc, do not change until the block is freed, and
 * are the same in every process that made it in the same way: processes may come to share them.
 * Less than a megabyte is not worth it and is left alone. Not for blocks that are resized.
 */
void hrs_memory_constant(void *block, const void *data, hrs_count bytes);
/** All of these, in the order in which they were named; valid until the next one comes or goes. */
int hrs_memory_constants(hrs_constant **list);
/** Constant number `index` has been mapped from memory that another process accounts for, or
 *  (`elsewhere` false) this one: freeing the block puts memory of its own in its place. */
void hrs_memory_mapped(int index, bool elsewhere);

/* ---- element types and arrays --------------------------------------------------------------- */

/* X(name, bytes, NumPy's descr without byte order, text) */
#define HRS_DTYPE_TABLE(X)                                                                         \
  X(F32, 4, "f4", "float32")                                                                       \
  X(F64, 8, "f8", "float64")                                                                       \
  X(F16, 2, "f2", "float16")                                                                       \
  X(BF16, 2, "", "bfloat16")                                                                       \
  X(I8, 1, "i1", "int8")                                                                           \
  X(I16, 2, "i2", "int16")                                                                         \
  X(I32, 4, "i4", "int32")                                                                         \
  X(I64, 8, "i8", "int64")                                                                         \
  X(U8, 1, "u1", "uint8")                                                                          \
  X(U16, 2, "u2", "uint16")                                                                        \
  X(U32, 4, "u4", "uint32")                                                                        \
  X(U64, 8, "u8", "uint64")                                                                        \
  X(BOOL, 1, "b1", "bool")

/** Type of the elements of an array; see HRS_DTYPE_TABLE. */
typedef enum hrs_dtype {
  HRS_NONE,
#define HRS_DTYPE_ENUM(name, bytes, descr, text) HRS_##name,
  HRS_DTYPE_TABLE(HRS_DTYPE_ENUM)
#undef HRS_DTYPE_ENUM
      HRS_DTYPE_LIMIT
} hrs_dtype;

/** Bytes of an element; 0 for HRS_NONE. */
size_t hrs_dtype_size(hrs_dtype type);
/** "float32" and so on; "none" for HRS_NONE. */
const char *hrs_dtype_name(hrs_dtype type);
/** Convert `count` elements between any two types as C does (to bool: != 0; f16 and bf16 rounded
 *  to nearest even); where C leaves it open, numbers too large for an integer saturate and NaN
 *  becomes 0. In place is allowed only where the types have the same size. */
hrs_status hrs_convert(hrs_dtype from, const void *source, hrs_dtype to, void *target,
                       hrs_count count);
/** Convert numbers of a user's to an integer type or bool, each exactly: a fraction, NaN, an
 *  infinity or a number that `to` does not hold is refused.
 *  @param bad  index of the first element that is refused, -1 without; for the caller's message
 *  Errors: INPUT, naming value and reason: the caller says where it stood. */
hrs_status hrs_convert_whole(hrs_dtype from, const void *source, hrs_dtype to, void *target,
                             hrs_count count, hrs_count *bad);

/** Most axes that an array may have. */
#define HRS_MAX_RANK 8

/** An array in C order that owns its data (hrs_alloc). All zero = empty. */
typedef struct hrs_array {
  hrs_dtype type;
  int rank;
  hrs_count dim[HRS_MAX_RANK];
  void *data;
} hrs_array;

/** Allocate the data of an array of the given type and shape, not initialised. */
hrs_status hrs_array_create(hrs_dtype type, int rank, const hrs_count *dim, hrs_array *out);
/** Deep copy. */
hrs_status hrs_array_copy(const hrs_array *from, hrs_array *out);
/** Convert the elements of an array, in place of the old data. */
hrs_status hrs_array_convert(hrs_array *array, hrs_dtype type);
/** The same to an integer type or bool, by hrs_convert_whole; unchanged on failure. */
hrs_status hrs_array_convert_whole(hrs_array *array, hrs_dtype type, hrs_count *bad);
/** Free the data and reset to empty. NULL is fine. */
void hrs_array_destroy(hrs_array *array);
/** Number of elements of a shape. */
hrs_count hrs_array_count(const hrs_array *array);
/** A box inside an array. */
typedef struct hrs_block {
  hrs_count start[HRS_MAX_RANK], count[HRS_MAX_RANK];
  hrs_count elements;
} hrs_block;
/** The largest block, whole rows of some axis, that begins at element `first` of an array in C
 * order and has no more than `count` > 0 elements. One after the other, few of them make up any
 * range. */
hrs_block hrs_block_first(int rank, const hrs_count *dim, hrs_count first, hrs_count count);
/** Write a shape such as "[24, 1, 28, 28]" into text; returns text. */
const char *hrs_shape_text(int rank, const hrs_count *dim, char *text, size_t size);
/** Room for any text of hrs_shape_text. */
#define HRS_SHAPE_TEXT 192

/* ---- array files ---------------------------------------------------------------------------- */

/**
 * An array in a file, read by parts: `.npy`, and `.npz` members (FILE.npz, or FILE.npz:NAME). The
 * MPI library adds HDF5 (FILE.h5:/dataset) through the same handle. Either byte order, and C or
 * Fortran order: elements come in C order.
 */
typedef struct hrs_array_file hrs_array_file;

/** What a backend provides. `read` gives rows [first, first+count) of the first axis (the whole
 *  array where rank is 0) in the file's own type; `close` frees `self`. `read_elements`, which may
 *  be NULL, gives elements of the array in C order without reading whole rows. */
typedef struct hrs_array_file_backend {
  hrs_status (*read)(void *self, hrs_count first, hrs_count count, void *out);
  void (*close)(void *self);
  hrs_status (*read_elements)(void *self, hrs_count first, hrs_count count, void *out);
} hrs_array_file_backend;

/** Open a .npy or .npz file. Not collective. Errors: INPUT with path and reason. */
hrs_status hrs_array_file_open(const char *path, hrs_array_file **out);
/** Make a handle from a backend; `self` is owned by the handle from then on, even on failure. */
hrs_status hrs_array_file_wrap(const hrs_array_file_backend *backend, void *self, const char *path,
                               hrs_dtype type, int rank, const hrs_count *dim,
                               hrs_array_file **out);
/** Close the file and free the handle; NULL is fine. */
void hrs_array_file_close(hrs_array_file **file);
/** Type of the elements as stored. */
hrs_dtype hrs_array_file_type(const hrs_array_file *file);
/** Number of axes. */
int hrs_array_file_rank(const hrs_array_file *file);
/** Shape: HRS_MAX_RANK numbers, of which rank are set. */
const hrs_count *hrs_array_file_dim(const hrs_array_file *file);
/** The path it was opened by, for messages. */
const char *hrs_array_file_path(const hrs_array_file *file);
/** Read rows [first, first+count) of the first axis, converted to `type`, into out. */
hrs_status hrs_array_file_read(hrs_array_file *file, hrs_count first, hrs_count count,
                               hrs_dtype type, void *out);
/** Read elements [first, first+count) in C order, whatever the axes, converted to `type`. */
hrs_status hrs_array_file_read_elements(hrs_array_file *file, hrs_count first, hrs_count count,
                                        hrs_dtype type, void *out);
/** Read the whole file in its own type. */
hrs_status hrs_array_file_read_all(hrs_array_file *file, hrs_array *out);
/** Open, read all, close. */
hrs_status hrs_array_load(const char *path, hrs_array *out);
/** Write an array as .npy (format 1.0); a file that is there is replaced. Errors: IO. */
hrs_status hrs_array_save(const char *path, const hrs_array *array);

/* ---- files that are read -------------------------------------------------------------------- */

/**
 * Open a file that comes from outside, to read. It must be a regular one: a pipe or a device may
 * have no end, or nobody at the other side, and is refused without waiting for it. Not collective.
 * Errors: INPUT with the path and what it is instead.
 */
hrs_status hrs_file_open(const char *path, int *descriptor, hrs_count *size);
/** Read `bytes` bytes from `offset` on. Errors: IO, INPUT (it is shorter now), STOPPED (between two
 *  pieces of a long read). */
hrs_status hrs_file_read_at(int descriptor, const char *path, hrs_count offset, hrs_count bytes,
                            void *out);
/**
 * The path of a file that another one, `file`, names as the place of some of its content: inside of
 * that one's folder, or refused. Whether it is there is for who opens it to see.
 * @param what  whose content it is, for the message
 * @param out   the path, in hrs_alloc memory
 */
hrs_status hrs_file_beside(const char *file, const char *location, const char *what, char **out);

/* ---- text ----------------------------------------------------------------------------------- */

/** The character that a text begins with; returns its bytes in UTF-8, 0 where it is none. Not
 *  collective. */
int hrs_text_character(const char *text, uint32_t *character);
/** Does a terminal obey it: control characters, Unicode's line ends, what turns the direction of
 *  writing. Not collective. */
bool hrs_character_commands(uint32_t character);
/** Where the first byte stands that is no UTF-8; -1 where all is. Not collective. */
hrs_count hrs_text_fault(const char *text);
/** Text from outside as a terminal may get it: what it would obey and bytes that are no UTF-8
 * become \\n, \\x1b, \\u202e. Cut to `size`; returns out. Not collective. */
const char *hrs_printable(const char *text, char *out, size_t size);
/** The same for a text of hrs_alloc, which is replaced; unchanged on failure. */
hrs_status hrs_make_printable(char **text);

/* ---- whole files ---------------------------------------------------------------------------- */

/**
 * How a room reads a whole small file. The default reads it from disk; the program passes one that
 * reads on rank 0 and broadcasts, so that thousands of ranks do not open the same file.
 * The bytes come from hrs_alloc.
 */
typedef struct hrs_reader {
  hrs_status (*read)(void *self, const char *path, hrs_count limit, unsigned char **bytes,
                     hrs_count *size);
  void *self;
} hrs_reader;

/** Read a file of at most `limit` bytes from disk. Errors: INPUT with path and reason. */
hrs_status hrs_file_read(const char *path, hrs_count limit, unsigned char **bytes, hrs_count *size);
/** Read through `reader`, or from disk where it is NULL. */
hrs_status hrs_reader_read(const hrs_reader *reader, const char *path, hrs_count limit,
                           unsigned char **bytes, hrs_count *size);
/** Lines of a text file without their ends (LF, or CR LF) and a byte order mark in front; an empty
 *  last line is dropped. Free with hrs_lines_free. Errors: INPUT, naming the line that is no UTF-8.
 */
hrs_status hrs_reader_lines(const hrs_reader *reader, const char *path, char ***lines,
                            hrs_count *count);
/** Free the lines and the list, and reset it to NULL. */
void hrs_lines_free(char ***lines);

/** Remember that this process reads a file. Whoever opens one for a user calls it. Not collective.
 *  Errors: MEMORY. */
hrs_status hrs_input_note(const char *path);
/** Is this a file that the process has read, under whatever name? Not collective. */
bool hrs_input_is(const char *path);
/** Do two paths name one file, or one that does not exist yet? Not collective. */
bool hrs_path_is_same(const char *a, const char *b);

/* ---- files that are written ----------------------------------------------------------------- */

/**
 * Where a file goes. Files are made under another name in the same folder, and get their own once
 * they are complete: what was there before is whole until then, and nothing is replaced without
 * `force`, also if it appears at the last moment.
 */
typedef struct hrs_place hrs_place;

/**
 * See that a file may go to `path`. Of a symbolic link the file that it leads to is meant. Not
 * collective. Errors: USAGE (exists, and no `force`; a folder, a device, a pipe; a link to nothing;
 * a name that ends in .part), IO (no such folder).
 * @param option  what named the path, such as "--out", for messages; or NULL
 * @param force   replace what is there
 */
hrs_status hrs_place_create(const char *path, const char *option, bool force, hrs_place **out);
/** Where the file goes: the path given, or that behind a symbolic link. */
const char *hrs_place_path(const hrs_place *place);
/** The option and the path as given, for messages. */
const char *hrs_place_name(const hrs_place *place);
/**
 * Give a complete file its name; one that it replaces leaves it its permissions. Not collective.
 * Errors: IO, where the name was taken meanwhile (without `force`) or the system refuses; the file
 * keeps its other name then, and the message tells it.
 * @param temporary  the file, in the folder of hrs_place_path
 */
hrs_status hrs_place_fill(const hrs_place *place, const char *temporary);
/** Free it, and reset to NULL; NULL is fine. */
void hrs_place_destroy(hrs_place **place);

/** A file being written as a stream: it has its name when all of it is on disk. */
typedef struct hrs_writer hrs_writer;

/** Begin a file; see hrs_place_create. Not collective. */
hrs_status hrs_writer_create(const char *path, const char *option, bool force, hrs_writer **out);
/** Begin a file at a place that was found good before, whatever has come there meanwhile. Takes the
 *  place, and resets it to NULL. Not collective. Errors: IO. */
hrs_status hrs_writer_begin(hrs_place **place, hrs_writer **out);
/** What to write to. Not to be closed. */
FILE *hrs_writer_stream(const hrs_writer *writer);
/** Check that all was written, and give the file its name: see hrs_place_fill. *writer is NULL
 *  afterwards. Not collective. Errors: IO; nothing is left then, or, where the name was taken, the
 *  complete file. */
hrs_status hrs_writer_finish(hrs_writer **writer);
/** Give it up and leave nothing; NULL is fine. Not collective. */
void hrs_writer_abort(hrs_writer **writer);
/** Flush a stream, and see that all that was put into it has been written. Not collective.
 *  Errors: IO, "NAME cannot be written: ...". */
hrs_status hrs_stream_check(FILE *stream, const char *name);

/* ---- stopping early ------------------------------------------------------------------------- */

/** Take SIGTERM, SIGINT, SIGUSR1, SIGXCPU and, unless it is ignored, SIGHUP as a wish to stop: long
 *  loops and reads end soon after, and no wait is begun again. One more, later than a second after
 *  the first, ends the process at once. For a program's start; a library leaves signals to the
 *  program. */
void hrs_stop_install(void);
/** Wish so, too, once so many seconds have passed since hrs_stop_install; text: what says so, for
 *  messages ("--max-time 1:00:00"). */
void hrs_stop_after(double seconds, const char *text);
/** From now on processes share their wishes: with_others is given this one's reason whenever that
 *  is asked for, and returns the most urgent that it knows of; NULL: they do no longer. */
void hrs_stop_share(int (*with_others)(int reason));
/** Why this process is to stop: 0 if it is not; the larger, the more urgent. */
int hrs_stop_reason(void);
/** As if there had been this reason here; from now on no signal gives another. */
void hrs_stop_want(int reason);
/** Is there only about a second left? So after SIGTERM, SIGINT and SIGHUP, which launchers and
 *  terminals send before they kill. */
bool hrs_stop_hurries(int reason);
/** The signal's name, or hrs_stop_after's text. */
const char *hrs_stop_text(int reason);
/** Is there a reason? */
bool hrs_stop_wanted(void);
/** STOPPED where there is one, HRS_OK else.
 *  @param format  what is being done, for the message: "reading %s" */
hrs_status hrs_stop_check(const char *format, ...) HRS_PRINTF(1, 2);

/* ---- time, provenance ------------------------------------------------------------------------ */

/** Seconds of a monotonic clock. */
double hrs_time(void);

/** "0.1.0", and the commit it was built from ("unknown" outside a checkout). */
const char *hrs_version(void);
/** The commit it was built from, with "+" where files differed from it. */
const char *hrs_git(void);

/* ---- instruction sets ---------------------------------------------------------------------- */

/** The instruction set of the inner loops: "portable", "avx2" or "avx512", the best that this
 *  processor has unless the environment's HARSANYI_SIMD names one. Not collective. */
const char *hrs_simd_name(void);
/** Is HARSANYI_SIMD (where it is set) an instruction set that this processor has? Not collective.
 *  Errors: USAGE, which hrs_butterfly, hrs_lattice_create and hrs_session_create give as well. */
hrs_status hrs_simd_check(void);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
