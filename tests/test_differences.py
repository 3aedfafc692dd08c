"""How far rows of a comparison lie from the first."""

from typing import Any

import pytest

from hwsim.differences import differences, fronts, per_inference


def row(
    energy: float, latency: float = 10.0, accuracy: float | None = None, spikes: int = 8, samples: int = 2
) -> dict[str, Any]:
    return {
        "samples": samples,
        "accuracy": accuracy,
        "lif": {"memory_bytes": 40},
        "totals": {
            "energy_pj": energy, "latency_ns": latency, "area_um2": 5.0, "dram_bytes": 16, "spikes": spikes,
        },
    }  # fmt: skip


def test_rows_of_other_numbers_of_samples_are_compared_by_the_inference() -> None:
    # 100 pJ of 2 samples are 50 each, 120 of 4 are 30: (30 - 50) / 50
    first, other = differences([row(100.0), row(120.0, samples=4)])
    assert first["energy_pj"] == 0
    assert other["energy_pj"] == pytest.approx(-0.4)
    assert other["lif_memory_bytes"] == 0


def test_accuracies_differ_by_points_and_only_where_both_are_known() -> None:
    found = differences([row(1, accuracy=0.75), row(1, accuracy=0.5), row(1)])
    assert [one["accuracy"] for one in found] == [0, -0.25, None]
    assert [one["accuracy"] for one in differences([row(1), row(1, accuracy=0.5)])] == [None, None]


def test_nothing_is_a_multiple_of_none() -> None:
    found = differences([row(1, spikes=0), row(1, spikes=3), row(1, spikes=0)])
    assert [one["spikes"] for one in found] == [0, None, 0]


def test_an_area_that_is_not_known_has_no_difference() -> None:
    unknown = row(1)
    unknown["totals"]["area_um2"] = None
    assert differences([row(1), unknown])[1]["area_um2"] is None
    assert per_inference(unknown)["area_um2"] is None


def test_a_front_is_of_low_costs_and_high_accuracies() -> None:
    rows = [row(4, 1, 0.9), row(2, 2, 0.7), row(3, 2, 0.6), row(1, 3)]
    found = {(one["x"], one["y"]): one["front"] for one in fronts(rows)}
    # the third takes more than the second and is right less often; the last's accuracy is not known
    assert found["energy_pj", "accuracy"] == [0, 1]
    # as fast as the second and dearer; the last is cheapest, the first fastest
    assert found["latency_ns", "energy_pj"] == [0, 1, 3]


def test_there_is_no_front_where_all_rows_are_alike_in_one_of_both() -> None:
    pairs = [(one["x"], one["y"]) for one in fronts([row(4, 1), row(2, 2)])]
    assert pairs == [("latency_ns", "energy_pj")]
