"""A run of two ticks on two cores, written down by hand."""

from typing import Any

import numpy as np

from hwsim.chip.config import Chip
from hwsim.chip.run import COUNTS, ChipRun
from hwsim.noc.counts import Totals
from tests.chip.examples import chip

BEGIN = [[0, 0, 0], [30, 30, 30]]
UPDATED = [[4, 10, 0], [34, 32, 30]]
SENT = [[7, 13, 0], [34, 35, 30]]
RECEIVED = [[20, 5, 0], [33, 40, 30]]
"""Cycles of core 0, of core 1 and of the host in both ticks; a barrier of 10 follows, so the run takes 50."""

COUNTED = {
    "updates": [[2, 5, 0], [2, 1, 0]],
    "fired": [[0, 1, 0], [0, 1, 0]],
    "touched": [[1, 4, 0], [2, 0, 0]],
    "sent": [[1, 1, 3], [0, 1, 2]],
    "local": [[0, 0, 0], [0, 0, 0]],
    "received": [[4, 1, 0], [0, 3, 0]],
    "synapses_dense": [[6, 0, 0], [0, 9, 0]],
    "synapses_conv": [[0, 2, 0], [0, 0, 0]],
    "synapses_other": [[0, 0, 0], [0, 1, 0]],
}


def run(made: Chip | None = None, samples: int = 1, waits: int = 0, **changed: Any) -> ChipRun:
    """The run on a chip of 2 x 1 routers with a core each, alike in every sample; clocks of 1 kHz."""
    made = made or chip(barrier_first_cycles=10)
    counts = {name: repeated(COUNTED.get(name, np.zeros((2, 3))), samples) for name in COUNTS}
    none = np.zeros((2, 5), np.int64)
    totals = Totals(
        50, 32, np.array([[4, 0, 0, 0, 2], [0, 2, 0, 0, 4]]), np.array([5, 2]), none.sum(axis=1), none,
        none.sum(axis=1), 0, 0,
    )  # fmt: skip
    parts: dict[str, Any] = {
        "cores": np.array([0, 1]),
        "begin": repeated(BEGIN, samples),
        "update_end": repeated(UPDATED, samples),
        "send_end": repeated(SENT, samples),
        "receive_end": repeated(RECEIVED, samples),
        "cycles": np.full(samples, 50),
        "latency": made.core.barrier_cycles(1),
        "waits": np.full((samples, 2, 3), waits),
        "counts": counts,
        "links": repeated([[4, 0], [2, 0]], samples),
        "addressed": repeated([5, 3], samples),
        "network": totals,
        "packet_latency": np.array([0, 0, 3, 0, 0, 4]),
    }
    return ChipRun(made, "network", "trace", 1, {"in": 0, "out": 1}, **(parts | changed))


def repeated(values: Any, samples: int) -> Any:
    return np.repeat(np.array(values, np.int64)[None], samples, axis=0)
