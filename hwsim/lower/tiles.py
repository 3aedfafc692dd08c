"""K-tiles: what of the inputs one job takes (docs/machine.md, W6)."""

from hwsim.errors import HwsimError
from hwsim.lower.layers import Part, Task, Weighted

Tiles = tuple[tuple[Part, ...], ...]


def k_tiles(task: Task, name: str, weighted: tuple[Weighted, ...], width: int, k_tile: int | None) -> Tiles:
    """The K-tiles of a layer whose N-folds have up to ``width`` channels; under os of ``k_tile`` channels.

    Raises HwsimError if they do not fit.
    """
    if task.hardware.pe_array.dataflow == "os":
        return _by_channels(task, name, weighted, width, k_tile)
    return _by_rows(task, name, weighted, width)


def _by_rows(task: Task, name: str, weighted: tuple[Weighted, ...], width: int) -> Tiles:
    """ws, is: as many k as the array has rows."""
    rows, bits = task.hardware.pe_array.rows, task.hardware.precision.weight_bits
    if rows * width * bits > task.weight_room():
        raise _too_large(task, name, f"weights of one tile ({rows} x {width} x {bits} bits)")
    return tuple(
        (Part(i, begin, min(depth, begin + rows)),)
        for i, depth in enumerate(w.depth for w in weighted)
        for begin in range(0, depth, rows)
    )


def _by_channels(
    task: Task, name: str, weighted: tuple[Weighted, ...], width: int, k_tile: int | None
) -> Tiles:
    """os: all of K, or ``k_tile`` whole channels of one projection after the other."""
    bits, decode = task.hardware.precision.weight_bits, task.hardware.pe_array.decode
    depth = sum(w.depth for w in weighted)
    limit = decode.max_inputs if decode and decode.max_inputs else depth
    for w in weighted:
        if limit < w.taps:
            raise HwsimError(
                f"layer {name!r}: one channel has {w.taps} inputs; pe_array.decode.max_inputs of hardware "
                f"{task.hardware.name!r} is {limit}"
            )
    if k_tile is None:
        if depth > limit or depth * width * bits > task.weight_room():
            raise _too_large(task, name, f"weights of all inputs ({depth} x {width} x {bits} bits)")
        return (tuple(Part(i, 0, w.depth) for i, w in enumerate(weighted)),)
    tiles = []
    for i, w in enumerate(weighted):
        channels = min(k_tile, w.channels, limit // w.taps)
        if channels * w.taps * width * bits > task.weight_room():
            what = f"weights of k_tile {channels} ({channels} x {w.taps} x {width} x {bits} bits)"
            raise _too_large(task, name, what)
        step = channels * w.taps
        tiles += [(Part(i, begin, min(w.depth, begin + step)),) for begin in range(0, w.depth, step)]
    return tuple(tiles)


def _too_large(task: Task, name: str, what: str) -> HwsimError:
    smaller = {"os": "a smaller k_tile or fewer columns", "is": "a smaller n_tile or fewer rows"}
    instead = smaller.get(task.hardware.pe_array.dataflow, "a smaller array")
    return HwsimError(
        f"layer {name!r}: the {what} do not fit the {task.weight_room() // 8} bytes that hardware "
        f"{task.hardware.name!r} gives a tile; enlarge buffers.weight or take {instead}"
    )
