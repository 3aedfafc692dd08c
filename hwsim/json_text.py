"""JSON of a file that may be anybody's: only what JSON allows, and no deeper than hwsim writes."""

import json
import math
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

LONGEST_SHOWN = 80

DEEPEST = 24
"""Of lists and objects inside each other; results have eight."""


def parsed(text: str | bytes) -> Any:
    """The value of a text.

    Raises ValueError for what is no JSON, for NaN and infinities, numbers larger than a float, a name that is
    there twice, and values that lie more than :data:`DEEPEST` deep inside each other.
    """
    try:
        values = json.loads(text, object_pairs_hook=_unique, parse_constant=_refused, parse_float=_finite)
    except RecursionError:
        raise ValueError(f"values lie more than {DEEPEST} deep inside each other") from None
    if _depth(values) > DEEPEST:
        raise ValueError(f"values lie more than {DEEPEST} deep inside each other")
    return values


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(name for name, _ in pairs)
        raise ValueError(f"{next(_cut(name) for name, n in times.items() if n > 1)} is there twice")
    return found


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{_cut(text)} is larger than any number that can be held")
    return value


def _cut(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= LONGEST_SHOWN else f"{shown[:LONGEST_SHOWN]}..."


def _depth(values: Any) -> int:
    """How many lists and objects lie inside each other, without recursion; beyond DEEPEST none is counted."""
    level, depth = [values] if isinstance(values, dict | list) else [], 0
    inside: Callable[[Any], Any] = lambda v: v.values() if isinstance(v, dict) else v  # noqa: E731
    while level and depth <= DEEPEST:
        depth += 1
        level = [w for v in level for w in inside(v) if isinstance(w, dict | list)]
    return depth
