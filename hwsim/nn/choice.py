"""Layers that are one of several: the supernet of a search, of which each mini-batch trains one path."""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor, nn


class Choice(nn.Module):
    """One of several layers: y = options[chosen](x). The first one is chosen at the start.

    A training draws it anew, uniformly, for each mini-batch (single-path sampling, AutoSNN, Section 4.2).
    Raises ValueError for fewer than two options, and for a choice within one.
    """

    def __init__(self, options: Mapping[str, nn.Module]) -> None:
        super().__init__()
        if len(options) < 2:
            raise ValueError(
                f"Choice of {', '.join(options) or 'nothing'}; it must be of two layers at least"
            )
        for name, option in options.items():
            if any(isinstance(module, Choice) for module in option.modules()):
                raise ValueError(f"Choice: option {name!r} holds a choice itself")
        self.options = nn.ModuleDict(options)
        self.chosen = next(iter(options))

    def forward(self, values: Tensor) -> Tensor:
        out: Tensor = self.options[self.chosen](values)
        return out

    def extra_repr(self) -> str:
        return f"chosen={self.chosen!r}"


def choices(model: nn.Module) -> dict[str, Choice]:
    """The model's choices by the names of their modules, in the order in which it has them."""
    return {name: module for name, module in model.named_modules() if isinstance(module, Choice)}


def choose(model: nn.Module, path: Sequence[str]) -> None:
    """Take ``path``, an option of each choice. Raises ValueError for another number and unknown options."""
    found = choices(model)
    if len(path) != len(found):
        raise ValueError(f"{len(path)} options for the {len(found)} choices of {type(model).__name__}")
    for (name, choice), option in zip(found.items(), path, strict=True):
        if option not in choice.options:
            raise ValueError(f"{name!r} has no option {option!r}; allowed: {', '.join(choice.options)}")
        choice.chosen = option


def draw_path(model: nn.Module, rng: np.random.Generator) -> None:
    """Take a path at random, each option of a choice as likely as the others."""
    for choice in choices(model).values():
        names = list(choice.options)
        choice.chosen = names[int(rng.integers(len(names)))]


def fixed(model: nn.Module, path: Sequence[str]) -> nn.Module:
    """The model with the options of ``path`` in the places of its choices, its tensors named as
    :func:`path_state` names them. The model is changed. Raises ValueError as :func:`choose` does."""
    choose(model, path)
    for name, choice in choices(model).items():
        option = choice.options[choice.chosen]
        if not name:
            return option
        parent, _, leaf = name.rpartition(".")
        model.get_submodule(parent).add_module(leaf, option)
    return model


def path_state(model: nn.Module) -> dict[str, Tensor]:
    """Tensors of the path that is taken, named as in the model that has its layers in the place of the
    choices: what a searched network inherits from the supernet."""
    prefixes = {f"{name}.options.": choice.chosen for name, choice in choices(model).items()}
    found = {}
    for key, tensor in model.state_dict().items():
        prefix = next((p for p in prefixes if key.startswith(p)), None)
        if prefix is None:
            found[key] = tensor
            continue
        option, _, rest = key.removeprefix(prefix).partition(".")
        if option == prefixes[prefix]:
            found[f"{prefix.removesuffix('options.')}{rest}"] = tensor
    return found
