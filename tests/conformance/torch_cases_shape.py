"""What generate.py asks PyTorch and NumPy: matrices, reductions, moves of elements, recurrences."""

import numpy as np
import torch
import torch.nn.functional as F

from torch_cases import random, real, torched


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
