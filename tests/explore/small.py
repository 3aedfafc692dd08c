"""A small space for tests: a network in files, 24 designs of which some are refused."""

from pathlib import Path

import numpy as np

from hwsim.commands import chip
from hwsim.explore.points import Base, opened
from hwsim.explore.space import Space, load_space
from hwsim.explore.sweep import Sweep
from hwsim.exploring import Networks
from hwsim.pipeline import silent
from hwsim.task_store import TaskStore

NET = '''
from torch import nn

from hwsim.nn import LIF


def build():
    """(1, 8, 8) images to 3 classes."""
    layers = nn.Conv2d(1, 4, 3, padding=1), LIF(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 3)
    return nn.Sequential(*layers)
'''

SPACE = """
model: net.py:build
inputs: images.npz
timesteps: 3
samples: 4
hardware: sata
parameters:
  hardware.pe_array.rows: [2, 4, 8]
  hardware.pe_array.dataflow: [os, ws, is]
  hardware.pe_array.columns: {low: 2, high: 8, factor: 4, when: "hardware.pe_array.rows > 2"}
  mapping.batch: [1, 4]
derived:
  hardware.lif.units: hardware.pe_array.rows * hardware.pe_array.columns
constraints:
  - hardware.pe_array.rows * hardware.pe_array.columns < 64
"""

SIZE, EVALUATED = 30, 24
"""Points of the grid: 3 dataflows and 2 batches of rows 2 (columns as they are) and of 4 and 8 with 2 columns
each; rows 8 with 8 columns is one PE too many, so that 6 are not kept."""


def written(directory: Path, space: str = SPACE) -> Path:
    """The space file, with its network and images beside it."""
    (directory / "net.py").write_text(NET, encoding="utf-8")
    images = np.random.default_rng(2).integers(0, 256, (4, 8, 8)).astype(np.uint8)
    np.savez(directory / "images.npz", images=images, labels=np.array([0, 1, 2, 0]))
    path = directory / "space.yaml"
    path.write_text(space, encoding="utf-8")
    return path


def base_of(space: Space) -> Base:
    return opened(space, lambda name: chip(name, None))


def sweep_of(path: Path, store: Path) -> Sweep:
    space = load_space(path)
    return Sweep(space, base_of(space), Networks(space, silent), space.objectives, TaskStore(store))
