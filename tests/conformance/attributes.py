#!/usr/bin/python3
"""The attributes that operators state (src/network/facts.h) against the schemas of the onnx package.

    attributes.py RUN_NODE

Every operator, at every operator set that it is supported at and that the package knows: the same
attributes, no more and no fewer.
"""
import re
import subprocess
import sys

try:
    from onnx import defs
except ImportError:
    print("python3-onnx is not installed")
    sys.exit(77)

FIRST = 7  # of the sets that are supported


def rows(program):
    """(operator, first set, last set, [(attribute, first set, last set)]) of each row."""
    listed = subprocess.run([program, "--attributes"], check=True, capture_output=True, text=True)
    for line in listed.stdout.splitlines():
        op, first, last, *words = line.split()
        entries = (re.fullmatch(r"(\w+)(?:@(\d+))?(?:-(\d+))?", word).groups() for word in words)
        yield op, int(first), int(last), [(name, int(since or 0), int(until or 99))
                                          for name, since, until in entries]


def main():
    compared, wrong = 0, []
    for op, first, last, attributes in rows(sys.argv[1]):
        for version in range(max(first, FIRST), min(last, defs.onnx_opset_version()) + 1):
            try:
                schema = set(defs.get_schema(op, version, "").attributes)
            except defs.SchemaError:  # the operator came with a set that the package does not know
                continue
            ours = {name for name, since, until in attributes if since <= version <= until}
            compared += 1
            if schema != ours:
                wrong.append(f"{op} at set {version}: {sorted(ours)}, expected {sorted(schema)}")
    print("\n".join(wrong + [f"{compared} operators and sets compared"]))
    return int(bool(wrong) or compared < 1000)


if __name__ == "__main__":
    sys.exit(main())
