"""What tiles with arrays hold of a placed network, and whether it fits their buffers (F3)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from hwsim.chip.arrays import SliceWork
from hwsim.chip.ticks import Ticks
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.lower.axes import ceil_div, total
from hwsim.lower.layers import Layer, Task, value_bits
from hwsim.lower.states import partial_place, partial_sums, state_bytes
from hwsim.lower.weights import tile_bits
from hwsim.mapping import Mapping
from hwsim.network import Network, Projection
from hwsim.place.reach import Reach


def task_of(network: Network, hardware: Hardware) -> Task:
    """What the layers of tiles are made from: every layer step by step, nothing held (F2).

    Raises HwsimError for networks whose layers or channels share states (G9).
    """
    for p in network.populations:
        if p.shared:
            raise HwsimError(
                f"population {p.name!r} shares its states with others; they would have to travel (G9)"
            )
    mapping = Mapping(schedule="step_major", direct_coding="each_step")
    return Task(network, hardware.with_dram("bandwidth"), mapping, 1, settled=True)


@dataclass(frozen=True)
class Room:
    """Bytes that an ``operand`` takes in a buffer of a tile, and that it has there."""

    core: int
    operand: str
    found: int
    allowed: int


def rooms(task: Task, works: Iterable[SliceWork], ticks: Ticks) -> Iterator[Room]:
    """Weights, states, maps and partial sums of every tile in use (F3)."""
    of_core: dict[int, list[SliceWork]] = {}
    for work in works:
        of_core.setdefault(work.part.core, []).append(work)
    buffers = task.hardware.buffers
    for core, own in sorted(of_core.items()):
        yield Room(core, "weights", sum(map(weight_bytes, own)), buffers.weight.capacity_bytes)
        states = sum(
            state_bytes(task, task.network.population[w.part.population], w.part.box.size) for w in own
        )
        yield Room(core, "states", states, buffers.membrane.capacity_bytes if buffers.membrane else 0)
        yield Room(core, "maps", map_bytes(task, own, ticks), buffers.input.capacity_bytes)
        sums = max((_partial_bytes(w) for w in own), default=0)
        yield Room(
            core, "partial sums", sums, buffers.partial_sum.capacity_bytes if buffers.partial_sum else 0
        )


def check_rooms(task: Task, works: Iterable[SliceWork], ticks: Ticks) -> None:
    """Raises HwsimError naming every tile and operand that does not fit (F3)."""
    buffer = {"weights": "weight", "states": "membrane", "maps": "input", "partial sums": "partial_sum"}
    lines = [
        f"tile {room.core}: {room.operand}: found {room.found} bytes, allowed {room.allowed} of "
        f"buffers.{buffer[room.operand]}"
        for room in rooms(task, works, ticks)
        if room.found > room.allowed
    ]
    if lines:
        raise HwsimError(f"hardware {task.hardware.name!r}: " + "\n".join(lines))


def weight_bytes(work: SliceWork) -> int:
    """Of a slice's weights (B1)."""
    pieces = (p.layer for p in work.pieces if p.layer.weighted)
    return ceil_div(sum(_total_bits(work.task, layer) for layer in pieces), 8)


def _total_bits(task: Task, layer: Layer) -> int:
    return total(tile_bits(task, layer), (1, layer.groups, len(layer.channels), 1, 1, len(layer.tiles)))


def map_bytes(task: Task, works: list[SliceWork], ticks: Ticks) -> int:
    """Of all source maps that a tile keeps: the neurons that it listens to, each as often as it is held."""
    network, doubled = task.network, task.hardware.buffers.input.double_buffered
    taken: dict[str, tuple[int, list[tuple[Projection, SliceWork]]]] = {}
    for work in works:
        for p in network.into(work.part.population):
            lag = ticks.interval * p.delay + ticks.depth[p.target] - ticks.depth[p.source]
            held, into = taken.get(p.source, (0, []))
            taken[p.source] = max(held, ceil_div(lag, ticks.interval)), [*into, (p, work)]
    found = 0
    for name, (held, into) in taken.items():
        source = network.population[name]
        heard = np.zeros((source.channels, source.plane[0] * source.plane[1]), np.bool_)
        for p, work in into:
            reach, box = Reach.of(network, p), work.part.box
            heard |= np.outer(reach.channels(box.c0, box.c1), reach.positions(box.p0, box.p1))
        size = ceil_div(int(heard.sum()) * value_bits(network, name, task.hardware), 8)
        found += size * (1 if name in network.constant else held + doubled)
    return found


def _partial_bytes(work: SliceWork) -> int:
    """The largest partial sums of a job that leave the array (P6)."""
    most = 0
    for piece in work.pieces:
        if piece.layer.weighted and partial_place(work.task, piece.layer) != "array":
            most = max(most, ceil_div(int(partial_sums(work.task, piece.layer).max()), 8))
    return most
