/* Failures on purpose: they strike where they were armed, and a network that is read without enough
 * memory is out of memory, wherever that is, and leaves nothing. */
#include "base/fault.h"

#include <harsanyi/network.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void they_strike_once(void **state) {
  (void)state;
  hrs_fault_arm(HRS_FAULT_READ, 3);
  assert_false(hrs_fault_strikes(HRS_FAULT_READ));
  assert_false(hrs_fault_strikes(HRS_FAULT_WRITE));
  assert_false(hrs_fault_strikes(HRS_FAULT_READ));
  assert_int_equal(hrs_fault_left(HRS_FAULT_READ), 1);
  assert_true(hrs_fault_strikes(HRS_FAULT_READ));
  assert_false(hrs_fault_strikes(HRS_FAULT_READ));
}

static hrs_status arm(const char *variable, const char *text, int rank) {
  setenv(variable, text, 1);
  hrs_status status = hrs_fault_arm_from_environment(rank);
  unsetenv(variable);
  return status;
}

static void the_environment_arms_them(void **state) {
  (void)state;
  assert_int_equal(arm("HARSANYI_FAIL", "2:hdf5:7", 2), HRS_OK);
  assert_int_equal(hrs_fault_left(HRS_FAULT_HDF5), 7);
  hrs_fault_arm(HRS_FAULT_HDF5, 0);
  assert_int_equal(arm("HARSANYI_FAIL", "2:hdf5:7", 1), HRS_OK);
  assert_int_equal(hrs_fault_left(HRS_FAULT_HDF5), 0);
  assert_int_equal(hrs_fault_arm_from_environment(0), HRS_OK);
  static const char *const bad[] = {"",          "1",          "1:alloc", "1:disk:1",
                                    "1:alloc:0", "1:alloc:1x", ":",       "1:alloc:1:"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(arm("HARSANYI_FAIL", bad[i], 1), HRS_STATUS_USAGE);
    assert_int_equal(arm("HARSANYI_KILL", bad[i], 1), HRS_STATUS_USAGE);
  }
  /* A moment cannot fail. */
  assert_int_equal(arm("HARSANYI_FAIL", "0:slice:1", 0), HRS_STATUS_USAGE);
}

/* How a child ends that passes a place twice, the second time with an accident. */
static int end_of_child(const char *variable) {
  int ended = -1;
  pid_t child = fork();
  if (child == 0) {
    hrs_stop_install();
    if (arm(variable, "0:write:2", 0) != HRS_OK) _exit(1);
    if (hrs_fault_strikes(HRS_FAULT_WRITE) || hrs_stop_wanted()) _exit(2);
    if (hrs_fault_strikes(HRS_FAULT_WRITE)) _exit(3);
    _exit(hrs_stop_wanted() ? 4 : 5);
  }
  assert_int_equal(waitpid(child, &ended, WUNTRACED), child);
  if (WIFSTOPPED(ended)) {
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
  }
  return ended;
}

static void accidents_are_of_four_kinds(void **state) {
  (void)state;
  assert_int_equal(WEXITSTATUS(end_of_child("HARSANYI_FAIL")), 3);
  assert_int_equal(WEXITSTATUS(end_of_child("HARSANYI_STOP")), 4);
  assert_int_equal(WTERMSIG(end_of_child("HARSANYI_KILL")), SIGKILL);
  assert_true(WIFSTOPPED(end_of_child("HARSANYI_PAUSE")));
}

/* Decoding is about half of it: protobuf-c allocates, and says only that it could not go on. */
static void a_network_without_memory(void **state) {
  (void)state;
  int decoding = 0;
  hrs_count k = 1;
  for (;; k++) {
    hrs_model *model;
    hrs_count before = hrs_memory_current();
    hrs_fault_arm(HRS_FAULT_ALLOC, k);
    hrs_status status = hrs_model_load(HRS_DATA_DIR "/wine_mlp.onnx", NULL, &model);
    bool struck = hrs_fault_left(HRS_FAULT_ALLOC) == 0;
    hrs_fault_arm(HRS_FAULT_ALLOC, 0);
    if (!struck) {
      assert_int_equal(status, HRS_OK);
      hrs_model_destroy(&model);
      break;
    }
    assert_int_equal(status, HRS_STATUS_MEMORY);
    assert_non_null(strstr(hrs_error_message(), "no memory"));
    assert_int_equal(hrs_memory_current(), before);
    decoding += strstr(hrs_error_message(), "wine_mlp.onnx, while it is decoded") != NULL;
  }
  assert_true(k > 50 && decoding > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(they_strike_once), cmocka_unit_test(the_environment_arms_them),
      cmocka_unit_test(accidents_are_of_four_kinds), cmocka_unit_test(a_network_without_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
