"""Chips of either kind by name: tiles of PE arrays, and event-driven cores."""

from pathlib import Path

from hwsim.chip.config import Chip, chips, load_chip
from hwsim.configuration import has_field
from hwsim.errors import HwsimError, nearest
from hwsim.hardware import Hardware, load_hardware, presets


def open_chip(name: str) -> Hardware | Chip:
    """A preset of either kind by name, or a .yaml file: one that has ``core`` is of event-driven cores."""
    if Path(name).suffix in (".yaml", ".yml"):
        return load_chip(name) if has_field(Path(name), "core") else load_hardware(name)
    if name in chips():
        return load_chip(name)
    if name not in presets():
        known = sorted([*presets(), *chips()])
        raise HwsimError(f"unknown hardware preset {name!r}.{nearest(name, known)} Or a .yaml file.")
    return load_hardware(name)
