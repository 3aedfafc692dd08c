"""Packets, and what a core has to send in a tick, in order (E4)."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Spike(NamedTuple):
    """An event of a neuron at a step."""

    population: str
    step: int
    neuron: int
    value: float


@dataclass(eq=False)
class Packet:
    """``core``: the sender, ``number`` its place among all that it sends; ``to``: its own core, or others.

    ``created``: cycle of the cores. A mark has no spikes (E6).
    """

    core: int
    tick: int
    to: tuple[int, ...]
    spikes: tuple[Spike, ...] = ()
    mark: bool = False
    number: int = -1
    created: int = -1

    @property
    def order(self) -> tuple[int, int, int]:
        """Of creation: by time, then cores by number with the host last, then as they are sent (E5)."""
        return self.created, self.core if self.core >= 0 else 2**62, self.number


@dataclass(order=True)
class Ready:
    """A packet that waits for the sending unit, by E4; None: the end of the tick, behind all others.

    ``neuron``: slice and number of the packet's last spike; ``which``: the place among
    those of the same spikes, the own core's first.
    """

    ready: int
    neuron: tuple[int, int]
    which: int
    packet: Packet | None = field(compare=False)
