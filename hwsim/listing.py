"""What is known by name; kept apart so that listing it starts fast."""

import json
import sys
from typing import Any

from hwsim import cost, grid, hardware, zoo
from hwsim.dram import table as dram
from hwsim.errors import HwsimError, nearest
from hwsim.noc import config as noc
from hwsim.report import console


def list_known(what: str, as_json: bool) -> None:
    known: dict[str, Any] = {
        "models": lambda: {name: e.description for name, e in zoo.entries().items()},
        "hardware": lambda: {n: facts(hardware.load_hardware(n)) for n in hardware.presets()},
        "dram": lambda: {n: dram.load_dram(n).description for n in dram.drams()},
        "noc": lambda: {n: noc.load_noc(n).description for n in noc.nocs()},
        "hop_energy": lambda: {n: grid.load_hop_energy(n).description for n in grid.hop_energies()},
        "tables": lambda: {n: cost.load_table(n).description for n in cost.tables()},
    }
    if what not in known:
        raise HwsimError(f"cannot list {what!r}.{nearest(what, list(known))}")
    found = known[what]()
    if as_json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    elif what == "hardware":
        console.show_chips(found, console.terminal())
    else:
        console.show_names(found, console.terminal())


def facts(chip: hardware.Hardware) -> dict[str, Any]:
    """What tells one chip from another at first sight; the node in nm, the clock in Hz."""
    array = chip.pe_array
    return {
        "rows": array.rows,
        "columns": array.columns,
        "rows_hold": array.holds[0],
        "columns_hold": array.holds[1],
        "dataflow": array.dataflow,
        "skip": array.skip,
        "node_nm": chip.node_nm,
        "clock_hz": chip.clock_hz,
        "description": chip.description,
    }
