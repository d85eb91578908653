"""What generate.py asks PyTorch and NumPy: pools, convolutions, normalisation, functions."""

import numpy as np
import torch
import torch.nn.functional as F

random = np.random.RandomState(20240521)


def real(*shape, dtype=np.float32):
    return random.randn(*shape).astype(dtype)


def torched(x):
    return torch.from_numpy(np.ascontiguousarray(x))


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
