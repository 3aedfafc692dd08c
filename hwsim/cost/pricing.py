"""What a ledger costs: counts times unit energies, per layer and component; nothing is simulated again."""

import json
from dataclasses import dataclass
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, ValidationError

from hwsim.configuration import Configured, describe
from hwsim.cost.components import COMPONENTS, OPERATIONS, STANDING, WHOLE
from hwsim.cost.standing import standing_power
from hwsim.cost.table import CostTable
from hwsim.cost.unit_prices import check_widths, chip_area, unit_energies
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.json_text import parsed
from hwsim.ledger import ACTIONS, Ledger
from hwsim.storage import check_file, content_id, damage_named, write_text


class _Json(Configured):
    """The JSON of a cost, type by type."""

    table: str
    layers: list[str]
    actions: list[str]
    unit_pj: dict[str, NonNegativeFloat | None]
    energy_pj: list[list[float]]
    area_um2: dict[str, NonNegativeFloat]
    unpriced: list[str]
    standing_mw: dict[str, NonNegativeFloat | None]
    latency_ns: NonNegativeFloat


@dataclass(frozen=True, eq=False)
class Cost:
    """Energy per layer and action (pJ), its unit energies, and area by component (um2).

    ``unpriced``: actions that happened and would cost energy, but for which the table has no number.
    ``standing_mw``: power that flows whatever happens, by what draws it, None where the table has no number;
    ``latency_ns``: for how long.
    """

    table: str
    layers: tuple[str, ...]
    unit_pj: dict[str, float | None]
    energy_pj: NDArray[np.float64]
    area_um2: dict[str, float]
    unpriced: tuple[str, ...]
    standing_mw: dict[str, float | None]
    latency_ns: float

    @property
    def total_pj(self) -> float:
        """Dynamic energy: of everything in COMPONENTS, or of useful operations under a whole chip's table."""
        return fsum(self.by_component().values())

    @property
    def dram_standing_pj(self) -> float:
        """Background and refresh of a DRAM that plays commands, not in ``total_pj``."""
        return fsum(self._actions(STANDING).ravel())

    def standing(self) -> dict[str, float]:
        """Energy of what flows over the time of the run (pJ): mW * ns, and the DRAM's. Not in ``total_pj``.

        What the table has no number for is left out, see :meth:`standing_unpriced`.
        """
        powered = {name: mw * self.latency_ns for name, mw in self.standing_mw.items() if mw is not None}
        return powered | {"dram": self.dram_standing_pj}

    @property
    def standing_pj(self) -> float:
        """Sum of :meth:`standing`."""
        return fsum(self.standing().values())

    def standing_unpriced(self) -> tuple[str, ...]:
        return tuple(name for name, mw in self.standing_mw.items() if mw is None)

    @property
    def components(self) -> dict[str, tuple[str, ...]]:
        """COMPONENTS, and one of useful operations where a whole chip's table prices them."""
        return COMPONENTS | ({WHOLE: OPERATIONS} if set(OPERATIONS) & set(self.unit_pj) else {})

    def by_component(self) -> dict[str, float]:
        return {name: fsum(self._actions(actions).ravel()) for name, actions in self.components.items()}

    def by_constant(self) -> dict[str, float]:
        """Energy by the action whose constant it is charged at (pJ), without what DRAMs spend over time."""
        each = zip(ACTIONS, self.energy_pj.sum(axis=0), strict=True)
        return {action: float(energy) for action, energy in each if action not in STANDING}

    def by_layer(self) -> dict[str, dict[str, float]]:
        """Energy of each layer by component (pJ)."""
        sums = {name: self._actions(actions).sum(axis=1) for name, actions in self.components.items()}
        return {
            layer: {name: float(column[i]) for name, column in sums.items()}
            for i, layer in enumerate(self.layers)
        }

    def _actions(self, actions: tuple[str, ...]) -> NDArray[np.float64]:
        names = list(ACTIONS)
        return self.energy_pj[:, [names.index(a) for a in actions]]

    def verify(self) -> None:
        if not np.isfinite(self.energy_pj).all() or (self.energy_pj < 0).any():
            raise HwsimError(f"cost under table {self.table!r}: an energy is negative or not finite")

    @property
    def id(self) -> str:
        return content_id("cost", self.as_dict())

    def save(self, path: Path) -> None:
        write_text(path, json.dumps(self.as_dict(), indent=1, allow_nan=False) + "\n")

    @staticmethod
    def load(path: Path) -> "Cost":
        """Read a saved cost. Raises HwsimError naming the file if it is damaged."""
        check_file(path)
        with damage_named(path, "cost"):
            return Cost.from_dict(parsed(path.read_text(encoding="utf-8")))

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON values; :meth:`from_dict` reads it back."""
        return {
            "table": self.table,
            "layers": list(self.layers),
            "actions": list(ACTIONS),
            "unit_pj": self.unit_pj,
            "energy_pj": self.energy_pj.tolist(),
            "area_um2": self.area_um2,
            "unpriced": list(self.unpriced),
            "standing_mw": self.standing_mw,
            "latency_ns": self.latency_ns,
        }

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "Cost":
        if not isinstance(values, dict) or values.get("actions") != list(ACTIONS):
            raise HwsimError("this cost was written with other actions")
        try:
            of = _Json.model_validate(values)
        except ValidationError as error:
            raise HwsimError(describe(error, _Json, "cost")) from None
        energy = np.array(of.energy_pj, np.float64).reshape(len(of.layers), len(ACTIONS))
        cost = Cost(
            of.table, tuple(of.layers), of.unit_pj, energy, of.area_um2, tuple(of.unpriced), of.standing_mw,
            of.latency_ns,
        )  # fmt: skip
        cost.verify()
        return cost


def price(ledger: Ledger, hardware: Hardware, table: CostTable) -> Cost:
    """Energy = counts * unit energies; standing power over the elapsed time; area from the chip.

    No simulation: a call takes about a millisecond. Raises HwsimError where an action that happened is of
    widths beyond the table.
    """
    units = unit_energies(table, hardware)
    charged = {a for actions in (*COMPONENTS.values(), STANDING) for a in actions} | set(OPERATIONS) & set(
        units
    )
    vector = np.array([units.get(a) or 0.0 if a in charged else 0.0 for a in ACTIONS])
    unpriced = tuple(a for a in ACTIONS if a in charged and units.get(a) is None and ledger.total(a) > 0)
    check_widths(table, hardware, unpriced)
    area = chip_area(table, hardware, ledger.leaks_multiplied)
    power = standing_power(table, hardware)
    latency = ledger.elapsed_cycles * 1e9 / hardware.clock_hz
    return Cost(table.name, ledger.layers, units, ledger.counts * vector, area, unpriced, power, latency)
