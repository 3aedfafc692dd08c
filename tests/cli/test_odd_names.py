"""Odd names of files and directories on the command line, no timesteps, and nothing left aside."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.cli.running import Command, told


def test_no_timesteps_are_refused_by_name(estimate: Command) -> None:
    ran = estimate("--timesteps", "0")
    assert (ran.code, ran.out) == (2, "")
    assert "--timesteps" in ran.err


ODD_NAMES = ("größe ☃  層", "-quote'\"`$(x)" + "a" * 150)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_of_directories_are_read_and_written(
    hwsim: Command, files: Path, tmp_path: Path, name: str
) -> None:
    odd = tmp_path / name
    shutil.copytree(files, odd)
    out = odd / name
    assert hwsim("estimate", *told(odd), "-o", out).code == 0
    assert {"result.json", "report.html"} <= {path.name for path in out.iterdir()}
    again = hwsim("estimate", out / "network.safetensors", "--inputs", odd / "images.npz", "--json").json
    assert again["totals"]["cycles"] > 0
    assert hwsim("report", out, "-o", odd / "pages", "--format", "none").code == 0
    second = shutil.copytree(out, odd / "second")
    rows = hwsim("compare", out, second, "--json").json["rows"]
    assert [row["saved"] for row in rows] == [name, "second"]


def test_an_estimate_leaves_nothing_aside(estimate: Command, tmp_path: Path) -> None:
    before = set(Path(tempfile.gettempdir()).iterdir())
    assert estimate("-o", tmp_path / "out").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]
    assert {p.name for p in set(Path(tempfile.gettempdir()).iterdir()) - before if "hwsim" in p.name} == set()
