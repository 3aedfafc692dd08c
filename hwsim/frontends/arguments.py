"""Arguments of public functions, checked: each error names the argument, what was found, what is allowed."""

import math
from collections.abc import Sequence
from math import prod
from numbers import Real
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from hwsim.errors import HwsimError, nearest, one_line
from hwsim.network import Coding

MAX_COUNT = 2**31 - 1

MAX_VALUES = 1 << 28
"""Of inputs that are made: over all samples, timesteps and elements."""


def checked_count(name: str, value: Any) -> int:
    """A whole number from 1 to MAX_COUNT."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise HwsimError(f"{name} is {value!r}; it must be an integer of at least 1")
    if not 1 <= value <= MAX_COUNT:
        raise HwsimError(f"{name} is {value}; it must be at least 1 and at most {MAX_COUNT}")
    return int(value)


def checked_choice(name: str, value: Any, allowed: Any, optional: bool = True) -> None:
    """Raises HwsimError for a ``value`` that is none of the Literal ``allowed``, or None if ``optional``."""
    if (value is None and optional) or (isinstance(value, str) and value in get_args(allowed)):
        return
    raise HwsimError(f"{name} is {value!r}.{nearest(str(value), list(get_args(allowed)))}")


def checked_path(name: str, value: Any) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise HwsimError(f"{name} is {value!r}; it must be the path of a file")
    return Path(value)


def checked_text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise HwsimError(f"{name} is {value!r}; it must be a text that is not empty")
    return value


def checked_number(name: str, value: Any) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real) or not math.isfinite(value):
        raise HwsimError(f"{name} is {value!r}; it must be a finite number")
    return float(value)


def checked_texts(name: str, values: Any) -> tuple[str, ...]:
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise HwsimError(f"{name} is {values!r}; it must be a list of key=value texts")
    return tuple(checked_text(f"{name}[{i}]", value) for i, value in enumerate(values))


def as_array(given: Any) -> NDArray[Any]:
    """Numbers from whatever NumPy or PyTorch holds, (samples, ...). Raises HwsimError for others."""
    try:
        if isinstance(given, torch.Tensor):
            tensor = given.detach().cpu()
            given = (tensor.to(torch.float32) if tensor.is_floating_point() else tensor).numpy()
        values = np.asarray(given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise HwsimError(f"inputs are no array of numbers: {one_line(error)}") from None
    if values.dtype.kind not in "fiub" or not values.ndim:
        raise HwsimError(
            f"inputs are {type(given).__name__}, {values.dtype} of shape {values.shape}; expected numbers, "
            "one row a sample"
        )
    return values


def checked_inputs(given: Any) -> NDArray[np.float32]:
    """Inputs as float32: numbers, finite, at least one sample of at least one value."""
    values = as_array(given)
    if values.ndim < 2:
        raise HwsimError(f"inputs are of shape {values.shape}; expected one row a sample")
    if not values.size:
        raise HwsimError(f"inputs of shape {values.shape} hold no sample or no value; expected at least one")
    with np.errstate(over="ignore", invalid="ignore"):
        converted = values.astype(np.float32)
    if not np.isfinite(converted).all():
        raise HwsimError("inputs hold values that are not finite or too large for float32")
    return converted


def made_shape(shape: tuple[int, ...], samples: int, coding: Coding, timesteps: int) -> tuple[int, ...]:
    """Shape of inputs to be made: (samples, *shape), with timesteps for spikes and series.

    Raises HwsimError for more than MAX_VALUES values.
    """
    whole = (samples, *shape) if coding == "frames" else (samples, timesteps, *shape)
    if prod(whole) > MAX_VALUES:
        raise HwsimError(
            f"inputs of shape {whole} would be {prod(whole)} values; at most {MAX_VALUES} are made: take "
            "fewer samples, timesteps or a smaller input"
        )
    return whole
