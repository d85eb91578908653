#!/usr/bin/python3
"""Write a copy of an ONNX network whose batch of 1 is a symbolic dimension "N".

    symbolic_batch.py IN.onnx OUT.onnx

A network whose inputs have a symbolic batch already is copied as it is. Otherwise dimension 0 of
inputs and outputs becomes "N", and each Reshape with a constant shape gets one that lets the batch
through. To know where in such a shape the batch belongs, its place is followed through the graph:
the axis that it is in, and whether it is the outer or the inner factor of that axis (an attention
layer writes [tokens, batch * heads, width] and [tokens * batch, width]). This is a best effort for
measurements: that the copy gives the same values, bench.mjs checks by running both.
"""
import copy
import math
import sys
from dataclasses import dataclass

import onnx
import onnx.helper
import onnx.numpy_helper
import onnx.shape_inference


@dataclass(frozen=True)
class Place:
    """Where the batch is in a tensor: an axis, and at its inner or outer end."""
    axis: int
    inner: bool = False


class Graph:
    """Shapes for a batch of 1, constants, and the place of the batch in each tensor."""

    def __init__(self, model):
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
        self.shape = {}
        for value in [*inferred.input, *inferred.output, *inferred.value_info]:
            if value.type.tensor_type.HasField("shape"):
                self.shape[value.name] = [d.dim_value if d.HasField("dim_value") else None
                                          for d in value.type.tensor_type.shape.dim]
        self.constant = {t.name: t for t in model.graph.initializer}
        self.shape.update({name: list(t.dims) for name, t in self.constant.items()})
        for node in model.graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                self.constant[node.output[0]] = node.attribute[0].t
        self.place = {i.name: Place(0) for i in model.graph.input if i.name not in self.constant}

    def ints(self, node, index, name):
        """A list of integers: an attribute, or a constant input; None where there is neither."""
        for attribute in node.attribute:
            if attribute.name == name:
                value = onnx.helper.get_attribute_value(attribute)
                return list(value) if isinstance(value, list) else [value]
        if index < len(node.input) and node.input[index] in self.constant:
            return onnx.numpy_helper.to_array(self.constant[node.input[index]]).tolist()
        return None

    def follow(self, node):
        """The place of the batch in the node's output, or None; a Reshape is made to fit."""
        if node.op_type == "Shape":
            return None
        carriers = [name for name in node.input if name in self.place]
        if not carriers:
            return None
        source = carriers[0]
        place, shape = self.place[source], self.shape.get(source)
        return FOLLOW.get(node.op_type, follow_aligned)(self, node, source, place, shape)


def follow_aligned(graph, node, source, place, shape):
    """Element-wise operators, matrix products, pools: axes are aligned from the right."""
    result = graph.shape.get(node.output[0])
    if shape is None or result is None:
        return place
    return Place(place.axis + len(result) - len(shape), place.inner)


def follow_first(graph, node, source, place, shape):
    """Gemm and Flatten: the batch stays in the rows."""
    return Place(0, place.inner)


def follow_transpose(graph, node, source, place, shape):
    perm = graph.ints(node, 9, "perm") or list(range(len(shape)))[::-1]
    return Place(perm.index(place.axis), place.inner)


def follow_removed(graph, node, source, place, shape):
    """Squeeze and reductions: axes before the batch may vanish."""
    axes = graph.ints(node, 1, "axes")
    keep = graph.ints(node, 9, "keepdims") or [1]
    if axes is None or (node.op_type != "Squeeze" and keep[0]):
        return place
    gone = {a % len(shape) for a in axes}
    if place.axis in gone:
        raise ValueError(f"{node.op_type} {node.name!r} removes the batch")
    return Place(place.axis - sum(a < place.axis for a in gone), place.inner)


def follow_unsqueeze(graph, node, source, place, shape):
    axes = sorted(a % (len(shape) + 1) for a in graph.ints(node, 1, "axes"))
    axis = place.axis
    for added in axes:
        axis += added <= axis
    return Place(axis, place.inner)


def follow_gather(graph, node, source, place, shape):
    """Rows chosen by the batch (an embedding), or chosen from it."""
    axis = (graph.ints(node, 9, "axis") or [0])[0]
    if source == node.input[0]:
        indices = graph.shape.get(node.input[1]) or []
        return Place(place.axis + (len(indices) - 1 if place.axis > axis else 0), place.inner)
    return Place(place.axis + axis, place.inner)


def follow_slice(graph, node, source, place, shape):
    """Where the bounds are computed in the graph, shape inference knows no shape: give one."""
    if shape is not None and node.output[0] not in graph.shape:
        axes = graph.ints(node, 3, "axes") or list(range(len(shape)))
        cut = {a % len(shape) for a in axes}
        graph.shape[node.output[0]] = [None if i in cut else d for i, d in enumerate(shape)]
    return place


def follow_reshape(graph, node, source, place, shape):
    """Put the batch where it lies in memory: before it stand as many elements as in the input."""
    target = graph.ints(node, 1, "shape")
    if target is None:
        return place
    if shape is None:
        raise ValueError(f"the shape before Reshape {node.name!r} is not known")
    known = [d for d in shape if d is not None]
    target = [shape[i] if d == 0 else d for i, d in enumerate(target)]
    if -1 in target and len(known) == len(shape):
        rest = math.prod(d for d in target if d != -1)
        target[target.index(-1)] = math.prod(known) // rest
    before = shape[:place.axis + place.inner]
    if None in before:
        raise ValueError(f"the shape before Reshape {node.name!r} is not known")
    place = place_in(target, math.prod(before))
    if place is None:
        raise ValueError(f"Reshape {node.name!r} mixes the batch into {target}")
    opened = [-1 if i == place.axis else d for i, d in enumerate(target)]
    if opened.count(-1) > 1:
        raise ValueError(f"Reshape {node.name!r} to {target} has two unknown dimensions")
    graph.reshaped[node.output[0]] = opened
    return place


def place_in(target, before):
    """The axis of a shape with `before` elements in front of it. An axis of 1 is the batch's own;
    the last axis stays what it is, since products sum over it."""
    starts = [math.prod(target[:axis]) for axis in range(len(target))]
    candidates = [axis for axis, start in enumerate(starts) if start == before]
    if not candidates:
        return None
    own = [axis for axis in candidates if target[axis] == 1]
    axis = own[0] if own else candidates[-1]
    if axis == len(target) - 1 and axis > 0 and not own:
        return Place(axis - 1, inner=True)
    return Place(axis)


FOLLOW = {"Flatten": follow_first, "Gather": follow_gather, "Gemm": follow_first,
          "ReduceMax": follow_removed, "ReduceMean": follow_removed, "ReduceSum": follow_removed,
          "Reshape": follow_reshape, "Slice": follow_slice, "Squeeze": follow_removed,
          "Transpose": follow_transpose, "Unsqueeze": follow_unsqueeze}


def symbolic_batch(model):
    """The copy; ValueError where the batch cannot be followed."""
    model = copy.deepcopy(model)
    weights = {t.name for t in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in weights]
    if all(not i.type.tensor_type.shape.dim[0].HasField("dim_value") for i in inputs):
        return model
    # Old files list their weights as inputs too, which forbids constant folding.
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    del model.graph.value_info[:]
    model.ir_version = max(model.ir_version, 4)

    graph = Graph(model)
    graph.reshaped = {}
    for node in model.graph.node:
        place = graph.follow(node)
        if place is not None:
            graph.place.update({name: place for name in node.output})
    for node in model.graph.node:
        if node.output[0] in graph.reshaped:
            shape = graph.reshaped[node.output[0]]
            node.input[1] = f"symbolic batch: {node.output[0]}"
            model.graph.initializer.append(onnx.helper.make_tensor(
                node.input[1], onnx.TensorProto.INT64, [len(shape)], shape))
    for value in [*model.graph.input, *model.graph.output]:
        place = graph.place.get(value.name)
        if place != Place(0):
            raise ValueError(f"the batch ends up at {place} of output {value.name!r}")
        dimension = value.type.tensor_type.shape.dim[0]
        dimension.Clear()
        dimension.dim_param = "N"
    return model


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip())
    try:
        onnx.save(symbolic_batch(onnx.load(sys.argv[1])), sys.argv[2])
    except ValueError as error:
        sys.exit(f"error: {sys.argv[1]}: its batch cannot be made symbolic: {error}")


if __name__ == "__main__":
    main()
