"""Words of a quantized network: how many bits its weights and states have (W10)."""

from hwsim.network import Network

STATES = ("state", "current", "adaptation")
"""Formats of state words."""


def weight_bits(network: Network) -> int | None:
    """The most bits of any weight; None of a network without such formats."""
    found = (q.formats["weights"].bits for q in network.projections if "weights" in q.formats)
    return max(found, default=None)


def state_bits(network: Network) -> int | None:
    """The most bits of any state word; None of a network without such formats."""
    found = (of.bits for p in network.populations for name, of in p.formats.items() if name in STATES)
    return max(found, default=None)


def bits_of(network: Network) -> str:
    """Of weights and states, as in ``8/16``; ``float``, or ``integer`` of integers without formats."""
    if network.quantized:
        found = weight_bits(network), state_bits(network)
        return "/".join("-" if bits is None else str(bits) for bits in found)
    return "integer" if network.integer else "float"
