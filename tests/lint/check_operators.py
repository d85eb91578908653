"""What is known of an operator stands in its row of the table (src/network/facts.h): no other source
asks for operators by name. The exceptions stand here, each with its reason, and each is still
needed."""
import re

import project

ROWS = "src/network/operators/"
# A table that goes by name: layers of PyTorch, also for what is not supported.
TABLES = {"src/network/torch_names.c"}
EXCEPTIONS = {
    # Not operators of the table, but what stands in a graph: bodies, and constants.
    "src/network/build.c": {"Constant"},
    # Steps that narrowing makes itself.
    "src/network/narrow.c": {"Reshape", "Slice"},
    # Patterns of exactly these operators, which a kernel takes the place of.
    "src/network/fuse.c": {"Add", "BatchNormalization"},
    "src/network/operators/dense.c": {"Relu"},
    "src/network/operators/conv_fuse.c": {"Conv", "MaxPool"},
    "src/network/operators/rows.c": {"ReduceMean", "Sub", "Pow", "Mul", "Add", "Sqrt", "Div", "Erf",
                                     "Transpose", "BatchNormalization"},
    "src/tables/sum.c": {"Relu"},
    # One number that a sigmoid made stands for two classes.
    "mpi/program/problem/scores.c": {"Sigmoid"},
}
ROW = re.compile(r'(?:\{|\b[A-Z_]*ROWS?(?:_OF)?\(|\bX\(\w+,)\s*"([A-Z]\w+)",\s*\d')


def code(path):
    """A source without its comments."""
    return re.sub(r"/\*.*?\*/", lambda match: "\n" * match[0].count("\n"), path.read_text(),
                  flags=re.S)


sources = {project.name(file): code(file) for file in project.files("*.c", "*.h")}
operators = {name for path, text in sources.items() if path.startswith(ROWS)
             for name in ROW.findall(text)}
faults, used = [], set()
if len(operators) < 100:
    faults.append(f"{ROWS}: only {len(operators)} operators found, are rows written otherwise now?")
for path, text in sources.items():
    if not path.startswith(("src/", "mpi/")) or path in TABLES:
        continue
    if path.startswith(ROWS):
        text = ROW.sub(lambda match: "\n" * match[0].count("\n"), text)
    for match in re.finditer(r'"([A-Z]\w+)"', text):
        name = match[1]
        if name in EXCEPTIONS.get(path, ()):
            used.add((path, name))
        elif name in operators:
            line = text.count("\n", 0, match.start()) + 1
            faults.append(f"{path}:{line}: \"{name}\": what is to be known of an operator belongs "
                          "into its row (src/network/facts.h)")
faults += [f"{path}: \"{name}\" is no longer there: take the exception away"
           for path, names in EXCEPTIONS.items() for name in sorted(names)
           if (path, name) not in used]
project.finish(faults)
