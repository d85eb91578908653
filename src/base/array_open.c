/* Which kind of array file a path names, as its first bytes tell. */
#include "npy.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a file is instead, where it is none of ours. */
static hrs_status refuse(const char *path, const unsigned char *start, hrs_count count) {
  static const struct {
    const char *magic;
    size_t length;
    const char *what;
  } known[] = {
      {"\x89HDF\r\n\x1a\n", 8, "an HDF5 file; name the array in it as FILE.h5:/dataset"},
      {"version https://git-lfs", 23, "a git-LFS pointer, not the file itself; run 'git lfs pull'"},
      {"\x1f\x8b", 2, "a gzip file; unpack it first"},
      {"\x80\x02", 2, "a Python pickle; store the array with numpy.save"},
      {"\x80\x04", 2, "a Python pickle; store the array with numpy.save"},
      {"MATLAB 5.0", 10, "a MATLAB file; store the array with numpy.save"},
  };
  HRS_REQUIRE(count > 0, INPUT, "%s is empty; a .npy or .npz file was expected", path);
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if ((size_t)count >= known[i].length && memcmp(start, known[i].magic, known[i].length) == 0)
      HRS_FAIL(INPUT, "%s is %s", path, known[i].what);
  }
  HRS_FAIL(INPUT, "%s is no .npy or .npz file (store arrays with numpy.save)", path);
}

static hrs_status open_existing(const char *path, const char *member, hrs_array_file **out) {
  unsigned char start[64];
  int descriptor;
  hrs_count size;
  HRS_TRY(hrs_file_open(path, &descriptor, &size));
  hrs_count count = size < (hrs_count)sizeof start ? size : (hrs_count)sizeof start;
  hrs_status status = hrs_file_read_at(descriptor, path, 0, count, start);
  if (status == HRS_OK && count >= 6 && memcmp(start, "\x93NUMPY", 6) == 0 && !member)
    return hrs_npy_open(path, descriptor, size, out);
  close(descriptor);
  HRS_TRY(status);
  if (count >= 4 && memcmp(start, "PK", 2) == 0) return hrs_npz_open(path, member, out);
  HRS_REQUIRE(count < 6 || memcmp(start, "\x93NUMPY", 6) != 0, INPUT,
              "%s is a single .npy array; it has no member '%s'", path, member);
  return refuse(path, start, count);
}

hrs_status hrs_array_file_open(const char *path, hrs_array_file **out) {
  *out = NULL;
  struct stat info;
  const char *colon = strrchr(path, ':');
  if (colon && stat(path, &info) != 0) {
    char *file;
    HRS_TRY(hrs_strndup(path, (size_t)(colon - path), &file));
    hrs_status status = HRS_OK;
    bool exists = stat(file, &info) == 0;
    if (exists) status = open_existing(file, colon + 1, out);
    hrs_free(file);
    if (exists) return status;
  }
  return open_existing(path, NULL, out);
}

hrs_status hrs_array_load(const char *path, hrs_array *out) {
  memset(out, 0, sizeof *out);
  hrs_array_file *file;
  HRS_TRY(hrs_array_file_open(path, &file));
  hrs_status status = hrs_array_file_read_all(file, out);
  hrs_array_file_close(&file);
  return status;
}
