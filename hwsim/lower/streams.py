"""What the array streams for each job, from the events of a layer's inputs (docs/machine.md, P1-P4)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

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

    def on_axes(self, spread: Callable[[Ints], Ints]) -> "Streams":
        """The same with every array brought to other axes by ``spread``."""
        return replace(
            self,
            length=spread(self.length),
            stream=spread(self.stream),
            imbalance=spread(self.imbalance),
            conflict=spread(self.conflict),
            decode=spread(self.decode),
            reads=spread(self.reads),
            decoded=spread(self.decoded),
            live=tuple(spread(values) for values in self.live),
        )


ONE = np.ones((1,) * 5, np.int64)


@dataclass(frozen=True)
class _Beats:
    """What one way to stream comes to: L is the largest, and ``total`` the sum, of what each of the
    ``takers`` of a fold streams (1 where they share); ``reads`` as in Streams. None: zero everywhere, or for
    ``useful`` all weights; ``live`` is empty where events were not looked at.
    """

    longest: Ints
    total: Ints
    takers: Ints
    reads: Ints
    live: tuple[Ints, ...]
    conflict: Ints | None = None
    decoded: Ints | None = None
    useful: Ints | None = None


def streams(
    hardware: Hardware,
    shape: Shape,
    incoming: tuple[Incoming, ...],
    events: tuple[Events, ...],
    samples: range,
) -> Streams:
    """Streams of one layer under ``skip: event``, from the ``events`` of each source."""
    array = hardware.pe_array
    if array.dataflow == "ws":
        length, live = lane_streams.positions(shape, incoming, events, samples, _serial(hardware))
        found = _Beats(length, length, ONE, length, live)
    elif array.streams == "own":
        found = _own(hardware, shape, incoming, events, samples)
    else:
        found = _shared(hardware, shape, incoming, events, samples)
    return _by_cause(hardware, shape, incoming, found)


def every_input(hardware: Hardware, shape: Shape, incoming: tuple[Incoming, ...], samples: int) -> Streams:
    """Streams of one layer under ``dense`` and ``gate``: L without events (P1), of as many ``samples``."""
    array, steps, rows = hardware.pe_array, shape.streamed_steps[:, None], _rows(shape, range(samples))
    if array.dataflow == "os":
        most, streamed = shape.window, _depth(shape, incoming)
    else:
        most, streamed = shape.pass_steps, _columns(shape) if array.dataflow == "is" else rows
    served = np.minimum(steps, most if _serial(hardware) else 1)
    columns = len(shape.channels) if array.dataflow == "is" else 1
    axes = (shape.groups, columns, len(rows), shape.passes, shape.k_tiles)
    length = np.broadcast_to(streamed * served, axes)
    if array.streams == "own":
        return _by_cause(hardware, shape, incoming, _Beats(length, length * rows, rows, length, ()))
    return _by_cause(hardware, shape, incoming, _Beats(length, length, ONE, length, ()))


def live_inputs(
    hardware: Hardware,
    shape: Shape,
    incoming: tuple[Incoming, ...],
    events: tuple[Events, ...],
    samples: range,
) -> tuple[Ints, ...]:
    """``live`` of Streams alone, which is all that ``dense`` and ``gate`` ask of the events."""
    if hardware.pe_array.dataflow == "os":
        pairs = zip(incoming, events, strict=True)
        return tuple(shared_streams.count(shape, p, e, samples, ()).live for p, e in pairs)
    return lane_streams.positions(shape, incoming, events, samples, serial=False)[1]


def operations(shape: Shape, incoming: tuple[Incoming, ...], live: tuple[Ints, ...]) -> tuple[int, int]:
    """Useful AC and MAC where all weights count: every live input once for each output (P3)."""
    outputs = sum(len(c) for c in shape.channels)
    return _by_payload(incoming, [outputs * int(values.sum()) for values in live])


def _by_payload(incoming: tuple[Incoming, ...], useful: list[int]) -> tuple[int, int]:
    """AC of binary payloads, MAC of the others."""
    ac = sum(number for p, number in zip(incoming, useful, strict=True) if p.binary)
    return ac, sum(useful) - ac


def _by_cause(hardware: Hardware, shape: Shape, incoming: tuple[Incoming, ...], found: _Beats) -> Streams:
    zero = np.broadcast_to(np.int64(0), found.longest.shape)
    stream = -(-found.total // found.takers)
    conflict = zero if found.conflict is None else found.conflict
    decoded = zero if found.decoded is None else np.broadcast_to(found.decoded, zero.shape)
    needed = _decode_cycles(hardware, shape, incoming, decoded)
    if found.useful is not None:
        ac, mac = _by_payload(incoming, [int(number) for number in found.useful])
    else:
        ac, mac = operations(shape, incoming, found.live) if found.live else (0, 0)
    return Streams(
        length=found.longest,
        stream=stream,
        imbalance=found.longest - stream,
        conflict=conflict,
        decode=np.maximum(needed - found.longest - conflict, 0),
        reads=found.reads,
        decoded=decoded,
        live=found.live,
        ac=ac,
        mac=mac,
    )


def _shared(
    hardware: Hardware,
    shape: Shape,
    incoming: tuple[Incoming, ...],
    events: tuple[Events, ...],
    samples: range,
) -> _Beats:
    """One stream of live inputs for all rows, and E where spikes are decoded."""
    most = min(shape.window, shape.pass_steps) if _serial(hardware) else 1
    offsets = (most, shape.pass_steps) if hardware.pe_array.decode else (most,)
    pairs = zip(incoming, events, strict=True)
    found = [shared_streams.count(shape, p, e, samples, offsets) for p, e in pairs]
    length, *decoded = (sum(b[1:], start=b[0]) for b in zip(*(f.beats for f in found), strict=True))
    live = tuple(f.live for f in found)
    return _Beats(length, length, ONE, length, live, decoded=decoded[0] if decoded else None)


def _own(
    hardware: Hardware,
    shape: Shape,
    incoming: tuple[Incoming, ...],
    events: tuple[Events, ...],
    samples: range,
) -> _Beats:
    """A stream of live inputs for every row, or with ``weight_sparsity`` for every PE."""
    array, serial, rows = hardware.pe_array, _serial(hardware), _rows(shape, samples)
    if array.weight_sparsity:
        found = lane_streams.sparse(shape, incoming, events, samples, serial)
        takers = rows * _columns(shape)
    else:
        weight = hardware.buffers.weight
        found = lane_streams.own(shape, incoming, events, samples, serial, weight.banks, weight.ports)
        takers = rows
    decoded = found.decoded if array.decode else None
    return _Beats(
        found.longest, found.total, takers, found.accesses, found.live, found.conflict, decoded, found.useful
    )


def _decode_cycles(hardware: Hardware, shape: Shape, incoming: tuple[Incoming, ...], decoded: Ints) -> Ints:
    """ceil(levels * E / events_per_cycle): cycles that merging the lists of a K-tile takes (P2)."""
    decode = hardware.pe_array.decode
    if decode is None:
        return decoded
    lists = np.zeros(shape.k_tiles, np.int64)
    for p in incoming:
        lists[p.tiles[:, 0]] += p.taps
    levels = np.ones_like(lists)
    while (short := decode.merge_lanes**levels < lists).any():
        levels += short
    return -(-levels * decoded // decode.events_per_cycle)


def _serial(hardware: Hardware) -> bool:
    return hardware.pe_array.time_lanes == "serial"


def _rows(shape: Shape, samples: range) -> Ints:
    """Lanes of every M-fold, on the axes of Streams."""
    return np.tile(shape.rows, len(shape.batches(samples)))[:, None, None]


def _columns(shape: Shape) -> Ints:
    """Channels of every N-fold, on the axes of Streams."""
    return np.array([len(c) for c in shape.channels], np.int64)[:, None, None, None]


def _depth(shape: Shape, incoming: tuple[Incoming, ...]) -> Ints:
    """K of every K-tile."""
    depth = np.zeros(shape.k_tiles, np.int64)
    for p in incoming:
        np.add.at(depth, p.tiles[:, 0], p.tiles[:, 2] - p.tiles[:, 1])
    return depth
