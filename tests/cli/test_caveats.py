"""Whose number prices the DRAM is told of every row of a comparison, and once under its table."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hwsim.compared import Comparison
from hwsim.comparison import Executed, compare
from hwsim.cost import load_table
from hwsim.hardware import load_hardware
from hwsim.mapping import Mapping
from hwsim.report import compare_console
from tests.cli.running import Command, told
from tests.examples import all_silent, small_network

COMMANDS = "DRAM is priced by its commands with the energies of ddr4_2400, with IO, not by table sata_kernels"
HBM = "DRAM is priced by the byte, 32 pJ each, with the energy of hbm2, not by table sata_kernels"


def compared(chips: list[str], tables: list[str]) -> Comparison:
    network = small_network()
    executed = Executed("none", network, all_silent(network))
    found = compare(
        [executed], [load_hardware(c) for c in chips], [Mapping()], [load_table(t) for t in tables]
    )
    return Comparison.of(found, {}, [])


def rows(chips: list[str], tables: list[str]) -> list[dict[str, Any]]:
    return compared(chips, tables).rows()


def test_every_row_tells_what_its_chip_is_priced_with() -> None:
    sata, loas = rows(["sata", "loas"], ["sata_kernels"])
    assert COMMANDS in sata["caveats"]
    assert HBM in loas["caveats"]


def test_notes_name_the_chips_that_they_are_of() -> None:
    notes = compare_console.caveats_of(rows(["sata", "spinalflow", "loas"], ["sata_kernels"]))
    assert f"sata, spinalflow: {COMMANDS}" in notes
    assert f"loas: {HBM}" in notes


def test_a_note_of_all_rows_names_none() -> None:
    assert COMMANDS in compare_console.caveats_of(rows(["sata"], ["sata_kernels"]))


def test_notes_name_chip_and_table_where_both_differ() -> None:
    notes = compare_console.caveats_of(rows(["sata", "loas"], ["sata_kernels", "snn_paper_fp32"]))
    assert f"loas with sata_kernels: {HBM}" in notes


def test_notes_stand_under_the_table() -> None:
    text = io.StringIO()
    found = compared(["sata", "loas"], ["sata_kernels"]).as_dict()
    compare_console.show(found, Console(file=text, width=200))
    assert text.getvalue().index("DRAM bytes") < text.getvalue().index(f"note: loas: {HBM}")


def test_the_command_writes_them(hwsim: Command, files: Path, tmp_path: Path) -> None:
    ran = hwsim("compare", *told(files), "--hardware", "sata,loas", "-o", tmp_path / "out")
    assert f"note: sata: {COMMANDS}" in " ".join(ran.out.split())
    (sata, _) = json.loads((tmp_path / "out" / "compare.json").read_text())["rows"]
    assert COMMANDS in sata["caveats"]


@pytest.mark.parametrize("command", ["estimate", "compare"])
def test_the_help_says_that_another_timing_is_another_price(hwsim: Command, command: str) -> None:
    assert "Also changes the price" in " ".join(hwsim(command, "--help").out.replace("│", " ").split())
