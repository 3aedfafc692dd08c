"""A row of docs/validation.md: what is held against what, and what came out."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

DATA = Path(os.environ.get("HWSIM_DATA", Path(__file__).resolve().parents[2].parent / "shared"))
"""Holds reference/ and data/."""

FITTED, ARITHMETIC = "fitted", "arithmetic"
"""In place of a gate: a setting of ours was chosen by the number that it would be held against; a formula,
sizes or prices of the source are worked out again, and hwsim simulates nothing."""


@dataclass(frozen=True)
class Row:
    """``difference``: in words, with its unit; ``met``: whether the gate holds, None where there is none or
    nothing to hold against; ``command`` repeats it; ``eased``: what the gate lets pass that is not what was
    asked for, in words."""

    group: str
    what: str
    reference: str
    ours: str
    difference: str
    gate: str
    met: bool | None
    command: str
    eased: str = ""

    def without_gate(self, why: str) -> "Row":
        """The same numbers where a gate would say nothing: FITTED or ARITHMETIC."""
        return replace(self, gate=why, met=None)


def alone(comparison: str) -> str:
    """The command that repeats one comparison of the page."""
    return f"python -m benchmarks.validation {comparison}"


def exact(group: str, what: str, reference: str, equal: int, of: int, command: str) -> Row:
    """Of so many numbers of a reference how many are ours."""
    difference = "none" if equal == of else f"{of - equal:,} differ"
    return Row(
        group, what, reference, f"{equal:,} of {of:,} equal", difference, "equal", equal == of, command
    )


def within(
    group: str, what: str, reference: float, ours: float, most: float, command: str, unit: str = ""
) -> Row:
    """A number within a share ``most`` of the reference's."""
    apart = ours / reference - 1
    told = (f"{value:,.6g} {unit}".strip() for value in (reference, ours))
    return Row(group, what, *told, f"{apart:+.2%}", f"within {most:.0%}", abs(apart) <= most, command)


def rounds(ours: float, printed: str) -> bool:
    """Whether ours is the printed number at the digits that it has."""
    digits = len(printed.partition(".")[2])
    return abs(ours - float(printed)) <= 0.5 * 10.0**-digits * (1 + 1e-9)


def as_printed(
    group: str, what: str, printed: Sequence[str], ours: Sequence[float], unit: str, digits: int, command: str
) -> Row:
    """Several numbers of a table, each of which must round to what is printed."""
    apart = [own - float(text) for text, own in zip(printed, ours, strict=True)]
    met = all(rounds(own, text) for text, own in zip(printed, ours, strict=True))
    theirs, found = "/".join(printed), "/".join(f"{own:,.{digits}f}" for own in ours)
    most = max(apart, key=abs)
    told = f"at most {most:+.{digits}f}" if len(apart) > 1 else f"{most:+.{digits}f}"
    return Row(
        group, what, f"{theirs} {unit}".strip(), f"{found} {unit}".strip(), f"{told} {unit}".strip(),
        "equal when rounded", met, command,
    )  # fmt: skip


def pytest_row(group: str, what: str, reference: str, python: Path | str, *arguments: str) -> Row:
    """A row that tests decide, each of them a comparison."""
    command = " ".join(["pytest", *arguments])
    if not Path(python).is_file():
        return Row(group, what, reference, "not compared", f"{python} is absent", "equal", None, command)
    done = subprocess.run(  # noqa: S603
        [str(python), "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|skipped|error)", done.stdout)}
    passed, of = counts.get("passed", 0), sum(counts.values())
    difference = "none" if passed == of > 0 else ", ".join(f"{n} {word}" for word, n in counts.items())
    return Row(
        group, what, reference, f"{passed} of {of} tests hold", difference, "all", passed == of > 0, command
    )
