"""How well an integer network answers beside its float one, and with how few bits it still does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.execute.executor import encode, execute
from hwsim.frontends.dense import Dense
from hwsim.methods.quantization import Precision, Quantized, convert
from hwsim.network import Network

Array = NDArray[Any]


@dataclass(frozen=True)
class Score:
    """Of a network on some samples: ``accuracy``, if there are labels; ``same``, the share of samples that
    it answers as the float network does; ``spikes``, the share of equal neuron-steps, and ``differing`` of
    each layer the number of others."""

    accuracy: float | None
    same: float
    spikes: float
    differing: dict[str, int]

    @property
    def quality(self) -> float:
        """What a search holds up: the accuracy, without labels the share of same answers."""
        return self.same if self.accuracy is None else self.accuracy


class Judge:
    """Runs networks on the same samples and holds them against the float one."""

    def __init__(self, network: Network, inputs: Array, labels: Array | None) -> None:
        self.inputs, self.labels, self.network = inputs, labels, network
        self.trace = execute(network, encode(network, inputs))
        self.score = self._score(self.trace)

    def of(self, network: Network) -> Score:
        return self._score(execute(network, encode(network, self.inputs)))

    def _score(self, trace: EventTrace) -> Score:
        answers = trace.outputs[:, -1].argmax(1)
        accuracy = None if self.labels is None else float((answers == self.labels).mean())
        differing, compared = {}, 0
        for p in self.network.populations:
            if p.spikes:
                ours, theirs = trace.events[p.name].dense(p.size), self.trace.events[p.name].dense(p.size)
                differing[p.name] = int((ours != theirs).sum())
                compared += ours.size
        equal = 1.0 - sum(differing.values()) / compared if compared else 1.0
        same = float((answers == self.trace.outputs[:, -1].argmax(1)).mean())
        return Score(accuracy, same, equal, differing)


@dataclass(frozen=True)
class Trial:
    """A precision that was tried, and what came of it."""

    precision: Precision
    score: Score


def search(
    plain: Network,
    seen: Dense,
    start: Precision,
    judge: Judge,
    tolerance: float,
    progress: Callable[[Precision], None] = lambda _tried: None,
) -> tuple[Quantized, Precision, tuple[Trial, ...]]:
    """The fewest bits that lose no more than ``tolerance`` of the float network's quality.

    Integer bits follow from the ranges, so that a bit less is a fraction bit less: first of the weights,
    then of the states, one at a time from ``start`` down to the first that loses more. Raises HwsimError
    where ``start`` itself does, and for a tolerance outside [0, 1].
    """
    if not 0.0 <= tolerance <= 1.0:
        raise HwsimError(f"search: tolerance {tolerance:g}; it must lie in [0, 1]")
    trials: list[Trial] = []

    def tried(precision: Precision) -> Quantized | None:
        progress(precision)
        quantized = convert(plain, seen, precision)
        score = judge.of(quantized.network)
        trials.append(Trial(precision, score))
        return quantized if judge.score.quality - score.quality <= tolerance + 1e-12 else None

    best, found = start, tried(start)
    if found is None:
        lost = judge.score.quality - trials[0].score.quality
        raise HwsimError(
            f"search: {start.weights}-bit weights and {start.state}-bit states already lose {lost:.4f}, more "
            f"than {tolerance:g}; begin with more bits"
        )
    for name, least in (("weights", 1), ("state", 2)):
        for bits in range(getattr(best, name) - 1, least - 1, -1):
            fewer: Precision = replace(best, **{name: bits})  # type: ignore[arg-type]
            quantized = tried(fewer)
            if quantized is None:
                break
            best, found = fewer, quantized
    return found, best, tuple(trials)
