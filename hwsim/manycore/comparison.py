"""Rows of a comparison on chips of many cores: run as ``hwsim estimate`` does, priced by every source."""

from dataclasses import dataclass
from typing import Any

from hwsim.area import areas, lif_area_share
from hwsim.chip.config import Chip, grid_of, weight_bits_of, worded
from hwsim.chip.cost import ChipCost
from hwsim.chip.tile_cost import TileCost
from hwsim.chip.times import causes
from hwsim.comparison import OPERANDS, Executed
from hwsim.cost import CostTable
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.ledger import DRAM_BYTES, Ledger
from hwsim.manycore.area import area_of
from hwsim.manycore.asked import Asked
from hwsim.manycore.energy import energy_of_cores, energy_of_tiles, static_power
from hwsim.manycore.pipeline import Placed, Prices, cut, priced, run_placed
from hwsim.network import Network
from hwsim.place.reach import Int
from hwsim.place.slices import Sliced
from hwsim.result_values import lif_memory_bytes, weight_memory_bytes

SCHEDULE = "ticks"
"""What stands for the schedule: timesteps follow each other tick by tick, layers side by side (E2)."""

WEIGHTS = "weights come once, before the first tick, and maps never go to DRAM; bringing them is in no total"


@dataclass(frozen=True)
class CoreRow:
    """One estimate of the comparison."""

    executed: Executed
    placed: Placed
    cost: ChipCost | TileCost
    own_areas: dict[str, float] | None = None

    @property
    def samples(self) -> int:
        return self.executed.trace.samples

    def as_dict(self) -> dict[str, Any]:
        """A row of the JSON (docs/result.md); totals are sums over ``samples``."""
        run, cost, totals = self.placed.run, self.cost, self.placed.run.totals()
        chip, ledger = run.chip, run.ledger if run.ledgers else None
        if isinstance(cost, TileCost):
            assert isinstance(chip, Hardware)
            table, energy = cost.table, energy_of_tiles(run, cost, chip)
            lif, cold = lif_area_share(table, chip, run.leaks_multiplied), cost.cold.total_pj
            area = areas(table, chip, own=self.own_areas, multiplied=run.leaks_multiplied)
            drawn = sum(energy["standing"]["energy_pj"].values())
            energy["caveats"].append(WEIGHTS)
        else:
            assert isinstance(chip, Chip)
            lif, cold, energy = {}, None, energy_of_cores(run, cost, chip, self.executed.network)
            area, static = None, static_power(run, [cost.prices])
            drawn = 0.0 if static is None else static["energy_pj"]
        facts = self.executed.subject.facts(chip.name, SCHEDULE, 1, energy["prices"])
        return facts | {
            "totals": self._totals(ledger, drawn),
            "utilization": self._share(ledger, "ac_issued", "mac_issued"),
            "useful": self._share(ledger, "ac", "mac"),
            "weight_bytes": weight_memory_bytes(self.executed.network, weight_bits_of(chip)),
            "lif": self._lif(ledger),
            "lif_area_share": lif,
            "area": area,
            "dram_bytes": {name: ledger.total(*a) if ledger else 0 for name, a in OPERANDS.items()},
            "cycles": ledger.by_cause("array") if ledger else {},
            "caveats": [*self.executed.doubts, *energy["caveats"]],
            "unpriced": energy["unpriced"],
            "many_cores": {
                "cores_used": len(run.cores),
                "cores": grid_of(chip).cores,
                "packets": totals["sent"],
                "hops": totals["links_x"] + totals["links_y"],
                "time": {name: int(cycles.sum()) for name, cycles in causes(run).items()},
                "cold_start_pj": cold,
            },
        }

    def _totals(self, ledger: Ledger | None, standing_pj: float) -> dict[str, Any]:
        """Of event-driven cores ``ac`` are synaptic operations, of events of any value (E7)."""
        run, trace = self.placed.run, self.executed.trace
        spiking = [p.name for p in self.executed.network.populations if p.spikes]
        return {
            "cycles": int(run.cycles.sum()),
            "latency_ns": run.seconds() * 1e9,
            "ac": ledger.total("ac") if ledger else run.totals()["synapses"],
            "mac": ledger.total("mac") if ledger else None,
            "spikes": sum(len(trace.events[name].index) for name in spiking),
            "dram_bytes": ledger.total(*DRAM_BYTES) if ledger else 0,
            "energy_pj": self.cost.total_pj,
            "dram_standing_pj": 0.0,
            "standing_pj": standing_pj,
            "area_um2": area_of(run.chip, [self.cost], run.leaks_multiplied).total_um2,
        }

    def _lif(self, ledger: Ledger | None) -> dict[str, int | None]:
        """Of all tiles; of event-driven cores the width of a state is not told."""
        run = self.placed.run
        if ledger is None or not isinstance(run.chip, Hardware):
            return {"units": None, "memory_bytes": None, "updates": run.totals()["updates"]}
        memory = lif_memory_bytes(self.executed.network, run.chip)
        return {
            "units": run.chip.lif.units * run.grid.cores,
            "memory_bytes": memory,
            "updates": ledger.total("lif_update"),
        }

    def _share(self, ledger: Ledger | None, *actions: str) -> float | None:
        """Operations of those that the PEs of all tiles of the chip could do in the time of the run."""
        run = self.placed.run
        if ledger is None or not isinstance(run.chip, Hardware):
            return None
        peak = run.chip.peak_operations(self.executed.network.timesteps) * run.grid.cores
        cycles = int(run.cycles.sum())
        return ledger.total(*actions) / (cycles * peak) if cycles else 0.0


Slices = tuple[Sliced, Int | None]


def cut_for(network: Network, chips: list[Asked]) -> tuple[dict[str, Slices], dict[str, str]]:
    """The slices of a network for each chip by its name, and why a chip cannot hold it, with its words (W10).

    Raises HwsimError for a placement of a mapping that is not legal.
    """
    slices: dict[str, Slices] = {}
    refused: dict[str, str] = {}
    for one in chips:
        try:
            slices[one.chip.name] = cut(network, worded(one.chip, network), one.mapping, one.mapping_file)
        except HwsimError as error:
            if one.mapping.placement:
                raise HwsimError(f"{one.chip.name}: {error}") from None
            refused[one.chip.name] = str(error)
    return slices, refused


def rows_on(executed: Executed, asked: Asked, slices: Slices) -> list[CoreRow]:
    """A variant's rows on one chip: placed and run once, priced by each row of prices or each table."""
    placed = run_placed(slices, executed.trace, worded(asked.chip, executed.network))
    found: list[CoreRow] = []
    for one in asked.prices:
        prices: Prices = one if isinstance(one, CostTable) else (one,)
        found += [CoreRow(executed, placed, cost, asked.own_areas) for cost in priced(placed.run, prices)]
    return found
