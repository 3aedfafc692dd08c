"""A chip's DRAM: a table by name or file, or two numbers; how it is timed."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from hwsim.configuration import save_yaml
from hwsim.dram.table import TABLES as DRAMS
from hwsim.hardware import load_hardware
from hwsim.memories import Dram
from tests.examples import chip
from tests.hardware.chip_file import File


def test_a_dram_is_a_table_or_two_numbers() -> None:
    both = {"table": "ideal", "burst_bytes": 64}
    with pytest.raises(ValueError, match="table has its own bandwidth and bursts: leave the other two out"):
        Dram.model_validate(both)
    for some in ({}, {"burst_bytes": 64}, {"bandwidth_bytes_per_s": 64}):
        with pytest.raises(ValueError, match="give table, or bandwidth_bytes_per_s and burst_bytes"):
            Dram.model_validate(some)


def test_an_unknown_dram_is_refused_with_line_field_and_the_nearest_name(file: File) -> None:
    message = file.with_line("table: ddr4_2400", "table: ddr4_240").error()
    line = file.line_of("ddr4_240}")
    assert f"{file.path}:{line}: dram.table: found 'ddr4_240'" in message
    assert "unknown DRAM 'ddr4_240'. Did you mean 'ddr4_2400'?" in message


def test_a_dram_file_that_is_absent_or_wrong_is_refused_with_its_field(file: File) -> None:
    message = file.with_line("table: ddr4_2400", "table: my.yaml").error()
    assert f"{file.path}:{file.line_of('my.yaml')}: dram.table: found 'my.yaml'" in message
    assert "my.yaml: no such file" in message
    (file.path.parent / "my.yaml").write_text("name: my\n")
    assert "dram.table: found 'my.yaml'" in file.error()


def test_a_dram_file_lies_in_the_folder_of_the_chip_not_in_that_of_the_caller(
    file: File, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drams").mkdir()
    (tmp_path / "drams" / "mine.yaml").write_text((DRAMS / "lpddr4_2400.yaml").read_text())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    file.with_line("table: ddr4_2400", "table: drams/mine.yaml")
    found = load_hardware("../chip.yaml")
    assert found.dram.burst == 128
    save_yaml(tmp_path / "elsewhere" / "copy.yaml", found)
    assert load_hardware("copy.yaml") == found


def test_the_same_dram_from_a_file_or_by_name_is_the_same_chip(file: File, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text((DRAMS / "ddr4_2400.yaml").read_text())
    found = load_hardware(str(file.with_line("table: ddr4_2400", "table: mine.yaml").path))
    assert found.dram.table != "ddr4_2400"
    assert found.id == load_hardware("sata").id


@pytest.mark.parametrize(
    ("size", "cycles"),
    [(0, 0), (1, 1), (48, 1), (49, 2), (147456, 3072)],
)
def test_a_transfer_takes_whole_cycles(size: int, cycles: int) -> None:
    # SATA: 19.2 GB/s at 400 MHz are 48 bytes a cycle
    assert load_hardware("sata").transfer_cycles(size) == cycles


def test_a_flat_dram_is_late_by_its_latency_in_cycles_of_the_tile() -> None:
    # S2: 30 cycles of a 1 GHz table are 4.5 cycles at 150 MHz, rounded up
    flat = {"bandwidth_bytes_per_s": 10**9, "latency_cycles": 30, "energy_pj_per_bit": None}
    parts = {"name": "f", "description": "", "clock_hz": 10**9, "burst_bytes": 64, "sources": {}}
    with TemporaryDirectory() as directory:
        path = Path(directory) / "flat.yaml"
        path.write_text(yaml.safe_dump(parts | {"flat": flat}))
        assert chip(table=str(path), clock_hz=150_000_000).latency_cycles == 5
    assert chip(clock_hz=150_000_000).latency_cycles == 0
    assert chip(table="ddr4_2400").latency_cycles == 0


def test_commands_are_played_for_banked_tables_unless_bandwidth_is_asked_for() -> None:
    assert Dram(table="ddr4_2400").banked is not None
    assert Dram(table="ddr4_2400", timing="bandwidth").banked is None
    assert Dram(table="hbm2").banked is None
    assert Dram(bandwidth_bytes_per_s=64, burst_bytes=64).banked is None


def test_bandwidth_and_bursts_are_those_of_the_table() -> None:
    # ddr4_2400: 2400 MT/s x 8 bytes; bursts of 8 transfers
    assert (Dram(table="ddr4_2400").bandwidth, Dram(table="ddr4_2400").burst) == (19_200_000_000, 64)
    plain = Dram(bandwidth_bytes_per_s=5, burst_bytes=3)
    assert (plain.bandwidth, plain.burst) == (5, 3)


@pytest.mark.parametrize("dram", [{"table": "hbm2"}, {"bandwidth_bytes_per_s": 64, "burst_bytes": 64}])
def test_commands_of_a_dram_that_has_none_are_refused(dram: dict[str, Any]) -> None:
    assert Dram.model_validate(dram).timing == "bandwidth"
    with pytest.raises(ValueError, match=r"timing\n.*a flat table and plain numbers have no commands"):
        Dram.model_validate(dram | {"timing": "commands"})


@pytest.mark.parametrize(
    ("clock", "bandwidth", "message"),
    [
        # 2**20 cycles a byte are allowed; a numerator of 2**32 too
        (2**20 + 1, 1, r"a byte takes more than 1048576 cycles"),
        (2**32 + 1, 2**33, "the numerator of their ratio is more than 4294967296; round one of them"),
    ],
)
def test_a_clock_that_is_too_far_from_the_drams_bandwidth_is_refused(
    clock: int, bandwidth: int, message: str
) -> None:
    assert chip(clock_hz=clock - 1, bandwidth=bandwidth).clock_hz == clock - 1
    with pytest.raises(ValueError, match=message):
        chip(clock_hz=clock, bandwidth=bandwidth)
