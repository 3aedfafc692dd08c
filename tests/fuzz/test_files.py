"""Damaged files of every kind: read, or refused by an error of hwsim that names the file, in little time.

``HWSIM_FUZZ`` multiplies the cases (``make fuzz``); then they differ from run to run.
"""

import os
import resource
import signal
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel

from hwsim.errors import HwsimError
from tests.fuzz.changes import EDITS, Edit
from tests.fuzz.targets import TARGETS, Target

TIMES = float(os.environ.get("HWSIM_FUZZ", "1"))
MOST_SECONDS = 20
MOST_BYTES = 3 << 30
"""Of address space that reading one file may take."""

SEEN: Counter[str] = Counter()


class TooLongError(AssertionError):
    """Reading a small file takes as long as that of a large one."""


@contextmanager
def bounded() -> Iterator[None]:
    """Within it, memory and time are limited."""

    def late(_signal: int, _frame: object) -> None:
        raise TooLongError(f"not read in {MOST_SECONDS} s")

    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.signal(signal.SIGALRM, late)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MOST_BYTES, before[1]))
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_AS, before)


def numbers(value: Any) -> Iterator[Any]:
    """Every float and every array of floats in a value."""
    if isinstance(value, float | np.floating):
        yield value
    elif isinstance(value, np.ndarray):
        if value.dtype.kind == "f":
            yield value
    elif isinstance(value, BaseModel):
        yield from (n for part in value.__dict__.values() for n in numbers(part))
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (n for f in fields(value) for n in numbers(getattr(value, f.name)))
    elif isinstance(value, Mapping):
        yield from (n for part in value.values() for n in numbers(part))
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield from (n for part in value for n in numbers(part))
    elif type(value).__name__ == "Tensor":
        yield from numbers(value.detach().cpu().numpy())
    elif type(value).__name__ == "TaskStore":
        yield from numbers(value.known)


def check(name: str, target: Target, path: Path) -> None:
    """Read a file that may be damaged."""
    SEEN["read"] += 1
    found, message = None, ""
    with warnings.catch_warnings(), bounded():
        warnings.simplefilter("ignore", UserWarning)
        try:
            found = target.read(path)
        except HwsimError as error:
            message = str(error)
    SEEN["refused"] += bool(message)
    of_epoch = path.suffix == ".json" and str(path.with_suffix("")) in message
    of_set = f"({path.parent})" in message
    named = path.name in message or of_epoch or of_set
    assert not message or named, f"{name}: the file is not named: {message}"
    assert not any(np.isnan(n).any() for n in numbers(found)), f"{name}: a NaN is read as a number"


CASES = [
    pytest.param(name, i, id=f"{name}-{change.__name__}")
    for name, target in TARGETS.items()
    for i, change in enumerate(target.changes)
]


@pytest.mark.parametrize(("name", "which"), CASES)
def test_a_damaged_file_is_read_or_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, name: str, which: int
) -> None:
    target = TARGETS[name]
    path = target.write(tmp_path_factory.mktemp("fuzz"))
    whole = path.read_bytes()
    target.read(path)

    @settings(
        max_examples=max(1, int(target.cases * TIMES)),
        deadline=None,
        derandomize=TIMES == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(edits=EDITS)
    def damaged(edits: list[Edit]) -> None:
        try:
            content = target.changes[which](whole, edits)
        except (ValueError, TypeError, OverflowError):
            return  # no such file can be written
        path.write_bytes(content)
        check(name, target, path)

    damaged()
