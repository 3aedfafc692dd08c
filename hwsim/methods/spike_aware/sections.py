"""A path of a supernet in sections, one to each choice: what paths that begin alike have in common."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from hwsim.nn import Choice, Stateful, Surrogate, choices, choose, fixed


class Section(nn.Module):
    """Layers of a model, one called after the other, by the names that they have in it. ``decided``: of a
    path, the choices up to its end."""

    def __init__(self, layers: Mapping[str, nn.Module], decided: int) -> None:
        super().__init__()
        self.layers, self.decided = dict(layers), decided
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


def sections(model: nn.Module, path: tuple[str, ...]) -> tuple[Section, ...]:
    """The network of ``path``, of the model's own layers: each section ends behind the option of a choice,
    the last one with the model; the first one holds a state, so that what comes before any is computed as
    in the whole. Empty where the model is no Sequential with the choices among its layers.

    Raises ValueError for a path that the model has not.
    """
    choose(model, path)
    cut: list[dict[str, nn.Module]] = [{}]
    for name, layer, ends in _layers("", model):
        cut[-1][name] = layer
        if ends:
            cut.append({})
    if len(cut) - 1 < len(path):
        return ()
    decided = [min(i + 1, len(path)) for i in range(len(cut))]
    while len(cut) > 1 and not _has_state(cut[0]):
        cut[:2], decided[:2] = [cut[0] | cut[1]], [decided[1]]
    return tuple(Section(part, count) for part, count in zip(cut, decided, strict=True) if part)


def whole(model: nn.Module, path: tuple[str, ...]) -> nn.Module:
    """The network of ``path``, a copy."""
    return fixed(copy.deepcopy(model), path)


def can_be_cut(model: nn.Module, run: Callable[[nn.Module], Tensor]) -> bool:
    """Whether sections of its paths, apart, are what the whole is.

    Sections of different places must have no object in common that could carry values from one to another
    (modules, tensors, lists of one's own); and on paths that take every option once, ``run`` must answer
    alike for the sections, each a copy, and for the whole.
    """
    found = list(choices(model).values())
    held: list[set[int]] = [set() for _ in range(len(found) + 1)]
    memos: list[dict[Any, Any]] = []
    for turn in range(max(len(choice.options) for choice in found)):
        options = [list(choice.options) for choice in found]
        path = tuple(names[min(turn, len(names) - 1)] for names in options)
        parts = sections(model, path)
        if not parts:
            return False
        for part in parts:
            memos.append({})  # all of them stay: what is made on the way must not take another's identity
            held[part.decided - (part is not parts[-1])] |= _objects(part, memos[-1])
        copies = nn.Sequential(*(layer for part in parts for layer in copy.deepcopy(part).layers.values()))
        try:
            same = torch.equal(run(copies), run(whole(model, path)))
        except (RuntimeError, ValueError, TypeError, AttributeError, LookupError):
            return False
        if not same:
            return False
    return sum(map(len, held)) == len(set().union(*held))


def together(parts: Sequence[Section]) -> Section:
    """Sections that follow each other, as one."""
    layers = {name: layer for part in parts for name, layer in part.layers.items()}
    return Section(layers, parts[-1].decided)


def _objects(part: Section, memo: dict[Any, Any]) -> set[int]:
    """All that a copy of its layers has objects of its own for, by identity, but for what never changes."""
    for layer in part.layers.values():
        copy.deepcopy(layer, memo)
    kept, storages = memo.pop(id(memo), []), memo.pop("torch", {})
    constant = [one for one in kept if isinstance(one, Surrogate)]
    objects = memo.keys() - {id(one) for one in constant} - {id(vars(one)) for one in constant}
    memo[id(memo)] = kept
    found: set[int] = objects | set(storages)
    return found


def _has_state(layers: Mapping[str, nn.Module]) -> bool:
    return any(isinstance(module, Stateful) for layer in layers.values() for module in layer.modules())


def _layers(name: str, layer: nn.Module) -> Iterator[tuple[str, nn.Module, bool]]:
    """Name and module of each layer in order, and whether a choice ends with it. What has hooks, or a call of
    its own, is one layer."""
    if layer._forward_hooks or layer._forward_pre_hooks or layer._backward_hooks:
        yield name, layer, False
    elif isinstance(layer, Choice) and type(layer).forward is Choice.forward:
        *others, (last, module, _) = _layers(name, layer.options[layer.chosen])
        yield from others
        yield last, module, True
    elif isinstance(layer, nn.Sequential) and type(layer).forward is nn.Sequential.forward and len(layer):
        for child, one in zip(layer._modules, layer, strict=True):
            yield from _layers(f"{name}.{child}".lstrip("."), one)
    else:
        yield name, layer, False
