"""Results of chips of many cores that ``hwsim estimate -o`` wrote, as rows of a comparison: nothing runs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hwsim.area import SOURCES, areas, lif_area_share
from hwsim.caveats import caveats
from hwsim.chip.config import Chip, grid_of, weight_bits_of
from hwsim.chip.tile_cost import HOPS, TileCounts
from hwsim.comparison import OPERANDS, Row, Subject
from hwsim.configuration import shown
from hwsim.cost import CostTable, Priced, Sensitivity, by_sources
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, CAUSES, DRAM_BYTES, Ledger
from hwsim.manycore.area import area_of_tiles
from hwsim.manycore.comparison import SCHEDULE, WEIGHTS, CoreRow
from hwsim.result_values import lif_memory_bytes, weight_memory_bytes


@dataclass(frozen=True, eq=False)
class SavedCores:
    """A chip.json and the values that it came from; ``name`` is its directory's.

    ``counts``: of tiles, what every table can price; None of event-driven cores, and of files of before,
    which have only the energies that were saved with them.
    """

    name: str
    subject: Subject
    chip: Chip | Hardware
    values: dict[str, Any]
    counts: TileCounts | None

    @staticmethod
    def of(name: str, subject: Subject, chip: Chip | Hardware, values: dict[str, Any]) -> "SavedCores":
        """Raises HwsimError, without the file's name, for counts that are not of this chip or do not give the
        energy that was saved with them."""
        if isinstance(chip, Hardware) != (values["cold_start"] is not None):
            kind = "tiles" if isinstance(chip, Hardware) else "event-driven cores"
            raise HwsimError(f"cold_start: is of tiles alone; hardware.yaml has a chip of {kind}")
        return SavedCores(name, subject, chip, values, _counts(chip, values))

    @property
    def provenance(self) -> dict[str, Any]:
        found: dict[str, Any] = self.values["provenance"]
        return found

    @property
    def takes_tables(self) -> bool:
        """Whether energy tables are of its kind."""
        return isinstance(self.chip, Hardware)

    def rows(self, tables: list[CostTable] | None) -> "list[SavedRow]":
        """A row for each table; None: one for each source that prices were saved of. Event-driven cores have
        the latter alone.

        Raises HwsimError, naming the result, where a table cannot price its chip, or its counts are not all
        there and the table is another than the saved one.
        """
        energies = self.values["energy"]
        if tables is None or not isinstance(self.chip, Hardware):
            return [SavedRow(self, self._as_saved(energy)) for energy in energies]
        if self.counts is None:
            for table in tables:
                self._check_saved(table)
            return [SavedRow(self, self._as_saved(energies[0])) for _ in tables]
        try:
            return [SavedRow(self, _at(self, self.chip, self.counts, table)) for table in tables]
        except HwsimError as error:
            raise HwsimError(f"{self.name}: {error}") from None

    def by_tables(self, chosen: Iterable[CostTable]) -> Sensitivity | None:
        """The counts by every table; else what was saved, None where nothing was."""
        if self.counts is not None:
            return by_sources(chosen, self.counts.priced)
        if (saved := self.values.get("sensitivity")) is None:
            return None
        rows = (
            Priced(
                row["table"], row["node_nm"], row["energy_pj"], row["energy_pj_by_component"], None,
                tuple(row["unpriced"]),
            )
            for row in saved["rows"]
        )  # fmt: skip
        return Sensitivity(tuple(rows), saved["refused"])

    @cached_property
    def done(self) -> Counter[str]:
        """Actions of all layers."""
        found: Counter[str] = Counter()
        for layer in self.values["layers"]:
            found.update(layer["counts"])
        return found

    def _check_saved(self, table: CostTable) -> None:
        saved = self.values["provenance"].get("prices")
        name = self.values["energy"][0]["prices"]
        if table.name != name or not isinstance(saved, dict) or saved.get(name) != table.id:
            raise HwsimError(
                f"{self.name}: --table {table.name}: chip.json of before has not all counts that a table "
                f"prices (cold_start.counts, layers[].causes); allowed: {shown(name)}, as it was when it was "
                "saved, or estimate again"
            )

    def _as_saved(self, energy: dict[str, Any]) -> dict[str, Any]:
        """What a source of prices tells of the run, as it was saved."""
        values = self.values
        cold, standing, static = values["cold_start"], energy.get("standing"), values.get("static_power")
        area, whole = values.get("tile_area"), values.get("area")
        sources = area["sources"] if area else {}
        if cold is not None:
            drawn = sum(standing["energy_pj"].values()) if standing else None
        else:
            drawn = 0.0 if static is None or energy.get("static") else static["energy_pj"]
        return {
            "table": energy["prices"],
            "energy_pj": energy["total_pj"],
            "standing_pj": drawn,
            "cold_start_pj": cold and cold["energy_pj"],
            "area_um2": whole and whole["total_um2"],
            "area": area,
            "lif_area_share": {name: sources[name]["lif_share"] for name in SOURCES if name in sources},
            "caveats": [*energy["caveats"], *([] if cold is None else [WEIGHTS])],
            "unpriced": energy["unpriced"],
        }


def _at(saved: SavedCores, chip: Hardware, counts: TileCounts, table: CostTable) -> dict[str, Any]:
    """What a table tells of the counts, as :meth:`SavedCores._as_saved` does of those that were saved."""
    cost, latency_ns = counts.priced(table), saved.values["totals"]["latency_ns"]
    multiplied, told = counts.ledger.leaks_multiplied, chip.with_dram("bandwidth")
    return {
        "table": table.name,
        "energy_pj": cost.total_pj,
        "standing_pj": sum(mw * latency_ns for mw in cost.standing_mw.values() if mw is not None),
        "cold_start_pj": cost.cold.total_pj,
        "area_um2": area_of_tiles(chip, table, multiplied).total_um2,
        "area": areas(table, chip, multiplied=multiplied),
        "lif_area_share": lif_area_share(table, chip, multiplied),
        "caveats": [*caveats(table, told, all_on_one=False, multiplied=multiplied), WEIGHTS],
        "unpriced": list(dict.fromkeys((*cost.unpriced, *cost.cold.unpriced))),
    }


@dataclass(frozen=True, eq=False)
class SavedRow:
    """One estimate of the comparison. ``told``: what one source of prices says (:meth:`SavedCores.rows`)."""

    saved: SavedCores
    told: dict[str, Any]

    @property
    def samples(self) -> int:
        return self.saved.subject.samples

    def as_dict(self) -> dict[str, Any]:
        """A row of the JSON (docs/result.md); totals are sums over ``samples``."""
        saved, told = self.saved, self.told
        chip, values, done = saved.chip, saved.values, saved.done
        totals, tiles = values["totals"], isinstance(chip, Hardware)
        causes = [layer["causes"]["array"] for layer in values["layers"] if layer.get("causes")]
        return saved.subject.facts(chip.name, SCHEDULE, 1, told["table"]) | {
            "totals": {
                "cycles": totals["cycles"],
                "latency_ns": totals["latency_ns"],
                "ac": done["ac"] if tiles else totals["synapses"],
                "mac": done["mac"] if tiles else None,
                "spikes": totals.get("spikes", done["lif_spike"] if tiles else None),
                "dram_bytes": sum(done[action] for action in DRAM_BYTES),
                "energy_pj": told["energy_pj"],
                "dram_standing_pj": 0.0,
                "standing_pj": told["standing_pj"],
                "area_um2": told["area_um2"],
            },
            "utilization": self._share("ac_issued", "mac_issued"),
            "useful": self._share("ac", "mac"),
            "weight_bytes": weight_memory_bytes(saved.subject.network, weight_bits_of(chip)),
            "lif": self._lif(),
            "lif_area_share": told["lif_area_share"],
            "area": told["area"],
            "dram_bytes": {name: sum(done[a] for a in actions) for name, actions in OPERANDS.items()},
            "cycles": {c: sum(of[c] for of in causes) for c in CAUSES["array"]} if causes else {},
            "caveats": [*saved.subject.doubts, *told["caveats"]],
            "unpriced": list(told["unpriced"]),
            "many_cores": {
                "cores_used": values["placement"]["cores_used"],
                "cores": values["chip"]["cores"],
                "packets": totals["sent"],
                "hops": totals["hops"],
                "time": values["time"],
                "cold_start_pj": told["cold_start_pj"],
            },
        }

    def _lif(self) -> dict[str, int | None]:
        """Of all tiles; of event-driven cores the width of a state is not told."""
        saved, chip = self.saved, self.saved.chip
        if not isinstance(chip, Hardware):
            return {"units": None, "memory_bytes": None, "updates": saved.values["totals"]["updates"]}
        return {
            "units": chip.lif.units * grid_of(chip).cores,
            "memory_bytes": lif_memory_bytes(saved.subject.network, chip),
            "updates": saved.done["lif_update"],
        }

    def _share(self, *actions: str) -> float | None:
        """Operations of those that the PEs of all tiles of the chip could do in the time of the run."""
        saved, chip = self.saved, self.saved.chip
        if not isinstance(chip, Hardware):
            return None
        peak = chip.peak_operations(saved.subject.network.timesteps) * grid_of(chip).cores
        cycles = saved.values["totals"]["cycles"]
        return sum(saved.done[a] for a in actions) / (cycles * peak) if cycles else 0.0


AnyRow = Row | CoreRow | SavedRow
"""One estimate of a comparison: of one tile, of many cores, of many cores as it was saved."""


def _counts(chip: Chip | Hardware, values: dict[str, Any]) -> TileCounts | None:
    """What every table can price, of a file that has all of it. Raises HwsimError for what no run counts."""
    layers, cold = values["layers"], values["cold_start"]
    if not isinstance(chip, Hardware) or cold.get("counts") is None or not layers:
        return None
    if any(layer.get("causes") is None for layer in layers):
        return None
    energy = values["energy"][0]
    ledger = Ledger(
        tuple(layer["name"] for layer in layers),
        np.array([_ordered(layer["name"], layer["counts"], ACTIONS) for layer in layers]),
        np.array([_cycles(layer) for layer in layers]),
    )
    ledger.verify()
    brought = Ledger.empty(("weights",))
    brought.counts[0] = _ordered("cold_start", cold["counts"], ACTIONS)
    hops = {name: energy["counts"].get(name, 0) for name in HOPS}
    unit = energy["unit_energy_pj"]
    spent = sum(n * (unit.get(action) or 0.0) for action, n in energy["counts"].items())
    if not np.isclose(spent, energy["total_pj"], rtol=1e-9, atol=0.0):
        raise HwsimError("energy: total_pj is not the sum of counts times unit_energy_pj")
    return TileCounts(chip, ledger, hops, brought)


def _cycles(layer: dict[str, Any]) -> list[int]:
    """Of each of CAUSE_COLUMNS."""
    found = {f"{unit} {cause}": n for unit, of in layer["causes"].items() for cause, n in of.items()}
    return _ordered(layer["name"], found, [f"{unit} {cause}" for unit, cause in CAUSE_COLUMNS])


def _ordered(where: str, told: dict[str, int], names: Iterable[str]) -> list[int]:
    known = list(names)
    if odd := [name for name in told if name not in known]:
        raise HwsimError(f"counts of {shown(where)}: found {shown(odd[0])}, which nothing counts")
    return [told.get(name, 0) for name in known]
