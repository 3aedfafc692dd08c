"""Training steps a second against SpikingJelly: one network, batch and T, in one process.

A slim VGG of five convolutions with batch normalization and LIF (decay 1/2, soft reset, arctan), then a
linear layer; forward, backward and the gradients' deletion. SpikingJelly runs in its multi-step mode. Both
take statistics over T * B samples. ``sequence``: inputs differ by step; ``direct``: one image for all steps,
its convolution computed once by both.

    PYTHONPATH=. .venv-frontends/bin/python benchmarks/training_speed.py --batch 32 --timesteps 4
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable

import spikingjelly
import torch
from spikingjelly.activation_based import functional, layer, neuron, surrogate
from torch import Tensor, nn

from hwsim.nn import ASGL, LIF, run, unroll, use_surrogate

CLASSES = 10


def plan(channels: int) -> list[int]:
    return [channels, 0, 2 * channels, 2 * channels, 0, 4 * channels, 4 * channels, 0]


def ours(channels: int, resolution: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    before = 3
    for wide in plan(channels):
        if wide == 0:
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(before, wide, 3, padding=1, bias=False), nn.BatchNorm2d(wide), LIF()]
        before = wide
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * (resolution // 8) ** 2, CLASSES))


def theirs(channels: int, resolution: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    before = 3
    for wide in plan(channels):
        if wide == 0:
            layers.append(layer.MaxPool2d(2))
            continue
        neurons = neuron.LIFNode(
            tau=2.0, decay_input=False, v_reset=None, surrogate_function=surrogate.ATan(2.0)
        )
        layers += [layer.Conv2d(before, wide, 3, padding=1, bias=False), layer.BatchNorm2d(wide), neurons]
        before = wide
    last = layer.Linear(before * (resolution // 8) ** 2, CLASSES)
    model = nn.Sequential(*layers, layer.Flatten(), last)
    functional.set_step_mode(model, "m")
    return model


def their_direct(model: nn.Sequential, images: Tensor, timesteps: int) -> Tensor:
    first = model[1](model[0](images.unsqueeze(0)))
    outputs: Tensor = model[2:](first.expand(timesteps, *first.shape[1:]))
    return outputs


def seconds(
    model: nn.Module, forward: Callable[[], Tensor], labels: Tensor
) -> Callable[[], tuple[float, float]]:
    """One training step: (seconds on the clock, seconds of the processor, which other load moves less)."""

    def once() -> tuple[float, float]:
        began, busy = time.perf_counter(), time.process_time()
        nn.functional.cross_entropy(forward(), labels).backward()
        model.zero_grad()
        return time.perf_counter() - began, time.process_time() - busy

    return once


def same_start(ours_: nn.Module, theirs_: nn.Module, inputs: Tensor) -> None:
    """The same weights, and outputs and gradients that agree."""
    theirs_.load_state_dict(ours_.state_dict())
    functional.reset_net(theirs_)
    a, b = unroll(ours_, inputs).sum(0), theirs_(inputs).sum(0)
    torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)
    (a.square().sum() + b.square().sum()).backward()
    for p, q in zip(ours_.parameters(), theirs_.parameters(), strict=True):
        assert p.grad is not None
        assert q.grad is not None
        torch.testing.assert_close(p.grad, q.grad, rtol=1e-2, atol=1e-2 * float(q.grad.abs().max()))
    ours_.zero_grad()
    theirs_.zero_grad()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name, default in (
        ("batch", 32),
        ("timesteps", 4),
        ("channels", 16),
        ("resolution", 32),
        ("repeats", 7),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    torch.manual_seed(0)
    steps, batch = args.timesteps, args.batch
    a, b = ours(args.channels, args.resolution), theirs(args.channels, args.resolution)
    inputs = torch.rand(steps, batch, 3, args.resolution, args.resolution)
    labels = torch.randint(0, CLASSES, (batch,))
    same_start(a, b, inputs)
    mixed = ours(args.channels, args.resolution)
    use_surrogate(mixed, ASGL)

    def spikingjelly_sequence() -> Tensor:
        functional.reset_net(b)
        outputs: Tensor = b(inputs)
        return outputs.sum(0)

    def spikingjelly_direct() -> Tensor:
        functional.reset_net(b)
        return their_direct(b, inputs[0], steps).sum(0)

    ways = {
        "sequence, hwsim": seconds(a, lambda: unroll(a, inputs).sum(0), labels),
        "sequence, SpikingJelly": seconds(b, spikingjelly_sequence, labels),
        "direct, hwsim": seconds(a, lambda: unroll(a, inputs[0], steps).sum(0), labels),
        "direct, SpikingJelly": seconds(b, spikingjelly_direct, labels),
        "direct, hwsim with ASGL": seconds(mixed, lambda: unroll(mixed, inputs[0], steps).sum(0), labels),
        "direct, hwsim stepping": seconds(a, lambda: run(a, inputs[0], steps), labels),
    }
    for way in ways.values():
        way()
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(args.repeats):  # in turn, so that a slow moment hits all
        for name, way in ways.items():
            times[name].append(way())
    rows = {
        name: {
            f"{of}_{clock}_ms": round(1e3 * function(column), 1)
            for clock, column in zip(("wall", "cpu"), zip(*t, strict=True), strict=True)
            for of, function in (("median", statistics.median), ("least", min))
        }
        for name, t in times.items()
    }
    versions = {"torch": torch.__version__, "spikingjelly": getattr(spikingjelly, "__version__", "")}
    sys.stdout.write(
        json.dumps(vars(args) | {"threads": torch.get_num_threads()} | versions | {"rows": rows}, indent=2)
        + "\n"
    )


if __name__ == "__main__":
    main()
