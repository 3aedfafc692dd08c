"""Chips for tests and nets of a few neurons whose cycles can be worked out by hand."""

from typing import Any

from hwsim.chip.config import Chip, EventCore
from tests.place.examples import grid

PLAIN = {
    "clock_hz": 1000,
    "noc_clock_hz": 1000,
    "update_cycles": 2,
    "fire_cycles": 5,
    "send_cycles": 3,
    "receive_cycles": 4,
    "synapse_cycles": 1,
    "barrier": "tick",
    "barrier_first_cycles": 0,
    "barrier_router_cycles": 0,
}


def chip(width: int = 2, height: int = 1, each: int = 1, **parts: Any) -> Chip:
    """Cores on a mesh without limits; ``parts`` of the core, or ``noc`` and ``spikes_per_packet``."""
    places = {name: parts.pop(name) for name in ("noc", "spikes_per_packet") if name in parts}
    return Chip(
        name="test",
        description="a chip of the tests",
        node_nm=14,
        weight_bits=8,
        grid=grid(width, height, each, **places),
        core=EventCore.model_validate(PLAIN | parts),
        sources={},
    )
