"""Networks of the zoo as they are built here, and what follows from their structure alone."""

from dataclasses import replace
from functools import cache
from math import prod

from hwsim.frontends.capture import structure
from hwsim.frontends.loading import open_model
from hwsim.frontends.synthetic import synthetic_inputs
from hwsim.inspection import WORD_BYTES, describe
from hwsim.methods.lif_sharing import parse_sharing, share
from hwsim.network import Network
from hwsim.zoo import entry

MIB = 2**20


@cache
def network(name: str, *settings: str) -> Network:
    """The structure of a network of the zoo, with random weights, read off one step of one image."""
    opened = open_model(name, settings=settings, trained=False)
    assert opened.shape is not None
    assert not isinstance(opened.model, Network)
    inputs = synthetic_inputs(opened.shape, 1, coding=opened.coding, timesteps=1)
    found = structure(opened.model, inputs, 1, name, opened.coding)
    return replace(found, timesteps=opened.timesteps or 1)


@cache
def parameters(name: str, *settings: str) -> int:
    """Parameters of the module: convolutions, normalization, leaks, linear layers."""
    opened = open_model(name, settings=settings, trained=False)
    assert not isinstance(opened.model, Network)
    return sum(p.numel() for p in opened.model.parameters())


def weights(found: Network) -> int:
    return sum(q.weights.size for q in found.projections if q.weights is not None)


def macs(found: Network) -> tuple[int, int]:
    """Of the first layer, and of the others: of one step, padding counted, as papers do."""
    told = describe(found)
    return told["macs_first_layer"], told["macs"] - told["macs_first_layer"]


def state_mib(name: str, side: int, sharing: str, *settings: str) -> float:
    """LIF states of one sample (MiB, 32 bits each) at ``side`` x ``side`` pixels.

    From the network at 32 x 32: every map of these networks has (side / 32)^2 times as many positions, side
    being a multiple of 16.
    """
    shared = share(network(name, *settings), parse_sharing(sharing), entry(name).sharing)
    return int(describe(shared)["forward_state_bytes"]) * (side / 32) ** 2 / MIB


def words_mib(words: float) -> float:
    return words * WORD_BYTES / MIB


def maps_per_pixel(name: str, side: int, channels: int, *settings: str) -> float:
    """Neurons with state and outputs of pools in maps, without those of linear layers, over H W C."""
    found = network(name, f"channels={channels}", *settings)
    maps = [p for p in found.populations if len(p.shape) == 3 and p.kind != "input"]
    return sum(prod(p.shape) for p in maps) / (side * side * channels)
