"""Layers of the user's own that compute what a layer of torch.nn computes."""

from collections.abc import Callable
from typing import Any

from torch import nn

from hwsim.errors import HwsimError

Equivalent = Callable[[Any, tuple[int, ...]], nn.Module]

_LAYERS: dict[type[nn.Module], Equivalent] = {}


def register_layer(kind: type[nn.Module], build: Equivalent) -> None:
    """Teach capture a layer without states: ``build(module, shape)`` gives the layer of torch.nn that
    computes the same, for an output of ``shape`` without batch. It holds for ``kind``, not for subclasses.
    """
    _LAYERS[kind] = build


def is_registered(module: nn.Module) -> bool:
    return type(module) in _LAYERS


def equivalent(module: nn.Module, shape: tuple[int, ...]) -> nn.Module | None:
    """The layer that stands for ``module``, or None. Raises HwsimError if its builder gives none."""
    build = _LAYERS.get(type(module))
    if build is None:
        return None
    made = build(module, shape)
    if not isinstance(made, nn.Module) or type(made) is type(module):
        raise HwsimError(f"layer {type(module).__name__}: its rule gave {type(made).__name__}, not a layer")
    return made
