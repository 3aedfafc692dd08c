"""SimPy reference of the network-on-chip: slow, and steps every router that holds a flit in every cycle.

It is the truth that the kernel is held against, written from docs/noc.md alone, and uses none of the
kernel's modules. Rules are cited by their numbers there. Read in this order: traffic (what goes in and comes
out), paths (which way), clock (when), router, tile, network.
"""

from hwsim.noc.reference.network import simulate
from hwsim.noc.reference.traffic import Counts, Delivery, Packet

__all__ = ["Counts", "Delivery", "Packet", "simulate"]
