"""Area of a tile by component, from several sources side by side, and what sharing LIF units saves of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum
from typing import Any

from hwsim.cost import CostTable, grid_of, leak_multiplier, load_table, memory, structure_area, suffix
from hwsim.cost.rows import MOST_UM2
from hwsim.errors import HwsimError, nearest
from hwsim.hardware import Hardware, Precision
from hwsim.network import Network

SOURCES = {"kernels": "lif_unit", "fitted": "lif_unit_fitted"}
"""Published kernels, and the sharing paper's ratio of a LIF unit to the rest of its PE."""

TABLES = {"kernels": "sata_kernels", "fitted": "sata_kernels", "synthesis": "synthesis45"}
"""Where the areas of each source are from, whatever table prices the energy."""

TOLD = {
    "kernels": "SATA_Sim's units: a 16-bit comparator and subtractor with a 4-bit and an 8-bit register",
    "fitted": "1.604 accumulators, from EfficientLIF-Net's Fig. 10; which registers are in it is not told",
    "synthesis": "open synthesis, cells only: 16 bits, shift leak, soft reset, membrane and spike registers",
    "table": "areas that the energy table names",
    "own": "numbers given with --area, kernels for the rest",
}
"""What a LIF unit is in each source."""

OWN = ("accumulator", "lif_unit", "lif_registers", "scratchpad", "multiply")
"""Areas that ``--area`` takes (um2); ``multiply``: one at the chip's width."""


def lif_area_share(table: CostTable, hardware: Hardware, multiplied: bool = False) -> dict[str, float]:
    """Share of the LIF units in the area of accumulators and LIF units together, by source.

    U a_LIF / (U a_LIF + R C lanes a_accumulator), one accumulator for each parallel time lane of a PE, both
    at the chip's widths; a LIF unit's multiplier where leaks are ``multiplied``. Buffers, scratchpads and
    PEs' multipliers are left out, as in the paper. Sources without such rows are left out.
    """
    kernels = table.areas
    accumulators = _accumulators(hardware)
    shares = {}
    for source, item in SOURCES.items():
        try:
            lif = _lif_unit(kernels, hardware.precision, item, multiplied) * hardware.lif.units
            rest = structure_area(kernels, "accumulator", hardware.precision) * accumulators
        except HwsimError:
            continue
        shares[source] = lif / (lif + rest)
    return shares


@dataclass(frozen=True)
class TileArea:
    """Areas of one tile (um2). ``registers``: of the LIF units' states; None where a source has them within
    its units. ``routers``: None where the network-on-chip's row has no area; 0 without a network."""

    table: str
    node_nm: int
    accumulators: float
    multipliers: float
    scratchpads: float
    units: float
    registers: float | None
    buffers: float
    routers: float | None

    @property
    def lif(self) -> float:
        return self.units + (self.registers or 0.0)

    @property
    def total(self) -> float:
        """Of what has an area."""
        pes = self.accumulators + self.multipliers + self.scratchpads
        return fsum((pes, self.lif, self.buffers, self.routers or 0.0))

    @property
    def lif_share(self) -> float:
        """Of accumulators and LIF units, states' registers among these."""
        return self.lif / (self.lif + self.accumulators)

    def shared(self, units: float, registers: bool) -> dict[str, float] | None:
        """With ``units`` of the LIF units left over (a share), and of their registers if they go too.

        ``saving`` is of accumulators and LIF units. None where registers are to stay and are not told apart.
        """
        if self.registers is None and not registers:
            return None
        lif = self.units * units + (self.registers or 0.0) * (units if registers else 1.0)
        return {
            "lif_um2": lif,
            "total": self.total - self.lif + lif,
            "lif_share": lif / (lif + self.accumulators),
            "saving": (self.lif - lif) / (self.lif + self.accumulators),
        }

    def as_dict(self) -> dict[str, Any]:
        return {
            "table": self.table,
            "node_nm": self.node_nm,
            "pe_array": self.accumulators + self.multipliers,
            "scratchpads": self.scratchpads,
            "lif_units": self.units,
            "state_registers": self.registers,
            "buffers": self.buffers,
            "routers": self.routers,
            "total": self.total,
            "lif_share": self.lif_share,
        }


def areas(
    table: CostTable,
    hardware: Hardware,
    groups: int = 1,
    own: Mapping[str, float] | None = None,
    multiplied: bool = False,
) -> dict[str, Any]:
    """The object ``area`` of result.json: one tile by source, and with states shared in ``groups`` turns;
    ``multiplied``: leaks are, by a multiplier in each LIF unit.

    Sources are TABLES, the areas of ``table`` where they are of neither, and ``own`` numbers, with kernels
    for what they leave out; all scaled to the node of ``table`` where that is scaled. One that does not reach
    to the chip's widths is missing, and why.
    """
    node = table.areas_scaled_to
    named = {s: load_table(name if node is None else name + suffix(node, None)) for s, name in TABLES.items()}
    if table.areas.name not in {kernels.name for kernels in named.values()}:
        named["table"] = table.areas
    if own:
        named["own"] = named["kernels"]
    found, missing = {}, {}
    for source, kernels in named.items():
        unit = SOURCES.get(source, "lif_unit")
        try:
            found[source] = tile_area(kernels, hardware, unit, own if source == "own" else None, multiplied)
        except HwsimError as error:
            missing[source] = str(error)
    told: dict[str, Any] = {
        "tiles": 1 if hardware.grid is None else hardware.grid.cores,
        "sources": {source: area.as_dict() | {"what": TOLD[source]} for source, area in found.items()},
        "missing": missing,
        "sharing": None,
    }
    if groups > 1:
        units = hardware.lif.units
        left = -(-units // groups)
        told["sharing"] = {
            "groups": groups,
            "units": left,
            "sources": {
                source: {
                    "all_shared": area.shared(left / units, registers=True),
                    "logic_shared": area.shared(left / units, registers=False),
                }
                for source, area in found.items()
            },
        }
    return told


def tile_area(
    kernels: CostTable,
    hardware: Hardware,
    lif_unit: str = "lif_unit",
    own: Mapping[str, float] | None = None,
    multiplied: bool = False,
) -> TileArea:
    """One tile's areas under a table of areas, ``own`` numbers before its rows.

    R C lanes accumulators, R C scratchpads and multipliers, U LIF units, buffers from the table's SRAM grid,
    and of the network-on-chip a router's share. Accumulators and LIF units are at the chip's widths, and a
    unit has a multiplier where leaks are ``multiplied``; the user's own are as given. Raises HwsimError where
    the table lacks one of them.
    """
    own = own or {}
    array, units = hardware.pe_array, hardware.lif.units
    grid = grid_of(kernels, hardware.buffers.cell_type)
    if grid is None:
        raise HwsimError(f"table {kernels.name!r} names no SRAM grid to take areas from")
    pes, width = array.rows * array.columns, hardware.precision.widest_operand
    multiplier = 0.0
    if array.multipliers:
        multiplier = own["multiply"] if "multiply" in own else kernels.area("multiply", width)

    def item(name: str) -> float:
        return own[name] if name in own else structure_area(kernels, name, hardware.precision)

    unit = (
        own["lif_unit"] if "lif_unit" in own else _lif_unit(kernels, hardware.precision, lif_unit, multiplied)
    )
    registers = _registers(kernels, hardware.precision, lif_unit, own)
    return TileArea(
        kernels.name if not own else f"own numbers, else {kernels.name}",
        kernels.node_nm,
        _accumulators(hardware) * item("accumulator"),
        pes * multiplier,
        pes * item("scratchpad"),
        units * (unit - (registers or 0.0)),
        None if registers is None else units * registers,
        fsum(memory(grid, buffer).area_um2 for buffer in hardware.buffers.present().values()),
        _router(hardware),
    )


def channel_groups(network: Network) -> int:
    """How many groups of channels take turns at one state, in the layer where they are most."""
    return max((p.channel_groups for p in network.populations), default=1)


def parse_own(text: str) -> dict[str, float]:
    """``lif_unit=129.2,accumulator=96.9`` as areas (um2). Raises HwsimError naming what is wrong."""
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        if name not in OWN:
            raise HwsimError(f"--area {part.strip()!r}: unknown item.{nearest(name, list(OWN))}")
        if name in found:
            raise HwsimError(f"--area: {name} is there twice")
        if not equals or not re.fullmatch(r"\d+(\.\d+)?", number, re.ASCII) or float(number) > MOST_UM2:
            raise HwsimError(f"--area {part.strip()!r}: an area is a number of um2, as in {name}=129.2")
        found[name] = float(number)
    if "lif_registers" in found and found["lif_registers"] > found.get("lif_unit", 0.0):
        raise HwsimError("--area: lif_registers are a part of lif_unit: give that too, and larger")
    if not found.get("lif_unit", 1.0) and not found.get("accumulator", 1.0):
        raise HwsimError("--area: lif_unit and accumulator are both 0: neither has a share")
    return found


def check_own(own: Mapping[str, float], chips: Iterable[Hardware]) -> None:
    """Raises HwsimError for an area that no tile of ``chips`` has: it would change nothing."""
    tiles = list(chips)
    if "multiply" in own and not any(tile.pe_array.multipliers for tile in tiles):
        names = ", ".join(tile.name for tile in tiles)
        raise HwsimError(f"--area multiply: without effect, no multipliers in {names}; leave it out")


def _accumulators(hardware: Hardware) -> int:
    array = hardware.pe_array
    return array.rows * array.columns * array.lanes


def _lif_unit(kernels: CostTable, precision: Precision, item: str, multiplied: bool) -> float:
    multiplier = leak_multiplier(kernels, precision) if multiplied else None
    return structure_area(kernels, item, precision) + (multiplier or 0.0)


def _registers(
    kernels: CostTable, precision: Precision, lif_unit: str, own: Mapping[str, float]
) -> float | None:
    """Area of the registers of a LIF unit; None where its source does not tell them apart."""
    if "lif_unit" in own or "lif_registers" in own:
        return own.get("lif_registers")
    if lif_unit != "lif_unit" or not any(row.item == "lif_registers" for row in kernels.rows):
        return None
    return structure_area(kernels, "lif_registers", precision)


def _router(hardware: Hardware) -> float | None:
    """A tile's part of its router."""
    if hardware.grid is None:
        return 0.0
    router = hardware.grid.hop_energy.router_area_um2
    return None if router is None else router / hardware.grid.cores_per_router
