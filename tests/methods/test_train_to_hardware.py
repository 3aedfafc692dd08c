"""The hardware computes what was trained; weights move between sharings and are pruned."""

from pathlib import Path

import numpy as np
import pytest

import hwsim
from hwsim.errors import HwsimError
from hwsim.methods.train import INPUTS, train
from hwsim.methods.train_model import WEIGHTS
from hwsim.network import Network
from hwsim.result import Result
from tests.methods.training import assert_same, spec, stopped, weights


@pytest.mark.parametrize("sharing", ["none", "L", "C2", "L+C2"])
@pytest.mark.parametrize("method", ["efficientlif", "asgl"])
def test_the_hardware_computes_what_was_trained(net: str, tmp_path: Path, sharing: str, method: str) -> None:
    trained = train(spec(net, sharing=sharing, method=method), tmp_path / "run")
    result = hwsim.estimate(tmp_path / "run", samples=64)
    assert isinstance(result, Result)
    assert result.agreement is not None
    assert result.agreement["trusted"]  # spikes equal PyTorch's
    # all 64 test samples are stored: executed, they are as right as the card says
    assert result.accuracy == trained.card["test_accuracy"]
    network = result.run.network
    assert isinstance(network, Network)
    assert (network.name, network.timesteps) == ("run", 3)
    spiking = [p for p in network.populations if p.spikes]
    events = result.run.trace.events
    rates = {p.name: len(events[p.name].index) / (p.size * 3 * 64) for p in spiking}
    assert rates == pytest.approx(trained.card["spike_rates"])
    assert {p.channel_groups for p in spiking} == {2 if "C2" in sharing else 1}
    assert len({p.state_group for p in spiking if p.state_group}) == (1 if "L" in sharing else 0)


def test_a_comparison_takes_accuracies_of_whole_test_splits(net: str, tmp_path: Path) -> None:
    cards = {}
    for sharing in ("none", "C2"):
        name = sharing.lower()
        cards[name] = train(spec(net, epochs=1, sharing=sharing), tmp_path / name).card
    rows = hwsim.compare(tmp_path / "none", tmp_path / "c2").as_dict()["rows"]
    assert [(r["model"], r["sharing"], r["samples"]) for r in rows] == [("none", "none", 1), ("c2", "C2", 1)]
    assert [(r["accuracy"], r["accuracy_samples"]) for r in rows] == [
        (cards["none"]["test_accuracy"], 64), (cards["c2"]["test_accuracy"], 64),
    ]  # fmt: skip
    shared = hwsim.compare(tmp_path / "none", sharing="C2").as_dict()["rows"][0]
    assert (shared["accuracy"], shared["accuracy_samples"]) == (None, None)
    other = hwsim.compare(tmp_path / "none", timesteps=2, samples=8).as_dict()["rows"][0]
    assert other["accuracy_samples"] == 8  # of fewer steps the card knows nothing


def test_poisson_spikes_are_stored_as_the_network_takes_them(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=1, coding="poisson"), tmp_path)
    with np.load(tmp_path / INPUTS) as stored:
        assert stored["inputs"].shape == (64, 3, 1, 8, 8)
        assert set(np.unique(stored["inputs"])) == {0, 1}
    agreement = hwsim.estimate(tmp_path, samples=4).agreement
    assert agreement is not None
    assert agreement["trusted"]


def test_a_training_takes_no_weights_and_options_of_others(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=1), tmp_path)
    with pytest.raises(HwsimError, match=r"is a training, .* leave out --init"):
        hwsim.estimate(tmp_path, init="random")
    (tmp_path / WEIGHTS).unlink()
    with pytest.raises(HwsimError, match="no such file"):
        hwsim.estimate(tmp_path)


def test_load_gives_the_network_of_a_training_with_its_sharing(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=1, sharing="C2"), tmp_path / "run")
    network = hwsim.load(tmp_path / "run")
    assert (network.name, network.timesteps) == ("run", 3)
    assert {p.channel_groups for p in network.populations if p.spikes} == {2}
    with pytest.raises(HwsimError, match="weights and options of its own; leave out weights"):
        hwsim.load(tmp_path / "run", weights="other.safetensors")


def test_weights_move_from_one_sharing_to_another(net: str, tmp_path: Path) -> None:
    source = train(spec(net), tmp_path / "source")
    same = train(spec(net, epochs=1, initial=str(source.directory)), tmp_path / "same")
    moved = train(spec(net, epochs=1, sharing="L", initial=str(source.directory)), tmp_path / "moved")
    # epoch 0 is the source's network, before anything is trained
    assert same.history[0]["epoch"] == 0
    assert same.history[0]["test_accuracy"] == source.card["test_accuracy"]
    assert same.history[0]["spike_rates"] == source.card["spike_rates"]
    assert moved.history[0]["spike_rates"] != source.card["spike_rates"]
    assert moved.card["from"] == "source"


def test_weights_of_another_architecture_are_refused(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=1), tmp_path / "source")
    wide = spec(net, settings=["channels=8"], initial=str(tmp_path / "source"))
    with pytest.raises(
        HwsimError, match=r"tensor '0.weight' is \(4, 1, 3, 3\), the model's is \(8, 1, 3, 3\)"
    ):
        train(wide, tmp_path / "wide")
    with pytest.raises(HwsimError, match="no such file"):
        train(spec(net, initial=str(tmp_path / "nothing")), tmp_path / "none")
    with pytest.raises(HwsimError, match=r"fashion-resnet19-none/weights.safetensors: has no tensor"):
        train(spec(net, initial="fashion-resnet19-none"), tmp_path / "shipped")


def test_a_pruned_training_keeps_its_zeros_and_resumes(net: str, tmp_path: Path) -> None:
    # shares of epochs 1, 2, 3: .75 (1 - (1/2)^3) = .65625, .75, .75
    asked = spec(net, epochs=3, prune=0.75, prune_epochs=2)
    whole = train(asked, tmp_path / "whole")
    assert [row["sparsity"] for row in whole.history] == pytest.approx([0.65625, 0.75, 0.75], abs=1e-3)
    stopped(asked, tmp_path / "run", 2)
    assert_same(weights(train(asked, tmp_path / "run")), weights(whole))
    zeros = sum(int((w == 0).sum()) for n, w in weights(whole).items() if n in CONVOLVED)
    # 4 * 9 + 2 * 16 * 9 + 16 * 10 weights, 484 in all
    assert zeros == round(0.75 * 484)


CONVOLVED = ("0.weight", "3.weight", "6.weight", "12.weight")
