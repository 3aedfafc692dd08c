"""Speed of the network-on-chip's router engine on one core, for ``make perf``."""

import statistics
import time

import numpy as np

from benchmarks.performance.told import Told
from hwsim.noc.config import load_noc
from hwsim.noc.network import Network, traffic
from hwsim.noc.patterns import bernoulli, pattern_of
from hwsim.noc.trees import groups_of

GOAL = 10
REPEATS = 15
POINTS = (
    (8, 0.01, 30_000),
    (8, 0.1, 10_000),
    (8, 0.3, 5_000),
    (16, 0.01, 8_000),
    (16, 0.1, 2_500),
    (16, 0.3, 1_200),
)


def million_per_second(side: int, rate: float, cycles: int) -> float:
    """Flit-hops per CPU second, median of REPEATS runs after one that compiles."""
    table = load_noc("booksim").changed(width=side, height=side)
    given = bernoulli(table, pattern_of("uniform"), rate, 1, (0, cycles), np.random.default_rng(1))
    rates = []
    for _ in range(REPEATS + 1):
        network = Network(table)
        network.feed(given)
        began = time.process_time()
        network.run()
        rates.append(network.totals().flit_hops / (time.process_time() - began) / 1e6)
    return statistics.median(rates[1:])


def multicast_seconds(groups: int, tiles: int) -> tuple[float, float, int]:
    """Seconds to build the trees of ``groups`` on 64 x 64 and to send a packet to each; its flit-hops."""
    table = load_noc("booksim").changed(width=64, height=64)
    chance = np.random.default_rng(1)
    sources = chance.integers(0, table.tiles, groups).tolist()
    sets = [chance.choice(table.tiles, tiles, replace=False).tolist() for _ in range(groups)]
    chosen = groups_of(list(zip(sources, sets, strict=True)))
    Network(table, chosen)
    began = time.process_time()
    network = Network(table, chosen)
    built = time.process_time()
    network.feed(traffic(np.arange(groups) // 4, chosen.source, -1 - np.arange(groups), 1))
    network.run()
    return built - began, time.process_time() - built, network.totals().flit_hops


def noc_speed(told: Told) -> None:
    """Uniform traffic of single flits at three rates; a network of 4096 tiles with thousands of groups."""
    for side, rate, cycles in POINTS:
        speed = million_per_second(side, rate, cycles)
        what = f"network-on-chip, {side} x {side}, {rate} flits a cycle and tile, one core"
        told.goal(what, f"{speed:.1f} M flit-hops/s", f"{GOAL} M/s", speed >= GOAL)
    built, sent, hops = multicast_seconds(4000, 40)
    row = (f"{built:.2f} s", f"{hops:,}", f"{sent:.2f} s")
    told.table("Multicast: 64 x 64 tiles, 4,000 groups of 40", ("built in", "flit-hops", "sent in"), [row])
