"""Files that comments and pages name are there: whoever moves one finds all who speak of it."""
import ast
import io
import re
import tokenize

import project

NAME = re.compile(r"(?<![\w$<>*{}./-])((?:[\w-]+/)*[\w-]*[a-z][\w-]*\.(?:c|h|py|sh|md|cmake))(?![\w(])")
# Not of the project.
OTHERS = {
    "include/harsanyi/base.h": {"sysexits.h"},  # the system's
    "tests/CMakeLists.txt": {"tests/unit/test_X.c"},  # any one
    "tests/cli/CMakeLists.txt": {"tests/cli/test_X.py"},
    "tests/mpi/CMakeLists.txt": {"tests/mpi/test_X.c"},
}


def python_comments(text):
    """Comments, and what modules, classes and functions say of themselves."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            yield ast.get_docstring(node) or ""


def comments(path):
    """What a file says to readers."""
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".c", ".h"):
        return re.findall(r"/\*.*?\*/|//[^\n]*", text, re.S)
    if path.suffix == ".py":
        return list(python_comments(text))
    if path.suffix == ".md":
        return [re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)]
    return re.findall(r"(?:^|\s)#[^\n]*", text)


names = {project.name(path) for path in project.files()}
known = {"/".join(name.split("/")[k:]) for name in names for k in range(name.count("/") + 1)}
faults, used = [], set()
for path in project.files("*.c", "*.h", "*.py", "*.md", "*.sh", "*.cmake", "CMakeLists.txt"):
    own = project.name(path)
    for found in sorted(set(NAME.findall("\n".join(comments(path)))) - known):
        if found in OTHERS.get(own, ()):
            used.add((own, found))
        else:
            faults.append(f"{own}: names {found}, which is not there")
faults += [f"{own}: {found} is no longer named: take the exception away"
           for own, others in OTHERS.items() for found in sorted(others - {f for o, f in used
                                                                        if o == own})]
project.finish(faults)
