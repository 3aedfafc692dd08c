"""PyTorch neurons and the layers between them: plain layers from torch.nn, spiking ones from here."""

from hwsim.nn.clif import CLIF
from hwsim.nn.layers import Feedback, Synapse, Vote, Window
from hwsim.nn.neurons import IF, LIF, SpikingNeuron, Stateful, reset_states, run
from hwsim.nn.plif import PLIF, cauchy
from hwsim.nn.reversible import run_reversible
from hwsim.nn.shared import SharedLIF, SharedState
from hwsim.nn.surrogate import arctan

__all__ = [
    "CLIF",
    "IF",
    "LIF",
    "PLIF",
    "Feedback",
    "SharedLIF",
    "SharedState",
    "SpikingNeuron",
    "Stateful",
    "Synapse",
    "Vote",
    "Window",
    "arctan",
    "cauchy",
    "reset_states",
    "run",
    "run_reversible",
]
