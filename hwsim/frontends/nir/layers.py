"""NIR's weighted nodes, each as a projection from one population."""

import numpy as np

from hwsim.errors import HwsimError
from hwsim.frontends.nir.file import MAX_SIDE, Array, Node
from hwsim.frontends.nir.signals import Draft, Emitted, Shape
from hwsim.geometry import output_plane

LAYERS = ("Affine", "Linear", "Conv1d", "Conv2d")


def layer_draft(node: Node, source: Emitted) -> tuple[Draft, Shape, Shape]:
    """The projection, the shape of what it gives as a population's, and as NIR's."""
    if node.kind in ("Affine", "Linear"):
        return _dense(node, source)
    return _convolution(node, source)


def wanted_shape(node: Node) -> Shape | None:
    """The shape of input that a node says it takes, where it does."""
    weight = node.values.get("weight")
    if node.kind in ("Affine", "Linear"):
        return (weight.shape[-1],) if weight is not None and weight.ndim == 2 else None
    if node.kind in ("Conv1d", "Conv2d") and weight is not None:
        sides = node.shape("input_shape")
        if sides is None or len(sides) != weight.ndim - 2:
            return None
        return (weight.shape[1] * node.integers("groups", 1, 1, 1)[0], *sides)
    if node.kind == "Flatten":
        return node.shape("input_type")
    for name in ("scale", "delay", "threshold", "r"):
        if name in node.values and node.values[name].ndim in (1, 2, 3) and node.values[name].size > 1:
            return node.values[name].shape
    return None


def _dense(node: Node, source: Emitted) -> tuple[Draft, Shape, Shape]:
    weight, bias = node.values["weight"], node.values.get("bias")
    if weight.ndim != 2:
        raise HwsimError(f"{node.where}: weight has shape {weight.shape}; expected (outputs, inputs)")
    outputs, inputs = weight.shape
    size = int(np.prod(source.shape))
    if inputs != size:
        raise HwsimError(f"{node.where}: takes {inputs} inputs; it gets a signal of shape {source.shape}")
    _check_bias(node, bias, outputs)
    draft = Draft(node.name, source.population, "dense", weight, bias, delay=source.delay)
    return draft, (outputs,), (outputs,)


def _convolution(node: Node, source: Emitted) -> tuple[Draft, Shape, Shape]:
    weight, bias = node.values["weight"], node.values.get("bias")
    sides = 1 if node.kind == "Conv1d" else 2
    if weight.ndim != sides + 2:
        raise HwsimError(f"{node.where}: weight has shape {weight.shape}; expected (outputs, inputs, kernel)")
    if len(source.shape) != sides + 1 or int(np.prod(source.shape)) != int(np.prod(source.natural)):
        raise HwsimError(
            f"{node.where}: gets a signal of shape {source.shape}; it needs channels and {sides} sides"
        )
    if source.natural != _lifted(source.shape):
        raise HwsimError(f"{node.where}: reads a signal of shape {source.natural} as {source.shape}")
    groups = node.integers("groups", 1, 1, 1)[0]
    if source.shape[0] != weight.shape[1] * groups or weight.shape[0] % groups:
        raise HwsimError(
            f"{node.where}: weight {weight.shape} in {groups} groups; its input has shape {source.shape}"
        )
    if any(d != 1 for d in node.integers("dilation", sides, 1, 1)):
        raise HwsimError(f"{node.where}: dilation is not supported; only 1 is")
    _check_bias(node, bias, weight.shape[0])
    kernel = _pair(weight.shape[2:], 1)
    stride = _pair(node.integers("stride", sides, 1, 1), 1)
    padding = _pair(_padding(node, weight, sides), 0)
    plane = output_plane((source.natural[1], source.natural[2]), kernel, stride, padding)
    if min(plane) < 1 or max(plane) > MAX_SIDE:
        raise HwsimError(f"{node.where}: a kernel of {kernel} does not fit into {source.natural[1:]}")
    weight = weight.reshape(*weight.shape[:2], *kernel)
    draft = Draft(
        node.name, source.population, "conv2d", weight, bias, kernel, stride, padding, groups, source.delay
    )
    natural = (weight.shape[0], *plane)
    return draft, natural, natural if sides == 2 else (natural[0], natural[2])


def _padding(node: Node, weight: Array, sides: int) -> tuple[int, ...]:
    word = node.words.get("padding")
    if word is None:
        return node.integers("padding", sides, 0, 0)
    if word == "valid":
        return (0,) * sides
    if word != "same":
        raise HwsimError(f"{node.where}: padding {word!r}; allowed: 'same', 'valid', numbers")
    if any(s != 1 for s in node.integers("stride", sides, 1, 1)):
        raise HwsimError(f"{node.where}: padding 'same' goes with stride 1")
    if even := [k for k in weight.shape[2:] if k % 2 == 0]:
        raise HwsimError(
            f"{node.where}: padding 'same' with a kernel of {even[0]} pads one side more than the other, "
            "which is not supported"
        )
    return tuple((k - 1) // 2 for k in weight.shape[2:])


def _check_bias(node: Node, bias: Array | None, outputs: int) -> None:
    if bias is not None and bias.shape != (outputs,):
        raise HwsimError(f"{node.where}: bias has shape {bias.shape}; expected ({outputs},)")


def _pair(values: tuple[int, ...], missing: int) -> tuple[int, int]:
    """Height and width; a single side is the width."""
    return (missing, values[0]) if len(values) == 1 else (values[0], values[1])


def _lifted(shape: Shape) -> Shape:
    return (shape[0], 1, shape[1]) if len(shape) == 2 else shape
