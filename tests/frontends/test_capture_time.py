"""Time in captured models: feedback, recurrence, loops, whole sequences, and what they answer with."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.frontends import Neurons, register_neuron
from hwsim.frontends.capture import capture
from hwsim.nn import LIF, Feedback, reset_states
from tests.frontends.capturing import STEPS, Graph, captured, held, images, kinds, refused


def spikes(steps: int, *shape: int, samples: int = 3) -> NDArray[np.float32]:
    return (np.random.default_rng(1).random((samples, steps, *shape)) < 0.4).astype(np.float32)


class Recurrent(nn.Module):
    """Neurons that see their own spikes of the step before, kept as the user likes."""

    def __init__(self, bias: bool = True) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.feed, self.loop = nn.Linear(6, 8), nn.Linear(8, 8, bias=bias)
        self.lif, self.out = LIF(threshold=0.4), nn.Linear(8, 3)


class ByFeedback(Recurrent):
    def __init__(self, bias: bool = True) -> None:
        super().__init__(bias)
        self.before = Feedback()

    def forward(self, x: Tensor) -> Tensor:
        fed = self.feed(x)
        s = self.lif(fed + self.loop(self.before(torch.zeros(len(x), 8))))
        self.before.keep(s)
        return self.out(s)


@pytest.mark.parametrize("bias", [True, False])
def test_a_recurrent_layer_is_a_projection_with_a_delay(bias: bool) -> None:
    found = captured(ByFeedback(bias), 6)
    assert {(p.source, p.target, p.delay) for p in found.network.projections if p.delay} == {
        ("lif", "lif", 1)
    }
    assert len(found.reference.events["lif"].index)


class TwoBack(Recurrent):
    """What was kept is itself read through another memory: two steps back."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Feedback(), Feedback()

    def forward(self, x: Tensor) -> Tensor:
        fed = self.feed(x)
        earlier = self.one(fed)
        s = self.lif(fed + self.loop(self.two(fed)))
        self.two.keep(earlier)
        self.one.keep(s)
        return self.out(s)


def test_a_memory_of_a_memory_is_a_delay_of_two() -> None:
    network = held(TwoBack(), spikes(9, 6), 9, coding="spikes").network
    assert [p.delay for p in network.projections if p.source == "lif" and p.target == "lif"] == [2]


class TwoBackByAWire(TwoBack):
    """The earlier spikes pass a layer that changes nothing before they are kept again."""

    def __init__(self) -> None:
        super().__init__()
        self.wire = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        fed = self.feed(x)
        earlier = self.wire(self.one(fed))
        s = self.lif(fed + self.loop(self.two(fed)))
        self.two.keep(earlier)
        self.one.keep(s)
        return self.out(s)


def test_a_wire_between_two_memories_adds_up_their_delays() -> None:
    network = held(TwoBackByAWire(), spikes(9, 6), 9, coding="spikes").network
    assert [p.delay for p in network.projections if p.source == "lif" and p.target == "lif"] == [2]
    assert all(not p.source.startswith("?") for p in network.projections)


class OfNothing(Recurrent):
    """Two memories that keep each other's values and never see the input."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Feedback(), Feedback()
        self.first, self.second = nn.Identity(), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        fed = self.feed(x)
        a, b = self.first(self.one(fed)), self.second(self.two(fed))
        self.one.keep(b)
        self.two.keep(a)
        return self.out(self.lif(fed + a))


def test_memories_that_only_keep_each_other_are_no_loop_without_end() -> None:
    refused(OfNothing(), "reads itself of an earlier step and nothing else", 6)


class Kept(Recurrent):
    """A convolution's sum, bias and all, arrives a step later: not before the second step."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = Feedback()

    def forward(self, x: Tensor) -> Tensor:
        fed = self.feed(x)
        s = self.lif(fed + self.memory(fed))
        self.memory.keep(self.loop(s))
        return self.out(s)


def test_a_sum_that_is_kept_becomes_a_relay_read_a_step_later() -> None:
    network = captured(Kept(), 6).network
    assert ("loop.sum", "relay") in kinds(network)
    (late,) = [p for p in network.projections if p.delay]
    assert (late.source, late.kind, late.target) == ("loop.sum", "identity", "lif")


def test_one_timestep_of_a_recurrent_network_has_its_recurrence() -> None:
    found = capture(ByFeedback(), images(6), 1)
    assert any(p.delay for p in found.network.projections)


class Cell(nn.Module):
    """A neuron with its state in the caller's hands, as explicit-state libraries have it."""

    def __init__(self) -> None:
        super().__init__()
        self.decay = 0.5

    def forward(self, x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        v = self.decay * v + x
        s = (v > 0.5).float()
        return s, v - 0.5 * s


register_neuron(
    Cell,
    lambda m: Neurons({"decay": m.decay, "threshold": 0.5, "compare": ">"}, outputs=2),
    lambda _m: None,
)

Loop = Callable[[Any, Tensor], Any]


class Unrolled(nn.Module):
    """A model with its own loop over time."""

    def __init__(self, loop: Loop, inputs: int = 6) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.loop = loop
        self.fc1, self.cell1 = nn.Linear(inputs, 9), Cell()
        self.rec, self.fc2, self.cell2 = nn.Linear(9, 9), nn.Linear(9, 4), Cell()

    def forward(self, x: Tensor) -> Any:
        return self.loop(self, x)


def states(x: Tensor) -> tuple[Tensor, Tensor]:
    return torch.zeros(x.shape[-2], 9), torch.zeros(x.shape[-2], 4)


def stacked(m: Any, x: Tensor) -> Any:
    v1, v2 = states(x)
    spiked, membranes = [], []
    for _ in range(STEPS):
        s1, v1 = m.cell1(m.fc1(x), v1)
        s2, v2 = m.cell2(m.fc2(s1), v2)
        spiked.append(s2)
        membranes.append(v2)
    return torch.stack(spiked), torch.stack(membranes)


def summed(m: Any, x: Tensor) -> Any:
    v1, _ = states(x)
    total = 0
    for _ in range(STEPS):
        s1, v1 = m.cell1(m.fc1(x), v1)
        total = total + m.fc2(s1)
    return total / STEPS


def collected(m: Any, x: Tensor) -> Any:
    v1, _ = states(x)
    outputs = []
    current = m.fc1(x)
    for _ in range(STEPS):
        s1, v1 = m.cell1(current, v1)
        outputs.append(m.fc2(s1))
    return sum(outputs)


def averaged(m: Any, x: Tensor) -> Any:
    return stacked(m, x)[0].mean(0)


def recurrent(m: Any, x: Tensor) -> Any:
    v1, v2 = states(x)
    s1 = torch.zeros(len(x), 9)
    spiked = []
    for _ in range(STEPS):
        s1, v1 = m.cell1(m.fc1(x) + m.rec(s1), v1)
        s2, v2 = m.cell2(m.fc2(s1), v2)
        spiked.append(s2)
    return torch.stack(spiked, dim=1)


def late(m: Any, x: Tensor) -> Any:
    """The recurrent layer is not called at the first step."""
    v1, v2 = states(x)
    s1, spiked = None, []
    for _ in range(STEPS):
        current = m.fc1(x) if s1 is None else m.fc1(x) + nn.functional.linear(s1, m.rec.weight)
        s1, v1 = m.cell1(current, v1)
        s2, v2 = m.cell2(m.fc2(s1), v2)
        spiked.append(s2)
    return torch.stack(spiked)


@pytest.mark.parametrize("loop", [stacked, summed, collected, averaged, recurrent, late])
def test_a_loop_over_a_still_image_is_one_timestep_repeated(loop: Loop) -> None:
    found = captured(Unrolled(loop), 6)
    assert found.network.populations[1].name == "cell1"
    assert {p.name for p in found.network.populations if p.spikes} <= {"cell1", "cell2"}
    assert len(found.reference.events["cell1"].index)
    delays = {(p.source, p.target) for p in found.network.projections if p.delay}
    assert delays == ({("cell1", "cell1")} if loop in (recurrent, late) else set())


def by_index(m: Any, x: Tensor) -> Any:
    v1, v2 = states(x)
    spiked = []
    for t in range(x.shape[0]):
        s1, v1 = m.cell1(m.fc1(x[t]), v1)
        s2, v2 = m.cell2(m.fc2(s1), v2)
        spiked.append(s2)
    return torch.stack(spiked)


def by_iteration(m: Any, x: Tensor) -> Any:
    v1, v2 = states(x)
    spiked = []
    for x_t in x:
        s1, v1 = m.cell1(m.fc1(x_t.flatten(1)), v1)
        s2, v2 = m.cell2(m.fc2(s1), v2)
        spiked.append(s2)
    return torch.stack(spiked).sum(dim=0)


def by_row(m: Any, x: Tensor) -> Any:
    """(B, T, ...) data."""
    v1, v2 = torch.zeros(len(x), 9), torch.zeros(len(x), 4)
    spiked = []
    for t in range(x.size(1)):
        s1, v1 = m.cell1(m.fc1(x[:, t]), v1)
        s2, v2 = m.cell2(m.fc2(s1), v2)
        spiked.append(s2)
    return torch.stack(spiked, 1).mean(1)


def swapped(m: Any, x: Tensor) -> Any:
    return by_index(m, x.permute(1, 0, 2))


@pytest.mark.parametrize("steps", [2, 3, 7])
@pytest.mark.parametrize("loop", [by_index, by_iteration, by_row, swapped])
@pytest.mark.parametrize("coding", ["spikes", "series"])
def test_a_loop_over_a_sequence_reads_a_slice_a_step(loop: Loop, steps: int, coding: Any) -> None:
    data = spikes(steps, 6) if coding == "spikes" else images(steps, 6)
    found = held(Unrolled(loop), data, steps, coding=coding)
    assert kinds(found.network)[1:] == [("cell1", "lif"), ("cell2", "lif")]
    assert len(found.reference.events["cell1"].index)


def test_one_sample_of_a_sequence_is_enough() -> None:
    one, all_three = spikes(5, 6, samples=1), spikes(5, 6)
    assert np.array_equal(one[0], all_three[0])
    single = held(Unrolled(by_index), one, 5, coding="spikes").reference
    several = held(Unrolled(by_index), all_three, 5, coding="spikes", batch=2).reference
    assert np.array_equal(single.outputs[0], several.outputs[0])


class Sequence(nn.Module):
    """A neuron that runs all timesteps of (T, B, ...) in one call."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = LIF(decay=0.5, threshold=0.4)

    def forward(self, x: Tensor) -> Tensor:
        reset_states(self.inner)
        return torch.stack([self.inner(x_t) for x_t in x])


register_neuron(
    Sequence, lambda _m: Neurons({"decay": 0.5, "threshold": 0.4}, all_steps=True), lambda _m: None
)


def merged(m: Any, x: Tensor) -> Tensor:
    """Stateless layers see (T * B, ...)."""
    t, b = x.shape[:2]
    y = m.pool(m.conv(x.flatten(0, 1)))
    return m.fc(m.neuron(y.view(t, b, *y.shape[1:])).flatten(2))


def repeated_inside(m: Any, x: Tensor) -> Tensor:
    return merged(m, x.unsqueeze(0).repeat(STEPS, 1, 1, 1, 1)).mean(0)


@pytest.mark.parametrize(("compute", "layout"), [(merged, "time_first"), (repeated_inside, "static")])
@pytest.mark.parametrize("named", [True, False])
def test_a_neuron_of_whole_sequences_is_a_neuron(compute: Loop, layout: Any, named: bool) -> None:
    model = Graph(
        compute,
        conv=nn.Conv2d(2, 3, 3, padding=1),
        pool=nn.AvgPool2d(2),
        neuron=Sequence(),
        fc=nn.Linear(27, 4),
    )
    found = captured(model, 2, 6, 6, layout=layout if named else None)
    found_kinds = ["input", "relay", "relay", "lif", "readout"]
    assert kinds(found.network) == list(
        zip(["input", "conv.sum", "pool", "neuron", "readout"], found_kinds, strict=True)
    )
    assert "pool" in found.network.constant or compute is merged
    assert len(found.reference.events["neuron"].index)


def test_a_neuron_of_whole_sequences_without_a_sequence_is_refused() -> None:
    with pytest.raises(HwsimError, match="computes all timesteps a call, but its input holds one"):
        capture(nn.Sequential(nn.Linear(6, 4), Sequence()), images(6), STEPS, layout="step")


def test_a_loop_of_another_length_is_refused_with_its_length() -> None:
    message = "module 'cell1' is called 4 times in one call of the model, asked for 9 timesteps.* ask for 4"
    with pytest.raises(HwsimError, match=message):
        capture(Unrolled(stacked), images(6), 9)


def test_an_answer_of_the_last_timestep_is_refused() -> None:
    refused(Unrolled(lambda m, x: stacked(m, x)[0][-1]), "answers with one timestep only", 6)


def test_an_answer_of_membranes_is_refused() -> None:
    refused(
        Unrolled(lambda m, x: stacked(m, x)[1]),
        r"answers with tensor 1 of the call of module 'cell2' \(Cell\)",
        6,
    )


def test_a_stack_of_other_tensors_is_refused() -> None:
    refused(Unrolled(lambda m, x: torch.stack([m.fc2(stacked(m, x)[0][0].repeat(1, 3)[:, :9])])), ".", 6)


def test_a_layer_after_the_sum_over_time_is_refused() -> None:
    model = Unrolled(lambda m, x: m.out(summed(m, x)))
    model.out = nn.Linear(4, 2)
    refused(model, r"module 'out' \(Linear\)|graph changes", 6)
