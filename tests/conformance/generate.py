#!/usr/bin/python3
"""Makes the cases under tests/conformance/cases.

They test what Debian's libonnx-testdata lacks: operators without cases there, the forms of operator
sets 18 to 21 and of old ones, double precision, zero-size dimensions. The expected values come from
PyTorch and NumPy, never from harsanyi. Usage: generate.py [FOLDER]; the same inputs every time.
"""

import os
import shutil
import sys

import numpy as np
import torch

import onnx_write as onnx
import torch_cases as cases
import torch_cases_shape as shape_cases

HERE = os.path.dirname(os.path.abspath(__file__))


class Writer:
    def __init__(self, folder):
        self.folder = folder
        self.names = set()
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)

    def case(self, name, op, opset, inputs, outputs, **attributes):
        """None among the inputs is one left out; outputs likewise."""
        assert name not in self.names, name
        self.names.add(name)
        folder = os.path.join(self.folder, name)
        os.makedirs(os.path.join(folder, "test_data_set_0"))
        ins = {f"x{i}": np.asarray(x) for i, x in enumerate(inputs) if x is not None}
        outs = {f"y{i}": np.asarray(y) for i, y in enumerate(outputs) if y is not None}
        node = onnx.node(op, ["" if x is None else f"x{i}" for i, x in enumerate(inputs)],
                         ["" if y is None else f"y{i}" for i, y in enumerate(outputs)], attributes)
        with open(os.path.join(folder, "model.onnx"), "wb") as file:
            file.write(onnx.model([node], ins, outs, opset, name))
        for kind, arrays in ("input", ins), ("output", outs):
            for i, (key, array) in enumerate(arrays.items()):
                with open(os.path.join(folder, f"test_data_set_0/{kind}_{i}.pb"), "wb") as file:
                    file.write(onnx.tensor(array, key))


def main():
    torch.manual_seed(7)
    torch.set_num_threads(1)
    w = Writer(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "cases"))
    # All draw from one sequence of random numbers: the order matters.
    for make in (cases.pools, cases.convolutions, cases.normalisations, cases.activations,
                 cases.arithmetic, shape_cases.matrices, shape_cases.reductions,
                 shape_cases.shapes, shape_cases.pads, shape_cases.gathers, shape_cases.resizes,
                 shape_cases.recurrent):
        make(w)
    with open(os.path.join(w.folder, "README.md"), "w") as file:
        file.write(f"""# Test cases made by generate.py
{len(w.names)} one-node models with inputs and expected outputs, for what Debian's
`libonnx-testdata` lacks. Expected values: PyTorch {torch.__version__} and NumPy {np.__version__}.
To make them anew: `tests/conformance/generate.py`.
""")


main()
