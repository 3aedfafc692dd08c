"""What capture needs of a model, checked before anything runs."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from hwsim.errors import HwsimError


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
