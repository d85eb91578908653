/* Files that come from outside: what is no regular file, what another file names, and stopping. */
#include "scratch.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Pipes that nobody writes, sockets and devices are refused at once, by any reader. */
static void no_regular_files(void **state) {
  (void)state;
  char path[2][256];
  snprintf(path[0], sizeof path[0], "%s", scratch_path("pipe"));
  snprintf(path[1], sizeof path[1], "%s", scratch_path("socket"));
  assert_int_equal(mkfifo(path[0], 0600), 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  snprintf(name.sun_path, sizeof name.sun_path, "%.100s", path[1]);
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(bind(server, (struct sockaddr *)&name, sizeof name), 0);
  const struct {
    const char *path, *words;
  } cases[] = {{path[0], "is a pipe; a regular file was expected"},
               {path[1], "is a socket; a regular file"},
               {"/dev/zero", "/dev/zero is a device; a regular file"},
               {"/tmp", "/tmp is a folder; a regular file"}};
  alarm(60); /* a reader that waits for ever ends the test */
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsigned char *bytes;
    hrs_count size;
    char **lines;
    ASSERT_FAILS(hrs_file_read(cases[i].path, 100, &bytes, &size), INPUT, cases[i].words);
    ASSERT_FAILS(hrs_array_load(cases[i].path, &(hrs_array){0}), INPUT, cases[i].words);
    ASSERT_FAILS(hrs_reader_lines(NULL, cases[i].path, &lines, &size), INPUT, cases[i].words);
  }
  alarm(0);
  close(server);
}

static void beside(void **state) {
  (void)state;
  char folder[256], file[300], link[300], expected[320], *path;
  snprintf(folder, sizeof folder, "%s", scratch_path("folder"));
  assert_int_equal(mkdir(folder, 0700), 0);
  snprintf(file, sizeof file, "%s/a.h5", folder);
  snprintf(link, sizeof link, "%s/link", folder);
  assert_int_equal(symlink("/etc/hostname", link), 0);
  ASSERT_FAILS(hrs_file_beside(file, "/etc/passwd", "w", &path), INPUT, "an absolute path");
  ASSERT_FAILS(hrs_file_beside(file, "../b", "w", &path), INPUT, "w lies in '../b': only files");
  ASSERT_FAILS(hrs_file_beside(file, "x/../../b", "w", &path), INPUT, "only files");
  ASSERT_FAILS(hrs_file_beside(file, "", "w", &path), INPUT, "does not say which");
  ASSERT_FAILS(hrs_file_beside(file, "link", "w", &path), INPUT, "a link that leads out");
  assert_null(path);
  /* Whether it is there is not asked. */
  ASSERT_OK(hrs_file_beside(file, "..b/c", "w", &path));
  snprintf(expected, sizeof expected, "%s/..b/c", folder);
  assert_string_equal(path, expected);
  hrs_free(path);
  ASSERT_OK(hrs_file_beside("a.h5", "b", "w", &path));
  assert_string_equal(path, "b");
  hrs_free(path);
}

/* The last one: the wish stays. A wait is not begun again after the signal. */
static void stopping(void **state) {
  (void)state;
  const char *path = scratch_write("small", "12345678", 8);
  unsigned char *bytes;
  hrs_count size;
  char byte;
  int ends[2];
  hrs_stop_install();
  assert_false(hrs_stop_wanted());
  ASSERT_OK(hrs_stop_check("testing"));
  ASSERT_OK(hrs_file_read(path, 100, &bytes, &size));
  hrs_free(bytes);
  assert_int_equal(pipe(ends), 0);
  alarm(60);
  pid_t child = fork();
  if (child == 0) {
    /* Whenever it comes, before or within the wait: again and again, until the parent ends it. */
    for (;;) {
      usleep(20000);
      kill(getppid(), SIGTERM);
    }
  }
  assert_int_equal(read(ends[0], &byte, 1), -1);
  alarm(0);
  kill(child, SIGKILL);
  assert_true(hrs_stop_wanted());
  ASSERT_FAILS(hrs_file_read(path, 100, &bytes, &size), STOPPED,
               "stopped by SIGTERM while reading");
  assert_non_null(strstr(hrs_error_message(), path));
  ASSERT_FAILS(hrs_array_load(path, &(hrs_array){0}), STOPPED, path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_regular_files),
      cmocka_unit_test(beside),
      cmocka_unit_test(stopping),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
