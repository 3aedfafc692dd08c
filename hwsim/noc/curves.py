"""Load-latency curves: a network under synthetic traffic until its mean latency is known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hwsim.noc.config import NocTable
from hwsim.noc.network import Network
from hwsim.noc.patterns import bernoulli, pattern_of

LEAST_WINDOWS = 5
CONFIDENT = 0.01
TAKEN = 0.98


@dataclass(frozen=True)
class Method:
    """Warm-up, then windows, in cycles.

    A point ends after 5 windows or more, when the 95 % confidence interval of the mean of the windows' mean
    latencies is within 1 %, or after ``most_windows``.
    """

    warmup: int = 6000
    window: int = 2000
    most_windows: int = 20


@dataclass(frozen=True)
class Point:
    """One rate with one seed; latencies in cycles, rates in flits per tile and cycle.

    ``latency``: mean from creation to arrival of the packets that arrived in the windows, and ``interval``
    half of its 95 % confidence interval; ``network_latency`` from injection. ``stable``: confident, and 98 %
    or more of what was offered arrived.
    """

    pattern: str
    rate: float
    seed: int
    packet_size: int
    latency: float
    interval: float
    network_latency: float
    largest_latency: int
    offered: float
    accepted: float
    hops: float
    windows: int
    stable: bool


def measure(
    table: NocTable, pattern: str, rate: float, size: int, seed: int, method: Method | None = None
) -> Point:
    """Latency and throughput at ``rate``; nan where nothing arrived."""
    method = method or Method()
    send, chance, network = pattern_of(pattern), np.random.default_rng(seed), Network(table)
    network.feed(bernoulli(table, send, rate, size, (0, method.warmup), chance))
    network.advance(method.warmup)
    network.take()
    means: list[float] = []
    packets = offered = largest = 0
    total = in_network = hops = interval = 0.0
    for window in range(method.most_windows):
        begin = method.warmup + window * method.window
        given = bernoulli(table, send, rate, size, (begin, begin + method.window), chance)
        offered += len(given.created)
        network.feed(given)
        network.advance(begin + method.window)
        found = network.take()
        latency = found.arrived - found.created
        packets += len(latency)
        total += float(latency.sum())
        in_network += float((found.arrived - found.injected).sum())
        hops += float(found.hops.sum())
        largest = max(largest, int(latency.max(initial=0)))
        means.append(float(latency.mean()) if len(latency) else np.nan)
        if len(means) >= LEAST_WINDOWS:
            interval = 1.96 * float(np.std(means, ddof=1)) / len(means) ** 0.5
            if interval <= CONFIDENT * total / max(packets, 1):
                break
    mean = total / packets if packets else np.nan
    cells = len(means) * method.window * table.tiles
    return Point(
        pattern=pattern, rate=rate, seed=seed, packet_size=size, latency=mean, interval=interval,
        network_latency=in_network / packets if packets else np.nan, largest_latency=largest,
        offered=offered * size / cells, accepted=packets * size / cells,
        hops=hops / packets if packets else np.nan, windows=len(means),
        stable=bool(packets and interval <= CONFIDENT * mean and packets >= TAKEN * offered),
    )  # fmt: skip


def curve(
    table: NocTable,
    pattern: str,
    rates: list[float],
    size: int,
    seeds: list[int],
    method: Method,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> list[Point]:
    """A point for every rate and seed."""
    points: list[Point] = []
    progress("points of the curve", 0, len(rates) * len(seeds))
    for rate in rates:
        for seed in seeds:
            points.append(measure(table, pattern, rate, size, seed, method))
            progress("points of the curve", len(points), len(rates) * len(seeds))
    return points
