"""An accident in the middle of a run, on one rank: its plug-in fails, or ends the process; the disk
becomes full where no space was set aside. All ranks end, with one message and the exit code, and
nothing stands under the final name."""
import os
import pathlib
import signal
import subprocess

import gate
import processes
import program

# A game of 8 players, which has an accident at the K-th batch that rank RANK is asked for:
# --plugin FILE.so:ACCIDENT/RANK/K.
PLUGIN = """
#include <harsanyi/plugin.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static char accident[16];
static int rank, left;
static int open_game(const char *argument, int *players, void **self, char *error, size_t size) {
  const char *own = getenv("OMPI_COMM_WORLD_RANK");
  (void)self; (void)error; (void)size;
  *players = 8;
  if (sscanf(argument, "%15[^/]/%d/%d", accident, &rank, &left) != 3) return 1;
  if (rank != (own ? atoi(own) : 0)) left = -1;
  return 0;
}
static int evaluate(void *self, size_t count, const uint64_t *masks, double *values, char *error,
                    size_t size) {
  (void)self;
  for (size_t i = 0; i < count; i++) values[i] = (double)(masks[i] * 37 % 101);
  /* Ranks compare a few values, one by one, before the run begins. */
  if (count == 1 || left < 0 || --left > 0) return 0;
  left = -1;
  if (strcmp(accident, "exit") == 0) exit(0);
  if (strcmp(accident, "abort") == 0) abort();
  if (strcmp(accident, "nan") == 0) values[0] = NAN;
  if (strcmp(accident, "error") == 0) snprintf(error, size, "the game is over");
  return strcmp(accident, "error") == 0 ? 7 : 0;
}
extern const hrs_plugin_v1 hrs_plugin;
const hrs_plugin_v1 hrs_plugin = {HRS_PLUGIN_ABI, open_game, evaluate, 0};
"""

# A file system that cannot set space aside, as NFS before version 4.2.
NO_FALLOCATE = """
#include <errno.h>
#include <sys/types.h>
int fallocate(int file, int mode, off_t offset, off_t length) {
  (void)file; (void)mode; (void)offset; (void)length;
  errno = EOPNOTSUPP;
  return -1;
}
int fallocate64(int file, int mode, off_t offset, off_t length) {
  return fallocate(file, mode, offset, length);
}
"""


class Plugins(program.ProgramTest):
    """Plug-ins with an accident."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plugin = gate.compile_c(PLUGIN, cls.folder / "accidents.so")

    def ended(self, accident, rank, k, *options, ranks=3):
        """A run with an accident of one rank; nothing is there in the end under the final name."""
        out = self.output()
        result = program.run("interactions", "--plugin", f"{self.plugin}:{accident}/{rank}/{k}",
                             "--out", out, *options, ranks=ranks)
        self.assertFalse(out.exists(), result)
        return out, result

    def check(self, accident, code, *words):
        """One rank of one, of two and of three has it, at its first batch or a later one."""
        for rank, k, ranks, options in ((0, 1, 0, []), (1, 1, 2, ["--types", "and,or"]),
                                        (2, 2, 3, ["--types", "and-or"]), (0, 1, 3, ["--values"])):
            out, result = self.ended(accident, rank, k, *options, ranks=ranks)
            self.assertEqual(result.code, code, result)
            self.assertEqual(len(result.errors()), 1, result)
            for word in words:
                self.assertIn(word, result.errors()[0], result)
            yield out, rank, result

    def test_error(self):
        for out, _, result in self.check("error", 65, "--plugin", "(7)", "the game is over"):
            self.assertFalse(pathlib.Path(f"{out}.part").exists(), result)

    def test_nan(self):
        for out, _, result in self.check("nan", 65, "1 value is NaN", "--allow-nonfinite"):
            self.assertFalse(pathlib.Path(f"{out}.part").exists(), result)

    def test_exit(self):
        """Code 0 in the middle of a run is no success."""
        for _, rank, result in self.check("exit", 70, "exit"):
            self.assertIn(f"rank {rank}:", result.errors()[0], result)

    def test_abort(self):
        """mpirun tells of it."""
        for rank, ranks in ((0, 0), (1, 2), (2, 3)):
            _, result = self.ended("abort", rank, 2, ranks=ranks)
            self.assertIn(result.code, (-signal.SIGABRT, 128 + signal.SIGABRT), result)
            self.assertEqual(result.errors(), [], result)


class FullDisk(program.ProgramTest):
    """Others fill a disk on which no space could be set aside, while the run stands still."""

    def filled(self, place, preload, options, ranks):
        """How a run ends whose disk becomes full before its first slice is evaluated."""
        out, filler = place / "out.h5", place / "filler"
        command = program.command_line(["interactions", "--closed-form", "random:n=18,seed=1",
                                        "--out", out, *options], ranks)
        environment = {**os.environ, "LD_PRELOAD": str(preload), "HARSANYI_PAUSE": "0:slice:1"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=environment) as process:
            paused = processes.wait_for_pause(process)
            with open(filler, "wb", buffering=0) as file:
                try:
                    while file.write(bytes(1 << 16)):
                        pass
                except OSError:
                    pass
            os.kill(paused, signal.SIGCONT)
            try:
                said, err = process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        filler.unlink()
        return program.Result(command, process.returncode, said, err)

    def test_full(self):
        place = self.mounted("disk", "size=24m")
        preload = gate.compile_c(NO_FALLOCATE, self.folder / "no_fallocate.so")
        for ranks, options in ((0, ["--values"]), (2, ["--values", "--chunk", "64K"]),
                               (3, ["--values", "--chunk", "64K", "--shm", "off"]),
                               (3, ["--types", "and,or", "--keep", "all"])):
            result = self.filled(place, preload, options, ranks)
            self.assertEqual(result.code, 74, result)
            self.assertEqual(len(result.errors()), 1, result)
            self.assertIn("no space left", result.errors()[0], result)
            self.assertEqual(os.listdir(place), [], result)


if __name__ == "__main__":
    program.main(workers=2)
