"""Words of a quantized network: how many bits its weights and states have (W10)."""

from hwsim.network import Network

STATES = ("state", "current", "adaptation")
"""Formats of state words."""


def weight_bits(network: Network) -> int | None:
    """The most bits of any weight into neurons, where there are none into readouts; None of a network without
    such formats."""
    formed = [q for q in network.projections if "weights" in q.formats]
    neurons = [q for q in formed if network.population[q.target].kind != "readout"]
    return max((q.formats["weights"].bits for q in neurons or formed), default=None)


def state_bits(network: Network) -> int | None:
    """The most bits of any state word of neurons, where there are none of readouts' sums; None of a network
    without such formats."""
    formed = [(p, of.bits) for p in network.populations for name, of in p.formats.items() if name in STATES]
    neurons = [bits for p, bits in formed if p.kind != "readout"]
    return max(neurons or [bits for _, bits in formed], default=None)


def bits_of(network: Network) -> str:
    """Of weights and states, as in ``8/16``; ``float``, or ``integer`` of integers without formats."""
    if network.quantized:
        found = weight_bits(network), state_bits(network)
        return "/".join("-" if bits is None else str(bits) for bits in found)
    return "integer" if network.integer else "float"
