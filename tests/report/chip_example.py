"""Tiny runs on a chip of event-driven cores and on one of tiles for tests of their report."""

import json
from functools import cache
from typing import Any

import numpy as np

from hwsim.chip.config import load_chip
from hwsim.chip.prices import prices_of
from hwsim.cost import load_table
from hwsim.hardware import load_hardware
from hwsim.manycore.pipeline import estimate_chip
from hwsim.mapping import Mapping
from hwsim.pipeline import Workload
from tests.examples import small_network

SAMPLES, TICKS = 2, 6
"""Ticks of 3 steps and layers 1, 2 and 3 ticks deep (E2)."""


def work(bright: float) -> Workload:
    images = np.random.default_rng(1).random((SAMPLES, 2, 4, 4)).astype(np.float32) * np.float32(bright)
    return Workload(small_network("frames"), images, np.array([0, 4]))


@cache
def _estimated_on_tiles() -> str:
    chip, table = load_hardware("mesh-sata"), load_table("sata_kernels")
    return json.dumps(estimate_chip(work(1.0), chip, Mapping(), table).as_dict())


def on_tiles() -> dict[str, Any]:
    """The dictionary of the same network's run on tiles with arrays."""
    values: dict[str, Any] = json.loads(_estimated_on_tiles())
    return values


@cache
def _estimated(bright: float) -> str:
    limits = load_chip("loihi").grid.limits.model_copy(update={"neurons": 8})
    chip = load_chip("loihi")
    chip = chip.model_copy(update={"grid": chip.grid.model_copy(update={"limits": limits})})
    return json.dumps(estimate_chip(work(bright), chip, Mapping(), prices_of("loihi", 14)).as_dict())


def example(bright: float = 1.0) -> dict[str, Any]:
    """The dictionary of a small network's run on cores of 8 neurons; images of 0 give no spike at all."""
    values: dict[str, Any] = json.loads(_estimated(bright))
    return values
