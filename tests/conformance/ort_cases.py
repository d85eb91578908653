"""What generate_ort.py asks ONNX Runtime: attributes, defaults and forms of the operator sets."""

import numpy as np

random = np.random.RandomState(20250311)
NAN, INF = np.nan, np.inf


def real(*shape, dtype=np.float32):
    return np.asarray(random.randn(*shape), dtype)


def ints(*values):
    return np.array(values, np.int64)


def floats(*values):
    return np.array(values, np.float32)


def pools(c):
    x = real(2, 3, 9, 8)
    # Of NaN, ONNX Runtime's result depends on where in the window it stands and on the kernel that
    # was chosen. Here it does not stand first, and kernels are the plain ones.
    holes = x.copy()
    holes[0, 0, 1, 1] = holes[0, 0, 5, 4] = holes[1, 1, 4, 3] = NAN
    holes[1, 0] = NAN
    holes[0, 1, 4, 4] = -INF
    c.case("max_pool_nan_f64", "MaxPool", 12, [holes.astype(np.float64)], kernel_shape=[3, 3],
           strides=[3, 3])
    c.case("max_pool_nan_indices", "MaxPool", 12, [holes], 2, kernel_shape=[3, 3], strides=[3, 3])
    c.case("max_pool_dilated", "MaxPool", 12, [x], 2, kernel_shape=[3, 2], dilations=[2, 3],
           pads=[1, 0, 1, 0])
    c.case("max_pool_column_order", "MaxPool", 12, [x], 2, kernel_shape=[3, 2], storage_order=1)
    c.case("max_pool_column_order_1d", "MaxPool", 12, [real(1, 2, 9)], 2, kernel_shape=[3],
           storage_order=1)
    volume = real(1, 2, 4, 5, 6)
    c.case("max_pool_3d_indices", "MaxPool", 12, [volume], 2, kernel_shape=[2, 3, 2],
           strides=[1, 2, 2], pads=[0, 1, 0, 1, 1, 1])
    c.case("max_pool_infinite", "MaxPool", 12, [np.full((1, 1, 4, 6), -INF, np.float32)],
           kernel_shape=[2, 2], strides=[2, 2])
    c.case("average_pool_19_same_dilated", "AveragePool", 19, [x], kernel_shape=[3, 3],
           dilations=[2, 2], auto_pad="SAME_UPPER", strides=[2, 1])
    c.case("average_pool_19_same_lower_dilated", "AveragePool", 19, [x], kernel_shape=[4, 3],
           dilations=[2, 2], auto_pad="SAME_LOWER", count_include_pad=1, ceil_mode=1,
           strides=[3, 2])
    c.case("lp_pool_18_same_dilated", "LpPool", 18, [x], kernel_shape=[3, 2], dilations=[2, 3],
           auto_pad="SAME_UPPER")
    c.case("average_pool_same_ceil", "AveragePool", 11, [x], kernel_shape=[2, 3], strides=[3, 3],
           auto_pad="SAME_UPPER", ceil_mode=1)
    c.case("max_pool_8_same_upper", "MaxPool", 8, [x], kernel_shape=[4, 3], strides=[3, 2],
           auto_pad="SAME_UPPER")
    c.case("max_pool_8_same_lower", "MaxPool", 8, [x], kernel_shape=[4, 3], strides=[3, 2],
           auto_pad="SAME_LOWER")
    c.case("max_pool_8_valid", "MaxPool", 8, [x], kernel_shape=[4, 3], auto_pad="VALID")
    c.case("max_pool_valid_ceil", "MaxPool", 12, [x], kernel_shape=[4, 3], strides=[2, 2],
           auto_pad="VALID", ceil_mode=1)
    c.case("max_pool_same_dilated", "MaxPool", 12, [x], kernel_shape=[3, 3], dilations=[2, 2],
           auto_pad="SAME_UPPER")
    c.case("max_pool_uint8", "MaxPool", 12, [random.randint(0, 255, (1, 2, 5, 5)).astype(np.uint8)],
           kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    for ceil in 0, 1:
        for include in 0, 1:
            for opset in 7, 11, 19:
                if opset < 10 and ceil:
                    continue
                c.case(f"average_pool_{opset}_include{include}_ceil{ceil}", "AveragePool", opset,
                       [x], kernel_shape=[4, 3], strides=[3, 2], pads=[1, 0, 2, 1],
                       count_include_pad=include, **({"ceil_mode": 1} if ceil else {}))
    c.case("average_pool_19_dilated_pads", "AveragePool", 19, [x], kernel_shape=[2, 3],
           dilations=[3, 2], pads=[1, 1, 1, 2], count_include_pad=1)
    c.case("average_pool_19_dilated_pads_excluded", "AveragePool", 19, [x], kernel_shape=[2, 3],
           dilations=[3, 2], pads=[1, 1, 1, 2])
    c.case("average_pool_19_dilated_ceil", "AveragePool", 19, [x], kernel_shape=[2, 3],
           dilations=[3, 2], strides=[2, 2], pads=[1, 1, 1, 2], count_include_pad=1, ceil_mode=1)
    for mode in "SAME_UPPER", "SAME_LOWER":
        for include in 0, 1:
            c.case(f"average_pool_{mode.lower()}_{include}", "AveragePool", 11, [x],
                   kernel_shape=[4, 3], strides=[2, 2], auto_pad=mode, count_include_pad=include)
    c.case("average_pool_nan", "AveragePool", 11, [holes], kernel_shape=[3, 2])
    for opset, more in ((7, {}), (11, {}), (18, {"dilations": [2, 1]}), (18, {"ceil_mode": 1})):
        name = "_".join(["lp_pool", str(opset)] + list(more))
        c.case(name, "LpPool", opset, [x], kernel_shape=[3, 2], strides=[2, 3],
               pads=[1, 0, 0, 1], p=3, **more)
    c.case("lp_pool_same", "LpPool", 11, [x], kernel_shape=[4, 3], auto_pad="SAME_UPPER")
    c.case("global_lp_pool_3", "GlobalLpPool", 11, [x], p=3)
    top, index = random.rand(1, 2, 2, 2).astype(np.float32), ints(5, 7, 13, 15, 21, 23, 29, 31)
    c.case("max_unpool_pads", "MaxUnpool", 11, [top, index.reshape(1, 2, 2, 2)],
           kernel_shape=[2, 2], strides=[2, 2], pads=[0, 0, 0, 0])
    c.case("max_unpool_shape", "MaxUnpool", 11,
           [top, index.reshape(1, 2, 2, 2), ints(1, 2, 5, 5)], kernel_shape=[2, 2], strides=[2, 2])
    c.case("max_unpool_1d", "MaxUnpool", 11, [top[0, :, :, 0][None], ints(1, 3, 4, 6)
                                              .reshape(1, 2, 2)], kernel_shape=[2], strides=[2])


def convolutions(c):
    x, w = real(2, 4, 9, 8), real(6, 2, 3, 3)
    for mode in "SAME_UPPER", "SAME_LOWER", "VALID":
        c.case(f"conv_{mode.lower()}_stride", "Conv", 11, [x, w], auto_pad=mode, group=2,
               strides=[2, 3])
        if mode != "VALID":
            c.case(f"conv_{mode.lower()}_dilated", "Conv", 11, [x, w], auto_pad=mode, group=2,
                   dilations=[2, 1])
        t = real(4, 3, 4, 3)
        for strides in [1, 1], [2, 3]:
            c.case(f"conv_transpose_{mode.lower()}_{strides[1]}", "ConvTranspose", 11, [x, t],
                   auto_pad=mode, strides=strides)
    t = real(4, 3, 3, 2)
    c.case("conv_transpose_shape", "ConvTranspose", 11, [x, t], strides=[2, 2],
           output_shape=[18, 17])
    c.case("conv_transpose_shape_odd", "ConvTranspose", 11, [x, t], strides=[2, 2],
           output_shape=[16, 15])
    c.case("conv_transpose_shape_upper", "ConvTranspose", 11, [x, t], strides=[2, 2],
           output_shape=[16, 15], auto_pad="SAME_UPPER")
    c.case("conv_transpose_shape_lower", "ConvTranspose", 11, [x, t], strides=[2, 2],
           output_shape=[16, 15], auto_pad="SAME_LOWER")
    c.case("conv_transpose_output_padding_shape", "ConvTranspose", 11, [x, t], strides=[2, 2],
           output_shape=[18, 17], output_padding=[1, 0])
    c.case("conv_transpose_groups_dilated", "ConvTranspose", 11, [x, real(4, 2, 3, 2), real(4)],
           group=2, dilations=[2, 2], pads=[1, 0, 2, 1], strides=[2, 1], output_padding=[1, 0])
    c.case("conv_zero_batch", "Conv", 11, [real(0, 4, 9, 8), w], group=2)
    c.case("conv_asymmetric_pads", "Conv", 11, [x, w, real(6)], group=2, pads=[0, 2, 1, 0])
    c.case("conv_1d_dilated", "Conv", 11, [real(1, 2, 9), real(3, 2, 3)], dilations=[3],
           pads=[2, 1])


def normalisations(c):
    x = real(2, 3, 4, 5)
    s = [real(3, 4, 5) for _ in range(3)] + [np.abs(real(3, 4, 5)) + np.float32(.1)]
    for opset in 7, 8:
        c.case(f"batch_normalization_{opset}_not_spatial", "BatchNormalization", opset, [x] + s,
               spatial=0)
        c.case(f"batch_normalization_{opset}_not_spatial_vector", "BatchNormalization", opset,
               [x[:, :, 0, 0]] + [a[:, 0, 0] for a in s], spatial=0)
    d = [x.astype(np.float64)] + [a.astype(np.float64) for a in s]
    c.case("batch_normalization_7_not_spatial_f64", "BatchNormalization", 7, d, spatial=0,
           epsilon=.01)
    v = [a[:, 0, 0] for a in s]
    for opset in 7, 9, 14, 15:
        c.case(f"batch_normalization_{opset}_momentum", "BatchNormalization", opset, [x] + v,
               epsilon=.01, momentum=.3)
    c.case("batch_normalization_rank_3", "BatchNormalization", 15, [x[..., 0]] + v)
    c.case("instance_normalization_1d", "InstanceNormalization", 7, [x[..., 0], v[0], v[1]],
           epsilon=.1)
    c.case("instance_normalization_3d", "InstanceNormalization", 7, [x[..., None], v[0], v[1]])
    g = real(2, 6, 4)
    c.case("group_normalization_21_epsilon", "GroupNormalization", 21, [g, real(6), real(6)],
           num_groups=2, epsilon=.2)
    c.case("group_normalization_18_groups", "GroupNormalization", 18, [g, real(2), real(2)],
           num_groups=2)
    for axis in -1, 1, -3:
        shape = x.shape[axis:]
        c.case(f"layer_normalization_axis{axis}", "LayerNormalization", 17,
               [x, real(*shape), real(*shape)], 3, axis=axis, epsilon=.01)
    c.case("layer_normalization_no_bias", "LayerNormalization", 17, [x, real(5)], 3)
    c.case("layer_normalization_skip_mean", "LayerNormalization", 17, [x, real(5), real(5)],
           [True, False, True])
    c.case("mean_variance_normalization_9", "MeanVarianceNormalization", 9, [x])
    c.case("mean_variance_normalization_axes", "MeanVarianceNormalization", 13, [x], axes=[0, 1])
    c.case("mean_variance_normalization_negative", "MeanVarianceNormalization", 13, [x],
           axes=[-1, -2])
    for size in 1, 2, 3, 4, 7:
        c.case(f"lrn_{size}", "LRN", 13, [real(2, 5, 3, 4)], size=size)
    c.case("lrn_all", "LRN", 7, [real(2, 5, 3, 4)], size=3, alpha=.3, beta=.2, bias=2.)
    z = x.copy()
    z[0, 0] = 0
    for p in 1, 2:
        for axis in -1, 0, 1:
            c.case(f"lp_normalization_{p}_{axis}", "LpNormalization", 7, [z], p=p, axis=axis)
    c.case("lp_normalization_default", "LpNormalization", 7, [x])


def activations(c):
    x = np.concatenate([real(30) * 3, floats(0, -0., 1, -1, .5, -.5, 20, -20, 90, -90)])
    special = floats(NAN, INF, -INF, 0, -0., 1, -1)
    for op, opset, more in [
            ("Relu", 7, {}), ("LeakyRelu", 7, {}), ("LeakyRelu", 7, {"alpha": -.5}), ("Elu", 7, {}),
            ("Elu", 7, {"alpha": 2.5}), ("Selu", 7, {}), ("Selu", 7, {"alpha": 2., "gamma": 3.}),
            ("Celu", 12, {}), ("Celu", 12, {"alpha": 2.}), ("Gelu", 20, {}),
            ("Gelu", 20, {"approximate": "tanh"}), ("Sigmoid", 7, {}), ("HardSigmoid", 7, {}),
            ("HardSigmoid", 7, {"alpha": .3, "beta": .7}), ("HardSwish", 14, {}), ("Tanh", 7, {}),
            ("Softplus", 7, {}), ("Softsign", 7, {}), ("Erf", 9, {}), ("ThresholdedRelu", 10, {}),
            ("ThresholdedRelu", 10, {"alpha": .5}), ("Mish", 18, {}), ("Shrink", 9, {}),
            ("Shrink", 9, {"lambd": .3, "bias": .1}), ("Clip", 7, {}),
            ("Clip", 7, {"min": -.5}), ("Clip", 7, {"max": .5}), ("Exp", 7, {}), ("Sqrt", 7, {}),
            ("Log", 7, {}), ("Abs", 7, {}), ("Neg", 7, {}), ("Ceil", 7, {}), ("Floor", 7, {}),
            ("Round", 11, {}), ("Sign", 9, {}), ("Reciprocal", 7, {}), ("Sin", 7, {}),
            ("Cos", 7, {}), ("Tan", 7, {}), ("Asin", 7, {}), ("Acos", 7, {}), ("Atan", 7, {}),
            ("Sinh", 9, {}), ("Cosh", 9, {}), ("Asinh", 9, {}), ("Acosh", 9, {}), ("Atanh", 9, {}),
            ("IsNaN", 9, {}), ("IsInf", 10, {}), ("IsInf", 10, {"detect_negative": 0}),
            ("IsInf", 10, {"detect_positive": 0}), ("Identity", 7, {}), ("Hardmax", 7, {"axis": 0})]:
        name = "_".join([op.lower()] + [f"{k}_{v}" for k, v in more.items()])
        c.case(name, op, opset, [x], **more)
        c.case(name + "_special", op, opset, [special], **more)
        if op not in ("Hardmax", "Celu"):
            c.case(name + "_empty", op, opset, [np.zeros((2, 0), np.float32)], **more)
    halves = floats(.5, 1.5, 2.5, -.5, -1.5, -2.5, 1e9)
    c.case("round_halves", "Round", 11, [halves])
    for opset in 11, 13:
        c.case(f"clip_{opset}_min", "Clip", opset, [x, np.float32(-.5)])
        c.case(f"clip_{opset}_max", "Clip", opset, [x, None, np.float32(.5)])
        c.case(f"clip_{opset}_min_over_max", "Clip", opset, [x, np.float32(1), np.float32(-1)])
        c.case(f"clip_{opset}_special", "Clip", opset, [special, np.float32(-.5), np.float32(.5)])
        c.case(f"clip_{opset}_none", "Clip", opset, [x])
    c.case("clip_int8", "Clip", 12, [np.int8([-100, 3, 100]), np.int8(-5), np.int8(50)])
    c.case("clip_uint64", "Clip", 12, [np.uint64([0, 3, 2**63 + 5]), np.uint64(1)])
    slopes = real(3, 1)
    c.case("prelu_special", "PRelu", 9, [special, floats(.5)])
    c.case("prelu_broadcast", "PRelu", 9, [real(2, 3, 4), slopes])
    c.case("prelu_int32", "PRelu", 16, [np.int32([-3, 2]), np.int32([4])])
    for kind in np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64:
        c.case(f"shrink_{np.dtype(kind).name}", "Shrink", 9, [np.array([1, 9, 20, 3], kind)],
               lambd=5., bias=2.)
        low = np.iinfo(kind).min
        c.case(f"sign_{np.dtype(kind).name}", "Sign", 9, [np.array([0, 9, low], kind)])
        c.case(f"abs_{np.dtype(kind).name}", "Abs", 13, [np.array([0, 9, low], kind)])
        if low < 0:
            c.case(f"neg_{np.dtype(kind).name}", "Neg", 13, [np.array([0, 9, low], kind)])
            c.case(f"relu_{np.dtype(kind).name}", "Relu", 14, [np.array([0, 9, low], kind)])


def arithmetic(c):
    special = floats(NAN, INF, -INF, 0, -0., 1, -1, 2.5)
    for op in "Add", "Sub", "Mul", "Div", "Pow":
        c.case(f"{op.lower()}_special", op, 13, [special[:, None], special])
        c.case(f"{op.lower()}_empty", op, 13, [np.zeros((2, 0), np.float32), floats(1)])
    for op in "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual":
        opset = 12 if op.endswith("OrEqual") else 13
        c.case(f"{op.lower()}_special", op, opset, [special[:, None], special])
    for op in "Min", "Max", "Sum", "Mean":
        c.case(f"{op.lower()}_special", op, 13, [special[:, None], special])
        c.case(f"{op.lower()}_one", op, 8, [special])
        c.case(f"{op.lower()}_three", op, 8, [real(3, 1), real(2), real(2, 1, 1)])
        c.case(f"{op.lower()}_f64", op, 8, [real(3, 1, dtype=np.float64),
                                            real(2, dtype=np.float64)])
    for kind in np.int32, np.int64, np.uint32, np.uint64:
        for op in "Min", "Max":
            c.case(f"{op.lower()}_{np.dtype(kind).name}", op, 13,
                   [np.array([5, 2, 9], kind), np.array([[3], [7]], kind)])
    for kind in np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64:
        name, signed = np.dtype(kind).name, np.iinfo(kind).min < 0
        a = np.array([7, 100, 3], kind)
        b = np.array([[2], [5]], kind)
        if signed:
            a, b = np.array([7, -100, -3, 8], kind), np.array([[2], [-5]], kind)
        c.case(f"mod_{name}_signs", "Mod", 13, [a, b])
        c.case(f"fmod_{name}_signs", "Mod", 13, [a, b], fmod=1)
        c.case(f"div_{name}_signs", "Div", 14, [a, b])
        c.case(f"pow_{name}", "Pow", 15, [a, np.array([0, 1, 2], kind)[:, None]])
    c.case("fmod_special", "Mod", 13, [special[:, None], special], fmod=1)
    c.case("fmod_f64", "Mod", 13, [real(4, dtype=np.float64) * 9, np.float64([2.5])], fmod=1)
    base = np.int32([-3, -1, 0, 1, 2, 7])
    for kind in np.float32, np.float64, np.int32, np.int64:
        c.case(f"pow_int32_{np.dtype(kind).name}", "Pow", 15,
               [base, np.array([0, 1, 2, 3], kind)[:, None]])
        c.case(f"pow_int64_{np.dtype(kind).name}", "Pow", 15,
               [base.astype(np.int64), np.array([0, 1, 2, 3], kind)[:, None]])
        c.case(f"pow_float32_{np.dtype(kind).name}", "Pow", 15,
               [floats(-2, -.5, .5, 2), np.array([0, 1, -2, 3], kind)[:, None]])
        c.case(f"pow_float64_{np.dtype(kind).name}", "Pow", 15,
               [np.float64([-2, -.5, .5, 2]), np.array([0, 1, -2, 3], kind)[:, None]])
    c.case("pow_int32_fraction", "Pow", 15, [np.int32([4, 9, 2]), floats(.5)])
    c.case("pow_int32_negative", "Pow", 15, [np.int32([4, 1, -1, 2]), np.int32([-1])])
    for kind in np.uint8, np.uint16, np.uint32, np.uint64:
        bits = np.dtype(kind).itemsize * 8
        for direction in "LEFT", "RIGHT":
            c.case(f"shift_{direction.lower()}_{np.dtype(kind).name}", "BitShift", 11,
                   [np.array([1, 200, 5], kind), np.array([1, 3, bits - 1], kind)],
                   direction=direction)
    for opset in 7, 11, 13:
        c.case(f"equal_{opset}_int64", "Equal", opset, [ints(1, 2, 3), ints(3, 2, 1)])
        c.case(f"equal_{opset}_bool", "Equal", opset, [np.array([True, False]),
                                                       np.array([[True], [False]])])
        if opset < 13:
            c.case(f"less_{opset}", "Less", opset, [real(3, 1), real(2)])
    flag = np.array([True, False, True])
    for op in "And", "Or", "Xor":
        c.case(f"{op.lower()}_broadcast", op, 7, [flag, flag[:2, None]])
    for kind in np.uint8, np.bool_, np.float64, np.int64, np.float32:
        c.case(f"where_broadcast_{np.dtype(kind).name}", "Where", 9,
               [flag, np.array([[1], [0]], kind), np.array([2, 3, 4], kind)])


def reductions(c):
    x = real(2, 3, 4)
    special = np.stack([floats(NAN, 1, 2), floats(INF, 1, -INF), floats(-INF, -INF, -INF),
                        floats(INF, INF, 1)])
    empty = np.zeros((2, 0, 3), np.float32)
    for op in ("Sum", "Mean", "Prod", "Max", "Min", "L1", "L2", "SumSquare", "LogSum",
               "LogSumExp"):
        name = "Reduce" + op
        low = f"reduce_{op.lower()}"
        data = np.abs(x) + np.float32(.1) if op == "LogSum" else x
        since = 13 if op == "Sum" else 18
        c.case(f"{low}_7_default", name, 7, [data])
        c.case(f"{low}_7_keep", name, 7, [data], axes=[1], keepdims=0)
        c.case(f"{low}_11_negative", name, 11, [data], axes=[-1, 0])
        c.case(f"{low}_{since}_input", name, since, [data, ints(-2)])
        c.case(f"{low}_{since}_default", name, since, [data], keepdims=0)
        c.case(f"{low}_{since}_empty_axes", name, since, [data, ints()])
        c.case(f"{low}_{since}_noop", name, since, [data, ints()], noop_with_empty_axes=1)
        c.case(f"{low}_{since}_noop_left_out", name, since, [data], noop_with_empty_axes=1)
        c.case(f"{low}_{since}_noop_axes", name, since, [data, ints(1)], noop_with_empty_axes=1)
        c.case(f"{low}_{since}_special", name, since, [special, ints(1)])
        c.case(f"{low}_{since}_no_elements", name, since, [empty, ints(1)], keepdims=0)
        c.case(f"{low}_{since}_no_results", name, since, [empty, ints(0)], keepdims=0)
        c.case(f"{low}_scalar", name, since, [np.float32(3)])
        for kind in np.int32, np.int64, np.float64, np.uint32, np.uint64:
            c.case(f"{low}_{np.dtype(kind).name}", name, since,
                   [np.array([[3, 4], [7, 9]], kind), ints(1)])
    for kind in np.int8, np.uint8:
        c.case(f"reduce_max_{np.dtype(kind).name}", "ReduceMax", 18, [np.array([[3, 4]], kind)])
    ties = floats(1, 3, 3, 0, 0, 2).reshape(1, 6)
    for op in "ArgMax", "ArgMin":
        low = "arg_" + op[3:].lower()
        for last in 0, 1:
            c.case(f"{low}_last{last}", op, 13, [ties], axis=-1, select_last_index=last)
            c.case(f"{low}_nan_last{last}", op, 13, [special], axis=1, select_last_index=last)
        c.case(f"{low}_7", op, 7, [x])
        c.case(f"{low}_7_axis", op, 7, [x], axis=2, keepdims=0)
        for kind in np.int32, np.int64, np.int8, np.uint8, np.float64:
            c.case(f"{low}_{np.dtype(kind).name}", op, 13, [np.array([[3, 4], [7, 1]], kind)])
    c.case("top_k_7", "TopK", 7, [x], 2, k=2)
    c.case("top_k_7_axis", "TopK", 7, [x], 2, k=2, axis=1)
    c.case("top_k_10", "TopK", 10, [x, ints(3)], 2, axis=2)
    for largest in 0, 1:
        c.case(f"top_k_11_largest{largest}", "TopK", 11, [x, ints(2)], 2, axis=1, largest=largest)
        c.case(f"top_k_ties_largest{largest}", "TopK", 11, [ties, ints(4)], 2, largest=largest)
    c.case("top_k_11_nan", "TopK", 11, [special, ints(2)], 2)
    c.case("top_k_zero", "TopK", 11, [x, ints(0)], 2)
    for kind in np.int32, np.int64, np.float64:
        c.case(f"top_k_{np.dtype(kind).name}", "TopK", 11, [np.array([[3, 4, 9]], kind), ints(2)],
               2)
    for exclusive in 0, 1:
        for reverse in 0, 1:
            c.case(f"cum_sum_{exclusive}{reverse}", "CumSum", 11, [x, np.int32(-2)],
                   exclusive=exclusive, reverse=reverse)
    c.case("cum_sum_axis_list", "CumSum", 14, [x, ints(1)])
    for op in "Softmax", "LogSoftmax", "Hardmax":
        low = op.lower()
        for opset, axis in ((7, 0), (7, 2), (11, -1), (11, -2), (13, 0), (13, -2), (13, 2)):
            c.case(f"{low}_{opset}_axis{axis}", op, opset, [x], axis=axis)
        for opset in 7, 13:
            c.case(f"{low}_{opset}_default", op, opset, [x])
            c.case(f"{low}_{opset}_special", op, opset, [special], axis=1)
            c.case(f"{low}_{opset}_empty", op, opset, [empty], axis=1)
        c.case(f"{low}_ties", op, 13, [ties])


ALL = [pools, convolutions, normalisations, activations, arithmetic, reductions]
