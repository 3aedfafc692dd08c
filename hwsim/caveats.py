"""What a reader of a price must know: whose numbers they are, and where they are for another chip."""

from hwsim import sram
from hwsim.cost import (
    CostTable,
    action_widths,
    byte_energy,
    command_table,
    flat_table,
    recipes,
    width_caveats,
)
from hwsim.hardware import Hardware, Precision
from hwsim.ledger import DRAM_BYTES, DRAM_COMMANDS


def caveats(
    table: CostTable, hardware: Hardware, all_on_one: bool = True, multiplied: bool = False
) -> list[str]:
    """Whose energies price the DRAM, and where constants are for another node or width than the chip's.

    ``all_on_one``: one tile ran everything, which is told of a chip of several. ``multiplied``: leaks are.
    """
    found = [_dram_caveat(table, hardware) if table.includes is None else _whole_caveat(table)]
    if all_on_one and hardware.grid is not None and hardware.grid.cores > 1:
        found.append(f"the chip has {hardware.grid.cores} tiles; these are the costs of running all on one")
    own = [action for action in (*DRAM_BYTES, *DRAM_COMMANDS) if table.whole(action) is not None]
    if own:
        found.append(f"table {table.name} prices {', '.join(own)} itself")
    if table.sram is not None and table.sram.word is not None:
        found.append(f"buffers are priced as the memory of table {table.name}, whatever their capacity")
    if table.node_nm != hardware.node_nm:
        found.append(
            f"energies of table {table.name} are for {table.node_nm} nm, the chip is of {hardware.node_nm} nm"
        )
    found += width_of_beats(hardware)
    found += table.notes
    kernels, precision = table.areas, hardware.precision
    found += _width_caveats(table, precision)
    if kernels.name != table.name:
        found += [f"areas: {note}" for note in kernels.notes]
    if kernels.node_nm != hardware.node_nm:
        found.append(
            f"areas of table {kernels.name} are for {kernels.node_nm} nm, the chip is of "
            f"{hardware.node_nm} nm"
        )
    for name, buffer in hardware.buffers.present().items():
        if not sram.is_one_macro(buffer.capacity_bytes, buffer.word_bits):
            found.append(f"the {name} buffer is more than one SRAM; wires between them are not counted")
    return found + width_caveats(kernels, precision, multiplied)


def width_of_beats(hardware: Hardware) -> list[str]:
    """Where a beat of the array takes more bits than the words of a buffer bring in a cycle (P2, P4).

    Counts and energies are of the words; time is not. Own streams take a word of a bank for each access;
    inputs are spikes, or on a chip with multipliers activations.
    """
    array, precision, buffers = hardware.pe_array, hardware.precision, hardware.buffers
    weights = array.rows if array.dataflow == "is" else array.extent("N")
    brought = buffers.weight.word_bits
    if array.streams == "shared":
        brought *= buffers.weight.banks * buffers.weight.ports
    inputs = {"os": array.extent("M") * array.extent("T") * array.lanes, "ws": array.rows * array.lanes}
    value = precision.activation_bits if array.multipliers else 1
    found = []
    for name, needed, width in (
        ("weight", 0 if array.weight_sparsity else weights * precision.weight_bits, brought),
        ("input", inputs.get(array.dataflow, array.columns) * value, buffers.input.word_bits),
    ):
        if needed > width:
            found.append(
                f"a beat takes {needed} bits of the {name} buffer, which brings {width} a cycle; no cycles "
                "are counted for that"
            )
    return found


def _width_caveats(table: CostTable, precision: Precision) -> list[str]:
    """Which narrow widths are priced by wider rows, an upper bound."""
    found = []
    for action, bits in action_widths(precision).items():
        widths = [row.bits for row in table.rows if row.item == action and row.bits and row.bits >= bits]
        if widths and min(widths) != bits:
            found.append(f"{action} is priced as of {min(widths)} bits, the chip has {bits}")
    parts = {part for recipe in recipes(precision).values() for part in recipe}
    for item, bits in sorted(parts):
        widths = [
            row.bits for row in table.rows if row.item == item and row.bits and row.energy_pj is not None
        ]
        if widths and min(widths) > bits:
            found.append(
                f"{item} of {bits} bits is priced as of {min(widths)}, the narrowest of table {table.name}"
            )
    return found


def _whole_caveat(table: CostTable) -> str:
    """What a whole chip's number holds, and that nothing is added to it."""
    return (
        f"table {table.name} prices synaptic operations (useful AC and MAC) alone, {table.whole('ac'):g} pJ "
        f"each; in it: {table.includes}; nothing is added for memories, neurons, DRAM, and no bits change it"
    )


def _dram_caveat(table: CostTable, hardware: Hardware) -> str:
    """Whose energies price the DRAM, and what a byte costs where it is priced by the byte."""
    commands, flat, device = command_table(table, hardware), flat_table(table, hardware), hardware.dram.device
    if commands is not None and commands.energy is not None:
        io = "without" if commands.energy.io_pj_per_bit is None else "with"
        return (
            f"DRAM is priced by its commands with the energies of {commands.name}, {io} IO, "
            f"not by table {table.name}"
        )
    byte = byte_energy(table, hardware)
    if byte is None:
        return f"DRAM is not priced: table {table.name} has no dram_byte"
    told = f"DRAM is priced by the byte, {byte:g} pJ each,"
    if flat is not None:
        return f"{told} with the energy of {flat.name}, not by table {table.name}"
    if device is None:
        return f"{told} by table {table.name}; the chip names no DRAM"
    if table.dram == "table":
        return f"{told} by table {table.name}, not with the energies of {device.name}"
    why = "plays no commands at plain bandwidth" if device.banked else "has no energy of its own"
    return f"{told} by table {table.name}; {device.name} {why}"
