"""PyTorch neurons and the layers between them: plain layers from torch.nn, spiking ones from here."""

from hwsim.nn.asgl import (
    ASGL,
    Emitted,
    count_emitted,
    emitted,
    parameter_groups,
    set_spike_fraction,
    smoothings,
    spike_fraction_schedule,
    use_surrogate,
)
from hwsim.nn.choice import Choice, choices, choose, draw_path, fixed, path_state
from hwsim.nn.clif import CLIF
from hwsim.nn.layers import Feedback, Synapse, Vote, Window
from hwsim.nn.neurons import IF, LIF, SpikingNeuron, Stateful, reset_states, run
from hwsim.nn.plif import PLIF
from hwsim.nn.recurrent import RecurrentLIF
from hwsim.nn.reversible import run_reversible
from hwsim.nn.shared import SharedLIF, SharedState
from hwsim.nn.surrogate import Dspike, Rectangle, Sigmoid, Surrogate, Tanh, arctan, cauchy
from hwsim.nn.timed import timed, unroll

__all__ = [
    "ASGL",
    "CLIF",
    "IF",
    "LIF",
    "PLIF",
    "Choice",
    "Dspike",
    "Emitted",
    "Feedback",
    "Rectangle",
    "RecurrentLIF",
    "SharedLIF",
    "SharedState",
    "Sigmoid",
    "SpikingNeuron",
    "Stateful",
    "Surrogate",
    "Synapse",
    "Tanh",
    "Vote",
    "Window",
    "arctan",
    "cauchy",
    "choices",
    "choose",
    "count_emitted",
    "draw_path",
    "emitted",
    "fixed",
    "parameter_groups",
    "path_state",
    "reset_states",
    "run",
    "run_reversible",
    "set_spike_fraction",
    "smoothings",
    "spike_fraction_schedule",
    "timed",
    "unroll",
    "use_surrogate",
]
