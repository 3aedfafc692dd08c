"""Is what a rule says of a module what a Population takes? Tensors, lists and NumPy numbers become plain."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, get_args

import numpy as np
from torch import Tensor, nn

from hwsim.errors import HwsimError, nearest
from hwsim.frontends.neuron_rule import Neurons
from hwsim.population import Compare, Leak, Population, Reset

KINDS = ("lif", "li", "clif")

CHOICES: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "reset": get_args(Reset),
    "compare": get_args(Compare),
    "leak": get_args(Leak),
}

FLAGS = ("delayed_reset", "multispike", "one_spike")

COUNTS = ("refractory", "channel_groups")

OPTIONAL = ("current_decay", "floor")
"""Parameters that a neuron may be without: None."""

OF_CAPTURE = ("name", "shape", "vectors", "state_group")
"""Fields of a Population that capture itself fills in."""

ALLOWED = [f.name for f in fields(Population) if f.name not in OF_CAPTURE]


def checked(found: Any) -> Neurons:
    """``found`` with parameters as floats and float64 arrays. Raises HwsimError naming the wrong field."""
    if not isinstance(found, Neurons):
        raise HwsimError(f"its rule returned a {type(found).__name__}; allowed: hwsim.frontends.Neurons")
    if not isinstance(found.fields, Mapping):
        raise HwsimError(f"its rule gives fields as a {type(found.fields).__name__}; allowed: a dict")
    if not isinstance(found.all_steps, bool):
        raise HwsimError(f"its rule says all_steps={found.all_steps!r}; allowed: True, False")
    outputs = _count("outputs", found.outputs)
    if outputs < 1:
        raise HwsimError(f"its rule says outputs={outputs}; it must be at least 1")
    recurrent = found.recurrent
    if recurrent is not None and not isinstance(recurrent, nn.Module):
        recurrent = _number("recurrent", recurrent)
    given = {name: _field(name, value) for name, value in found.fields.items()}
    return replace(found, fields=given, recurrent=recurrent, outputs=outputs)


def _field(name: Any, value: Any) -> Any:
    if name not in ALLOWED:
        raise HwsimError(f"its rule gives an unknown field {name!r}.{nearest(str(name), ALLOWED)}")
    if name in CHOICES:
        if not isinstance(value, str) or value not in CHOICES[name]:
            raise HwsimError(f"its rule says {name}={value!r}; allowed: {', '.join(CHOICES[name])}")
        return value
    if name in FLAGS:
        return _flag(name, value)
    if name in COUNTS:
        return _count(name, value)
    return None if value is None and name in OPTIONAL else _number(name, value)


def _flag(name: str, value: Any) -> bool:
    array = _array(name, value)
    if array.dtype.kind != "b" or array.ndim:
        raise HwsimError(f"its rule says {name}={value!r}; allowed: True, False")
    return bool(array)


def _count(name: str, value: Any) -> int:
    array = _array(name, value)
    if array.dtype.kind not in "iu" or array.ndim:
        raise HwsimError(f"its rule says {name}={value!r}; allowed: one integer")
    return int(array)


def _number(name: str, value: Any) -> Any:
    """A float, or a float64 array."""
    array = _array(name, value)
    if array.dtype.kind not in "fiu":
        raise HwsimError(f"its rule says {name}={value!r}; allowed: a number or an array of numbers")
    return array.astype(np.float64) if array.ndim else float(array)


def _array(name: str, value: Any) -> Any:
    if isinstance(value, Tensor):
        detached = value.detach().cpu()
        value = (detached.double() if detached.is_floating_point() else detached).numpy()
    elif isinstance(value, list | tuple):
        value = [_array(name, item) for item in value]
    try:
        return np.asarray(value)
    except (TypeError, ValueError) as error:
        raise HwsimError(f"its rule says {name}={value!r}, which is no array ({error})") from None
