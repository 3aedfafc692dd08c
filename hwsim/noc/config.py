"""Network-on-chip as a table row: grid, routers, their delays and their queues (docs/noc.md, R1-R4)."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PositiveInt, ValidationError, model_validator

from hwsim.configuration import Configured, describe, load_yaml
from hwsim.errors import HwsimError, nearest

TABLES = Path(__file__).parent.parent / "tables" / "noc"

LARGEST_SIDE = 256


class Delays(Configured):
    """Cycles of the router's stages and of the wires; a wire of latency l takes l + 1 cycles (R9).

    ``routing`` 0 is look-ahead routing. ``link`` and ``credit_link`` are between routers, ``injection`` and
    ``ejection`` between a tile and its router, for flits and credits. ``link_y`` and ``credit_link_y`` are
    for wires along y; null: as along x.
    """

    routing: int = Field(ge=0, le=60)
    vc_allocation: int = Field(ge=1, le=60)
    switch_allocation: int = Field(ge=1, le=60)
    switch_traversal: int = Field(ge=1, le=60)
    credit: int = Field(ge=0, le=60)
    link: int = Field(ge=1, le=60)
    credit_link: int = Field(ge=1, le=60)
    injection: int = Field(ge=1, le=60)
    ejection: int = Field(ge=1, le=60)
    link_y: int | None = Field(default=None, ge=1, le=60)
    credit_link_y: int | None = Field(default=None, ge=1, le=60)

    @property
    def links(self) -> tuple[int, int]:
        """Latencies of flits between routers along x and along y."""
        return self.link, self.link if self.link_y is None else self.link_y

    @property
    def credit_links(self) -> tuple[int, int]:
        """Latencies of credits between routers along x and along y."""
        return self.credit_link, self.credit_link if self.credit_link_y is None else self.credit_link_y


class NocTable(Configured):
    """A grid of ``width`` x ``height`` tiles, each with a router of five ports.

    ``ties``: which way round a torus a packet goes where both are equally long (R5).
    ``receive_queue_flits``: slots of a tile's receive queue, null without limit; the tile takes a flit out
    every ``drain_cycles``. ``multicast``: a packet to several tiles is a ``tree`` or ``copies``.
    ``stuck_cycles``: so long without any flit moving is reported as a deadlock.
    """

    name: str
    description: str
    topology: Literal["mesh", "torus"]
    width: int = Field(ge=1, le=LARGEST_SIDE)
    height: int = Field(ge=1, le=LARGEST_SIDE)
    routing: Literal["xy", "yx"]
    ties: Literal["parity", "coin"] = "parity"
    virtual_channels: int = Field(ge=1, le=16)
    buffer_flits: int = Field(ge=1, le=64)
    flit_bits: PositiveInt = Field(le=4096)
    delays: Delays
    receive_queue_flits: int | None = Field(ge=1, le=2**16)
    drain_cycles: PositiveInt = Field(le=2**20)
    multicast: Literal["tree", "copies"]
    stuck_cycles: int = Field(ge=1000, le=10**9)
    sources: dict[str, str]

    @model_validator(mode="after")
    def _dateline(self) -> Self:
        if self.topology == "torus" and self.virtual_channels < 2:
            raise ValueError(
                "virtual_channels of 1: a torus needs 2 or more, one for each side of its dateline"
            )
        return self

    @property
    def tiles(self) -> int:
        return self.width * self.height

    @property
    def links(self) -> int:
        """Wires between routers, each direction on its own; a torus has as many in each as it has routers."""
        if self.topology == "torus":
            return 4 * self.tiles
        return 2 * ((self.width - 1) * self.height + self.width * (self.height - 1))

    def changed(self, **update: Any) -> "NocTable":
        """The same network with other fields; ``delays`` may be a mapping of some of them.

        None leaves a field as it is. Raises HwsimError naming a field that is wrong.
        """
        values = self.model_dump()
        given = {name: value for name, value in update.items() if value is not None}
        values["delays"] |= {k: v for k, v in given.pop("delays", {}).items() if v is not None}
        try:
            return NocTable.model_validate(values | given)
        except ValidationError as error:
            raise HwsimError(describe(error, NocTable, f"network-on-chip {self.name!r}", None)) from None


def nocs() -> list[str]:
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


def load_noc(name: str) -> NocTable:
    """A network-on-chip that ships with hwsim by name, or a YAML file by path."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return load_yaml(path, NocTable)
    if name not in nocs():
        raise HwsimError(f"unknown network-on-chip {name!r}.{nearest(name, nocs())} Or a .yaml file.")
    return load_yaml(TABLES / f"{name}.yaml", NocTable)
