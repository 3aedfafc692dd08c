"""Where the time of the cores goes: their own tick, waiting for others, the barrier, the real-time tick."""

import numpy as np

from hwsim.chip.run import ChipRun
from hwsim.place.reach import Int

CAUSES: dict[str, str] = {
    "work": "updates, sends, receives, or waits for its own packets",
    "imbalance": "is done and waits for other cores",
    "barrier": "waits while the barrier spreads",
    "real_time": "waits for the shortest tick to end",
}
"""What a core in use does with a cycle."""


def causes(run: ChipRun) -> dict[str, Int]:
    """Cycles of all cores in use by cause, (S, K) each; they add up to cores x the run of the sample."""
    return {name: cycles.sum(axis=2) for name, cycles in causes_by_core(run).items()}


def causes_by_core(run: ChipRun) -> dict[str, Int]:
    """Cycles of each core in use by cause, (S, K, C) each (E6).

    From a core's begin to its last end is ``work``. From there to its next begin the latency L of the
    barrier is ``barrier``, what ``tick_cycles`` held the tick back ``real_time``, all else ``imbalance``.
    """
    own = slice(0, -1)
    ends = np.maximum.reduce([run.update_end, run.send_end, run.receive_end])[..., own]
    begin, gap = run.begin[..., own], next_begin(run)[..., own] - ends
    barrier = np.minimum(gap, run.latency)
    real_time = np.minimum(gap - barrier, run.waits[..., own])
    return {
        "work": ends - begin,
        "imbalance": gap - barrier - real_time,
        "barrier": barrier,
        "real_time": real_time,
    }


def next_begin(run: ChipRun) -> Int:
    """When each core begins its next tick, in the last one when the sample ends, (S, K, C + 1)."""
    last = np.broadcast_to(run.cycles[:, None, None], run.begin[:, :1].shape)
    return np.concatenate([run.begin[:, 1:], last], axis=1)
