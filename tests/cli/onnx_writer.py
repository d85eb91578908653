"""Small ONNX files for tests, written field by field (protobuf's wire format is a few lines)."""
import struct

FLOAT, INT64 = 1, 7


def varint(number):
    """A number in seven-bit groups; negative ones in two's complement of 64 bits."""
    number &= 2**64 - 1
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes(parts + bytes([number]))


def integer(field, number):
    """A field with a whole number."""
    return varint(field << 3) + varint(number)


def real(field, number):
    """A field with a float."""
    return varint(field << 3 | 5) + struct.pack("<f", number)


def text(field, content):
    """A field with text, bytes or a message."""
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def value_info(name, shape, kind=FLOAT):
    """ValueInfoProto; a text in the shape is a named, open dimension."""
    dims = b"".join(text(1, integer(1, d) if isinstance(d, int) else text(2, d)) for d in shape)
    return text(1, name) + text(2, text(1, integer(1, kind) + text(2, dims)))


def tensor(name, shape, values, external=None):
    """TensorProto of floats, raw or in another file: external = (file, offset, bytes)."""
    head = b"".join(integer(1, d) for d in shape) + integer(2, FLOAT) + text(8, name)
    if external is None:
        return head + text(9, struct.pack(f"<{len(values)}f", *values))
    entries = zip(("location", "offset", "length"), map(str, external))
    return head + b"".join(text(13, text(1, k) + text(2, v)) for k, v in entries) + integer(14, 1)


def attribute(name, value):
    """AttributeProto of a number or a list of whole numbers."""
    if isinstance(value, float):
        return text(1, name) + real(2, value) + integer(20, 1)
    if isinstance(value, int):
        return text(1, name) + integer(3, value) + integer(20, 2)
    return text(1, name) + b"".join(integer(8, v) for v in value) + integer(20, 7)


def node(op, inputs, outputs, domain="", **attributes):
    """NodeProto; its name is its first output's with n_ in front."""
    return (b"".join(text(1, name) for name in inputs) + b"".join(text(2, n) for n in outputs)
            + text(3, "n_" + outputs[0]) + text(4, op) + text(7, domain)
            + b"".join(text(5, attribute(k, v)) for k, v in attributes.items()))


def model(nodes, inputs, outputs, weights=(), opset=13):
    """ModelProto."""
    graph = (b"".join(text(1, n) for n in nodes) + text(2, "test")
             + b"".join(text(5, w) for w in weights) + b"".join(text(11, i) for i in inputs)
             + b"".join(text(12, o) for o in outputs))
    return integer(1, 8) + text(7, graph) + text(8, integer(2, opset))


def simple(op, players=4, **attributes):
    """x [1, players] -> op -> y, a network of one node with one output number per player."""
    return model([node(op, ["x"], ["y"], **attributes)], [value_info("x", [1, players])],
                 [value_info("y", [1, players])])
