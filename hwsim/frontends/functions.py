"""Torch functions between layers, put in the few kinds of operation that lowering knows.

Kinds: ``add``, ``scale``, ``reshape``, ``alias`` (the same values again), ``cat``, ``stack``, ``select``,
``unbind``, ``repeat``, ``swap`` (of the first two dimensions), ``mean`` and ``sum`` over dimensions, and for
a functional layer (``F.max_pool2d``, ``F.conv2d``, ...) the class name of the module that computes the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from hwsim.errors import HwsimError

SHAPES_ONLY = {"zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "new_zeros", "new_ones"} | {
    "new_empty", "new_full", "new_tensor", "size", "dim", "numel",
}  # fmt: skip
"""They take no values from their argument."""

SUBTRACTIONS = {"sub", "__sub__", "__isub__", "sub_", "subtract"}
QUOTIENTS = {"div", "__truediv__", "__itruediv__", "div_", "true_divide", "divide"}


@dataclass(frozen=True)
class Call:
    """A function as it was called; ``tracked`` tells tensors that depend on the model's input."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any
    tracked: Callable[[Tensor], bool]

    def argument(self, place: int, name: str, default: Any = None) -> Any:
        return self.args[place] if len(self.args) > place else self.kwargs.get(name, default)


@dataclass(frozen=True)
class Found:
    """The kind of operation, the tensors it reads, and its module or whatever else it is made of."""

    kind: str
    reads: tuple[Tensor, ...]
    details: Any = None
    module: nn.Module | None = None


def classify(call: Call) -> Found:
    """Raises HwsimError naming the function where no kind fits."""
    find = KINDS.get(call.name, _functional)
    found = find(call)
    if found is None:
        raise HwsimError(
            f"torch function {call.name!r} cannot be lowered. Known between layers: addition of signals, "
            "products with constants, reshapes, concatenation, pools, steps of time; use modules of "
            "torch.nn, or a registered neuron (hwsim.frontends.register_neuron), for everything else"
        )
    return found


def in_place(name: str) -> bool:
    """Whether a function of that name overwrites its argument."""
    return name.startswith("__i") or (name.endswith("_") and not name.endswith("__"))


def _sum(call: Call) -> Found | None:
    if len(call.args) != 2 or call.kwargs:
        return None
    pair = call.args
    tracked = [isinstance(a, Tensor) and call.tracked(a) for a in pair]
    sign = -1.0 if call.name in SUBTRACTIONS else 1.0
    if all(tracked):
        return Found("add", pair, sign)
    signal, other = (pair[0], pair[1]) if tracked[0] else (pair[1], pair[0])
    if other is not call.result and _is_zero(other) and _same(call.result, signal):
        return Found("scale", (signal,), -1.0) if sign < 0 and not tracked[0] else Found("alias", (signal,))
    return Found("add_constant", (signal,))


def _scale(call: Call) -> Found | None:
    if len(call.args) != 2 or call.kwargs:
        return None
    left, right = call.args
    signal, factor = (right, left) if not (isinstance(left, Tensor) and call.tracked(left)) else (left, right)
    divides = call.name in QUOTIENTS
    if (isinstance(factor, Tensor) and call.tracked(factor)) or (divides and signal is right):
        raise HwsimError(f"torch function {call.name!r} of two signals cannot be lowered")
    if isinstance(factor, Tensor):
        factor = factor.detach().cpu().double().numpy()
    return Found("scale", (signal,), 1.0 / factor if divides else factor)


def _negated(call: Call) -> Found | None:
    if call.name == "__rsub__" and not _is_zero(call.args[1]):
        return None
    return Found("scale", (call.args[0],), -1.0)


def _reshape(call: Call) -> Found:
    return Found("reshape", (call.args[0],))


def _alias(call: Call) -> Found | None:
    same = isinstance(call.result, Tensor) and _same(call.result, call.args[0])
    return Found("alias", (call.args[0],)) if same else None


def _attribute(call: Call) -> Found | None:
    """``.data`` and the like; ``.T`` and ``.mT`` lie otherwise in the same memory."""
    given, result = call.args[0], call.result
    same = isinstance(result, Tensor) and _same(result, given) and result.stride() == given.stride()
    return Found("alias", (given,)) if same and result.data_ptr() == given.data_ptr() else None


def _joined(call: Call) -> Found | None:
    parts = tuple(call.argument(0, "tensors"))
    dim = call.argument(1, "dim", 0)
    if not all(map(call.tracked, parts)):
        return None
    if call.name != "stack":
        return Found("cat", parts, dim)
    if dim % (parts[0].dim() + 1) > 1:
        raise HwsimError(f"stacks along dimension {dim}; timesteps are stacked along dimension 0 or 1")
    return Found("stack", parts, dim % (parts[0].dim() + 1))


def _select(call: Call) -> Found | None:
    place = _place(call)
    return None if place is None else Found("select", (call.args[0],), place)


def _unbind(call: Call) -> Found:
    return Found("unbind", (call.args[0],), call.argument(1, "dim", 0))


def _repeat(call: Call) -> Found:
    return Found("repeat", (call.args[0],))


def _swap(call: Call) -> Found | None:
    return Found("swap", (call.args[0],)) if _swaps_first_two(call) else None


def _reduce(call: Call) -> Found | None:
    dims = call.argument(1, "dim")
    if dims is None:
        return None
    wide = call.args[0].dim()
    several = (dims,) if isinstance(dims, int) else tuple(dims)
    return Found(call.name, (call.args[0],), tuple(sorted(d % wide for d in several)))


def _functional(call: Call) -> Found | None:
    if call.name not in FUNCTIONAL:
        return None
    module = FUNCTIONAL[call.name](call)
    return Found(type(module).__name__, (call.argument(0, "input"),), None, module)


def _is_zero(value: Any) -> bool:
    return not bool(value.any()) if isinstance(value, Tensor) else value == 0


def _same(result: Tensor, given: Any) -> bool:
    return isinstance(given, Tensor) and result.dtype == given.dtype and result.shape == given.shape


def _place(call: Call) -> tuple[int, int] | None:
    """(dimension, index) of one slice, or None for any other indexing."""
    if call.name == "select":
        return int(call.args[1]), int(call.args[2])
    key = call.args[1]
    keys = key if isinstance(key, tuple) else (key,)
    keys = tuple(k for k in keys if k is not Ellipsis) if keys[-1] is Ellipsis else keys
    whole = slice(None)
    numbers = [(d, int(k)) for d, k in enumerate(keys) if isinstance(k, int) and not isinstance(k, bool)]
    rest = [k for k in keys if not isinstance(k, int)]
    return numbers[0] if len(numbers) == 1 and all(k == whole for k in rest) else None


def _swaps_first_two(call: Call) -> bool:
    wide = call.args[0].dim()
    rest = call.args[1:] or tuple(call.kwargs.values())
    if call.name != "permute":
        return sorted(int(d) % wide for d in rest) == [0, 1]
    dims = tuple(d % wide for d in (rest[0] if isinstance(rest[0], tuple | list) else rest))
    return dims == (1, 0, *range(2, wide))


def _pool(kind: type[nn.Module], names: tuple[str, ...]) -> Callable[[Call], nn.Module]:
    def build(call: Call) -> nn.Module:
        given = dict(zip(names, call.args[1:], strict=False)) | {
            k: v for k, v in call.kwargs.items() if k != "input"
        }
        return kind(**given)

    return build


def _weighted(call: Call, module: nn.Module) -> nn.Module:
    weight, bias = call.argument(1, "weight"), call.argument(2, "bias")
    for tensor in (weight, bias):
        if isinstance(tensor, Tensor) and call.tracked(tensor):
            raise HwsimError(f"torch function {call.name!r}: its weights depend on the model's input")
    module.weight = nn.Parameter(weight.detach(), requires_grad=False)
    if bias is not None:
        module.bias = nn.Parameter(bias.detach(), requires_grad=False)
    return module


def _linear(call: Call) -> nn.Module:
    outputs, inputs = call.argument(1, "weight").shape
    return _weighted(call, nn.Linear(inputs, outputs, bias=call.argument(2, "bias") is not None))


def _conv(kind: type[nn.Conv1d] | type[nn.Conv2d]) -> Callable[[Call], nn.Module]:
    def build(call: Call) -> nn.Module:
        outputs, inputs, *kernel = call.argument(1, "weight").shape
        groups = call.argument(6, "groups", 1)
        rest = {n: call.argument(i, n, d) for i, n, d in ((3, "stride", 1), (4, "padding", 0))}
        module = kind(
            inputs * groups, outputs, tuple(kernel), **rest,
            dilation=call.argument(5, "dilation", 1), groups=groups,
            bias=call.argument(2, "bias") is not None,
        )  # fmt: skip
        return _weighted(call, module)

    return build


def _dropout(call: Call) -> nn.Module:
    if call.argument(2, "training", True):
        raise HwsimError(f"torch function {call.name!r}: drops at random; pass training=self.training")
    return nn.Identity()


_MAX = ("kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_AVG = ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")

FUNCTIONAL: dict[str, Callable[[Call], nn.Module]] = {
    "max_pool2d": _pool(nn.MaxPool2d, _MAX),
    "max_pool1d": _pool(nn.MaxPool1d, _MAX),
    "avg_pool2d": _pool(nn.AvgPool2d, _AVG),
    "avg_pool1d": _pool(nn.AvgPool1d, _AVG[:-1]),
    "adaptive_avg_pool2d": _pool(nn.AdaptiveAvgPool2d, ("output_size",)),
    "adaptive_avg_pool1d": _pool(nn.AdaptiveAvgPool1d, ("output_size",)),
    "linear": _linear,
    "conv1d": _conv(nn.Conv1d),
    "conv2d": _conv(nn.Conv2d),
    "dropout": _dropout,
    "dropout2d": _dropout,
}
"""Functional forms of layers, and the module that each becomes."""

_NAMES: tuple[tuple[Callable[[Call], Found | None], str], ...] = (
    (_sum, "add __add__ __radd__ __iadd__ add_ " + " ".join(SUBTRACTIONS)),
    (_scale, "mul __mul__ __rmul__ __imul__ mul_ multiply " + " ".join(QUOTIENTS)),
    (_negated, "neg __neg__ negative __rsub__"),
    (_reshape, "flatten reshape view squeeze unsqueeze unflatten view_as reshape_as"),
    (_alias, "contiguous clone detach to float identity type_as requires_grad_"),
    (_attribute, "__get__"),
    (_joined, "cat concat concatenate stack"),
    (_select, "__getitem__ select"),
    (_unbind, "unbind"),
    (_repeat, "repeat expand"),
    (_swap, "permute transpose swapaxes"),
    (_reduce, "mean sum"),
)
KINDS = {name: find for find, names in _NAMES for name in names.split()}
