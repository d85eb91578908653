"""A plug-in whose game stands still until a file appears, so that a test decides what happens while
a run goes on, however slow the machine is."""
import pathlib
import subprocess
import time

from program import DATA, Result, command_line

SOURCE = """
#include <harsanyi/plugin.h>
#include <stdio.h>
#include <unistd.h>
static char gate[4096];
static int open_game(const char *argument, int *players, void **self, char *error, size_t size) {
  (void)self; (void)error; (void)size;
  snprintf(gate, sizeof gate, "%s", argument);
  *players = 4;
  return 0;
}
static int evaluate(void *self, size_t count, const uint64_t *masks, double *values, char *error,
                    size_t size) {
  (void)self; (void)error; (void)size;
  char reached[sizeof gate + 8];
  /* Ranks compare a few values, one by one, before the run begins. */
  for (size_t i = 0; i < count; i++) values[i] = 100 + (double)masks[i];
  if (count == 1) return 0;
  snprintf(reached, sizeof reached, "%s.reached", gate);
  FILE *file = fopen(reached, "w");
  if (file) fclose(file);
  while (access(gate, F_OK) != 0) usleep(10000);
  return 0;
}
extern const hrs_plugin_v1 hrs_plugin;
const hrs_plugin_v1 hrs_plugin = {HRS_PLUGIN_ABI, open_game, evaluate, 0};
"""

V_FULL = 115  # of the game


def compile_c(source, path):
    """Compile a shared object."""
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-I", str(DATA.parent / "include"),
                    "-o", str(path)], input=source, text=True, check=True)
    return path


class Gate:
    """A run that stands still in the middle of its evaluation until it is let go."""
    count = 0

    def __init__(self, test, plugin, out, *args, ranks=0, **popen):
        Gate.count += 1
        self.gate = test.folder / f"gate-{Gate.count}"
        self.reached = pathlib.Path(f"{self.gate}.reached")
        self.command = command_line(["interactions", "--plugin", f"{plugin}:{self.gate}", "--out",
                                     out, *args], ranks)
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, **popen)
        test.addCleanup(self.kill)
        end = time.monotonic() + 120
        while not self.reached.exists():
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"the run did not begin\n{self.end()}")
            time.sleep(0.02)

    def go(self):
        """Let it go on."""
        self.gate.touch()

    def end(self):
        """Let it go on, and wait for its end."""
        self.go()
        out, err = self.process.communicate(timeout=240)
        return Result(self.command, self.process.returncode, out, err)

    def kill(self):
        """As a crash would end it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
