"""Variants of a model on the command line: options, sharing, random and calibrated weights."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import Command

WRONG = '''
from torch import nn

from hwsim.frontends import Neurons, register_neuron


class Fires(nn.Module):
    def forward(self, x):
        return (x >= 0.5).float()


register_neuron(Fires, lambda m: Neurons({"decay": 0.0, "threshold": 100.0}), lambda m: None)


def build():
    """Neurons that fire at 0.5 with a rule that says 100."""
    layer = nn.Linear(4, 3)
    nn.init.ones_(layer.weight)
    return nn.Sequential(layer, Fires(), nn.Linear(3, 2))
'''


CALIBRATED = "thresholds calibrated to rate 0.2 (spikes per neuron and step)"


def test_a_calibrated_estimate_runs_without_inputs_and_says_so_everywhere(
    hwsim: Command, tmp_path: Path
) -> None:
    asked = ("estimate", "asgl/cifarnet", "--set", "channels=4", "--set", "resolution=16", "--samples", "4")
    init = ("--init", "calibrated", "--rate", "0.2")
    ran = hwsim(*asked, *init, "-o", tmp_path)
    assert ran.code == 0
    assert CALIBRATED in ran.out
    assert "weights random, not trained" in ran.out
    assert CALIBRATED in (tmp_path / "report.html").read_text()
    values = json.loads((tmp_path / "result.json").read_text())
    assert values["model"]["notes"]["calibration"].startswith(CALIBRATED)
    assert values["model"]["notes"]["inputs"].startswith("synthetic")
    assert values["provenance"]["inputs_file"] is None
    assert values["accuracy"] is values["agreement"] is None
    rates = [layer["rate"] for layer in values["layers"] if layer["kind"] == "lif"]
    assert rates
    assert all(rate == pytest.approx(0.2, rel=0.1) for rate in rates)
    # the file of the network says it too
    assert CALIBRATED in hwsim("inspect", tmp_path / "network.safetensors").out
    assert hwsim(*asked).error.startswith("'asgl/cifarnet' comes without inputs")


def test_calibration_looks_at_the_given_inputs_and_reports_no_accuracy(hwsim: Command, files: Path) -> None:
    asked = (f"{files / 'net.py'}:build", "--inputs", files / "images.npz", "--timesteps", "3")
    values = hwsim("estimate", *asked, "--init", "calibrated", "--json").json
    assert "on 5 of the given inputs" in values["model"]["notes"]["calibration"]
    assert values["accuracy"] is None
    assert values["layers"][0]["rate"] == pytest.approx(0.18, rel=0.05)
    looked = hwsim("inspect", *asked, "--init", "calibrated", "--json").json
    assert looked["id"] == values["model"]["id"]
    assert looked["layers"][1]["rate"] == values["layers"][0]["rate"]


def test_rates_of_a_calibrated_network_are_those_behind_the_sharing(hwsim: Command, files: Path) -> None:
    asked = (f"{files / 'net.py'}:build", "--shape", "1,8,8", "--timesteps", "3", "--init", "calibrated")
    plain, shared = (hwsim("inspect", *asked, "--sharing", s, "--json").json for s in ("none", "C2"))
    assert plain["layers"][1]["threshold"] == shared["layers"][1]["threshold"]
    assert plain["layers"][1]["rate"] != shared["layers"][1]["rate"]
    assert "before states were shared" in shared["notes"]["calibration"]


def test_random_weights_take_a_checkpoints_place(hwsim: Command) -> None:
    values = hwsim("inspect", "fashion", "--init", "random", "--set", "resolution=32", "--json").json
    assert values["input_shape"] == [1, 32, 32]
    assert values["notes"] == {"weights": "random (seed 0), not trained"}
    assert hwsim("inspect", "fashion", "--json").json["notes"] == {}


def test_untrained_networks_are_told_in_an_estimate(hwsim: Command, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=np.random.default_rng(0).random((2, 3, 16, 16)).astype(np.float32))
    asked = ("asgl/cifarnet", "--set", "channels=2", "--set", "resolution=16", "--inputs", tmp_path / "x.npz")
    values = hwsim("estimate", *asked, "--json").json
    assert values["model"]["notes"] == {"weights": "random (seed 0), not trained"}
    assert values["agreement"]["trusted"]


def test_costs_of_a_network_that_differs_from_pytorch_end_with_one_error(
    hwsim: Command, tmp_path: Path
) -> None:
    (tmp_path / "wrong.py").write_text(WRONG)
    np.savez(tmp_path / "x.npz", inputs=np.ones((2, 4), np.float32))
    asked = ("--inputs", tmp_path / "x.npz", "--timesteps", "2", "--json")
    ran = hwsim("estimate", f"{tmp_path / 'wrong.py'}:build", *asked)
    assert ran.code == 2
    assert not json.loads(ran.out)["agreement"]["trusted"]
    assert ran.err.startswith("error: the captured network does not compute what the model computes")
    assert ran.err.count("\n") == 1


def test_a_comparison_of_a_network_that_differs_from_pytorch_warns_and_tells_every_row(
    hwsim: Command, tmp_path: Path
) -> None:
    (tmp_path / "wrong.py").write_text(WRONG)
    np.savez(tmp_path / "x.npz", inputs=np.ones((2, 4), np.float32))
    asked = ("--inputs", tmp_path / "x.npz", "--timesteps", "2", "--batch", "1,2", "--json")
    ran = hwsim("compare", f"{tmp_path / 'wrong.py'}:build", *asked)
    assert ran.code == 0
    assert ran.err.startswith("warning: the captured network does not compute what the model computes")
    assert ran.err.count("\n") == 1
    for row in json.loads(ran.out)["rows"]:
        assert row["caveats"][0] == ran.err.removeprefix("warning: ").removesuffix("\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "chanels=4"], "fashion has no option 'chanels'. Did you mean 'channels'?"),
        (["--set", "channels=many"], "fashion takes channels: int"),
        (["--set", "channels=8"], "its trained checkpoint was made without"),
        (["--set", "timesteps=2", "--timesteps", "3"], "timesteps are given twice"),
        (["--sharing", "LL"], "--sharing 'LL'; allowed: none, L, C2, C4, C8, L+C2"),
        (["--sharing", "C3"], "layer '1': 3 groups do not divide its 16 channels"),
        (["--init", "calibrate"], "--init 'calibrate'. Did you mean 'calibrated'?"),
        (["--rate", "0.1"], "--rate is what --init calibrated aims at"),
        (["--init", "calibrated", "--rate", "1.5"], "--rate 1.5: spikes per neuron and step"),
        (["--init", "random", "--weights", "w.safetensors"], "leave out --weights or --init"),
        (["--set", "resolution=-4", "--init", "random"], "input of shape (1, -4, -4)"),
        (["--shape", "1,28"], "--shape '1,28': write one input's shape"),
        (["--shape", "1,28,28", "--inputs", "x.npz"], "leave out --shape or --inputs"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
@pytest.mark.parametrize("command", ["inspect", "estimate"])
def test_a_variant_that_means_nothing_is_one_message(
    hwsim: Command, command: str, options: list[str], message: str
) -> None:
    few = ("--samples", "1") if command == "estimate" else ()
    assert message in hwsim(command, "fashion", *few, *options).error


def test_a_saved_network_is_shared_but_not_made_anew(
    hwsim: Command, estimate: Command, tmp_path: Path
) -> None:
    estimate("-o", tmp_path)
    saved = tmp_path / "network.safetensors"
    assert hwsim("inspect", saved, "--sharing", "C4", "--json").json["state_words"] == 64
    assert "--init random is for modules" in hwsim("inspect", saved, "--init", "random").error
    assert "--shape is for modules" in hwsim("inspect", saved, "--shape", "1,8,8").error
    assert "takes no --set" in hwsim("inspect", saved, "--set", "channels=4").error


def test_an_estimate_runs_on_synthetic_inputs_only_where_it_is_calibrated(
    hwsim: Command, files: Path
) -> None:
    spec = f"{files / 'net.py'}:build"
    asked = ("estimate", spec, "--shape", "1,8,8", "--timesteps", "2", "--samples", "2")
    assert hwsim(*asked).error.endswith("on which a model runs only with --init calibrated")
    assert hwsim(*asked, "--init", "calibrated", "--json").json["samples"] == 2


def test_channel_groups_that_share_states_have_fewer_words(estimate: Command) -> None:
    states = [estimate("--json", "--sharing", sharing).json["lif"] for sharing in ("none", "C2")]
    assert [state["state_words"] for state in states] == [256, 128]
