"""What has learned as a Network: input, excitatory and inhibitory populations, and a readout of labels."""

import numpy as np
from numpy.typing import NDArray

from hwsim.methods.stdp.fixed import inhibition_of
from hwsim.methods.stdp.integers import integers_of
from hwsim.methods.stdp.labels import Labels
from hwsim.methods.stdp.learner import divisor_of
from hwsim.methods.stdp.spec import LearnSpec, Neurons
from hwsim.network import Network, Population, Projection


def network_of(
    spec: LearnSpec, weights: NDArray[np.float32], theta: NDArray[np.float32], labels: Labels, name: str
) -> Network:
    """The network with ``weights`` (inputs, neurons) and thresholds fixed at threshold + ``theta``.

    Theta adapts no more: it is part of one threshold each neuron. The readout's sums are the votes of
    :class:`Labels`. The event executor's spikes are those of :meth:`Learner.answer` on the same input spikes.
    With membranes in fixed point it is an integer network with formats.
    """
    inputs, neurons = weights.shape
    thresholds = np.float32(spec.excitatory.threshold) + theta
    populations = [
        Population("input", (inputs,), "input"),
        _population("excitatory", neurons, spec.excitatory, True, {"threshold": thresholds}),
        Population("label", (len(labels.votes),), "readout"),
    ]
    others = np.float32(-inhibition_of(spec)) * (1 - np.eye(neurons, dtype=np.float32))
    source = "inhibitory" if spec.relayed else "excitatory"
    projections = [
        Projection("input->excitatory", "input", "excitatory", "dense", np.ascontiguousarray(weights.T)),
        Projection(f"{source}->excitatory", source, "excitatory", "dense", others, delay=1),
        Projection("excitatory->label", "excitatory", "label", "dense", labels.votes),
    ]
    if spec.relayed:
        populations.insert(1, _population("inhibitory", neurons, spec.inhibitory))
        one_to_one = np.full((neurons, 1, 1, 1), spec.drive, np.float32)
        projections.insert(
            0,
            Projection(
                "excitatory->inhibitory", "excitatory", "inhibitory", "conv2d", one_to_one,
                groups=neurons, delay=1,
            ),
        )  # fmt: skip
    network = Network(name, tuple(populations), tuple(projections), "label", spec.timesteps, coding="spikes")
    if "membrane" in spec.formats:
        network = integers_of(network, spec, theta)
    network.verify()
    return network


def _population(
    name: str,
    neurons: int,
    of: Neurons,
    one_spike: bool = False,
    vectors: dict[str, NDArray[np.float32]] | None = None,
) -> Population:
    threshold = 1.0 if vectors else of.threshold
    return Population(
        name, (neurons,), "lif", decay=divisor_of(of), threshold=threshold, reset="value",
        reset_value=of.reset, leak="leak_divide", rest=of.rest, initial=of.rest,
        refractory=of.refractory, one_spike=one_spike, vectors=vectors or {},
    )  # fmt: skip
