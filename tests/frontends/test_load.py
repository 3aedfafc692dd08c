"""hwsim.load, and the commands on .nir and .net files."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import hwsim
from hwsim.errors import HwsimError
from hwsim.nn import LIF
from tests.examples import small_network
from tests.frontends.nir_files import affine, chain, integrate, write
from tests.frontends.test_netx import write_small


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return write(tmp_path / "net.nir", chain(affine(np.eye(2)), integrate()))


def test_a_nir_file_takes_timesteps_and_coding_from_its_inputs(net: Path, tmp_path: Path) -> None:
    spikes = hwsim.load(net, np.ones((3, 5, 2)), producer="sinabs")
    assert (spikes.timesteps, spikes.coding, spikes.notes["producer"]) == (5, "spikes", "sinabs")
    series = hwsim.load(net, np.full((3, 5, 2), 0.5), producer="nir")
    assert (series.timesteps, series.coding) == (5, "series")
    frames = hwsim.load(str(net), np.ones((3, 2)), timesteps=4, producer="nir")
    assert (frames.timesteps, frames.coding) == (4, "frames")
    np.savez(tmp_path / "inputs.npz", inputs=np.ones((3, 6, 2)))
    assert hwsim.load(net, tmp_path / "inputs.npz", producer="nir").timesteps == 6
    assert hwsim.load(net, timesteps=7, producer="nir").timesteps == 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "say how many timesteps 'net' runs, or give its inputs"),
        ({"inputs": np.ones((3, 2))}, "say how many timesteps 'net' runs"),
        ({"inputs": np.ones((3, 5, 2)), "timesteps": 4}, "hold 5 timesteps, asked for 4"),
        (
            {"inputs": np.ones((3, 5, 3))},
            r"inputs of shape \(3, 5, 3\); 'net' takes \(samples, timesteps, 2\)",
        ),
        ({"timesteps": 4, "dt": -1.0}, "dt -1.0; it must be positive"),
        ({"timesteps": 4, "weights": Path("w")}, r"net\.nir is a network file and takes no weights"),
    ],
)
def test_what_a_nir_file_lacks_is_asked_for(net: Path, options: Any, message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        hwsim.load(net, **({"producer": "nir"} | options))


def test_lava_files_saved_networks_and_modules_load_too(tmp_path: Path) -> None:
    write_small(tmp_path / "small.net")
    assert hwsim.load(tmp_path / "small.net", timesteps=3).integer
    with pytest.raises(HwsimError, match=r"producer and dt are for \.nir files"):
        hwsim.load(tmp_path / "small.net", timesteps=3, producer="nir")
    small_network().save(tmp_path / "saved.safetensors")
    assert hwsim.load(tmp_path / "saved.safetensors").id == small_network().id
    module = nn.Sequential(nn.Linear(4, 3), LIF())
    captured = hwsim.load(module, np.ones((2, 4), np.float32), timesteps=2)
    assert [p.kind for p in captured.populations] == ["input", "lif"]
    with pytest.raises(HwsimError, match="captured by running it: give inputs"):
        hwsim.load(module, timesteps=2)


def test_hwsim_itself_stays_light_and_names_what_it_lacks() -> None:
    program = "import sys, hwsim; print('torch' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = hwsim.lode


def command(*arguments: str) -> Any:
    return subprocess.run(
        [sys.executable, "-m", "hwsim", *arguments], capture_output=True, text=True, check=False
    )


def test_the_command_line_estimates_a_nir_file_and_warns_once(net: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "inputs.npz", inputs=np.ones((3, 6, 2)), labels=np.zeros(3, np.int64))
    options = ("--inputs", str(tmp_path / "inputs.npz"), "--json")
    silent = command("estimate", str(net), *options, "--producer", "lava")
    assert (silent.returncode, silent.stderr) == (0, "")
    assert json.loads(silent.stdout)["samples"] == 3
    loud = command("estimate", str(net), *options)
    assert loud.returncode == 0
    assert loud.stderr.count("warning: ") == 1
    assert loud.stderr.startswith(f"warning: {net}: no producer is known for net.nir: read as NIR is written")


def test_the_command_line_names_unknown_producers(net: Path) -> None:
    done = command("inspect", str(net), "--producer", "sinab")
    assert done.returncode == 2
    assert "unknown producer 'sinab'. Did you mean 'sinabs'?" in done.stderr


@pytest.mark.parametrize("model", [lambda: nn.Linear(1, 1), None, 3], ids=["function", "None", "number"])
def test_what_names_no_model_is_told_what_does(model: Any) -> None:
    with pytest.raises(
        HwsimError, match=rf"model is a {type(model).__name__}; allowed: a file's path, a zoo"
    ):
        hwsim.load(model)


def test_a_module_loads_with_a_tensor_as_inputs() -> None:
    model = nn.Sequential(nn.Linear(2, 3), LIF())
    assert hwsim.load(model, torch.ones(1, 2, requires_grad=True), 2).input.shape == (2,)


def test_no_timestep_is_not_taken_for_none_given() -> None:
    with pytest.raises(HwsimError, match="timesteps is 0; it must be at least 1"):
        hwsim.load(nn.Sequential(nn.Linear(2, 3), LIF()), np.ones((1, 2)), 0)
