"""Energy of a run on a chip of cores: counts x prices, tick by tick, and power x time (E8)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwsim.chip.prices import COMPONENTS, ITEMS, ChipPrices
from hwsim.chip.run import ChipRun
from hwsim.place.reach import Int

Energy = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ChipCost:
    """Energy in pJ of each sample and tick by component, (S, K) each, at the prices of one row.

    ``counts``: of each item, over samples and ticks. ``unpriced``: what happened, or ``static``, and has no
    price in the row; it is in no sum.
    """

    prices: ChipPrices
    energy_pj: dict[str, Energy]
    counts: dict[str, int]
    unpriced: tuple[str, ...]

    @property
    def total_pj(self) -> float:
        return float(sum(spent.sum() for spent in self.energy_pj.values()))

    def by_component(self) -> dict[str, float]:
        """Summed over samples and ticks."""
        return {name: float(spent.sum()) for name, spent in self.energy_pj.items()}

    def by_constant(self) -> dict[str, float]:
        """Energy by the item whose price it is charged at (pJ), and of ``static`` power."""
        unit = self.prices.unit_pj
        spent = {item: n * (unit[item] or 0.0) for item, n in self.counts.items()}
        return spent | {"static": float(self.energy_pj["static"].sum())}


def price_chip(run: ChipRun, prices: ChipPrices) -> ChipCost:
    """Energy of every tick = sum of counts x pJ, and static power (mW = pJ / ns) x the tick's time (E8)."""
    unit, counts = prices.unit_pj, priced_counts(run)
    energy = {
        component: np.sum(
            [np.zeros((run.samples, run.ticks)), *(counts[i] * (unit[i] or 0.0) for i in items)], axis=0
        )
        for component, items in COMPONENTS.items()
    }
    if prices.static is not None:
        energy["static"] = tick_cycles(run) * (prices.static.power_mw * 1e9 / run.chip.clock_hz)
    missing = [item for item in ITEMS if unit[item] is None and counts[item].any()]
    done = {item: int(n.sum()) for item, n in counts.items()}
    return ChipCost(prices, energy, done, tuple(missing if prices.static else [*missing, "static"]))


def priced_counts(run: ChipRun) -> dict[str, Int]:
    """How many of each item happened in each sample and tick, (S, K) (E7); the host sends for nothing."""
    n = {name: counts.sum(axis=2) for name, counts in run.counts.items()}
    sent = (run.counts["sent"] + run.counts["local"])[..., :-1].sum(axis=2)
    barriers = 0 if run.chip.exchange.barrier == "none" else len(run.cores)
    return {
        "synapse_dense": n["synapses_dense"],
        "synapse_conv": n["synapses_conv"],
        "synapse_other": n["synapses_other"],
        "update": n["updates"],
        "touched": n["touched"],
        "fired": n["fired"],
        "send": sent,
        "receive": n["received"],
        "hop_x": run.links[..., 0],
        "hop_y": run.links[..., 1],
        "barrier": np.full((run.samples, run.ticks), barriers, np.int64),
    }


def tick_cycles(run: ChipRun) -> Int:
    """Cycles of each tick, (S, K): from the first begin of a core in it to that of the next, or to the end.

    They add up to the run of the sample, in which all cores begin at 0.
    """
    begin = run.begin.min(axis=2)
    return np.diff(np.concatenate([begin, run.cycles[:, None]], axis=1), axis=1)
