"""What docs/validation.md is made of: comparisons by name."""

import time
from collections.abc import Callable, Iterator

from benchmarks.validation import (
    accelerators,
    chips,
    engines,
    networks,
    operations,
    papers,
    silicon,
    spikes,
)
from benchmarks.validation.rows import Row

COMPARISONS: dict[str, Callable[[], Iterator[Row]]] = {
    "systolic": engines.systolic, "noc": engines.network_on_chip, "dram": engines.dram,
    "golden": networks.golden_networks, "spikes": spikes.spikes, "operations": operations.operations,
    "papers": papers.papers, "sanafe": chips.sanafe, "silicon": silicon.silicon,
    "accelerators": accelerators.accelerators,
}  # fmt: skip
"""In the order of the page."""

LONG = ("spikes", "accelerators")
"""Begun before the others."""


def compared(name: str) -> tuple[str, list[Row], float]:
    """The rows of a comparison, and the seconds that they took."""
    began = time.perf_counter()
    rows = list(COMPARISONS[name]())
    return name, rows, time.perf_counter() - began
