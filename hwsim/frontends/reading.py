"""What a rule reads off a PyTorch module: its arrays and its geometry."""

from typing import Any

import numpy as np
from torch import Tensor, nn

from hwsim.errors import HwsimError
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
    kernel, stride = pair(module.kernel_size), pair(module.stride)
    padding = _padding(node, module.padding, kernel, stride)
    if isinstance(module, nn.Conv1d | nn.MaxPool1d | nn.AvgPool1d):
        return (1, kernel[1]), (1, stride[1]), (0, padding[1])
    return kernel, stride, padding


def _padding(node: Node, given: Any, kernel: tuple[int, int], stride: tuple[int, int]) -> tuple[int, int]:
    """As numbers on both sides; Raises HwsimError where the two sides of "same" differ."""
    if given == "valid":
        return 0, 0
    if given != "same":
        return pair(given)
    if stride != (1, 1) or not all(k % 2 for k in kernel):
        raise HwsimError(f"{where(node)}: padding 'same' of an even kernel pads one side more; give numbers")
    return kernel[0] // 2, kernel[1] // 2
