"""Sharing as data: which layers share, what is refused, and that the executor computes what PyTorch does."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import capture
from hwsim.methods.lif_sharing import Sharing, parse_sharing, share
from hwsim.network import Network, Population, Projection
from hwsim.nn import LIF, SharedLIF, SharedState, reset_states

STEPS = 4


def chain(*populations: Population) -> Network:
    """Populations fed one by the other through identity or dense projections of ones."""
    every = (
        Population("in", populations[0].shape, "input"),
        *populations,
        Population("out", (2,), "readout"),
    )
    projections = []
    for a, b in pairwise(every):
        same = a.shape == b.shape
        weights = None if same else np.ones((b.size, a.size), np.float32)
        projections.append(
            Projection(f"{a.name}>{b.name}", a.name, b.name, "identity" if same else "dense", weights)
        )
    network = Network("chain", every, tuple(projections), "out", 2)
    network.verify()
    return network


def lif(name: str, *shape: int, **parts: object) -> Population:
    return Population(name, shape, "lif", decay=0.5, **parts)


def groups(network: Network) -> list[list[str]]:
    names = dict.fromkeys(p.state_group for p in network.populations if p.state_group)
    return [[p.name for p in network.populations if p.state_group == n] for n in names]


# --- what PyTorch computes -----------------------------------------------------------------------


class Net(nn.Module):
    """Two stages of three convolutions, the last one with a shortcut, and a linear layer."""

    def __init__(self, neuron: Callable[[int], nn.Module]) -> None:
        super().__init__()
        sizes = ((2, 4), (4, 4), (4, 4), (4, 8), (8, 8), (8, 8))
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in sizes)
        self.lifs = nn.ModuleList(neuron(i) for i in range(6))
        self.pool, self.flat, self.last = nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * 9, 3)

    def forward(self, x: Tensor) -> Tensor:
        for i, (conv, neuron) in enumerate(zip(self.convs, self.lifs, strict=True)):
            if i == 3:
                x = self.pool(x)
            x = neuron(conv(x) + x) if i == 5 else neuron(conv(x))
        out: Tensor = self.last(self.flat(x))
        return out


def graded(model: nn.Module, seed: int) -> nn.Module:
    """Weights that are multiples of 1/8, so that no sum is ever rounded, and positive on the whole."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in model.parameters():
            tensor.copy_(torch.randint(-3, 5, tensor.shape, generator=generator) / 8)
    return model.eval()


@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("text", ["L", "C2", "C4", "L+C2"])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_executor_computes_a_shared_network_as_pytorch_does(text: str, reset: str, seed: int) -> None:
    """Every spike and every output, exactly: weights are multiples of 1/8, inputs of 1/4, decay 1/4."""
    sharing = parse_sharing(text)
    states = [SharedState() for _ in range(2)]

    def shared(i: int) -> nn.Module:
        state = states[i // 3] if sharing.layers else None
        return SharedLIF(state, sharing.channel_groups, 0.25, reset=reset)

    model = graded(Net(shared), seed)
    inputs = np.random.default_rng(seed).integers(0, 5, (3, 2, 6, 6)).astype(np.float32) / 4
    network = capture(graded(Net(lambda _: LIF(0.25, reset=reset)), seed), inputs, STEPS).network
    network = share(network, sharing)
    trace = execute(network, encode(network, inputs))

    fired: dict[str, list[Tensor]] = {}
    for i, neuron in enumerate(model.lifs):
        neuron.register_forward_hook(lambda _m, _i, out, i=i: fired.setdefault(f"lifs.{i}", []).append(out))
    reset_states(model)
    total = torch.zeros(3, 3)
    with torch.no_grad():
        for step in range(STEPS):
            total = total + model(torch.from_numpy(inputs))
            np.testing.assert_array_equal(trace.outputs[:, step], total.numpy())
    for name, steps in fired.items():
        ours = trace.events[name].dense(network.population[name].size)
        theirs = torch.stack(steps, 1).reshape(3, STEPS, -1).numpy()
        assert theirs.any()
        np.testing.assert_array_equal(ours, theirs)


# --- which layers share --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", Sharing()),
        ("L", Sharing(True)),
        ("C2", Sharing(False, 2)),
        ("C#8", Sharing(False, 8)),
        ("L+C2", Sharing(True, 2)),
        ("l+c16", Sharing(True, 16)),
    ],
)
def test_sharings_are_written_as_in_the_paper(text: str, expected: Sharing) -> None:
    assert parse_sharing(text) == expected
    assert parse_sharing(str(expected)) == expected


@pytest.mark.parametrize("text", ["", "LC2", "C", "C0", "C1", "C2+L", "L+", "+C2", "layers", "C-2", "L+C1"])
def test_other_texts_are_no_sharing(text: str) -> None:
    with pytest.raises(HwsimError, match="allowed: none, L, C2, C4, C8"):
        parse_sharing(text)


def test_no_sharing_leaves_the_network_as_it_is() -> None:
    network = chain(lif("a", 4))
    assert share(network, Sharing()) is network


def test_by_default_runs_of_layers_of_one_shape_share() -> None:
    network = chain(lif("a", 4), lif("b", 4), lif("c", 6), lif("d", 4), lif("e", 4), lif("f", 4))
    shared = share(network, Sharing(True))
    assert groups(shared) == [["a", "b"], ["d", "e", "f"]]
    assert shared.population["c"].state_group == ""
    assert shared.notes["sharing"] == "L: LIF states shared by the layers a = b; d = e = f"


def test_layers_whose_state_cannot_be_handed_on_end_a_run() -> None:
    tired = lif("b", 4, refractory=1)
    network = chain(lif("a", 4), tired, lif("c", 4), lif("d", 4, current_decay=0.5), lif("e", 4), lif("f", 4))
    assert groups(share(network, Sharing(True))) == [["e", "f"]]


def test_patterns_name_the_layers_of_a_group_in_the_networks_order() -> None:
    network = chain(*(lif(f"{i}.{part}", 4) for i in range(3) for part in ("x", "y")))
    shared = share(network, Sharing(True), [["[012].y"], ["2.x", "0.x"]])
    assert groups(shared) == [["0.x", "2.x"], ["0.y", "1.y", "2.y"]]
    assert shared.population["1.x"].state_group == ""


def test_channel_groups_are_set_on_every_layer_of_neurons() -> None:
    shared = share(chain(lif("a", 4), lif("b", 8)), Sharing(False, 4))
    assert [p.channel_groups for p in shared.populations] == [1, 4, 4, 1]
    assert [p.state_words for p in shared.populations] == [0, 1, 2, 2]
    assert shared.notes["sharing"] == "C4: LIF states shared by 4 groups of channels"


# --- what is refused -----------------------------------------------------------------------------


def test_channels_that_the_groups_do_not_divide_are_named() -> None:
    network = chain(lif("a", 4), lif("b", 6))
    with pytest.raises(HwsimError, match="layer 'b': 4 groups do not divide its 6 neurons"):
        share(network, Sharing(False, 4))


def test_layers_of_unequal_shape_cannot_share() -> None:
    network = chain(lif("a", 4), lif("b", 6))
    with pytest.raises(HwsimError, match=r"layer 'b' \(6,\) cannot share the state of 'a' \(4,\)"):
        share(network, Sharing(True), [["a", "b"]])


def test_a_pattern_without_a_layer_is_an_error() -> None:
    with pytest.raises(HwsimError, match=r"no layer of neurons named 'lif\*'; it has a, b"):
        share(chain(lif("a", 4), lif("b", 4)), Sharing(True), [["a", "lif*"]])


def test_a_layer_cannot_be_in_two_groups() -> None:
    with pytest.raises(HwsimError, match="layer 'b' is in two groups"):
        share(chain(lif("a", 4), lif("b", 4), lif("c", 4)), Sharing(True), [["a", "b"], ["[bc]"]])


def test_a_network_without_equal_neighbours_cannot_share_across_layers() -> None:
    with pytest.raises(HwsimError, match="no two consecutive layers"):
        share(chain(lif("a", 4), lif("b", 6)), Sharing(True))


@pytest.mark.parametrize(
    ("population", "reason"),
    [
        (replace(lif("b", 4), kind="clif", current_decay=0.5), "the states of clif neurons cannot be shared"),
        (lif("b", 4, refractory=2), "neurons with refractory cannot share"),
    ],
)
@pytest.mark.parametrize("layers", [None, [["a", "b"]]])
def test_neurons_that_cannot_hand_a_state_on_are_named(
    population: Population, reason: str, layers: list[list[str]] | None
) -> None:
    sharing = Sharing(False, 2) if layers is None else Sharing(True)
    first = replace(population, name="a")
    with pytest.raises(HwsimError, match=f"layer '[ab]': .*{reason}"):
        share(chain(first, population), sharing, layers)
