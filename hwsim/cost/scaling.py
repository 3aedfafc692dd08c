"""Scaling of logic between nodes and voltages: energy by a fit over voltage, area by node."""

from collections.abc import Sequence
from functools import cache
from math import exp, log
from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt

from hwsim.configuration import Configured, load_yaml
from hwsim.errors import HwsimError

TABLE = Path(__file__).parents[1] / "tables" / "scaling" / "stillmaker2017.yaml"
SOURCE = "Stillmaker and Baas, Integration 58:74-81, 2017"


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

    def energy_factor(self, of: tuple[int, float | None], to: tuple[int, float | None]) -> float:
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
