"""What goes in and what comes out: packets, deliveries (R3, R12, R14) and counts (R15)."""

from dataclasses import dataclass, field
from typing import NamedTuple

from hwsim.noc.reference.paths import PORTS, Node


class Packet(NamedTuple):
    """``tiles``: one destination, or the distinct ones of a multicast of one flit."""

    created: int
    source: int
    tiles: tuple[int, ...]
    size: int = 1


class Delivery(NamedTuple):
    """One for each tile that a packet reached; ``packet`` is its place among those given (R14)."""

    packet: int
    tile: int
    source: int
    created: int
    injected: int
    arrived: int
    hops: int


@dataclass(eq=False)
class Journey:
    """A packet, one copy of it, or a tree, on its way."""

    packet: int
    source: int
    created: int
    size: int
    root: Node
    injected: int = -1


@dataclass(frozen=True, eq=False)
class Flit:
    """``node``: what it does in the router that it is in or comes to; None at its tile."""

    journey: Journey
    head: bool
    tail: bool
    node: Node | None
    hops: int = 0

    def onward(self, to: Node | None) -> "Flit":
        return Flit(self.journey, self.head, self.tail, to, self.hops + 1)


@dataclass
class Stalls:
    """Cycles in which one branch, or a tile's first flit, asked in vain, by cause (R15)."""

    vc_allocation: int = 0
    no_credit: int = 0
    receive_queue: int = 0
    switch: int = 0
    injection_queue: int = 0


@dataclass
class RouterCounts:
    """``flits``: those sent, by output (R15)."""

    flits: list[int] = field(default_factory=lambda: [0] * PORTS)
    vc_allocations: int = 0
    buffer_writes: int = 0
    injected: int = 0
    forks: int = 0
    stalls: Stalls = field(default_factory=Stalls)


Counts = list[RouterCounts]
