"""Networks of the oracle: a small float64 interpreter over an exported ONNX graph.

Python's onnx package only parses the file.
"""
import math

import numpy as np
import onnx
import onnx.numpy_helper


class Network:
    """An ONNX graph, run in float64 on many instances at a time.

    A value that depends on the input has one leading axis more than the graph says, the instance;
    operators act on the other axes, so that shapes baked in for a batch of one stay true.
    """

    def __init__(self, path):
        model = onnx.load(path)
        self.path = path
        self.opset = next(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))
        self.nodes = list(model.graph.node)
        self.constants = {t.name: _widen(onnx.numpy_helper.to_array(t))
                          for t in model.graph.initializer}
        self.input = next(i.name for i in model.graph.input if i.name not in self.constants)
        self.input_rank = len(next(i for i in model.graph.input
                                   if i.name == self.input).type.tensor_type.shape.dim)
        self.output = model.graph.output[0].name
        self.producer = {name: node for node in self.nodes for name in node.output}

    def run(self, instances, fetch=None, feed=None):
        """Outputs [instances, ...] (or the tensor `fetch`) for instances [instances, ...] of the
        input (or of the inner tensor `feed`: what stands before it is left out, and the rest must
        depend on it alone). An instance may lack the graph's own batch axis of size 1.
        """
        instances = np.asarray(instances)
        if feed is None and instances.ndim == self.input_rank:
            instances = instances[:, None]
        values = {name: (array, False) for name, array in self.constants.items()}
        values[feed or self.input] = (_widen(instances), True)
        fetch = fetch or self.output
        for node in self._needed(fetch, values):
            inputs = [values.get(name, (None, False)) for name in node.input]
            outputs = OPERATORS[node.op_type](Call(node, self.opset, inputs))
            varies = any(v for _, v in inputs) and node.op_type != "Shape"
            values[node.output[0]] = (outputs, varies)
        array, varies = values[fetch]
        return array if varies else np.broadcast_to(array, (len(instances),) + array.shape)

    def _needed(self, fetch, known):
        """The nodes that a tensor depends on, in order, stopping at what is known."""
        wanted, nodes = {fetch}, []
        for node in reversed(self.nodes):
            if any(name in wanted and name not in known for name in node.output):
                nodes.append(node)
                wanted.update(node.input)
        return reversed(nodes)

    def scores(self, instances, output=None, feed=None):
        """Scores before a final Softmax, LogSoftmax or Sigmoid, as log-odds want them:
        ("logits", [instances, classes]), or ("sigmoid", [instances, 1])."""
        output = output or self.output
        last = self.producer[output]
        before = {"Softmax": "logits", "LogSoftmax": "logits", "Sigmoid": "sigmoid"}
        kind = before.get(last.op_type, "logits")
        fetch = last.input[0] if last.op_type in before else output
        scores = self.run(instances, fetch, feed)
        return kind, scores.reshape(len(scores), -1)


def _widen(array):
    """Floats become float64; integers stay what they are."""
    return array.astype(np.float64) if array.dtype.kind == "f" else array


class Call:
    """One node with its inputs, which may or may not have the instance axis in front."""

    def __init__(self, node, opset, inputs):
        self.attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        self.opset = opset
        self.inputs = [array for array, _ in inputs]
        self.varying = [varies for _, varies in inputs]
        self.varies = any(self.varying)

    def get(self, name, otherwise=None):
        return self.attributes.get(name, otherwise)

    def has(self, index):
        return index < len(self.inputs) and self.inputs[index] is not None

    def ints(self, index, name):
        """Integers from an input, or from an attribute in older operator sets."""
        if self.has(index):
            return [int(i) for i in np.atleast_1d(self.inputs[index])]
        value = self.get(name)
        return None if value is None else [int(i) for i in value]

    def logical_rank(self, index=0):
        return self.inputs[index].ndim - self.varying[index]

    def axis(self, axis, index=0):
        """A logical axis, perhaps negative, as an axis of the array."""
        axis = int(axis)
        rank = self.logical_rank(index)
        return (axis + rank if axis < 0 else axis) + self.varying[index]

    def shape(self, index=0):
        return self.inputs[index].shape[self.varying[index]:]

    def head(self, index=0):
        """The instance axis as a tuple, empty where there is none."""
        return self.inputs[index].shape[:self.varying[index]]

    def aligned(self):
        """All inputs with their logical ranks made equal, so that NumPy broadcasts as ONNX does."""
        rank = max(self.logical_rank(i) for i in range(len(self.inputs)))
        return [a.reshape(self.head(i) + (1,) * (rank - self.logical_rank(i)) + self.shape(i))
                for i, a in enumerate(self.inputs)]


def _elementwise(function):
    return lambda call: function(*call.aligned())


def _divide(a, b):
    return a / b if a.dtype.kind == "f" else np.trunc(a / b).astype(a.dtype)


def _reshape(call):
    shape = list(call.ints(1, "shape"))
    old = call.shape()
    if not call.get("allowzero", 0):
        shape = [old[i] if d == 0 else d for i, d in enumerate(shape)]
    if -1 in shape:
        known = math.prod(d for d in shape if d != -1)
        shape[shape.index(-1)] = math.prod(old) // known
    return call.inputs[0].reshape(call.head() + tuple(shape))


def _flatten(call):
    shape = call.shape()
    axis = call.get("axis", 1) % (len(shape) + 1)
    return call.inputs[0].reshape(call.head() + (math.prod(shape[:axis]), math.prod(shape[axis:])))


def _transpose(call):
    perm = call.get("perm", list(range(call.logical_rank()))[::-1])
    return call.inputs[0].transpose([0][:call.varies] + [p + call.varies for p in perm])


def _squeeze(call):
    axes = call.ints(1, "axes")
    if axes is None:
        axes = [i for i, d in enumerate(call.shape()) if d == 1]
    return np.squeeze(call.inputs[0], axis=tuple(call.axis(a) for a in axes))


def _unsqueeze(call):
    axes = call.ints(1, "axes")
    rank = call.logical_rank() + len(axes)
    return np.expand_dims(call.inputs[0], tuple(a % rank + call.varying[0] for a in axes))


def _concat(call):
    axis = call.get("axis") % call.logical_rank()
    arrays = call.inputs
    if call.varies:
        count = next(a.shape[0] for a, v in zip(arrays, call.varying) if v)
        arrays = [a if v else np.broadcast_to(a, (count,) + a.shape)
                  for a, v in zip(arrays, call.varying)]
    return np.concatenate(arrays, axis=axis + call.varies)


def _slice(call):
    starts, ends = call.ints(1, "starts"), call.ints(2, "ends")
    axes = call.ints(3, "axes") or list(range(len(starts)))
    steps = call.ints(4, "steps") or [1] * len(starts)
    index = [slice(None)] * call.inputs[0].ndim
    for start, end, axis, step in zip(starts, ends, axes, steps):
        stop = None if step < 0 and end < -call.shape()[axis] else end
        index[call.axis(axis)] = slice(start, stop, step)
    return call.inputs[0][tuple(index)]


def _gather(call):
    data, indices = call.inputs
    if call.varying[0] and call.varying[1]:
        axis = call.axis(call.get("axis", 0)) - 1
        return np.stack([np.take(d, i, axis) for d, i in zip(data, indices)])
    axis = call.axis(call.get("axis", 0))
    taken = np.take(data, indices, axis)
    return np.moveaxis(taken, axis, 0) if call.varying[1] else taken


def _constant(call):
    for name in ("value", "value_float", "value_int", "value_floats", "value_ints"):
        if name in call.attributes:
            value = call.attributes[name]
            return _widen(onnx.numpy_helper.to_array(value) if name == "value"
                          else np.array(value))
    raise NotImplementedError("Constant")


def _cast(call):
    kind = onnx.mapping.TENSOR_TYPE_TO_NP_TYPE[call.get("to")]
    return _widen(call.inputs[0].astype(kind))


def _gemm(call):
    a, b = call.inputs[:2]
    a = np.swapaxes(a, -1, -2) if call.get("transA", 0) else a
    b = np.swapaxes(b, -1, -2) if call.get("transB", 0) else b
    result = call.get("alpha", 1.0) * np.matmul(a, b)
    return result + call.get("beta", 1.0) * call.inputs[2] if call.has(2) else result


def _windows(call, fill):
    """Padded sliding windows [images, channels, rows, columns, kernel rows, kernel columns]."""
    if call.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"SAME_UPPER", b"VALID"):
        raise NotImplementedError("auto_pad")
    image = call.inputs[0].reshape((-1,) + call.shape()[1:])
    kernel = call.get("kernel_shape") or list(call.shape(1)[2:])
    strides, dilations = call.get("strides", [1, 1]), call.get("dilations", [1, 1])
    pads = call.get("pads", [0, 0, 0, 0])
    if call.get("auto_pad") == b"SAME_UPPER":
        total = [max((-(-d // s) - 1) * s + (k - 1) * l + 1 - d, 0)
                 for d, s, k, l in zip(image.shape[2:], strides, kernel, dilations)]
        pads = [t // 2 for t in total] + [t - t // 2 for t in total]
    image = np.pad(image, ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])),
                   constant_values=fill)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    windows = np.lib.stride_tricks.sliding_window_view(image, reach, axis=(2, 3))
    return windows[:, :, ::strides[0], ::strides[1], ::dilations[0], ::dilations[1]]


def _restore(call, result):
    return result.reshape(call.head() + (-1,) + result.shape[1:])


def _conv(call):
    windows, weight = _windows(call, 0.0), call.inputs[1]
    groups = call.get("group", 1)
    parts = [np.tensordot(w, k, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
             for w, k in zip(np.split(windows, groups, 1), np.split(weight, groups, 0))]
    result = np.concatenate(parts, axis=1)
    if call.has(2):
        result = result + call.inputs[2][:, None, None]
    return _restore(call, result)


def _max_pool(call):
    return _restore(call, _windows(call, -np.inf).max(axis=(-1, -2)))


def _average_pool(call):
    ones = Call.__new__(Call)
    ones.__dict__.update(call.__dict__)
    ones.inputs = [np.ones_like(call.inputs[0])]
    count = _windows(ones, 1.0 if call.get("count_include_pad", 0) else 0.0).sum(axis=(-1, -2))
    return _restore(call, _windows(call, 0.0).sum(axis=(-1, -2)) / count)


def _global_average_pool(call):
    axes = tuple(range(2 + call.varies, call.inputs[0].ndim))
    return call.inputs[0].mean(axis=axes, keepdims=True)


def _batch_normalization(call):
    x, scale, bias, mean, var = call.inputs
    tail = (slice(None),) + (None,) * (call.logical_rank() - 2)
    return (x - mean[tail]) / np.sqrt(var[tail] + call.get("epsilon", 1e-5)) * scale[tail] \
        + bias[tail]


def _reduce_mean(call):
    axes = call.ints(1, "axes")
    axes = range(call.logical_rank()) if axes is None else axes
    return call.inputs[0].mean(axis=tuple(call.axis(a) for a in axes),
                               keepdims=bool(call.get("keepdims", 1)))


def _softmax(call, logarithm=False):
    x = call.inputs[0]
    if call.opset >= 13:
        axes = call.axis(call.get("axis", -1))
    else:
        axes = tuple(range(call.axis(call.get("axis", 1)), x.ndim))
    shifted = x - x.max(axis=axes, keepdims=True)
    total = np.exp(shifted).sum(axis=axes, keepdims=True)
    return shifted - np.log(total) if logarithm else np.exp(shifted) / total


def _clip(call):
    low = call.inputs[1] if call.has(1) else call.get("min", -np.inf)
    high = call.inputs[2] if call.has(2) else call.get("max", np.inf)
    return np.clip(call.inputs[0], low, high)


_erf = np.vectorize(math.erf, otypes=[np.float64])

OPERATORS = {
    "Abs": _elementwise(np.abs),
    "Add": _elementwise(np.add),
    "AveragePool": _average_pool,
    "BatchNormalization": _batch_normalization,
    "Cast": _cast,
    "Clip": _clip,
    "Concat": _concat,
    "Constant": _constant,
    "Conv": _conv,
    "Div": _elementwise(_divide),
    "Dropout": lambda call: call.inputs[0],
    "Elu": lambda call: np.where(call.inputs[0] > 0, call.inputs[0], call.get("alpha", 1.0)
                                 * np.expm1(np.minimum(call.inputs[0], 0))),
    "Erf": _elementwise(_erf),
    "Exp": _elementwise(np.exp),
    "Flatten": _flatten,
    "Gather": _gather,
    "Gemm": _gemm,
    "GlobalAveragePool": _global_average_pool,
    "Identity": lambda call: call.inputs[0],
    "LeakyRelu": lambda call: np.where(call.inputs[0] > 0, call.inputs[0],
                                       call.get("alpha", 0.01) * call.inputs[0]),
    "LogSoftmax": lambda call: _softmax(call, logarithm=True),
    "MatMul": _elementwise(np.matmul),
    "MaxPool": _max_pool,
    "Mul": _elementwise(np.multiply),
    "Neg": _elementwise(np.negative),
    "Pow": _elementwise(np.power),
    "ReduceMean": _reduce_mean,
    "Relu": _elementwise(lambda x: np.maximum(x, 0)),
    "Reshape": _reshape,
    "Shape": lambda call: np.array(call.shape(), dtype=np.int64),
    "Sigmoid": _elementwise(lambda x: 0.5 * (1 + np.tanh(0.5 * x))),
    "Slice": _slice,
    "Softmax": _softmax,
    "Sqrt": _elementwise(np.sqrt),
    "Squeeze": _squeeze,
    "Sub": _elementwise(np.subtract),
    "Tanh": _elementwise(np.tanh),
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
