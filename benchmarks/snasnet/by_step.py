"""Accuracy with normalizations that have statistics of each step, as the networks were trained.

A network that takes values back in time sees other distributions at its first steps than later. Trained
with each step's own statistics, it is tested by ``hwsim train`` with one running mean of all steps, which
fits none of them; here each step has its own, of training images.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hwsim.methods.train_data import Feed
from hwsim.nn import reset_states

CALIBRATION = 500
"""Training images that statistics are of."""

Hook = Callable[[nn.Module, tuple[Tensor, ...]], None]

Statistics = dict[str, list[tuple[Tensor, Tensor]]]
"""Mean and variance by normalization and step."""


@torch.no_grad()
def statistics_of(model: nn.Module, images: Tensor, timesteps: int) -> Statistics:
    """Those of ``images`` (B, ...), each layer seeing what layers before it give with theirs."""
    found: Statistics = {name: [] for name in norms(model)}

    def keep(name: str) -> Hook:
        def hook(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            axes = [i for i in range(inputs[0].ndim) if i != 1]
            found[name].append((inputs[0].mean(axes), inputs[0].var(axes, unbiased=False)))

        return hook

    hooks = [module.register_forward_pre_hook(keep(name)) for name, module in norms(model).items()]
    model.eval()
    for module in norms(model).values():
        module.train()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    answers(model, images, timesteps)
    for hook in hooks:
        hook.remove()
    model.load_state_dict(state)
    model.eval()
    return found


@contextmanager
def with_statistics(model: nn.Module, of: Statistics) -> Iterator[None]:
    """Within it every normalization has at each step those of that step; a sample begins at the first."""
    step = dict.fromkeys(of, 0)

    def put(name: str) -> Hook:
        def hook(module: nn.Module, _inputs: tuple[Tensor, ...]) -> None:
            mean, variance = of[name][step[name] % len(of[name])]
            step[name] += 1
            assert isinstance(module, _BatchNorm)
            module.running_mean, module.running_var = mean, variance

        return hook

    hooks = [module.register_forward_pre_hook(put(name)) for name, module in norms(model).items()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def norms(model: nn.Module) -> dict[str, _BatchNorm]:
    return {name: module for name, module in model.named_modules() if isinstance(module, _BatchNorm)}


@torch.no_grad()
def answers(model: nn.Module, images: Tensor, timesteps: int) -> Tensor:
    """Mean over the steps, (B, classes)."""
    reset_states(model)
    found = torch.stack([model(images) for _ in range(timesteps)]).mean(0)
    reset_states(model)
    return found


def accuracy(model: nn.Module, feed: Feed) -> float:
    """Of the test images, with statistics of the first CALIBRATION training images."""
    rng = np.random.default_rng(0)
    calibrating = feed.batch(feed.train.take(slice(CALIBRATION)), rng)[0]
    found = statistics_of(model, calibrating, feed.timesteps)
    right = 0
    with with_statistics(model, found):
        for start in range(0, len(feed.test), CALIBRATION):
            part = feed.test.take(slice(start, start + CALIBRATION))
            told = answers(model, feed.batch(part, rng)[0], feed.timesteps).argmax(1)
            right += int((told == torch.from_numpy(part.labels)).sum())
    return right / len(feed.test)
