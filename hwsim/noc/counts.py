"""Counted events of a network, for energy and for what held flits up (R15)."""

from dataclasses import dataclass

import numpy as np

from hwsim.errors import HwsimError
from hwsim.noc.config import NocTable
from hwsim.noc.state import (
    CAUSE_NAMES,
    CAUSES,
    FORKS,
    HELD,
    INJECTION,
    LAST_ARRIVAL,
    NOW,
    TILE,
    Fabric,
    Int,
    Shape,
    Small,
)


@dataclass(frozen=True)
class Totals:
    """Counts of a whole network, each (routers,) or (routers, ports) by event.

    ``flits``: those sent by each output, ports +x, -x, +y, -y, tile. ``injected``: from each tile.
    ``stalls`` (routers, causes): cycles that a channel or branch asked in vain, in the order of CAUSE_NAMES.
    ``forks``: flits made by multicast; ``saved_flit_hops``: of all trees given, against copies.
    ``cycles``: up to the last arrival, or ``now``.
    """

    cycles: int
    flit_bits: int
    flits: Int
    injected: Int
    vc_allocations: Int
    stalls: Int
    buffer_writes: Int
    forks: int
    saved_flit_hops: int

    @property
    def buffer_reads(self) -> Int:
        """Each is also one crossbar traversal and one switch allocation; every branch of a fork reads."""
        reads: Int = self.flits.sum(axis=1)
        return reads

    @property
    def link_traversals(self) -> int:
        """Over wires between routers."""
        return int(self.flits[:, :TILE].sum())

    @property
    def flit_hops(self) -> int:
        """Routers traversed by flits, of a tree once each: its wires, and its source's router once.

        = link traversals + injected flits.
        """
        return self.link_traversals + int(self.injected.sum())

    @property
    def ejected(self) -> int:
        return int(self.flits[:, TILE].sum())

    def stall_cycles(self) -> dict[str, int]:
        return dict(zip(CAUSE_NAMES, self.stalls.sum(axis=0).tolist(), strict=True))

    def verify(self, inside: int) -> None:
        """Flits injected and forked are ejected or among the ``inside``."""
        injected = int(self.injected.sum())
        if injected + self.forks != self.ejected + inside or inside < 0:
            raise HwsimError(
                f"network-on-chip: {injected} flits injected, {self.forks} forked, {self.ejected} ejected, "
                f"{inside} inside; this is a defect of hwsim"
            )


def inside(fabric: Fabric) -> int:
    """Flits in buffers and on wires to buffers."""
    return int(fabric.of_channels(HELD).sum())


def totals_of(table: NocTable, shape: Shape, fabric: Fabric, saved: int) -> Totals:
    n = table.tiles
    ports = fabric.flits.reshape(n, 8)
    down = fabric.beyond.reshape(n, 8) >> shape.router_bits
    # A tail gives back the virtual channel that its packet has won.
    tails = ports[:, : TILE + 1].sum(axis=1) - fabric.bodies
    held = np.bitwise_count(fabric.taken_vcs).reshape(n, 8).sum(axis=1, dtype=np.int64)
    now, last = int(fabric.clock[NOW]), int(fabric.clock[LAST_ARRIVAL])
    return Totals(
        cycles=min(now, last + 1) if last >= 0 else now, flit_bits=table.flit_bits,
        flits=ports[:, : TILE + 1].copy(), injected=ports[:, INJECTION].copy(),
        vc_allocations=tails + held, stalls=fabric.stalls.reshape(n, 8)[:, :CAUSES].copy(),
        buffer_writes=buffer_writes(ports, down), forks=int(fabric.clock[FORKS]), saved_flit_hops=saved,
    )  # fmt: skip


def buffer_writes(flits: Int, down: Small) -> Int:
    """Flits sent to each router, from those sent by each router and port and the routers that ports lead to,
    -1 for none.
    """
    writes: Int = flits[:, INJECTION].copy()
    reached = down[:, :TILE] >= 0
    np.add.at(writes, down[:, :TILE][reached], flits[:, :TILE][reached])
    return writes
