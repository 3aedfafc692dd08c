"""Reuse: what layers came to, by the content of everything that decides it."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

Value = TypeVar("Value")

KEPT = 4096
"""Results kept, if not told otherwise."""


class Reuse:
    """Results that are worked out once: of candidates that share layers, of chips that share an array.

    A key has the content ids of all that the result depends on, so that what is found is what would be made.
    At most ``kept`` results stay, those used last. ``found`` and ``made`` count both by kind. Values are not
    to be written to.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self.kept = kept
        self.found: Counter[str] = Counter()
        self.made: Counter[str] = Counter()
        self._values: OrderedDict[tuple[str, Hashable], Any] = OrderedDict()
        self._lock = Lock()

    def of(self, kind: str, key: Hashable, make: Callable[[], Value]) -> Value:
        """The result of ``kind`` and ``key``; ``make`` is called where it is not known."""
        with self._lock:
            if (kind, key) in self._values:
                self.found[kind] += 1
                self._values.move_to_end((kind, key))
                kept: Value = self._values[kind, key]
                return kept
        value = make()
        with self._lock:
            self.made[kind] += 1
            self._values[kind, key] = value
            while len(self._values) > self.kept:
                self._values.popitem(last=False)
        return value

    @property
    def share(self) -> dict[str, float]:
        """Of each kind, the share of results that were found."""
        kinds = sorted({*self.found, *self.made})
        return {kind: self.found[kind] / (self.found[kind] + self.made[kind]) for kind in kinds}
