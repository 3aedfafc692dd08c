"""Chips of tiles with small arrays."""

from typing import Any

from hwsim.hardware import Hardware
from tests.examples import chip
from tests.place.examples import grid

TICKS = {
    "noc_clock_hz": 1000,
    "send_cycles": 3,
    "receive_cycles": 4,
    "barrier": "tick",
    "barrier_first_cycles": 0,
    "barrier_router_cycles": 0,
}


def tiles(width: int = 2, height: int = 1, each: int = 1, **parts: Any) -> Hardware:
    """Tiles of 2 x 2 PEs with room for everything on a mesh without limits; ``parts`` of the tile, or of the
    grid: ``ticks`` (changed), ``noc``, ``spikes_per_packet``, ``dram_channels``."""
    places = {n: parts.pop(n) for n in ("noc", "spikes_per_packet", "dram_channels") if n in parts}
    ticks = TICKS | parts.pop("ticks", {})
    made = chip(**({"membrane": 1 << 22, "partial_sum": 1 << 22} | parts))
    return made.model_copy(update={"grid": grid(width, height, each, ticks=ticks, **places)})
