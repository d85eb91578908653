/* Limits of memory, below a folder that stands for the system's: the machine, control groups of
 * both versions where Slurm, Docker and cgroup namespaces put them, ulimit. */
#include "base/memory_room.h"
#include "scratch.h"

#include <sys/resource.h>
#include <sys/stat.h>

static const hrs_count MIB = 1 << 20;

/* Write `file` in `folder` of the system named `name`, and the folders on its way. */
static void put(const char *name, const char *folder, const char *file, const char *format, ...) {
  char path[2048];
  snprintf(path, sizeof path, "%s%s/%s", scratch_path(name), folder, file);
  for (size_t i = strlen(scratch_path("")) + 1; path[i]; i++) {
    if (path[i] != '/') continue;
    path[i] = '\0';
    mkdir(path, 0755);
    path[i] = '/';
  }
  FILE *out = fopen(path, "w");
  if (!out) fail_msg("%s: cannot be written", path);
  va_list arguments;
  va_start(arguments, format);
  vfprintf(out, format, arguments);
  va_end(arguments);
  fclose(out);
}

/* A machine with 8000 MiB to be had, this process in `groups`. */
static void machine(const char *name, const char *groups, const char *mounts) {
  put(name, "/proc", "meminfo",
      "MemTotal: 16384000 kB\nMemFree: 1024 kB\nMemAvailable: 8192000 kB\n");
  put(name, "/proc/self", "cgroup", "%s", groups);
  put(name, "/proc/self", "mountinfo",
      "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n%s", mounts);
}

static void group(const char *name, const char *folder, const char *limit, const char *of,
                  hrs_count mib, const char *usage, hrs_count used, const char *inactive,
                  hrs_count cached) {
  put(name, folder, limit, mib < 0 ? "%s\n" : "%s%lld\n", mib < 0 ? of : "",
      (long long)(mib * MIB));
  put(name, folder, usage, "%lld\n", (long long)(used * MIB));
  put(name, folder, "memory.stat", "anon 1\ninactive_file_not 7\n%s %lld\nslab 3\n", inactive,
      (long long)(cached * MIB));
}

static void group_2(const char *name, const char *folder, hrs_count mib, hrs_count used,
                    hrs_count cached) {
  group(name, folder, "memory.max", "max", mib, "memory.current", used, "inactive_file", cached);
}

static void group_1(const char *name, const char *folder, hrs_count mib, hrs_count used,
                    hrs_count cached) {
  group(name, folder, "memory.limit_in_bytes", "9223372036854771712", mib, "memory.usage_in_bytes",
        used, "total_inactive_file", cached);
}

static void expect(const char *name, hrs_count mib, const char *limit) {
  hrs_memory_room room;
  hrs_memory_room_find(scratch_path(name), &room);
  assert_int_equal(room.node / MIB, mib);
  if (!strstr(room.limit, limit)) fail_msg("%s: '%s' lacks '%s'", name, room.limit, limit);
}

static const char *const MOUNT_2 =
    "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
static const char *const MOUNT_1 =
    "32 31 0:29 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

static void no_groups(void **state) {
  (void)state;
  machine("bare", "0::/\n", MOUNT_2);
  expect("bare", 8000, "machine");
  hrs_memory_room room;
  hrs_memory_room_find(scratch_path("nothing_at_all"), &room);
  assert_true(room.node == INT64_MAX);
}

/* Slurm sets the limit on the job; its steps and tasks below say "max". */
static void nested_version_2(void **state) {
  (void)state;
  machine("slurm2", "0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_3\n", MOUNT_2);
  const char *job = "/sys/fs/cgroup/system.slice/slurmstepd.scope/job_7";
  char path[512];
  group_2("slurm2", job, 2000, 900, 400);
  snprintf(path, sizeof path, "%s/step_0/user/task_3", job);
  group_2("slurm2", path, -1, 300, 0);
  expect("slurm2", 1500, "memory.max of the control group /sys/fs/cgroup/system.slice");
  expect("slurm2", 1500, "job_7");
  snprintf(path, sizeof path, "%s/step_0", job);
  group_2("slurm2", path, 1700, 600, 0); /* a step that was given less */
  expect("slurm2", 1100, "step_0");
  put("slurm2", job, "memory.high", "%lld\n", (long long)(1000 * MIB));
  expect("slurm2", 500, "memory.high");
  group_2("slurm2", job, 100, 900, 0); /* more in use than allowed */
  expect("slurm2", 0, "memory.max");
}

static void nested_version_1(void **state) {
  (void)state;
  machine("slurm1", "9:name=systemd:/\n4:cpu,memory:/slurm/uid_5/job_7/step_0/task_0\n0::/\n",
          MOUNT_1);
  const char *job = "/sys/fs/cgroup/memory/slurm/uid_5/job_7";
  char path[512];
  group_1("slurm1", job, 3000, 1000, 500);
  snprintf(path, sizeof path, "%s/step_0/task_0", job);
  group_1("slurm1", path, -1, 100, 0);
  expect("slurm1", 2500, "memory.limit_in_bytes of the control group");
  expect("slurm1", 2500, "uid_5/job_7");
}

/* Docker: without a namespace the mount shows the own group as its root. */
static void containers(void **state) {
  (void)state;
  machine("docker1", "4:memory:/docker/abc\n",
          "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  group_1("docker1", "/sys/fs/cgroup/memory", 600, 100, 0);
  expect("docker1", 500, "/sys/fs/cgroup/memory");
  machine("namespace", "0::/\n", MOUNT_2);
  group_2("namespace", "/sys/fs/cgroup", 700, 100, 0);
  expect("namespace", 600, "/sys/fs/cgroup");
  machine("above", "0::/../../other\n", MOUNT_2);
  group_2("above", "/sys/fs/cgroup", 800, 100, 0);
  expect("above", 700, "/sys/fs/cgroup");
  machine("spaces", "0::/a\n", "30 22 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n");
  group_2("spaces", "/my groups/a", 900, 100, 0);
  expect("spaces", 800, "/my groups/a");
}

/* Files that say nothing that can be believed set no limit. */
static void nonsense(void **state) {
  (void)state;
  machine("nonsense", "0::/a\nno colon\n4:memory\n::\n", MOUNT_2);
  put("nonsense", "/sys/fs/cgroup/a", "memory.max", "many\n");
  put("nonsense", "/sys/fs/cgroup/a", "memory.current", "-\n");
  expect("nonsense", 8000, "machine");
}

static void ulimits(void **state) {
  (void)state;
  static const struct {
    int which;
    const char *name;
  } cases[] = {{RLIMIT_AS, "ulimit -v"}, {RLIMIT_DATA, "ulimit -d"}};
  machine("ulimit", "0::/\n", MOUNT_2);
  put("ulimit", "/proc/self", "status", "Name:\tx\nVmSize:\t  307200 kB\nVmData:\t  307200 kB\n");
  for (int i = 0; i < 2; i++) {
    struct rlimit before, now;
    hrs_memory_room room;
    assert_int_equal(getrlimit(cases[i].which, &before), 0);
    now = before;
    /* More than the address space that sanitizers reserve. */
    now.rlim_cur = (rlim_t)((hrs_count)1 << 50);
    assert_int_equal(setrlimit(cases[i].which, &now), 0);
    hrs_memory_room_find(scratch_path("ulimit"), &room);
    assert_int_equal(setrlimit(cases[i].which, &before), 0);
    assert_int_equal(room.process, ((hrs_count)1 << 50) - 300 * MIB);
    assert_string_equal(room.ulimit, cases[i].name);
    assert_int_equal(room.node / MIB, 8000);
  }
}

/* What the system would give and kill for later is refused at once. */
static void more_than_there_is(void **state) {
  (void)state;
  void *block;
  ASSERT_FAILS(hrs_alloc((hrs_count)1 << 46, 1, &block), MEMORY, "no memory for 70368744177664");
  assert_null(block);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_groups),          cmocka_unit_test(nested_version_2),
      cmocka_unit_test(nested_version_1),   cmocka_unit_test(containers),
      cmocka_unit_test(nonsense),           cmocka_unit_test(ulimits),
      cmocka_unit_test(more_than_there_is),
  };
  return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
