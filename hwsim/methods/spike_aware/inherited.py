"""A path of a supernet with the weights that it inherits, worked out section by section.

What a section computes is decided by the options up to its own: of paths that begin alike it is worked out
once.
"""

import copy
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hwsim.datasets import Split
from hwsim.methods.spike_aware.sections import Section, sections, whole
from hwsim.methods.spike_aware.supernet import PART, Supernet
from hwsim.nn import fixed, unroll
from hwsim.reuse import Reuse


@dataclass(frozen=True, eq=False)
class Values:
    """What a section emitted, (T, B, ...): spikes as bits, other values as they are."""

    kept: NDArray[Any]
    shape: tuple[int, ...]

    @staticmethod
    def of(values: Tensor) -> "Values":
        array = values.numpy()
        binary = bool(((array == 0) | (array == 1)).all())
        return Values(np.packbits(array.astype(np.bool_)) if binary else array.copy(), array.shape)

    def tensor(self) -> Tensor:
        if self.kept.dtype != np.uint8:
            return torch.from_numpy(self.kept.copy())
        bits = np.unpackbits(self.kept, count=prod(self.shape))
        return torch.from_numpy(bits.reshape(self.shape)).float()


Emitted = tuple[Values, ...]
"""By part of the images."""

Statistics = dict[str, dict[str, NDArray[Any]]]
"""Mean and variance of each batch normalization."""


@dataclass(frozen=True, eq=False)
class Inherited:
    """``path`` of a supernet in eval mode. Its batch statistics are means over the first ``calibration``
    training images, PART at a time.

    Those of the supernet are of all paths together and fit none (AutoSNN inherits them with the weights;
    single-path one-shot search recomputes them). What ``reuse`` knows of paths that begin alike is taken
    over. Raises ValueError for a path that the supernet has not.
    """

    supernet: Supernet
    path: tuple[str, ...]
    calibration: int
    reuse: Reuse = field(default_factory=Reuse)
    _made: dict[int, nn.Module] = field(default_factory=dict, init=False, repr=False)

    @property
    def parts(self) -> int:
        """How many sections it has."""
        return len(self._sections)

    def section(self, number: int) -> nn.Module:
        """One of the sections in eval mode, with the path's own batch statistics; its weights are those of
        the supernet, not copies."""
        if number not in self._made:
            found = _with_parameters_of(self._sections[number])
            statistics, _ = self._calibrated[number]
            for name, norm in _norms(found).items():
                norm.load_state_dict({n: torch.tensor(a) for n, a in statistics[name].items()}, strict=False)
            self._made[number] = found
        return self._made[number]

    def options(self, numbers: range) -> tuple[str, ...]:
        """Those that decide what layers consecutive sections have; of a whole network all."""
        first, last = self._sections[numbers.start], self._sections[numbers.stop - 1]
        if not isinstance(first, Section) or not isinstance(last, Section):
            return self.path
        before = self._sections[numbers.start - 1] if numbers.start else None
        return self.path[before.decided if isinstance(before, Section) else 0 : last.decided]

    @property
    def model(self) -> nn.Module:
        """The whole network, its tensors named as :func:`hwsim.nn.path_state` names them."""
        found = fixed(copy.deepcopy(self.supernet.model), self.path)
        states = [self.section(i).state_dict() for i in range(self.parts)]
        found.load_state_dict({name: tensor for state in states for name, tensor in state.items()})
        return found.eval()

    @property
    def parameters(self) -> int:
        parameters = {id(p): p for section in self._sections for p in section.parameters()}
        return sum(p.numel() for p in parameters.values())

    def emitted(self, images: Split) -> tuple[Emitted, ...]:
        """Of each section what it emits on images."""
        found: list[Emitted] = []
        for i in range(self.parts):
            make = partial(self._emit, i, found[-1] if found else None, images)
            found.append(self.reuse.of("run sections", (images.digest(), *self.key(i)), make))
        return tuple(found)

    def accuracy(self, images: Split) -> float:
        """Share of right answers."""
        right = 0
        for start, part in zip(range(0, len(images), PART), self.emitted(images)[-1], strict=True):
            labels = torch.from_numpy(images.labels[start : start + PART])
            right += int((part.tensor().mean(0).argmax(1) == labels).sum())
        return right / len(images)

    def key(self, section: int) -> tuple[Any, ...]:
        """Of all that decides what a section computes."""
        found = self._sections[section]
        decided = self.path[: found.decided] if isinstance(found, Section) else self.path
        return self.supernet.id, self.calibration, section, decided

    @cached_property
    def _sections(self) -> tuple[nn.Module, ...]:
        if self.supernet.in_sections:
            return sections(self.supernet.model, self.path)
        return (whole(self.supernet.model, self.path),)

    @cached_property
    def _calibrated(self) -> tuple[tuple[Statistics, Emitted], ...]:
        """Of each section its statistics and what it emits while they are taken."""
        images = self.supernet.feed.train.take(slice(self.calibration))
        found: list[tuple[Statistics, Emitted]] = []
        for i in range(self.parts):
            make = partial(self._calibrate, i, found[-1][1] if found else None, images)
            found.append(self.reuse.of("calibrated sections", self.key(i), make))
        return tuple(found)

    def _calibrate(self, number: int, given: Emitted | None, images: Split) -> tuple[Statistics, Emitted]:
        section = _with_parameters_of(self._sections[number])
        norms = _norms(section)
        for norm in norms.values():
            norm.reset_running_stats()
            norm.momentum = None
            norm.train()
        emitted = self._run(section, given, images)
        return {
            name: {n: t.numpy() for n, t in norm.named_buffers()} for name, norm in norms.items()
        }, emitted

    def _emit(self, number: int, given: Emitted | None, images: Split) -> Emitted:
        return self._run(self.section(number), given, images)

    @torch.no_grad()
    def _run(self, section: nn.Module, given: Emitted | None, images: Split) -> Emitted:
        feed, found = self.supernet.feed, []
        layers = nn.Sequential(*section.layers.values()) if isinstance(section, Section) else section
        for i, start in enumerate(range(0, len(images), PART)):
            if given is None:
                values = self.supernet.shown(images.take(slice(start, start + PART)))
                steps = feed.timesteps if feed.coding == "frames" else None
            else:
                values, steps = given[i].tensor(), None
            found.append(
                Values.of(unroll(layers, values, steps, normalization=self.supernet.spec.normalized))
            )
        return tuple(found)


def _with_parameters_of(section: nn.Module) -> nn.Module:
    """A copy in eval mode that has the very same parameters, and buffers of its own."""
    return copy.deepcopy(section, {id(p): p for p in section.parameters()}).eval()


def _norms(section: nn.Module) -> dict[str, _BatchNorm]:
    return {name: module for name, module in section.named_modules() if isinstance(module, _BatchNorm)}
