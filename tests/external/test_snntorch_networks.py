"""Networks as snnTorch's users write them: captured, executed, equal to what the library computes."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.frontends.capture import capture
from tests.external.captured import STEPS, check, counted, exact, images, spikes

snn = pytest.importorskip("snntorch", reason="snnTorch is not installed: make test-frontends")
utils = pytest.importorskip("snntorch.utils", reason="snnTorch is not installed: make test-frontends")


def stepped(net: nn.Module) -> Any:
    """The tutorials' forward_pass: reset, call once a step, count the spikes."""

    def run(given: Tensor) -> Tensor:
        utils.reset(net)
        frames = given if given.dim() == 5 else given.unsqueeze(1).repeat_interleave(STEPS, 1)
        out = [net(frames[:, t]) for t in range(STEPS)]
        return torch.stack([o[0] if isinstance(o, tuple) else o for o in out]).sum(0)

    return run


def looped(net: nn.Module) -> Any:
    """A network that loops over time itself and returns spikes (and membranes) of all steps."""

    def run(given: Tensor) -> Tensor:
        out = net(given)
        first: Tensor = out[0] if isinstance(out, tuple) else out
        return first.sum(0)

    return run


def fed(net: nn.Module) -> Any:
    """The same with a sequence (T, B, ...) as its input."""
    return lambda given: looped(net)(given.transpose(0, 1))


def sequential(**options: Any) -> nn.Module:
    """Tutorial 6: pools on currents, states inside."""
    options = {"init_hidden": True, **options}
    return exact(
        nn.Sequential(
            nn.Conv2d(1, 4, 5), nn.MaxPool2d(2), snn.Leaky(0.5, **options),
            nn.Conv2d(4, 6, 3), nn.MaxPool2d(2), snn.Leaky(0.5, **options),
            nn.Flatten(), nn.Linear(6 * 2 * 2, 5), snn.Leaky(0.5, output=True, **options),
        )
    )  # fmt: skip


@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_the_convolutional_tutorial_network(reset: str) -> None:
    net = sequential(reset_mechanism=reset)
    network = check(net, images(1, 16, 16), stepped(net))
    assert counted(network)["lif"] == 3
    assert [p.delayed_reset for p in network.populations if p.kind == "lif"] == [reset == "subtract"] * 3


def test_the_convolutional_tutorial_network_on_event_frames() -> None:
    net = sequential()
    check(net, spikes(1, 16, 16), stepped(net), "spikes")


class Explicit(nn.Module):
    """Tutorial 5: a loop over the steps, states by hand, on a static image."""

    def __init__(self, beta: Any = 0.5, **options: Any) -> None:
        super().__init__()
        self.fc1 = nn.Linear(16, 12)
        self.lif1 = snn.Leaky(beta=beta, **options)
        self.fc2 = nn.Linear(12, 4)
        self.lif2 = snn.Leaky(beta=0.75)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mem1, mem2 = self.lif1.init_leaky(), self.lif2.init_leaky()
        spk2_rec, mem2_rec = [], []
        for _ in range(STEPS):
            spk1, mem1 = self.lif1(self.fc1(x), mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1), mem2)
            spk2_rec.append(spk2)
            mem2_rec.append(mem2)
        return torch.stack(spk2_rec, dim=0), torch.stack(mem2_rec, dim=0)


def test_a_loop_with_states_by_hand_on_a_static_image() -> None:
    net = exact(Explicit())
    assert counted(check(net, images(16), looped(net))) == {"lif": 2}


def test_a_loop_with_the_layout_named() -> None:
    net = exact(Explicit())
    check(net, images(16), looped(net), layout="static")


def test_learned_decays_and_thresholds_of_each_neuron() -> None:
    torch.manual_seed(0)
    options = {"learn_beta": True, "learn_threshold": True, "threshold": torch.rand(12) + 0.5}
    net = exact(Explicit(torch.rand(12), **options))
    network = check(net, images(16), looped(net))
    assert set(network.population["lif1"].vectors) == {"decay", "threshold"}


class Fed(Explicit):
    """The same, reading one timestep of its input per turn."""

    def forward(self, data: Tensor) -> tuple[Tensor, Tensor]:
        utils.reset(self)
        mem1, mem2 = self.lif1.reset_mem(), self.lif2.reset_mem()
        spk2_rec, mem2_rec = [], []
        for step in range(data.size(0)):
            spk1, mem1 = self.lif1(self.fc1(data[step].flatten(1)), mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1), mem2)
            spk2_rec.append(spk2)
            mem2_rec.append(mem2)
        return torch.stack(spk2_rec), torch.stack(mem2_rec)


@pytest.mark.parametrize("layout", [None, "time_first"])
def test_a_loop_over_a_sequence_of_spikes(layout: Any) -> None:
    net = exact(Fed())
    check(net, spikes(1, 4, 4), fed(net), "spikes", layout=layout)


class Summing(Explicit):
    """Answers with the number of spikes."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x)[0].sum(0)


class Detached(Explicit):
    """Cuts its gradient by detaching the membranes, as truncated backpropagation does."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        mem1, mem2 = self.lif1.reset_mem(), self.lif2.reset_mem()
        recorded = []
        for _ in range(STEPS):
            spk1, mem1 = self.lif1(self.fc1(x), mem1.detach())
            spk2, mem2 = self.lif2(self.fc2(spk1), mem2.detach())
            recorded.append(spk2)
        return torch.stack(recorded)


def test_a_loop_that_detaches_its_membranes() -> None:
    net = exact(Detached())
    check(net, images(16), looped(net))


def test_a_loop_that_answers_with_spike_counts() -> None:
    net = exact(Summing())
    check(net, images(16), net)


class Convolutional(nn.Module):
    """F.max_pool2d on currents, dropout, and a view, in a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.lif1 = nn.Conv2d(1, 4, 5), snn.Leaky(0.5)
        self.conv2, self.lif2 = nn.Conv2d(4, 6, 3), snn.Leaky(0.5)
        self.drop = nn.Dropout(0.3)
        self.fc1, self.lif3 = nn.Linear(6 * 2 * 2, 5), snn.Leaky(0.5)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mem1, mem2, mem3 = self.lif1.init_leaky(), self.lif2.init_leaky(), self.lif3.init_leaky()
        spikes_out, membranes = [], []
        for _ in range(STEPS):
            cur1 = F.max_pool2d(self.conv1(x), 2)
            spk1, mem1 = self.lif1(cur1, mem1)
            cur2 = F.max_pool2d(self.conv2(spk1), 2)
            spk2, mem2 = self.lif2(cur2, mem2)
            cur3 = self.fc1(self.drop(spk2.view(x.shape[0], -1)))
            spk3, mem3 = self.lif3(cur3, mem3)
            spikes_out.append(spk3)
            membranes.append(mem3)
        return torch.stack(spikes_out), torch.stack(membranes)


def test_a_convolutional_loop_with_pools_on_currents() -> None:
    net = exact(Convolutional()).eval()
    assert counted(check(net, images(1, 16, 16), looped(net)))["lif"] == 3


class Currents(nn.Module):
    """Synaptic neurons: a current and a membrane by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.lif1 = nn.Linear(16, 12), snn.Synaptic(0.5, 0.75)
        self.fc2, self.lif2 = nn.Linear(12, 4), snn.Synaptic(0.25, 0.5, reset_mechanism="zero")

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        syn1, mem1 = self.lif1.init_synaptic()
        syn2, mem2 = self.lif2.init_synaptic()
        recorded = []
        for _ in range(STEPS):
            spk1, syn1, mem1 = self.lif1(self.fc1(x), syn1, mem1)
            spk2, syn2, mem2 = self.lif2(self.fc2(spk1), syn2, mem2)
            recorded.append(spk2)
        return torch.stack(recorded), mem2


def test_a_loop_with_currents_and_membranes_by_hand() -> None:
    net = exact(Currents())
    check(net, images(16), looped(net))


class Recurrent(nn.Module):
    """RLeaky, spikes and membranes by hand."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.fc1, self.lif1 = nn.Linear(16, 12), snn.RLeaky(0.5, **options)
        self.fc2, self.lif2 = nn.Linear(12, 4), snn.Leaky(0.5)

    def forward(self, x: Tensor) -> Tensor:
        spk1, mem1 = self.lif1.init_rleaky()
        mem2 = self.lif2.init_leaky()
        recorded = []
        for _ in range(STEPS):
            spk1, mem1 = self.lif1(self.fc1(x), spk1, mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1), mem2)
            recorded.append(spk2)
        return torch.stack(recorded)


@pytest.mark.parametrize(
    "options",
    [
        {"linear_features": 12},
        {"all_to_all": False, "V": 0.5},
        {"all_to_all": False, "V": torch.linspace(-1, 1.75, 12)},
    ],
    ids=["dense", "one weight", "a weight a neuron"],
)
def test_a_recurrent_loop_with_spikes_and_membranes_by_hand(options: Any) -> None:
    net = exact(Recurrent(**options))
    network = check(net, images(16), looped(net))
    (back,) = [p for p in network.projections if p.source == p.target]
    assert (back.source, back.delay) == ("lif1", 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: snn.RLeaky(0.5, linear_features=12, init_hidden=True),
        lambda: snn.RSynaptic(0.5, 0.5, linear_features=12, init_hidden=True, reset_mechanism="zero"),
        lambda: snn.RLeaky(0.5, all_to_all=False, V=-0.5, init_hidden=True),
    ],
    ids=["RLeaky", "RSynaptic", "RLeaky one to one"],
)
def test_recurrent_layers_with_hidden_states(make: Any) -> None:
    net = exact(nn.Sequential(nn.Linear(16, 12), make(), nn.Linear(12, 4), snn.Leaky(0.5, init_hidden=True)))
    check(net, images(16), stepped(net))


def test_a_convolutional_recurrent_layer() -> None:
    hidden = snn.RLeaky(0.5, conv2d_channels=3, kernel_size=3, init_hidden=True)
    last = snn.Leaky(0.5, init_hidden=True)
    layers = nn.Conv2d(1, 3, 3, padding=1), hidden, nn.Flatten(), nn.Linear(3 * 6 * 6, 4), last
    net = exact(nn.Sequential(*layers))
    check(net, images(1, 6, 6), stepped(net))


def test_population_coded_outputs() -> None:
    # 3 classes of 20 neurons each: the library's loss sums each class's spikes outside of the network
    layers = nn.Linear(16, 12), snn.Leaky(0.5, init_hidden=True), nn.Linear(12, 60)
    net = exact(nn.Sequential(*layers, snn.Leaky(0.5, init_hidden=True, output=True)))
    network = check(net, images(16), stepped(net))
    assert network.population[network.readout].size == 60


class Branches(nn.Module):
    """Two layers read the same spikes; their outputs are concatenated."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif = nn.Linear(16, 8), snn.Leaky(0.5, init_hidden=True)
        self.left, self.left_lif = nn.Linear(8, 6), snn.Leaky(0.5, init_hidden=True)
        self.right, self.right_lif = nn.Linear(8, 5), snn.Leaky(0.25, init_hidden=True)
        self.out = nn.Linear(11, 3)

    def forward(self, x: Tensor) -> Tensor:
        s = self.lif(self.fc(x))
        both = torch.cat([self.left_lif(self.left(s)), self.right_lif(self.right(s))], dim=1)
        return self.out(both)


def test_concatenated_branches() -> None:
    net = exact(Branches())
    check(net, images(16), stepped(net))


def test_a_layer_without_reset_read_by_its_membrane_is_a_leaky_integrator() -> None:
    class Membrane(Explicit):
        def __init__(self) -> None:
            super().__init__()
            self.lif2 = snn.Leaky(0.5, reset_mechanism="none")

        def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
            return super().forward(x)[1]

    net = exact(Membrane())
    network = check(net, images(16), looped(net))
    assert network.population["lif2"].kind == "li"


@pytest.mark.parametrize("kind", ["Alpha", "SLSTM"])
def test_neurons_without_equal_are_refused_by_name(kind: str) -> None:
    layer = snn.Alpha(0.9, 0.8, init_hidden=True) if kind == "Alpha" else snn.SLSTM(8, 8, init_hidden=True)
    with pytest.raises(HwsimError, match=f"module '1'.*{kind}.* has no equal"):
        capture(nn.Sequential(nn.Linear(16, 8), layer), images(16), STEPS)


def test_membranes_of_a_layer_that_resets_are_refused_as_an_answer() -> None:
    class Membrane(Explicit):
        def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
            return super().forward(x)[1]

    with pytest.raises(HwsimError, match="lif2"):
        capture(exact(Membrane()), images(16), STEPS)
