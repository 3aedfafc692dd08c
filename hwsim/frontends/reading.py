"""What a rule reads off a PyTorch module: its arrays and its geometry."""

from typing import Any

import numpy as np
from torch import Tensor, nn

from hwsim.frontends.signals import Array
from hwsim.frontends.timing import Node

Windows = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""Kernel, stride and padding."""


def where(node: Node) -> str:
    return f"module {node.path!r} ({node.kind})"


def array(tensor: Tensor | None) -> Array | None:
    return None if tensor is None else tensor.detach().cpu().numpy().astype(np.float64)


def pair(value: Any) -> tuple[int, int]:
    """(vertical, horizontal); a layer in one dimension works along the width."""
    if isinstance(value, int):
        return int(value), int(value)
    numbers = tuple(int(v) for v in value)
    return numbers if len(numbers) == 2 else (numbers[0], numbers[0])


def windows(node: Node) -> Windows:
    """A layer's kernel, stride and padding; in one dimension the vertical ones are 1, 1 and 0."""
    module: Any = node.module
    kernel, stride, padding = (pair(getattr(module, n)) for n in ("kernel_size", "stride", "padding"))
    if isinstance(module, nn.Conv1d | nn.MaxPool1d | nn.AvgPool1d):
        return (1, kernel[1]), (1, stride[1]), (0, padding[1])
    return kernel, stride, padding
