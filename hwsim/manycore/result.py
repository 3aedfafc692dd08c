"""ChipResult: everything about a run on a chip of many cores, as values and as its JSON."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from hwsim.area import areas
from hwsim.bounds import bounds_of_tiles
from hwsim.chip.config import Chip, grid_of, weight_bits_of
from hwsim.chip.cost import ChipCost, price_chip, tick_cycles
from hwsim.chip.prices import ChipPrices, load_prices
from hwsim.chip.run import COUNTS, ChipRun
from hwsim.chip.tile_cost import TileCost, tile_cost
from hwsim.chip.times import causes
from hwsim.configuration import save_yaml
from hwsim.cost import CostTable, Sensitivity, load_table
from hwsim.errors import HwsimError, printable
from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.manycore.area import area_of
from hwsim.manycore.energy import (
    cold_start,
    counterpart,
    energy_of_cores,
    energy_of_tiles,
    layers,
    static_power,
)
from hwsim.manycore.sensitivity import by_tables
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.noc.state import TILE
from hwsim.place.metrics import Metrics
from hwsim.place.reach import Int
from hwsim.place.slices import Sliced
from hwsim.report.csv_files import core_rows
from hwsim.report.numbers import amount
from hwsim.result_values import accuracy, model_facts
from hwsim.storage import write_text

SCHEMA = 1


RESULT = "chip.json"
"""The file of a result among those that are written."""


@dataclass(frozen=True, eq=False, repr=False)
class ChipResult:
    """A network's run on a chip, priced by every one of ``costs``: rows for event-driven cores, one table for
    tiles with arrays.

    ``placement``: the algorithm that found the cores, or ``given``; ``travel``: what it costs (T3, T4).
    ``mapping``: with the placement in it. ``ann``: one inference of the counterpart, where there is one.
    ``own_areas``: the user's own numbers of a tile (um2), told beside the others.
    """

    network: Network
    trace: EventTrace
    sliced: Sliced
    placement: str
    travel: Metrics
    mapping: Mapping
    run: ChipRun
    costs: tuple[ChipCost | TileCost, ...]
    labels: NDArray[np.int64] | None
    agreement: dict[str, Any] | None
    provenance: dict[str, Any]
    ann: tuple[ChipRun, TileCost] | None = None
    ann_missing: str | None = None
    own_areas: dict[str, float] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The JSON of chip.json, schema version 1 (docs/result.md). Energies pJ, times ns."""
        run, grid = self.run, self.run.grid
        of_tiles = next((cost for cost in self.costs if isinstance(cost, TileCost)), None)
        rows = [cost.prices for cost in self.costs if isinstance(cost, ChipCost)]
        routers = np.unique(run.cores // grid.cores_per_router)
        return {
            "schema": SCHEMA,
            "model": model_facts(self.network),
            "chip": self._chip(),
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
            "area": area_of(run.chip, self.costs, run.leaks_multiplied).as_dict(),
            "tile_area": None if of_tiles is None else self._tile_area(of_tiles.table),
            "static_power": None if of_tiles else static_power(run, rows),
            "cold_start": None if of_tiles is None else cold_start(run, of_tiles),
            "layers": [] if of_tiles is None else layers(run, of_tiles),
            "bounds": self._bounds(),
            "sensitivity": self.sensitivity.as_dict(),
            "ann": None if self.ann is None else counterpart(run, self.costs[0], *self.ann),
            "ann_missing": self.ann_missing,
            "accuracy": accuracy(self.trace.outputs, self.labels),
            "agreement": self.agreement,
            "provenance": self.provenance,
        }

    def price(self, table: CostTable | ChipPrices | str) -> ChipCost | TileCost:
        """What the same counts cost at other prices: of tiles an energy table, of event-driven cores a row of
        hwsim/tables/chip_energy, or one by name; nothing is simulated again.

        Raises HwsimError for prices of the other kind, and where they do not reach to the chip.
        """
        chip = self.run.chip
        if isinstance(chip, Hardware):
            chosen = load_table(table) if isinstance(table, str) else table
            if isinstance(chosen, CostTable):
                return tile_cost(self.run, chosen)
            raise HwsimError(f"prices {chosen.name!r} are of event-driven cores; {chip.name} is of tiles")
        row = load_prices(table) if isinstance(table, str) else table
        if isinstance(row, ChipPrices):
            return price_chip(self.run, row)
        raise HwsimError(f"table {row.name!r} prices tiles; {chip.name} is of event-driven cores")

    @cached_property
    def sensitivity(self) -> Sensitivity:
        """The same counts by every table that applies, this result's own among them, beside as many ANN
        inferences."""
        own = [cost.table if isinstance(cost, TileCost) else cost.prices for cost in self.costs]
        return by_tables(self.run, own, None if self.ann is None else self.ann[0])

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary a core in use: place, populations and counts, sums over samples."""
        return core_rows(self.as_dict())

    def __repr__(self) -> str:
        """One line: what ran where, and for how long."""
        run = self.run
        cores = f"{len(run.cores)} of {run.grid.cores} cores of {printable(run.chip.name)}"
        name, samples = printable(self.network.name), amount(run.samples, "sample")
        return f"<ChipResult: {name} on {cores}, {samples} of {amount(run.ticks, 'tick')}>"

    def __str__(self) -> str:
        """The tables of the command line."""
        from hwsim.report import chip_console, console

        return console.text(lambda out: chip_console.show(self.as_dict(), out))

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from hwsim.report import notebook

        return notebook.cores(self.as_dict())

    def _chip(self) -> dict[str, Any]:
        chip, grid = self.run.chip, self.run.grid
        return _portable(chip).model_dump() | {
            "network": grid.network.model_dump(),
            "cores": grid.cores,
            "barrier": chip.exchange.barrier,
            "weight_bits": weight_bits_of(chip),
        }

    def _tile_area(self, table: CostTable) -> dict[str, Any]:
        assert isinstance(self.run.chip, Hardware)
        return areas(table, self.run.chip, own=self.own_areas, multiplied=self.run.leaks_multiplied)

    def _bounds(self) -> dict[str, Any] | None:
        """What a tile in use can do at most in a cycle; None of event-driven cores."""
        run, chip = self.run, self.run.chip
        if not isinstance(chip, Hardware):
            return None
        return bounds_of_tiles(chip, self.network.timesteps, len(run.cores))

    def _energy(self, cost: ChipCost | TileCost) -> dict[str, Any]:
        chip = self.run.chip
        if isinstance(cost, TileCost):
            assert isinstance(chip, Hardware)
            return energy_of_tiles(self.run, cost, chip)
        assert isinstance(chip, Chip)
        return energy_of_cores(self.run, cost, chip, self.network)

    def _totals(self) -> dict[str, Any]:
        found, events = self.run.totals(), self.trace.events
        return {
            "cycles": found["cycles"],
            "latency_ns": self._ns(found["cycles"]),
            **{name: found[name] for name in (*COUNTS, "synapses", "links_x", "links_y", "addressed")},
            "hops": found["links_x"] + found["links_y"],
            "spikes": sum(len(events[p.name].index) for p in self.network.populations if p.spikes),
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
        run, grid = self.run, self.run.grid
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
        totals, grid = self.run.network, self.run.grid
        return {
            "width": grid.network.width,
            "height": grid.network.height,
            "cycle_ns": 1e9 / self.run.chip.exchange.noc_clock_hz,
            "links": {
                side: totals.flits[:, port].tolist() for port, side in enumerate(("+x", "-x", "+y", "-y"))
            },
            "injected": totals.injected.tolist(),
            "ejected": totals.flits[:, TILE].tolist(),
            "stall_cycles": totals.stall_cycles(),
            "latency": self.run.packet_latency.tolist(),
        }

    def _ns(self, cycles: int) -> float:
        return cycles * 1e9 / self.run.chip.clock_hz

    def save(self, directory: Path) -> dict[str, Path]:
        """Write chip.json and the values that it came from; return their paths."""
        paths = {
            "result": directory / RESULT,
            "network": directory / "network.safetensors",
            "hardware": directory / "hardware.yaml",
            "mapping": directory / "mapping.yaml",
        }
        self.network.save(paths["network"])
        beside = _files(self.run.chip)
        for field, row in beside.items():
            paths[field] = directory / f"{field}.yaml"
            save_yaml(paths[field], row)
        save_yaml(paths["hardware"], _renamed(self.run.chip, {field: f"{field}.yaml" for field in beside}))
        save_yaml(paths["mapping"], self.mapping)
        write_text(paths["result"], json.dumps(self.as_dict(), indent=1, allow_nan=False) + "\n")
        return paths


def _files(chip: Chip | Hardware) -> dict[str, BaseModel]:
    """What files of the user's hold that the chip names: ``noc``, ``energy``, ``dram``."""
    grid = grid_of(chip)
    rows: dict[str, BaseModel] = {"noc": grid.network, "energy": grid.hop_energy}
    found = {field: row for field, row in rows.items() if Path(getattr(grid, field)).suffix}
    if isinstance(chip, Hardware) and chip.dram.of_file and (device := chip.dram.device):
        found["dram"] = device
    return found


def _renamed(chip: Chip | Hardware, names: dict[str, str]) -> Chip | Hardware:
    """The chip with other names for its files (:func:`_files`)."""
    of_grid = {field: name for field, name in names.items() if field != "dram"}
    changed: dict[str, Any] = {"grid": grid_of(chip).model_copy(update=of_grid)}
    if isinstance(chip, Hardware) and "dram" in names:
        changed["dram"] = chip.dram.model_copy(update={"table": names["dram"]})
    return chip.model_copy(update=changed)


def _portable(chip: Chip | Hardware) -> Chip | Hardware:
    """The chip without paths of this machine: files are called by their names."""
    grid = grid_of(chip)
    paths = {"noc": grid.noc, "energy": grid.energy}
    if isinstance(chip, Hardware) and chip.dram.table:
        paths["dram"] = chip.dram.table
    return _renamed(chip, {field: Path(path).name for field, path in paths.items()})
