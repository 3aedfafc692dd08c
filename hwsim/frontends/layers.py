"""Which rule lowers an operation: by the class of its module, or by the kind of function."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from torch import nn

from hwsim.errors import HwsimError
from hwsim.frontends import arithmetic, pools, states, weighted
from hwsim.frontends.equivalents import equivalent
from hwsim.frontends.neurons import is_neuron
from hwsim.frontends.reading import where
from hwsim.frontends.recording import held_parameters
from hwsim.frontends.signals import Signal
from hwsim.frontends.timing import Node, Read
from hwsim.nn import Synapse, Vote, Window

if TYPE_CHECKING:
    from hwsim.frontends.lowering import Lowering

Rule = Callable[["Lowering", Node], Signal]

WRAPPERS = ("spikingjelly.activation_based.layer",)
"""Modules of other libraries whose subclasses of torch.nn differ only in how they carry time."""


def is_population(node: Node) -> bool:
    return node.module is not None and is_neuron(node.module)


def inputs(node: Node) -> tuple[Read, ...]:
    """The reads that carry signals; a neuron's own states handed back to it do not."""
    return node.reads[:1] if is_population(node) else node.reads


def rule(node: Node) -> Rule | None:
    """The rule of the module's class; a subclass that computes something else has none."""
    module = node.module
    if module is None:
        return OPERATIONS.get(node.kind)
    if is_population(node):
        return states.neurons
    stand_in = equivalent(module, node.shape)
    if stand_in is not None:
        return _of(replace(node, module=stand_in, details=None))
    if node.details is not None and node.details != held_parameters(module):
        raise HwsimError(
            f"{where(node)}: other weights than its own are put in for the call; give it its own"
        )
    forward, wrapped = type(module).forward, type(module).__module__.startswith(WRAPPERS)
    if "forward" in vars(module) or _own_convolution(module):
        return None
    known = dict.fromkeys(NEUTRAL, arithmetic.reshaped) | RULES
    fitting = (
        lower
        for kind, lower in known.items()
        if isinstance(module, kind) and (wrapped or forward is kind.forward)
    )
    return next(fitting, None)


def _own_convolution(module: nn.Module) -> bool:
    """Whether the class overrides what a convolution's forward calls."""
    return any(
        isinstance(module, kind) and type(module)._conv_forward is not kind._conv_forward
        for kind in (nn.Conv1d, nn.Conv2d)
    )


def _of(node: Node) -> Rule | None:
    """The rule of another node, bound to it."""
    lower = rule(node)
    return None if lower is None else lambda lowering, _node: lower(lowering, node)


NEUTRAL: tuple[type[nn.Module], ...] = (
    nn.Flatten, nn.Unflatten, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.Identity,
)  # fmt: skip

RULES: dict[type[nn.Module], Rule] = {
    Vote: weighted.vote,
    Synapse: states.synapse,
    Window: states.window,
    nn.Conv1d: weighted.conv,
    nn.Conv2d: weighted.conv,
    nn.Linear: weighted.linear,
    nn.BatchNorm1d: weighted.batch_norm,
    nn.BatchNorm2d: weighted.batch_norm,
    nn.MaxPool1d: pools.max_pool,
    nn.MaxPool2d: pools.max_pool,
    nn.AvgPool1d: pools.avg_pool,
    nn.AvgPool2d: pools.avg_pool,
    nn.AdaptiveAvgPool1d: pools.adaptive_avg_pool,
    nn.AdaptiveAvgPool2d: pools.adaptive_avg_pool,
}

OPERATIONS: dict[str, Rule] = {
    "input": states.source,
    "add": arithmetic.added,
    "add_constant": arithmetic.constant_added,
    "scale": arithmetic.scaled,
    "reshape": arithmetic.reshaped,
    "repeat": arithmetic.repeated,
    "stack": arithmetic.same,
    "select": arithmetic.selected,
    "swap": arithmetic.swapped,
    "cat": arithmetic.joined,
    "mean": pools.reduced,
    "sum": pools.reduced,
}
