"""A population made ready for the kernels: packed weights, taps, parameters, bounds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numba
import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.execute import kernels, layout
from hwsim.execute.bounds import INT32, bounds_of, fan_of, is_wide
from hwsim.execute.lanes import LANES
from hwsim.geometry import output_taps
from hwsim.network import Network, Population, Projection

Array = NDArray[Any]
Item = TypeVar("Item")
Done = TypeVar("Done")

PROJECTION_CODES = {
    "conv2d": layout.CONV,
    "dense": layout.DENSE,
    "identity": layout.IDENTITY,
    "max_pool": layout.MAX_POOL,
    "avg_pool": layout.AVG_POOL,
}
POPULATION_CODES = {
    "lif": layout.LIF,
    "li": layout.LI,
    "clif": layout.CLIF,
    "relay": layout.RELAY,
    "relu": layout.RELU,
    "readout": layout.READOUT,
}
RESET_CODES = {"subtract": layout.SUBTRACT, "zero": layout.ZERO, "value": layout.VALUE}
LEAK_CODES = {
    "decay": layout.LEAK_DECAY,
    "relax": layout.LEAK_RELAX,
    "relax_divide": layout.LEAK_RELAX_DIVIDE,
    "leak_divide": layout.LEAK_DIVIDE,
}
PARAMETERS = (
    "decay", "threshold", "gain", "rest", "reset_value", "current_decay", "adaptation", "adaptation_decay",
    "initial", "floor",
)  # fmt: skip
"""Parameters of a neuron in the order in which the kernels hold them; the divisor of a pool follows."""

LINE_BYTES = 64

DECAYS = ("decay", "current_decay", "adaptation_decay")
"""Held as codes in integer networks: counts of 1/4096 without formats."""


@dataclass(frozen=True)
class Place:
    """Where a population's events lie in a chunk's store: first cell, first event, events a sample, steps."""

    cell: int
    base: int
    room: int
    steps: int


_PLANS: WeakKeyDictionary[Network, dict[str, "Plan"]] = WeakKeyDictionary()


def plans_of(network: Network, names: Iterable[str]) -> dict[str, "Plan"]:
    """The plans of these populations, made once for a network and kept as long as it is."""
    known = _PLANS.setdefault(network, {})
    names = tuple(names)
    missing = [network.population[name] for name in names if name not in known]
    if missing:
        known.update((plan.population.name, plan) for plan in each(lambda p: Plan(network, p), missing))
    return {name: known[name] for name in names}


class Plan:
    """One population made ready for the kernels: packed weights, taps, parameters."""

    def __init__(self, network: Network, population: Population) -> None:
        self.population = population
        self.incoming = network.into(population.name)
        self.integer = network.integer
        whole = np.int64 if network.integer and is_wide(network, population) else np.int32
        self.dtype: Any = whole if network.integer else np.float32
        self.left = [network.left_shift(p) for p in self.incoming]
        self.right = network.right_shift(population.name)
        self.steps = 1 if population.name in network.constant else network.timesteps
        self.binary = network.is_binary(population.name)
        self.graded = [not network.is_binary(p.source) for p in self.incoming]
        self.sources = [network.population[p.source] for p in self.incoming]
        self.recurrent = population.shared or any(p.source == population.name for p in self.incoming)
        self.geometry, self.taps, self.weights = self._pack()
        self.numbers = self._numbers()
        self.values, self.at = self._parameters()
        self.bias = np.zeros(population.channels, self.dtype)
        for projection in self.incoming:
            if projection.bias is not None:
                shift = network.bias_shift(projection)
                self.bias = self.bias + raised(projection.bias.astype(self.dtype), shift)

    def _pack(self) -> tuple[Array, Array, Array]:
        rows, taps = [], [np.zeros(0, np.int32)]
        weights = aligned(sum(p.weights.size for p in self.incoming if p.weights is not None), self.dtype)
        offset = 0
        for p, source, graded, left in zip(self.incoming, self.sources, self.graded, self.left, strict=True):
            (height, width), (kh, kw) = source.plane, p.kernel
            first = sum(map(len, taps))
            plane = self.population.plane
            row_taps = output_taps(height, kh, p.stride[0], p.padding[0], plane[0]).ravel()
            column_taps = output_taps(width, kw, p.stride[1], p.padding[1], plane[1]).ravel()
            code, c_out = PROJECTION_CODES[p.kind], 0
            c_in = source.size if p.kind == "dense" else source.channels // p.groups
            if p.has_weights:
                c_out = self.population.channels // p.groups
            shape = [height, width, kh, kw, first, first + len(row_taps), p.groups]
            rows.append([code, 0, 0, graded, offset, c_in, c_out, *shape, p.delay, left])
            taps += [row_taps, column_taps]
            if p.weights is not None:
                packed = weights[offset : offset + p.weights.size]
                pack_weights(p, packed)
                raised(packed, left)
                offset += p.weights.size
        geometry = np.array(rows, np.int64).reshape(len(rows), 16)
        return geometry, np.concatenate(taps), weights

    def _numbers(self) -> list[int]:
        p = self.population
        plain = (
            p.kind == "lif" and p.leak == "decay" and p.gain == 1 and p.reset != "value" and not p.vectors
            and not (p.has_current or p.adaptive or p.floored or p.channel_groups > 1)
            and not (p.delayed_reset or p.multispike or p.refractory or p.one_spike or p.state_group)
        )  # fmt: skip
        return [
            POPULATION_CODES[p.kind], p.plane[0] * p.plane[1], p.channels, *p.plane, RESET_CODES[p.reset],
            p.compare == ">=", LEAK_CODES[p.leak], p.delayed_reset, p.multispike,
            p.has_current, p.refractory, p.adaptive, p.channel_groups, p.one_spike, p.floored, plain,
            self.right, p.rounding == "nearest", *(p.decay_bits(name) for name in DECAYS), *bounds_of(p),
        ]  # fmt: skip

    def _parameters(self) -> tuple[Array, Array]:
        """Parameters one after the other, and for each its start and 1 if it has a value per neuron."""
        p, values, at, first = self.population, [], [], 0
        for name in PARAMETERS:
            given = p.parameter(name) if p.given(name) else np.zeros(1)
            if len(given) > 1:
                given = given.reshape(p.channels, -1).T.ravel()
            if self.integer and name in DECAYS:
                given = np.round(given * (1 << p.decay_bits(name)))
            values.append(given)
            at.append((first, int(len(given) > 1)))
            first += len(given)
        values.append(np.array([self.incoming[0].divisor if len(self.incoming) == 1 else 1.0]))
        at.append((first, 0))
        return np.concatenate(values).astype(self.dtype), np.array(at, np.int64)

    def cell_at(self, place: Place) -> layout.Cell:
        numbers = np.array([*self.numbers, place.cell, place.base, place.room], np.int64)
        return layout.Cell(numbers, self.values, self.at, self.bias)

    def fan(self, places: dict[str, Place]) -> layout.Fanin:
        geometry = self.geometry.copy()
        for row, p in zip(geometry, self.incoming, strict=True):
            row[layout.CELL], row[layout.STEPS] = places[p.source].cell, places[p.source].steps
        return layout.Fanin(geometry, self.taps, self.weights)

    def blocks(self, samples: int) -> int:
        """Blocks of channels that share a sample's work, where there are fewer samples than threads."""
        whole = self.population.one_spike or any(p.groups > 1 for p in self.incoming)
        return 1 if whole else min(self.population.channels, -(-threads() // samples))

    def reach(self, peaks: list[int]) -> int:
        """The largest absolute input of one step: gain * (bias + sum |w| * peak)."""
        reach = int(np.abs(self.bias.astype(np.int64)).max(initial=0))
        for q, peak, left in zip(self.incoming, peaks, self.left, strict=True):
            reach += peak * fan_of(q) << left
        return reach * max(1, _largest(self.population, "gain"))

    def check_range(self, sharers: "list[Plan]", reach: int) -> None:
        """Bound every state of an integer network: the inputs' ``reach``, carried on by the leaks.

        ``sharers`` use one state, each as often in a step as it has channel groups. States with a format
        are bounded by it. Raises HwsimError if a state could leave int32.
        """
        if self.population.formats:
            return
        populations = [p.population for p in sharers]
        uses = self.steps * sum(p.channel_groups for p in populations)
        p = self.population
        if p.has_current:
            reach *= _carried(populations, "current_decay", uses)
        thresholds = max(_largest(p, "threshold") for p in populations)
        if p.adaptive:
            most = reach * uses if p.multispike else 1
            grown = most * max(_largest(p, "adaptation") for p in populations)
            thresholds += grown * _carried(populations, "adaptation_decay", uses)
            reach += thresholds
        if p.kind in ("lif", "li"):
            reach *= _carried(populations, "decay", uses)
        else:
            reach *= self.steps
        levels = (
            _largest(p, "reset_value") + _largest(p, "initial") + (_largest(p, "floor") if p.floored else 0)
            for p in populations
        )
        reach = reach * (1 + p.delayed_reset) + max(levels)
        if reach + thresholds > INT32:
            raise HwsimError(
                f"population {p.name!r}: its integer sums may reach {reach}, beyond int32; scale the "
                "weights or the inputs down"
            )


def _largest(p: Population, name: str) -> int:
    return int(np.abs(p.parameter(name)).max())


def _carried(populations: list[Population], name: str, uses: int) -> int:
    """At most so many inputs add up in a state that keeps its decay's share at each of its uses."""
    decay = max(float(p.parameter(name).max()) for p in populations)
    return uses if decay >= 1 else min(uses, int(1 / (1 - decay)) + 1)


def raised(values: Array, left: int) -> Array:
    """``values`` times 2^left, in place; of floats ``left`` is 0."""
    if left:
        values <<= left
    return values


def pack_weights(p: Projection, packed: Array) -> None:
    """Write weights in the kernels' order: (lane block, group, ky, kx, source channel, lane), flat.

    A lane block is :data:`LANES` target channels of a group, the last one what is left. The source channels
    of a dense projection are the source's neurons.
    """
    assert p.weights is not None
    given = p.weights.astype(packed.dtype, copy=False)
    given = given.reshape(p.groups, len(given) // p.groups, given.shape[1], -1)
    rows = given[:, 0].size
    for begin in range(0, given.shape[1], LANES):
        lanes = given[:, begin : begin + LANES]
        shape = (p.groups, given.shape[3], given.shape[2], lanes.shape[1])
        kernels.reverse_axes(lanes, packed[begin * rows :][: lanes.size].reshape(shape))


def aligned(count: int, dtype: Any) -> Array:
    """Room for ``count`` numbers that begins with a cache line: vectors across two lines cost twice."""
    room = np.empty(count * np.dtype(dtype).itemsize + LINE_BYTES, np.uint8)
    begin = -room.ctypes.data % LINE_BYTES
    return room[begin : len(room) - LINE_BYTES + begin].view(dtype)


def threads() -> int:
    return int(numba.get_num_threads())


def each(function: Callable[[Item], Done], items: Sequence[Item]) -> Iterator[Done]:
    """``function`` of every item in order, worked out by :func:`threads` threads; what they have not begun
    when the caller goes on is left."""
    if threads() == 1 or len(items) < 2:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(threads())
    try:
        yield from pool.map(function, items)
    finally:
        pool.shutdown(cancel_futures=True)
