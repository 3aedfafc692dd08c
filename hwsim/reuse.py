"""Reuse: what layers came to, by the content of everything that decides it."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Any, TypeVar

import numpy as np

Value = TypeVar("Value")

KEPT_BYTES = 1 << 28
"""Of the results kept, if not told otherwise."""

ENTRY_BYTES = 3 << 10
"""Of a result beside its arrays: its key and the objects around them (measured in searches: 2.9 KiB)."""

WITHOUT = frozenset({str, int, float, bool, type(None)})
"""Types of which most values are, without an array."""


class Reuse:
    """Results that are worked out once: of candidates that share layers, of chips that share an array.

    A key has the content ids of all that the result depends on, so that what is found is what would be made.
    Results of at most ``kept_bytes`` together stay, those used last: their arrays, and ENTRY_BYTES for each.
    With ``kinds`` those alone are kept. ``found`` and ``made`` count both by kind. Values are not to be
    written to.
    """

    def __init__(self, *, kept_bytes: int = KEPT_BYTES, kinds: frozenset[str] | None = None) -> None:
        self.kept_bytes, self.kinds, self._bytes = kept_bytes, kinds, 0
        self.found: Counter[str] = Counter()
        self.made: Counter[str] = Counter()
        self._values: OrderedDict[tuple[str, Hashable], Any] = OrderedDict()
        self._lock = Lock()

    def of(self, kind: str, key: Hashable, make: Callable[[], Value]) -> Value:
        """The result of ``kind`` and ``key``; ``make`` is called where it is not known."""
        if self.kinds is not None and kind not in self.kinds:
            return make()
        with self._lock:
            if (kind, key) in self._values:
                self.found[kind] += 1
                self._values.move_to_end((kind, key))
                kept: Value = self._values[kind, key]
                return kept
        value = make()
        with self._lock:
            self.made[kind] += 1
            if (kind, key) not in self._values:
                self._bytes += ENTRY_BYTES + bytes_of(value)
            self._values[kind, key] = value
            while self._bytes > self.kept_bytes:
                self._bytes -= ENTRY_BYTES + bytes_of(self._values.popitem(last=False)[1])
        return value

    @property
    def share(self) -> dict[str, float]:
        """Of each kind, the share of results that were found."""
        kinds = sorted({*self.found, *self.made})
        return {kind: self.found[kind] / (self.found[kind] + self.made[kind]) for kind in kinds}


def bytes_of(value: Any) -> int:
    """Of all arrays in a value made of dataclasses, mappings and tuples."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    if isinstance(value, tuple | list):
        return sum([bytes_of(one) for one in value if type(one) not in WITHOUT])
    if isinstance(value, Mapping):
        return sum([bytes_of(one) for one in value.values() if type(one) not in WITHOUT])
    names = getattr(type(value), "__dataclass_fields__", ())
    return sum([bytes_of(one) for one in (getattr(value, n) for n in names) if type(one) not in WITHOUT])
