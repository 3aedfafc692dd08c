"""ChipResult: everything about a run on a chip of event-driven cores, as values and as its JSON."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.chip.config import Chip
from hwsim.chip.cost import ChipCost, priced_counts, tick_cycles
from hwsim.chip.run import COUNTS, ChipRun
from hwsim.chip.times import causes
from hwsim.configuration import save_yaml
from hwsim.events import EventTrace
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.noc.state import TILE
from hwsim.place.metrics import Metrics
from hwsim.place.reach import Int
from hwsim.place.slices import Sliced
from hwsim.result import accuracy, model_facts
from hwsim.storage import write_text

SCHEMA = 1


@dataclass(frozen=True, eq=False)
class ChipResult:
    """A network's run on a chip, priced by every row of ``costs``.

    ``placement``: the algorithm that found the cores, or ``given``; ``travel``: what it costs (T3, T4).
    ``mapping``: with the placement in it.
    """

    network: Network
    trace: EventTrace
    sliced: Sliced
    placement: str
    travel: Metrics
    mapping: Mapping
    run: ChipRun
    costs: tuple[ChipCost, ...]
    labels: NDArray[np.int64] | None
    agreement: dict[str, Any] | None
    provenance: dict[str, Any]

    @property
    def chip(self) -> Chip:
        chip = self.run.chip
        assert isinstance(chip, Chip)
        return chip

    def as_dict(self) -> dict[str, Any]:
        """The JSON of chip.json, schema version 1 (docs/result.md). Energies pJ, times ns."""
        run, grid = self.run, self.chip.grid
        routers = np.unique(run.cores // grid.cores_per_router)
        return {
            "schema": SCHEMA,
            "model": model_facts(self.network),
            "chip": _portable(self.chip).model_dump()
            | {"network": grid.network.model_dump(), "cores": grid.cores},
            "samples": run.samples,
            "ticks": run.ticks,
            "interval": run.interval,
            "depth": run.depth,
            "placement": {
                "algorithm": self.placement,
                "slices": len(self.sliced.slices),
                "cores_used": len(run.cores),
                "routers_used": len(routers),
                "spike_hops": self.travel.spike_hops,
                "max_link_load": self.travel.max_link_load,
            },
            "totals": self._totals(),
            "per_tick": self._per_tick(),
            "time": {name: int(cycles.sum()) for name, cycles in causes(run).items()},
            "units": self._units(),
            "by_tick": self._by_tick(),
            "cores": self._cores(),
            "network": self._network(),
            "energy": [self._energy(cost) for cost in self.costs],
            "accuracy": accuracy(self.trace.outputs, self.labels),
            "agreement": self.agreement,
            "provenance": self.provenance,
        }

    def _totals(self) -> dict[str, Any]:
        found = self.run.totals()
        return {
            "cycles": found["cycles"],
            "latency_ns": self._ns(found["cycles"]),
            **{name: found[name] for name in (*COUNTS, "synapses", "links_x", "links_y", "addressed")},
            "hops": found["links_x"] + found["links_y"],
        }

    def _per_tick(self) -> dict[str, float]:
        """Means over samples and ticks."""
        totals, ticks = self._totals(), self.run.samples * self.run.ticks
        share = causes(self.run)
        whole = sum(int(cycles.sum()) for cycles in share.values())
        return {
            "time_ns": totals["latency_ns"] / ticks,
            "barrier_share": int(share["barrier"].sum()) / whole if whole else 0.0,
            **{name: totals[name] / ticks for name in ("fired", "synapses", "sent", "local", "hops")},
        }

    def _units(self) -> dict[str, float]:
        """Share of the time of all cores in use in which each of their units works."""
        whole = len(self.run.cores) * int(self.run.cycles.sum())
        return {n: int(b[..., :-1].sum()) / whole if whole else 0.0 for n, b in self.run.busy().items()}

    def _by_tick(self) -> list[dict[str, Any]]:
        """Sums over samples of every tick."""
        run = self.run
        columns: dict[str, Int] = {
            **{name: run.counts[name].sum(axis=2) for name in COUNTS},
            "synapses": run.synapses.sum(axis=2),
            "links_x": run.links[..., 0],
            "links_y": run.links[..., 1],
            **{f"{name}_cycles": cycles for name, cycles in causes(run).items()},
        }
        cycles = tick_cycles(run).sum(axis=0)
        return [
            {"tick": k, "time_ns": self._ns(int(cycles[k]))}
            | {name: int(values[:, k].sum()) for name, values in columns.items()}
            for k in range(run.ticks)
        ]

    def _cores(self) -> list[dict[str, Any]]:
        """Each core in use: where it lies, what is on it, what it did in all samples."""
        run, grid = self.run, self.chip.grid
        on: dict[int, list[str]] = {int(core): [] for core in run.cores}
        neurons = dict.fromkeys(on, 0)
        for piece in self.sliced.slices:
            on[piece.core].append(piece.population)
            neurons[piece.core] += piece.box.size
        sums = {name: run.counts[name][..., :-1].sum(axis=(0, 1)) for name in COUNTS}
        busy = {name: cycles[..., :-1].sum(axis=(0, 1)) for name, cycles in run.busy().items()}
        found = []
        for i, core in enumerate(map(int, run.cores)):
            y, x = divmod(core // grid.cores_per_router, grid.network.width)
            found.append(
                {"core": core, "x": x, "y": y, "populations": on[core], "neurons": neurons[core]}
                | {name: int(values[i]) for name, values in sums.items()}
                | {f"{name}_busy_cycles": int(values[i]) for name, values in busy.items()}
            )
        return found

    def _network(self) -> dict[str, Any]:
        """Packets over the links and into each router, sums over samples, and how long they took."""
        totals, grid = self.run.network, self.chip.grid
        return {
            "width": grid.network.width,
            "height": grid.network.height,
            "cycle_ns": 1e9 / self.chip.core.noc_clock_hz,
            "links": {
                side: totals.flits[:, port].tolist() for port, side in enumerate(("+x", "-x", "+y", "-y"))
            },
            "injected": totals.injected.tolist(),
            "ejected": totals.flits[:, TILE].tolist(),
            "stall_cycles": totals.stall_cycles(),
            "latency": self.run.packet_latency.tolist(),
        }

    def _energy(self, cost: ChipCost) -> dict[str, Any]:
        """Energy by one row: sums over samples, of each component and of each of them in each tick."""
        ticks = self.run.samples * self.run.ticks
        counts, unit = priced_counts(self.run), cost.prices.unit_pj
        prices = cost.prices.model_dump(exclude={"rows"})
        return {
            "prices": prices["name"],
            **{name: prices[name] for name in ("description", "node_nm", "voltage_v", "chip", "static")},
            "total_pj": cost.total_pj,
            "per_tick_pj": cost.total_pj / ticks if ticks else 0.0,
            "energy_pj": cost.by_component(),
            "by_tick_pj": {name: spent.sum(axis=0).tolist() for name, spent in cost.energy_pj.items()},
            "counts": {item: int(n.sum()) for item, n in counts.items()},
            "unit_energy_pj": unit,
            "sources": {row.item: f"{row.status}: {row.source}" for row in cost.prices.rows},
            "unpriced": list(cost.unpriced),
            "caveats": _caveats(cost, self.chip),
        }

    def _ns(self, cycles: int) -> float:
        return cycles * 1e9 / self.chip.core.clock_hz

    def save(self, directory: Path) -> dict[str, Path]:
        """Write chip.json and the values that it came from; return their paths."""
        paths = {
            "result": directory / "chip.json",
            "network": directory / "network.safetensors",
            "hardware": directory / "hardware.yaml",
            "mapping": directory / "mapping.yaml",
        }
        self.network.save(paths["network"])
        grid, beside = self.chip.grid, {}
        for field, row in (("noc", grid.network), ("energy", grid.hop_energy)):
            if Path(getattr(grid, field)).suffix:
                beside[field] = f"{field}.yaml"
                paths[field] = directory / beside[field]
                save_yaml(paths[field], row)
        save_yaml(paths["hardware"], self.chip.model_copy(update={"grid": grid.model_copy(update=beside)}))
        save_yaml(paths["mapping"], self.mapping)
        write_text(paths["result"], json.dumps(self.as_dict(), indent=1, allow_nan=False) + "\n")
        return paths


def _portable(chip: Chip) -> Chip:
    """The chip without paths of this machine: files are called by their names."""
    grid = chip.grid
    names = {"noc": Path(grid.noc).name, "energy": Path(grid.energy).name}
    return chip.model_copy(update={"grid": grid.model_copy(update=names)})


def _caveats(cost: ChipCost, chip: Chip) -> list[str]:
    prices, found = cost.prices, []
    if prices.chip != chip.name:
        found.append(f"prices {prices.name} are those of the chip {prices.chip}")
    if prices.node_nm != chip.node_nm:
        found.append(f"prices {prices.name} are for {prices.node_nm} nm, the chip is of {chip.node_nm} nm")
    return found
