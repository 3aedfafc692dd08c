"""When each core begins the next tick (E6)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwsim.chip.fanout import Fanout
from hwsim.grid import Barrier, Exchange
from hwsim.network import Network
from hwsim.place.reach import Int
from hwsim.place.slices import Sliced


@dataclass(frozen=True, eq=False)
class Barriers:
    """``latency``: L; ``tick_cycles``: the shortest tick.

    ``waits_for`` (C + 1, C + 1): the cores whose tick must have ended (``layer``), or whose updates must have
    (``none``), before a core begins the next; ``senders``: with ``layer`` those that must have sent all.
    """

    mode: Barrier
    latency: int
    tick_cycles: int
    waits_for: NDArray[np.bool_]
    senders: NDArray[np.bool_]

    @staticmethod
    def of(sliced: Sliced, core: Exchange, fanout: Fanout) -> "Barriers":
        host = len(fanout.cores)
        near, senders = np.eye(host + 1, dtype=np.bool_), np.zeros((host + 1, host + 1), np.bool_)
        if core.barrier == "layer":
            near = _neighbors(sliced, fanout)
            senders = near[:, :host].astype(np.int64) @ fanout.reached.T > 0
        elif core.barrier == "none":
            near[:, :host] |= fanout.reached > 0
        routers = len(set(fanout.routers[:host].tolist()))
        return Barriers(core.barrier, core.barrier_cycles(routers), core.tick_cycles, near, senders)

    def following_each(self, begin: Int, updated: Int, sent: Int, received: Int) -> tuple[Int, Int]:
        """``following`` of each tick, all (K, C + 1)."""
        if self.mode == "tick":
            return self.following(begin, updated, sent, received)
        each = [self.following(*ends) for ends in zip(begin, updated, sent, received, strict=True)]
        return np.stack([ready for ready, _ in each]), np.stack([wait for _, wait in each])

    def following(self, begin: Int, updated: Int, sent: Int, received: Int) -> tuple[Int, Int]:
        """The begins of the next tick, and what ``tick_cycles`` held them back, from one's begins and ends.

        All (C + 1,), with ``tick`` (..., C + 1). Behind the last tick the latest is the end of the sample.
        """
        end = np.maximum(np.maximum(updated, sent), received)
        if self.mode == "tick":
            ready = np.broadcast_to(end.max(axis=-1, keepdims=True) + self.latency, end.shape)
        elif self.mode == "layer":
            ready = np.where(self.waits_for, end, 0).max(axis=1)
            ready = np.maximum(ready, np.where(self.senders, np.maximum(updated, sent), 0).max(axis=1))
            ready += self.latency
        else:
            ready = np.maximum(end, np.where(self.waits_for, updated, 0).max(axis=1))
        wait: Int = np.maximum(begin + self.tick_cycles - ready, 0)
        return ready + wait, wait


def _neighbors(sliced: Sliced, fanout: Fanout) -> NDArray[np.bool_]:
    """Cores that share a population with a core, or have one that a projection joins to one of its own."""
    network: Network = sliced.network
    kinds = fanout.kinds
    holds = np.zeros((len(fanout.cores) + 1, len(network.populations)), np.int64)
    number = {p.name: i for i, p in enumerate(network.populations)}
    for i in range(len(network.populations)):
        holds[kinds.core[kinds.first_slice[i] : kinds.first_slice[i + 1]], i] = 1
    joined = np.eye(len(number), dtype=np.int64)
    for p in network.projections:
        joined[number[p.source], number[p.target]] = joined[number[p.target], number[p.source]] = 1
    near: NDArray[np.bool_] = holds @ joined @ holds.T > 0
    return near
