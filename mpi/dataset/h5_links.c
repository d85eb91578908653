/*
 * Where the values of an array may lie: in its file, or in regular files beside it. External links,
 * virtual sources and external storage with other places come with the file and not from the user,
 * who would have them read what he can read and the sender of the file cannot. A source that is
 * missing is refused too, since HDF5 would give fill values in its place.
 *
 * Sources are followed by opening them one after the other, before HDF5 does. It forgets nothing on
 * the way, so sources that lead back to themselves end at a depth that no honest file has.
 */
#include "h5_links.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DEEPEST = 16, MOST_SOURCES = 1 << 16 };

/* The last refusal inside HDF5, which has no way to pass on a status. */
static hrs_status refused;

hrs_status hrs_h5_links_refused(void) {
  hrs_status status = refused;
  refused = HRS_OK;
  return status;
}

/* The path of a file that must be there, beside another, and be a regular one. */
static hrs_status find_beside(const char *file, const char *location, const char *what,
                              char **out) {
  int descriptor;
  hrs_count size;
  HRS_TRY(hrs_file_beside(file, location, what, out));
  hrs_status status = hrs_file_open(*out, &descriptor, &size);
  if (status == HRS_OK) {
    close(descriptor);
    return HRS_OK;
  }
  hrs_free(*out);
  *out = NULL;
  return hrs_error_context(status, "%s lies in another file", what);
}

static hrs_status check_beside(const char *file, const char *location, const char *what) {
  char *path = NULL;
  HRS_TRY(find_beside(file, location, what, &path));
  hrs_free(path);
  return HRS_OK;
}

static herr_t follow_link(const char *file, const char *group, const char *target,
                          const char *object, unsigned *flags, hid_t access, void *context) {
  char what[1024];
  (void)flags;
  (void)access;
  (void)context;
  snprintf(what, sizeof what, "%.300s: what the external link in %.300s is for, %.300s,", file,
           group, object);
  refused = check_beside(file, target, what);
  return refused == HRS_OK ? 0 : -1;
}

hid_t hrs_h5_links_access(void) {
  enum { SLOTS = 12421 };
  hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
  /* Arrays are read in pieces: a chunk is unpacked once as long as some fit here. */
  if (access < 0 || H5Pset_elink_cb(access, follow_link, NULL) < 0 ||
      H5Pset_efile_prefix(access, "${ORIGIN}") < 0 ||
      H5Pset_virtual_prefix(access, "${ORIGIN}") < 0 ||
      H5Pset_chunk_cache(access, SLOTS, HRS_H5_CHUNK_CACHE, H5D_CHUNK_CACHE_W0_DEFAULT) < 0) {
    hrs_h5_close(access);
    return H5I_INVALID_HID;
  }
  return access;
}

/* ---- sources -------------------------------------------------------------------------------- */

static hrs_status check(const char *path, hid_t array, const char *what, hid_t access, int depth,
                        int *sources);

static hrs_status check_external(const char *path, hid_t properties, const char *what, int depth) {
  int files = H5Pget_external_count(properties);
  /* HDF5 looks for what a source keeps elsewhere in the folder that the program runs in. */
  HRS_REQUIRE(files <= 0 || depth == 0, INPUT,
              "%s is read from a source with external storage: store the source in one file", what);
  for (int i = 0; i < files; i++) {
    char name[4096] = "", stored[4400];
    off_t offset;
    hsize_t size;
    HRS_REQUIRE(H5Pget_external(properties, (unsigned)i, sizeof name - 1, name, &offset, &size) >=
                    0,
                INPUT, "%s: its external storage cannot be told", what);
    snprintf(stored, sizeof stored, "%.300s", what);
    HRS_TRY(check_beside(path, name, stored));
  }
  return HRS_OK;
}

/* Open the array that a virtual one takes values from, and look at where its own lie. */
static hrs_status check_source(const char *path, const char *location, const char *name,
                               hid_t virtual_array, const char *what, hid_t access, int depth,
                               int *sources) {
  hrs_status status = HRS_OK;
  hid_t files = H5I_INVALID_HID, file = H5I_INVALID_HID, array = H5I_INVALID_HID;
  herr_t error;
  char *source = NULL;
  bool same = strcmp(location, ".") == 0;
  if (!same) HRS_GO(find_beside(path, location, what, &source));
  HRS_H5_GO(files, H5Pcreate(H5P_FILE_ACCESS), IO, "%s", what);
  HRS_H5_GO(error, H5Pset_file_locking(files, false, true), IO, "%s", what);
  HRS_H5_GO(file, same ? H5Iget_file_id(virtual_array) : H5Fopen(source, H5F_ACC_RDONLY, files),
            INPUT, "%s: its source %s cannot be opened", what, location);
  array = H5Dopen2(file, name, access);
  HRS_GO(hrs_h5_links_refused());
  HRS_H5_GO(error, array < 0 ? -1 : 0, INPUT, "%s: its source %s:%s cannot be opened", what,
            location, name);
  HRS_GO(check(same ? path : source, array, what, access, depth + 1, sources));
done:
  hrs_h5_close(array);
  hrs_h5_close(file);
  hrs_h5_close(files);
  hrs_free(source);
  return status;
}

static hrs_status check_virtual(const char *path, hid_t properties, hid_t array, const char *what,
                                hid_t access, int depth, int *sources) {
  size_t count = 0;
  if (H5Pget_layout(properties) != H5D_VIRTUAL) return HRS_OK;
  HRS_REQUIRE(H5Pget_virtual_count(properties, &count) >= 0, INPUT,
              "%s: its sources cannot be told", what);
  for (size_t i = 0; i < count; i++) {
    char location[4096] = "", name[HRS_H5_NAME] = "";
    HRS_REQUIRE(++*sources <= MOST_SOURCES, INPUT, "%s has more than %d sources", what,
                MOST_SOURCES);
    ssize_t a = H5Pget_virtual_filename(properties, i, location, sizeof location);
    ssize_t b = H5Pget_virtual_dsetname(properties, i, name, sizeof name);
    HRS_REQUIRE(a > 0 && (size_t)a < sizeof location && b > 0 && (size_t)b < sizeof name, INPUT,
                "%s: source %zu cannot be told", what, i);
    HRS_REQUIRE(!strstr(location, "%b") && !strstr(name, "%b"), UNSUPPORTED,
                "%s has sources that are numbered (%s:%s): store it as one array", what, location,
                name);
    HRS_TRY(check_source(path, location, name, array, what, access, depth, sources));
  }
  return HRS_OK;
}

static hrs_status check(const char *path, hid_t array, const char *what, hid_t access, int depth,
                        int *sources) {
  HRS_REQUIRE(
      depth < DEEPEST, INPUT,
      "%s is a virtual data set that takes its values from itself, or from %d others behind "
      "each other",
      what, DEEPEST);
  hid_t properties = H5Dget_create_plist(array);
  if (properties < 0)
    return hrs_h5_error(HRS_STATUS_INPUT, __FILE__, __LINE__, "%s: how it is stored", what);
  hrs_status status = check_external(path, properties, what, depth);
  if (status == HRS_OK)
    status = check_virtual(path, properties, array, what, access, depth, sources);
  hrs_h5_close(properties);
  return status;
}

hrs_status hrs_h5_links_check(const char *path, const char *name, hid_t array, hid_t access) {
  char what[2 * HRS_H5_NAME];
  int sources = 0;
  snprintf(what, sizeof what, "%.1000s:%s", path, name);
  return check(path, array, what, access, 0, &sources);
}
