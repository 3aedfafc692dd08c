"""Rules that users register: what they may say, in which types, and the messages where they are wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.frontends import Neurons, neurons, register_neuron
from hwsim.population import Population
from tests.frontends.capturing import captured, refused


class Leaky(nn.Module):
    """v = decay * v + x, fires above the threshold, then 0."""

    def __init__(self) -> None:
        super().__init__()
        self.decay = nn.Parameter(torch.tensor(0.5))
        self.threshold = nn.Parameter(torch.linspace(0.25, 1.0, 4))
        self.v: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.v = self.decay * (torch.zeros_like(x) if self.v is None else self.v) + x
        spikes = (self.v > self.threshold).float()
        self.v = self.v * (1 - spikes)
        return spikes

    def reset(self) -> None:
        self.v = None


class Stateless(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x > 0.5).float()


@pytest.fixture(autouse=True)
def _rules_of_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neurons, "_RULES", dict(neurons._RULES))


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 4), Leaky())


def told(**fields: Any) -> Neurons:
    return Neurons({"decay": 0.5, "threshold": 0.5, "reset": "zero", "compare": ">", **fields})


def population(describe: Callable[[Any], Any]) -> Population:
    register_neuron(Leaky, describe)
    return captured(net(), 6).network.populations[1]


THRESHOLDS = [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    "given",
    [
        lambda m: m.threshold,
        lambda m: m.threshold.detach().to(torch.float64),
        lambda _m: THRESHOLDS,
        lambda _m: tuple(THRESHOLDS),
        lambda m: list(m.threshold),
        lambda _m: np.array(THRESHOLDS, np.float32),
    ],
    ids=["parameter", "tensor", "list", "tuple", "list of tensors", "float32 array"],
)
@pytest.mark.parametrize(
    "decay",
    [lambda m: m.decay, lambda _m: np.float32(0.5), lambda _m: np.array(0.5)],
    ids=["parameter", "NumPy number", "array of no dimension"],
)
def test_numbers_may_come_as_tensors_lists_and_of_numpy(
    given: Callable[[Any], Any], decay: Callable[[Any], Any]
) -> None:
    made = population(lambda m: told(threshold=given(m), decay=decay(m)))
    assert type(made.decay) is float
    assert made.decay == 0.5
    assert made.vectors["threshold"].dtype == np.float64
    assert made.vectors["threshold"].tolist() == pytest.approx(THRESHOLDS, rel=1e-7)


def test_flags_and_counts_may_come_of_numpy_and_torch() -> None:
    register_neuron(Leaky, lambda _m: told(multispike=np.bool_(False), refractory=torch.tensor(2)))
    found = neurons.describe("1", Leaky()).fields
    assert found["multispike"] is False
    assert (type(found["refractory"]), found["refractory"]) == (int, 2)


def test_a_neuron_may_be_without_a_current_and_a_floor() -> None:
    register_neuron(Leaky, lambda _m: told(current_decay=None, floor=None))
    assert neurons.describe("1", Leaky()).fields["floor"] is None


def fails(_module: Any) -> Neurons:
    raise KeyError("tau")


@pytest.mark.parametrize(
    ("describe", "message"),
    [
        (lambda _m: told(treshold=1.0), r"unknown field 'treshold'\. Did you mean 'threshold'\?"),
        (lambda _m: told(name="x"), "unknown field 'name'"),
        (lambda _m: told(shape=(4,)), "unknown field 'shape'"),
        (lambda _m: told(vectors={}), "unknown field 'vectors'"),
        (lambda _m: told(state_group="a"), "unknown field 'state_group'"),
        (lambda _m: Neurons({1: 2}), "unknown field 1"),  # type: ignore[dict-item]
        (lambda _m: told(threshold="1.0"), r"says threshold='1\.0'; allowed: a number or an array"),
        (lambda _m: told(threshold=None), "says threshold=None; allowed: a number"),
        (lambda _m: told(decay=True), "says decay=True; allowed: a number"),
        (lambda _m: told(decay=[0.5, [0.5]]), "says decay=.*, which is no array"),
        (lambda _m: told(kind="lfi"), "says kind='lfi'; allowed: lif, li, clif"),
        (lambda _m: told(kind="readout"), "says kind='readout'; allowed: lif, li, clif"),
        (lambda _m: told(reset=0), "says reset=0; allowed: subtract, zero, value"),
        (lambda _m: told(one_spike=1), "says one_spike=1; allowed: True, False"),
        (lambda _m: told(refractory=1.5), r"says refractory=1\.5; allowed: one integer"),
        (lambda _m: Neurons([("decay", 0.5)]), "gives fields as a list; allowed: a dict"),  # type: ignore[arg-type]
        (lambda _m: Neurons({}, recurrent="all"), "says recurrent='all'"),  # type: ignore[arg-type]
        (lambda _m: Neurons({}, all_steps="no"), "says all_steps='no'"),  # type: ignore[arg-type]
        (lambda _m: Neurons({}, outputs=0), "says outputs=0; it must be at least 1"),
        (lambda _m: {"decay": 0.5}, r"returned a dict; allowed: hwsim\.frontends\.Neurons"),
        (lambda _m: None, "returned a NoneType"),
        (lambda m: told(threshold=m.tresh), "its rule .*lambda.* failed: AttributeError: .*tresh"),
        (fails, "its rule fails failed: KeyError: 'tau'"),
    ],
)  # fmt: skip
def test_a_rule_that_is_wrong_names_the_module_and_the_field(
    describe: Callable[[Any], Any], message: str
) -> None:
    register_neuron(Leaky, describe)
    refused(net(), rf"module '1' \(Leaky\): .*{message}", 6)


def test_a_rule_that_counts_other_outputs_than_a_call_returns_is_refused() -> None:
    register_neuron(Leaky, lambda _m: Neurons(told().fields, outputs=2))
    refused(net(), r"module '1' \(Leaky\): a call returned 1 tensors, its rule says outputs=2", 6)
    register_neuron(Leaky, lambda _m: Neurons({"kind": "li"}, outputs=3))
    refused(net(), "its rule says outputs=3", 6)


def test_a_reset_that_fails_names_the_module() -> None:
    register_neuron(Leaky, lambda _m: told(), lambda m: m.forget())
    refused(net(), r"module '1' \(Leaky\): its reset failed: AttributeError: .*forget", 6)


def test_only_classes_and_full_names_are_registered() -> None:
    with pytest.raises(HwsimError, match="found an instance of Leaky; allowed: a class or its full name"):
        register_neuron(Leaky(), lambda _m: told())  # type: ignore[arg-type]
    with pytest.raises(HwsimError, match=r"'Leaky' is no full name; write module\.Class"):
        register_neuron("Leaky", lambda _m: told())
    with pytest.raises(HwsimError, match=r"describe of .*Leaky is a Neurons; allowed: a function"):
        register_neuron(Leaky, told())  # type: ignore[arg-type]
    with pytest.raises(HwsimError, match=r"reset of .*Leaky is a str; allowed: a function"):
        register_neuron(Leaky, lambda _m: told(), "reset")  # type: ignore[arg-type]


def test_a_class_without_reset_needs_one() -> None:
    with pytest.raises(HwsimError, match=r"Stateless has no reset\(\); give reset="):
        register_neuron(Stateless, lambda _m: told(decay=0.0))
    register_neuron(f"{__name__}.Stateless", lambda _m: told(decay=0.0))
    refused(nn.Sequential(nn.Linear(6, 4), Stateless()), r"Stateless has no reset\(\)", 6)
    register_neuron(Stateless, lambda _m: told(decay=0.0), lambda _m: None)
    captured(nn.Sequential(nn.Linear(6, 4), Stateless()), 6)
