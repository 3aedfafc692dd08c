"""Learnings into directories: resumed, opened as models, run by the event executor to the same spikes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hwsim
from hwsim.datasets import load_dataset
from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.fixed_point import FixedPoint
from hwsim.frontends.dense import run_dense
from hwsim.methods.load import load_inputs
from hwsim.methods.quantization import Precision, quantize
from hwsim.methods.stdp import learn as learning
from hwsim.methods.stdp.fixed import fraction_bits, held
from hwsim.methods.stdp.labels import assigned
from hwsim.methods.stdp.learn import finished, highest, learn
from hwsim.methods.stdp.learner import TEST, Learner, pixels
from hwsim.methods.stdp.network import network_of
from hwsim.methods.stdp.spec import LearnSpec
from hwsim.network import Network
from hwsim.storage import load_value
from tests.methods.stdp_small import of_digits

FIXED = {name: {"bits": 12, "fraction": 4} for name in ("weights", "membrane", "theta")}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learn(of_digits(), tmp_path_factory.mktemp("learned") / "run", command="hwsim learn").directory


def weights(path: Path) -> np.ndarray:
    return load_value(path / "learned.safetensors", "learning")[1]["weights"]


@pytest.mark.parametrize("model", ["tinysnn/lateral", "tinysnn/baseline"])
def test_the_executor_fires_and_answers_as_the_learner_does(model: str) -> None:
    data = load_dataset("digits")
    images, truth = pixels(data.train.arrays)[:40], data.train.labels[:40]
    learner = Learner(of_digits(model=model, timesteps=60), 64)
    learner.learn(images, 0, 0)
    responses, winners, counts = learner.answer(images, 3, TEST)
    labels = assigned(responses, truth, 10, "proportion")
    network = network_of(learner.spec, learner.weights, learner.theta, labels, "digits")
    trace = execute(network, encode(network, learner.spikes(images, 3, TEST)))
    fired = trace.events["excitatory"].dense(10)
    assert fired.sum() == counts.excitatory_spikes > 100
    np.testing.assert_array_equal(np.where(fired.any(2), fired.argmax(2), -1), winners)
    if model == "tinysnn/baseline":
        assert trace.events["inhibitory"].dense(10).sum() == counts.inhibitory_spikes > 100
    np.testing.assert_array_equal(trace.outputs[:, -1].argmax(1), labels.answers(winners))


@pytest.mark.parametrize("rounding", ["truncate", "nearest", "stochastic"])
def test_a_learning_that_is_only_rounded_has_the_codes_of_its_source(
    directory: Path, tmp_path: Path, rounding: str
) -> None:
    form = {"bits": 4, "fraction": 4, "rounding": rounding}
    found = learn(of_digits(initial=str(directory), passes=0, formats={"weights": form}), tmp_path / "four")
    codes = FixedPoint(4, 4, False).codes(weights(directory), rounding, 0)  # type: ignore[arg-type]
    np.testing.assert_array_equal(weights(found.directory), (codes / 16).astype(np.float32))
    assert found.card["learning_counts"]["images"] == 0
    assert Network.load(found.directory / "network.safetensors").projections[0].weights is not None


def test_a_learning_goes_on_from_another_s_weights(directory: Path, tmp_path: Path) -> None:
    """A second pass from the first one's weights is not that of a run of two passes: its images are drawn
    as pass 0; rounding nothing and learning nothing gives the source itself."""
    same = learn(of_digits(initial=str(directory), passes=0), tmp_path / "same")
    np.testing.assert_array_equal(weights(same.directory), weights(directory))
    assert same.card["test_accuracy"] == finished(directory).card["test_accuracy"]
    more = learn(of_digits(initial=str(directory)), tmp_path / "more")
    assert (weights(more.directory) != weights(directory)).any()


def test_a_source_of_other_neurons_is_refused(directory: Path, tmp_path: Path) -> None:
    neurons = finished(directory).spec.neurons + 1
    with pytest.raises(HwsimError, match=r"learned\.safetensors.*weights of shape"):
        learn(of_digits(initial=str(directory), passes=0, neurons=neurons), tmp_path / "other")


def test_no_passes_without_a_source_are_refused() -> None:
    with pytest.raises(HwsimError, match="passes 0: nothing would be learned"):
        of_digits(passes=0)


@pytest.mark.parametrize("rounding", ["truncate", "nearest", "stochastic"])
@pytest.mark.parametrize("model", ["tinysnn/lateral", "tinysnn/baseline"])
def test_a_learner_in_fixed_point_is_an_integer_network_of_the_same_spikes(model: str, rounding: str) -> None:
    bits = {"weights": (8, 8), "membrane": (10, 3), "theta": (12, 8)}
    formats = {n: {"bits": b, "fraction": f, "rounding": rounding} for n, (b, f) in bits.items()}
    data = load_dataset("digits")
    images, truth = pixels(data.train.arrays)[:40], data.train.labels[:40]
    learner = Learner(of_digits(model=model, timesteps=60, growth=0.5, post_rate=0.05, formats=formats), 64)
    learner.learn(images, 0, 0)
    responses, winners, counts = learner.answer(images, 3, TEST)
    labels = held(learner.spec, assigned(responses, truth, 10, "proportion"))
    network = network_of(learner.spec, learner.weights, learner.theta, labels, "digits")
    assert network.integer
    assert network.quantized
    spikes = learner.spikes(images, 3, TEST)
    trace = execute(network, encode(network, spikes))
    fired = trace.events["excitatory"].dense(10)
    assert fired.sum() == counts.excitatory_spikes > 100
    np.testing.assert_array_equal(np.where(fired.any(2), fired.argmax(2), -1), winners)
    np.testing.assert_array_equal(trace.outputs[:, -1].argmax(1), labels.answers(winners))
    dense = run_dense(network, spikes[:4])
    np.testing.assert_array_equal(dense.outputs["excitatory"], fired[:4])


@pytest.mark.parametrize("model", ["tinysnn/lateral", "tinysnn/baseline"])
def test_a_float_learning_quantizes_to_an_integer_network_of_nearly_its_spikes(
    model: str, tmp_path: Path
) -> None:
    done = learn(of_digits(model=model), tmp_path / "run")
    network = Network.load(done.directory / "network.safetensors")
    spikes = np.load(done.directory / "inputs.npz")["inputs"]
    found = quantize(network, Precision(weights=16, state=24, leak=24), spikes[:8]).network
    expected = execute(network, encode(network, spikes)).events["excitatory"].dense(10)
    fired = execute(found, encode(found, spikes)).events["excitatory"].dense(10)
    assert found.quantized
    assert expected.sum() > 100
    # 24 bits of a membrane within 2^9 mV are steps of 2^-14 mV: a spike moves where two are that close
    assert (fired != expected).sum() <= 0.02 * expected.sum()


def test_the_network_has_the_thresholds_that_were_learned_and_adapts_no_more(directory: Path) -> None:
    network = hwsim.load(str(directory))
    excitatory = network.population["excitatory"]
    theta = load_value(directory / "learned.safetensors", "learning")[1]["theta"]
    assert (theta > 0).any()
    np.testing.assert_array_equal(excitatory.vectors["threshold"], np.float32(-52) + theta)
    assert not excitatory.adaptive
    assert excitatory.one_spike
    assert (network.name, network.timesteps, network.coding) == ("run", 50, "spikes")


def test_a_learning_is_a_model_whose_own_inputs_give_its_accuracy(directory: Path) -> None:
    card = json.loads((directory / "card.json").read_text())
    inputs = load_inputs(directory / "inputs.npz", 30)
    assert inputs.labels is not None
    network = Network.load(directory / "network.safetensors")
    answers = execute(network, encode(network, inputs.values)).outputs[:, -1].argmax(1)
    # 30 test samples, all of which are kept as inputs
    assert (answers == inputs.labels).mean() == card["test_accuracy"]
    assert card["test_counts"]["images"] == 30
    assert card["learning_counts"]["images"] == 60
    assert sum(card["neurons_of_class"]) <= 10


@pytest.mark.parametrize("stop", [20, 60, 80])
def test_a_learning_that_was_killed_ends_with_the_same_weights(
    stop: int, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "KEPT_EVERY", 40)
    monkeypatch.setattr(learning, "CHUNK", 20)
    twice = of_digits(passes=2)

    def kill(stage: str, done: int, _total: int) -> None:
        if stage == "images" and done == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(twice, tmp_path / "run", kill)
    with pytest.raises(HwsimError, match="not done; hwsim learn with the same options and directory goes on"):
        finished(tmp_path / "run")
    resumed, whole = learn(twice, tmp_path / "run"), learn(twice, tmp_path / "whole")
    np.testing.assert_array_equal(weights(resumed.directory), weights(whole.directory))
    assert resumed.card["learning_counts"] == whole.card["learning_counts"]
    assert resumed.card["test_accuracy"] == whole.card["test_accuracy"]
    assert [row["images"] for row in resumed.history] == [40, 60, 100, 120]
    assert (weights(resumed.directory) != weights(directory)).any()


def test_one_killed_before_its_metrics_were_written_has_them_all_in_the_end(tmp_path: Path) -> None:
    def kill(stage: str, _done: int, _total: int) -> None:
        if stage == "labels":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(of_digits(), tmp_path, kill)
    (tmp_path / "metrics.jsonl").unlink()
    assert [row["images"] for row in learn(of_digits(), tmp_path).history] == [60]
    assert [row["images"] for row in finished(tmp_path).history] == [60]


def test_a_finished_learning_is_not_done_again(directory: Path) -> None:
    before = (directory / "card.json").stat().st_mtime_ns
    assert learn(of_digits(), directory).card == finished(directory).card
    assert (directory / "card.json").stat().st_mtime_ns == before


def test_options_of_another_learning_are_refused_by_name(directory: Path) -> None:
    with pytest.raises(HwsimError, match=r"another learning .seed: 0 there, 4 asked for"):
        learn(of_digits(seed=4), directory)


def test_damage_is_named(directory: Path, tmp_path: Path) -> None:
    for path in directory.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "network.safetensors").write_bytes(b"no network")
    with pytest.raises(HwsimError, match=r"network\.safetensors: is not the file that the learning wrote"):
        hwsim.load(str(tmp_path))
    (tmp_path / "card.json").unlink()
    (tmp_path / "learned.safetensors").write_bytes(b"no weights")
    with pytest.raises(HwsimError, match=r"learned\.safetensors: not a safetensors file"):
        learn(of_digits(), tmp_path)


def test_series_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    series = replace(load_dataset("digits"), kind="series")
    monkeypatch.setattr(learning, "load_dataset", lambda *_: series)
    with pytest.raises(HwsimError, match="digits holds series; hwsim learn takes images"):
        learn(of_digits(), tmp_path / "run")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"model": "fashion"}, "model: found 'fashion'"),
        ({"rule": "hebb"}, "rule: found 'hebb'"),
        ({"neurons": 1}, "neurons: found 1"),
        ({"max_rate": 1200.0}, "max_rate: found 1200.0"),
        ({"w_initial": 2.0}, "w_initial 2: it must not be above w_max 1"),
        ({"update_step": 0}, "update_step: found 0"),
        ({"formats": {"weights": {"bits": 33, "fraction": 7}}}, "bits: found 33"),
        ({"formats": {"decay": {"bits": 8, "fraction": 7}}}, "formats.decay"),
        ({"formats": {"membrane": {"bits": 8, "fraction": 7}}}, "membrane needs a format of weights and"),
        ({"formats": FIXED | {"membrane": {"bits": 1, "fraction": 0}}}, "needs 2 bits at least"),
        ({"model": "tinysnn/baseline", "drive": 19.0, "formats": FIXED}, "must fire an inhibitory neuron"),
        ({"etta": 1.0}, "unknown field 'etta'"),
    ],
)  # fmt: skip
def test_wrong_values_are_named_with_what_is_allowed(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(HwsimError, match=told):
        LearnSpec.of({"model": "tinysnn/lateral", "data": "mnist"} | fields)


def test_a_rule_takes_single_numbers_from_the_spec() -> None:
    rule = of_digits(rule="tinysnn", update_step=9).learning
    assert (rule.update_step, rule.soft, rule.pre_rate) == (9, True, 0.0)
    assert of_digits(pre_rate=0.0).learning.pre_rate == 0.0


def test_first_weights_have_their_norm_and_are_on_their_grid() -> None:
    free = Learner(of_digits(), 64)
    np.testing.assert_allclose(free.weights.sum(0), 20.0, rtol=1e-5)
    form = {"bits": 8, "fraction": 7, "rounding": "nearest"}
    rounded = Learner(of_digits(formats={"weights": form}), 64)
    assert ((rounded.weights * 128) % 1 == 0).all()
    assert np.abs(rounded.weights - free.weights).max() <= 1 / 256


@pytest.mark.parametrize("model", ["tinysnn/lateral", "tinysnn/baseline"])
def test_a_learning_in_eight_bits_is_priced_in_eight(model: str, tmp_path: Path) -> None:
    """W10: inhibition has the weights' bits, the readout's votes and sums count for nothing."""
    formats = {name: {"bits": 8, "fraction": 3} for name in ("weights", "membrane", "theta")}
    found = learn(of_digits(model=model, formats=formats), tmp_path / "eight")
    result = hwsim.estimate(str(found.directory), samples=1, hardware="sata").as_dict()
    precision = result["hardware"]["precision"]
    assert (precision["weight_bits"], precision["state_bits"]) == (8, 8)
    assert result["totals"]["energy_pj"] > 0


def test_weights_beyond_w_max_are_held_by_the_integer_bits_of_a_source(directory: Path) -> None:
    """5.21 in 8 bits: 2^5 * 5.21 = 167 fits, 2^6 * 5.21 = 333 does not; to w_max = 1 all 8 are behind it."""
    assert highest(directory, "weights") == weights(directory).max() < 1
    assert fraction_bits(of_digits(), "weights", 8, highest(directory, "weights")) == 8
    assert fraction_bits(of_digits(), "weights", 8, 5.21) == 5
