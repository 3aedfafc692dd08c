"""Saved results that somebody has changed: refused by name, or shown whole."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hwsim.errors import HwsimError
from hwsim.report import saved
from hwsim.report.contents import contents
from tests.report import chip_example
from tests.report.example import Page, empty, example

ODD: tuple[Any, ...] = (
    None, -1, "x", "<script>", [], {}, 1e30, 10**18, 0, True, [None], {"a": 1},
)  # fmt: skip
EXAMPLES = (example, chip_example.example, chip_example.on_tiles)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value lies, the first two of each list."""
    if at:
        yield at
    inside = (
        value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    )
    for key, held in inside:
        yield from places(held, (*at, key))


@pytest.mark.parametrize("make", [*EXAMPLES, empty])
def test_what_an_estimate_writes_is_read_back(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "any name"
    path.write_text(json.dumps(make()), encoding="utf-8")
    assert saved.load(path).values == make()


@pytest.mark.parametrize("seed", range(12))
def test_a_value_of_another_kind_is_refused_or_shown(tmp_path: Path, seed: int) -> None:
    random = Random(seed)  # noqa: S311
    path = tmp_path / "result.json"
    for _ in range(4):
        values = random.choice(EXAMPLES)()
        *above, last = random.choice(list(places(values)))
        holder = values
        for key in above:
            holder = holder[key]
        if isinstance(holder, dict) and random.random() < 0.2:
            del holder[last]
        else:
            holder[last] = random.choice(ODD)
        path.write_text(json.dumps(values), encoding="utf-8")
        try:
            found = saved.load(path)
        except HwsimError:
            continue
        parsed = Page(contents(found).html())
        assert (parsed.mismatches, len(parsed.all("script"))) == ([], 1)
