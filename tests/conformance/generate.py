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
import torch.nn.functional as F

import onnx_write as onnx

HERE = os.path.dirname(os.path.abspath(__file__))
random = np.random.RandomState(20240521)


def real(*shape, dtype=np.float32):
    return random.randn(*shape).astype(dtype)


def torched(x):
    return torch.from_numpy(np.ascontiguousarray(x))


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


# ---- pools ----

def windows(x, kernel, stride, pads, dilation, out, fill):
    """Elements of all windows of a 2-D pool: [N, C, H, W, kernel elements], fill where outside."""
    top, left = pads[:2]
    n, c, height, width = x.shape
    result = np.full((n, c, out[0], out[1], kernel[0] * kernel[1]), fill, x.dtype)
    for i in range(out[0]):
        for j in range(out[1]):
            for a in range(kernel[0]):
                for b in range(kernel[1]):
                    h = i * stride[0] - top + a * dilation[0]
                    w = j * stride[1] - left + b * dilation[1]
                    if 0 <= h < height and 0 <= w < width:
                        result[:, :, i, j, a * kernel[1] + b] = x[:, :, h, w]
    return result


def pools(w):
    x = real(2, 3, 9, 8)
    t = torched(x)
    for p in 1, 2, 3:
        w.case(f"lp_pool_p{p}", "LpPool", 11, [x],
               [F.lp_pool2d(t.abs(), float(p), (3, 2), (2, 1)).numpy()],
               kernel_shape=[3, 2], strides=[2, 1], p=p)
    padded = windows(x, (3, 3), (2, 2), (1, 1), (1, 1), (5, 4), 0)
    w.case("lp_pool_pads", "LpPool", 11, [x], [np.sqrt((padded ** 2).sum(-1))],
           kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    ceil = windows(x, (2, 3), (2, 2), (0, 0), (2, 1), (4, 4), 0)
    w.case("lp_pool_18_ceil_dilations", "LpPool", 18, [x], [np.sqrt((ceil ** 2).sum(-1))],
           kernel_shape=[2, 3], strides=[2, 2], dilations=[2, 1], ceil_mode=1)
    one = real(1, 2, 10)
    w.case("lp_pool_1d", "LpPool", 11, [one], [F.lp_pool1d(torched(one), 2, 3, 2).numpy()],
           kernel_shape=[3], strides=[2])
    w.case("global_lp_pool", "GlobalLpPool", 13, [x],
           [np.sqrt((x.astype(np.float64) ** 2).sum((2, 3), keepdims=True)).astype(np.float32)])
    w.case("global_average_pool_f64", "GlobalAveragePool", 13, [x.astype(np.float64)],
           [x.astype(np.float64).mean((2, 3), keepdims=True)])
    w.case("global_max_pool", "GlobalMaxPool", 13, [x], [x.max((2, 3), keepdims=True)])
    for include in 0, 1:
        for ceil_mode in 0, 1:
            y = F.avg_pool2d(t, 3, 2, 1, bool(ceil_mode), bool(include)).numpy()
            w.case(f"average_pool_include{include}_ceil{ceil_mode}", "AveragePool", 19, [x], [y],
                   kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
                   count_include_pad=include, ceil_mode=ceil_mode)
    wide = windows(x, (2, 2), (1, 1), (0, 0), (2, 3), (7, 5), 0)
    w.case("average_pool_19_dilations", "AveragePool", 19, [x], [wide.mean(-1)],
           kernel_shape=[2, 2], dilations=[2, 3])
    volume = real(1, 2, 5, 6, 4)
    w.case("average_pool_3d", "AveragePool", 11, [volume],
           [F.avg_pool3d(torched(volume), (2, 3, 2), (1, 2, 1)).numpy()],
           kernel_shape=[2, 3, 2], strides=[1, 2, 1])
    y, index = F.max_pool2d(t, 3, 2, 1, return_indices=True)
    plane = np.arange(6).reshape(2, 3, 1, 1) * 72
    w.case("max_pool_indices_pads", "MaxPool", 12, [x], [y.numpy(), index.numpy() + plane],
           kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    y = F.max_pool2d(t, (3, 2), (3, 3), (1, 0), ceil_mode=True).numpy()
    w.case("max_pool_ceil_last_window_in_padding", "MaxPool", 12, [x], [y], kernel_shape=[3, 2],
           strides=[3, 3], pads=[1, 0, 1, 0], ceil_mode=1)
    y = F.max_pool3d(torched(volume).double(), 2, 2).numpy()
    w.case("max_pool_3d_f64", "MaxPool", 12, [volume.astype(np.float64)], [y],
           kernel_shape=[2, 2, 2], strides=[2, 2, 2])
    small = random.randint(-99, 99, (1, 2, 6, 6)).astype(np.int8)
    y = small.reshape(1, 2, 3, 2, 3, 2).max((3, 5))
    w.case("max_pool_int8", "MaxPool", 12, [small], [y], kernel_shape=[2, 2], strides=[2, 2])
    w.case("max_pool_odd_halving", "MaxPool", 12, [x], [F.max_pool2d(t, 2, 2).numpy()],
           kernel_shape=[2, 2], strides=[2, 2])
    y, index = F.max_pool2d(t[:, :, :8], 2, 2, return_indices=True)
    back = F.max_unpool2d(y, index, 2, 2).numpy()
    w.case("max_unpool", "MaxUnpool", 11,
           [y.numpy(), index.numpy() + np.arange(6).reshape(2, 3, 1, 1) * 64], [back],
           kernel_shape=[2, 2], strides=[2, 2])


# ---- convolutions ----

def convolutions(w):
    def conv(name, x, weight, bias, opset=11, **k):
        t = [torched(a) if a is not None else None for a in (x, weight, bias)]
        d = x.ndim - 2
        stride, padding = k.get("stride", [1] * d), k.get("padding", [0] * d)
        dilation, groups = k.get("dilation", [1] * d), k.get("groups", 1)
        y = [F.conv1d, F.conv2d, F.conv3d][d - 1](*t, stride, padding, dilation, groups).numpy()
        ins = [x, weight] + ([bias] if bias is not None else [])
        w.case("conv_" + name, "Conv", opset, ins, [y], strides=stride,
               pads=list(padding) * 2, dilations=dilation, group=groups)

    conv("lenet", real(1, 1, 28, 28), real(6, 1, 5, 5), real(6))
    conv("digits", real(2, 3, 8, 8), real(16, 3, 3, 3), real(16), padding=[1, 1])
    conv("few_channels", real(1, 5, 9, 11), real(2, 5, 3, 3), None)
    conv("one_channel", real(1, 5, 9, 19), real(1, 5, 3, 2), real(1), padding=[2, 1])
    conv("stride_2", real(2, 3, 17, 18), real(7, 3, 3, 3), real(7), stride=[2, 2], padding=[1, 1])
    conv("stride_3_kernel_2", real(1, 2, 20, 31), real(5, 2, 2, 2), real(5), stride=[3, 3])
    conv("dilation", real(1, 4, 16, 20), real(8, 4, 3, 3), None, dilation=[2, 3], padding=[2, 1])
    conv("stride_dilation", real(1, 4, 21, 25), real(8, 4, 3, 3), real(8), dilation=[3, 2],
         stride=[2, 3], padding=[3, 1])
    conv("groups", real(1, 6, 10, 9), real(8, 3, 3, 3), real(8), groups=2)
    conv("depthwise", real(2, 5, 12, 12), real(5, 1, 3, 3), real(5), groups=5, padding=[1, 1])
    conv("depthwise_multiplier", real(1, 3, 9, 9), real(6, 1, 3, 3), None, groups=3)
    conv("pointwise", real(1, 7, 8, 16), real(9, 7, 1, 1), real(9))
    conv("pointwise_small", real(1, 7, 3, 3), real(9, 7, 1, 1), real(9))
    conv("patches", real(1, 3, 16, 16), real(12, 3, 8, 8), real(12), stride=[8, 8])
    conv("patches_pads", real(1, 3, 14, 14), real(12, 3, 8, 8), real(12), stride=[7, 7],
         padding=[3, 3])
    conv("small_image", real(3, 8, 3, 3), real(5, 8, 3, 3), real(5), padding=[1, 1])
    conv("1d", real(2, 3, 20), real(4, 3, 5), real(4), stride=[2], padding=[2])
    conv("3d", real(1, 2, 5, 6, 7), real(3, 2, 2, 3, 2), real(3), padding=[1, 0, 1],
         stride=[1, 2, 1])
    conv("3d_groups_dilation", real(1, 4, 6, 6, 9), real(4, 2, 2, 2, 3), None, groups=2,
         dilation=[2, 1, 2])
    double = [a.astype(np.float64) for a in (real(2, 3, 9, 9), real(4, 3, 3, 3), real(4))]
    conv("f64", *double, padding=[1, 1])
    conv("no_images", real(0, 3, 8, 8), real(4, 3, 3, 3), real(4))
    for mode in "SAME_UPPER", "SAME_LOWER", "VALID":
        x, weight = real(1, 2, 9, 10), real(3, 2, 4, 3)
        # Even kernels leave one more cell on one side: (height, width) get (3, 2) and (2, 1) cells.
        pads = {"SAME_UPPER": (1, 1, 1, 2), "SAME_LOWER": (1, 1, 2, 1), "VALID": (0, 0, 0, 0)}[mode]
        y = F.conv2d(F.pad(torched(x), pads), torched(weight)).numpy()
        w.case("conv_auto_pad_" + mode.lower(), "Conv", 11, [x, weight], [y], auto_pad=mode)

    def transposed(name, x, weight, bias, **k):
        d = x.ndim - 2
        stride, padding = k.get("stride", [1] * d), k.get("padding", [0] * d)
        extra, groups = k.get("output_padding", [0] * d), k.get("groups", 1)
        dilation = k.get("dilation", [1] * d)
        function = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d][d - 1]
        y = function(torched(x), torched(weight), torched(bias), stride, padding, extra, groups,
                     dilation).numpy()
        w.case("conv_transpose_" + name, "ConvTranspose", 11, [x, weight, bias], [y],
               strides=stride, pads=list(padding) * 2, dilations=dilation, group=groups,
               output_padding=extra)

    transposed("2d", real(1, 3, 5, 6), real(3, 4, 3, 3), real(4), stride=[2, 2], padding=[1, 1],
               output_padding=[1, 1])
    transposed("groups", real(2, 4, 5, 5), real(4, 3, 2, 3), real(6), groups=2, stride=[3, 2])
    transposed("dilation", real(1, 2, 4, 4), real(2, 3, 3, 3), real(3), dilation=[2, 1])
    transposed("1d", real(1, 3, 7), real(3, 2, 4), real(2), stride=[2], padding=[1])
    transposed("3d", real(1, 2, 3, 3, 4), real(2, 3, 2, 2, 2), real(3), stride=[2, 1, 2])


# ---- normalisation ----

def normalisations(w):
    x = real(2, 6, 4, 5)
    scale, bias = real(3), real(3)
    plain = F.group_norm(torched(x), 3, eps=1e-3).numpy()
    spread = np.repeat(scale, 2).reshape(1, 6, 1, 1), np.repeat(bias, 2).reshape(1, 6, 1, 1)
    w.case("group_normalization_18", "GroupNormalization", 18, [x, scale, bias],
           [plain * spread[0] + spread[1]], num_groups=3, epsilon=1e-3)
    scale, bias = real(6), real(6)
    y = F.group_norm(torched(x), 3, torched(scale), torched(bias)).numpy()
    w.case("group_normalization_21", "GroupNormalization", 21, [x, scale, bias], [y], num_groups=3)
    for dtype in np.float32, np.float64:
        t = [torched(a.astype(dtype)) for a in (x, scale, bias)]
        y = F.instance_norm(t[0], weight=t[1], bias=t[2]).numpy()
        w.case(f"instance_normalization_{np.dtype(dtype).name}", "InstanceNormalization", 13,
               [a.numpy() for a in t], [y])
    mean, variance = real(6), np.abs(real(6)) + np.float32(0.1)
    for opset in 7, 9, 15:
        y = F.batch_norm(*map(torched, (x, mean, variance, scale, bias))).numpy()
        w.case(f"batch_normalization_{opset}", "BatchNormalization", opset,
               [x, scale, bias, mean, variance], [y])
    vector = real(3, 6)
    y = F.batch_norm(*map(torched, (vector, mean, variance, scale, bias))).numpy()
    w.case("batch_normalization_vector", "BatchNormalization", 15,
           [vector, scale, bias, mean, variance], [y])
    layer = [a.astype(np.float64) for a in (x, real(4, 5), real(4, 5))]
    y = F.layer_norm(*[torched(layer[0]), (4, 5), torched(layer[1]), torched(layer[2])]).numpy()
    w.case("layer_normalization_f64", "LayerNormalization", 17, layer, [y], axis=2)
    row = real(5)
    y = F.layer_norm(torched(x), (4, 5)).numpy() * row
    w.case("layer_normalization_scale_broadcasts", "LayerNormalization", 17, [x, row], [y], axis=-2)
    for p in 1, 2:
        for axis in -1, 1:
            y = F.normalize(torched(x), p, axis, eps=0).numpy()
            w.case(f"lp_normalization_p{p}_axis{axis % 4}", "LpNormalization", 13, [x], [y],
                   p=p, axis=axis)
    y = F.local_response_norm(torched(x), 3, 0.02, 0.6, 1.5).numpy()
    w.case("lrn", "LRN", 13, [x], [y], size=3, alpha=0.02, beta=0.6, bias=1.5)
    # PyTorch pads even sizes the other way round: by the formula.
    square = np.pad(x.astype(np.float64) ** 2, ((0, 0), (1, 2), (0, 0), (0, 0)))
    total = sum(square[:, k:k + 6] for k in range(4))
    w.case("lrn_even_f64", "LRN", 13, [x.astype(np.float64)],
           [x / (1.5 + 0.02 / 4 * total) ** 0.75], size=4, alpha=0.02, bias=1.5)
    deviation = x - x.mean((1, 3), keepdims=True)
    w.case("mean_variance_normalization_axes", "MeanVarianceNormalization", 13, [x],
           [deviation / x.std((1, 3), keepdims=True)], axes=[1, 3])


# ---- element-wise ----

def activations(w):
    x = np.concatenate([real(40) * 3, np.float32([0, -0.0, 12, -12, 40, -40, 100, -100])])
    x = x.reshape(2, 24)
    for dtype in np.float32, np.float64:
        t = torched(x.astype(dtype))
        kind = np.dtype(dtype).name
        for name, op, opset, y, attributes in [
                ("gelu", "Gelu", 20, F.gelu(t), {}),
                ("gelu_tanh", "Gelu", 20, F.gelu(t, approximate="tanh"), {"approximate": "tanh"}),
                ("mish", "Mish", 18, F.mish(t), {}),
                ("selu", "Selu", 7, F.selu(t), {}),
                ("softplus", "Softplus", 13, F.softplus(t), {}),
                ("softsign", "Softsign", 13, F.softsign(t), {}),
                ("sigmoid", "Sigmoid", 13, torch.sigmoid(t), {}),
                ("tanh", "Tanh", 13, torch.tanh(t), {}),
                ("erf", "Erf", 13, torch.erf(t), {}),
                ("celu", "Celu", 12, F.celu(t, 0.7), {"alpha": 0.7}),
                ("elu", "Elu", 13, F.elu(t, 0.7), {"alpha": 0.7}),
                ("hard_swish", "HardSwish", 14, F.hardswish(t), {}),
                ("hard_sigmoid", "HardSigmoid", 13, F.hardsigmoid(t), {"alpha": 1 / 6, "beta": .5}),
                ("hard_shrink", "Shrink", 9, F.hardshrink(t, 1.5), {"lambd": 1.5}),
                ("soft_shrink", "Shrink", 9, F.softshrink(t, 1.5), {"lambd": 1.5, "bias": 1.5}),
                ("leaky_relu", "LeakyRelu", 16, F.leaky_relu(t, 0.3), {"alpha": 0.3})]:
            w.case(f"{name}_{kind}", op, opset, [t.numpy()], [y.numpy()], **attributes)
        safe = torched((x / 10).astype(dtype))
        w.case(f"exp_{kind}", "Exp", 13, [safe.numpy()], [torch.exp(safe).numpy()])
    w.case("clip_6", "Clip", 7, [x], [x.clip(-1.5, 2)], min=-1.5, max=2.0)
    w.case("clip_6_only_max", "Clip", 7, [x], [x.clip(None, 2)], max=2.0)
    w.case("clip_bounds_left_out", "Clip", 13, [x, None, np.float32(1)], [x.clip(None, 1)])
    slope = real(3, 1, 1)
    image = real(2, 3, 4, 5)
    w.case("prelu_channels", "PRelu", 16, [image, slope],
           [F.prelu(torched(image), torched(slope.ravel())).numpy()])
    numbers = random.randint(-50, 50, (3, 4)).astype(np.int32)
    w.case("relu_int32", "Relu", 14, [numbers], [numbers.clip(0)])
    special = np.float32([np.nan, np.inf, -np.inf, 0, 1])
    w.case("is_inf_20", "IsInf", 20, [special.astype(np.float64)], [np.isinf(special)])
    w.case("is_nan_20", "IsNaN", 20, [special], [np.isnan(special)])
    w.case("relu_keeps_nan", "Relu", 14, [special], [np.float32([np.nan, np.inf, 0, 0, 1])])


def arithmetic(w):
    for kind in np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64:
        name = np.dtype(kind).name
        a = random.randint(0, 100, (3, 1, 4)).astype(kind)
        b = random.randint(1, 7, (2, 1)).astype(kind)
        w.case(f"add_{name}", "Add", 14, [a, b], [a + b])
        w.case(f"mul_{name}", "Mul", 14, [a, b], [a * b])
        w.case(f"div_{name}", "Div", 14, [a, b], [a // b])
        w.case(f"bitwise_and_{name}", "BitwiseAnd", 18, [a, b], [a & b])
        w.case(f"bitwise_or_{name}", "BitwiseOr", 18, [a, b], [a | b])
        w.case(f"bitwise_xor_{name}", "BitwiseXor", 18, [a, b], [a ^ b])
        w.case(f"bitwise_not_{name}", "BitwiseNot", 18, [a], [~a])
        w.case(f"less_or_equal_{name}", "LessOrEqual", 16, [a, b], [a <= b])
        w.case(f"where_{name}", "Where", 16, [a > 50, a, b], [np.where(a > 50, a, b)])
    negative = np.int32([-7, 7, -7, 7])
    w.case("div_int32_truncates", "Div", 14, [negative, np.int32([2, -2, -2, 2])],
           [np.int32([-3, -3, 3, 3])])
    a, b = real(2, 3, 1, 5).astype(np.float64), real(4, 1).astype(np.float64)
    w.case("sub_f64", "Sub", 14, [a, b], [a - b])
    x = np.abs(real(3, 4)) + np.float32(0.5)
    w.case("pow_scalar_2", "Pow", 15, [x, np.float32(2)], [x ** 2])
    w.case("pow_scalar_3", "Pow", 15, [x, np.float32(3)], [x ** 3])
    w.case("pow_f64", "Pow", 15, [x.astype(np.float64), np.float64([0.5, 1, -2, 3])],
           [x.astype(np.float64) ** np.float64([0.5, 1, -2, 3])])
    w.case("not", "Not", 7, [x > 1], [~(x > 1)])
    three = real(3, 1), real(4), np.full((2, 1, 1), 0.3, np.float32)
    w.case("max_broadcast", "Max", 13, three, [np.maximum(np.maximum(*three[:2]), three[2])])
    w.case("mean_broadcast", "Mean", 13, three, [(three[0] + three[1] + three[2]) / np.float32(3)])
    w.case("equal_bool", "Equal", 13, [x > 1, (x > 0.9)[:1]], [(x > 1) == (x > 0.9)[:1]])
    w.case("abs_int8", "Abs", 13, [np.int8([-128, -5, 0, 7])], [np.int8([-128, 5, 0, 7])])
    w.case("sign_int64", "Sign", 13, [np.int64([-9, 0, 5])], [np.int64([-1, 0, 1])])


# ---- matrices ----

def matrices(w):
    for name, a, b in [("row_vector", real(4), real(4, 5)), ("column_vector", real(3, 4), real(4)),
                       ("vectors", real(4), real(4)),
                       ("broadcast", real(2, 1, 3, 4), real(5, 4, 2)),
                       ("vector_batch", real(4), real(3, 4, 2)),
                       ("inner_0", real(2, 0), real(0, 3)),
                       ("heads", real(2, 3, 5, 4), real(2, 3, 4, 5)),
                       ("rows_0", real(0, 4), real(4, 3)),
                       ("long_inner", real(2, 300), real(300, 7)),
                       ("f64", real(3, 4).astype(np.float64), real(4, 2).astype(np.float64))]:
        w.case(f"matmul_{name}", "MatMul", 13, [a, b], [np.matmul(a, b)])
    for kind in np.int32, np.int64, np.uint32, np.uint64:
        a = random.randint(0, 50, (3, 4)).astype(kind)
        b = random.randint(0, 50, (4, 2)).astype(kind)
        w.case(f"matmul_{np.dtype(kind).name}", "MatMul", 13, [a, b], [a @ b])
        w.case(f"gemm_{np.dtype(kind).name}", "Gemm", 13, [a, b, b[:1, :1]],
               [2 * (a @ b) + b[:1, :1]],
               alpha=2.0)
    a, b, c = real(4, 1), real(5, 4), real(5)
    w.case("gemm_column", "Gemm", 13, [a, b, c], [a.T @ b.T + c], transA=1, transB=1)
    a = real(1, 4)
    w.case("gemm_row", "Gemm", 7, [a, b, c], [np.float32(0.5) * (a @ b.T) + np.float32(2) * c],
           transB=1, alpha=0.5, beta=2.0)
    w.case("gemm_no_bias", "Gemm", 11, [a, b], [a @ b.T], transB=1)
    d = [x.astype(np.float64) for x in (real(3, 4), real(4, 5), real(3, 1))]
    w.case("gemm_f64", "Gemm", 13, d, [d[0] @ d[1] + d[2]])
    for name, equation, *operands in [
            ("batch", "bij,bjk->bik", real(2, 3, 4), real(2, 4, 5)),
            ("attention", "bhid,bhjd->bhij", real(2, 2, 3, 4), real(2, 2, 5, 4)),
            ("attention_out", "bhij,bhjd->bihd", real(1, 2, 3, 3), real(1, 2, 3, 4)),
            ("ellipsis", "...ij,...jk->...ik", real(2, 1, 3, 4), real(3, 4, 2)),
            ("ellipsis_implicit", "...i,...i", real(3, 4), real(3, 4)),
            ("outer", "ij,kl->kijl", real(2, 3), real(4, 2)), ("inner", "i,i->", real(5), real(5)),
            ("diagonal", "ii->i", real(4, 4)), ("trace", "ii", real(4, 4)),
            ("sum", "abc->b", real(2, 3, 4)), ("transpose", "ab c -> cab", real(2, 3, 4)),
            ("free_sums", "ij,kl->il", real(2, 3), real(4, 5)),
            ("bilinear", "bn,nm->bm", real(1, 6), real(6, 3)),
            ("f64", "ij,jk", real(2, 3).astype(np.float64), real(3, 2).astype(np.float64))]:
        w.case(f"einsum_{name}", "Einsum", 12, operands,
               [np.einsum(equation.replace(" ", ""), *operands)], equation=equation)


# ---- reductions ----

def reductions(w):
    x = np.abs(real(2, 3, 4, 5)) + np.float32(0.1)
    functions = {"Sum": np.sum, "Mean": np.mean, "Prod": np.prod, "Max": np.max, "Min": np.min,
                 "L1": lambda a, k, **o: np.abs(a).sum(k, **o),
                 "L2": lambda a, k, **o: np.sqrt((a * a).sum(k, **o)),
                 "SumSquare": lambda a, k, **o: (a * a).sum(k, **o),
                 "LogSum": lambda a, k, **o: np.log(a.sum(k, **o)),
                 "LogSumExp": lambda a, k, **o: np.log(np.exp(a).sum(k, **o))}
    for name, function in functions.items():
        y = function(x, (1, 3), keepdims=False)
        w.case(f"reduce_{name.lower()}_18", "Reduce" + name, 18, [x, np.int64([1, -1])], [y],
               keepdims=0)
        w.case(f"reduce_{name.lower()}_11", "Reduce" + name, 11, [x],
               [function(x, (0, 2), keepdims=True)], axes=[0, 2])
        d = x.astype(np.float64)
        w.case(f"reduce_{name.lower()}_f64", "Reduce" + name, 18, [d],
               [function(d, (0, 1, 2, 3), keepdims=True)])
    w.case("reduce_mean_nothing", "ReduceMean", 18, [x], [x], noop_with_empty_axes=1)
    w.case("reduce_max_bool_20", "ReduceMax", 20, [x > 1, np.int64([2])], [(x > 1).any(2)],
           keepdims=0)
    w.case("reduce_min_bool_20", "ReduceMin", 20, [x > 1], [(x > 1).all(keepdims=True)])
    long_row = real(2, 1000)
    w.case("reduce_sum_long_row", "ReduceSum", 13, [long_row, np.int64([1])],
           [long_row.astype(np.float64).sum(1).astype(np.float32)], keepdims=0)
    empty = np.zeros((2, 0, 3), np.float32)
    w.case("reduce_sum_empty", "ReduceSum", 13, [empty, np.int64([1])], [empty.sum(1)], keepdims=0)
    w.case("reduce_prod_empty", "ReduceProd", 18, [empty, np.int64([1])], [empty.prod(1)],
           keepdims=0)
    w.case("reduce_max_empty", "ReduceMax", 18, [empty, np.int64([1])],
           [np.full((2, 3), -np.inf, np.float32)], keepdims=0)
    w.case("reduce_l2_int32", "ReduceL2", 18, [np.int32([[3, 4], [6, 8]]), np.int64([1])],
           [np.int32([5, 10])], keepdims=0)
    numbers = np.int64([[3, 1, 3], [2, 2, 0]])
    w.case("arg_max_int64", "ArgMax", 13, [numbers], [numbers.argmax(1).reshape(2, 1)], axis=1)
    order = np.argsort(-x, 2, kind="stable")[:, :, :2]
    w.case("top_k_9", "TopK", 9, [x], [np.take_along_axis(x, order, 2), order], axis=2, k=2)
    ints = random.randint(0, 9, (3, 7)).astype(np.int32)
    order = np.argsort(ints, 1, kind="stable")[:, :3]
    w.case("top_k_smallest_ties", "TopK", 11, [ints, np.int64([3])],
           [np.take_along_axis(ints, order, 1), order], axis=-1, largest=0)
    w.case("cum_sum_int32", "CumSum", 14, [ints, np.int32(1)], [ints.cumsum(1, dtype=np.int32)])
    for opset, axis in (7, 1), (11, 2), (13, 1), (13, -1):
        t = torched(x)
        flat = t.reshape(x.shape[:axis] + (-1,)) if opset < 13 else t
        k = -1 if opset < 13 else axis
        w.case(f"softmax_{opset}_axis{axis % 4}", "Softmax", opset, [x],
               [F.softmax(flat, k).reshape(x.shape).numpy()], axis=axis)
        w.case(f"log_softmax_{opset}_axis{axis % 4}", "LogSoftmax", opset, [x],
               [F.log_softmax(flat, k).reshape(x.shape).numpy()], axis=axis)
    w.case("softmax_f64", "Softmax", 13, [x.astype(np.float64)],
           [F.softmax(torched(x).double(), -1).numpy()])
    w.case("log_softmax_f64_axis0", "LogSoftmax", 13, [x.astype(np.float64)],
           [F.log_softmax(torched(x).double(), 0).numpy()], axis=0)


# ---- shapes and moves ----

def shapes(w):
    x = real(2, 3, 4)
    w.case("split_18_uneven", "Split", 18, [x], [x[:, :, :2], x[:, :, 2:]], axis=2, num_outputs=2)
    y = real(2, 7)
    w.case("split_18_last_smaller", "Split", 18, [y], [y[:, :3], y[:, 3:6], y[:, 6:]], axis=-1,
           num_outputs=3)
    w.case("split_11", "Split", 11, [y], [y[:, :2], y[:, 2:]], axis=1, split=[2, 5])
    w.case("squeeze_11", "Squeeze", 11, [x[:, :1]], [x[:, 0]], axes=[1])
    w.case("unsqueeze_11", "Unsqueeze", 11, [x], [x[None, :, None]], axes=[0, 2])
    w.case("slice_9", "Slice", 9, [x], [x[:1, :, 1:3]], axes=[0, 2], starts=[0, 1], ends=[1, -1])
    w.case("slice_int32_reverse", "Slice", 13,
           [x, np.int32([-1, 5]), np.int32([-9, -9]), np.int32([1, 2]), np.int32([-2, -1])],
           [x[:, ::-2, ::-1]])
    w.case("slice_far_ends", "Slice", 13,
           [x, np.int64([1]), np.int64([2 ** 63 - 1]), np.int64([2]), np.int64([2 ** 62])],
           [x[:, :, 1:2]])
    w.case("reshape_21", "Reshape", 21, [x, np.int64([0, -1])], [x.reshape(2, 12)])
    w.case("reshape_empty", "Reshape", 14, [x[:0], np.int64([3, 0])],
           [np.zeros((3, 0), np.float32)], allowzero=1)
    w.case("concat_with_empty", "Concat", 13, [x[:, :0], x, x[:, 1:2]],
           [np.concatenate([x, x[:, 1:2]], 1)], axis=1)
    big = real(2, 3, 17, 19)
    w.case("transpose_to_channels_last", "Transpose", 13, [big], [big.transpose(0, 2, 3, 1)],
           perm=[0, 2, 3, 1])
    w.case("transpose_f64", "Transpose", 13, [big.astype(np.float64)],
           [big.astype(np.float64).transpose(3, 1, 0, 2)], perm=[3, 1, 0, 2])
    w.case("transpose_uint8", "Transpose", 13, [(big > 0).astype(np.uint8)],
           [(big > 0).astype(np.uint8).T])
    w.case("expand_rank", "Expand", 13, [x[:, :1], np.int64([2, 1, 3, 4])],
           [np.broadcast_to(x[:, :1], (2, 2, 3, 4))])
    w.case("tile_3d", "Tile", 13, [x, np.int64([2, 1, 3])], [np.tile(x, (2, 1, 3))])
    w.case("identity_bool", "Identity", 13, [x > 0], [x > 0])
    w.case("dropout_7", "Dropout", 7, [x], [x], ratio=0.3)
    w.case("cast_truncates", "Cast", 19, [np.float32([-2.7, -0.5, 0.5, 2.7])],
           [np.int32([-2, 0, 0, 2])], to=6)
    w.case("cast_to_bool", "Cast", 19, [np.float32([0, 0.5, -2])], [np.array([False, True, True])],
           to=9)
    w.case("depth_to_space_f64", "DepthToSpace", 13, [np.arange(48.).reshape(1, 8, 2, 3)],
           [F.pixel_shuffle(torch.arange(48.).double().reshape(1, 8, 2, 3), 2).numpy()],
           blocksize=2, mode="CRD")
    w.case("trilu_batch", "Trilu", 14, [x, np.int64(1)], [np.triu(x, 1)])


def pads(w):
    x = real(2, 3, 4)
    w.case("pad_10", "Pad", 10, [x], [np.pad(x, ((0, 0), (1, 0), (0, 2)), constant_values=1.5)],
           pads=[0, 1, 0, 0, 0, 2], value=1.5)
    w.case("pad_10_reflect", "Pad", 10, [x], [np.pad(x, ((0, 0), (2, 1), (3, 2)), "reflect")],
           pads=[0, 2, 3, 0, 1, 2], mode="reflect")
    w.case("pad_crop", "Pad", 13, [x, np.int64([0, -1, 1, 0, 0, -2])],
           [np.pad(x[:, 1:, :2], ((0, 0), (0, 0), (1, 0)))])
    w.case("pad_18_axes", "Pad", 18, [x, np.int64([1, 2]), np.float32(-1), np.int64([-1])],
           [np.pad(x, ((0, 0), (0, 0), (1, 2)), constant_values=-1)])
    w.case("pad_19_wrap", "Pad", 19, [x, np.int64([0, 2, 4, 0, 3, 1])],
           [np.pad(x, ((0, 0), (2, 3), (4, 1)), "wrap")], mode="wrap")
    w.case("pad_edge_int64", "Pad", 13, [np.int64([[1, 2], [3, 4]]), np.int64([1, 0, 0, 2])],
           [np.pad(np.int64([[1, 2], [3, 4]]), ((1, 0), (0, 2)), "edge")], mode="edge")


def gathers(w):
    x = real(4, 3, 5)
    index = np.int32([[0, -1], [2, 1]])
    w.case("gather_int32_axis1", "Gather", 13, [x, index], [np.take(x, index, 1)], axis=1)
    w.case("gather_scalar", "Gather", 13, [x, np.int64(-2)], [x[-2]])
    w.case("gather_elements_axis0", "GatherElements", 13, [x, np.int64([[[3, 0]], [[-1, 2]]])],
           [np.take_along_axis(x[:, :1, :2], np.int64([[[3, 0]], [[3, 2]]]), 0)])
    for how, function in ("max", np.maximum), ("min", np.minimum), ("add", np.add), \
            ("mul", np.multiply):
        index, update = np.int64([[1, 1, 3], [0, 2, 1]]), real(2, 3)
        y = x[0].copy()
        for i in range(2):
            for j in range(3):
                y[i, index[i, j]] = function(y[i, index[i, j]], update[i, j])
        w.case(f"scatter_elements_18_{how}", "ScatterElements", 18, [x[0], index, update], [y],
               axis=1, reduction=how)
        rows, update = np.int64([[1], [3], [1]]), real(3, 3, 5)
        y = x.copy()
        for i, row in enumerate(rows[:, 0]):
            y[row] = function(y[row], update[i])
        w.case(f"scatter_nd_18_{how}", "ScatterND", 18, [x, rows, update], [y], reduction=how)
    w.case("one_hot_float_indices", "OneHot", 11,
           [np.float32([0, 2, -1, 7]), np.int64([4]), np.float32([-1, 3])],
           [np.float32([[3, -1, -1, -1], [-1, -1, 3, -1], [-1, -1, -1, 3], [-1] * 4])])
    w.case("compress_varying_data", "Compress", 11, [x, np.array([True, False, True])],
           [x[:, [0, 2]]], axis=1)
    w.case("reverse_sequence_f64", "ReverseSequence", 10,
           [np.arange(8.).reshape(4, 2), np.int64([3, 0])],
           [np.float64([[4, 1], [2, 3], [0, 5], [6, 7]])])


def resizes(w):
    x = real(1, 2, 7, 9)
    t = torched(x)
    none = np.zeros(0, np.float32)
    for mode, torch_mode in ("linear", "bilinear"), ("cubic", "bicubic"):
        for align in False, True:
            y = F.interpolate(t, (10, 6), mode=torch_mode, align_corners=align).numpy()
            coordinates = "align_corners" if align else "pytorch_half_pixel"
            w.case(f"resize_{mode}_align{int(align)}", "Resize", 13,
                   [x, none, none, np.int64([1, 2, 10, 6])], [y], mode=mode,
                   coordinate_transformation_mode=coordinates, cubic_coeff_a=-0.75)
        y = F.interpolate(t, (4, 5), mode=torch_mode, align_corners=False, antialias=True).numpy()
        w.case(f"resize_18_antialias_{mode}", "Resize", 18, [x, None, None, np.int64([4, 5])], [y],
               mode=mode, axes=[2, 3], antialias=1, exclude_outside=1, cubic_coeff_a=-0.5)
    y = F.interpolate(t.double(), scale_factor=2, mode="nearest").numpy()
    w.case("resize_nearest_f64", "Resize", 13,
           [x.astype(np.float64), none, np.float32([1, 1, 2, 2])], [y],
           coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    w.case("resize_10", "Resize", 10, [x, np.float32([1, 1, 2, 2])],
           [F.interpolate(t, scale_factor=2, mode="nearest").numpy()], mode="nearest")
    volume = real(1, 1, 3, 4, 5)
    y = F.interpolate(torched(volume), (5, 6, 4), mode="trilinear", align_corners=True).numpy()
    w.case("resize_trilinear", "Resize", 13, [volume, none, none, np.int64([1, 1, 5, 6, 4])], [y],
           mode="linear", coordinate_transformation_mode="align_corners")
    w.case("upsample_7", "Upsample", 7, [x],
           [F.interpolate(t, scale_factor=2, mode="nearest").numpy()],
           scales=[1.0, 1.0, 2.0, 2.0], mode="nearest")
    # Upsample's linear mode: positions are target / scale, beyond the last sample the edge.
    def line(length):
        position = np.minimum(np.arange(2 * length) / 2, length - 1)
        low = np.floor(position).astype(int)
        high = np.minimum(low + 1, length - 1)
        return low, high, (position - low).astype(np.float32)
    a, b, f = line(7)
    y = x[:, :, a] * (1 - f)[:, None] + x[:, :, b] * f[:, None]
    a, b, f = line(9)
    y = y[..., a] * (1 - f) + y[..., b] * f
    w.case("upsample_9_linear", "Upsample", 9, [x, np.float32([1, 1, 2, 2])], [y], mode="linear")
    flat = np.float32([[[[1, 2, 3, 4, 5, 6]]]])
    # ceil-free fraction: 6 * 0.55 = 3.3 -> 3; positions (x + 0.5) / 0.55 - 0.5 + 3 (1 - 3 / 3.3)
    position = 3 * (1 - 3 / (0.55 * 6)) + (np.arange(3) + 0.5) / 0.55 - 0.5
    low = np.floor(position).astype(int)
    y = flat[..., low] + (position - low).astype(np.float32) * (flat[..., low + 1] - flat[..., low])
    w.case("resize_19_half_pixel_symmetric", "Resize", 19,
           [flat, None, np.float32([1, 1, 1, 0.55])], [y], mode="linear",
           coordinate_transformation_mode="half_pixel_symmetric")
    y = np.repeat(np.repeat(x[:, :, :2, :4], 2, 2), 2, 3)
    w.case("resize_18_not_larger", "Resize", 18,
           [x[:, :, :2, :4], None, None, np.int64([7, 8])], [y], axes=[2, 3],
           keep_aspect_ratio_policy="not_larger", mode="nearest",
           coordinate_transformation_mode="asymmetric", nearest_mode="floor")


# ---- recurrent ----

def recurrent(w):
    steps, items, size, hidden = 5, 3, 4, 6
    for kind, gates, order in ("LSTM", 4, [0, 3, 1, 2]), ("GRU", 3, [1, 0, 2]), ("RNN", 1, [0]):
        for directions in 1, 2:
            for dtype in np.float32, np.float64:
                x = real(steps, items, size, dtype=dtype)
                module = getattr(torch.nn, kind)(size, hidden, bidirectional=directions == 2)
                module = module.to(torched(x).dtype)

                def onnx_order(parts):
                    # PyTorch's gates are i f g o (LSTM) and r z n (GRU), ONNX's i o f c and z r h.
                    blocks = parts.detach().numpy().reshape(gates, hidden, -1)
                    return blocks[order].reshape(gates * hidden, -1)

                def stack(name):
                    ends = ["_l0", "_l0_reverse"][:directions]
                    return np.stack([onnx_order(getattr(module, name + end)) for end in ends])

                bias = np.concatenate([stack("bias_ih"), stack("bias_hh")], 1)[..., 0]
                h = real(directions, items, hidden, dtype=dtype)
                c = real(directions, items, hidden, dtype=dtype)
                state = (torched(h), torched(c)) if kind == "LSTM" else torched(h)
                with torch.no_grad():
                    y, last = module(torched(x), state)
                y = y.numpy().reshape(steps, items, directions, hidden).transpose(0, 2, 1, 3)
                last = [s.numpy() for s in (last if kind == "LSTM" else [last])]
                ins = [x, stack("weight_ih"), stack("weight_hh"), bias, None, h]
                ins += [c] if kind == "LSTM" else []
                more = {"linear_before_reset": 1} if kind == "GRU" else {}
                name = f"{kind.lower()}_{'both' if directions == 2 else 'forward'}"
                w.case(f"{name}_{np.dtype(dtype).name}", kind, 14, ins, [y] + last,
                       hidden_size=hidden,
                       direction="bidirectional" if directions == 2 else "forward", **more)
                if dtype != np.float32 or directions != 2:
                    continue
                lengths = torch.tensor([5, 2, 4])
                packed = torch.nn.utils.rnn.pack_padded_sequence(torched(x), lengths,
                                                                 enforce_sorted=False)
                with torch.no_grad():
                    packed, last = module(packed, state)
                y = torch.nn.utils.rnn.pad_packed_sequence(packed)[0].numpy()
                y = y.reshape(steps, items, directions, hidden).transpose(0, 2, 1, 3)
                last = [s.numpy() for s in (last if kind == "LSTM" else [last])]
                ins[4] = lengths.numpy().astype(np.int32)
                w.case(name + "_lengths", kind, 14, ins, [y] + last, hidden_size=hidden,
                       direction="bidirectional", **more)
    # One direction backwards, batch first, a function by name: by PyTorch on the reversed input.
    x = real(items, steps, size)
    module = torch.nn.RNN(size, hidden, nonlinearity="relu", batch_first=True)
    with torch.no_grad():
        y, last = module(torched(x[:, ::-1]))
    ins = [x, module.weight_ih_l0.detach().numpy()[None],
           module.weight_hh_l0.detach().numpy()[None],
           torch.cat([module.bias_ih_l0, module.bias_hh_l0]).detach().numpy()[None]]
    w.case("rnn_reverse_relu_batch_first", "RNN", 14, ins,
           [y.numpy()[:, ::-1, None], last.numpy().transpose(1, 0, 2)], hidden_size=hidden,
           direction="reverse", activations=["relu"], layout=1)


def main():
    torch.manual_seed(7)
    torch.set_num_threads(1)
    w = Writer(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "cases"))
    for make in (pools, convolutions, normalisations, activations, arithmetic, matrices, reductions,
                 shapes, pads, gathers, resizes, recurrent):
        make(w)
    with open(os.path.join(w.folder, "README.md"), "w") as file:
        file.write(f"""# Test cases made by generate.py
{len(w.names)} one-node models with inputs and expected outputs, for what Debian's
`libonnx-testdata` lacks. Expected values: PyTorch {torch.__version__} and NumPy {np.__version__}.
To make them anew: `tests/conformance/generate.py`.
""")


main()
