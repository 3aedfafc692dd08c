"""One ledger priced by every table: least and most, what dominates, and which conclusions turn."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Protocol, TypeVar

from hwsim.cost.pricing import price
from hwsim.cost.table import CostTable, load_table, tables
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger


class Spending(Protocol):
    """What counts come to at the constants of one source (pJ): as a whole, by what spends it, and by the
    constant that it is charged at. ``unpriced``: what happened and has no number there."""

    @property
    def total_pj(self) -> float: ...

    @property
    def unpriced(self) -> tuple[str, ...]: ...

    def by_component(self) -> dict[str, float]: ...

    def by_constant(self) -> dict[str, float]: ...


class Source(Protocol):
    """A table of constants."""

    @property
    def name(self) -> str: ...

    @property
    def node_nm(self) -> int: ...


S = TypeVar("S", bound=Source)


@dataclass(frozen=True)
class Priced:
    """What one table says. ``dominant``: the action that costs most, and its share of the energy; None where
    nothing costs anything. ``unpriced``: what happened and has no number there."""

    table: str
    node_nm: int
    energy_pj: float
    by_component: dict[str, float]
    dominant: tuple[str, float] | None
    unpriced: tuple[str, ...]
    against_pj: float | None = None

    @property
    def ratio(self) -> float | None:
        """Energy over that of what it is compared with; None without it, or where that costs so little
        that no number holds the ratio."""
        found = self.energy_pj / self.against_pj if self.against_pj else inf
        return found if isfinite(found) else None

    def as_dict(self) -> dict[str, Any]:
        """A row of ``sensitivity`` in result.json (docs/result.md)."""
        return {
            "table": self.table,
            "node_nm": self.node_nm,
            "energy_pj": self.energy_pj,
            "energy_pj_by_component": self.by_component,
            "dominating": self.dominant and {"constant": self.dominant[0], "share": self.dominant[1]},
            "complete": not self.unpriced,
            "unpriced": list(self.unpriced),
            "ann_energy_pj": self.against_pj,
            "ratio": self.ratio,
        }


@dataclass(frozen=True)
class Sensitivity:
    """``rows``: by rising energy; ``refused``: why a table cannot price the chip at all."""

    rows: tuple[Priced, ...]
    refused: dict[str, str]

    @property
    def span(self) -> float | None:
        """The most that a table says over the least; None without rows, or where the least is so
        little that no number holds the ratio."""
        if not self.rows or not self.rows[0].energy_pj:
            return None
        found = self.rows[-1].energy_pj / self.rows[0].energy_pj
        return found if isfinite(found) else None

    @property
    def verdicts(self) -> dict[str, list[str]]:
        """Tables by what they say of the comparison: ``cheaper``, ``dearer``, ``equal``."""
        found: dict[str, list[str]] = {"cheaper": [], "dearer": [], "equal": []}
        for row in self.rows:
            if row.against_pj is not None:
                found[verdict(row.energy_pj, row.against_pj)].append(row.table)
        return found

    @property
    def flips(self) -> bool:
        """Whether tables disagree on which of the two costs less."""
        return sum(bool(names) for names in self.verdicts.values()) > 1

    def as_dict(self) -> dict[str, Any]:
        """``sensitivity`` of result.json."""
        return {
            "rows": [row.as_dict() for row in self.rows],
            "refused": self.refused,
            "span": self.span,
            "ann_verdicts": self.verdicts,
            "flips": self.flips,
        }


def verdict(energy: float, other: float) -> str:
    """Whether an energy is ``cheaper`` or ``dearer`` than another, or ``equal``."""
    if energy == other:
        return "equal"
    return "cheaper" if energy < other else "dearer"


def every_table(asked: Iterable[CostTable] = ()) -> list[CostTable]:
    """All that ship, and those that were asked for in place of one of their name."""
    known = {name: load_table(name) for name in tables()}
    return list((known | {table.name: table for table in asked}).values())


def sensitivity(
    ledger: Ledger,
    hardware: Hardware,
    against: tuple[Ledger, Hardware, float] | None = None,
    chosen: Iterable[CostTable] | None = None,
) -> Sensitivity:
    """Price a ledger by every table, or those ``chosen``; nothing is simulated again.

    ``against``: another ledger, its chip, and how many times it counts; tables of whole spiking chips have no
    number for it.
    """

    def other(table: CostTable) -> Spending | None:
        return price(against[0], against[1], table) if against and table.includes is None else None

    often = against[2] if against else 1.0
    return by_sources(
        every_table() if chosen is None else chosen, lambda t: price(ledger, hardware, t), other, often
    )


def by_sources(
    chosen: Iterable[S],
    spending: Callable[[S], Spending],
    against: Callable[[S], Spending | None] = lambda _source: None,
    often: float = 1.0,
) -> Sensitivity:
    """What every one of ``chosen`` says, beside ``often`` times what it says of something else.

    One that raises HwsimError is ``refused``; one that has no number for some of what happened bounds the
    energy from below.
    """
    rows, refused = [], {}
    for source in chosen:
        try:
            cost, other = spending(source), against(source)
        except HwsimError as error:
            refused[source.name] = str(error)
            continue
        rows.append(
            Priced(
                source.name,
                source.node_nm,
                cost.total_pj,
                cost.by_component(),
                dominant(cost),
                tuple(dict.fromkeys((*cost.unpriced, *(other.unpriced if other else ())))),
                other.total_pj * often if other else None,
            )
        )
    return Sensitivity(tuple(sorted(rows, key=lambda row: (row.energy_pj, row.table))), refused)


def dominant(cost: Spending) -> tuple[str, float] | None:
    """The constant that weighs most in the energy, the first of equals, and its share of it."""
    spent = cost.by_constant()
    constant = max(spent, key=spent.__getitem__)
    return (constant, spent[constant] / cost.total_pj) if spent[constant] else None
