"""Ledger: how many. Counts per layer and action, cycles per layer, unit and cause. No joules here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.storage import content_id, damage_named, load_value, save_value

ACTIONS: dict[str, str] = {
    "ac": "useful accumulates of spikes: in bounds, live",
    "mac": "useful multiply-accumulates of graded values: in bounds, not zero",
    "ac_issued": "accumulates that PEs execute",
    "mac_issued": "multiply-accumulates that PEs execute",
    "pe_cycles": "cycles of occupied PEs",
    "bias_add": "biases added in the LIF units",
    "lif_update": "membrane updates, silent neurons included",
    "lif_spike": "membrane updates that fired",
    "decay_shift": "membrane decays by a power of two",
    "decay_add": "membrane decays by two powers of two: a shift and an addition or subtraction",
    "decay_multiply": "membrane decays by any other factor",
    "readout_update": "updates of accumulating output neurons",
    "relu_update": "activations of the ANN counterpart",
    "vector_add": "additions on the vector lanes: shortcuts, average pools",
    "vector_mac": "multiply-accumulates on the vector lanes: graded shortcuts",
    "pool_or": "events merged by max pools",
    "events_in": "events delivered to the layer",
    "events_out": "events that the layer emits",
    "decode_events": "spikes that the decoder merges into a stream",
    "weight_reads": "weights read by the array, elements",
    "weight_index_reads": "bits of sparse weights' bitmaps read by the array",
    "input_reads": "inputs read by the array, elements",
    "output_writes": "outputs written, elements",
    "weight_buffer_read": "words read from the weight buffer",
    "weight_buffer_write": "words written into the weight buffer",
    "input_buffer_read": "words read from the input buffer",
    "input_buffer_write": "words written into the input buffer",
    "output_buffer_read": "words read from the output buffer",
    "output_buffer_write": "words written into the output buffer",
    "membrane_buffer_read": "words read from the membrane buffer",
    "membrane_buffer_write": "words written into the membrane buffer",
    "partial_sum_buffer_read": "words read from the partial-sum buffer",
    "partial_sum_buffer_write": "words written into the partial-sum buffer",
    "membrane_register_read": "states read in the array",
    "membrane_register_write": "states written in the array",
    "hold_register_read": "held first-layer sums read in the array",
    "hold_register_write": "held first-layer sums written in the array",
    "dram_weight_read_bytes": "bytes of weights read from DRAM, whole bursts",
    "dram_input_read_bytes": "bytes of inputs read from DRAM, whole bursts",
    "dram_membrane_read_bytes": "bytes of states read from DRAM, whole bursts",
    "dram_hold_read_bytes": "bytes of held first-layer sums read from DRAM, whole bursts",
    "dram_spill_read_bytes": "bytes of partial sums read from DRAM, whole bursts",
    "dram_output_write_bytes": "bytes of outputs written to DRAM, whole bursts",
    "dram_membrane_write_bytes": "bytes of states written to DRAM, whole bursts",
    "dram_hold_write_bytes": "bytes of held first-layer sums written to DRAM, whole bursts",
    "dram_spill_write_bytes": "bytes of partial sums written to DRAM, whole bursts",
    "dram_activates": "DRAM rows opened and closed",
    "dram_reads": "DRAM bursts read",
    "dram_writes": "DRAM bursts written",
    "dram_refreshes": "DRAM refreshes of a rank",
    "dram_active_cycles": "DRAM cycles of a rank with a row open",
    "dram_precharged_cycles": "DRAM cycles of a rank with no row open",
}

CAUSES: dict[str, tuple[str, ...]] = {
    "array": (
        "stream", "imbalance", "conflict", "decode", "preload", "fill_drain",
        "weight", "input", "membrane", "hold", "spill", "store", "dependency", "partial_sum", "drain",
    ),
    "lif": ("update", "serialization", "vector", "array", "output", "drain"),
    "dma": ("weight", "input", "membrane", "hold", "spill", "store", "idle"),
}  # fmt: skip
"""What each unit may do or wait for in a cycle (docs/machine.md, S4)."""

CAUSE_COLUMNS = tuple((unit, cause) for unit, causes in CAUSES.items() for cause in causes)

DRAM_BYTES = tuple(a for a in ACTIONS if a.startswith("dram_") and a.endswith("_bytes"))
DRAM_COMMANDS = tuple(a for a in ACTIONS if a.startswith("dram_") and not a.endswith("_bytes"))


@dataclass(frozen=True, eq=False)
class Ledger:
    """``counts``: int64 (layers, ACTIONS); ``cycles``: int64 (layers, CAUSE_COLUMNS).

    Every cycle of every unit has one cause, so each unit's cycles add up to the elapsed cycles.
    Adding two ledgers of the same layers runs the second after the first (in series).
    """

    layers: tuple[str, ...]
    counts: NDArray[np.int64]
    cycles: NDArray[np.int64]

    @staticmethod
    def empty(layers: tuple[str, ...]) -> "Ledger":
        return Ledger(
            layers,
            np.zeros((len(layers), len(ACTIONS)), np.int64),
            np.zeros((len(layers), len(CAUSE_COLUMNS)), np.int64),
        )

    def __add__(self, other: "Ledger") -> "Ledger":
        if self.layers != other.layers:
            raise HwsimError("ledgers of different layers cannot be added")
        return Ledger(self.layers, self.counts + other.counts, self.cycles + other.cycles)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Ledger)
            and self.layers == other.layers
            and np.array_equal(self.counts, other.counts)
            and np.array_equal(self.cycles, other.cycles)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def elapsed_cycles(self) -> int:
        return self.unit_cycles("array")

    def unit_cycles(self, unit: str) -> int:
        columns = [i for i, (u, _) in enumerate(CAUSE_COLUMNS) if u == unit]
        return int(self.cycles[:, columns].sum())

    def by_cause(self, unit: str) -> dict[str, int]:
        """Cycles of one unit by cause, over all layers."""
        return {
            cause: int(self.cycles[:, i].sum()) for i, (u, cause) in enumerate(CAUSE_COLUMNS) if u == unit
        }

    def layer_cycles(self) -> NDArray[np.int64]:
        """Elapsed cycles booked to each layer, by the PE array's time."""
        columns = [i for i, (u, _) in enumerate(CAUSE_COLUMNS) if u == "array"]
        booked: NDArray[np.int64] = self.cycles[:, columns].sum(axis=1)
        return booked

    def share_of(self, peak: int, *actions: str) -> float:
        """Counts of ``actions`` / (elapsed cycles * ``peak`` a cycle); 0 of no time."""
        cycles = self.elapsed_cycles
        return self.total(*actions) / (cycles * peak) if cycles else 0.0

    def total(self, *actions: str) -> int:
        return int(self.per_layer(*actions).sum())

    @property
    def leaks_multiplied(self) -> bool:
        """Whether some leak is no shift and addition: LIF units then have multipliers."""
        return self.total("decay_multiply") > 0

    def per_layer(self, *actions: str) -> NDArray[np.int64]:
        names = list(ACTIONS)
        counted: NDArray[np.int64] = self.counts[:, [names.index(a) for a in actions]].sum(axis=1)
        return counted

    def differences(self, other: "Ledger") -> list[str]:
        """Where two ledgers differ, one line per layer and entry."""
        lines = []
        tables = (
            (list(ACTIONS), self.counts, other.counts),
            ([f"{u} cycles: {c}" for u, c in CAUSE_COLUMNS], self.cycles, other.cycles),
        )
        for names, ours, theirs in tables:
            for layer, column in zip(*np.nonzero(ours != theirs), strict=True):
                found = f"{ours[layer, column]} against {theirs[layer, column]}"
                lines.append(f"{self.layers[layer]}: {names[column]}: {found}")
        return lines

    def verify(self) -> None:
        """Nothing negative; causes of every unit add up to the same time; issued covers useful."""
        rows = len(self.layers)
        if self.counts.shape != (rows, len(ACTIONS)) or self.cycles.shape != (rows, len(CAUSE_COLUMNS)):
            raise HwsimError(
                f"ledger: tables of shapes {self.counts.shape} and {self.cycles.shape} for {rows} layers"
            )
        if self.counts.dtype.kind not in "iu" or self.cycles.dtype.kind not in "iu":
            raise HwsimError(
                f"ledger: counts are {self.counts.dtype}, cycles {self.cycles.dtype}; expected integers"
            )
        if (self.counts < 0).any() or (self.cycles < 0).any():
            raise HwsimError("ledger: a count is negative")
        spent = {unit: self.unit_cycles(unit) for unit in CAUSES}
        if len(set(spent.values())) > 1:
            raise HwsimError(f"ledger: the units' cycles do not agree: {spent}")
        for kind in ("ac", "mac"):
            short = self.per_layer(kind) > self.per_layer(f"{kind}_issued")
            if short.any():
                layer = self.layers[int(np.argmax(short))]
                raise HwsimError(f"ledger: layer {layer!r} has more useful than issued {kind}")
        if (self.per_layer("lif_spike") > self.per_layer("lif_update")).any():
            raise HwsimError("ledger: more spikes than membrane updates")

    @property
    def id(self) -> str:
        return content_id("ledger", *self._content())

    def _content(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        meta = {
            "layers": list(self.layers),
            "actions": list(ACTIONS),
            "causes": [list(c) for c in CAUSE_COLUMNS],
        }
        return meta, {"counts": self.counts, "cycles": self.cycles}

    def save(self, path: Path) -> None:
        save_value(path, "ledger", *self._content())

    @staticmethod
    def load(path: Path) -> "Ledger":
        meta, arrays = load_value(path, "ledger")
        with damage_named(path, "ledger"):
            if meta["actions"] != list(ACTIONS) or meta["causes"] != [list(c) for c in CAUSE_COLUMNS]:
                raise HwsimError("this ledger was written with other actions or causes")
            ledger = Ledger(tuple(meta["layers"]), arrays["counts"], arrays["cycles"])
            ledger.verify()
        return ledger
