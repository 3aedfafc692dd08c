"""What is known by name; kept apart so that listing it starts fast."""

import json
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

from hwsim import cost, grid, hardware, zoo
from hwsim.chip.config import Chip, chips, load_chip
from hwsim.chip.prices import chip_prices, load_prices
from hwsim.datasets.catalog import ENTRIES
from hwsim.datasets.load import find_dataset
from hwsim.dram import table as dram
from hwsim.errors import HwsimError, nearest
from hwsim.explore.space import load_space, spaces
from hwsim.mapping import mappings
from hwsim.noc import config as noc
from hwsim.report import console, listing_console


def list_known(what: str, as_json: bool) -> None:
    known: dict[str, Any] = {
        "models": lambda: (
            {name: e.description for name, e in zoo.entries().items()}
            | {name: told_of_training(path) for name, path in zoo.trainings().items()}
        ),
        "hardware": lambda: (
            {n: facts(hardware.load_hardware(n)) for n in hardware.presets()}
            | {n: facts_of_cores(load_chip(n)) for n in chips()}
        ),
        "mappings": lambda: {n: at_top(zoo.shipped("mappings")[n]) for n in mappings()},
        "spaces": lambda: {n: load_space(Path(n)).description for n in spaces()},
        "dram": lambda: {n: dram.load_dram(n).description for n in dram.drams()},
        "noc": lambda: {n: noc.load_noc(n).description for n in noc.nocs()},
        "hop_energy": lambda: {n: grid.load_hop_energy(n).description for n in grid.hop_energies()},
        "chip_energy": lambda: {n: load_prices(n).description for n in chip_prices()},
        "tables": lambda: {n: cost.load_table(n).description for n in cost.tables()},
        "data": lambda: {n: f"{e.description}; {place_of(n)}" for n, e in ENTRIES.items()},
    }
    if what not in known:
        raise HwsimError(f"cannot list {what!r}.{nearest(what, list(known))}")
    found = known[what]()
    if as_json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    elif what == "hardware":
        listing_console.show_chips(found, console.terminal())
    else:
        listing_console.show_names(found, console.terminal())


def told_of_training(directory: Path) -> str:
    """What was trained, on what and how well."""
    card = json.loads((directory / "card.json").read_text(encoding="utf-8"))
    shared = "" if card["sharing"] == "none" else f", states shared {card['sharing']}"
    return (
        f"{card['model']}{shared}; trained on {card['data']}, {card['timesteps']} steps, "
        f"{card['test_accuracy']:.1%} of {card['test_samples']:,} test samples"
    )


def at_top(path: Path) -> str:
    """The comment that a file begins with, as one line."""
    lines = takewhile(lambda line: line.startswith("#"), path.read_text(encoding="utf-8").splitlines())
    return " ".join(line.lstrip("# ") for line in lines)


def place_of(name: str) -> str:
    """Where the files of a data set are."""
    paths = find_dataset(name)
    if paths is None:
        return "not found"
    return f"in {paths[0].parent}" if paths else "no files needed"


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


def facts_of_cores(chip: Chip) -> dict[str, Any]:
    """The same of a chip of event-driven cores; limits of one core are null where it has none."""
    grid = chip.grid
    return {
        "cores": grid.cores,
        "routers": [grid.network.width, grid.network.height],
        "neurons_per_core": grid.limits.neurons,
        "axons_in": grid.limits.axons_in,
        "weight_bytes": grid.limits.weight_bytes,
        "weight_bits": chip.weight_bits,
        "barrier": chip.core.barrier,
        "tick_ns": chip.core.tick_cycles * 1e9 / chip.core.clock_hz,
        "node_nm": chip.node_nm,
        "description": chip.description,
    }
