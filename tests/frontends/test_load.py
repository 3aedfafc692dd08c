"""``hwsim.load``: networks of files, of the zoo, of modules, and what they lack."""

import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import hwsim
from hwsim import zoo
from hwsim.errors import HwsimError
from hwsim.frontends.arguments import made_shape
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"timesteps": 0}, "timesteps is 0; it must be at least 1"),
        ({"timesteps": -1}, "timesteps is -1; it must be at least 1"),
        ({"timesteps": 10**12}, "timesteps is 1000000000000; it must be at least 1 and at most 2147483647"),
        ({"timesteps": 2.5}, r"timesteps is 2\.5; it must be an integer"),
        ({"timesteps": "4"}, "timesteps is '4'; it must be an integer"),
        ({"timesteps": True}, "timesteps is True; it must be an integer"),
        ({"inputs": 5}, r"inputs are int, int64 of shape \(\); expected numbers, one row a sample"),
        ({"inputs": True}, "inputs are bool, bool of shape"),
        ({"inputs": np.array([["a", "b"]])}, "inputs are ndarray, <U1 of shape"),
        ({"inputs": np.array([[None, None]])}, "inputs are ndarray, object of shape"),
        ({"inputs": np.ones((1, 2)) + 1j}, "inputs are ndarray, complex128 of shape"),
        ({"inputs": [[1, 2], [3]]}, "inputs are no array of numbers"),
        ({"inputs": np.full((1, 2), np.nan)}, "inputs hold values that are not finite"),
        ({"inputs": np.full((1, 2), 1e39)}, "not finite or too large for float32"),
        ({"inputs": np.zeros((0, 2))}, r"inputs of shape \(0, 2\) hold no sample"),
        ({"coding": "spike"}, "coding is 'spike'. Did you mean 'spikes'"),
        ({"layout": "stp"}, "layout is 'stp'. Did you mean 'step'"),
        ({"dt": "1"}, "dt is '1'; it must be a finite number"),
        ({"producer": 5}, "producer is 5; it must be a text"),
        ({"producer": ""}, "producer is ''; it must be a text"),
        ({"weights": 5}, "weights is 5; it must be the path of a file"),
        ({"settings": "timesteps=4"}, "settings is 'timesteps=4'; it must be a list of key=value texts"),
    ],
    ids=str,
)
def test_an_argument_of_a_wrong_kind_is_named(net: Path, arguments: Any, message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        hwsim.load(net, **({"producer": "nir", "timesteps": 4} | arguments))


def test_a_model_of_a_wrong_kind_is_named() -> None:
    with pytest.raises(HwsimError, match="model is 5; it must be a path, a zoo name, an nn"):
        hwsim.load(5)  # type: ignore[arg-type]


def test_tensors_are_inputs_even_where_they_ask_for_gradients(net: Path) -> None:
    inputs: Any = torch.ones(1, 3, 2, dtype=torch.bfloat16, requires_grad=True)
    assert hwsim.load(net, inputs, producer="nir").timesteps == 3


@pytest.mark.parametrize("coding", ["spikes", "series", "frames"])
def test_the_coding_of_a_file_is_as_asked(net: Path, coding: Any) -> None:
    assert hwsim.load(net, timesteps=3, producer="nir", coding=coding).coding == coding
    shape = (1, 2) if coding == "frames" else (1, 3, 2)
    assert hwsim.load(net, np.ones(shape), 3, producer="nir", coding=coding).coding == coding


@pytest.mark.parametrize(
    ("coding", "inputs", "message"),
    [
        ("frames", np.ones((1, 3, 2)), r"coding 'frames': the inputs, of shape \(1, 3, 2\), hold timesteps"),
        ("spikes", np.ones((1, 2)), r"coding 'spikes': the inputs, of shape \(1, 2\), hold no timesteps"),
        ("series", np.ones((1, 2)), "coding 'series': .* hold no timesteps"),
        ("spikes", np.full((1, 3, 2), 0.5), "coding 'spikes': .* hold values other than 0 and 1"),
    ],
)
def test_a_coding_that_the_inputs_are_not_is_refused(
    net: Path, coding: Any, inputs: Any, message: str
) -> None:
    with pytest.raises(HwsimError, match=message):
        hwsim.load(net, inputs, 3, producer="nir", coding=coding)


def test_options_that_a_network_would_not_heed_are_refused(net: Path) -> None:
    with pytest.raises(HwsimError, match="layout is for modules; 'net' is a network"):
        hwsim.load(net, timesteps=3, producer="nir", layout="step")
    with pytest.raises(HwsimError, match=r"coding is for modules, \.nir and \.net files; .* takes spikes"):
        hwsim.load(small_network(), coding="spikes")
    with pytest.raises(HwsimError, match="layout is for modules"):
        hwsim.load(small_network(), layout="step")
    with pytest.raises(HwsimError, match=r"inputs of shape \(1, 99\); 'small' takes \(samples, "):
        hwsim.load(small_network(), np.ones((1, 99)))


def test_timesteps_without_inputs_take_no_memory_for_them(net: Path) -> None:
    tracemalloc.start()
    assert hwsim.load(net, timesteps=10**8, producer="nir").timesteps == 10**8
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20  # one step of the 2 inputs takes 8 bytes: 800 MB


def test_networks_of_the_zoo_load_without_inputs_and_with_settings() -> None:
    assert hwsim.load("asgl/shd", timesteps=4).timesteps == 4
    entry = zoo.entry("efficientlif/har")
    found = hwsim.load("efficientlif/har")
    assert (found.timesteps, found.coding) == (entry.timesteps, entry.coding)
    small = hwsim.load("asgl/cifarnet", timesteps=2, settings=["channels=2", "resolution=16"])
    assert small.input.shape == (3, 16, 16)


def test_weights_are_named_by_a_text_too(tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match=r"w\.safetensors: no such file"):
        hwsim.load("fashion", weights=str(tmp_path / "w.safetensors"))


def test_inputs_that_would_fill_the_memory_are_not_made() -> None:
    assert made_shape((1 << 14,), 1 << 14, "frames", 9) == (1 << 14, 1 << 14)
    with pytest.raises(HwsimError, match="would be 536870912 values; at most 268435456 are made"):
        made_shape((1 << 14,), 1 << 14, "series", 2)


def test_hwsim_itself_stays_light_and_names_what_it_lacks() -> None:
    program = "import sys, hwsim; print('torch' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = hwsim.lode


@pytest.mark.parametrize("model", [lambda: nn.Linear(1, 1), None, 3], ids=["function", "None", "number"])
def test_what_names_no_model_is_told_what_does(model: Any) -> None:
    with pytest.raises(
        HwsimError, match=r"model is .*; it must be a path, a zoo name, an nn.Module or a Network"
    ):
        hwsim.load(model)


def test_a_module_loads_with_a_tensor_as_inputs() -> None:
    model = nn.Sequential(nn.Linear(2, 3), LIF())
    assert hwsim.load(model, torch.ones(1, 2, requires_grad=True), 2).input.shape == (2,)


def test_no_timestep_is_not_taken_for_none_given() -> None:
    with pytest.raises(HwsimError, match="timesteps is 0; it must be at least 1"):
        hwsim.load(nn.Sequential(nn.Linear(2, 3), LIF()), np.ones((1, 2)), 0)
