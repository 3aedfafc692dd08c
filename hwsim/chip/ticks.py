"""In which tick of the chip each step of each population runs (E2)."""

from dataclasses import dataclass

from hwsim.network import Network


@dataclass(frozen=True)
class Ticks:
    """Step t of population p runs in tick ``interval`` * t + ``depth[p]``; a sample has ``count`` ticks."""

    interval: int
    depth: dict[str, int]
    count: int


def ticks_of(network: Network) -> Ticks:
    """The least interval that allows depths, and the least depths.

    d(q) >= d(p) + 1 - I * delay for every projection from p to q: longest paths, which there are once no
    cycle of projections is longer than I times its delays. Every cycle of a network has a delay, so I is at
    most the number of populations.
    """
    interval = 1
    while (depth := _depths(network, interval)) is None:
        interval += 1
    return Ticks(interval, depth, interval * (network.timesteps - 1) + max(depth.values()) + 1)


def _depths(network: Network, interval: int) -> dict[str, int] | None:
    """The least depths, or None where a cycle drives them up forever."""
    depth = {p.name: 0 for p in network.populations}
    for _ in range(len(depth) + 1):
        moved = False
        for p in network.projections:
            least = depth[p.source] + 1 - interval * p.delay
            if depth[p.target] < least:
                depth[p.target], moved = least, True
        if not moved:
            return depth
    return None
