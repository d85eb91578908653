"""The public headers are documented: Doxygen has nothing to say about them.
Argument: where the pages may go."""
import pathlib
import re
import subprocess
import sys

import project

target = pathlib.Path(sys.argv[1])
target.mkdir(parents=True, exist_ok=True)
settings = (project.ROOT / "docs" / "Doxyfile").read_text()
settings += f"OUTPUT_DIRECTORY = {target}\n"
result = subprocess.run(["doxygen", "-"], input=settings, cwd=project.ROOT, capture_output=True,
                        text=True, check=False)
# What a field means stands beside it or above the struct, and what a table of macros lists above it,
# in comments that Doxygen does not look at.
faults = sorted(line for line in set(re.findall(r"^.*(?:warning|error): .*$", result.stderr, re.M))
                if not re.search(r"Member .* \((variable|macro definition)\) of (struct|file)", line))
if result.returncode and not faults:
    faults = [result.stderr]
project.finish([fault.replace(f"{project.ROOT}/", "") for fault in faults])
