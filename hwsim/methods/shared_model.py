"""A PyTorch model whose LIF layers share their states, to be trained (EfficientLIF-Net)."""

import copy

import torch
from torch import nn

from hwsim.errors import HwsimError
from hwsim.frontends.capture import Array, structure
from hwsim.methods.lif_sharing import Patterns, Sharing, share
from hwsim.network import Coding
from hwsim.nn import LIF, SharedLIF, SharedState

STEPS = 2
"""Timesteps looked at to read the order of the layers."""


def shared_model(
    model: nn.Module,
    sharing: Sharing,
    sample: Array | torch.Tensor,
    layers: Patterns | None = None,
    coding: Coding = "frames",
) -> nn.Module:
    """A copy of ``model`` with the same weights, constants and surrogates, its LIF layers sharing states.

    Each LIF becomes a :class:`SharedLIF`; which share, and in which order, is what
    :func:`hwsim.methods.lif_sharing.share` decides for the network captured from ``sample``: (1, *shape)
    for frames, (1, timesteps, *shape) for spikes and series. ``layers``: the groups of [L], lists of
    patterns of module names; None takes runs of layers of one shape. Names of parameters stay, so that
    weights move between the schemes by ``load_state_dict``.

    Raises HwsimError as share() does, and for a layer of other neurons than LIF that is to share.
    """
    sample = torch.as_tensor(sample)
    steps = STEPS if coding == "frames" else sample.shape[1]
    network = share(structure(model, sample, steps, coding=coding), sharing, layers)
    copied = copy.deepcopy(model)
    states: dict[str, SharedState] = {}
    for population in network.populations:
        if not population.state_group and population.channel_groups == 1:
            continue
        path = population.name
        neuron = dict(copied.named_modules()).get(path)
        if not isinstance(neuron, LIF) or type(neuron).forward is not LIF.forward:
            raise HwsimError(
                f"layer {path!r} is a {type(neuron).__name__}; allowed: hwsim.nn.LIF, to share states"
            )
        state = None
        if population.state_group:
            state = states.setdefault(population.state_group, SharedState())
        shared = SharedLIF(
            state,
            population.channel_groups,
            neuron.decay,
            neuron.threshold,
            neuron.reset_mode,
            neuron.compare,
            neuron.surrogate,
        )
        copied.set_submodule(path, shared.train(neuron.training))
    return copied
