"""Front ends: from users' models and files to a Network."""

from hwsim.frontends.equivalents import register_layer
from hwsim.frontends.neurons import Neurons, register_neuron

__all__ = ["Neurons", "register_layer", "register_neuron"]
