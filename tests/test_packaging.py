"""What is built for users: a wheel that holds all that it needs, and works away from the checkout."""

import json
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import hwsim
from hwsim import source
from hwsim.listing import list_known
from tests.cli.running import NET

ROOT = Path(__file__).parent.parent
SHIPPED = ("hwsim", "models", "mappings")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with an sdist and a wheel of this tree."""
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed, and nothing is downloaded here: no wheel can be built")
    place = tmp_path_factory.mktemp("built")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(place)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return place


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that the wheel is installed in, alone."""
    target = tmp_path_factory.mktemp("installed")
    options = ["--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(target), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    return target


def run(installed: Path, place: Path, *arguments: str) -> str:
    """What Python prints in another directory, with the installed package before all else."""
    away = {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1", "NUMBA_DISABLE_JIT": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=place,
        env=os.environ | away,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def files(folder: str) -> set[str]:
    """Of a folder of the tree, without what Python and editors leave there."""
    found = (p.relative_to(ROOT) for p in (ROOT / folder).rglob("*") if p.is_file())
    return {p.as_posix() for p in found if "__pycache__" not in p.parts and p.suffix != ".nbi"}


def included() -> set[str]:
    """Files beside the package that pyproject.toml puts into it, by their places there."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pairs = options["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert {"models": "hwsim/models", "mappings": "hwsim/mappings"}.items() <= pairs.items()
    assert all(target == f"hwsim/{source}" for source, target in pairs.items())
    return {f"hwsim/{name}" for source in pairs for name in files(source) or {source}}


def test_the_wheel_holds_the_package_and_what_is_put_into_it_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    inside = files("hwsim") | included()
    assert {name for name in names if ".dist-info/" not in name} == inside
    assert {"hwsim/py.typed", "hwsim/models/zoo.yaml", "hwsim/mappings/step_major.yaml"} <= names


def test_the_sdist_holds_what_the_wheel_is_built_of_and_the_documents(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for f in SHIPPED for name in files(f)} <= names
    wanted = {"LICENSE", "CITATION.cff", "CONTRIBUTING.md", "Makefile", "docs/tutorials/estimate.md"}
    assert {*wanted, "pyproject.toml", "constraints.txt", "tests/documents.py"} <= names
    assert not {name for name in names if name.startswith(("out/", ".venv", ".git/"))}


def test_the_metadata_tell_version_licence_and_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (place,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        told = Parser().parsestr(archive.read(place).decode())
        scripts = archive.read(place.replace("METADATA", "entry_points.txt")).decode()
    assert told["Version"] == hwsim.__version__
    assert told["License-Expression"] == "Apache-2.0"
    assert told["License-File"] == "LICENSE"
    assert told["Requires-Python"] == ">=3.11"
    assert "Typing :: Typed" in told.get_all("Classifier", [])
    assert "hwsim = hwsim.cli:main" in scripts


def test_the_version_stands_in_one_place() -> None:
    needle = f'"{hwsim.__version__}"'
    holders = [path for path in (ROOT / "hwsim").rglob("*.py") if needle in path.read_text(encoding="utf-8")]
    assert holders == [ROOT / "hwsim" / "__init__.py"]
    assert needle not in (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("dependencies")[0]
    assert "version" not in yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))


def test_what_is_installed_is_what_runs_and_its_results_are_those_of_the_checkout(
    installed: Path, tmp_path: Path
) -> None:
    program = (
        "import hwsim; from hwsim import source, zoo; "
        "print(hwsim.__file__, zoo.directory(), source.source_id(), sep='\\n')"
    )
    package, models, code = run(installed, tmp_path, "-c", program).split()
    assert Path(package).parent == installed / "hwsim"
    assert Path(models) == installed / "hwsim" / "models"
    assert code == source.source_id()


def test_it_finds_what_is_known_by_name(
    installed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("models", "hardware", "mappings", "spaces", "tables", "dram", "noc", "hop_energy", "chip_energy")
    lists = "".join(f"list_known({name!r}, True)\n" for name in names)
    there = run(installed, tmp_path, "-c", f"from hwsim.listing import list_known\n{lists}")
    for name in names:
        list_known(name, True)
    assert there == capsys.readouterr().out
    assert all(f'"{name}"' in there for name in ("fashion", "fashion-resnet19-C2", "sata", "step_major"))


def test_the_command_is_there(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "-m", "hwsim", "--version") == f"{hwsim.__version__}\n"
    assert (installed / "bin" / "hwsim").is_file()


def test_an_estimate_with_its_report_runs_in_another_directory(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    images = np.random.default_rng(0).random((1, 1, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "images.npz", images=images, labels=np.array([1]))
    told = ["net.py:build", "--inputs", "images.npz", "--timesteps", "2", "--mapping", "step_major"]
    run(installed, tmp_path, "-W", "ignore", "-m", "hwsim", "estimate", *told, "-o", "out")
    result: dict[str, Any] = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["mapping"]["schedule"] == "step_major"
    assert result["agreement"]["trusted"]
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
