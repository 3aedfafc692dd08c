"""Training: what resumes, what is refused, what is written; the hardware computes what was trained."""

import json
import math
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import hwsim
from hwsim.configuration import load_yaml
from hwsim.datasets import Dataset, Split, load_dataset
from hwsim.errors import HwsimError
from hwsim.methods.train import CARD, INPUTS, METRICS, SPEC, Trained, train
from hwsim.methods.train_data import Feed
from hwsim.methods.train_model import WEIGHTS, set_surrogates
from hwsim.methods.train_spec import TrainSpec
from hwsim.methods.train_state import FOLDER
from hwsim.methods.trainer import rate_factor
from hwsim.network import Network
from hwsim.nn import LIF, PLIF, Rectangle, arctan, cauchy
from hwsim.result import Result

NET = """
from torch import nn
from hwsim.nn import LIF

def build(channels: int = 4, classes: int = 10, channels_in: int = 1) -> nn.Sequential:
    layers = []
    for before in (channels_in, channels, channels):
        layers += [nn.Conv2d(before, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), LIF()]
    return nn.Sequential(
        *layers, nn.AvgPool2d(4), nn.Flatten(), nn.Dropout(0.1), nn.Linear(4 * channels, classes)
    )
"""


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Loading numba's threads gives PyTorch as many; sums over several threads differ in their last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three convolutions of four channels, whose layers of neurons have one shape."""
    path = tmp_path_factory.mktemp("net") / "net.py"
    path.write_text(NET)
    return f"{path}:build"


def spec(net: str, **fields: Any) -> TrainSpec:
    """Two epochs of three mini-batches of digits, for three timesteps."""
    small = {"epochs": 2, "batch": 40, "train_samples": 120, "test_samples": 64, "rate": 0.01, "timesteps": 3}
    return TrainSpec.of({"model": net, "data": "digits", "device": "cpu"} | small | fields)


def weights(trained: Trained | Path) -> dict[str, torch.Tensor]:
    directory = trained.directory if isinstance(trained, Trained) else trained
    return load_file(directory / WEIGHTS)


def assert_same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    for name, tensor in a.items():
        assert torch.equal(tensor, b[name]), name


# --- resuming ------------------------------------------------------------------------------------


KILLED = """
import os, signal, sys
from pathlib import Path
from hwsim.configuration import load_yaml
from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec

def progress(stage, done, of):
    if stage == "epoch 2" and done == 2:
        os.kill(os.getpid(), signal.SIGKILL)

train(load_yaml(Path(sys.argv[1]), TrainSpec), Path(sys.argv[2]), progress)
"""


def test_a_killed_training_ends_with_the_weights_of_one_that_was_not(net: str, tmp_path: Path) -> None:
    # random order, shifts, dropout and ASGL's masks: all that an epoch draws
    asked = spec(net, epochs=3, method="asgl", augment=["shift"])
    whole = train(asked, tmp_path / "whole")
    given, killed = str(tmp_path / "whole" / SPEC), tmp_path / "killed"
    done = subprocess.run([sys.executable, "-c", KILLED, given, str(killed)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (killed / CARD).exists()
    with pytest.raises(HwsimError, match="this training has done 1 of 3 epochs"):
        hwsim.estimate(killed)
    again = train(asked, killed)
    assert_same(weights(again), weights(whole))
    timeless = [
        [{k: v for k, v in row.items() if "seconds" not in k} for row in t.history] for t in (again, whole)
    ]
    assert timeless[0] == timeless[1]
    assert [row["epoch"] for row in again.history] == [1, 2, 3]
    assert [json.loads(line) for line in (killed / METRICS).read_text().splitlines()] == again.history


def test_a_finished_training_is_not_trained_again(net: str, tmp_path: Path) -> None:
    first = train(spec(net, epochs=1), tmp_path)
    card = (tmp_path / CARD).read_bytes()
    assert train(spec(net, epochs=1), tmp_path).history == first.history
    assert (tmp_path / CARD).read_bytes() == card


def test_another_seed_gives_other_weights_and_the_same_seed_the_same(net: str, tmp_path: Path) -> None:
    runs = [train(spec(net, epochs=1, seed=s), tmp_path / str(i)) for i, s in enumerate((1, 1, 2))]
    assert_same(weights(runs[0]), weights(runs[1]))
    assert not torch.equal(weights(runs[0])["0.weight"], weights(runs[2])["0.weight"])


def test_a_directory_of_another_spec_is_refused_with_the_difference(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=1), tmp_path)
    with pytest.raises(
        HwsimError, match=r"another training \(epochs: 1 there, 2 asked for; seed: 0 there, 7"
    ):
        train(spec(net, seed=7), tmp_path)


def test_what_fails_before_the_first_epoch_leaves_no_directory(net: str, tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match="no option 'chanels'"):
        train(spec(net, settings=["chanels=2"]), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def stopped(asked: TrainSpec, directory: Path, epoch: int) -> None:
    """Train until so many epochs are done."""

    def stop(history: list[dict[str, Any]]) -> None:
        if history[-1]["epoch"] == epoch:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(asked, directory, after_epoch=stop)


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".json"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_goes_on(
    net: str, tmp_path: Path, suffix: str
) -> None:
    asked = spec(net, epochs=3)
    stopped(asked, tmp_path / "run", 2)
    folder = tmp_path / "run" / FOLDER
    (folder / f"epoch-0002{suffix}").write_bytes(b"{}")
    with pytest.raises(
        HwsimError, match=rf"epoch-0002{suffix}: .* delete .*epoch-0002\.\* to go on from epoch-0001"
    ):
        train(asked, tmp_path / "run")
    for path in folder.glob("epoch-0002.*"):
        path.unlink()
    assert_same(weights(train(asked, tmp_path / "run")), weights(train(asked, tmp_path / "whole")))


def test_only_the_newest_two_checkpoints_are_kept(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=4), tmp_path)
    kept = {path.stem for path in (tmp_path / FOLDER).iterdir()}
    assert kept == {"epoch-0003", "epoch-0004"}


def test_a_training_goes_on_with_the_threads_of_its_beginning(net: str, tmp_path: Path) -> None:
    asked = spec(net)
    stopped(asked, tmp_path, 1)
    torch.set_num_threads(2)
    seen: list[int] = []
    train(asked, tmp_path, lambda *_: seen.append(torch.get_num_threads()))
    assert set(seen) == {1}
    assert torch.get_num_threads() == 2


# --- what is measured ----------------------------------------------------------------------------


def test_the_learning_rate_rises_linearly_and_falls_as_a_cosine() -> None:
    # 2 steps of warm-up, 8 steps of cosine: (1 + cos(pi x)) / 2 is 1/2 half-way and 0 at the end
    assert [rate_factor(step, 10, 2) for step in (0, 1, 2, 6, 10)] == pytest.approx([0.5, 1, 1, 0.5, 0])
    assert rate_factor(3, 4, 0) == pytest.approx((1 + math.cos(0.75 * math.pi)) / 2)


def test_asgl_reports_alphas_p_and_graded_shares_of_every_layer(net: str, tmp_path: Path) -> None:
    asked = spec(net, method="asgl", spike_fraction=0.8, zeta=0.0, milestones=[1], alpha_rate=0.01)
    first, second = train(asked, tmp_path).history
    # p <- 1 - (1 - p) zeta after epoch 1: 1 - 0.2 * 0 = 1, nothing graded is left
    assert (first["spike_fraction"], second["spike_fraction"]) == (0.8, 1.0)
    assert first["alphas"].keys() == first["graded"].keys() == first["spike_rates"].keys() == {"2", "5", "8"}
    assert all(0 < share <= 0.2 + 0.05 for share in first["graded"].values())
    assert all(first["graded_of_nonzero"][n] > share for n, share in first["graded"].items())
    assert set(second["graded"].values()) == set(second["graded_of_nonzero"].values()) == {0.0}
    assert all(alpha != 1.0 for alpha in second["alphas"].values())
    kept = train(spec(net, method="asgl", alpha_rate=0), tmp_path / "kept").history
    assert set(kept[-1]["alphas"].values()) == {1.0}


def test_weights_of_a_training_hold_no_surrogates(net: str, tmp_path: Path) -> None:
    plain = train(spec(net, epochs=1), tmp_path / "sg")
    smooth = train(spec(net, epochs=1, method="asgl"), tmp_path / "asgl")
    assert weights(plain).keys() == weights(smooth).keys()
    assert plain.card["parameters"] == smooth.card["parameters"]


@pytest.mark.parametrize(
    "fields", [{"optimizer": "sgd", "rate": 1e30}, {"optimizer": "sgd", "rate": 1e30, "loss": "mse"}]
)
def test_a_loss_that_is_no_number_is_an_error_with_epoch_and_batch(
    net: str, tmp_path: Path, fields: dict[str, Any]
) -> None:
    with pytest.raises(HwsimError, match=r"the loss is (nan|inf) in epoch 1, batch [23] of 3"):
        train(spec(net, warmup=0, **fields), tmp_path)


@pytest.mark.parametrize("fields", [
    {"optimizer": "sgd"}, {"optimizer": "adam", "loss": "mse"}, {"surrogate": "dspike", "alpha": 0.5},
    {"coding": "poisson"}, {"coding": "latency"}, {"augment": ["crop", "mixup"], "label_smoothing": 0.1},
    {"surrogate": "tanh", "method": "asgl"}, {"augment": ["cutmix", "flip"], "loss": "mse"},
], ids=str)  # fmt: skip
def test_a_training_learns(net: str, tmp_path: Path, fields: dict[str, Any]) -> None:
    history = train(spec(net, epochs=3, batch=20, **fields), tmp_path).history
    assert history[-1]["loss"] < history[0]["loss"]


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"method": "bptt"}, "method: found 'bptt'"),
        ({"rate": 0.0}, "rate: found 0.0"),
        ({"sharing": "X"}, "--sharing 'X'"),
        ({"method": "asgl", "surrogate": "arctan"}, "surrogate arctan: of asgl"),
        ({"method": "efficientlif", "surrogate": "tanh"}, "surrogate tanh: method efficientlif"),
        ({"alpha": 2.0}, "alpha 2: the surrogate arctan has none"),
        ({"method": "asgl", "alpha": 1e-3}, "alpha 0.001: asgl keeps it at 0.01 or above"),
        ({"milestones": [3, 2]}, r"milestones \[3, 2\]"),
        ({"prune": 0.5}, "prune and prune_epochs"),
        ({"prune": 0.5, "prune_epochs": 9}, "prune_epochs 9: there are only 2 epochs"),
        ({"warmup": 2}, "warmup 2: it must be shorter than the 2 epochs"),
        ({"colour": 1}, "unknown field 'colour'"),
    ],
)
def test_a_spec_that_means_nothing_is_refused(net: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        spec(net, **fields)


def test_a_spec_is_read_back_as_it_was(net: str, tmp_path: Path) -> None:
    asked = spec(net, epochs=1, method="asgl", milestones=[1], augment=["shift"])
    train(asked, tmp_path)
    assert load_yaml(tmp_path / SPEC, TrainSpec) == asked


def test_a_model_of_another_input_is_refused_by_shape(tmp_path: Path) -> None:
    asked = TrainSpec.of({"model": "fashion", "data": "digits", "settings": ["resolution=28"]})
    with pytest.raises(HwsimError, match=r"inputs of shape \(1, 28, 28\), a sample of digits is \(1, 8, 8\)"):
        train(asked, tmp_path)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("nn.Sequential(nn.Flatten(), nn.Linear(64, 10))", "no layer of neurons of hwsim.nn"),
        (
            "nn.Sequential(nn.Linear(9, 10), LIF())",
            r"does not take the inputs of digits, \(1, 8, 8\) at each step",
        ),
        (
            "nn.Sequential(nn.Flatten(), nn.Linear(64, 7), LIF())",
            r"outputs of shape \(7,\) a sample; .* 10 classes",
        ),
        ("nn.Sequential(nn.Conv2d(1, 2, 3), LIF())", r"outputs of shape \(2, 6, 6\) a sample"),
    ],
)
def test_a_model_that_cannot_be_trained_is_refused(tmp_path: Path, body: str, message: str) -> None:
    (tmp_path / "net.py").write_text(
        f"from torch import nn\nfrom hwsim.nn import LIF\ndef build():\n    return {body}\n"
    )
    with pytest.raises(HwsimError, match=message):
        train(spec(f"{tmp_path / 'net.py'}:build"), tmp_path / "run")


def test_a_model_keeps_its_own_surrogates_unless_others_are_asked_for(net: str) -> None:
    model = nn.Sequential(PLIF(), LIF())
    set_surrogates(model, spec(net))
    assert [m.surrogate for m in model] == [cauchy, arctan]
    set_surrogates(model, spec(net, surrogate="rectangle", alpha=2.0))
    assert [m.surrogate for m in model] == [Rectangle(2.0), Rectangle(2.0)]


# --- feeding -------------------------------------------------------------------------------------


def test_images_are_scaled_by_the_training_pixels(net: str) -> None:
    digits = load_dataset("digits")
    feed = Feed.of(digits, spec(net), None)
    values = feed.train.arrays.astype(np.float64) / (255 if feed.train.arrays.dtype == np.uint8 else 1)
    inputs, labels = feed.batch(feed.train, np.random.default_rng(0))
    expected = (values - values.mean()) / values.std()
    np.testing.assert_allclose(inputs.numpy(), expected, atol=1e-5)
    assert labels.tolist() == feed.train.labels.tolist()


def test_series_bring_their_timesteps_and_are_zero_after_their_end(net: str) -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    split = Split(values, np.array([0, 1]), np.array([4, 2]))
    data = Dataset("made", "series", split, split, 2, (4, 3), "", "", "")
    feed = Feed.of(data, spec(net, timesteps=None), None)
    inputs, _ = feed.batch(split, np.random.default_rng(0))
    assert (feed.timesteps, feed.shape, feed.coding) == (4, (3,), "series")
    assert inputs.shape == (4, 2, 3)
    assert not inputs[2:, 1].any()
    # channel 0 is 0, 3, .. 21: mean 10.5, variance 9 (8^2 - 1) / 12
    assert inputs[1, 0, 0].item() == pytest.approx((3 - 10.5) / math.sqrt(9 * 63 / 12), abs=1e-6)
    with pytest.raises(HwsimError, match="timesteps 3: a sample of made has 4"):
        Feed.of(data, spec(net), None)
    with pytest.raises(HwsimError, match="augment: for images; made is of series"):
        Feed.of(data, spec(net, timesteps=None, augment=["flip"]), None)


def test_series_of_zeros_and_ones_are_spikes_and_stay_as_they_are(net: str) -> None:
    values = np.random.default_rng(1).integers(0, 2, (3, 5, 2)).astype(np.uint8)
    split = Split(values, np.array([0, 1, 1]))
    feed = Feed.of(
        Dataset("made", "series", split, split, 2, (5, 2), "", "", ""), spec(net, timesteps=5), None
    )
    inputs, _ = feed.batch(split, np.random.default_rng(0))
    assert (feed.coding, feed.shape) == ("spikes", (2,))
    np.testing.assert_array_equal(inputs.numpy(), values.swapaxes(0, 1))


# --- from training to hardware -------------------------------------------------------------------


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


# --- other weights to begin with -----------------------------------------------------------------


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


# --- backward and normalization ------------------------------------------------------------------


def plain(tmp_path: Path, body: str) -> str:
    path = tmp_path / "plain.py"
    path.write_text(f"from torch import nn\nfrom hwsim.nn import LIF\n\n{body}\n")
    return f"{path}:build"


SOFT = """def build(classes: int = 10):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), LIF(), nn.Flatten(), nn.Linear(144, classes))"""


def test_the_backward_in_reverse_trains_as_the_standard_one(tmp_path: Path) -> None:
    net = plain(tmp_path, SOFT)
    fields: dict[str, Any] = {"epochs": 1, "normalization": "each_step", "optimizer": "sgd"}
    standard = weights(train(spec(net, **fields), tmp_path / "standard"))
    reverse = weights(train(spec(net, **fields, backward="reverse"), tmp_path / "reverse"))
    # the first normalization runs once a sample there and once a step here, which moves its averages alone
    for name in standard.keys() - {"1.running_mean", "1.running_var", "1.num_batches_tracked"}:
        torch.testing.assert_close(reverse[name], standard[name], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("body", "fields", "message"),
    [
        (SOFT.replace("LIF()", "LIF(reset='zero')"), {}, "backward reverse: layer '2': a hard reset"),
        (
            SOFT.replace("nn.Flatten()", "nn.Flatten(), nn.Dropout(0.1)"),
            {},
            "dropout would draw another mask",
        ),
        (SOFT, {"coding": "poisson"}, "it shows one image at every step"),
    ],
)
def test_a_backward_in_reverse_is_refused_with_its_reason(
    tmp_path: Path, body: str, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(HwsimError, match=message):
        train(spec(plain(tmp_path, body), backward="reverse", **fields), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_normalization_follows_from_method_and_backward_unless_it_is_said(net: str) -> None:
    assert spec(net).normalized == "all_steps"
    assert spec(net, method="efficientlif").normalized == "each_step"
    assert spec(net, method="efficientlif", normalization="all_steps").normalized == "all_steps"
    assert spec(net, backward="reverse").normalized == "each_step"
    with pytest.raises(HwsimError, match="backward reverse computes each step of its own"):
        spec(net, backward="reverse", normalization="all_steps")


def test_a_model_that_keeps_values_of_its_own_is_refused(tmp_path: Path) -> None:
    body = """class Own(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.kept, self.last, self.neuron = None, nn.Linear(64, classes), LIF()
    def forward(self, x):
        before = self.kept if self.kept is not None and self.kept.shape == x.shape else 0 * x
        self.kept = before + x
        return self.last(self.neuron(self.kept).flatten(1))

def build(classes: int = 10):
    return Own(classes)"""
    with pytest.raises(HwsimError, match="a module keeps values of its own"):
        train(spec(plain(tmp_path, body)), tmp_path / "run")


def test_one_directory_is_trained_into_by_one_process(net: str, tmp_path: Path) -> None:
    said: list[str] = []

    def progress(stage: str, done: int, _of: int) -> None:
        if stage == "epoch 1" and done == 1:
            with pytest.raises(HwsimError) as found:
                train(spec(net, epochs=1), tmp_path / "run")
            said.append(str(found.value))

    train(spec(net, epochs=1), tmp_path / "run", progress)
    assert said == [f"{tmp_path / 'run'}: another process is training into it"]


def test_weights_that_are_no_numbers_after_an_epoch_are_an_error(net: str, tmp_path: Path) -> None:
    # one mini-batch: its loss is a number, and its step makes weights of 3e38 times a gradient
    asked = spec(net, epochs=1, batch=120, optimizer="sgd", rate=3e38, weight_decay=3e38)
    with pytest.raises(HwsimError, match="is no finite number after epoch 1"):
        train(asked, tmp_path / "run")


def test_a_mini_batch_that_cannot_be_normalized_is_an_error(tmp_path: Path) -> None:
    body = """def build(classes: int = 10):
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 8), nn.BatchNorm1d(8), LIF(), nn.Linear(8, classes))"""
    with pytest.raises(HwsimError, match="a mini-batch of 1: Expected more than 1 value per channel"):
        train(spec(plain(tmp_path, body), batch=1), tmp_path / "run")


def test_a_training_goes_on_without_the_one_that_it_began_from(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=1), tmp_path / "first")
    asked = spec(net, epochs=1, initial=str(tmp_path / "first"))
    whole = train(asked, tmp_path / "second")
    shutil.rmtree(tmp_path / "first")
    (tmp_path / "second" / CARD).unlink()
    assert_same(weights(train(asked, tmp_path / "second")), weights(whole))


def test_load_gives_the_network_of_a_training_with_its_sharing(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=1, sharing="C2"), tmp_path / "run")
    network = hwsim.load(tmp_path / "run")
    assert (network.name, network.timesteps) == ("run", 3)
    assert {p.channel_groups for p in network.populations if p.spikes} == {2}
    with pytest.raises(HwsimError, match="weights and options of its own; leave out weights"):
        hwsim.load(tmp_path / "run", weights="other.safetensors")


@pytest.mark.parametrize("name", [CARD, METRICS, WEIGHTS, INPUTS])
def test_a_damaged_file_of_a_training_is_named(net: str, tmp_path: Path, name: str) -> None:
    train(spec(net, epochs=1), tmp_path / "run")
    path = tmp_path / "run" / name
    content = path.read_bytes()
    for damage in (content[: len(content) // 2], b"{"):
        path.write_bytes(damage)
        with pytest.raises(HwsimError, match=name):
            hwsim.load(tmp_path / "run")
    path.unlink()
    with pytest.raises(HwsimError, match=name if name != CARD else "has done 1 of 1 epochs"):
        hwsim.load(tmp_path / "run")


def test_checkpoints_without_their_spec_are_refused(net: str, tmp_path: Path) -> None:
    train(spec(net, epochs=1), tmp_path / "run")
    (tmp_path / "run" / SPEC).unlink()
    with pytest.raises(HwsimError, match="has checkpoints and no training"):
        train(spec(net, epochs=1), tmp_path / "run")
