"""Expressions of space files: arithmetic and comparisons of named values, and nothing else of Python."""

import ast
import math
import operator
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from hwsim.configuration import shown
from hwsim.errors import HwsimError

Lookup = Callable[[str], Any]

ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip
"""Of numbers alone: texts and lists times a number would take all memory."""

COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
UNARY: dict[type[ast.AST], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.Not: operator.not_}
FUNCTIONS: dict[str, Callable[..., Any]] = {"min": min, "max": max, "ceil": math.ceil}

ALLOWED = (
    "numbers, texts in quotes, names, + - * / // %, < <= > >= == !=, in [...], and, or, not, min, max, ceil"
)


class Expression:
    """A text such as ``area_um2 < 2e6``, parsed; ``names`` are what it needs, dots and all, ``numbers`` those
    of them that it computes with."""

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._tree = ast.parse(text, mode="eval").body
            self.names: tuple[str, ...] = tuple(dict.fromkeys(_names(self._tree, text)))
        except HwsimError:
            raise
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise HwsimError(f"{shown(text)} is not an expression; allowed: {ALLOWED}") from None
        self.numbers: tuple[str, ...] = tuple(
            name for node in ast.walk(self._tree) for part in _computed(node) if (name := _dotted(part))
        )

    def __call__(self, lookup: Lookup) -> Any:
        """Its value. Raises HwsimError where the values do not go together."""
        try:
            return _value(self._tree, lookup)
        except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
            raise HwsimError(f"{shown(self.text)}: {error}") from None

    def violation(self, lookup: Lookup) -> float:
        """0 where it holds, else by how much it does not: of ``a < b`` a - b, of other forms, and where that
        is no finite number, 1. Raises HwsimError where the values do not go together."""
        if self(lookup):
            return 0.0
        tree = self._tree
        if isinstance(tree, ast.Compare) and len(tree.ops) == 1:
            sides = _value(tree.left, lookup), _value(tree.comparators[0], lookup)
            if all(isinstance(side, int | float) for side in sides):
                with suppress(OverflowError):
                    by = float(abs(sides[0] - sides[1]))
                    return by if by and math.isfinite(by) else 1.0
        return 1.0


@cache
def expression(text: str) -> Expression:
    """An :class:`Expression`, parsed once. Raises HwsimError for a text that is none."""
    return Expression(text)


def _dotted(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (inner := _dotted(node.value)):
        return f"{inner}.{node.attr}"
    return None


def _computed(node: ast.AST) -> list[ast.expr]:
    """What an operator of arithmetic takes."""
    match node:
        case ast.BinOp(left=left, right=right):
            return [left, right]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [operand]
    return []


def _names(node: ast.AST, text: str) -> list[str]:
    """Every name in it. Raises HwsimError for what is not allowed."""
    if name := _dotted(node):
        return [name]
    for part in _computed(node):
        if isinstance(part, ast.List | ast.Tuple | ast.Constant) and not _is_number(part):
            raise HwsimError(
                f"{shown(text)}: {shown(ast.unparse(part))} is no number; + - * / // % take numbers alone; "
                f"allowed: {ALLOWED}"
            )
    match node:
        case ast.Constant(value=bool() | int() | float() | str()):
            return []
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            parts = [left, right]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
            parts = [operand]
        case ast.BoolOp(values=values):
            parts = values
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(o) in COMPARISONS for o in ops):
            parts = [left, *others]
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            parts = elements
        case ast.Call(func=ast.Name(id=called), args=args, keywords=[]) if called in FUNCTIONS:
            parts = args
        case _:
            raise HwsimError(f"{shown(text)}: {shown(ast.unparse(node))} is not allowed; allowed: {ALLOWED}")
    return [name for part in parts for name in _names(part, text)]


def _is_number(part: ast.List | ast.Tuple | ast.Constant) -> bool:
    return isinstance(part, ast.Constant) and isinstance(part.value, int | float)


def _number(value: Any) -> int | float:
    if not isinstance(value, int | float):
        raise TypeError(f"{shown(value)} is no number; + - * / // % take numbers alone")
    return value


def _value(node: ast.AST, lookup: Lookup) -> Any:
    if name := _dotted(node):
        return lookup(name)
    found: Any = None
    match node:
        case ast.Constant(value=value):
            found = value
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _number(_value(left, lookup)), _number(_value(right, lookup))
            found = ARITHMETIC[type(op)](a, b)
        case ast.UnaryOp(op=op, operand=operand):
            found = UNARY[type(op)](_value(operand, lookup))
        case ast.BoolOp(op=op, values=values):
            together = all if isinstance(op, ast.And) else any
            found = together(_value(part, lookup) for part in values)
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_value(part, lookup) for part in (left, *others)]
            found = all(COMPARISONS[type(op)](a, b) for op, a, b in zip(ops, sides, sides[1:], strict=False))
        case ast.Call(func=ast.Name(id=called), args=args):
            found = FUNCTIONS[called](*(_value(part, lookup) for part in args))
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            found = [_value(part, lookup) for part in elements]
    return found
