"""The networks of tinySNN (Putra and Shafique; 2022): one layer of digits-learning neurons, two inhibitions.

The Diehl-and-Cook network in BindsNET's constants: 784 Poisson inputs, excitatory neurons with an
adaptive threshold, 1 ms a step, 350 steps. ``baseline`` inhibits through as many inhibitory neurons,
``lateral``, the paper's proposal, directly from neuron to neuron. Potentials are in mV.

These are the networks and their neurons; ``hwsim learn`` trains them (docs/stdp.md). The choice among
sizes is no part of them. The weights hold no gradient: they are for STDP to change. Among the neurons
that cross the threshold in one step, BindsNET lets one fire at random; here the one farthest above
its threshold fires (the first of equals), so that a run repeats.
"""

import math

import torch
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.frontends import Neurons, register_layer, register_neuron
from hwsim.nn import Feedback, SpikingNeuron
from hwsim.nn.neurons import held


class Membrane(SpikingNeuron):
    """Leaky neurons with a rest potential, a refractory period and a hard reset, as in BindsNET.

    v = rest + exp(-leak) (v - rest), + x unless refractory; crossed = [v >= threshold + theta]; there
    v = reset and x is ignored for the next ``refractory`` steps. Emits ``crossed``, 0 or 1.

    Shapes: input (B, neurons) in mV, output the same shape.
    """

    def __init__(self, rest: float, reset: float, threshold: float, refractory: int, leak: float) -> None:
        super().__init__()
        self.rest, self.reset_to, self.threshold = rest, reset, threshold
        self.refractory, self.keep = refractory, math.exp(-leak)
        self.reset()

    def reset(self) -> None:
        self.membrane = None
        self.waiting: Tensor | None = None

    def forward(self, current: Tensor) -> Tensor:
        membrane = self.charge(current)
        crossed = membrane >= self.threshold
        self.settle(membrane, crossed)
        return crossed.to(current.dtype)

    def charge(self, current: Tensor) -> Tensor:
        """The membranes of this step before any reset."""
        before = torch.full_like(current, self.rest) if self.membrane is None else self.membrane
        self.waiting = held(type(self).__name__, self.waiting, current)
        return self.rest + self.keep * (before - self.rest) + current * (self.waiting <= 0)

    def settle(self, membrane: Tensor, crossed: Tensor) -> None:
        """Reset the membranes that crossed and count the others' refractory steps down."""
        assert self.waiting is not None
        self.membrane = torch.where(crossed, self.reset_to, membrane)
        self.waiting = torch.where(crossed, float(self.refractory), self.waiting - 1)


class Excitatory(Membrane):
    """Membranes with a threshold that adapts, one spike a step in the whole layer.

    theta *= exp(-1e-7) each step and += 0.05 where crossed, in training mode only; it survives
    :meth:`reset`, from image to image. Of the neurons that crossed, the farthest above fires.
    """

    theta: Tensor

    def __init__(self, neurons: int, growth: float = 0.05, fading: float = 1e-7) -> None:
        super().__init__(rest=-65.0, reset=-60.0, threshold=-52.0, refractory=5, leak=0.01)
        self.growth, self.fading = growth, fading
        self.register_buffer("theta", torch.zeros(neurons))

    def forward(self, current: Tensor) -> Tensor:
        if self.training:
            self.theta *= math.exp(-self.fading)
        membrane = self.charge(current)
        above = membrane - self.threshold - self.theta
        crossed = above >= 0
        self.settle(membrane, crossed)
        if self.training:
            self.theta += self.growth * crossed.sum(0)
        farthest = torch.zeros_like(current).scatter(1, above.argmax(1, keepdim=True), 1.0)
        return farthest * crossed


def membrane_rule(module: Membrane) -> Neurons:
    """v - (v - rest) / d = rest + exp(-leak) (v - rest) with d = 1 / (1 - exp(-leak))."""
    if max(module.rest, module.reset_to) >= module.threshold or not module.keep < 1:
        raise HwsimError(
            f"rest {module.rest}, reset {module.reset_to}, threshold {module.threshold}, kept a step "
            f"{module.keep}; it must leak, and rest and reset must lie below the threshold"
        )
    return Neurons(
        {
            "leak": "leak_divide",
            "decay": 1 / (1 - module.keep),
            "rest": module.rest,
            "initial": module.rest,
            "threshold": module.threshold,
            "reset": "value",
            "reset_value": module.reset_to,
            "refractory": module.refractory,
        }
    )


def excitatory_rule(module: Excitatory) -> Neurons:
    """The thresholds as training left them; they do not adapt in inference."""
    thresholds = module.threshold + module.theta.double().cpu().numpy()
    return Neurons({**membrane_rule(module).fields, "threshold": thresholds, "one_spike": True})


register_neuron(Membrane, membrane_rule)
register_neuron(Excitatory, excitatory_rule)


def inhibitory() -> Membrane:
    return Membrane(rest=-60.0, reset=-45.0, threshold=-40.0, refractory=2, leak=0.1)


class AllOthers(nn.Module):
    """``weight`` from each neuron to all the others: y_i = weight * (sum of x - x_i). No weights stored."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, spikes: Tensor) -> Tensor:
        return self.weight * (spikes.sum(1, keepdim=True) - spikes)


def others_as_linear(module: AllOthers, shape: tuple[int, ...]) -> nn.Linear:
    """The matrix of AllOthers: its weight everywhere but on the diagonal."""
    linear = nn.Linear(shape[0], shape[0], bias=False)
    linear.weight.data = module.weight * (1.0 - torch.eye(shape[0]))
    return linear


register_layer(AllOthers, others_as_linear)


class Competition(nn.Module):
    """Inputs excite neurons that inhibit each other: input (B, inputs) spikes, output (B, neurons) spikes.

    With ``relay`` None a spike inhibits all others one step later; else it goes through a layer of
    ``relay`` neurons, each driven by its own excitatory neuron with weight ``drive``, and inhibits two
    steps later (BindsNET's connections take a step each).
    """

    def __init__(
        self, inputs: int, neurons: int, relay: Membrane | None, drive: float, inhibition: float
    ) -> None:
        super().__init__()
        self.weights = nn.Linear(inputs, neurons, bias=False).requires_grad_(False)
        self.weights.weight.uniform_(0.0, 0.3)
        self.excitatory, self.inhibit = Excitatory(neurons), AllOthers(-inhibition)
        self.relay, self.drive = relay, drive
        self.spikes_before = Feedback()
        self.relayed_before = Feedback() if relay is not None else None

    def normalize(self, total: float = 78.4) -> None:
        """Scale the weights into each neuron to the sum ``total``, as STDP does after each image."""
        weights = self.weights.weight
        weights *= total / weights.sum(1, keepdim=True)

    def forward(self, spikes: Tensor) -> Tensor:
        current = self.weights(spikes)
        before = self.spikes_before(current)
        if self.relay is None or self.relayed_before is None:
            inhibiting = before
        else:
            inhibiting = self.relayed_before(current)
            self.relayed_before.keep(self.relay(self.drive * before))
        out: Tensor = self.excitatory(current + self.inhibit(inhibiting))
        self.spikes_before.keep(out)
        return out


def baseline(
    inputs: int = 784, neurons: int = 400, drive: float = 22.5, inhibition: float = 17.5
) -> Competition:
    """Excitatory neurons and as many inhibitory ones: 22.5 mV one to one, -17.5 mV to all others."""
    return Competition(inputs, neurons, inhibitory(), drive, inhibition)


def lateral(inputs: int = 784, neurons: int = 400, inhibition: float = 17.5) -> Competition:
    """tinySNN's own: the excitatory neurons inhibit each other without inhibitory neurons between."""
    return Competition(inputs, neurons, None, 0.0, inhibition)
