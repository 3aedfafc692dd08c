"""Counts: what a network did while it learned or answered, to be priced as actions of a chip."""

from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError


@dataclass(frozen=True)
class Counts:
    """Integers; ``a + b`` adds them up.

    ``excitatory_updates`` and ``inhibitory_updates``: membranes of neurons times steps. Synaptic operations
    are weights added to a neuron: ``input_operations`` from input spikes, ``relay_operations`` from
    excitatory to inhibitory neurons, ``inhibition_operations`` from inhibitory to all other excitatory
    neurons, or directly from one excitatory neuron to all others.

    Learning reads and writes single weights: ``weight_reads`` and ``weight_writes`` by the rule,
    ``norm_reads`` (a sum, then the scaling) and ``norm_writes`` by the normalization. ``trace_writes`` sets a
    trace to 1 on a spike and ``trace_reads`` reads one for an update; ``trace_decays`` is what a chip does
    besides that lets every trace decay at every step (it is no part of what an event-driven one does).
    ``theta_updates``: a growth for each neuron that crossed its threshold, a fading of all after each image.

    Of the weights that the rule writes ``depressed_weights`` are lowered, ``depressed_rows`` times an input's
    (a row, to all neurons that may learn), and the others raised, ``potentiated_neurons`` times a neuron's.
    """

    images: int = 0
    steps: int = 0
    input_spikes: int = 0
    excitatory_spikes: int = 0
    inhibitory_spikes: int = 0
    excitatory_updates: int = 0
    inhibitory_updates: int = 0
    input_operations: int = 0
    relay_operations: int = 0
    inhibition_operations: int = 0
    trace_writes: int = 0
    trace_reads: int = 0
    trace_decays: int = 0
    weight_reads: int = 0
    weight_writes: int = 0
    norm_reads: int = 0
    norm_writes: int = 0
    theta_updates: int = 0
    depressed_rows: int = 0
    depressed_weights: int = 0
    potentiated_neurons: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def lif_updates(self) -> int:
        return self.excitatory_updates + self.inhibitory_updates

    @property
    def synaptic_operations(self) -> int:
        return self.input_operations + self.relay_operations + self.inhibition_operations

    def plain(self) -> dict[str, int]:
        return asdict(self)

    @staticmethod
    def of_plain(values: Mapping[str, int]) -> "Counts":
        """What :meth:`plain` wrote. Raises HwsimError where one is missing or unknown."""
        names = set(Counts().plain())
        if set(values) != names:
            wrong = ", ".join(sorted(names ^ set(values)))
            raise HwsimError(f"counts: {wrong} missing or unknown; learn again with this version")
        return Counts(**{name: int(n) for name, n in values.items()})

    @staticmethod
    def of(counted: NDArray[np.int64]) -> "Counts":
        """Of the kernels' array, in the order of :mod:`hwsim.methods.stdp.layout`."""
        return Counts(*(int(n) for n in counted))
