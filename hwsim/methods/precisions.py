"""Bits of weights and states as an option says them, and a network in so many."""

import re
from dataclasses import replace

from hwsim.configuration import shown
from hwsim.errors import HwsimError
from hwsim.fixed_point import MOST_BITS
from hwsim.frontends.dense import Dense
from hwsim.methods.quantization import Precision, convert
from hwsim.network import Network

FLOAT = "float"

OBSERVED = 16
"""Samples on which the ranges of states are seen, if nobody says how many."""

MOST_STATE, ABOVE_WEIGHTS = 16, 8
"""Bits of a state where only those of the weights are told: 8 more, as ``hwsim quantize`` has them for
weights of 8 bits, and at most 16, the width to which tables of synthesized units reach."""


def parse_bits(text: str) -> Precision | None:
    """``8/12`` as bits of weights and states, ``8`` as of weights, with min(16, weights + 8) of states but
    no fewer than the weights'; None of ``float``. Raises HwsimError for anything else."""
    if text == FLOAT:
        return None
    if not (found := re.fullmatch(r"([0-9]{1,3})(?:/([0-9]{1,3}))?", text)):
        raise HwsimError(
            f"--bits {shown(text)}: write whole numbers, of weights or of weights/states, as in 8 or 8/12, "
            f"or {FLOAT}"
        )
    weights = int(found[1])
    state = max(weights, min(MOST_STATE, weights + ABOVE_WEIGHTS)) if found[2] is None else int(found[2])
    for what, bits, least in (("weights", weights, 1), ("states", state, 2)):
        if not least <= bits <= MOST_BITS:
            raise HwsimError(
                f"--bits {shown(text)}: {what} of {bits} bits; allowed are {least} to {MOST_BITS}"
            )
    return Precision(weights, state)


def told(precision: Precision | None) -> str:
    """As :func:`parse_bits` reads it, with the states' bits."""
    return FLOAT if precision is None else f"{precision.weights}/{precision.state}"


def with_bits(network: Network, plain: Network, seen: Dense, precision: Precision) -> Network:
    """``network`` after training in so many bits, under its own name; ``plain``, ``seen``: what
    :func:`hwsim.methods.quantization.observed` found of it."""
    return replace(convert(plain, seen, precision).network, name=network.name)
