"""Is every object of a data set there, as docs/format has it, and no other?"""
import h5py
import numpy as np

from dataset_objects import (DOUBLE, FORMAT_VERSION, GAME_ATTRIBUTES, GROUPS, INDICES, KIND,
                             LARGEST_PLAYERS, MOST_POINTS, NETWORK_ATTRIBUTES, NO_VALUES, OBJECTS,
                             ORDER_SUMS, ROOT_ATTRIBUTES, SCALES, SHARE, SINGLE,
                             SOME_NETWORKS_ATTRIBUTES, SPLIT, WITHOUT_VALUES, as_text)


def check_header(data):
    """What the file says of itself; sizes that the rest needs. Is there any use in going on?"""
    attributes = data.file.attrs
    for name, kind in ROOT_ATTRIBUTES.items():
        if not data.need(name in attributes, f"attribute {name} is missing"):
            continue
        if kind == "text":
            data.need(isinstance(attributes[name], (bytes, str)),
                      f"attribute {name} is no text: {attributes[name]!r}")
        else:
            data.need(np.asarray(attributes[name]).dtype == np.dtype(kind)
                      and np.asarray(attributes[name]).shape == (),
                      f"attribute {name} is no single {kind}: {attributes[name]!r}")
    for name in set(attributes) - set(ROOT_ATTRIBUTES):
        data.fault(f"attribute {name} is not in the format")
    if data.faults:
        return False
    data.need(as_text(attributes["format"]) == "harsanyi", "format is not harsanyi")
    data.need(attributes["format_version"] == FORMAT_VERSION,
              f"format_version {attributes['format_version']}")
    data.need(as_text(attributes["kind"]) == KIND, f"kind {attributes['kind']!r}")
    data.need(attributes["complete"] == 1, "the file is not complete")
    data.need(1 <= attributes["n_players"] <= LARGEST_PLAYERS,
              f"{attributes['n_players']} players")
    data.n = int(attributes["n_players"])
    if data.need("samples/index" in data.file, "/samples/index is missing"):
        data.rows = len(data.file["samples/index"])
        data.need(data.rows > 0, "no rows")
    return not data.faults


def check_game(data):
    """What v is: texts, for networks all of them."""
    if not data.need("game" in data.file, "/game is missing"):
        return
    attributes = data.file["game"].attrs
    for name, value in attributes.items():
        data.need(isinstance(value, (bytes, str)), f"/game: {name} is no text: {value!r}")
    needed, allowed = set(GAME_ATTRIBUTES), set(GAME_ATTRIBUTES)
    if as_text(attributes.get("kind", "")) == "network":
        needed |= NETWORK_ATTRIBUTES
        allowed = needed | SOME_NETWORKS_ATTRIBUTES
    for name in needed - set(attributes):
        data.fault(f"/game: attribute {name} is missing")
    for name in set(attributes) - allowed:
        data.fault(f"/game: attribute {name} is not in the format")


def check_objects(data):
    """The objects by the table, and which of them go together."""
    found = {}
    data.file.visititems(lambda name, item: found.__setitem__(name, item))
    for name, kind in OBJECTS.items():
        if kind.always:
            data.need(name in found, f"/{name} is missing")
    for name, item in found.items():
        if isinstance(item, h5py.Group):
            data.need(name in GROUPS, f"/{name} is not in the format")
            data.need(name in ("run", "game") or len(item), f"/{name} is empty")
        elif data.need(name in OBJECTS, f"/{name} is not in the format"):
            check_array(data, name, item, OBJECTS[name])
    data.need("run" in found, "/run is missing")
    types = [t for t in ("and", "or") if f"orders/{t}" in found]
    data.need(types, "neither /orders/and nor /orders/or is there")
    for kind in types:
        for name in ORDER_SUMS:
            data.need(f"orders/{kind}/{name}" in found, f"/orders/{kind}/{name} is missing")
    for kind in ("and", "or"):
        if f"interactions/{kind}" in found:
            data.need(kind in types, f"/interactions/{kind} without /orders/{kind}")
    for index in INDICES:
        for part in ("mask", "value", "error"):
            data.need(f"indices/{index}" not in found or f"indices/{index}/{part}" in found,
                      f"/indices/{index}/{part} is missing")
    if set(SPLIT) & set(found):
        for name in SPLIT:
            data.need(name in found, f"/{name} is missing")
        data.need(len(types) == 2, "/fit without both types")
    if set(SHARE) & set(found):
        for name in (*SHARE, *SPLIT):
            data.need(name in found, f"/{name} is missing")
    stored = [found[name].dtype for name, kind in OBJECTS.items()
              if kind.type == "lattice" and name in found]
    data.need(len(set(stored)) <= 1, "the lattice arrays have several types")
    data.need(("mask" in found) == bool(stored), "/mask goes with the lattice arrays")


def lengths(data):
    """Of the axes, as far as they are known."""
    entries = len(data.file["salient/mask"]) if "salient/mask" in data.file else 0
    return {"row": data.rows, "player": data.n, "mask": 2**data.n, "order": data.n + 1,
            "offset": data.rows + 1, "entry": entries,
            "point": min(data.n + 2, MOST_POINTS),
            "sharing/point": min(data.n + 2, MOST_POINTS)}


def check_array(data, name, array, kind):
    """Type, layout and axes of an object."""
    check_type(data, name, array, kind.type)
    data.need(array.chunks is None and array.compression is None,
              f"/{name} is not contiguous and plain")
    if kind.axes is None:
        return
    if not data.need(array.ndim == len(kind.axes), f"/{name} has shape {array.shape}"):
        return
    known = lengths(data)
    for i, axis in enumerate(kind.axes):
        length = known.get(axis, array.shape[i])
        data.need(array.shape[i] == length,
                  f"/{name}: axis {axis} has length {array.shape[i]}, not {length}")
        check_axis(data, name, array, i, axis)


def check_type(data, name, array, kind):
    """The type of an object's elements."""
    if kind == "text":
        info = h5py.check_string_dtype(array.dtype)
        good = info is not None and info.length is None and info.encoding == "utf-8"
        data.need(good, f"/{name} is {array.dtype}, not UTF-8 of any length")
    elif kind == "lattice":
        data.need(array.dtype in (DOUBLE, SINGLE), f"/{name} is {array.dtype}")
    elif kind == "number":
        data.need(array.dtype.kind in "fiu", f"/{name} is {array.dtype}")
    else:
        data.need(array.dtype == np.dtype(kind), f"/{name} is {array.dtype}, not {kind}")


def check_axis(data, name, array, i, axis):
    """Label and scale of an axis."""
    if name in WITHOUT_VALUES:
        title = as_text(array.attrs.get("NAME", ""))
        data.need(title.startswith(NO_VALUES),
                  f"/{name} is no dimension without values: {title}")
        data.need(array.id.get_storage_size() == 0, f"/{name} has storage")
        return
    label = "set" if axis.startswith("indices/") else axis.rpartition("/")[2]
    data.need(array.dims[i].label == label, f"/{name}: axis {i} is labelled "
              f"{array.dims[i].label!r}, not {label!r}")
    scale = SCALES[axis]
    if scale == name:
        data.need(h5py.h5ds.is_scale(array.id), f"/{name} is no dimension scale")
        return
    attached = [item.name for item in array.dims[i].values()]
    data.need(attached == ["/" + scale], f"/{name}: the scales of axis {i} are {attached}, "
              f"not /{scale}")


def check_players(data):
    """Axes, names, and what belongs to which player."""
    file, n = data.file, data.n
    data.need(np.array_equal(file["row"][()], np.arange(data.rows)), "/row is not 0, 1, ...")
    data.need(np.array_equal(file["player"][()], np.arange(n)), "/player is not 0, 1, ...")
    data.need(np.array_equal(file["orders/order"][()], np.arange(n + 1)),
              "/orders/order is not 0, 1, ...")
    for name in ("players/name", "classes/name"):
        if name in file:
            try:
                [as_text(value) for value in file[name][()]]
            except UnicodeDecodeError as error:
                data.fault(f"/{name}: {error}")
    data.need(("players/map" in file) == ("players/baseline" in file),
              "/players/map and /players/baseline go together")
    if "players/map" not in file:
        return
    labels = file["players/map"][()]
    data.need(labels.min() >= -1 and labels.max() < n,
              f"/players/map holds {labels.min()} to {labels.max()}")
    missing = set(range(n)) - set(np.unique(labels).tolist())
    data.need(not missing, f"/players/map: nothing belongs to players {sorted(missing)}")
    baseline, samples = file["players/baseline"].shape, int(file.attrs["n_samples"])
    same = (labels.shape == baseline or labels.shape == (samples, *baseline)
            or (samples, *labels.shape) == baseline)
    data.need(same, f"/players/map {labels.shape} does not fit the baseline {baseline}")


def check_samples(data):
    """Which row is of which sample, target and network."""
    file = data.file
    index, target = file["samples/index"][()], file["samples/target"][()]
    runs = 1 + int(np.sum(index[1:] != index[:-1]))
    data.need(runs == len(set(index.tolist())), "/samples: the rows of a sample are not together")
    data.need(runs == file.attrs["n_samples"],
              f"n_samples is {file.attrs['n_samples']}, the rows have {runs}")
    network = file["samples/network"][()] if "samples/network" in file else 0 * index
    data.need(len({*zip(index.tolist(), target.tolist(), network.tolist())}) == data.rows,
              "/samples: a pair of sample and target (and network) stands there twice")
    count = 1 + int(network.max())
    data.need(np.array_equal(network, np.arange(data.rows) % count),
              "/samples/network: the networks of a sample do not follow each other")
    data.need(np.all(index >= 0), "/samples/index is negative")
    data.need(np.all(file["samples/label"][()] >= -1), "/samples/label under -1")
    offset = file["salient/offset"][()].astype(np.int64)
    data.need(offset[0] == 0 and np.all(np.diff(offset) >= 0)
              and offset[-1] == len(file["salient/mask"]), "/salient/offset does not rise to "
              "the number of entries")
    data.need(np.all(file["salient/truncated"][()] <= 1), "/salient/truncated is not 0 or 1")
    data.need(np.all(file["salient/threshold"][()] > 0), "/salient/threshold is not positive")
