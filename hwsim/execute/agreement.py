"""Does the executor fire as PyTorch did? Every difference counted, located and explained.

Two comparisons per population. *Free*: the executor's own run against the reference, so that one
difference upstream shows again in everything that it reaches. *Driven*: the population alone, fed with
the reference's events, so that a difference is its own (hwsim/execute/driven.py). It is explained if
the exact membrane lies so near the threshold that float32 rounding decides.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.execute.driven import differences, made_otherwise, own_differences
from hwsim.execute.executor import drive, drive_readout
from hwsim.execute.replay import Flip
from hwsim.network import Network

UNTRUSTED = (
    "the captured network does not compute what the model computes, so these costs are not the model's"
)

OUTPUT_TOLERANCE = 1e-4
"""Of a sample's largest output: how far sums of equal spikes may differ by the order of additions."""


@dataclass(frozen=True)
class PopulationAgreement:
    """One population: neuron-steps compared, the reference's events, and the differences of both kinds."""

    population: str
    compared: int
    events: int
    differences: int
    differences_on_equal_inputs: int
    unexplained: int


@dataclass(frozen=True)
class Agreement:
    """Differences of all spiking and pooling populations; ``flips`` are the driven ones examined.

    ``made_otherwise``: events of the executor's run that are not what the network makes of that run's own
    inputs, of which there are none: with it, differences on unequal inputs follow from others.
    """

    rows: tuple[PopulationAgreement, ...]
    flips: tuple[Flip, ...]
    outputs_equal: int
    outputs_apart: int
    samples: int
    made_otherwise: int = 0

    @property
    def compared(self) -> int:
        return sum(r.compared for r in self.rows)

    @property
    def free(self) -> int:
        return sum(r.differences for r in self.rows)

    @property
    def driven(self) -> int:
        return sum(r.differences_on_equal_inputs for r in self.rows)

    @property
    def unexplained(self) -> int:
        return sum(r.unexplained for r in self.rows)

    @property
    def trusted(self) -> bool:
        """Whether rounding explains every difference, and equal spikes gave equal outputs."""
        return not (self.unexplained or self.outputs_apart or self.made_otherwise)

    def sentence(self) -> str:
        """The result in one line."""
        decided = f"; the same class for {self.outputs_equal} of {self.samples} samples"
        if self.outputs_apart:
            decided += f"; OUTPUTS DIFFER although all spikes are equal in {self.outputs_apart} samples"
        if self.made_otherwise:
            decided += f"; {self.made_otherwise:,} EVENTS ARE NOT WHAT THE NETWORK MAKES OF ITS INPUTS"
        return self._spikes() + decided

    def _spikes(self) -> str:
        if not self.compared:
            return "the network has no neurons whose spikes could be compared with PyTorch's"
        if not self.free:
            return f"executor equals PyTorch in all {self.compared:,} neuron-steps"
        return (
            f"executor differs from PyTorch in {self.free:,} of {self.compared:,} neuron-steps "
            f"({self.free / self.compared:.1e}); {self.driven} of them on equal inputs "
            f"({self.driven / self.compared:.1e}), {self.unexplained} of those not within float32 "
            "rounding of the threshold; the rest follow from them"
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "compared": self.compared,
            "differences": self.free,
            "rate": self.free / max(self.compared, 1),
            "differences_on_equal_inputs": self.driven,
            "rate_on_equal_inputs": self.driven / max(self.compared, 1),
            "unexplained": self.unexplained,
            "trusted": self.trusted,
            "same_decision": self.outputs_equal,
            "outputs_apart": self.outputs_apart,
            "made_otherwise": self.made_otherwise,
            "samples": self.samples,
            "populations": [asdict(r) for r in self.rows],
            "located": [asdict(f) | {"explained": f.explained} for f in self.flips],
        }


def agree(network: Network, trace: EventTrace, reference: EventTrace) -> Agreement:
    """Compare the executor's ``trace`` with the ``reference`` spikes of the same inputs.

    Raises HwsimError if the inputs of the two differ.
    """
    name = network.input.name
    if len(differences(trace.events[name], reference.events[name], network.input.size)):
        raise HwsimError("the executor and the reference did not get the same inputs")
    rows, flips = [], []
    touched, otherwise = np.zeros(trace.samples, np.bool_), 0
    for component in network.components:
        names = [n for n in component if network.population[n].kind not in ("input", "readout")]
        made = drive(network, component, reference) if names else {}
        driven = own_differences(network, component, reference, made) if names else {}
        otherwise += made_otherwise(network, component, trace, reference, made) if names else 0
        for population in (network.population[n] for n in names):
            ours, theirs = trace.events[population.name], reference.events[population.name]
            keys = differences(ours, theirs, population.size)
            touched[np.unique(keys // (population.size * theirs.steps))] = True
            own = driven[population.name]
            rows.append(
                PopulationAgreement(
                    population.name,
                    theirs.samples * theirs.steps * population.size,
                    len(theirs.index),
                    len(keys),
                    own.count,
                    own.unexplained,
                )
            )
            flips += own.flips
    decided = trace.outputs[:, -1].argmax(1) == reference.outputs[:, -1].argmax(1)
    apart = outputs_apart(trace.outputs, reference.outputs)
    far = (apart & ~touched) | _answers_apart(network, reference)
    return Agreement(tuple(rows), tuple(flips), int(decided.sum()), int(far.sum()), trace.samples, otherwise)


def outputs_apart(found: NDArray[Any], reference: NDArray[Any]) -> NDArray[np.bool_]:
    """Samples of which outputs (samples, timesteps, neurons) differ by more than OUTPUT_TOLERANCE allows."""
    apart = np.abs(found - reference).max(axis=(1, 2), initial=0)
    scale = 1 + np.abs(reference).max(axis=(1, 2), initial=0)
    far: NDArray[np.bool_] = apart > OUTPUT_TOLERANCE * scale
    return far


def _answers_apart(network: Network, reference: EventTrace) -> NDArray[np.bool_]:
    """Samples in which the readout, fed with the reference's events, does not add up to its outputs."""
    readout = network.population[network.readout]
    sums = drive_readout(network, reference) if readout.kind == "readout" else None
    if sums is None:
        return np.zeros(reference.samples, np.bool_)
    return outputs_apart(sums, reference.outputs)
