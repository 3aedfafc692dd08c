"""Models, weights and inputs that do not fit: one message."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from hwsim import commands, hardware
from hwsim.errors import HwsimError
from hwsim.workloads import WorkloadSpec
from tests.cli.running import NET, Command
from tests.examples import small_network


def test_a_model_without_inputs_asks_for_them(hwsim: Command, files: Path) -> None:
    message = hwsim("estimate", f"{files / 'net.py'}:build", "--timesteps", "2").error
    assert "comes without inputs" in message
    assert "--inputs" in message


def test_a_model_without_timesteps_asks_for_them(hwsim: Command, files: Path) -> None:
    message = hwsim("estimate", f"{files / 'net.py'}:build", "--inputs", files / "images.npz").error
    assert "--timesteps T" in message


def test_a_saved_network_keeps_its_timesteps(
    hwsim: Command, estimate: Command, files: Path, tmp_path: Path
) -> None:
    estimate("-o", tmp_path)
    saved = tmp_path / "network.safetensors"
    message = hwsim("estimate", saved, "--inputs", files / "images.npz", "--timesteps", "9").error
    assert "this saved network has 3 timesteps" in message


def test_inputs_of_a_wrong_shape_name_module_and_shape(estimate: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=np.zeros((1, 3, 8, 8), np.uint8))
    message = estimate("--inputs", tmp_path / "x.npz").error
    assert "module '0' (Conv2d)" in message
    assert "(1, 3, 8, 8)" in message


def test_no_sample_is_one_message(estimate: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=np.zeros((0, 8, 8), np.uint8))
    message = estimate("--inputs", tmp_path / "x.npz").error
    assert "x.npz: images is of shape (0, 8, 8) and holds no values; expected one sample or more" in message


def test_inputs_that_are_not_numbers_are_one_message(estimate: Command, tmp_path: Path) -> None:
    images = np.zeros((2, 1, 8, 8), np.float32)
    images[1, 0, 3, 3] = np.nan
    np.savez(tmp_path / "x.npz", images=images)
    assert "not finite" in estimate("--inputs", tmp_path / "x.npz").error


def test_damaged_weights_are_one_message(estimate: Command, files: Path, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes((files / "weights.safetensors").read_bytes()[:-1])
    assert "w.safetensors: not a safetensors file" in estimate("--weights", tmp_path / "w.safetensors").error


def test_weights_that_are_not_numbers_are_one_message_with_their_name(
    estimate: Command, files: Path, tmp_path: Path
) -> None:
    state = load_file(files / "weights.safetensors")
    state["5.weight"][1, 2] = float("nan")
    save_file(state, tmp_path / "w.safetensors")
    assert "parameter '5.weight'" in estimate("--weights", tmp_path / "w.safetensors").error


def test_a_damaged_saved_network_is_one_message(
    hwsim: Command, estimate: Command, files: Path, tmp_path: Path
) -> None:
    estimate("-o", tmp_path)
    saved = tmp_path / "network.safetensors"
    saved.write_bytes(saved.read_bytes()[:200])
    assert "network.safetensors" in hwsim("estimate", saved, "--inputs", files / "images.npz").error


def test_an_illegal_mapping_names_layer_and_buffer(estimate: Command, tmp_path: Path) -> None:
    text = (hardware.TABLES / "sata.yaml").read_text()
    assert text.count("weight: {capacity_bytes: 147456") == 1
    small = text.replace("weight: {capacity_bytes: 147456", "weight: {capacity_bytes: 1024")
    (tmp_path / "chip.yaml").write_text(small.replace("rows: 8, columns: 16", "rows: 8, columns: 512"))
    own = tmp_path / "net.py"
    own.write_text(
        NET.replace("nn.Conv2d(1, 4,", "nn.Conv2d(1, 400,").replace("nn.Linear(64, 3)", "nn.Linear(6400, 3)")
    )
    images = estimate_inputs(tmp_path)
    message = estimate_other(own, images, tmp_path / "chip.yaml")
    assert "layer '1'" in message
    assert "buffers.weight" in message


def estimate_inputs(directory: Path) -> Path:
    np.savez(directory / "one.npz", images=np.full((1, 8, 8), 100, np.uint8))
    return directory / "one.npz"


def estimate_other(model: Path, inputs: Path, chip: Path) -> str:
    """The error of another model on another chip, without the command line."""
    asked = commands.Asked.of(str(chip), None, {}, None, None, "snn_paper_fp32", None)
    spec = WorkloadSpec(f"{model}:build", inputs, samples=1, timesteps=2)
    with pytest.raises(HwsimError) as caught:
        commands.estimate(spec, asked)
    return str(caught.value)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [("--layout", "step", "layout is for modules"), ("--coding", "series", "coding is for modules, .nir")],
)
@pytest.mark.parametrize("command", ["inspect", "estimate", "ops"])
def test_a_saved_network_takes_no_coding_and_no_layout(
    hwsim: Command, files: Path, tmp_path: Path, command: str, option: str, value: str, message: str
) -> None:
    small_network().save(tmp_path / "net.safetensors")
    assert message in hwsim(command, tmp_path / "net.safetensors", option, value).error


def test_what_others_say_in_many_lines_is_one_line(hwsim: Command, tmp_path: Path) -> None:
    net = tmp_path / "net.py"
    net.write_text("def build(width: int = 1):\n    raise ValueError('one\\n  two')\n")
    assert hwsim("inspect", f"{net}:build").error.endswith("failed: ValueError: one two")
    assert "\n" not in hwsim("inspect", f"{net}:build", "--set", "width=[1").error
    save_file({"conv.weight": torch.zeros(1)}, tmp_path / "w.safetensors")
    message = hwsim("inspect", "fashion", "--weights", tmp_path / "w.safetensors").error
    assert "does not fit the model" in message
    assert "\n" not in message


def test_a_zoo_network_without_inputs_is_offered_synthetic_ones(hwsim: Command) -> None:
    assert "--init calibrated" in hwsim("ops", "autosnn/snn1").error
