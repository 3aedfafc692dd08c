"""Prices of a chip: what one count of an action costs on it under a table, and its area."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from hwsim import sram
from hwsim.cost.components import COMPONENTS, OPERATIONS, STANDING
from hwsim.cost.rows import GridChoice
from hwsim.cost.structures import leak_multiplier, structure_area
from hwsim.cost.table import CostTable, interpolated
from hwsim.dram.table import DramTable
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware, Precision
from hwsim.ledger import DRAM_BYTES, DRAM_COMMANDS
from hwsim.memories import Buffer

FREE = ("decay_shift", "membrane_register_read", "hold_register_read", "pool_or")
"""Wires and gates below the resolution of every table."""


def composed_energy(table: CostTable, hardware: Hardware, action: str) -> float | None:
    """Energy of one array, LIF or lane action (pJ), of its whole row or of primitives at the chip's widths:

    ac = add(sum); mac = multiply(weight or activation, the wider) + add(sum); LIF and ReLU updates
    compare(state) + add(state), or compare(activation); biases and readouts add(state);
    decays of two powers of two add(state), other ones multiply(state); shortcuts add(sum);
    pe_cycles register(weight) + register(1); states and held sums kept in the array register(width).
    A whole row for b bits holds for widths up to b; wider than every row, at least what the widest costs.
    None where the table has no row of a part. Raises HwsimError where it has some, all narrower than the
    chip.
    """
    width = action_widths(hardware.precision).get(action)
    own = table.whole(action, width)
    if own is not None:
        return own
    total = 0.0
    for item, bits in recipes(hardware.precision)[action]:
        with _named(f"hardware {hardware.name!r}: precision.{_fields_of(hardware.precision, bits)} = {bits}"):
            part = table.of(item, bits)
        if part is None:
            return None
        total += part
    return total if width is None else max(total, table.widest(action))


def action_widths(p: Precision) -> dict[str, int]:
    """What the bits of a whole row mean (docs/design.md, Prices)."""
    return {"ac_issued": p.weight_bits, "mac_issued": p.widest_operand, "lif_update": p.state_bits}


def recipes(p: Precision) -> dict[str, tuple[tuple[str, int], ...]]:
    """Primitives of an action, each at the bits that the chip asks for."""
    return {
        "ac_issued": (("add", p.partial_sum_bits),),
        "mac_issued": (("multiply", p.widest_operand), ("add", p.partial_sum_bits)),
        "pe_cycles": (("register", p.weight_bits), ("register", 1)),
        "bias_add": (("add", p.state_bits),),
        "lif_update": (("compare", p.state_bits), ("add", p.state_bits)),
        "decay_add": (("add", p.state_bits),),
        "decay_multiply": (("multiply", p.state_bits),),
        "readout_update": (("add", p.state_bits),),
        "relu_update": (("compare", p.activation_bits),),
        "membrane_register_write": (("register", p.state_bits),),
        "hold_register_write": (("register", p.partial_sum_bits),),
        "vector_add": (("add", p.partial_sum_bits),),
        "vector_mac": (("multiply", p.widest_operand), ("add", p.partial_sum_bits)),
    }


def check_widths(table: CostTable, hardware: Hardware, actions: Iterable[str]) -> None:
    """Raises HwsimError where a primitive of these actions is narrower in the table than on the chip."""
    chosen = set(actions)
    for action in recipes(hardware.precision):
        if action in chosen:
            composed_energy(table, hardware, action)


def unit_energies(table: CostTable, hardware: Hardware) -> dict[str, float | None]:
    """Energy of one count of every action that costs any (pJ), by :func:`composed_energy`.

    None where the table does not say, or not for widths as wide as the chip's. A row named like an action
    wins. DRAM as in :func:`dram_energies`. Useful operations have an energy under a table of a whole chip
    alone, all else is within it and costs 0. Raises HwsimError for buffers outside the table.
    """
    if table.includes is not None:
        parts = (*(action for actions in COMPONENTS.values() for action in actions), *STANDING)
        return dict.fromkeys(parts, 0.0) | {action: table.whole(action) for action in OPERATIONS}
    energies: dict[str, float | None] = dict.fromkeys(FREE, 0.0)
    for action in recipes(hardware.precision):
        try:
            energies[action] = composed_energy(table, hardware, action)
        except HwsimError:
            energies[action] = None
    for name, buffer in hardware.buffers.present().items():
        with _named(f"hardware {hardware.name!r}: buffers.{name}"):
            read, write = buffer_energy(table, buffer, hardware.buffers.cell_type)
        energies[f"{name}_buffer_read"], energies[f"{name}_buffer_write"] = read, write
    energies |= dram_energies(table, hardware)
    widths = action_widths(hardware.precision)
    named = {action: table.whole(action, widths.get(action)) for action in energies}
    return energies | {action: energy for action, energy in named.items() if energy is not None}


@contextmanager
def _named(part: str) -> Iterator[None]:
    """What a table does not reach becomes an error of that part of the chip."""
    try:
        yield
    except HwsimError as error:
        raise HwsimError(f"{part}: {error}") from None


def _fields_of(precision: Precision, bits: int) -> str:
    """The widths of a chip that are of so many bits."""
    return " or ".join(name for name, value in precision.model_dump().items() if value == bits)


def command_table(table: CostTable, hardware: Hardware) -> DramTable | None:
    """The DRAM whose own energies count; None if bytes are priced by the cost table."""
    return hardware.dram.banked if table.dram == "device" else None


def flat_table(table: CostTable, hardware: Hardware) -> DramTable | None:
    """The flat DRAM whose own energy of a bit counts; None if it has none or the cost table prices bytes."""
    device = hardware.dram.device if table.dram == "device" else None
    return device if device and device.flat and device.flat.energy_pj_per_bit is not None else None


def byte_energy(table: CostTable, hardware: Hardware) -> float | None:
    """Energy of a byte to or from DRAM where bytes are priced (pJ): 8 * pJ a bit of a flat DRAM, or
    ``dram_byte``."""
    device = flat_table(table, hardware)
    if device is None or device.flat is None or device.flat.energy_pj_per_bit is None:
        return table.of("dram_byte")
    return 8 * device.flat.energy_pj_per_bit


def dram_energies(table: CostTable, hardware: Hardware) -> dict[str, float | None]:
    """Energy of a DRAM byte, or of a command and a rank's cycle (pJ); what is not priced by costs nothing.

    Bytes by :func:`byte_energy`. A read or write includes the IO of its bits where the DRAM's table has it.
    A cycle: mW * 1e9 / clock.
    """
    device = command_table(table, hardware)
    energies: dict[str, float | None] = dict.fromkeys((*DRAM_BYTES, *DRAM_COMMANDS), 0.0)
    if device is None:
        return energies | dict.fromkeys(DRAM_BYTES, byte_energy(table, hardware))
    e = device.energy
    assert e is not None
    io = 8 * device.burst_bytes * (e.io_pj_per_bit or 0.0)
    cycle = 1e9 / device.clock_hz
    return energies | {
        "dram_activates": e.activate_precharge_pj,
        "dram_reads": None if e.read_pj is None else e.read_pj + io,
        "dram_writes": None if e.write_pj is None else e.write_pj + io,
        "dram_refreshes": e.refresh_pj,
        "dram_active_cycles": None if e.active_mw is None else e.active_mw * cycle,
        "dram_precharged_cycles": None if e.precharged_mw is None else e.precharged_mw * cycle,
    }


def grid_of(table: CostTable, cell_type: str | None) -> GridChoice | None:
    """Where in the SRAM grid a table's memories lie, of the chip's own cell type if it has one.

    None where they are not of the grid.
    """
    grid = table.sram.grid if table.sram else None
    if grid is None or cell_type is None:
        return grid
    return grid.model_copy(update={"cell_type": cell_type})


def memory(grid: GridChoice, buffer: Buffer) -> sram.Access:
    """A buffer in the grid, energies and area times the factors of scaling; leakage is never scaled."""
    found = sram.access(grid.node_nm, grid.cell_type, buffer.capacity_bytes, buffer.word_bits)
    return sram.Access(
        found.read_pj * grid.energy_factor,
        found.write_pj * grid.energy_factor,
        found.area_um2 * grid.area_factor,
        found.leakage_mw,
    )


def buffer_energy(
    table: CostTable, buffer: Buffer, cell_type: str | None = None
) -> tuple[float | None, float | None]:
    """Energy of a word read and of a word write (pJ)."""
    if table.sram is None:
        return None, None
    if (grid := grid_of(table, cell_type)) is not None:
        found = memory(grid, buffer)
        return found.read_pj, found.write_pj
    if (word := table.sram.word) is not None:
        words = buffer.word_bits / word.word_bits
        return word.read_pj * words, word.write_pj * words
    points: list[tuple[int | None, float | None]] = [
        (p.capacity_bytes * 8, p.energy_pj / p.word_bits) for p in table.sram.points
    ]
    sizes = sorted(p.capacity_bytes for p in table.sram.points)
    if not sizes[0] <= buffer.capacity_bytes <= sizes[-1]:
        raise HwsimError(
            f"capacity_bytes = {buffer.capacity_bytes}: table {table.name!r} reaches from {sizes[0]} to "
            f"{sizes[-1]} bytes"
        )
    per_bit = interpolated(table.name, "SRAM", buffer.capacity_bytes * 8, points)
    assert per_bit is not None
    return per_bit * buffer.word_bits, per_bit * buffer.word_bits


def chip_area(table: CostTable, hardware: Hardware, multiplied: bool = False) -> dict[str, float]:
    """Area by component (um2): PEs, LIF units, buffers from the grid; accumulators and LIF units at the
    chip's widths (:mod:`hwsim.cost.structures`).

    A PE has a scratchpad, an accumulator for each of its time lanes, and, if the chip says so, a multiplier
    for the wider of weights and activations. ``multiplied``: leaks are, so that each LIF unit has one too.
    """
    kernels = table.areas
    grid = grid_of(kernels, hardware.buffers.cell_type)
    if grid is None:
        raise HwsimError(f"table {kernels.name!r} names no SRAM grid to take areas from")
    array = hardware.pe_array
    accumulator, unit = (structure_area(kernels, i, hardware.precision) for i in ("accumulator", "lif_unit"))
    unit += (leak_multiplier(kernels, hardware.precision) or 0.0) if multiplied else 0.0
    pe = array.lanes * accumulator + kernels.area("scratchpad")
    if array.multipliers:
        pe += kernels.area("multiply", hardware.precision.widest_operand)
    area = {
        "pe_array": array.rows * array.columns * pe,
        "lif_units": hardware.lif.units * unit,
    }
    for name, buffer in hardware.buffers.present().items():
        with _named(f"hardware {hardware.name!r}: buffers.{name}"):
            area[f"{name}_buffer"] = memory(grid, buffer).area_um2
    return area
