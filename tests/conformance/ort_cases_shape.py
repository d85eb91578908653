"""What generate_ort.py asks ONNX Runtime: operators that move elements, and recurrent ones."""

import numpy as np

from ort_cases import INF, NAN, floats, ints, random, real


def shapes(c):
    x = real(2, 3, 4)
    empty = np.zeros((2, 0, 3), np.float32)
    for allow in 0, 1:
        c.case(f"reshape_14_zero_allow{allow}", "Reshape", 14,
               [empty if allow else x, ints(0, 3, 2) if allow else ints(0, -1)], allowzero=allow)
    c.case("reshape_14_empty", "Reshape", 14, [empty, ints(3, 0)], allowzero=1)
    c.case("reshape_7_zero", "Reshape", 7, [x, ints(0, 0, -1, 2)])
    c.case("reshape_scalar", "Reshape", 13, [real(1, 1), ints()])
    for axis in -3, -1, 0, 1, 3:
        c.case(f"flatten_13_axis{axis}", "Flatten", 13, [x], axis=axis)
    c.case("flatten_7_default", "Flatten", 7, [x])
    c.case("flatten_empty", "Flatten", 13, [empty], axis=2)
    c.case("transpose_default", "Transpose", 7, [x])
    c.case("transpose_empty", "Transpose", 13, [empty], perm=[2, 0, 1])
    one = real(1, 3, 1, 2)
    c.case("squeeze_7", "Squeeze", 7, [one])
    c.case("squeeze_11_negative", "Squeeze", 11, [one], axes=[-2])
    c.case("squeeze_13", "Squeeze", 13, [one, ints(-4)])
    c.case("squeeze_13_none", "Squeeze", 13, [one])
    c.case("unsqueeze_7", "Unsqueeze", 7, [x], axes=[0, 2])
    c.case("unsqueeze_11_negative", "Unsqueeze", 11, [x], axes=[-1, 0])
    c.case("unsqueeze_13_unsorted", "Unsqueeze", 13, [x, ints(-1, 1)])
    for axis in -3, -1, 1:
        c.case(f"concat_axis{axis}", "Concat", 11, [x, x, x[:]], axis=axis)
    c.case("concat_empty", "Concat", 13, [x, real(2, 0, 4)], axis=1)
    y = real(2, 7, 3)
    c.case("split_7", "Split", 7, [x], 3, axis=1)
    c.case("split_11_lengths", "Split", 11, [y], 2, axis=-2, split=[5, 2])
    c.case("split_13_zero", "Split", 13, [y, ints(0, 7)], 2, axis=1)
    c.case("split_13_equal", "Split", 13, [x], 2, axis=-1)
    for n in 2, 3, 4, 5:
        c.case(f"split_18_{n}", "Split", 18, [y], n, axis=1, num_outputs=n)
    c.case("split_18_default_axis", "Split", 18, [y], 2, num_outputs=2)
    big = 2**63 - 1
    c.case("slice_7", "Slice", 7, [x], starts=[1, -3], ends=[9, -1], axes=[0, 2])
    c.case("slice_7_no_axes", "Slice", 7, [x], starts=[0, 1], ends=[1, big])
    for name, s, e, a, t in [
            ("plain", [1], [3], [2], [1]), ("reverse", [big], [-big - 1], [-1], [-1]),
            ("reverse_two", [3], [-9], [2], [-2]), ("steps", [0, -3], [2, big], [1, -1], [1, 2]),
            ("empty", [3], [1], [2], [1]), ("beyond", [9], [99], [2], [1]),
            ("reverse_start", [1], [-5], [1], [-1]), ("reverse_none", [-9], [-9], [1], [-1]),
            ("far_step", [0], [big], [2], [big]), ("far_back", [-1], [-big - 1], [2], [-big - 1])]:
        c.case(f"slice_10_{name}", "Slice", 10, [x] + [ints(*v) for v in (s, e, a, t)])
        c.case(f"slice_13_{name}_int32", "Slice", 13,
               [x] + [np.clip(ints(*v), -2**31, 2**31 - 1).astype(np.int32)
                      for v in (s, e, a, t)])
    c.case("slice_13_no_axes_steps", "Slice", 13, [x, ints(1), ints(2), None, ints(1)])
    for opset in 8, 13:
        c.case(f"expand_{opset}", "Expand", opset, [real(3, 1), ints(2, 1, 4)])
    c.case("expand_smaller", "Expand", 13, [x, ints(1, 1)])
    c.case("expand_empty", "Expand", 13, [real(3, 1), ints(3, 0)])
    c.case("expand_scalar", "Expand", 13, [np.float32(3), ints(2, 2)])
    c.case("tile_zero", "Tile", 13, [x, ints(1, 0, 2)])
    c.case("tile_7", "Tile", 7, [x, ints(2, 1, 3)])
    image = real(2, 8, 3, 2)
    c.case("depth_to_space_7", "DepthToSpace", 7, [image], blocksize=2)
    for mode in "DCR", "CRD":
        c.case(f"depth_to_space_{mode.lower()}", "DepthToSpace", 11, [image], blocksize=2,
               mode=mode)
    c.case("space_to_depth", "SpaceToDepth", 7, [real(2, 3, 4, 6)], blocksize=2)
    for upper in 0, 1:
        for k in -2, 0, 1, 9:
            c.case(f"trilu_{upper}_{k}", "Trilu", 14, [x, np.int64(k)], upper=upper)
        c.case(f"trilu_{upper}_default", "Trilu", 14, [x], upper=upper)
    c.case("shape_13", "Shape", 13, [x])
    for name, more in [("start", {"start": 1}), ("end", {"end": -1}), ("none", {"start": 9}),
                       ("both", {"start": -2, "end": 9}), ("crossed", {"start": 2, "end": 1}),
                       ("before", {"start": -9, "end": -9})]:
        c.case(f"shape_15_{name}", "Shape", 15, [x], **more)
    c.case("size_empty", "Size", 13, [empty])
    matrix = real(3, 4)
    for k in -5, -1, 0, 2, 9:
        c.case(f"eye_like_{k}", "EyeLike", 9, [matrix], k=k)
    for code in 1, 6, 7, 11, 9:
        c.case(f"eye_like_dtype{code}", "EyeLike", 9, [matrix], dtype=code)
    c.case("constant_of_shape", "ConstantOfShape", 9, [ints(2, 3)])
    c.case("constant_of_shape_scalar", "ConstantOfShape", 9, [ints()])
    c.case("constant_of_shape_empty", "ConstantOfShape", 9, [ints(2, 0)],
           value=np.array([5], np.int64))
    for kind in np.float32, np.float64, np.int16, np.int32, np.int64:
        c.case(f"range_{np.dtype(kind).name}", "Range", 11,
               [np.array(v, kind) for v in (10, 3, -2)])
    c.case("range_fraction", "Range", 11, [np.float32(v) for v in (0, 1, .1)])
    c.case("range_empty", "Range", 11, [np.int64(v) for v in (3, 1, 1)])
    c.case("dropout_7", "Dropout", 7, [x], ratio=.7)
    c.case("dropout_7_mask", "Dropout", 7, [x], 2)
    c.case("dropout_10_mask", "Dropout", 10, [x], 2, ratio=.7)
    c.case("dropout_12", "Dropout", 12, [x, np.float32(.9)])
    c.case("dropout_12_mask", "Dropout", 12, [x, np.float32(.9), np.bool_(False)], 2)
    c.case("dropout_13_ratio_zero", "Dropout", 13, [x, np.float32(0), np.bool_(True)], 2)
    for batch, time in (0, 1), (1, 0):
        c.case(f"reverse_sequence_{time}", "ReverseSequence", 10, [real(3, 3, 2), ints(1, 3, 2)],
               batch_axis=batch, time_axis=time)


def picks(c):
    x = real(3, 4, 2)
    for axis in -1, 0, 1:
        c.case(f"gather_axis{axis}", "Gather", 11, [x, ints(-1, 0, -2)[None]], axis=axis)
        c.case(f"gather_elements_axis{axis}", "GatherElements", 13,
               [x, random.randint(-2, 2, (2, 3, 2))], axis=axis)
        for opset in 11, 13:
            c.case(f"scatter_elements_{opset}_axis{axis}", "ScatterElements", opset,
                   [x, random.permutation(ints(0, -1))[:, None, None] if axis == 0 else
                    np.array([[[0, -1]]]) if axis == -1 else np.array([[[1], [-1]]]),
                    real(2, 1, 1) if axis == 0 else real(1, 1, 2) if axis == -1 else real(1, 2, 1)],
                   axis=axis)
    c.case("gather_empty", "Gather", 13, [x, np.zeros((0, 2), np.int64)], axis=1)
    c.case("gather_scalar_index", "Gather", 13, [x, np.int32(-1)])
    c.case("scatter_9", "Scatter", 9, [real(3, 3), np.int64([[1, 0]]), real(1, 2)], axis=1)
    flat, where = floats(1, 2, 3, NAN), ints(0, 0, -2, 3)
    for how in "add", "mul", "max", "min":
        opset = 18 if how in ("max", "min") else 16
        c.case(f"scatter_elements_{how}", "ScatterElements", opset, [flat, where, real(4)],
               reduction=how)
        c.case(f"scatter_elements_{how}_nan", "ScatterElements", opset,
               [flat, where, floats(NAN, 1, NAN, 4)], reduction=how)
        c.case(f"scatter_nd_{how}", "ScatterND", opset,
               [x, np.int64([[0, 1], [-1, 2], [0, 1]]), real(3, 2)], reduction=how)
        c.case(f"scatter_elements_{how}_int32", "ScatterElements", opset,
               [np.int32([1, 2, 3, 4]), where, np.int32([5, -6, 7, 8])], reduction=how)
    c.case("scatter_elements_empty", "ScatterElements", 13, [x, np.zeros((0, 4, 2), np.int64),
                                                             np.zeros((0, 4, 2), np.float32)])
    c.case("scatter_nd_negative", "ScatterND", 13, [x, np.int64([[-1], [0]]), real(2, 4, 2)])
    c.case("scatter_nd_whole", "ScatterND", 13, [x, np.zeros((1, 0), np.int64), real(1, 3, 4, 2)])
    c.case("gather_nd_batch", "GatherND", 12, [x, np.int64([[[-1]], [[0]], [[2]]])], batch_dims=1)
    c.case("gather_nd_negative", "GatherND", 11, [x, np.int64([[-1, 0], [0, -4]])])
    for axis in -1, 0, 1:
        c.case(f"one_hot_axis{axis}", "OneHot", 11, [np.int64([[1, -1], [3, 9]]), np.int64(4),
                                                     floats(2, 5)], axis=axis)
    c.case("one_hot_9", "OneHot", 9, [ints(1, 3, -4), ints(4), np.int64([0, 1])])
    c.case("one_hot_real_indices", "OneHot", 11, [floats(1, 2.5, -1), floats(3), floats(0, 1)])
    c.case("nonzero", "NonZero", 9, [np.float32([[0, 1], [NAN, -0.]])])
    c.case("nonzero_scalar", "NonZero", 13, [np.float32(2)])
    c.case("nonzero_none", "NonZero", 13, [np.zeros((2, 2), np.int64)])
    flags = np.array([True, False, True])
    c.case("compress_flat", "Compress", 9, [x, flags])
    for axis in -2, 0:
        c.case(f"compress_axis{axis}", "Compress", 11, [x, flags], axis=axis)
    c.case("compress_nothing", "Compress", 11, [x, flags[1:2]], axis=0)


def pads(c):
    x = real(2, 3, 4)
    six = [0, 1, 2, 1, 0, 3]
    for mode in "constant", "reflect", "edge", "wrap":
        if mode != "wrap":
            some = [0, 1, 2, 0, 2, 3]
            c.case(f"pad_7_{mode}", "Pad", 7, [x], mode=mode, pads=some,
                   **({"value": 1.5} if mode == "constant" else {}))
            c.case(f"pad_11_{mode}", "Pad", 11, [x, ints(*some)], mode=mode)
            c.case(f"pad_7_{mode}_negative", "Pad", 7, [x], mode=mode, pads=[0, 1, -1, 0, -1, 1])
        opset = 19 if mode == "wrap" else 18
        c.case(f"pad_{opset}_{mode}_axes", "Pad", opset, [x, ints(2, 1, 3, 1), None, ints(-1, 1)],
               mode=mode)
        c.case(f"pad_{opset}_{mode}_crop", "Pad", opset, [x, ints(-1, -1), None, ints(2)],
               mode=mode)
        c.case(f"pad_{opset}_{mode}_one_way", "Pad", opset, [x, ints(-2, 3), None, ints(2)],
               mode=mode)
    c.case("pad_constant_value", "Pad", 13, [x, ints(*six), np.float32(7)])
    c.case("pad_int32_value", "Pad", 13, [np.int32([1, 2]), ints(1, 2), np.int32(9)])
    c.case("pad_bool", "Pad", 13, [np.array([True, False]), ints(1, 2), np.bool_(True)])
    c.case("pad_empty", "Pad", 13, [np.zeros((0, 2), np.float32), ints(1, 0, 1, 0)])
    c.case("pad_axes_int32", "Pad", 18, [x, ints(1, 1), None, np.int32([-2])])


MODES = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric",
         "tf_half_pixel_for_nn", "tf_crop_and_resize"]


def resizes(c):
    x = real(1, 2, 5, 6)
    for opset in 7, 8, 9:
        for mode in "nearest", "linear":
            scales = [1., 1., 2., 1.5]
            if opset < 9:
                c.case(f"upsample_{opset}_{mode}", "Upsample", opset, [x], mode=mode, scales=scales)
            else:
                c.case(f"upsample_{opset}_{mode}", "Upsample", opset, [x, floats(*scales)],
                       mode=mode)
    for mode in "nearest", "linear":
        for name, scales in ("up", (1, 1, 2, 1.7)), ("down", (1, 1, .6, .5)):
            c.case(f"resize_10_{mode}_{name}", "Resize", 10, [x, floats(*scales)], mode=mode)
    for coordinates in MODES:
        opset = 19 if coordinates == "half_pixel_symmetric" else 11
        if coordinates == "tf_half_pixel_for_nn":
            modes = ["nearest"]
        else:
            modes = ["nearest", "linear", "cubic"]
        # Before operator set 13, roi is not optional.
        crop = "crop" in coordinates
        roi = floats(0, 0, .2, .1, 1, 1, .8, 1.3) if crop else floats()
        for mode in modes:
            for name, sizes in ("up", (1, 2, 11, 9)), ("down", (1, 2, 3, 4)), ("one", (1, 2, 1, 1)):
                more = {"extrapolation_value": 7.} if crop else {}
                c.case(f"resize_{coordinates}_{mode}_{name}", "Resize", opset,
                       [x, roi, floats() if opset < 13 else None, ints(*sizes)], mode=mode,
                       coordinate_transformation_mode=coordinates, **more)
            c.case(f"resize_{coordinates}_{mode}_scales", "Resize", opset,
                   [x, roi, floats(1, 1, 1.7, .55)], mode=mode,
                   coordinate_transformation_mode=coordinates)
    for rounding in "round_prefer_floor", "round_prefer_ceil", "floor", "ceil":
        for coordinates in "half_pixel", "asymmetric", "align_corners":
            for name, scales in ("up", (1, 1, 2, 3)), ("down", (1, 1, .5, .6)):
                c.case(f"resize_{rounding}_{coordinates}_{name}", "Resize", 13,
                       [x, None, floats(*scales)], mode="nearest", nearest_mode=rounding,
                       coordinate_transformation_mode=coordinates)
    c.case("resize_cubic_a", "Resize", 13, [x, None, floats(1, 1, 2, .7)], mode="cubic",
           cubic_coeff_a=-.5)
    for mode in "linear", "cubic":
        for name, scales in ("up", (1, 1, 1.6, 2)), ("down", (1, 1, .6, .5)):
            if mode == "cubic":
                c.case(f"resize_exclude_{mode}_{name}", "Resize", 13, [x, None, floats(*scales)],
                       mode=mode, exclude_outside=1)
                c.case(f"resize_antialias_exclude_{name}", "Resize", 18,
                       [x, None, floats(*scales)], mode=mode, antialias=1, exclude_outside=1)
            c.case(f"resize_antialias_{mode}_{name}", "Resize", 18, [x, None, floats(*scales)],
                   mode=mode, antialias=1)
            c.case(f"resize_antialias_{mode}_{name}_align", "Resize", 18,
                   [x, None, floats(*scales)], mode=mode, antialias=1,
                   coordinate_transformation_mode="align_corners")
    c.case("resize_antialias_nearest", "Resize", 18, [x, None, floats(1, 1, .5, .5)], antialias=1)
    for policy in "stretch", "not_larger", "not_smaller":
        for mode in "nearest", "linear":
            c.case(f"resize_18_{policy}_{mode}", "Resize", 18, [x, None, None, ints(7, 8)],
                   axes=[2, 3], keep_aspect_ratio_policy=policy, mode=mode)
            c.case(f"resize_18_{policy}_{mode}_down", "Resize", 18, [x, None, None, ints(4, 3)],
                   axes=[3, 2], keep_aspect_ratio_policy=policy, mode=mode)
    c.case("resize_18_axes_scales", "Resize", 18, [x, None, floats(2, .5)], axes=[3, 2],
           mode="linear")
    c.case("resize_18_axes_crop", "Resize", 18, [x, floats(.1, .2, .9, .7), floats(2, .5)],
           axes=[3, 2], mode="linear", coordinate_transformation_mode="tf_crop_and_resize")
    c.case("resize_13_empty_roi_scales", "Resize", 13, [x, floats(), floats(), ints(1, 2, 7, 4)])
    c.case("resize_1d", "Resize", 13, [real(1, 2, 7), None, floats(1, 1, 1.6)], mode="linear")
    c.case("resize_3d", "Resize", 13, [real(1, 1, 3, 4, 5), None, floats(1, 1, 2, .5, 1.6)],
           mode="linear")
    for kind in np.uint8, np.int32, np.int8:
        data = random.randint(0, 100, (1, 1, 4, 5)).astype(kind)
        for mode in "nearest", "linear":
            c.case(f"resize_{np.dtype(kind).name}_{mode}", "Resize", 13,
                   [data, None, floats(1, 1, 2, 1.7)], mode=mode)
    c.case("resize_empty", "Resize", 13, [np.zeros((0, 1, 4, 4), np.float32), None,
                                          floats(1, 1, 2, 2)])


def casts(c):
    reals = floats(0, -0., .5, -.5, 1.5, -1.9, 2.5, 100, -100, 127.9, -128.5)
    whole = np.array([0, 1, -1, 127, -128, 255, 256, 65536, -2**31, 2**31 - 1, 2**40, -2**40])
    kinds = {1: np.float32, 2: np.uint8, 3: np.int8, 4: np.uint16, 5: np.int16, 6: np.int32,
             7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64, 12: np.uint32, 13: np.uint64}
    for code in kinds:
        for opset in (7, 13, 19):
            if opset == 13 or code in (1, 9):
                data = np.abs(reals) if code in (2, 4, 12, 13) else reals
                c.case(f"cast_{opset}_float32_{code}", "Cast", opset, [data], to=code)
        c.case(f"cast_int64_{code}", "Cast", 13, [whole], to=code)
        c.case(f"cast_bool_{code}", "Cast", 13, [np.array([True, False])], to=code)
        c.case(f"cast_float16_{code}", "Cast", 13, [np.abs(reals[:10]).astype(np.float16)], to=code)
    c.case("cast_float64_float32", "Cast", 13, [np.float64([1e300, -1e300, NAN, INF, 1e-300])],
           to=1)
    c.case("cast_special_bool", "Cast", 13, [floats(NAN, INF, -INF, -0., 1e-30)], to=9)
    c.case("cast_float32_float16", "Cast", 13, [floats(1e30, -1e30, NAN, INF, 65519, 65520)], to=10)
    c.case("cast_like", "CastLike", 19, [reals, np.int32([1])])


def recurrent(c):
    """With layout = 1, ONNX Runtime has none of these."""
    h, n = 5, 3
    names = {"LSTM": ["HardSigmoid", "Softsign", "Relu"], "GRU": ["LeakyRelu", "ScaledTanh"],
             "RNN": ["Elu"]}
    numbers = {"LSTM": ([.3], [.4]), "GRU": ([.2, 1.3], [.7]), "RNN": ([.6], [])}
    for op, gates, each in ("LSTM", 4, 3), ("GRU", 3, 2), ("RNN", 1, 1):
        for direction in "forward", "reverse", "bidirectional":
            d = 2 if direction == "bidirectional" else 1
            x, first = real(4, n, 2), real(d, n, h)
            w, r, b = real(d, gates * h, 2), real(d, gates * h, h), real(d, 2 * gates * h)
            lens = np.int32([4, 1, 3])
            tag, outs = f"{op.lower()}_{direction}", 3 if op == "LSTM" else 2
            ins = [x, w, r, b, None, first] + ([first * 2, real(d, 3 * h)] if op == "LSTM" else [])

            def case(name, ins=ins, outs=outs, **more):
                c.case(f"{tag}{name}", op, 7, ins, outs, hidden_size=h, direction=direction, **more)

            case("")
            case("_lens", ins[:4] + [lens] + ins[5:])
            case("_no_step", ins[:4] + [lens - 1] + ins[5:])
            case("_plain", ins[:3])
            case("_clip", clip=.3)
            case("_last", outs=[False, True])
            alpha, beta = numbers[op]
            case("_functions", activations=names[op] * d, activation_alpha=alpha * d,
                 **({"activation_beta": beta * d} if beta else {}))
            if op == "GRU":
                case("_linear", linear_before_reset=1)
                case("_linear_clip", linear_before_reset=1, clip=.5)
            if op == "LSTM":
                case("_input_forget", ins[:7], input_forget=1)
            if d == 2 or direction == "reverse":
                continue
            for name in "Relu", "LeakyRelu", "Tanh", "Sigmoid", "HardSigmoid", "Elu", "Softsign":
                case("_" + name.lower(), activations=[name] * each)
            for name, beta in ("Affine", .3), ("ThresholdedRelu", None), ("ScaledTanh", .6):
                case("_" + name.lower(), activations=[name] * each, activation_alpha=[.4] * each,
                     **({"activation_beta": [beta] * each} if beta else {}))
            if op == "RNN":
                case("_softplus", activations=["Softplus"])


def products(c):
    a, b = real(3, 4), real(4, 5)
    for bias in real(5), real(3, 1), np.float32(2), real(1, 5):
        c.case(f"gemm_bias_{'x'.join(map(str, bias.shape))}", "Gemm", 11, [a, b, bias], beta=.5)
    c.case("gemm_beta_zero_nan", "Gemm", 13, [a, b, np.full(5, NAN, np.float32)], beta=0.)
    c.case("gemm_empty_inner", "Gemm", 13, [real(3, 0), real(0, 5), real(5)])
    c.case("gemm_empty_rows", "Gemm", 13, [real(0, 4), b, real(5)])
    c.case("gemm_trans", "Gemm", 7, [a.T, b.T, real(5)], transA=1, transB=1, alpha=2.)
    c.case("matmul_nd", "MatMul", 9, [real(2, 1, 3, 4), real(3, 4, 2)])
    c.case("matmul_empty", "MatMul", 13, [real(2, 3, 0), real(2, 0, 4)])
    for equation, shapes_ in [
            ("ij,jk", [(2, 3), (3, 4)]), ("i,j", [(2,), (3,)]), ("ii->", [(3, 3)]),
            ("iij->ji", [(3, 3, 2)]), ("b...,b...->...", [(2, 3, 4), (2, 3, 4)]),
            ("...ij->...ji", [(2, 3, 4)]), ("aij,ajk->aik", [(1, 2, 3), (4, 3, 2)]),
            ("Ab,bA->bA", [(2, 3), (3, 2)]), ("ij,->ij", [(2, 3), ()]), ("ij->", [(2, 3)]),
            ("bhwc,hkc->bhwk", [(2, 3, 4, 5), (3, 6, 5)]), ("ij,ij->ij", [(2, 3), (2, 3)]),
            ("i...,...j->ij...", [(2, 3), (3, 4)]), (" i j , j k -> i k ", [(2, 3), (3, 4)])]:
        c.case("einsum_" + "".join(ch if ch.isalnum() else "_" for ch in equation), "Einsum", 12,
               [real(*s) for s in shapes_], equation=equation)


ALL = [shapes, picks, pads, resizes, casts, recurrent, products]
