#!/usr/bin/python3
"""The table of attributes (src/network/signature.c) against the schemas of the onnx package.

    attributes.py SIGNATURE.C OPERATORS.MD

Every operator of docs/operators.md, at every operator set that it is supported at and that the
package knows: the same attributes, no more and no fewer.
"""
import pathlib
import re
import sys

try:
    from onnx import defs
except ImportError:
    print("python3-onnx is not installed")
    sys.exit(77)


def known_attributes(text):
    """{operator: [(attribute, first set, last set)]}"""
    known = {}
    for op, words in re.findall(r'\{"(\w+)",((?:\s*"[^"]*")+)\}', text):
        entries = "".join(re.findall(r'"([^"]*)"', words)).split()
        known[op] = [(name, int(since or 0), int(until or 99)) for name, since, until in
                     (re.fullmatch(r"(\w+)(?:@(\d+))?(?:-(\d+))?", e).groups() for e in entries)]
    return known


def main():
    signature, operators = (pathlib.Path(path).read_text() for path in sys.argv[1:])
    known, compared, wrong = known_attributes(signature), 0, []
    for op, first, last in re.findall(r"^\| (\w+) \| (\d+)-(\d+) \|", operators, re.M):
        for version in range(int(first), min(int(last), defs.onnx_opset_version()) + 1):
            try:
                schema = set(defs.get_schema(op, version, "").attributes)
            except defs.SchemaError:  # the operator came with a set that the package does not know
                continue
            ours = {name for name, since, until in known.get(op, []) if since <= version <= until}
            compared += 1
            if schema != ours:
                wrong.append(f"{op} at set {version}: {sorted(ours)}, expected {sorted(schema)}")
    print("\n".join(wrong + [f"{compared} operators and sets compared"]))
    return int(bool(wrong) or compared < 1000)


if __name__ == "__main__":
    sys.exit(main())
