"""Quantization-aware training: the weights of an integer network, by gradients that go straight through."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from hwsim.errors import HwsimError
from hwsim.fixed_point import FixedPoint
from hwsim.frontends.dense import answers_of
from hwsim.frontends.dense_arithmetic import Straight, straight
from hwsim.methods.quantization import Precision, Quantized
from hwsim.network import Network, Projection

Array = NDArray[Any]


@dataclass(frozen=True)
class Lessons:
    """``inputs`` with ``labels`` to train on, for ``epochs`` in mini-batches of ``batch``, by Adam at a
    ``rate`` that falls as a cosine; in an order from ``seed``."""

    inputs: Array
    labels: Array
    epochs: int = 2
    batch: int = 32
    rate: float = 1e-3
    seed: int = 0


def train_on(
    plain: Network,
    start: Quantized,
    precision: Precision,
    lessons: Lessons,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Quantized:
    """``start`` with other codes of weights and biases: those of real weights that were trained from the ones
    of ``plain``, in the formats of ``start``.

    Forward, the network computes in its codes what the executor computes; backward, roundings are the
    identity and spikes have the arctan surrogate's slope. The loss is the cross-entropy of the answers per
    step. Raises HwsimError for stochastic rounding, which is drawn once and not trained on, for neurons that
    count their spikes, and for labels that are no class.
    """
    network = start.network
    if precision.rounding == "stochastic":
        raise HwsimError("qat rounds to the nearest or truncates; stochastic rounding is for ptq")
    if odd := next((p.name for p in network.populations if p.multispike or p.one_spike), None):
        raise HwsimError(f"population {odd!r}: several spikes a step, or one of all, cannot be trained on")
    classes = network.population[network.readout].size
    if len(lessons.labels) != len(lessons.inputs) or not len(lessons.labels):
        raise HwsimError("qat needs samples with one label each to train on")
    if lessons.labels.min() < 0 or lessons.labels.max() >= classes:
        raise HwsimError(f"labels from {lessons.labels.min()} to {lessons.labels.max()}; {classes} classes")
    values = {f"{q.name}{end}": _real(array) for q in plain.projections for end, array in _arrays(q)}
    formats = {
        f"{q.name}{end}": q.formats["bias" if end else "weights"]
        for q in network.projections
        for end, _ in _arrays(q)
    }
    nearest, batches = precision.rounding == "nearest", -(-len(lessons.labels) // lessons.batch)
    optimizer = torch.optim.Adam(values.values(), lr=lessons.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, lessons.epochs * batches)
    rng, scale = np.random.default_rng(lessons.seed), _scale(network)
    for epoch in range(lessons.epochs):
        order = rng.permutation(len(lessons.labels))
        for number in range(batches):
            chosen = order[number * lessons.batch : (number + 1) * lessons.batch]
            codes = {name: coded(value, formats[name], nearest) for name, value in values.items()}
            answers = answers_of(network, lessons.inputs[chosen], Straight(), codes)
            loss = cross_entropy(answers * scale, torch.from_numpy(lessons.labels[chosen]).long())
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            progress(epoch * batches + number + 1, lessons.epochs * batches)
    found = {name: coded(v, formats[name], nearest).detach().numpy() for name, v in values.items()}
    projections = tuple(_with_codes(q, found) for q in network.projections)
    made = replace(network, projections=projections)
    made.verify()
    return Quantized(made, start.rows)


def coded(value: Tensor, of: FixedPoint, nearest: bool) -> Tensor:
    """The codes of real values, as FixedPoint.codes gives them; gradients pass where none saturates."""
    scaled = value * 2.0**of.fraction_bits
    if of.sign_only:
        signs = torch.where(scaled < 0, -1.0, 1.0).to(scaled.dtype)
        inside = scaled.clamp(-1, 1)
        return inside + (signs - inside).detach()
    return straight(scaled, nearest).clamp(of.low, of.high)


def _arrays(q: Projection) -> list[tuple[str, Array]]:
    return [(end, a) for end, a in (("", q.weights), (" bias", q.bias)) if a is not None]


def _real(array: Array) -> Tensor:
    return torch.from_numpy(array.astype(np.float64)).requires_grad_()


def _scale(network: Network) -> float:
    """What a code of the answer is worth, per step."""
    p = network.population[network.readout]
    fraction = 0 if p.spikes else p.fraction_bits
    return float(2.0**-fraction / network.timesteps)


def _with_codes(q: Projection, codes: dict[str, Array]) -> Projection:
    found = {}
    for name, end in (("weights", ""), ("bias", " bias")):
        given = getattr(q, name)
        if given is not None:
            whole = codes[f"{q.name}{end}"]
            found[name] = whole.astype(np.int32 if q.formats[name].bits > 15 else np.int16)
    return replace(q, **found)  # type: ignore[arg-type]
