"""``hwsim inspect``: a model layer by layer."""

import json
from pathlib import Path

from tests.cli.running import STEPS, Command, told


def test_inspect_tells_shapes_parameters_and_macs(hwsim: Command, files: Path) -> None:
    values = hwsim("inspect", *told(files), "--json").json
    assert [layer["name"] for layer in values["layers"]] == ["input", "1", "2", "readout"]
    assert [layer["shape"] for layer in values["layers"]] == [[1, 8, 8], [4, 8, 8], [4, 4, 4], [3]]
    assert values["parameters"] == 4 * 9 + 4 + 3 * 64 + 3
    assert values["neurons"] == 256
    # 3 x 3 taps of 4 channels at 8 x 8 positions, those in the padding too
    assert [layer["macs"] for layer in values["layers"]] == [0, 2304, 0, 192]
    assert values["macs"] == 2496


def test_inspect_counts_padding_and_estimate_what_is_in_bounds(
    hwsim: Command, estimate: Command, files: Path
) -> None:
    looked = hwsim("inspect", *told(files), "--json").json["layers"]
    ran = estimate("--json", "--samples", "1").json["layers"]
    assert [layer["macs"] for layer in looked[1:]] == [2304, 0, 192]
    assert [layer["dense_macs"] for layer in ran] == [1936, 0, 192]


def test_inspect_of_a_saved_network_is_that_of_its_model(
    hwsim: Command, estimate: Command, files: Path, tmp_path: Path
) -> None:
    estimate("-o", tmp_path)
    saved = hwsim("inspect", tmp_path / "network.safetensors", "--json").json
    assert saved == hwsim("inspect", *told(files), "--json").json


def test_inspect_for_people_shows_every_layer(hwsim: Command, files: Path) -> None:
    ran = hwsim("inspect", *told(files))
    assert ran.code == 0
    assert all(text in ran.out for text in ("input", "readout", "max_pool", "4x8x8", "235 parameters"))


def test_inspect_has_every_field_that_was_asked_for(hwsim: Command, files: Path) -> None:
    values = hwsim("inspect", *told(files), "--json").json
    asked = {"parameters", "neurons", "state_words", "forward_state_bytes", "backward_state_bytes", "macs"}
    assert set(values) >= asked | {"macs_first_layer", "timesteps", "layers"}
    assert (values["timesteps"], values["macs_first_layer"]) == (STEPS, 2304)
    # 256 membranes of 4 bytes, and as many for each of the steps
    assert values["forward_state_bytes"] == 256 * 4
    assert values["backward_state_bytes"] == 256 * 4 * STEPS


def test_inspect_counts_shared_states_once(hwsim: Command, files: Path) -> None:
    values = hwsim("inspect", *told(files), "--sharing", "C2", "--json").json
    assert (values["neurons"], values["state_words"]) == (256, 128)
    assert values["backward_state_bytes"] == values["forward_state_bytes"] == 512
    shown = hwsim("inspect", *told(files), "--sharing", "C2").out
    assert "sharing: C2: LIF states shared by 2 groups of channels" in shown


def test_a_networks_options_are_set_on_the_command_line(hwsim: Command) -> None:
    values = hwsim("inspect", "autosnn/snn1", "--set", "block=srb3", "--set", "channels=2", "--json").json
    plain = hwsim("inspect", "autosnn/snn1", "--set", "channels=2", "--json").json
    assert values["name"] == plain["name"] == "autosnn/snn1"
    assert len(values["layers"]) == len(plain["layers"])
    assert values["parameters"] > plain["parameters"]  # shortcuts that change the channels
    steps = hwsim("inspect", "autosnn/snn1", "--set", "channels=2", "--set", "timesteps=3", "--json").json
    assert steps["timesteps"] == 3
    assert steps["backward_state_bytes"] * plain["timesteps"] == plain["backward_state_bytes"] * 3


def test_a_shape_stands_in_for_inputs(hwsim: Command, files: Path) -> None:
    spec = f"{files / 'net.py'}:build"
    values = hwsim("inspect", spec, "--shape", "1,8,8", "--set", "timesteps=2", "--json").json
    assert (values["input_shape"], values["timesteps"]) == ([1, 8, 8], 2)
    assert hwsim("inspect", spec, "--timesteps", "2").error.endswith("of one input with --shape 3,32,32")


def test_inspect_writes_drawings_and_what_it_printed(hwsim: Command, files: Path, tmp_path: Path) -> None:
    values = hwsim("inspect", *told(files), "--json", "-o", tmp_path / "out").json
    names = {"graph.svg", "graph.png", "inspect.json"}
    assert {p.name for p in (tmp_path / "out").iterdir()} == names
    assert json.loads((tmp_path / "out" / "inspect.json").read_text()) == values
    shown = hwsim("inspect", *told(files), "-o", tmp_path / "out").out.replace("\n", "")
    assert all(str(tmp_path / "out" / name) in shown for name in names)
