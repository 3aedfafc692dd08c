"""What a model answers with is compared with what it returned: nothing is taken for a sum that is none."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.frontends.capture import capture, structure
from hwsim.nn import LIF
from tests.frontends.capturing import STEPS, held, images

Answer = Callable[[Any, Tensor], Any]


class Looped(nn.Module):
    """Two layers of neurons in a loop of the model's own, and an answer made of their spikes."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.fc1, self.n1, self.fc2, self.n2 = (
            nn.Linear(6, 12),
            LIF(threshold=0.3),
            nn.Linear(12, 4),
            LIF(threshold=0.2),
        )
        self.bias, self.skip = nn.Parameter(torch.tensor([0.0, 50.0, 0.0, 0.0])), nn.Linear(6, 4)
        self.answer = answer

    def body(self, x: Tensor) -> Tensor:
        out: Tensor = self.n2(self.fc2(self.n1(self.fc1(x))))
        return out

    def forward(self, x: Tensor) -> Any:
        return self.answer(self, x)


def running(start: Answer, add: Callable[[Tensor, Tensor, int], Tensor]) -> Answer:
    def answer(m: Any, x: Tensor) -> Tensor:
        total = start(m, x)
        for t in range(STEPS):
            total = add(total, m.body(x), t)
        return total

    return answer


def zeros(_m: Any, x: Tensor) -> Tensor:
    return torch.zeros(len(x), 4)


def outputs(m: Any, x: Tensor) -> list[Tensor]:
    return [m.body(x) for _ in range(STEPS)]


def through_a_view(m: Any, x: Tensor) -> Tensor:
    total = torch.stack(outputs(m, x)).sum(0)
    total.view(-1).mul_(-1)
    return total


def by_numpy(m: Any, x: Tensor) -> Tensor:
    total = torch.stack(outputs(m, x)).sum(0)
    total.numpy()[:, 0] = 100
    return total


WRONG: dict[str, Answer] = {
    "subtracted": running(zeros, lambda a, o, _t: a - o),
    "subtracted in place": running(zeros, lambda a, o, _t: a.sub_(o)),
    "alternating": running(zeros, lambda a, o, _t: o - a),
    "from a constant": running(lambda m, x: m.bias.expand(len(x), -1), lambda a, o, _t: a + o),
    "from a layer": running(lambda m, x: 5 * m.skip(x), lambda a, o, _t: a + o),
    "after a burn-in": running(zeros, lambda a, o, t: a + o if t else a + 0 * o),
    "weighted by time": running(zeros, lambda a, o, t: a + (t + 1) * o),
    "zeros minus": lambda m, x: torch.stack([zeros(m, x) - o for o in outputs(m, x)]).sum(0) * -1.0 * -1.0,
    "changed through a view": through_a_view,
    "changed by NumPy": by_numpy,
    "doubled in width": lambda m, x: sum(outputs(m, x)).repeat(1, 2),
    "a bias added": lambda m, x: torch.stack(outputs(m, x)).sum(0) + m.bias,
    "a layer added": lambda m, x: torch.stack(outputs(m, x)).sum(0) + m.skip(x),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("read", [capture, structure], ids=["capture", "structure"])
def test_an_answer_that_is_no_sum_is_refused_or_kept(wrong: str, read: Callable[..., Any]) -> None:
    """Either an error, or a network whose answer is the model's."""
    model, inputs = Looped(WRONG[wrong]), images(6)
    try:
        found = read(model, inputs, STEPS)
    except HwsimError:
        return
    if read is capture:
        with torch.no_grad():
            model.n1.reset(), model.n2.reset()
            own = model(torch.from_numpy(inputs)).numpy()
        assert np.allclose(found.reference.outputs[:, -1], own, atol=1e-5)


RIGHT: dict[str, Answer] = {
    "added": running(zeros, lambda a, o, _t: a + o),
    "added in place": running(zeros, lambda a, o, _t: a.add_(o)),
    "a mean": lambda m, x: torch.stack(outputs(m, x)).mean(0),
    "all steps": lambda m, x: torch.stack(outputs(m, x)),
    "all steps behind the batch": lambda m, x: torch.stack(outputs(m, x), 1),
    "half of it": lambda m, x: sum(outputs(m, x)) * 0.5,
    "several": lambda m, x: (torch.stack(outputs(m, x)), x),
}


@pytest.mark.parametrize("right", RIGHT)
def test_an_answer_that_is_a_sum_is_taken(right: str) -> None:
    found = held(Looped(RIGHT[right]), images(6), STEPS)
    assert found.reference.outputs[:, -1].any()


def test_a_loop_of_one_timestep_is_captured() -> None:
    model = Looped(lambda m, x: torch.stack([m.body(x)]).sum(0))
    assert held(model, images(6), 1).network.timesteps == 1


def test_a_stack_along_the_classes_is_refused() -> None:
    with pytest.raises(
        HwsimError, match="stacks along dimension -1; timesteps are stacked along dimension 0 or 1"
    ):
        capture(Looped(lambda m, x: torch.stack(outputs(m, x), -1).sum(-1)), images(6), STEPS)


class Squares(nn.Module):
    """Images of 8 x 8 on 8 channels, changed by ``change`` between two layers."""

    def __init__(self, change: Answer) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.n, self.b = (
            nn.Conv2d(8, 8, 3, padding=1),
            LIF(threshold=0.3),
            nn.Conv2d(8, 8, 3, padding=1),
        )
        self.gain = torch.linspace(-1.0, 2.0, 8)
        self.change = change

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.change(self, self.n(self.a(x))))


@pytest.mark.parametrize(
    "change",
    [
        lambda _m, h: h.mT,
        lambda m, h: h * m.gain,
        lambda m, h: h * m.gain.reshape(8, 1),
        lambda m, h: h * m.gain.reshape(1, 1, 8),
        lambda m, h: h * m.gain.reshape(1, 1, 1, 8),
        lambda m, h: torch.func.functional_call(m.b, {"weight": 2 * m.b.weight, "bias": m.b.bias}, h),
        lambda _m, h: h[:, 0:1].expand(-1, 8, -1, -1),
        lambda _m, h: h[:, 0],
    ],
    ids=[
        "transposed",
        "a row",
        "a column",
        "across",
        "across, with a batch",
        "other weights",
        "expanded",
        "sliced",
    ],
)
def test_what_is_not_per_channel_is_refused(change: Answer) -> None:
    with pytest.raises(HwsimError):
        structure(Squares(change), images(8, 8, 8)[:1], STEPS)


def test_a_factor_a_channel_is_taken_with_and_without_a_batch_dimension() -> None:
    for shape in ((8, 1, 1), (1, 8, 1, 1)):
        held(Squares(lambda m, h, shape=shape: h * m.gain.reshape(shape)), images(8, 8, 8), STEPS)


def test_a_forward_of_the_instance_or_of_the_convolution_is_not_the_class_own() -> None:
    class Doubled(nn.Conv2d):
        def _conv_forward(self, *args: Any) -> Tensor:
            return 2 * super()._conv_forward(*args)

    changed = nn.Conv2d(2, 3, 1)
    changed.forward = lambda x: 3 * nn.functional.conv2d(x, changed.weight, changed.bias)  # type: ignore[method-assign]
    for layer in (Doubled(2, 3, 1), changed):
        with pytest.raises(HwsimError, match=r"module '0' \(\w+\) cannot be lowered"):
            capture(nn.Sequential(layer, LIF()), images(2, 6, 6), STEPS)


def test_a_normalization_put_into_training_by_forward_is_refused_and_left_alone() -> None:
    class Trains(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.bn, self.lif = nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3), LIF()

        def forward(self, x: Tensor) -> Tensor:
            return self.lif(self.bn.train()(self.conv(x)))

    model = Trains()
    with pytest.raises(HwsimError, match=r"module 'bn' \(BatchNorm2d\): is in training mode"):
        capture(model, images(2, 6, 6), STEPS)
    assert not model.bn.running_mean.any()


@pytest.mark.parametrize("timesteps", [2, 3])
def test_a_normalization_a_timestep_is_refused(timesteps: int) -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.lif = nn.Linear(6, 4), LIF()
            self.bn = nn.ModuleList(nn.BatchNorm1d(4) for _ in range(timesteps))

        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([self.lif(bn(self.fc(x))) for bn in self.bn])

    with pytest.raises(HwsimError):
        structure(Own(), images(6)[:1], timesteps)
