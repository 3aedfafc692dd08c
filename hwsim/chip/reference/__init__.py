"""SimPy reference of a chip of event-driven cores: slow, and computes the spikes that it sends.

It is the truth that hwsim.chip is held against, written from docs/chip.md alone, and uses none of the fast
engine's modules. Rules are cited by their numbers there. Read in this order: depths and synapses (which tick,
which connections), wiring (where everything is), neurons and sums (what a core computes), clock (when),
packets, core (the three units), wires (the network-on-chip), barriers, sample, chip.
"""

from hwsim.chip.reference.chip import simulate
from hwsim.chip.reference.run import PacketTimes, ReferenceRun

__all__ = ["PacketTimes", "ReferenceRun", "simulate"]
