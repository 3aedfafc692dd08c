"""Names that no file system takes are told in a line, wherever a file can be named."""

from pathlib import Path

import pytest

from hwsim import hardware
from tests.cli.running import Command

LONG = "x" * 300
TRACE = "arrival_cycle,address,bytes,direction\n0,0,64,read\n"


def chip_of(folder: Path) -> Path:
    """A chip whose DRAM is a file of a long name."""
    text = (hardware.TABLES / "sata.yaml").read_text(encoding="utf-8")
    path = folder / "chip.yaml"
    path.write_text(text.replace("table: ddr4_2400", f"table: {LONG}.yaml"), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "options",
    [
        ("--hardware", f"{LONG}.yaml"),
        ("--table", f"{LONG}.yaml"),
        ("--mapping", f"{LONG}.yaml"),
        ("--inputs", f"{LONG}.npz"),
        ("--weights", f"{LONG}.safetensors"),
    ],
    ids=lambda options: options[0],
)
def test_a_long_name_of_an_option_is_one_line(estimate: Command, options: tuple[str, str]) -> None:
    assert estimate(*options).error.endswith("x: File name too long".replace("x", Path(options[1]).name))


@pytest.mark.parametrize("suffix", [".safetensors", ".nir", ".net", ".py:build"])
def test_a_long_name_of_a_model_is_one_line(hwsim: Command, suffix: str) -> None:
    assert "File name too long" in hwsim("estimate", LONG + suffix).error


def test_a_long_name_in_a_chip_is_told_with_its_line(hwsim: Command, tmp_path: Path) -> None:
    error = hwsim("estimate", "fashion", "--hardware", chip_of(tmp_path)).error
    assert "chip.yaml:12: dram.table: found" in error
    assert "File name too long" in error


@pytest.mark.parametrize("engine", ["dram", "systolic", "noc"])
def test_long_names_of_a_replay_are_one_line(hwsim: Command, engine: str, tmp_path: Path) -> None:
    rows = {
        "dram": TRACE,
        "systolic": "dataflow,R,C,M,N,K\n",
        "noc": "",
    }
    source = tmp_path / "in.csv"
    source.write_text(rows[engine])
    assert "File name too long" in hwsim("replay", engine, f"{LONG}.csv", "-o", tmp_path / "o.csv").error
    assert "File name too long" in hwsim("replay", engine, source, "-o", tmp_path / f"{LONG}.csv").error


def test_a_long_name_of_a_plot_is_one_line(hwsim: Command, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(TRACE)
    options = ("-o", tmp_path / "o.csv", "--plot", tmp_path / f"{LONG}.png")
    assert "File name too long" in hwsim("replay", "dram", source, *options).error


def test_a_name_as_long_as_the_system_takes_is_written(hwsim: Command, tmp_path: Path) -> None:
    source, output = tmp_path / "in.csv", tmp_path / f"{'y' * 251}.csv"
    source.write_text(TRACE)
    assert hwsim("replay", "dram", source, "-o", output).code == 0
    assert output.is_file()
