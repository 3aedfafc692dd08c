"""The reference of functions and classes for users, from their docstrings and signatures."""

import ast
import inspect
import textwrap
from typing import Any

from docs.generate.markdown import NOTE, docstring
from hwsim import frontends, nn
from hwsim.api import compare, estimate
from hwsim.compared import Comparison
from hwsim.manycore.result import ChipResult
from hwsim.methods.load import load
from hwsim.network import Network
from hwsim.population import Population, Projection
from hwsim.result import Result

PYTHON: dict[str, tuple[object, ...]] = {
    "hwsim": (load, estimate, compare),
    "What they return": (Result, ChipResult, Comparison),
    "A network": (Network, Population, Projection),
    "Front ends": (frontends.register_neuron, frontends.Neurons, frontends.register_layer),
    "hwsim.nn": tuple(getattr(nn, name) for name in nn.__all__),
}
"""Functions and classes for users, by the page's sections."""

LONGEST = 100
"""Letters of a signature in one line."""


def python() -> str:
    parts = ["# Python\n", NOTE.format("docstrings")]
    for title, members in PYTHON.items():
        parts.append(f"## {title}\n")
        for member in members:
            if inspect.isclass(member):
                parts.append(of_class(member))
            elif inspect.isfunction(member):
                parts.append(entry(member))
            else:
                parts.append(f"### {name_of(member)}\n\n{docstring(type(member))}\n")
    return "\n".join(parts)


def name_of(member: object) -> str:
    """Of a value that `hwsim.nn` has ready-made."""
    (name,) = (name for name in nn.__all__ if getattr(nn, name) is member)
    return name


def entry(function: Any) -> str:
    node = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(node, ast.FunctionDef)
    name = function.__name__
    return f"### {name}\n\n```python\n{signature(node, name)}\n```\n\n{docstring(function)}\n"


def signature(node: ast.FunctionDef, name: str) -> str:
    """As the source has it, without ``self``; a parameter a line where it is long."""
    given = node.args
    if given.args and given.args[0].arg == "self":
        given.args.pop(0)
    returns = f" -> {text(node.returns)}" if node.returns else ""
    defaults = [None] * (len(given.args) - len(given.defaults)) + given.defaults
    parts = [of_parameter(a, d) for a, d in zip(given.args, defaults, strict=True)]
    if given.vararg or given.kwonlyargs:
        parts.append("*" + (of_parameter(given.vararg, None) if given.vararg else ""))
    parts += [of_parameter(a, d) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
    short = f"{name}({', '.join(parts)}){returns}"
    if len(short) <= LONGEST:
        return short
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){returns}"


def of_parameter(argument: ast.arg, default: ast.expr | None) -> str:
    annotation = f": {text(argument.annotation)}" if argument.annotation else ""
    return f"{argument.arg}{annotation}" + (f" = {text(default)}" if default else "")


def text(node: ast.AST) -> str:
    """Code, its texts in double quotes as the source has them."""
    return ast.unparse(node).replace("'", '"')


def of_class(kind: type) -> str:
    node = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(node, ast.ClassDef)
    parts = [f"### {kind.__name__}\n", f"{docstring(kind)}\n"]
    init = kind.__dict__.get("__init__")
    fields = [
        n
        for n in node.body
        if isinstance(n, ast.AnnAssign) and not ast.unparse(n.annotation).startswith("ClassVar")
    ]
    if init is not None and inspect.isfunction(init) and not hasattr(kind, "__dataclass_fields__"):
        (found,) = (n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
        parts.append(f"```python\n{signature(found, kind.__name__)}\n```\n")
    elif hasattr(kind, "__dataclass_fields__"):
        parts.append("```python\n" + "\n".join(text(field) for field in fields) + "\n```\n")
    for name, member in vars(kind).items():
        told = member.fget if isinstance(member, property) else getattr(member, "func", member)
        if name.startswith("_") or not inspect.isfunction(told) or not told.__doc__ or name == "forward":
            continue
        parts.append(f"- `{name}`: {' '.join(docstring(told).split())}")
    return "\n".join(parts) + "\n"
