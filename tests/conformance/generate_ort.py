#!/usr/bin/python3
"""Makes the cases under tests/conformance/cases_ort: attribute by attribute, set by set, what ONNX
Runtime gives (ort_reference.mjs). HARSANYI_ORT_HOME is a folder with onnxruntime-node.

Usage: generate_ort.py [FOLDER]; the same inputs every time. A case that ONNX Runtime refuses is
printed and left out.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

import numpy as np

import onnx_write as onnx
import ort_cases
import ort_cases_shape

HERE = os.path.dirname(os.path.abspath(__file__))


class Collector:
    """Cases, asked of ONNX Runtime all at once."""

    def __init__(self):
        self.cases = {}

    def case(self, name, op, opset, inputs, outputs=1, **attributes):
        """None among the inputs is one left out; `outputs` how many, or a list of which."""
        assert name not in self.cases, name
        wanted = [True] * outputs if isinstance(outputs, int) else outputs
        ins = {f"x{i}": np.asarray(x) for i, x in enumerate(inputs) if x is not None}
        node = onnx.node(op, ["" if x is None else f"x{i}" for i, x in enumerate(inputs)],
                         [f"y{i}" if w else "" for i, w in enumerate(wanted)], attributes)
        self.cases[name] = (node, ins, [f"y{i}" for i, w in enumerate(wanted) if w], opset)


def encode(array):
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"type": array.dtype.name, "dims": list(array.shape), "data": data}


def decode(tensor):
    dtype = np.dtype(tensor["type"])
    return np.frombuffer(base64.b64decode(tensor["data"]), dtype).reshape(tensor["dims"])


def ask(cases):
    """Answers of ONNX Runtime, by name."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for name, (node, ins, outs, opset) in cases.items():
            path = os.path.join(folder, name + ".onnx")
            with open(path, "wb") as file:
                file.write(onnx.model([node], ins, dict.fromkeys(outs), opset, name))
            jobs.append({"model": path, "feeds": {k: encode(v) for k, v in ins.items()}})
        run = subprocess.run(["node", os.path.join(HERE, "ort_reference.mjs")], check=True,
                             input=json.dumps(jobs), stdout=subprocess.PIPE, text=True)
    return dict(zip(cases, json.loads(run.stdout)))


def write(folder, name, case, answer):
    node, ins, names, opset = case
    outs = {key: decode(answer["outputs"][key]) for key in names}
    place = os.path.join(folder, name)
    os.makedirs(os.path.join(place, "test_data_set_0"))
    with open(os.path.join(place, "model.onnx"), "wb") as file:
        file.write(onnx.model([node], ins, outs, opset, name))
    for kind, arrays in ("input", ins), ("output", outs):
        for i, (key, array) in enumerate(arrays.items()):
            with open(os.path.join(place, f"test_data_set_0/{kind}_{i}.pb"), "wb") as file:
                file.write(onnx.tensor(array, key))


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "cases_ort")
    collector = Collector()
    for make in ort_cases.ALL + ort_cases_shape.ALL:
        make(collector)
    answers = ask(collector.cases)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    written = 0
    for name, case in collector.cases.items():
        if "error" in answers[name]:
            print(f"{name}: ONNX Runtime: {answers[name]['error']}")
            continue
        write(folder, name, case, answers[name])
        written += 1
    with open(os.path.join(os.environ["HARSANYI_ORT_HOME"], "node_modules/onnxruntime-node",
                           "package.json"), encoding="utf-8") as file:
        version = json.load(file)["version"]
    with open(os.path.join(folder, "README.md"), "w", encoding="utf-8") as file:
        file.write(f"""# Test cases made by generate_ort.py
{written} one-node models with inputs and the outputs that ONNX Runtime {version} gives.
To make them anew: `tests/conformance/generate_ort.py`.
""")


main()
