"""A path of a supernet in sections, one to each choice: what paths that begin alike have in common."""

import copy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor, nn

from hwsim.nn import Choice, choose, fixed


class Section(nn.Module):
    """Layers of a model, one called after the other, by the names that they have in it."""

    def __init__(self, layers: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.layers = dict(layers)
        for path, layer in layers.items():
            *parents, leaf = path.split(".")
            place: nn.Module = self
            for name in parents:
                if name not in place._modules:
                    place.add_module(name, nn.Module())
                place = place.get_submodule(name)
            place.add_module(leaf, layer)

    def forward(self, values: Tensor) -> Tensor:
        for layer in self.layers.values():
            values = layer(values)
        return values


def sections(model: nn.Module, path: tuple[str, ...]) -> tuple[nn.Module, ...]:
    """The network of ``path``, of the model's own layers: each section ends behind the option of a choice,
    the last one with the model.

    A model that is not a Sequential with the choices among its layers is one section, a copy, and so is one
    that calls a module in several. Raises ValueError for a path that the model has not.
    """
    choose(model, path)
    cut: list[dict[str, nn.Module]] = [{}]
    for name, layer, ends in _layers("", model):
        cut[-1][name] = layer
        if ends:
            cut.append({})
    if len(cut) - 1 < len(path) or _called_twice(cut):
        return (fixed(copy.deepcopy(model), path),)
    return tuple(Section(part) for part in cut if part)


def together(parts: Sequence[nn.Module]) -> nn.Module:
    """Sections that follow each other, as one."""
    if len(parts) == 1:
        return parts[0]
    return Section(
        {n: layer for part in parts if isinstance(part, Section) for n, layer in part.layers.items()}
    )


def _layers(name: str, layer: nn.Module) -> Iterator[tuple[str, nn.Module, bool]]:
    """Name and module of each layer in order, and whether a choice ends with it."""
    if isinstance(layer, Choice):
        *others, (last, module, _) = _layers(name, layer.options[layer.chosen])
        yield from others
        yield last, module, True
    elif isinstance(layer, nn.Sequential) and type(layer).forward is nn.Sequential.forward and len(layer):
        for child, one in zip(layer._modules, layer, strict=True):
            yield from _layers(f"{name}.{child}".lstrip("."), one)
    else:
        yield name, layer, False


def _called_twice(cut: list[dict[str, nn.Module]]) -> bool:
    used = [{id(m) for layer in part.values() for m in layer.modules()} for part in cut]
    return max(Counter(module for part in used for module in part).values()) > 1
