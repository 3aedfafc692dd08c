"""Scaling of logic between nodes and voltages: energy by a fit over voltage, area by node."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, log
from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt

from hwsim import sram
from hwsim.configuration import Configured, load_yaml
from hwsim.cost.rows import GridChoice, Row, SramEnergy
from hwsim.errors import HwsimError

TABLE = Path(__file__).parents[1] / "tables" / "scaling" / "stillmaker2017.yaml"
SOURCE = "Stillmaker and Baas, Integration 58:74-81, 2017"

Point = tuple[int, float | None]
"""Node (nm) and voltage (V), None where no source tells it."""


class EnergyNode(Configured):
    """E(V) = a V^2 + b V + c of one node, in any unit."""

    node_nm: PositiveInt
    a: float
    b: float
    c: float

    def at(self, voltage_v: float) -> float:
        return self.a * voltage_v**2 + self.b * voltage_v + self.c


class AreaNode(Configured):
    """Area of the same logic against the first node's."""

    node_nm: PositiveInt
    area: PositiveFloat


class Scaling(Configured):
    """Nodes from the largest to the smallest, and the voltages between which the fits are taken.

    ``assumed_v``: of a source that tells no voltage.
    """

    name: str
    description: str
    energy_nodes: list[EnergyNode] = Field(min_length=2)
    area_nodes: list[AreaNode] = Field(min_length=2)
    assumed_v: PositiveFloat
    lowest_v: PositiveFloat
    highest_v: PositiveFloat
    sources: dict[str, str]

    def energy(self, node_nm: int, voltage_v: float) -> float:
        """E of a node at a voltage, log-log between nodes. Raises HwsimError outside of either range."""
        if not self.lowest_v <= voltage_v <= self.highest_v:
            raise HwsimError(
                f"{voltage_v:g} V: energies are scaled between {self.lowest_v:g} and {self.highest_v:g} V"
            )
        return _log_log([(n.node_nm, n.at(voltage_v)) for n in self.energy_nodes], node_nm)

    def energy_factor(self, of: Point, to: Point) -> float:
        """Energy at (node, voltage) ``to`` over that at ``of``; a voltage of None is ``assumed_v``."""
        above, below = (self.energy(node, self.assumed_v if v is None else v) for node, v in (to, of))
        return above / below

    def area_factor(self, of: int, to: int) -> float:
        """Area of the same logic at node ``to`` over that at ``of``, log-log between nodes."""
        known = [(n.node_nm, n.area) for n in self.area_nodes]
        return _log_log(known, to) / _log_log(known, of)


@cache
def scaling() -> Scaling:
    """The factors that ship with hwsim."""
    return load_yaml(TABLE, Scaling)


@dataclass(frozen=True)
class Rescaling:
    """From one node and voltage to another: what energies and areas of logic are multiplied with."""

    of_point: Point
    to_point: Point
    energy: float
    area: float

    @staticmethod
    def of(of: Point, to: Point) -> "Rescaling":
        """Raises HwsimError outside of the sourced nodes and voltages."""
        factors = scaling()
        return Rescaling(of, to, factors.energy_factor(of, to), factors.area_factor(of[0], to[0]))

    def row(self, row: Row) -> Row:
        """Energy, energy of the clock and area; leakage stays, and all of DRAM."""
        if row.item.startswith("dram"):
            return row
        update = {
            "energy_pj": _times(row.energy_pj, self.energy),
            "clock_pj": _times(row.clock_pj, self.energy),
            "area_um2": _times(row.area_um2, self.area),
            "status": "interpolated",
            "source": f"{row.source}; {self._told()}",
        }
        return row.model_copy(update=update)

    def sram(self, memory: SramEnergy) -> SramEnergy:
        """The grid's own node where it has it, else its nearest times factors at one voltage.

        As it is where the node stays. Published points and words as logic.
        """
        word = memory.word
        update = {
            "grid": memory.grid and self._grid(memory.grid),
            "points": [
                point.model_copy(update={"energy_pj": point.energy_pj * self.energy})
                for point in memory.points
            ],
            "word": word
            and word.model_copy(
                update={"read_pj": word.read_pj * self.energy, "write_pj": word.write_pj * self.energy}
            ),
            "status": "interpolated",
            "source": f"{memory.source}; {self._of_memory(memory)}",
        }
        return memory.model_copy(update=update)

    def notes(self, table: str, memory: SramEnergy | None) -> list[str]:
        """What is scaled, by how much, and what is not."""
        told = [f"logic of table {table}: {self._told()}; DRAM, hops, routers and leakage are not scaled"]
        return told if memory is None else [*told, f"SRAM of table {table}: {self._of_memory(memory)}"]

    def _grid(self, grid: GridChoice) -> GridChoice:
        node = self.to_point[0]
        if node == self.of_point[0]:
            return grid
        nearest = _nearest(grid, node)
        factors = scaling()
        update = {
            "node_nm": nearest,
            "energy_factor": factors.energy_factor((nearest, None), (node, None)),
            "area_factor": factors.area_factor(nearest, node),
        }
        return grid.model_copy(update=update)

    def _told(self) -> str:
        ends = (_point(point) for point in (self.of_point, self.to_point))
        factors = f"energy x {self.energy:.4g}, area x {self.area:.4g}"
        return f"scaled from {' to '.join(ends)}: {factors} ({SOURCE}, log-log between nodes)"

    def _of_memory(self, memory: SramEnergy) -> str:
        if memory.grid is None:
            return self._told()
        grid = self._grid(memory.grid)
        if self.to_point[0] == self.of_point[0]:
            return f"as it is, the grid's {grid.node_nm} nm, at the voltage of its cells"
        if grid.node_nm == self.to_point[0]:
            return f"the grid's own {grid.node_nm} nm, at the voltage of its cells"
        return (
            f"the grid's {grid.node_nm} nm, at the voltage of its cells, times the factors of logic to "
            f"{self.to_point[0]} nm: energy x {grid.energy_factor:.4g}, area x {grid.area_factor:.4g}"
        )


def _nearest(grid: GridChoice, node_nm: int) -> int:
    """The node of the SRAM grid nearest to another in ratio, of the same cells."""
    nodes = [node for node, cell in sram.nodes() if cell == grid.cell_type]
    if not nodes:
        raise HwsimError(f"no SRAM of type {grid.cell_type!r}")
    return min(nodes, key=lambda node: abs(log(node / node_nm)))


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _point(point: Point) -> str:
    node, voltage = point
    told = f"an assumed {scaling().assumed_v:g}" if voltage is None else f"{voltage:g}"
    return f"{node} nm, {told} V"


def _log_log(known: Sequence[tuple[int, float]], node_nm: int) -> float:
    """Value at a node, a power law between its neighbors. Raises HwsimError outside of them."""
    nodes = sorted(known)
    if not nodes[0][0] <= node_nm <= nodes[-1][0]:
        raise HwsimError(f"{node_nm} nm: logic is scaled between {nodes[0][0]} and {nodes[-1][0]} nm")
    low = max(n for n in nodes if n[0] <= node_nm)
    high = min(n for n in nodes if n[0] >= node_nm)
    if low == high:
        return low[1]
    way = log(node_nm / low[0]) / log(high[0] / low[0])
    return exp((1 - way) * log(low[1]) + way * log(high[1]))
