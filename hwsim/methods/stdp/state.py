"""Where a learning stands, on disk: weights, thresholds and counts after so many images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.methods.stdp.counts import Counts
from hwsim.storage import damage_named, is_file, load_value, save_value

STATE = "learned.safetensors"


@dataclass(frozen=True, eq=False)
class State:
    """After ``images`` of all passes together: ``weights`` (inputs, neurons), ``theta`` (neurons,), counts of
    all that was done, and the rows of metrics.jsonl."""

    images: int
    weights: NDArray[np.float32]
    theta: NDArray[np.float32]
    counts: Counts
    history: list[dict[str, Any]]


def save_state(directory: Path, state: State) -> None:
    meta = {"images": state.images, "counts": state.counts.plain(), "history": state.history}
    save_value(directory / STATE, "learning", meta, {"weights": state.weights, "theta": state.theta})


def load_state(directory: Path, shape: tuple[int, int]) -> State | None:
    """None where nothing is there. Raises HwsimError for a damaged file and for weights of another shape."""
    path = directory / STATE
    if not is_file(path):
        return None
    meta, arrays = load_value(path, "learning")
    with damage_named(path, "learning"):
        weights, theta = arrays["weights"], arrays["theta"]
        counts = Counts.of_plain(meta["counts"])
        state = State(int(meta["images"]), weights, theta, counts, list(meta["history"]))
        if weights.shape != shape or theta.shape != shape[1:] or weights.dtype != np.float32:
            raise HwsimError(f"weights of shape {weights.shape} {weights.dtype}; expected {shape} float32")
        if theta.dtype != np.float32 or not (np.isfinite(weights).all() and np.isfinite(theta).all()):
            raise HwsimError(f"weights and theta ({theta.dtype}); expected finite numbers of type float32")
    return state
