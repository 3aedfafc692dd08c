"""Result: everything about one estimate, as values and as the JSON that reports and tools read."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.area import areas, channel_groups, lif_area_share
from hwsim.bounds import bounds
from hwsim.caveats import caveats
from hwsim.compute_only import compute_only
from hwsim.configuration import save_yaml
from hwsim.cost import Cost, CostTable, Sensitivity, every_table, load_table, price, sensitivity
from hwsim.errors import printable
from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, CAUSES, DRAM_BYTES, Ledger
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.report.csv_files import layer_rows, layers_csv
from hwsim.result_values import (
    accuracy,
    dense_macs,
    lif_memory_bytes,
    model_facts,
    prices,
    ratio,
    standing,
    totals,
    weight_memory_bytes,
)
from hwsim.storage import write_text

__all__ = [
    "Result", "Run", "accuracy", "dense_macs", "lif_memory_bytes", "model_facts", "prices", "ratio",
    "standing", "totals", "weight_memory_bytes",
]  # fmt: skip

SCHEMA = 1


@dataclass(frozen=True, eq=False)
class Run:
    """A network on a chip over all samples: one ledger a mini-batch, and the cost of their sum.

    ``batch``: samples of a mini-batch; the last has what is left.
    """

    network: Network
    trace: EventTrace
    ledgers: tuple[Ledger, ...]
    cost: Cost
    batch: int = 1

    @property
    def samples(self) -> int:
        return self.trace.samples

    @property
    def batches(self) -> NDArray[np.int64]:
        """Samples of each mini-batch."""
        return np.diff(np.append(np.arange(0, self.samples, self.batch), self.samples))

    @cached_property
    def ledger(self) -> Ledger:
        total = Ledger.empty(self.ledgers[0].layers)
        for ledger in self.ledgers:
            total = total + ledger
        return total


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """An estimate: the SNN's run, its ANN counterpart's, what was asked and where it came from.

    ``choices``: what the mapping came to for each array layer. ``ann_missing``: why there is no counterpart;
    ``over_time``: of every smaller number of timesteps, see :func:`hwsim.over_time.over_time`.
    ``own_areas``: the user's own numbers (um2), told beside the others.
    """

    run: Run
    ann: Run | None
    hardware: Hardware
    mapping: Mapping
    table: CostTable
    choices: dict[str, dict[str, Any]]
    labels: NDArray[np.int64] | None
    agreement: dict[str, Any] | None
    provenance: dict[str, Any]
    ann_missing: str | None = None
    over_time: list[dict[str, Any]] | None = None
    own_areas: dict[str, float] | None = None

    @property
    def accuracy(self) -> float | None:
        """Share of samples whose largest summed output is the label; None without labels."""
        if self.labels is None:
            return None
        return float((self.run.trace.outputs[:, -1].argmax(1) == self.labels).mean())

    def price(self, table: CostTable | str) -> Cost:
        """What the same counts cost under another table, or one by name; nothing is simulated again."""
        chosen = load_table(table) if isinstance(table, str) else table
        return price(self.run.ledger, self.hardware, chosen)

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """The same counts under every table and under this result's own, beside as many ANN inferences."""
        against = None
        if self.ann is not None:
            often = self.run.samples / self.ann.samples
            against = self.ann.ledger, self.hardware.with_skip("dense"), often
        return sensitivity(self.run.ledger, self.hardware, against, every_table([self.table]))

    def as_dict(self) -> dict[str, Any]:
        """The JSON of result.json, schema version 1 (docs/result.md). Energies pJ, times ns, areas um2."""
        run = self.run
        layers = [self._layer(i, name) for i, name in enumerate(run.ledger.layers)]
        counts = {a: run.ledger.total(a) for a in ACTIONS}
        multiplied = run.ledger.leaks_multiplied
        return {
            "schema": SCHEMA,
            "model": model_facts(run.network),
            "hardware": self._portable(Path(self.hardware.dram.table or "").name).model_dump(),
            "mapping": self.mapping.model_dump(),
            "table": run.cost.table,
            "prices": prices(self.table, self.hardware),
            "samples": run.samples,
            "totals": totals(run.ledger, run.cost, self.hardware),
            "per_sample": self._per_sample(),
            "energy_pj": run.cost.by_component(),
            "standing": standing(run.cost),
            "area_um2": run.cost.area_um2,
            "area": areas(
                self.table, self.hardware.alone, channel_groups(run.network), self.own_areas, multiplied
            ),
            "cycles": {unit: run.ledger.by_cause(unit) for unit in CAUSES},
            "lif": self._lif(),
            "weight_memory_bytes": weight_memory_bytes(run.network, self.hardware.precision.weight_bits),
            "layers": layers,
            "counts": counts,
            "bounds": bounds(self.hardware, run.network.timesteps),
            "compute_only": compute_only(
                layers, counts, run.samples, run.network.timesteps, run.cost.table, run.cost.unit_pj
            ),
            "unit_energy_pj": run.cost.unit_pj,
            "unpriced": list(run.cost.unpriced),
            "sensitivity": self.sensitivity.as_dict(),
            "caveats": caveats(self.table, self.hardware, multiplied=multiplied),
            "accuracy": accuracy(run.trace.outputs, self.labels),
            "over_time": self.over_time,
            "ann": None if self.ann is None else self._counterpart(self.ann),
            "ann_missing": self.ann_missing,
            "agreement": self.agreement,
            "provenance": self.provenance,
        }

    def _counterpart(self, ann: Run) -> dict[str, Any]:
        """One inference of the ANN, and the SNN's mean over it."""
        run = self.run
        energy, cycles = run.cost.total_pj / run.samples, run.ledger.elapsed_cycles / run.samples
        return _inference(ann, self.hardware) | {
            "energy_ratio": ratio(energy, ann.cost.total_pj / ann.samples),
            "latency_ratio": ratio(cycles, ann.ledger.elapsed_cycles / ann.samples),
            "samples": ann.samples,
            "energy_pj_by_component": {
                c: spent / ann.samples for c, spent in ann.cost.by_component().items()
            },
        }

    def _per_sample(self) -> dict[str, Any]:
        """Distribution over samples; what only a mini-batch has is shared equally by its samples."""
        names = list(ACTIONS)
        unit = np.array([self.run.cost.unit_pj.get(a) or 0.0 for a in names])
        charged = {a for actions in self.run.cost.components.values() for a in actions}
        unit *= np.array([a in charged for a in names])
        cycles = np.array([ledger.elapsed_cycles for ledger in self.run.ledgers])
        values = {
            "cycles": cycles,
            "latency_ns": cycles * 1e9 / self.hardware.clock_hz,
            "energy_pj": np.array([float(ledger.counts.sum(0) @ unit) for ledger in self.run.ledgers]),
            "dram_bytes": np.array([ledger.total(*DRAM_BYTES) for ledger in self.run.ledgers]),
        }
        sizes = self.run.batches
        shared = {name: np.repeat(v / sizes, sizes) for name, v in values.items()}
        return {name: _distribution(v) for name, v in (shared | {"spikes": self._spikes()}).items()}

    def _spikes(self) -> NDArray[np.int64]:
        """Spikes of each sample (L2)."""
        trace, spiking = self.run.trace, [p.name for p in self.run.network.populations if p.spikes]
        counts = [trace.events[name].counts().sum(axis=1) for name in spiking]
        return np.sum(counts, axis=0, dtype=np.int64) + np.zeros(trace.samples, np.int64)

    def _lif(self) -> dict[str, Any]:
        words = self.run.network.state_words
        bits = self.hardware.precision.state_bits
        return {
            "units": self.hardware.lif.units,
            "state_words": words,
            "state_bits": bits,
            "memory_bytes": lif_memory_bytes(self.run.network, self.hardware),
            "updates": self.run.ledger.total("lif_update"),
            "area_share": lif_area_share(self.table, self.hardware, self.run.ledger.leaks_multiplied),
        }

    def _layer(self, i: int, name: str) -> dict[str, Any]:
        run, ledger = self.run, self.run.ledger
        population = run.network.population[name]
        steps = run.trace.events[name].steps if name in run.trace.events else run.network.timesteps
        places = population.size * steps * run.samples
        events = int(ledger.per_layer("events_out")[i])
        peak = self.hardware.peak_operations(run.network.timesteps)
        issued = int(ledger.per_layer("ac_issued", "mac_issued")[i])
        cycles = int(ledger.layer_cycles()[i])
        incoming = run.network.into(name)
        rates = None
        if name in run.trace.events:
            counts = run.trace.events[name].counts().sum(axis=0)
            rates = (counts / (population.size * run.samples)).tolist()
        return {
            "name": name,
            "kind": population.kind,
            "fed_by": [f"{p.source} ({p.kind})" for p in incoming],
            "shape": list(population.shape),
            "neurons": population.size,
            "weights": sum(p.weights.size for p in incoming if p.weights is not None),
            "dense_macs": dense_macs(run.network, name),
            "events": events,
            "rate": None if rates is None else events / places,
            "rate_by_step": rates,
            "mapping": self.choices.get(name),
            "cycles": cycles,
            "utilization": issued / (cycles * peak) if cycles else 0.0,
            "causes": {
                unit: {
                    cause: int(ledger.cycles[i, k]) for k, (u, cause) in enumerate(CAUSE_COLUMNS) if u == unit
                }
                for unit in CAUSES
            },
            "counts": {a: int(n) for a, n in zip(ACTIONS, ledger.counts[i], strict=True) if n},
            "dram_bytes": int(ledger.per_layer(*DRAM_BYTES)[i]),
            "energy_pj": run.cost.by_layer()[name],
        }

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary a layer, the columns of layers.csv: sums over samples."""
        return layer_rows(self.as_dict())

    def __repr__(self) -> str:
        """One line: what ran where, and the mean of one inference."""
        run = self.run
        energy, time = run.cost.total_pj, run.ledger.elapsed_cycles / self.hardware.clock_hz
        what = f"{printable(run.network.name)} on {printable(self.hardware.name)}"
        return (
            f"<Result: {what}, {run.samples} samples, "
            f"{energy / run.samples:.6g} pJ and {time * 1e9 / run.samples:.6g} ns each>"
        )

    def __str__(self) -> str:
        """The tables of the command line."""
        from hwsim.report import console

        return console.text(lambda out: console.show(self.as_dict(), out))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from hwsim.report import notebook

        return notebook.estimate(self.as_dict())

    def _portable(self, table: str) -> Hardware:
        """The chip without a path of this machine: a DRAM's file is called ``table``."""
        dram = self.hardware.dram
        if not dram.of_file:
            return self.hardware
        return self.hardware.model_copy(update={"dram": dram.model_copy(update={"table": table})})

    def save(self, directory: Path) -> dict[str, Path]:
        """Write result.json, layers.csv and every value that it came from; return their paths."""
        paths = {
            "result": directory / "result.json",
            "layers": directory / "layers.csv",
            "network": directory / "network.safetensors",
            "ledger": directory / "ledger.safetensors",
            "cost": directory / "cost.json",
            "hardware": directory / "hardware.yaml",
            "mapping": directory / "mapping.yaml",
        }
        self.run.network.save(paths["network"])
        self.run.ledger.save(paths["ledger"])
        self.run.cost.save(paths["cost"])
        save_yaml(paths["hardware"], self._portable("dram.yaml"))
        if self.hardware.dram.of_file and (device := self.hardware.dram.device):
            paths["dram"] = directory / "dram.yaml"
            save_yaml(paths["dram"], device)
        save_yaml(paths["mapping"], self.mapping)
        values = self.as_dict()
        write_text(paths["layers"], layers_csv(values))
        write_text(paths["result"], json.dumps(values, indent=1, allow_nan=False) + "\n")
        return paths


def _inference(run: Run, hardware: Hardware) -> dict[str, Any]:
    """Headline figures of a run for one of its samples."""
    whole = totals(run.ledger, run.cost, hardware)
    if run.samples == 1:
        return whole
    return {name: value if name == "area_um2" else value / run.samples for name, value in whole.items()}


def _distribution(values: NDArray[Any]) -> dict[str, float]:
    low, middle, high = (float(np.percentile(values, q)) for q in (5, 50, 95))
    return {"mean": float(values.mean()), "p5": low, "median": middle, "p95": high}
