"""What the array streams for each job, from the events of a layer's inputs (docs/machine.md, P1-P4)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hwsim.events import Events
from hwsim.hardware import Hardware
from hwsim.lower import lane_streams, shared_streams
from hwsim.lower.folds import Incoming, Ints, Shape

__all__ = ["Incoming", "Shape", "Streams", "streams"]


@dataclass(frozen=True, eq=False)
class Streams:
    """Axes (group, N-fold or 1, M-fold, pass, K-tile); M-folds of all samples one after the other.

    ``length``: L; ``stream``, ``imbalance``, ``conflict``, ``decode``: busy cycles by cause (P2);
    ``reads``: L, or accesses of own streams, or the sum of L_rn, over the fold (P4); ``decoded``: E.
    ``live``: one array for each incoming projection, its live inputs summed over lanes and steps (0 outside
    of its own K-tiles), N axis 1. ``ac``, ``mac``: useful operations of the whole layer (P3).
    """

    length: Ints
    stream: Ints
    imbalance: Ints
    conflict: Ints
    decode: Ints
    reads: Ints
    decoded: Ints
    live: tuple[Ints, ...]
    ac: int
    mac: int

    def each(self, change: Callable[[Ints], Ints]) -> "Streams":
        """Every array changed alike."""
        names = ("length", "stream", "imbalance", "conflict", "decode", "reads", "decoded")
        changed: dict[str, Any] = {name: change(getattr(self, name)) for name in names}
        return replace(self, live=tuple(change(values) for values in self.live), **changed)


ONE = np.ones((1,) * 5, np.int64)


@dataclass(frozen=True)
class _Beats:
    """What one way to stream comes to: L is the largest, and ``total`` the sum, of what each of the
    ``takers`` of a fold streams (1 where they share); ``reads`` as in Streams. None: zero everywhere, or for
    ``useful`` all weights.
    """

    longest: Ints
    total: Ints
    takers: Ints
    reads: Ints
    live: tuple[Ints, ...]
    conflict: Ints | None = None
    decoded: Ints | None = None
    useful: Ints | None = None


@dataclass(frozen=True, eq=False)
class _Layer:
    """What the streams of a layer follow from; ``rows``, ``columns`` and ``depth`` on the axes of Streams."""

    hardware: Hardware
    shape: Shape
    incoming: tuple[Incoming, ...]
    events: tuple[Events, ...]
    samples: range

    @property
    def serial(self) -> bool:
        return self.hardware.pe_array.time_lanes == "serial"

    @property
    def rows(self) -> Ints:
        """Lanes of every M-fold."""
        return np.tile(self.shape.rows, len(self.shape.batches(self.samples)))[:, None, None]

    @property
    def columns(self) -> Ints:
        """Channels of every N-fold."""
        return np.array([len(c) for c in self.shape.channels], np.int64)[:, None, None, None]

    @property
    def depth(self) -> Ints:
        """K of every K-tile."""
        depth = np.zeros(self.shape.k_tiles, np.int64)
        for p in self.incoming:
            np.add.at(depth, p.tiles[:, 0], p.tiles[:, 2] - p.tiles[:, 1])
        return depth

    def counted(self, offsets: tuple[int, ...]) -> list[shared_streams.Counted]:
        """Live inputs of each projection, and the beats of ``offsets``, where all rows share a stream."""
        pairs = zip(self.incoming, self.events, strict=True)
        return [shared_streams.count(self.shape, p, e, self.samples, offsets) for p, e in pairs]


def streams(
    hardware: Hardware,
    shape: Shape,
    incoming: tuple[Incoming, ...],
    events: tuple[Events, ...],
    samples: range,
) -> Streams:
    """Streams of one layer; ``events`` of each projection's source, of which ``samples`` are meant."""
    array, layer = hardware.pe_array, _Layer(hardware, shape, incoming, events, samples)
    if array.skip != "event":
        found = _all_inputs(layer)
    elif array.dataflow == "ws":
        length, live = lane_streams.positions(shape, incoming, events, samples, layer.serial)
        found = _Beats(length, length, ONE, length, live)
    elif array.streams == "own":
        found = _own(layer)
    else:
        found = _shared(layer)
    zero = np.broadcast_to(np.int64(0), found.longest.shape)
    stream = -(-found.total // found.takers)
    conflict = zero if found.conflict is None else found.conflict
    decoded = zero if found.decoded is None else np.broadcast_to(found.decoded, zero.shape)
    needed = _decode_cycles(layer, decoded)
    operations = {True: 0, False: 0}
    for i, p in enumerate(incoming):
        outputs = sum(len(c) for c in shape.channels)
        useful = outputs * found.live[i].sum() if found.useful is None else found.useful[i]
        operations[p.binary] += int(useful)
    return Streams(
        length=found.longest,
        stream=stream,
        imbalance=found.longest - stream,
        conflict=conflict,
        decode=np.maximum(needed - found.longest - conflict, 0),
        reads=found.reads,
        decoded=decoded,
        live=found.live,
        ac=operations[True],
        mac=operations[False],
    )


def _all_inputs(layer: _Layer) -> _Beats:
    """``dense`` and ``gate``: L without events (P1)."""
    array, shape, rows = layer.hardware.pe_array, layer.shape, layer.rows
    if array.dataflow == "os":
        most, streamed = shape.window, layer.depth
        live = tuple(f.live for f in layer.counted(()))
    else:
        most, streamed = shape.pass_steps, rows
        if array.dataflow == "is":
            streamed = layer.columns
        _, live = lane_streams.positions(shape, layer.incoming, layer.events, layer.samples, serial=False)
    served = np.minimum(shape.streamed_steps[:, None], most if layer.serial else 1)
    columns = len(shape.channels) if array.dataflow == "is" else 1
    axes = (shape.groups, columns, len(rows), shape.passes, shape.k_tiles)
    length = np.broadcast_to(streamed * served, axes)
    if array.streams == "own":
        return _Beats(length, length * rows, rows, length, live)
    return _Beats(length, length, ONE, length, live)


def _shared(layer: _Layer) -> _Beats:
    """One stream of live inputs for all rows, and E where spikes are decoded."""
    shape = layer.shape
    most = min(shape.window, shape.pass_steps) if layer.serial else 1
    found = layer.counted((most, shape.pass_steps) if layer.hardware.pe_array.decode else (most,))
    length, *decoded = (sum(b[1:], start=b[0]) for b in zip(*(f.beats for f in found), strict=True))
    live = tuple(f.live for f in found)
    return _Beats(length, length, ONE, length, live, decoded=decoded[0] if decoded else None)


def _own(layer: _Layer) -> _Beats:
    """A stream of live inputs for every row, or with ``weight_sparsity`` for every PE."""
    array, weight = layer.hardware.pe_array, layer.hardware.buffers.weight
    streamed = layer.shape, layer.incoming, layer.events, layer.samples, layer.serial
    if array.weight_sparsity:
        found, takers = lane_streams.sparse(*streamed), layer.rows * layer.columns
    else:
        found, takers = lane_streams.own(*streamed, weight.banks, weight.ports), layer.rows
    decoded = found.decoded if array.decode else None
    return _Beats(
        found.longest, found.total, takers, found.accesses, found.live, found.conflict, decoded, found.useful
    )


def _decode_cycles(layer: _Layer, decoded: Ints) -> Ints:
    """ceil(levels * E / events_per_cycle): cycles that merging the lists of a K-tile takes (P2)."""
    decode = layer.hardware.pe_array.decode
    if decode is None:
        return decoded
    lists = np.zeros(layer.shape.k_tiles, np.int64)
    for p in layer.incoming:
        lists[p.tiles[:, 0]] += p.taps
    levels = np.ones_like(lists)
    while (short := decode.merge_lanes**levels < lists).any():
        levels += short
    return -(-levels * decoded // decode.events_per_cycle)
