"""The network of a path of a supernet, section by section: what was read off PyTorch once is filled again."""

import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from hwsim.chained import chained
from hwsim.datasets import Split
from hwsim.errors import HwsimError
from hwsim.execute.agreement import UNTRUSTED, agree, outputs_apart
from hwsim.execute.executor import encode
from hwsim.execute.reused import execute_reusing
from hwsim.frontends.capture import Structure, capture
from hwsim.frontends.capture import structure as read_structure
from hwsim.methods.spike_aware.inherited import Inherited
from hwsim.methods.spike_aware.sections import Section, together
from hwsim.network import Coding, Network


def network_of(inherited: Inherited, images: Split) -> Network:
    """The network of a path, as it is captured from PyTorch section by section on ``images``.

    Each section is held against PyTorch on all of them, given PyTorch's own spikes. Raises HwsimError where
    it does not compute the same.
    """

    def make() -> Network:
        return _chained(inherited, images)

    key = (images.digest(), inherited.supernet.id, inherited.calibration, inherited.path)
    return inherited.reuse.of("network", key, make)


def _chained(inherited: Inherited, images: Split) -> Network:
    """Sections go together up to the next that ends with neurons that spike."""
    emitted, of, timesteps = inherited.emitted(images), inherited.supernet, inherited.supernet.feed.timesteps
    networks: list[Network] = []
    given, coding, begin = of.inputs(images), of.feed.coding, 0
    for end in range(1, inherited.parts + 1):
        answer = np.concatenate([part.tensor().numpy() for part in emitted[end - 1]], axis=1).swapaxes(0, 1)
        asked = _Asked(inherited, range(begin, end), given, answer, timesteps, coding)
        key = (images.digest(), begin, *inherited.key(end - 1))
        network = inherited.reuse.of("captured sections", key, asked.network)
        if network is not None:
            networks.append(network)
            begin, coding, given = end, "spikes", np.ascontiguousarray(answer)
    return chained("-".join(inherited.path), networks)


@dataclass(frozen=True, eq=False)
class _Known:
    """What was read of the sections of some options, if that is a network, and whether it may be filled."""

    structure: Structure | None
    refillable: bool


@dataclass(frozen=True, eq=False)
class _Asked:
    """Some sections of a path, what they are ``given`` (samples, timesteps, ...; frames without timesteps)
    and what PyTorch answers to it, (samples, timesteps, ...)."""

    inherited: Inherited
    numbers: range
    given: NDArray[Any]
    answer: NDArray[Any]
    timesteps: int
    coding: Coding

    def network(self) -> Network | None:
        """Their network; None where another must go on: the last does not answer by neurons that spike, or
        what it answers can only be read by the next (a concatenation).

        The first of the same options is read off a run of PyTorch and held against it population by
        population. Others are filled into what was read there, if what they differ in, the batch statistics,
        was seen to reach the network by the normalizations alone; they are held against ``answer``.
        """
        of = self.inherited
        if not isinstance(self._part, Section):
            return self._network(self._read())
        key = of.supernet.id, self.numbers, of.options(self.numbers), self.given.shape[1:]
        known = of.reuse.of("structures", key, self._known)
        if known.structure is None or known.structure.model is self._part:
            return self._network(known.structure)
        network = known.structure.filled(self._part) if known.refillable else None
        if network is not None and self._answers(network):
            return network
        return self._network(self._read())

    @staticmethod
    def _network(structure: Structure | None) -> Network | None:
        return structure.network if structure else None

    def _known(self) -> "_Known":
        structure = self._read()
        return _Known(structure, structure is not None and self._refillable(structure))

    def _refillable(self, structure: Structure) -> bool:
        """Whether with other batch statistics the filled network is the one that is read off PyTorch."""
        other = copy.deepcopy(self._part)
        rng = torch.Generator().manual_seed(0)
        for module in other.modules():
            if isinstance(module, _BatchNorm) and module.running_mean is not None:
                assert module.running_var is not None
                module.running_mean += torch.rand(module.running_mean.shape, generator=rng) - 0.5
                module.running_var *= 0.5 + torch.rand(module.running_var.shape, generator=rng)
        try:
            anew = read_structure(other, self.given[:1], self.timesteps, "sections", self.coding)
            filled = structure.filled(other)
        except HwsimError:
            return False
        return filled is not None and filled.id == anew.id

    @cached_property
    def _part(self) -> nn.Module:
        parts = [self.inherited.section(i) for i in self.numbers]
        return together([p for p in parts if isinstance(p, Section)]) if len(parts) > 1 else parts[0]

    def _answers(self, network: Network) -> bool:
        """Whether it answers what PyTorch does, at every step."""
        found = execute_reusing(network, encode(network, self.given), self.inherited.reuse)
        sums = self.answer.reshape(len(self.answer), self.timesteps, -1).cumsum(axis=1, dtype=np.float32)
        return not outputs_apart(found.outputs, sums).any()

    def _read(self) -> Structure | None:
        """Raises HwsimError where what was read does not compute the same."""
        last = self.numbers.stop == self.inherited.parts
        try:
            found = capture(self._part, self.given, self.timesteps, "sections", self.coding)
        except HwsimError:
            if last:
                raise
            return None
        network = found.network
        if not last and not network.population[network.readout].spikes:
            return None
        trace = execute_reusing(network, encode(network, self.given), self.inherited.reuse)
        agreement = agree(network, trace, found.reference)
        if not agreement.trusted:
            raise HwsimError(f"{' '.join(self.inherited.path)}: {UNTRUSTED}: {agreement.sentence()}")
        return found.structure
