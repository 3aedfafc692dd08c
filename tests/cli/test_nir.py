"""Commands on a .nir file: who wrote it decides how it is read."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import Command
from tests.frontends.nir_files import affine, chain, integrate, write


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return write(tmp_path / "net.nir", chain(affine(np.eye(2)), integrate()))


def test_the_command_line_estimates_a_nir_file_and_warns_once(
    hwsim: Command, net: Path, tmp_path: Path
) -> None:
    np.savez(tmp_path / "inputs.npz", inputs=np.ones((3, 6, 2)), labels=np.zeros(3, np.int64))
    options = ("--inputs", tmp_path / "inputs.npz", "--json")
    silent = hwsim("estimate", net, *options, "--producer", "lava")
    assert (silent.code, silent.err) == (0, "")
    assert json.loads(silent.out)["samples"] == 3
    loud = hwsim("estimate", net, *options)
    assert loud.code == 0
    assert loud.err.count("warning: ") == 1
    assert loud.err.startswith(f"warning: {net}: no producer is known for net.nir: read as NIR is written")


def test_the_command_line_names_unknown_producers(hwsim: Command, net: Path) -> None:
    done = hwsim("inspect", net, "--producer", "sinab")
    assert done.code == 2
    assert "unknown producer 'sinab'. Did you mean 'sinabs'?" in done.err
