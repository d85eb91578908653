"""Text files: no loose ends, no paths of one machine, no stray white space; scripts that parse; no
file of code that does not fit in the head."""
import ast
import os
import re
import subprocess

import project

WIDTH = 100
LENGTH = 500
# Written in two parts so that this file passes itself.
LOOSE_ENDS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.$}])/(?:work|home|root|Users)/\w")
CODE = (".c", ".h", ".cmake", ".in")
SCRIPTS = (".py", ".sh", ".mjs")


def check_lines(path, text):
    """Faults of single lines."""
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{project.name(path)}:{number}"
        if line != line.rstrip():
            yield f"{where}: white space at the end"
        if "\t" in line:
            yield f"{where}: a tab"
        if "\r" in line:
            yield f"{where}: a carriage return"
        if LOOSE_ENDS.search(line):
            yield f"{where}: a note to self ({LOOSE_ENDS.search(line)[0]})"
        if MACHINE_PATHS.search(line):
            yield f"{where}: a path of one machine ({MACHINE_PATHS.search(line)[0]}...)"
        # The rows of a table are lines, however long.
        wide = path.suffix in CODE or path.name == "CMakeLists.txt" or (
            path.suffix == ".md" and not line.startswith("|"))
        if wide and len(line) > WIDTH:
            yield f"{where}: {len(line)} columns, at most {WIDTH}"


def check_length(path, text):
    """A new topic is a new file."""
    lines = text.count("\n")
    if path.suffix in CODE + SCRIPTS and lines > LENGTH:
        yield f"{project.name(path)}: {lines} lines, at most {LENGTH}: split it by topic"


def check_script(path, text):
    """What can be run is marked so, and parses."""
    name = project.name(path)
    first = text.split("\n", 1)[0]
    executable = os.access(path, os.X_OK)
    sourced = path.suffix == ".sh" and "sourced" in text.split("\n\n", 1)[0]
    if first.startswith("#!") and not executable:
        yield f"{name}: begins with #! but is not executable"
    if executable and not first.startswith("#!"):
        yield f"{name}: is executable but does not begin with #!"
    if path.suffix == ".sh" and not (first.startswith("#!") or sourced):
        yield f"{name}: a shell script without #!"
    if path.suffix == ".sh" or re.match(r"#!.*\b(ba)?sh\b", first):
        result = subprocess.run(["bash", "-n", path], capture_output=True, text=True, check=False)
        if result.returncode:
            yield f"{name}: {result.stderr.strip()}"
    if path.suffix == ".py":
        try:
            ast.parse(text)
        except SyntaxError as error:
            yield f"{name}:{error.lineno}: {error.msg}"


faults = []
for path in filter(project.is_text, project.files()):
    if path.parent.name.startswith("corpus"):
        continue  # what fuzzing begins from is as it is
    if path.suffix in (".npy", ".onnx", ".h5", ".png", ".pb"):
        continue
    content = path.read_text(encoding="utf-8", errors="replace")
    if "\ufffd" in content:
        faults.append(f"{project.name(path)}: is not UTF-8")
    if content and not content.endswith("\n"):
        faults.append(f"{project.name(path)}: no newline at the end")
    faults += check_lines(path, content)
    faults += check_length(path, content)
    faults += check_script(path, content)
project.finish(faults)
