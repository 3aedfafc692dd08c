"""Program: what the chip must do. Jobs in order as a struct of arrays, and the work they amount to."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hwsim.dram.table import DramTable
from hwsim.errors import HwsimError
from hwsim.ledger import ACTIONS
from hwsim.storage import content_id, damage_named, load_value, save_value

LOADED = ("weight", "input", "membrane", "hold", "spill")
STORED = ("output", "membrane", "hold", "spill")
REGIONS = ("weight", "input", "membrane", "hold", "spill", "output")

REGION_STEP = 8192
"""Bytes at whose multiples regions begin (S2)."""

Ints = NDArray[np.int64]


class Jobs(NamedTuple):
    """One row a job of a mini-batch, in the order in which the units take them (docs/machine.md, W7).

    ``layer``: index into the program's layers; ``step``: first step of the pass; ``sample``: in the
    mini-batch, the first of a fold of several. Cycles in the array (P2): ``preload``, ``stream``,
    ``imbalance``, ``conflict``, ``decode``, ``fill``. ``occupied``: active PEs. Cycles of the LIF stage (L1):
    ``update``, ``serialization``, ``laned``. ``closes``: 1 for the last K-tile of a fold and pass.
    ``load_bytes`` (jobs, 5) in the order of LOADED; ``store_bytes`` (jobs, 4) in the order of STORED.
    ``after``: the job whose store a load waits for, or -1 (S3).
    """

    layer: Ints
    step: Ints
    sample: Ints
    preload: Ints
    stream: Ints
    imbalance: Ints
    conflict: Ints
    decode: Ints
    fill: Ints
    occupied: Ints
    update: Ints
    serialization: Ints
    laned: Ints
    closes: Ints
    load_bytes: Ints
    store_bytes: Ints
    after: Ints


@dataclass(frozen=True, eq=False)
class Program:
    """Jobs of one mini-batch and, in ``counts`` (layers, ACTIONS), every operation and access they make.

    ``regions`` (layers, REGIONS): bytes of each walk through DRAM (S2); ``output_slots``: Q of B6;
    ``samples`` of the mini-batch. Counts of DRAM commands and
    ``pe_cycles`` are left to the cycle model.
    """

    layers: tuple[str, ...]
    jobs: Jobs
    counts: Ints
    regions: Ints
    output_slots: int
    samples: int

    @cached_property
    def id(self) -> str:
        return content_id("program", *self._content())

    def verify(self) -> None:
        """Lengths agree, nothing is negative, bytes of the jobs are those of the counts."""
        wide = {"load_bytes": (len(LOADED),), "store_bytes": (len(STORED),)}
        for name, column in self.jobs._asdict().items():
            if column.ndim < 1 or column.shape[1:] != wide.get(name, ()):
                raise HwsimError(f"program: job column {name!r} has shape {column.shape}")
            if column.dtype.kind not in "iub":
                raise HwsimError(f"program: job column {name!r} is {column.dtype}; expected integers")
        if self.counts.shape != (len(self.layers), len(ACTIONS)):
            raise HwsimError(f"program: counts of shape {self.counts.shape} for {len(self.layers)} layers")
        lengths = {name: len(column) for name, column in self.jobs._asdict().items()}
        if len(set(lengths.values())) > 1:
            raise HwsimError(f"program: job columns differ in length: {lengths}")
        amounts = [column for name, column in self.jobs._asdict().items() if name != "after"]
        if any((column < 0).any() for column in amounts) or (self.counts < 0).any():
            raise HwsimError("program: a negative amount")
        if (self.jobs.after < -1).any() or (self.jobs.after >= np.arange(len(self.jobs.after))).any():
            raise HwsimError("program: a job waits for itself or a later one")
        if self.regions.shape != (len(self.layers), len(REGIONS)) or (self.regions < 0).any():
            raise HwsimError(f"program: regions of shape {self.regions.shape} for {len(self.layers)} layers")
        if self.output_slots < 1 or self.samples < 1:
            raise HwsimError(f"program: {self.output_slots} output slots, {self.samples} samples")
        if len(self.jobs.layer) and self.jobs.layer.max() >= len(self.layers):
            raise HwsimError("program: a job names a layer that does not exist")
        moved = [(f"dram_{o}_read_bytes", self.jobs.load_bytes[:, i]) for i, o in enumerate(LOADED)]
        moved += [(f"dram_{o}_write_bytes", self.jobs.store_bytes[:, i]) for i, o in enumerate(STORED)]
        for action, column in moved:
            counted = int(self.counts[:, list(ACTIONS).index(action)].sum())
            if int(column.sum()) != counted:
                raise HwsimError(f"program: jobs move {int(column.sum())} bytes, {action} counts {counted}")

    def _content(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        meta = {
            "layers": list(self.layers),
            "actions": list(ACTIONS),
            "output_slots": self.output_slots,
            "samples": self.samples,
        }
        return meta, {**self.jobs._asdict(), "counts": self.counts, "regions": self.regions}

    def save(self, path: Path) -> None:
        save_value(path, "program", *self._content())

    @staticmethod
    def load(path: Path) -> "Program":
        meta, arrays = load_value(path, "program")
        with damage_named(path, "program"):
            if meta["actions"] != list(ACTIONS):
                raise HwsimError("this program was written with other actions")
            jobs = Jobs(**{name: arrays[name] for name in Jobs._fields})
            program = Program(
                tuple(meta["layers"]), jobs, arrays["counts"], arrays["regions"],
                meta["output_slots"], meta["samples"],
            )  # fmt: skip
            program.verify()
        return program


def region_starts(program: Program, device: DramTable) -> Ints:
    """Where each region begins (layers, REGIONS): one behind the other in the order of layers (S2).

    Raises HwsimError if they do not fit the DRAM, or if a job's request is larger than its region.
    """
    jobs, sizes = program.jobs, program.regions
    for operands, moved in ((LOADED, jobs.load_bytes), (STORED, jobs.store_bytes)):
        for k, operand in enumerate(operands):
            regions = sizes[:, REGIONS.index(operand)]
            beyond = np.flatnonzero(moved[:, k] > regions[jobs.layer])
            if len(beyond):
                layer = jobs.layer[beyond[0]]
                raise HwsimError(
                    f"program: layer {program.layers[layer]!r} moves {moved[beyond[0], k]} bytes of "
                    f"{operand} at once, its region in DRAM has {regions[layer]}"
                )
    steps = -(-sizes.ravel() // REGION_STEP)
    starts = (np.cumsum(steps) - steps) * REGION_STEP
    needed = int((starts + sizes.ravel()).max(initial=0))
    if needed > device.capacity_bytes:
        largest = int(sizes.sum(axis=1).argmax())
        raise HwsimError(
            f"all layers' regions take {needed} bytes, DRAM {device.name!r} has {device.capacity_bytes}; "
            f"the largest are those of layer {program.layers[largest]!r}, {int(sizes[largest].sum())} bytes"
        )
    return starts.reshape(sizes.shape)
