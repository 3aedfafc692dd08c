"""Training: what is measured, what is refused, what is fed, backward and normalization."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from hwsim.configuration import load_yaml
from hwsim.datasets import Dataset, Split, load_dataset
from hwsim.errors import HwsimError
from hwsim.methods.train import SPEC, train
from hwsim.methods.train_data import Feed
from hwsim.methods.train_model import set_surrogates
from hwsim.methods.train_spec import TrainSpec
from hwsim.methods.trainer import rate_factor
from hwsim.nn import LIF, PLIF, Rectangle, arctan, cauchy
from hwsim.nn.asgl import SMALLEST
from tests.methods.training import plain, spec, weights


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
    steep = train(spec(net, method="asgl", alpha_rate=1.0, alpha=0.5), tmp_path / "steep").history
    assert min(alpha for epoch in steep for alpha in epoch["alphas"].values()) == np.float32(SMALLEST)
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
        (
            {"epochs": 9, "zeta": 0.5, "method": "asgl", "milestones": [3, 2]},
            r"milestones \[3, 2\]: epochs in",
        ),
        ({"zeta": 0.5, "method": "asgl", "milestones": [2]}, r"milestones \[2\]: no epoch of the 2"),
        ({"zeta": 0.5, "method": "asgl"}, "zeta and milestones: give both"),
        ({"zeta": 0.5}, r"zeta 0\.5: it is of method asgl, this is sg"),
        ({"spike_fraction": 0.5, "method": "efficientlif"}, r"spike_fraction 0\.5: it is of method asgl"),
        ({"momentum": 0.5}, r"momentum 0\.5: it is of optimizer sgd, this is adamw"),
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
    asked = spec(net, epochs=2, method="asgl", milestones=[1], zeta=0.5, augment=["shift"])
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
