"""Prices of what a chip of cores does: rows of hwsim/tables/chip_energy, each number with its source (E8)."""

from pathlib import Path
from typing import Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, field_validator, model_validator

from hwsim.configuration import Configured, load_yaml
from hwsim.cost.rows import MOST_PJ, StaticPower, Status
from hwsim.errors import HwsimError, nearest
from hwsim.storage import content_id

TABLES = Path(__file__).parents[1] / "tables" / "chip_energy"

COMPONENTS: dict[str, tuple[str, ...]] = {
    "synapse": ("synapse_dense", "synapse_conv", "synapse_other"),
    "update": ("update", "touched", "fired"),
    "send": ("send",),
    "receive": ("receive",),
    "hops": ("hop_x", "hop_y"),
    "barrier": ("barrier",),
    "static": (),
}
"""What each component of the energy is charged for; ``static`` is power x time."""

ITEMS: dict[str, str] = {
    "synapse_dense": "synapse of a dense projection that a spike came to",
    "synapse_conv": "synapse of a convolution that a spike came to",
    "synapse_other": "synapse of a pool or an identity that a spike came to",
    "update": "neuron updated",
    "touched": "neuron not at rest (E7), beside its update",
    "fired": "neuron updated that has an event, beside its update",
    "send": "packet or mark that a core sends, to itself too; those of the host are free",
    "receive": "packet or mark that a core takes",
    "hop_x": "link along x that a packet crosses, with the router behind it",
    "hop_y": "link along y that a packet crosses, with the router behind it",
    "barrier": "barrier that a core in use takes part in",
}
"""What a row can price, and what one of it is."""


class Price(Configured):
    """pJ of one ``item``; 0 where the source has it within another of its numbers."""

    item: str
    energy_pj: NonNegativeFloat = Field(le=MOST_PJ)
    status: Status
    source: str = Field(min_length=8)

    @field_validator("item")
    @classmethod
    def _known(cls, item: str) -> str:
        if item not in ITEMS:
            raise ValueError(f"unknown item.{nearest(item, list(ITEMS))}")
        return item


class ChipPrices(Configured):
    """Prices of one source for the chip called ``chip``; what has no row, and no ``static``, is unpriced."""

    name: str
    description: str
    node_nm: PositiveInt = Field(le=10**5)
    voltage_v: PositiveFloat | None
    chip: str
    rows: list[Price]
    static: StaticPower | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        items = [row.item for row in self.rows]
        if twice := [item for item in items if items.count(item) > 1]:
            raise ValueError(f"rows: {twice[0]} is there {items.count(twice[0])} times; allowed: once")
        return self

    @property
    def id(self) -> str:
        return content_id("chip_prices", self.model_dump())

    @property
    def unit_pj(self) -> dict[str, float | None]:
        """pJ of one of each item, None where there is no price."""
        known = {row.item: row.energy_pj for row in self.rows}
        return {item: known.get(item) for item in ITEMS}


def chip_prices() -> list[str]:
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


def load_prices(name: str) -> ChipPrices:
    """A row that ships with hwsim by name, or a YAML file by path."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return load_yaml(path, ChipPrices)
    if name not in chip_prices():
        raise HwsimError(f"unknown prices {name!r}.{nearest(name, chip_prices())} Or a .yaml file.")
    return load_yaml(TABLES / f"{name}.yaml", ChipPrices)


def prices_of(chip: str, node_nm: int) -> tuple[ChipPrices, ...]:
    """All rows that ship for a chip of this name; for another chip those of its node, or else all."""
    known = [load_prices(name) for name in chip_prices()]
    own = [row for row in known if row.chip == chip] or [row for row in known if row.node_nm == node_nm]
    return tuple(own or known)
