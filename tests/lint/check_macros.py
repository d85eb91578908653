"""Macros are short: code in them has one line in a debugger and in a compiler's message. Longer
ones are lists, #define NAME(X) X(row) X(row) ..., which have no code."""
import re

import project

LINES = 8


def macros(text):
    """The first line's number, the lines and the definition of each macro."""
    lines = text.split("\n")
    start = 0
    while start < len(lines):
        end = start
        while lines[end].endswith("\\") and end + 1 < len(lines):
            end += 1
        if re.match(r"\s*#\s*define\b", lines[start]):
            yield (start + 1, end - start + 1,
                   " ".join(line.rstrip("\\").strip() for line in lines[start:end + 1]))
        start = end + 1


def is_list(definition):
    """Is the macro X(...) X(...) and nothing else, with X its parameter?"""
    head = re.match(r"#\s*define \w+\((\w+)\)", definition)
    if not head:
        return False
    rest = definition[head.end():]
    while rest := rest.strip():
        if not re.match(re.escape(head[1]) + r"\(", rest):
            return False
        depth = 0
        for end, char in enumerate(rest):
            depth += (char == "(") - (char == ")")
            if char == ")" and depth == 0:
                break
        rest = rest[end + 1:]
    return True


faults = []
for path in project.files("*.c", "*.h"):
    for number, lines, definition in macros(path.read_text()):
        if lines > LINES and not is_list(definition):
            name = re.match(r"#\s*define (\w+)", definition)[1]
            faults.append(f"{project.name(path)}:{number}: macro {name} has {lines} lines, at most "
                          f"{LINES}: functions of a template (each_type.h), or inline ones")
project.finish(faults)
