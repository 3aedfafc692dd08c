"""Capture of graphs: sums, shortcuts, names, layers used again, and what a model answers with."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hwsim.nn import LIF
from tests.frontends.capturing import SAMPLES, STEPS, Graph, arrows, captured, kinds, refused, spiking


@pytest.mark.parametrize(
    "add",
    [
        lambda m, x: m.lif2(m.conv(m.lif1(x)) + x),
        lambda m, x: m.lif2(x + m.conv(m.lif1(x))),
        lambda m, x: m.lif2(torch.add(m.conv(m.lif1(x)), x)),
        lambda m, x: m.lif2(m.conv(m.lif1(x)).add(x)),
        lambda m, x: m.lif2(m.conv(m.lif1(x)).add_(x)),
    ],
    ids=["plus", "plus reversed", "torch.add", "method", "in place"],
)
def test_every_way_to_add_a_shortcut_is_seen(add: Callable[[Any, Tensor], Tensor]) -> None:
    block = Graph(add, conv=nn.Conv2d(4, 4, 3, padding=1), lif1=LIF(), lif2=LIF())
    network = captured(spiking(block), 2, 6, 6).network
    assert {(s, k) for s, k, t in arrows(network) if t == "2.lif2"} == {
        ("2.lif1", "conv2d"),
        ("1", "identity"),
    }


class InPlace(nn.Module):
    """``+=`` onto a current, or onto spikes that something else reads too."""

    def __init__(self, onto_spikes: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.onto_spikes = onto_spikes
        self.conv, self.lif1, self.lif2 = nn.Conv2d(4, 4, 3, padding=1), LIF(), LIF()
        self.last = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        spikes = self.lif1(x)
        out: Tensor = self.conv(spikes)
        if self.onto_spikes:
            spikes += x
            return self.lif2(out + self.last(spikes))  # type: ignore[no-any-return]
        out += x
        return self.lif2(out)  # type: ignore[no-any-return]


def test_adding_in_place_onto_a_current_is_a_sum() -> None:
    network = captured(spiking(InPlace(onto_spikes=False)), 2, 6, 6).network
    assert {(s, k) for s, k, t in arrows(network) if t == "2.lif2"} == {
        ("2.lif1", "conv2d"),
        ("1", "identity"),
    }


def test_adding_in_place_onto_spikes_leaves_the_spikes_as_they_were() -> None:
    found = captured(spiking(InPlace(onto_spikes=True)), 2, 6, 6)
    relay = next(p.name for p in found.network.populations if p.kind == "relay")
    assert {(s, k) for s, k, t in arrows(found.network) if t == relay} == {
        ("2.lif1", "identity"),
        ("1", "identity"),
    }
    assert {(s, k) for s, k, t in arrows(found.network) if t == "2.lif2"} == {
        ("2.lif1", "conv2d"), (relay, "conv2d"),
    }  # fmt: skip


def test_a_sum_that_feeds_a_convolution_becomes_a_relay() -> None:
    block = Graph(
        lambda m, x: m.lif2(m.conv2(m.conv1(x) + x)),
        conv1=nn.Conv2d(4, 4, 3, padding=1), conv2=nn.Conv2d(4, 3, 1), lif2=LIF(),
    )  # fmt: skip
    network = captured(spiking(block), 2, 6, 6).network
    (relay,) = (p for p in network.populations if p.kind == "relay")
    assert not network.is_binary(relay.name)
    assert {(s, k) for s, k, t in arrows(network) if t == relay.name} == {("1", "conv2d"), ("1", "identity")}


def test_a_signal_added_to_itself_counts_twice() -> None:
    found = captured(Graph(lambda m, x: m.fc(x + x), fc=nn.Linear(8, 3)), 8)
    relay = next(p.name for p in found.network.populations if p.kind == "relay")
    assert [p.kind for p in found.network.into(relay)] == ["identity", "identity"]


def test_nested_modules_are_named_by_their_paths() -> None:
    inner = nn.Sequential(nn.Conv2d(4, 4, 1), LIF())
    model = Graph(lambda m, x: m.tail(m.body(x)), body=nn.Sequential(spiking(), inner), tail=nn.Identity())
    network = captured(model, 2, 6, 6).network
    assert kinds(network) == [("input", "input"), ("body.0.1", "lif"), ("body.1.1", "lif")]


def test_stateless_layers_may_be_used_again() -> None:
    model = Graph(
        lambda m, x: m.fc(m.pool(m.lif2(m.conv(m.pool(m.lif1(m.conv(x)))))).flatten(1)),
        conv=nn.Conv2d(2, 2, 3, padding=1), pool=nn.MaxPool2d(2), lif1=LIF(), lif2=LIF(), fc=nn.Linear(8, 3),
    )  # fmt: skip
    network = captured(model, 2, 8, 8).network
    weights = [p.weights for p in network.projections if p.kind == "conv2d"]
    assert len(weights) == 2
    assert np.array_equal(weights[0], weights[1])  # type: ignore[arg-type]
    assert [p.name for p in network.populations if p.kind == "relay"] == ["pool", "pool#2"]


def test_a_lif_layer_used_twice_is_refused() -> None:
    model = Graph(lambda m, x: m.lif(m.conv(m.lif(m.conv(x)))), conv=nn.Conv2d(2, 2, 3, padding=1), lif=LIF())
    refused(model, "module 'lif' is called 2 times in one call of the model, asked for 4 timesteps", 2, 6, 6)


@pytest.mark.parametrize("name", ["input", "readout"])
def test_a_layer_may_have_any_name(name: str) -> None:
    model = Graph(lambda m, x: m.fc(getattr(m, name)(x)), **{name: LIF()}, fc=nn.Linear(8, 3))  # type: ignore[arg-type]
    network = captured(model, 8).network
    assert sorted(p.kind for p in network.populations) == ["input", "lif", "readout"]


def test_a_module_may_be_called_by_keyword() -> None:
    model = Graph(lambda m, x: m.lif(current=m.fc(input=x)), fc=nn.Linear(8, 3), lif=LIF())
    assert kinds(captured(model, 8).network) == [("input", "input"), ("lif", "lif")]


def test_one_layer_alone_is_a_model() -> None:
    network = captured(nn.Linear(8, 3), 8).network
    assert kinds(network) == [("input", "input"), ("readout", "readout")]


def test_a_model_that_ends_in_spikes_answers_with_their_counts() -> None:
    network = captured(nn.Sequential(nn.Linear(8, 3), LIF()), 8).network
    assert network.readout == "1"


def test_a_model_that_ends_in_a_pool_answers_with_its_sum() -> None:
    network = captured(spiking(nn.AvgPool2d(6), nn.Flatten()), 2, 6, 6).network
    assert network.population[network.readout].kind == "readout"


def test_a_model_that_answers_with_one_number_is_captured() -> None:
    model = Graph(lambda m, x: m.fc(m.lif(x)).squeeze(1), lif=LIF(), fc=nn.Linear(8, 1))
    assert captured(model, 8).reference.outputs.shape == (SAMPLES, STEPS, 1)
