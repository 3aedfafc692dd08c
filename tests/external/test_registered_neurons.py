"""Plain PyTorch: loops and neurons of the user's own, taught to capture with register_neuron."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.frontends import neurons
from hwsim.frontends.capture import capture
from hwsim.frontends.neurons import Neurons, register_neuron
from tests.external.captured import STEPS, check, counted, exact, images, spikes


class Keeping(nn.Module):
    """v = 0.5 * v + x, fires above 0.75, keeps what is above it; holds its own state."""

    def __init__(self, threshold: float = 0.75) -> None:
        super().__init__()
        self.threshold = threshold
        self.v: Tensor | None = None

    def reset(self) -> None:
        self.v = None

    def forward(self, x: Tensor) -> Tensor:
        v = x if self.v is None else 0.5 * self.v + x
        s = (v > self.threshold).to(x)
        self.v = v - self.threshold * s
        return s


class Handed(nn.Module):
    """v = 0.5 * v + x, fires from 1 on, back to 0; its state is handed in and out."""

    def forward(self, x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        v = 0.5 * v + x
        s = (v >= 1.0).to(x)
        return s, v * (1.0 - s)


class Sequenced(nn.Module):
    """The same for all timesteps at once, time first."""

    def forward(self, x: Tensor) -> Tensor:
        v, out = torch.zeros_like(x[0]), []
        for t in range(len(x)):
            s, v = Handed()(x[t], v)
            out.append(s)
        return torch.stack(out)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(neurons, "_RULES", dict(neurons._RULES))
    fields = {"decay": 0.5, "threshold": 1.0, "reset": "zero"}
    register_neuron(Keeping, lambda m: Neurons({"decay": 0.5, "threshold": m.threshold, "compare": ">"}))
    register_neuron(Handed, lambda _m: Neurons(fields, outputs=2), lambda _m: None)
    register_neuron(Sequenced, lambda _m: Neurons(fields, all_steps=True), lambda _m: None)
    return


def test_neurons_that_keep_their_state_run_one_step_a_call() -> None:
    net = exact(nn.Sequential(nn.Conv2d(1, 4, 3), Keeping(), nn.Flatten(), nn.Linear(144, 4), Keeping()))

    def own(x: Tensor) -> Tensor:
        net[1].reset(), net[4].reset()  # type: ignore[operator]
        return torch.stack([net(x) for _ in range(STEPS)]).sum(0)

    network = check(net, images(1, 8, 8), own)
    assert [(p.compare, p.reset) for p in network.populations if p.kind == "lif"] == [(">", "subtract")] * 2


class Loop(nn.Module):
    """A loop of the user's own, over the timesteps of its input or of a static one."""

    def __init__(self, static: bool, answer: Callable[[list[Tensor]], Tensor]) -> None:
        super().__init__()
        self.fc1, self.one = nn.Linear(16, 12), Handed()
        self.fc2, self.two = nn.Linear(12, 4), Handed()
        self.static, self.answer = static, answer

    def forward(self, x: Tensor) -> Tensor:
        batch = x.shape[0] if self.static else x.shape[1]
        v1, v2 = torch.zeros(batch, 12), torch.zeros(batch, 4)
        out = []
        for t in range(STEPS):
            s1, v1 = self.one(self.fc1(x if self.static else x[t]), v1)
            s2, v2 = self.two(self.fc2(s1), v2)
            out.append(s2)
        return self.answer(out)


ANSWERS: dict[str, tuple[Callable[[list[Tensor]], Tensor], Callable[[Tensor], Tensor]]] = {
    "stack": (torch.stack, lambda y: y.sum(0)),
    "stack along the second dimension": (lambda out: torch.stack(out, 1), lambda y: y.sum(1)),
    "sum of a list": (lambda out: sum(out[1:], start=out[0]), lambda y: y),
    "mean": (lambda out: torch.stack(out).mean(0), lambda y: y * STEPS),
    "sum divided": (lambda out: torch.stack(out).sum(0) / STEPS, lambda y: y * STEPS),
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("static", [True, False], ids=["static", "sequence"])
def test_a_loop_with_states_handed_on(static: bool, answer: str) -> None:
    give, total = ANSWERS[answer]
    net = exact(Loop(static, give))
    if static:
        network = check(net, images(16), lambda x: total(net(x)))
    else:

        def own(x: Tensor) -> Tensor:
            return total(net(x.transpose(0, 1)))

        network = check(net, spikes(16), own, "spikes", layout="time_first")
    assert counted(network) == {"lif": 2}


SCALE = torch.tensor([1.0, -2.0, 3.0, 0.5])

NOT_SUMS: dict[str, Callable[[list[Tensor]], Tensor]] = {
    "weights a class": lambda out: (torch.stack(out) * SCALE).sum(0),
    "weights a class on the sum": lambda out: torch.stack(out).sum(0) * SCALE,
    "a negative factor": lambda out: -torch.stack(out).sum(0),
    "the last step alone": lambda out: out[-1],
    "a mean over the classes": lambda out: torch.stack(out).mean(2),
    "what follows a burn-in": lambda out: torch.stack(out[2:]).sum(0),
    "a leaky sum": lambda out: 0.5 * (0.5 * out[0] + out[1]) + out[2],
    "a maximum": lambda out: torch.stack(out).max(0)[0],
}


@pytest.mark.parametrize("answer", NOT_SUMS)
def test_an_answer_that_is_no_sum_over_the_steps_is_refused_or_kept(answer: str) -> None:
    net = exact(Loop(True, NOT_SUMS[answer]))
    try:
        check(net, images(16), net)
    except HwsimError:
        return


def test_a_loop_of_fixed_length_over_a_sequence_is_recognized() -> None:
    net = exact(Loop(False, torch.stack))
    check(net, spikes(16), lambda x: net(x.transpose(0, 1)).sum(0), "spikes")


def test_neurons_of_all_timesteps_at_once() -> None:
    net = exact(nn.Sequential(nn.Linear(16, 12), Sequenced(), nn.Linear(12, 4), Sequenced()))
    check(net, spikes(16), lambda x: net(x.transpose(0, 1)).sum(0), "spikes")


def test_the_documented_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "frontends.md").read_text(encoding="utf-8")
    (example,) = [c for c in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "register_neuron(" in c]
    exec(compile(example, "docs/frontends.md", "exec"), {"__name__": "example"})  # noqa: S102
    assert capsys.readouterr().out.startswith("['input', 'one', 'two']")


def test_a_neuron_that_nobody_registered_is_refused_by_name() -> None:
    class Stranger(Keeping):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x)

    net = exact(nn.Sequential(nn.Linear(16, 12), Stranger()))
    with pytest.raises(HwsimError, match=r"'1' \(Stranger\)"):
        capture(net, images(16), STEPS)


def test_a_rule_that_is_wrong_is_found_out() -> None:
    register_neuron(Keeping, lambda _m: Neurons({"decay": 0.5, "threshold": 0.75, "reset": "zero"}))
    net: Any = exact(nn.Sequential(nn.Linear(16, 12), Keeping()))

    def own(x: Tensor) -> Tensor:
        net[1].reset()
        return torch.stack([net(x) for _ in range(STEPS)]).sum(0)

    with pytest.raises(AssertionError):
        check(net, images(16), own)
