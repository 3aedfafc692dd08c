"""Outputs: whole bursts of maps, flushed as they fill, and the output buffer (docs/machine.md, B5, B6)."""

import numpy as np

from hwsim.errors import HwsimError
from hwsim.lower.axes import Ints, bursts, ceil_div, units, zeros
from hwsim.lower.layers import Layer, Task
from hwsim.lower.maps import Maps

UNLIMITED = 1 << 40
"""Q of a mini-batch that stores nothing."""


def maps_of(task: Task, name: str) -> list[str]:
    """Whose maps a layer writes: its own if anything but a fused pool reads it, and its fused pools'."""
    network = task.network
    readers = [p.target for p in network.out_of(name)]
    names = [t for t in dict.fromkeys(readers) if task.fused.get(t) == name and network.out_of(t)]
    if any(task.fused.get(t) != name for t in readers):
        names.insert(0, name)
    return names


def output_stores(task: Task, layer: Layer, maps: Maps) -> Ints:
    """Bytes of outputs that the last K-tile of each fold and pass stores (B5)."""
    burst, n = task.burst_bytes, layer.population.size
    before, after = layer.finished()
    stores = zeros()
    for name in maps_of(task, layer.name):
        bits = maps.emitted(name)
        whole = bursts(units(bits, 8), burst)

        def flushed(done: Ints, bits: Ints = bits, whole: Ints = whole) -> Ints:
            return np.where(done == n, whole, bits * done // (n * 8) // burst * burst)

        moved = layer.over_samples(flushed(after) - flushed(before))
        stores = stores + layer.over_steps(moved, layer.pass_sizes)
    return stores


def most_flushed(task: Task, layer: Layer) -> int:
    """No less than :func:`output_stores` of any job: a burst more at both ends of each map and step."""
    n, burst = layer.population.size, task.burst_bytes
    samples, done = int(layer.rows.max()) if layer.together else 1, int(layer.outputs.max())
    bits = [int(Maps(task).emitted(name).max()) for name in maps_of(task, layer.name)]
    return sum(ceil_div(b * done, 8 * n) + 2 * burst * samples for b in bits) * layer.pass_steps


def output_slots(task: Task, largest: int, name: str) -> int:
    """Q of B6; ``largest``: bytes that a job of layer ``name`` stores. Raises HwsimError if none fits."""
    capacity = task.hardware.buffers.output.capacity_bytes
    if largest > capacity:
        raise HwsimError(
            f"layer {name!r}: one job stores {largest} bytes; hardware {task.hardware.name!r} has "
            f"{capacity} bytes of buffers.output"
        )
    return capacity // largest if largest else UNLIMITED
