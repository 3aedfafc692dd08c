"""Names that hold commands of a terminal: nothing that is printed for people carries them on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwsim import hardware
from hwsim.cost import TABLES
from tests.cli.running import Command
from tests.examples import small_network

ESCAPE = "\x1b[31m\x07\x9b2Jred"
QUOTED = '"\\e[31m\\a\\x9b2Jred"'
"""The same in YAML."""


def is_harmless(text: str) -> bool:
    return not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text if c not in "\n\t")


@pytest.fixture
def chip(tmp_path: Path) -> Path:
    text = (hardware.TABLES / "sata.yaml").read_text(encoding="utf-8")
    path = tmp_path / "chip.yaml"
    path.write_text(text.replace("name: sata", f"name: {QUOTED}", 1), encoding="utf-8")
    return path


def test_the_name_of_a_chip_or_table_reaches_no_terminal(
    estimate: Command, chip: Path, tmp_path: Path
) -> None:
    text = (TABLES / "sata_kernels.yaml").read_text(encoding="utf-8")
    table = tmp_path / "table.yaml"
    table.write_text(text.replace("name: sata_kernels", f"name: {QUOTED}", 1), encoding="utf-8")
    ran = estimate("--hardware", chip, "--table", table)
    assert ran.code == 0
    assert "red" in ran.out
    assert is_harmless(ran.out + ran.err)
    assert estimate("--hardware", chip, "--json").json["hardware"]["name"] == ESCAPE


def test_an_error_about_such_a_name_is_harmless(estimate: Command, chip: Path) -> None:
    chip.write_text(
        chip.read_text(encoding="utf-8").replace("table: ddr4_2400", "table: ideal"), encoding="utf-8"
    )
    error = estimate("--hardware", chip, "--dram", "commands").error
    assert "red" in error
    assert is_harmless(error)


@pytest.mark.parametrize("command", ["estimate", "compare", "inspect", "ops"])
def test_names_of_networks_and_layers_reach_no_terminal(hwsim: Command, command: str, tmp_path: Path) -> None:
    network = small_network()
    populations = tuple(replace(p, name=p.name + ESCAPE) for p in network.populations)
    projections = tuple(
        replace(p, source=p.source + ESCAPE, target=p.target + ESCAPE) for p in network.projections
    )
    hostile = replace(
        network, name=ESCAPE, populations=populations, projections=projections,
        readout=network.readout + ESCAPE, notes={ESCAPE: ESCAPE},
    )  # fmt: skip
    hostile.save(tmp_path / "net.safetensors")
    np.savez(tmp_path / "x.npz", inputs=np.ones((1, 3, 2, 4, 4), np.float32))
    inputs = () if command == "inspect" else ("--inputs", tmp_path / "x.npz")
    ran = hwsim(command, tmp_path / "net.safetensors", *inputs)
    assert ran.code == 0
    assert "red" in ran.out
    assert is_harmless(ran.out + ran.err)
