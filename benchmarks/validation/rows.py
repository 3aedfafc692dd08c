"""A row of docs/validation.md: what is held against what, and what came out."""

import os
from dataclasses import dataclass
from pathlib import Path

DATA = Path(os.environ.get("HWSIM_DATA", Path(__file__).resolve().parents[2].parent / "shared"))
"""Holds reference/ and data/."""


@dataclass(frozen=True)
class Row:
    """``difference``: in words, with its unit; ``met``: whether the gate holds, None where there is none or
    nothing to hold against; ``command`` repeats it."""

    group: str
    what: str
    reference: str
    ours: str
    difference: str
    gate: str
    met: bool | None
    command: str


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
