"""What a rule for a class of neurons is: the terms in which it describes a module."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.errors import HwsimError


@dataclass(frozen=True)
class Neurons:
    """What one call of a layer of neurons computes.

    ``fields``: fields of :class:`hwsim.population.Population` (``kind`` is "lif" where it is left out).
    A parameter (decay, threshold, gain, ...) is a number or an array that broadcasts against the
    layer's shape without batch, as PyTorch broadcasts: (channels, 1, 1), (neurons,), ...
    ``recurrent``: a layer (Linear, Conv2d) or a one-to-one weight that the layer's own output of the step
    before goes through inside of the call, added to its input.
    ``all_steps``: one call runs all timesteps; the first dimension of input and output is time.
    ``outputs``: how many tensors the call returns; the first one is the spikes, the others are states.
    ``state``: an object that layers with one state memory have in common, in the order in which they run.
    Of kind "li", which never resets, the last one is the membrane, and that is its output.
    """

    fields: Mapping[str, Any] = field(default_factory=dict)
    recurrent: nn.Module | float | NDArray[Any] | None = None
    all_steps: bool = False
    outputs: int = 1
    state: object = None


@dataclass(frozen=True)
class NeuronRule:
    """``describe`` reads the parameters off a module and raises HwsimError for a variant that has no
    equal here; ``reset`` makes it forget its states before a new sample."""

    describe: Callable[[Any], Neurons]
    reset: Callable[[Any], None]


def class_name(kind: type) -> str:
    """The full name by which rules know a class."""
    return f"{kind.__module__}.{kind.__qualname__}"


def parameter(value: Tensor | float) -> Any:
    """A module's parameter as a rule gives it: a number, or a float64 array."""
    if not isinstance(value, Tensor):
        return float(value)
    array = value.detach().cpu().double().numpy()
    return float(array) if array.ndim == 0 else array


def comparison(spike_function: Callable[[Tensor], Tensor]) -> str:
    """ ">=" or ">", by what a surrogate's forward gives for v - h below, at and above 0.

    Raises HwsimError for one that does not emit 0 and 1.
    """
    with torch.no_grad():
        found = spike_function(torch.tensor([-1.0, -(2.0**-20), 0.0, 2.0**-20, 1.0])).tolist()
    if found[:2] != [0, 0] or found[3:] != [1, 1] or found[2] not in (0, 1):
        raise HwsimError(f"its spike function gives {found} below, at and above the threshold, not 0 and 1")
    return ">=" if found[2] else ">"


def refuse_overrides(module: nn.Module, known: str) -> None:
    """Raise HwsimError if a subclass of the class named ``known`` replaces one of its methods."""
    own: list[type] = []
    for kind in type(module).__mro__:
        if class_name(kind) == known:
            base = kind
            break
        own.append(kind)
    else:
        return
    replaced = sorted(
        {
            name
            for kind in own
            for name in vars(kind)
            if callable(getattr(base, name, None)) and not name.startswith("__") and name != "extra_repr"
        }
    )
    if replaced:
        raise HwsimError(
            f"a subclass of {base.__name__} that replaces {', '.join(replaced)}; "
            "describe it with register_neuron"
        )


def rules(
    known: Mapping[str, Callable[[Any], Neurons]], reset: Callable[[Any], None]
) -> dict[str, NeuronRule]:
    """One rule a class, by its full name, for the class itself and for subclasses that only construct it."""

    def strict(full: str, describe: Callable[[Any], Neurons]) -> Callable[[Any], Neurons]:
        def checked(module: Any) -> Neurons:
            refuse_overrides(module, full)
            return describe(module)

        return checked

    return {full: NeuronRule(strict(full, describe), reset) for full, describe in known.items()}
