"""Run a PyTorch model and write down which operation made which tensor.

Leaf modules (layers of torch.nn, neurons, hwsim's layers with states) are seen through forward hooks,
operations between them (additions, reshapes, pools) through a TorchFunctionMode. Only the path that
runs is seen. A recording may span many calls of the model: a tensor that one call keeps and the next
one reads is known again.
"""

import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import TorchFunctionMode

from hwsim.errors import HwsimError
from hwsim.frontends import functions
from hwsim.frontends.equivalents import is_registered
from hwsim.frontends.neurons import describe, is_neuron, output_part
from hwsim.nn import Feedback
from hwsim.nn.neurons import Stateful

MAX_OPERATIONS = 1 << 22

Wanted = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Operation:
    """One step of the recorded run: ``kind`` (a module's class name or one of functions.py), the path of
    the module it ran in, the numbers of the tensors it read and made, the first one's whole shape."""

    kind: str
    path: str
    reads: tuple[int, ...]
    makes: tuple[int, ...]
    shape: tuple[int, ...]
    call: int
    module: nn.Module | None = field(default=None, compare=False)
    details: Any = field(default=None, compare=False)


class Recorder(TorchFunctionMode):
    """Numbers every tensor that depends on the model's input.

    ``operations`` grows from call to call until :meth:`begin`; the outputs of the operations named
    in ``wanted`` (path and kind) are copied into ``kept`` by the operation's place in that list.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.begin(frozenset())

    def begin(self, wanted: Wanted) -> None:
        """Forget everything recorded."""
        self.wanted = wanted
        self.operations: list[Operation] = []
        self.maker: list[tuple[int, int]] = []
        self.kept: dict[int, NDArray[Any]] = {}
        self.calls = 0
        self.neuron_calls: dict[str, int] = defaultdict(int)
        self._numbers: dict[int, tuple[int, Any]] = {}

    def run(self, inputs: Tensor) -> Any:
        """One call of the model. Raises HwsimError naming the module in which anything failed."""
        self._inside = 0
        self._own: dict[int, int] = {}
        self._stack: list[tuple[str, nn.Module]] = []
        self._record("input", "", [], [inputs])
        try:
            with self._hooked(), torch.no_grad(), self:
                output = self.model(inputs)
        except HwsimError:
            raise
        except Exception as error:
            raise HwsimError(
                f"model {type(self.model).__name__} failed on inputs of shape {tuple(inputs.shape)} in "
                f"{self.where()}: {error}"
            ) from error
        self.calls += 1
        return output

    def number(self, tensor: Any) -> int | None:
        number, reference = self._numbers.get(id(tensor), (-1, lambda: None))
        return number if reference() is tensor else None

    def where(self) -> str:
        if not self._stack:
            return "the model"
        path, module = self._stack[-1]
        return f"module {path or '(the model itself)'!r} ({type(module).__name__})"

    def _number(self, tensor: Tensor, part: int) -> int:
        self._numbers[id(tensor)] = (len(self.maker), weakref.ref(tensor))
        self.maker.append((len(self.operations), part))
        return len(self.maker) - 1

    def _record(
        self,
        kind: str,
        path: str,
        reads: list[Tensor],
        made: list[Tensor],
        module: Any = None,
        details: Any = None,
    ) -> None:
        if len(self.operations) >= MAX_OPERATIONS:
            raise HwsimError(f"{self.where()}: the model ran more than {MAX_OPERATIONS} operations")
        numbers = tuple(n for n in map(self.number, reads) if n is not None)
        if (path, kind) in self.wanted:
            self._inside += 1
            self.kept[len(self.operations)] = _compact(made[output_part(path, module)])
            self._inside -= 1
        makes = tuple(self._number(tensor, part) for part, tensor in enumerate(made))
        shape = tuple(made[0].shape)
        self.operations.append(Operation(kind, path, numbers, makes, shape, self.calls, module, details))

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        reads = [a for a in _leaves([*args, *kwargs.values()]) if isinstance(a, Tensor)]
        tracked = [a for a in reads if self.number(a) is not None]
        if self._inside or not tracked:
            return func(*args, **kwargs)
        name = getattr(func, "__name__", str(func))
        numbers = [self.number(a) for a in tracked]
        result = func(*args, **kwargs)
        overwrites = result is None and name.startswith("__set")
        made = [piece for piece in _leaves([result]) if isinstance(piece, Tensor)]
        if (not made and not overwrites) or name in functions.SHAPES_ONLY:
            return result
        known = [n is not None and self.number(m) == n for m in made for n in numbers]
        if any(known) and not functions.in_place(name):
            return result
        if not args and "input" in kwargs:
            args, kwargs = (kwargs["input"],), {k: v for k, v in kwargs.items() if k != "input"}
        call = functions.Call(name, args, kwargs, result, lambda tensor: self.number(tensor) is not None)
        try:
            found = functions.classify(call)
        except HwsimError as error:
            raise HwsimError(f"{self.where()}: {error}") from None
        path = self._stack[-1][0] if self._stack else ""
        if found.kind == "alias":
            number = self.number(found.reads[0])
            assert number is not None
            self._numbers[id(result)] = (number, weakref.ref(result))
        elif found.kind == "unbind":
            for place, piece in enumerate(made):
                self._record("select", path, list(found.reads), [piece], None, (found.details, place))
        else:
            details = self.where() if found.kind == "add_constant" else found.details
            self._record(found.kind, path, list(found.reads), made, found.module, details)
        return result

    @contextmanager
    def _hooked(self) -> Iterator[None]:
        with ExitStack() as stack:
            for path, module in self.model.named_modules():
                stack.callback(module.register_forward_hook(self._made, prepend=True).remove)
                stack.callback(module.register_forward_pre_hook(self._before(path)).remove)
                stack.callback(module.register_forward_hook(self._after, with_kwargs=True).remove)
            yield

    def _before(self, path: str) -> Callable[[nn.Module, Any], None]:
        def hook(module: nn.Module, _inputs: Any) -> None:
            self._stack.append((path, module))
            self._inside += is_leaf(module)
            if isinstance(module, _BatchNorm) and module.training:
                raise HwsimError(
                    f"{self.where()}: is in training mode although the model was set to evaluate; take the "
                    "call of train() out of forward"
                )

        return hook

    def _made(self, module: nn.Module, _inputs: Any, output: Any) -> None:
        """The module's own output, before any hook of the user's could replace it."""
        self._own[id(module)] = id(output)

    def _after(self, module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], output: Any) -> None:
        path, _ = self._stack[-1]
        if id(output) != self._own.pop(id(module)):
            raise HwsimError(f"{self.where()}: a forward hook replaces its output; remove the hook")
        if is_leaf(module):
            self._inside -= 1
            if not self._inside:
                self._leaf(path, module, [*inputs, *named.values()], output)
        self._stack.pop()

    def _leaf(self, path: str, module: nn.Module, inputs: list[Any], output: Any) -> None:
        if isinstance(module, Feedback):
            if self.number(output) is None:
                self._record("start", path, [], [output])
            return
        tracked = [t for t in _leaves(inputs) if isinstance(t, Tensor) and self.number(t) is not None]
        if not tracked:
            return
        made = list(output) if isinstance(output, tuple) and is_neuron(module) else [output]
        if not all(isinstance(m, Tensor) for m in made):
            raise HwsimError(f"{self.where()}: returns a {type(output).__name__}, not a tensor")
        if is_neuron(module):
            if path not in self.neuron_calls:
                _check_outputs(path, module, len(made))
            self.neuron_calls[path] += 1
        self._record(type(module).__name__, path, tracked, made, module, held_parameters(module))


def _check_outputs(path: str, module: nn.Module, made: int) -> None:
    """Raise HwsimError if a neuron's rule counts other outputs; a rule that fails is for lowering to tell."""
    try:
        told = describe(path, module).outputs
    except HwsimError:
        return
    if told != made:
        raise HwsimError(
            f"module {path!r} ({type(module).__name__}): a call returned {made} tensors, its rule says "
            f"outputs={told}"
        )


def _compact(tensor: Tensor) -> NDArray[Any]:
    """A copy of the values, of one byte each where all of them are 0 or 1."""
    binary = bool(((tensor == 0) | (tensor == 1)).all())
    return tensor.detach().cpu().numpy().astype(np.uint8 if binary else np.float32)


def _leaves(values: Iterable[Any]) -> Iterator[Any]:
    """The values, and those inside of their lists and tuples."""
    for value in values:
        if isinstance(value, tuple | list):
            yield from _leaves(value)
        else:
            yield value


def held_parameters(module: nn.Module) -> tuple[int, ...]:
    """Which tensors a module holds at this moment: functional_call puts others in their place."""
    return tuple(id(p) for p in module._parameters.values())


def is_leaf(module: nn.Module) -> bool:
    """Whether it is one operation: neurons, layers with states, registered layers, those of torch.nn."""
    from_torch = type(module).__module__.startswith("torch.nn") or any(
        base.__module__.startswith("torch.nn.modules") and base is not nn.Module
        for base in type(module).__mro__
    )
    known = isinstance(module, Stateful) or is_neuron(module) or is_registered(module)
    return known or (from_torch and not any(module.children()))
