/* Files that are written: whole or not there, nothing replaced unasked, no matter what is in the
 * way and when it appears. */
#include "scratch.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Names in the test's folder. */
static int entries(void) {
  int count = 0;
  DIR *folder = opendir(scratch_path(""));
  assert_non_null(folder);
  for (struct dirent *entry; (entry = readdir(folder));)
    count += entry->d_name[0] != '.';
  closedir(folder);
  return count;
}

static void assert_content(const char *path, const char *expected) {
  char text[64] = "";
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = '\0';
  assert_string_equal(text, expected);
}

static bool exists(const char *path) {
  struct stat info;
  return lstat(path, &info) == 0;
}

static mode_t mode_of(const char *path) {
  struct stat info;
  assert_int_equal(stat(path, &info), 0);
  return info.st_mode & 07777;
}

static hrs_writer *begin(const char *path, bool force, const char *text) {
  hrs_writer *writer;
  ASSERT_OK(hrs_writer_create(path, "--out", force, &writer));
  fputs(text, hrs_writer_stream(writer));
  return writer;
}

static void empty_folder(void) {
  char command[320];
  snprintf(command, sizeof command, "rm -rf '%s'/*", scratch_path(""));
  assert_int_equal(system(command), 0);
}

static void whole_or_not_there(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  const char *path = scratch_path("new.txt");
  mode_t mask = umask(027);
  hrs_writer *writer = begin(path, false, "all of it");
  assert_false(exists(path));
  assert_int_equal(entries(), 1);
  ASSERT_OK(hrs_writer_finish(&writer));
  umask(mask);
  assert_null(writer);
  assert_content(path, "all of it");
  assert_int_equal(mode_of(path), 0640);
  writer = begin(scratch_path("given up.txt"), false, "half");
  hrs_writer_abort(&writer);
  hrs_writer_abort(&writer);
  assert_int_equal(entries(), 1);
  assert_int_equal(hrs_memory_current(), before);
  empty_folder();
}

static void replaced_on_request_alone(void **state) {
  (void)state;
  hrs_writer *writer;
  const char *path = scratch_write("old.txt", "old", 3);
  assert_int_equal(chmod(path, 0604), 0);
  ASSERT_FAILS(hrs_writer_create(path, "--out", false, &writer), USAGE,
               "exists; give --force to replace it");
  assert_null(writer);
  assert_non_null(strstr(hrs_error_message(), "--out /"));
  writer = begin(path, true, "new");
  assert_content(path, "old");
  ASSERT_OK(hrs_writer_finish(&writer));
  assert_content(path, "new");
  assert_int_equal(mode_of(path), 0604);
  assert_int_equal(entries(), 1);
  empty_folder();
}

/* A file, a link to nothing, a folder that come between: what was there stays, what was made too.
 */
static void name_taken_meanwhile(void **state) {
  (void)state;
  for (int kind = 0; kind < 4; kind++) {
    hrs_count before = hrs_memory_current();
    const char *path = scratch_path("taken.txt");
    bool force = kind == 3;
    hrs_writer *writer = begin(path, force, "made");
    if (kind == 0)
      scratch_write("taken.txt", "theirs", 6);
    else if (kind == 1)
      assert_int_equal(symlink("nowhere", path), 0);
    else
      assert_int_equal(mkdir(path, 0700), 0);
    ASSERT_FAILS(hrs_writer_finish(&writer), IO, "is not replaced");
    assert_null(writer);
    if (kind == 0) assert_content(path, "theirs");
    assert_false(exists(scratch_path("nowhere")));
    const char *left = strstr(hrs_error_message(), "is called ");
    assert_non_null(left);
    assert_content(left + strlen("is called "), "made");
    assert_int_equal(entries(), 2);
    assert_int_equal(hrs_memory_current(), before);
    empty_folder();
  }
}

static void through_links(void **state) {
  (void)state;
  hrs_writer *writer;
  const char *link = scratch_path("link.txt"), *inner = scratch_path("inner");
  assert_int_equal(mkdir(inner, 0700), 0);
  const char *target = scratch_write("inner/target.txt", "old", 3);
  assert_int_equal(symlink("inner/target.txt", link), 0);
  ASSERT_FAILS(hrs_writer_create(link, NULL, false, &writer), USAGE, "exists");
  writer = begin(link, true, "new");
  assert_int_equal(entries(), 2); /* the unfinished one lies beside the target */
  ASSERT_OK(hrs_writer_finish(&writer));
  struct stat info;
  assert_int_equal(lstat(link, &info), 0);
  assert_true(S_ISLNK(info.st_mode));
  assert_content(target, "new");
  assert_int_equal(symlink("nowhere", scratch_path("dangling")), 0);
  assert_int_equal(symlink("circle", scratch_path("circle")), 0);
  for (int force = 0; force < 2; force++) {
    ASSERT_FAILS(hrs_writer_create(scratch_path("dangling"), NULL, force, &writer), USAGE,
                 "a symbolic link that leads to no file");
    ASSERT_FAILS(hrs_writer_create(scratch_path("circle"), NULL, force, &writer), USAGE,
                 "a symbolic link that leads to no file");
  }
  assert_false(exists(scratch_path("nowhere")));
  empty_folder();
}

static void bad_places(void **state) {
  (void)state;
  hrs_count before = hrs_memory_current();
  hrs_writer *writer;
  scratch_write("file", "x", 1);
  assert_int_equal(mkfifo(scratch_path("pipe"), 0600), 0);
  char longest[600], name[300];
  memset(name, 'x', sizeof name);
  const struct {
    const char *path;
    hrs_status status;
    const char *words;
  } bad[] = {{"", HRS_STATUS_USAGE, "0 characters"},
             {scratch_path(""), HRS_STATUS_USAGE, "is a folder"},
             {scratch_path("new/"), HRS_STATUS_USAGE, "is a folder"},
             {scratch_path("pipe"), HRS_STATUS_USAGE, "no regular file"},
             {"/dev/full", HRS_STATUS_USAGE, "no regular file"},
             {scratch_path("no/where"), HRS_STATUS_IO, "No such file or directory"},
             {scratch_path("file/x"), HRS_STATUS_IO, "is no folder"},
             {scratch_path("x.h5.part"), HRS_STATUS_USAGE, "unfinished"},
             {scratch_path("x.part.lock"), HRS_STATUS_USAGE, "unfinished"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    hrs_status status = hrs_writer_create(bad[i].path, "--out", true, &writer);
    if (status != bad[i].status || !strstr(hrs_error_message(), bad[i].words))
      fail_msg("'%s': %s: %s", bad[i].path, hrs_status_name(status), hrs_error_message());
    assert_null(writer);
  }
  snprintf(longest, sizeof longest, "%s/%.255s", scratch_path(""), name);
  writer = begin(longest, false, "long");
  ASSERT_OK(hrs_writer_finish(&writer));
  assert_content(longest, "long");
  snprintf(longest, sizeof longest, "%s/%.256s", scratch_path(""), name);
  ASSERT_FAILS(hrs_writer_create(longest, "--out", false, &writer), IO, "File name too long");
  assert_int_equal(entries(), 3);
  assert_int_equal(hrs_memory_current(), before);
  empty_folder();
}

/* The disk is full, as far as this process can tell. */
static void no_room(void **state) {
  (void)state;
  const char *path = scratch_write("kept.txt", "old", 3);
  hrs_writer *writer = begin(path, true, "");
  for (int i = 0; i < 100000; i++)
    fputc('x', hrs_writer_stream(writer));
  struct rlimit whole, small;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &whole), 0);
  small = whole;
  small.rlim_cur = 1;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  for (int i = 0; i < 100000; i++)
    fputc('x', hrs_writer_stream(writer));
  hrs_status status = hrs_writer_finish(&writer);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &whole), 0);
  assert_int_equal(status, HRS_STATUS_IO);
  assert_non_null(strstr(hrs_error_message(), "cannot be written"));
  assert_content(path, "old");
  assert_int_equal(entries(), 1);
  empty_folder();
}

static void streams_are_checked(void **state) {
  (void)state;
  FILE *full = fopen("/dev/full", "w");
  if (!full) skip();
  ASSERT_OK(hrs_stream_check(full, "the stream"));
  fputs("text", full);
  ASSERT_FAILS(hrs_stream_check(full, "the stream"), IO, "the stream cannot be written");
  fclose(full);
}

static void one_file_by_any_name(void **state) {
  (void)state;
  const char *a = scratch_write("a", "x", 1), *b = scratch_write("b", "x", 1);
  const char *hard = scratch_path("hard"), *soft = scratch_path("soft"), *c = scratch_path("c");
  assert_int_equal(link(a, hard), 0);
  assert_int_equal(symlink("a", soft), 0);
  assert_true(hrs_path_is_same(a, hard) && hrs_path_is_same(soft, hard));
  assert_false(hrs_path_is_same(a, b) || hrs_path_is_same(a, c));
  assert_true(hrs_path_is_same(c, scratch_path("./c")));
  assert_false(hrs_path_is_same(c, scratch_path("d")));
  assert_false(hrs_input_is(a));
  hrs_array none;
  ASSERT_FAILS(hrs_array_load(soft, &none), INPUT, "no .npy");
  assert_true(hrs_input_is(a) && hrs_input_is(hard) && hrs_input_is(soft));
  assert_false(hrs_input_is(b) || hrs_input_is(c));
  empty_folder();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_or_not_there),   cmocka_unit_test(replaced_on_request_alone),
      cmocka_unit_test(name_taken_meanwhile), cmocka_unit_test(through_links),
      cmocka_unit_test(bad_places),           cmocka_unit_test(no_room),
      cmocka_unit_test(streams_are_checked),  cmocka_unit_test(one_file_by_any_name)};
  return cmocka_run_group_tests_name("writer", tests, NULL, scratch_remove);
}
