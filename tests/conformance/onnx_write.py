"""Writes ONNX models of a few nodes and tensors, without the onnx package: protobuf by hand."""

import struct

import numpy as np

TYPES = {np.dtype(name): code for code, name in [
    (1, "float32"), (2, "uint8"), (3, "int8"), (4, "uint16"), (5, "int16"), (6, "int32"),
    (7, "int64"), (9, "bool"), (10, "float16"), (11, "float64"), (12, "uint32"), (13, "uint64")]}


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def integer(field, value):
    return varint(field << 3) + varint(value)


def chunk(field, data):
    if isinstance(data, str):
        data = data.encode()
    return varint(field << 3 | 2) + varint(len(data)) + data


def tensor(array, name=""):
    array = np.asarray(array)
    data = array.astype(array.dtype.newbyteorder("<")).tobytes()
    out = b"".join(integer(1, d) for d in array.shape) + integer(2, TYPES[array.dtype])
    return out + (chunk(8, name) if name else b"") + chunk(9, data)


def attribute(name, value):
    out = chunk(1, name)
    if isinstance(value, np.ndarray):
        return out + chunk(5, tensor(value)) + integer(20, 4)
    if isinstance(value, str):
        return out + chunk(4, value) + integer(20, 3)
    if isinstance(value, (bool, int, np.integer)):
        return out + integer(3, int(value)) + integer(20, 2)
    if isinstance(value, float):
        return out + varint(2 << 3 | 5) + struct.pack("<f", value) + integer(20, 1)
    value = list(value)
    if value and isinstance(value[0], str):
        return out + b"".join(chunk(9, v) for v in value) + integer(20, 8)
    if value and isinstance(value[0], float):
        return out + b"".join(varint(7 << 3 | 5) + struct.pack("<f", v) for v in value) + \
            integer(20, 6)
    return out + b"".join(integer(8, int(v)) for v in value) + integer(20, 7)


def node(op, inputs, outputs, attributes):
    out = b"".join(chunk(1, i) for i in inputs) + b"".join(chunk(2, o) for o in outputs)
    return out + chunk(4, op) + b"".join(chunk(5, attribute(*a)) for a in attributes.items())


def value_info(name, array):
    """What an array is, or with None just a name."""
    if array is None:
        return chunk(1, name)
    dims = b"".join(chunk(1, integer(1, d)) for d in array.shape)
    kind = integer(1, TYPES[array.dtype]) + chunk(2, dims)
    return chunk(1, name) + chunk(2, chunk(1, kind))


def model(nodes, inputs, outputs, opset, name):
    """nodes: encoded; inputs and outputs: {name: array}."""
    graph = b"".join(chunk(1, n) for n in nodes) + chunk(2, name)
    graph += b"".join(chunk(11, value_info(*i)) for i in inputs.items())
    graph += b"".join(chunk(12, value_info(*o)) for o in outputs.items())
    return integer(1, 8) + chunk(2, "harsanyi generate.py") + chunk(7, graph) + \
        chunk(8, integer(2, opset))
