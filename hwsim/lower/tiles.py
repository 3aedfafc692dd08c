"""K-tiles: what of the inputs one job takes (docs/machine.md, W6)."""

from hwsim.errors import HwsimError
from hwsim.lower.layers import Part, Task, Weighted

Tiles = tuple[tuple[Part, ...], ...]


def k_tiles(task: Task, name: str, weighted: tuple[Weighted, ...], width: int) -> Tiles:
    """The K-tiles of a layer whose N-folds have up to ``width`` channels. Raises HwsimError if none fits."""
    if task.hardware.pe_array.dataflow == "os":
        return _by_channels(task, name, weighted, width)
    return _by_rows(task, name, weighted, width)


def _by_rows(task: Task, name: str, weighted: tuple[Weighted, ...], width: int) -> Tiles:
    """ws, is: as many k as the array has rows."""
    rows, bits = task.hardware.pe_array.rows, task.hardware.precision.weight_bits
    if rows * width * bits > task.weight_room():
        raise _too_large(task, name, f"weights of one tile ({rows} x {width} x {bits} bits)")
    return tuple(
        (Part(i, begin, min(w.depth, begin + rows)),)
        for i, w in enumerate(weighted)
        for begin in range(0, w.depth, rows)
    )


def _by_channels(task: Task, name: str, weighted: tuple[Weighted, ...], width: int) -> Tiles:
    """os: all of K if it fits, else whole channels of one projection after the other."""
    bits, decode = task.hardware.precision.weight_bits, task.hardware.pe_array.decode
    chosen = task.mapping.layers.get(name)
    k_tile = chosen.k_tile if chosen else None
    depth = sum(w.depth for w in weighted)
    limit = decode.max_inputs if decode and decode.max_inputs else depth
    if k_tile is None and depth <= limit and depth * width * bits <= task.weight_room():
        return (tuple(Part(i, 0, w.depth) for i, w in enumerate(weighted)),)
    tiles = []
    for i, w in enumerate(weighted):
        fitting = min(task.weight_room() // (w.taps * width * bits), w.channels, k_tile or w.channels)
        if fitting < 1:
            raise _too_large(task, name, f"weights of one channel ({w.taps} x {width} x {bits} bits)")
        if limit < w.taps:
            raise HwsimError(
                f"layer {name!r}: one channel has {w.taps} inputs; pe_array.decode.max_inputs of hardware "
                f"{task.hardware.name!r} is {limit}"
            )
        step = min(fitting, limit // w.taps) * w.taps
        tiles += [(Part(i, begin, min(w.depth, begin + step)),) for begin in range(0, w.depth, step)]
    return tuple(tiles)


def _too_large(task: Task, name: str, what: str) -> HwsimError:
    return HwsimError(
        f"layer {name!r}: the {what} do not fit the {task.weight_room() // 8} bytes that hardware "
        f"{task.hardware.name!r} gives a tile; enlarge buffers.weight or use fewer columns"
    )
