"""What capture needs of a model, its inputs and its options, checked before anything runs."""

from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from hwsim.errors import HwsimError, nearest
from hwsim.frontends.timing import Layout
from hwsim.network import Coding


def check_model(model: Any) -> None:
    """An nn.Module whose own Python code runs, with finite float32 weights on the CPU. Raises HwsimError."""
    if isinstance(model, type) and issubclass(model, nn.Module):
        raise HwsimError(f"model is the class {model.__name__}; pass an instance, {model.__name__}(...)")
    if not isinstance(model, nn.Module):
        raise HwsimError(f"model is a {type(model).__name__}; allowed: an instance of torch.nn.Module")
    for path, module in model.named_modules():
        _check_eager(f"module {path!r}" if path else "the model", module)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        _check_values(name, tensor)
    for name, value in model.state_dict().items():
        if isinstance(value, Tensor) and value.is_floating_point() and not torch.isfinite(value).all():
            raise HwsimError(f"parameter {name!r} of the model holds NaN or infinite values")


def _check_eager(where: str, module: Any) -> None:
    if isinstance(module, torch.jit.ScriptModule):
        raise HwsimError(
            f"{where} is a {type(module).__name__}, whose layers cannot be seen; pass the model before "
            "torch.jit"
        )
    if "_orig_mod" in getattr(module, "_modules", {}):
        raise HwsimError(
            f"{where} is compiled; pass the model before torch.compile (model._orig_mod is the original)"
        )
    if getattr(module, "_compiled_call_impl", None) is not None:
        raise HwsimError(f"{where} is compiled; pass the model before its compile()")


def _check_values(name: str, tensor: Tensor) -> None:
    if is_lazy(tensor):
        raise HwsimError(
            f"parameter {name!r} of the model has no shape yet (a lazy layer): run the model once before"
        )
    if tensor.is_meta:
        raise HwsimError(
            f"parameter {name!r} of the model is on the meta device and has no values: move the model to the "
            "CPU (model.to_empty(device='cpu')) and load its weights"
        )
    if tensor.device.type != "cpu":
        raise HwsimError(f"parameter {name!r} of the model is on {tensor.device}: call model.cpu()")
    if isinstance(tensor, nn.Parameter) and tensor.is_floating_point() and tensor.dtype != torch.float32:
        raise HwsimError(
            f"parameter {name!r} of the model is {tensor.dtype}, allowed: torch.float32; call model.float()"
        )


def as_array(inputs: Any) -> NDArray[Any]:
    """Inputs of numbers, tensors among them, as an array (samples, ...). Raises HwsimError for others."""
    if isinstance(inputs, Tensor):
        values = inputs.detach().cpu()
        inputs = (values.float() if values.is_floating_point() else values).numpy()
    try:
        array = np.asarray(inputs)
    except (TypeError, ValueError, RuntimeError) as error:
        raise HwsimError(f"inputs: a {type(inputs).__name__} that is no array ({error})") from None
    if array.dtype.kind not in "fiub" or not array.ndim:
        raise HwsimError(
            f"inputs are {array.dtype} of shape {array.shape}; expected numbers, one row a sample"
        )
    return array


def count(name: str, value: Any) -> int:
    """A whole number of at least 1. Raises HwsimError."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise HwsimError(f"{name} is {value!r}; it must be an integer of at least 1")
    if value < 1:
        raise HwsimError(f"{name} is {value}; it must be at least 1")
    return int(value)


def check_options(coding: Any, layout: Any) -> None:
    """Options of a capture. Raises HwsimError naming the nearest allowed value."""
    chosen = [("coding", coding, get_args(Coding))]
    if layout is not None:
        chosen.append(("layout", layout, get_args(Layout)))
    for name, value, allowed in chosen:
        if value not in allowed:
            raise HwsimError(f"{name} is {value!r}.{nearest(str(value), list(allowed))}")
