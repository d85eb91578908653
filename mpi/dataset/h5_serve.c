/*
 * The far side of h5_reader.h: a child process that reads one file and answers requests. Whatever
 * is read is looked at first: its class, its size, its number of elements.
 */

#include "h5_serve.h"

#include "h5_links.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct server {
  const char *path;
  int socket;
  hid_t file, access;
  /* The array read last, and what it is. */
  char name[HRS_H5_NAME];
  hid_t array, stored;
  hrs_h5_array about;
  /* The answer to a request. */
  hrs_h5_reply reply;
  char *bytes; /* of hrs_alloc */
} server;

/* ---- what stands where ---------------------------------------------------------------------- */

static void forget_array(server *s) {
  hrs_h5_close(s->stored);
  hrs_h5_close(s->array);
  s->stored = s->array = H5I_INVALID_HID;
  s->name[0] = '\0';
}

/* Does a path lead somewhere? HDF5 wants every group on the way to exist. */
static bool exists(const server *s, const char *name) {
  char part[HRS_H5_NAME];
  size_t length = strlen(name);
  memcpy(part, name, length + 1);
  for (size_t i = 1; i <= length; i++) {
    if (name[i] != '/' && name[i] != '\0') continue;
    if (name[i - 1] == '/') continue;
    part[i] = '\0';
    if (H5Lexists(s->file, part, s->access) <= 0) return false;
    if (H5Oexists_by_name(s->file, part, s->access) <= 0) return false;
    part[i] = name[i];
  }
  return true;
}

static hrs_status describe(server *s, const char *name) {
  hrs_status status = HRS_OK;
  hid_t space = H5I_INVALID_HID;
  hsize_t dim[H5S_MAX_RANK];
  herr_t error;
  HRS_GO(hrs_h5_links_check(s->path, name, s->array, s->access));
  HRS_H5_GO(s->stored, H5Dget_type(s->array), INPUT, "%s:%s", s->path, name);
  HRS_H5_GO(space, H5Dget_space(s->array), INPUT, "%s:%s", s->path, name);
  hrs_h5_array *about = &s->about;
  about->type = hrs_h5_element_type(s->stored);
  about->kind = about->type != HRS_NONE                 ? HRS_H5_NUMBERS
                : H5Tget_class(s->stored) == H5T_STRING ? HRS_H5_TEXT
                                                        : HRS_H5_OTHER;
  snprintf(about->what, sizeof about->what, "%s of %zu bytes",
           hrs_h5_class_text(H5Tget_class(s->stored)), H5Tget_size(s->stored));
  if (H5Sget_simple_extent_type(space) == H5S_NULL) {
    status =
        hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s:%s has no elements", s->path, name);
    goto done;
  }
  HRS_H5_GO(about->rank, H5Sget_simple_extent_ndims(space), INPUT, "%s:%s", s->path, name);
  if (about->rank > HRS_MAX_RANK) {
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                           "%s:%s has %d axes; at most %d are supported", s->path, name,
                           about->rank, HRS_MAX_RANK);
    goto done;
  }
  HRS_H5_GO(error, H5Sget_simple_extent_dims(space, dim, NULL), INPUT, "%s:%s", s->path, name);
  hrs_count elements = 1;
  for (int i = 0; i < about->rank; i++) {
    about->dim[i] = dim[i] > INT64_MAX ? -1 : (hrs_count)dim[i];
    HRS_GO(hrs_multiply(elements, about->dim[i], "elements", &elements));
  }
done:
  hrs_h5_close(space);
  return status;
}

/* Make `about` that of a path, and have the array open where it is one. */
static hrs_status find(server *s, const char *name) {
  if (s->array >= 0 && strcmp(s->name, name) == 0) return HRS_OK;
  forget_array(s);
  s->about = (hrs_h5_array){0};
  bool there = exists(s, name);
  HRS_TRY(hrs_h5_links_refused());
  if (!there) return HRS_OK;
  s->about.kind = HRS_H5_NO_ARRAY;
  hid_t object = H5Oopen(s->file, name, s->access);
  if (object < 0)
    return hrs_h5_error(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s:%s cannot be opened", s->path,
                        name);
  bool array = H5Iget_type(object) == H5I_DATASET;
  hrs_h5_close(object);
  if (!array) return HRS_OK;
  s->array = H5Dopen2(s->file, name, s->access);
  if (s->array < 0)
    return hrs_h5_error(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s:%s cannot be opened", s->path,
                        name);
  hrs_status status = describe(s, name);
  if (status != HRS_OK) {
    forget_array(s);
    return status;
  }
  snprintf(s->name, sizeof s->name, "%s", name);
  return HRS_OK;
}

/* The same, where it must be an array. */
static hrs_status need(server *s, const char *name) {
  HRS_TRY(find(s, name));
  HRS_REQUIRE(s->array >= 0, INPUT, "%s has no data set %s", s->path, name);
  return HRS_OK;
}

static hrs_status answer_find(server *s, const hrs_h5_request *request) {
  HRS_TRY(find(s, request->name));
  s->reply.array = s->about;
  return HRS_OK;
}

/* ---- elements ------------------------------------------------------------------------------- */

/* A filter that this HDF5 does not have is the commonest reason, and HDF5 does not name it so that
 * a user could look for it. */
static hrs_status cannot_read(const server *s) {
  hrs_status status =
      hrs_h5_error(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s:%s cannot be read", s->path, s->name);
  hid_t properties = H5Dget_create_plist(s->array);
  int filters = properties < 0 ? 0 : H5Pget_nfilters(properties);
  for (int i = 0; i < filters; i++) {
    unsigned flags, config;
    size_t values = 0;
    char name[64] = "";
    H5Z_filter_t id =
        H5Pget_filter2(properties, (unsigned)i, &flags, &values, NULL, sizeof name, name, &config);
    if (id < 0 || H5Zfilter_avail(id) > 0) continue;
    name[strcspn(name, " ;:")] = '\0';
    status = hrs_error_set(
        HRS_STATUS_INPUT, __FILE__, __LINE__,
        "%s:%s is compressed by the filter %s (number %d), which this HDF5 does not have: name the "
        "folder of its plug-in in HDF5_PLUGIN_PATH, or store the array anew with gzip or without "
        "compression where the filter is there (h5repack -f GZIP=4, or -f NONE)",
        s->path, s->name, *name ? name : "without a name", (int)id);
    break;
  }
  hrs_h5_close(properties);
  return status;
}

static hrs_status read_block(server *s, const hrs_block *block, hid_t type, void *out) {
  hrs_status status = HRS_OK;
  herr_t error;
  int rank = s->about.rank;
  hid_t in_file = H5I_INVALID_HID, in_memory = H5I_INVALID_HID;
  hsize_t start[HRS_MAX_RANK], count[HRS_MAX_RANK];
  for (int i = 0; i < rank; i++) {
    start[i] = (hsize_t)block->start[i];
    count[i] = (hsize_t)block->count[i];
  }
  HRS_H5_GO(in_file, H5Dget_space(s->array), INPUT, "%s:%s", s->path, s->name);
  if (rank > 0) {
    HRS_H5_GO(error, H5Sselect_hyperslab(in_file, H5S_SELECT_SET, start, NULL, count, NULL), INPUT,
              "%s:%s", s->path, s->name);
    HRS_H5_GO(in_memory, H5Screate_simple(rank, count, NULL), INPUT, "%s:%s", s->path, s->name);
  } else {
    HRS_H5_GO(in_memory, H5Screate(H5S_SCALAR), INPUT, "%s:%s", s->path, s->name);
  }
  if (H5Dread(s->array, type, in_memory, in_file, H5P_DEFAULT, out) < 0) status = cannot_read(s);
done:
  hrs_h5_close(in_memory);
  hrs_h5_close(in_file);
  return status;
}

static hrs_status answer_read(server *s, const hrs_h5_request *request) {
  HRS_TRY(need(s, request->name));
  const hrs_h5_array *about = &s->about;
  HRS_REQUIRE(about->kind == HRS_H5_NUMBERS, INPUT,
              "%s:%s holds %s; integers or floats of at most 8 bytes were expected", s->path,
              s->name, about->what);
  HRS_REQUIRE(hrs_h5_holds(request->type, about->type), INPUT,
              "%s:%s holds numbers of type %s; %s was expected", s->path, s->name,
              hrs_dtype_name(about->type), hrs_dtype_name(request->type));
  hrs_count size = (hrs_count)hrs_dtype_size(request->type), whole = 1;
  for (int i = 0; i < about->rank; i++)
    whole *= about->dim[i];
  HRS_REQUIRE(request->first >= 0 && request->count > 0 && request->count <= HRS_H5_PIECE &&
                  request->first <= whole && request->count <= whole - request->first,
              INPUT, "%s:%s has %lld elements; %lld from %lld on were expected", s->path, s->name,
              (long long)whole, (long long)request->count, (long long)request->first);
  HRS_TRY(hrs_alloc(request->count, (size_t)size, &s->bytes));
  hid_t type = about->type == HRS_BOOL ? H5Tget_native_type(s->stored, H5T_DIR_ASCEND)
                                       : H5Tcopy(hrs_h5_memory_type(request->type));
  hrs_status status = HRS_OK;
  hrs_block block;
  for (hrs_count done = 0; done < request->count && status == HRS_OK; done += block.elements) {
    block = hrs_block_first(about->rank, about->dim, request->first + done, request->count - done);
    status = read_block(s, &block, type, s->bytes + done * size);
  }
  hrs_h5_close(type);
  s->reply.bytes = request->count * size;
  return status;
}

/* ---- text ----------------------------------------------------------------------------------- */

/* Texts one after the other, each with a zero behind it. */
static hrs_status join(server *s, const char *const *text, hrs_count count, size_t width) {
  hrs_count bytes = 0;
  for (hrs_count i = 0; i < count; i++) {
    bytes += (hrs_count)(text[i] ? strnlen(text[i], width) : 0) + 1;
    HRS_REQUIRE(bytes <= HRS_H5_ANSWER_LIMIT, INPUT,
                "%s has more than %lld bytes of text in one place", s->path,
                (long long)HRS_H5_ANSWER_LIMIT);
  }
  HRS_TRY(hrs_alloc(bytes, 1, &s->bytes));
  char *at = s->bytes;
  for (hrs_count i = 0; i < count; i++) {
    size_t length = text[i] ? strnlen(text[i], width) : 0;
    if (length) memcpy(at, text[i], length);
    at[length] = '\0';
    at += length + 1;
  }
  s->reply.bytes = bytes;
  return HRS_OK;
}

/*
 * The strings of an array or attribute of `count` elements. `read` gives them in the stored type:
 * pointers where their length varies, else `width` bytes each.
 */
static hrs_status join_strings(server *s, hid_t object, hid_t stored, hrs_count count,
                               const char *what) {
  bool array = H5Iget_type(object) == H5I_DATASET, varies = H5Tis_variable_str(stored) > 0;
  size_t width = H5Tget_size(stored);
  hrs_count bytes;
  void *raw = NULL;
  const char **text = NULL;
  hrs_status status;
  herr_t error;
  HRS_TRY(hrs_multiply(count, (hrs_count)width, "bytes of text", &bytes));
  HRS_REQUIRE(bytes <= HRS_H5_ANSWER_LIMIT, INPUT, "%s has %lld bytes of text", what,
              (long long)bytes);
  HRS_GO(hrs_calloc(bytes, 1, &raw));
  HRS_GO(hrs_calloc(count, sizeof *text, &text));
  HRS_H5_GO(error,
            array ? H5Dread(object, stored, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw)
                  : H5Aread(object, stored, raw),
            INPUT, "%s cannot be read", what);
  for (hrs_count i = 0; i < count; i++)
    text[i] = varies ? ((char **)raw)[i] : (char *)raw + (size_t)i * width;
  HRS_GO(join(s, text, count, varies ? (size_t)HRS_H5_ANSWER_LIMIT : width));
done:
  /* What HDF5 took for strings of any length is not given back: the process is short-lived. */
  hrs_free(text);
  hrs_free(raw);
  return status;
}

static hrs_status answer_strings(server *s, const hrs_h5_request *request) {
  char what[2 * HRS_H5_NAME];
  HRS_TRY(need(s, request->name));
  HRS_REQUIRE(s->about.kind == HRS_H5_TEXT, INPUT, "%s:%s holds %s; strings were expected", s->path,
              s->name, s->about.what);
  hrs_count count = 1;
  for (int i = 0; i < s->about.rank; i++)
    count *= s->about.dim[i];
  snprintf(what, sizeof what, "%.1000s:%s", s->path, s->name);
  return join_strings(s, s->array, s->stored, count, what);
}

/* ---- attributes ----------------------------------------------------------------------------- */

/* An attribute with one element; `attribute` is negative where there is none. */
typedef struct single {
  hid_t object, attribute, type;
  char what[2 * HRS_H5_NAME];
} single;

static hrs_status open_single(server *s, const hrs_h5_request *request, single *out) {
  hrs_status status = HRS_OK;
  hid_t space = H5I_INVALID_HID;
  *out = (single){.object = H5I_INVALID_HID, .attribute = H5I_INVALID_HID, .type = H5I_INVALID_HID};
  snprintf(out->what, sizeof out->what, "%.900s: attribute %s of %.900s", s->path,
           request->attribute, request->name);
  bool root = strcmp(request->name, "/") == 0;
  if (!root && !exists(s, request->name)) return hrs_h5_links_refused();
  HRS_H5_GO(out->object, H5Oopen(s->file, request->name, s->access), INPUT, "%s", out->what);
  htri_t there = H5Aexists(out->object, request->attribute);
  if (there == 0) goto done;
  HRS_H5_GO(out->attribute, H5Aopen(out->object, request->attribute, H5P_DEFAULT), INPUT, "%s",
            out->what);
  HRS_H5_GO(out->type, H5Aget_type(out->attribute), INPUT, "%s", out->what);
  HRS_H5_GO(space, H5Aget_space(out->attribute), INPUT, "%s", out->what);
  hssize_t elements = H5Sget_simple_extent_npoints(space);
  if (elements != 1)
    status =
        hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__,
                      "%s has %lld elements; one was expected", out->what, (long long)elements);
done:
  hrs_h5_close(space);
  return status;
}

static void close_single(single *a) {
  hrs_h5_close(a->type);
  hrs_h5_close(a->attribute);
  hrs_h5_close(a->object);
}

static hrs_status answer_text(server *s, const hrs_h5_request *request) {
  single a;
  hrs_status status;
  HRS_GO(open_single(s, request, &a));
  if (a.attribute < 0) goto done;
  if (H5Tget_class(a.type) != H5T_STRING) {
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s holds %s; text was expected",
                           a.what, hrs_h5_class_text(H5Tget_class(a.type)));
    goto done;
  }
  HRS_GO(join_strings(s, a.attribute, a.type, 1, a.what));
done:
  close_single(&a);
  return status;
}

static hrs_status answer_number(server *s, const hrs_h5_request *request) {
  single a;
  hrs_status status;
  herr_t error;
  HRS_GO(open_single(s, request, &a));
  hrs_dtype type = a.attribute < 0 ? HRS_NONE : hrs_h5_element_type(a.type);
  if (type == HRS_NONE || type == HRS_BOOL) {
    status = hrs_error_set(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s %s; a number was expected",
                           a.what, a.attribute < 0 ? "is missing" : "is none");
    goto done;
  }
  HRS_H5_GO(error, H5Aread(a.attribute, H5T_NATIVE_DOUBLE, &s->reply.number), INPUT, "%s", a.what);
done:
  close_single(&a);
  return status;
}

/* ---- the list ------------------------------------------------------------------------------- */

typedef struct listing {
  char text[HRS_H5_LIST];
  size_t used;
  int count;
} listing;

static herr_t list_object(hid_t file, const char *name, const H5O_info_t *info, void *context) {
  listing *list = context;
  (void)file;
  if (info->type != H5O_TYPE_DATASET) return 0;
  size_t room = sizeof list->text - list->used;
  if (strlen(name) + sizeof ", /, ..." > room) {
    snprintf(list->text + list->used, room, ", ...");
    return 1;
  }
  list->used +=
      (size_t)snprintf(list->text + list->used, room, "%s/%s", list->count++ ? ", " : "", name);
  return 0;
}

static hrs_status answer_list(server *s, const hrs_h5_request *request) {
  listing list = {.text = "none"};
  (void)request;
  if (H5Ovisit2(s->file, H5_INDEX_NAME, H5_ITER_INC, list_object, &list, H5O_INFO_BASIC) < 0)
    return hrs_h5_error(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s: its objects cannot be listed",
                        s->path);
  const char *text = list.text;
  return join(s, &text, 1, sizeof list.text);
}

/* ---- the file ------------------------------------------------------------------------------- */

static hrs_status answer_open(server *s, const hrs_h5_request *request) {
  hrs_status status = HRS_OK;
  hid_t access = H5I_INVALID_HID;
  herr_t error;
  (void)request;
  struct stat info;
  HRS_REQUIRE(H5Fis_hdf5(s->path) > 0, INPUT, "%s is no HDF5 file (%lld bytes)", s->path,
              stat(s->path, &info) == 0 ? (long long)info.st_size : 0);
  HRS_H5_GO(access, H5Pcreate(H5P_FILE_ACCESS), IO, "%s", s->path);
  /* Many clusters mount their file systems without locks; reading needs none. */
  HRS_H5_GO(error, H5Pset_file_locking(access, false, true), IO, "%s", s->path);
  HRS_H5_GO(s->access, hrs_h5_links_access(), IO, "%s", s->path);
  HRS_H5_GO(s->file, H5Fopen(s->path, H5F_ACC_RDONLY, access), INPUT,
            "%s cannot be opened as HDF5 (damaged or cut off?)", s->path);
done:
  hrs_h5_close(access);
  return status;
}

/* ---- the process ---------------------------------------------------------------------------- */

static bool receive_request(int socket, hrs_h5_request *request) {
  size_t done = 0;
  while (done < sizeof *request) {
    ssize_t got = recv(socket, (char *)request + done, sizeof *request - done, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += (size_t)got;
  }
  return true;
}

/* Seconds of processor time for a request, far beyond what an honest file takes: in some damaged
 * ones HDF5 runs in circles. */
static void limit_time(hrs_h5_wish wish) {
  enum { TO_READ = 120, TO_FIND = 10 };
  struct rusage used;
  struct rlimit limit;
  if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &limit) != 0) return;
  limit.rlim_cur = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1 +
                   (wish == HRS_H5_WISH_READ ? TO_READ : TO_FIND);
  if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_CPU, &limit);
}

static void send_or_end(int socket, const void *data, hrs_count size) {
  for (const char *at = data; size > 0;) {
    ssize_t sent = send(socket, at, (size_t)size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) _exit(0);
    at += sent;
    size -= sent;
  }
}

/* Keep nothing of the parent but the socket: neither its open files and their locks, nor a terminal
 * for the C library's last words, nor handlers that print. Signals meant for the job are its. */
static void leave_parent(int socket) {
  static const int defaults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL, SIGXCPU},
                   ignored[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP, SIGPIPE};
  for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
    signal(defaults[i], SIG_DFL);
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
    signal(ignored[i], SIG_IGN);
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  int nowhere = open("/dev/null", O_RDWR);
  for (int i = 0; i < 3 && nowhere >= 0; i++)
    dup2(nowhere, i);
  long most = sysconf(_SC_OPEN_MAX);
  for (int i = 3; i < (most > 0 && most < 4096 ? most : 4096); i++)
    if (i != socket) close(i);
}

_Noreturn void hrs_h5_serve(const char *path, int socket) {
  static hrs_status (*const answers[HRS_H5_WISHES])(server *, const hrs_h5_request *) = {
      [HRS_H5_WISH_OPEN] = answer_open, [HRS_H5_WISH_FIND] = answer_find,
      [HRS_H5_WISH_READ] = answer_read, [HRS_H5_WISH_STRINGS] = answer_strings,
      [HRS_H5_WISH_TEXT] = answer_text, [HRS_H5_WISH_NUMBER] = answer_number,
      [HRS_H5_WISH_LIST] = answer_list};
  server s = {.path = path,
              .socket = socket,
              .file = H5I_INVALID_HID,
              .access = H5I_INVALID_HID,
              .array = H5I_INVALID_HID,
              .stored = H5I_INVALID_HID};
  hrs_h5_request request;
  leave_parent(socket);
  while (receive_request(socket, &request)) {
    memset(&s.reply, 0, sizeof s.reply);
    limit_time(request.wish);
    s.reply.status = answers[request.wish](&s, &request);
    const char *bytes = s.bytes;
    if (s.reply.status != HRS_OK) {
      bytes = hrs_error_message();
      s.reply.bytes = (hrs_count)strlen(bytes);
    }
    send_or_end(socket, &s.reply, sizeof s.reply);
    send_or_end(socket, bytes, s.reply.bytes);
    hrs_free(s.bytes);
    s.bytes = NULL;
  }
  _exit(0);
}
