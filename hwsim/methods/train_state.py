"""Checkpoints of a training: all that an epoch leaves behind for the next one.

Of each epoch three files: ``.safetensors`` (weights and buffers), ``.pt`` (optimizers and pruning masks) and,
written last, ``.json`` with the digests of both and the metrics so far. A checkpoint without its .json does
not exist. The newest two are kept.
"""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from hwsim.errors import HwsimError
from hwsim.json_text import parsed
from hwsim.methods.run_directory import digest_of
from hwsim.storage import atomic_path, write_text

FOLDER = "checkpoints"
KEPT = 2
UNREADABLE = (
    ValueError, LookupError, TypeError, AttributeError, ArithmeticError, EOFError, OSError, RuntimeError,
    MemoryError, UnpicklingError, SafetensorError,
)  # fmt: skip
"""What reading a damaged checkpoint may raise."""


@dataclass(frozen=True)
class State:
    """After ``epoch`` epochs: the model's tensors, the optimizers' states by name, the masks of pruned
    weights, what each epoch measured, how many threads computed it, on which the last bits of sums depend,
    and digests of the ``origin``: data and model file."""

    epoch: int
    model: dict[str, Tensor]
    optimizers: dict[str, Any]
    masks: dict[str, Tensor]
    history: list[dict[str, Any]]
    threads: int
    origin: dict[str, str]


def save_state(directory: Path, state: State) -> None:
    """Write the checkpoint of an epoch, then take away all but the newest :data:`KEPT`."""
    folder = directory / FOLDER
    stem = folder / f"epoch-{state.epoch:04d}"
    weights = {k: v.detach().cpu().contiguous() for k, v in state.model.items()}
    with atomic_path(stem.with_suffix(".safetensors")) as aside:
        aside.write_bytes(save(weights))
    rest = io.BytesIO()
    torch.save({"optimizers": state.optimizers, "masks": state.masks}, rest)
    with atomic_path(stem.with_suffix(".pt")) as aside:
        aside.write_bytes(rest.getbuffer())
    header = {
        "epoch": state.epoch,
        "sha256": {s: digest_of(stem.with_suffix(s)) for s in (".safetensors", ".pt")},
        "threads": state.threads,
        "origin": state.origin,
        "history": state.history,
    }
    write_text(stem.with_suffix(".json"), json.dumps(header, allow_nan=False))
    for old in _found(directory)[:-KEPT]:
        for suffix in (".json", ".pt", ".safetensors"):
            old.with_suffix(suffix).unlink(missing_ok=True)


def load_state(directory: Path) -> State | None:
    """The newest checkpoint, its tensors on the CPU; None where there is none.

    Raises HwsimError that names the file which is missing or damaged and the checkpoint before it.
    """
    found = _found(directory)
    if not found:
        return None
    newest = found[-1]
    weights, rest_path = newest.with_suffix(".safetensors"), newest.with_suffix(".pt")
    with _named(newest, found):
        header = parsed(newest.read_text(encoding="utf-8"))
        digests = {path: header["sha256"][path.suffix] for path in (weights, rest_path)}
    for path, digest in digests.items():
        if not path.is_file() or digest_of(path) != digest:
            raise HwsimError(_damaged(path, found))
    with _named(rest_path, found):
        rest = torch.load(rest_path, map_location="cpu", weights_only=True)
        optimizers, masks = rest["optimizers"], rest["masks"]
    with _named(weights, found):
        model = load(weights.read_bytes())
    with _named(newest, found):
        return State(
            header["epoch"], model, optimizers, masks, header["history"], header["threads"],
            dict(header["origin"]),
        )  # fmt: skip


@contextmanager
def _named(path: Path, found: list[Path]) -> Iterator[None]:
    """Whatever goes wrong while a file is read becomes an HwsimError naming it."""
    try:
        yield
    except UNREADABLE:
        raise HwsimError(_damaged(path, found)) from None


def _found(directory: Path) -> list[Path]:
    """The .json files of all checkpoints, oldest first."""
    found = (directory / FOLDER).glob("epoch-[0-9]*.json")
    return sorted(found, key=lambda path: (len(path.stem), path.stem))


def _damaged(path: Path, found: list[Path]) -> str:
    newest = found[-1].with_suffix(".*")
    way = f"delete {newest} to go on from {found[-2].stem}" if len(found) > 1 else "begin in a new directory"
    return f"{path}: this checkpoint is missing or damaged; {way}"
