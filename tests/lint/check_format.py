"""Every C file is as clang-format would write it."""
import re
import subprocess

import project

sources = project.files("*.c", "*.h")
result = subprocess.run(["clang-format", "--style=file", "--dry-run", "-Werror",
                         *map(project.name, sources)],
                        cwd=project.ROOT, capture_output=True, text=True, check=False)
wrong = sorted(set(re.findall(r"^(.+?):\d+:\d+: error:", result.stderr, re.M)))
faults = [f"{name}: clang-format -i would change it" for name in wrong]
if result.returncode and not faults:
    faults = [result.stderr]
project.finish(faults)
