"""What tests of the command line share: a small network in files, and what a command printed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NET = '''
from torch import nn

from hwsim.nn import LIF


def build():
    """(1, 8, 8) images to 3 classes, through a convolution, a pool and a linear layer."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), LIF(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.1), nn.Linear(64, 3)
    )
'''


SAMPLES, STEPS = 5, 3

HIDDEN, POOLED = 4 * 8 * 8, 4 * 4 * 4
"""Neurons of the convolution and of its pool; 3 are the readout's."""


@dataclass
class Ran:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        assert (self.code, self.err) == (0, "")
        values: dict[str, Any] = json.loads(self.out)
        return values

    @property
    def error(self) -> str:
        """The message of a command that failed as it should: one, on stderr, without a traceback."""
        assert self.code == 2
        assert self.out == ""
        assert self.err.count("error: ") == 1
        assert self.err.startswith("error: ")
        assert "Traceback" not in self.err
        return self.err.removeprefix("error: ").rstrip("\n")


Command = Callable[..., Ran]


def told(files: Path) -> list[str]:
    """The arguments that name the network of the tests."""
    weights, inputs = files / "weights.safetensors", files / "images.npz"
    return [
        f"{files / 'net.py'}:build",
        "--weights",
        str(weights),
        "--inputs",
        str(inputs),
        "--timesteps",
        str(STEPS),
    ]


def numbers(values: dict[str, Any]) -> dict[str, Any]:
    """Everything that must not depend on when or by which engine it was worked out."""
    return {k: v for k, v in values.items() if k not in ("provenance", "agreement", "hardware", "mapping")}
