"""Samplers: the same points for the same seed and results, whatever ran in between."""

from pathlib import Path
from typing import Any, get_args

import pytest

from hwsim.errors import HwsimError
from hwsim.explore.sample import MOST_SEED, SamplerName, sampler
from hwsim.explore.space import Point, Space, load_space

TEXT = """
model: fashion
parameters:
  hardware.pe_array.rows: {low: 1, high: 32}
  hardware.pe_array.columns: {values: [1, 2, 4, 8], when: "hardware.pe_array.rows > 8"}
  hardware.clock_hz: {low: 1.0e+8, high: 1.0e+9, log: true}
  hardware.pe_array.dataflow: [os, ws, is]
objectives: [energy_pj, area_um2]
"""


@pytest.fixture
def space(tmp_path: Path) -> Space:
    path = tmp_path / "space.yaml"
    path.write_text(TEXT, encoding="utf-8")
    return load_space(path)


def worth(point: Point) -> list[float]:
    rows: Any = point["hardware.pe_array.rows"]
    return [100.0 / rows + (100 if point["hardware.pe_array.dataflow"] != "ws" else 0), float(rows)]


def asked(space: Space, kind: SamplerName, rounds: int, seed: int = 3) -> list[Point]:
    made = sampler(space, space.objectives, kind, seed, population=8)
    found = []
    for _ in range(rounds):
        points = made.ask(1000)
        found += points
        made.tell([(None, {}) if p["hardware.pe_array.dataflow"] == "is" else (worth(p), {}) for p in points])
    return found


@pytest.mark.parametrize("kind", [name for name in get_args(SamplerName) if name != "grid"])
def test_what_is_asked_depends_on_the_seed_and_on_what_was_told_alone(
    space: Space, kind: SamplerName
) -> None:
    first = asked(space, kind, 5)
    assert first == asked(space, kind, 5)
    assert first != asked(space, kind, 5, seed=4)
    assert all(("hardware.pe_array.columns" in p) == (p["hardware.pe_array.rows"] > 8) for p in first)  # type: ignore[operator]
    assert all(1e8 <= p["hardware.clock_hz"] <= 1e9 for p in first)  # type: ignore[operator]


@pytest.mark.parametrize("kind", get_args(SamplerName))
@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_no_generator_takes_is_refused(space: Space, kind: SamplerName, seed: int) -> None:
    with pytest.raises(HwsimError, match=f"--seed {seed}; allowed: 0 to 4294967295"):
        sampler(space, space.objectives, kind, seed)


@pytest.mark.parametrize("kind", [name for name in get_args(SamplerName) if name != "grid"])
def test_the_largest_seed_draws_points(space: Space, kind: SamplerName) -> None:
    assert asked(space, kind, 1, seed=MOST_SEED)


def test_generations_go_where_the_results_are_better(space: Space) -> None:
    points = asked(space, "nsga2", 20)
    first, last = (
        sum(p["hardware.pe_array.dataflow"] == "ws" for p in part) / len(part)
        for part in (points[:16], points[-48:])
    )
    assert last > max(0.5, first)
