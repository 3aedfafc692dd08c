"""EfficientLIF-Net's Figs. 1, 8, 9 and 10, from the machinery of ``make efficientlif``."""

import pytest

from benchmarks import efficientlif_figures as figures

MIB = 2**20
# stem; 128 to 256 channels, 5 more convolutions, shortcut; the same with 256 to 512; four of 512, shortcut
CONVOLUTIONS = (
    3 * 128 * 9
    + 128 * 256 * 9 + 5 * 256 * 256 * 9 + 128 * 256
    + 256 * 512 * 9 + 5 * 512 * 512 * 9 + 256 * 512
    + 4 * 512 * 512 * 9 + 512 * 512
)  # fmt: skip
LIF = 753_664
"""Neurons at 32 x 32; 49 times as many at 224 x 224."""


def shown(figure: str, quantity: str) -> float:
    shares = {n: {"fitted": 0.0, "kernels": 0.0} for n in (1, 4)}
    rows = figures.points({32: 0.0, 64: 0.0}, shares)
    (found,) = (r["hwsim"] for r in rows if r["figure"] == figure and str(r["quantity"]).startswith(quantity))
    return float(found)


def test_weights_and_states_of_resnet19_follow_from_its_shapes() -> None:
    found = figures.memory(32, 10, "none")
    assert found["weights"] == (CONVOLUTIONS + 512 * 10) * 4 / MIB
    assert found["forward"] == LIF * 4 / MIB == 2.875
    assert found["backward"] == 5 * 2.875
    assert found["spikes"] == LIF / 8 / MIB


def test_fig_9_keeps_5_04_mib_of_weights_and_sharing_keeps_22_8_percent_of_the_states() -> None:
    kept = figures.memory(32, 10, "none")["weights"] * (1 - figures.SPARSITY)
    assert kept == pytest.approx(5.04, abs=0.005)
    # stem, and two memories a stage, half of each: (131,072 + 2 * (65,536 + 32,768 + 8,192)) / 2 words
    assert figures.memory(32, 10, "L+C2")["forward"] == 172_032 * 4 / MIB
    assert pytest.approx(0.23, abs=0.005) == 172_032 / LIF


@pytest.mark.slow
def test_fig_1_shares_and_fig_8_ratio_are_those_of_the_paper() -> None:
    """LIF words 49 * 753,664; 1-bit spikes of 1 or 5 steps; 100 classes."""
    states, weights = 49 * LIF * 4, (CONVOLUTIONS + 512 * 100) * 4
    spikes = 49 * LIF / 8
    assert shown("1", "LIF share") == pytest.approx(100 * states / (states + weights + 5 * spikes), rel=1e-12)
    assert shown("1", "LIF share") == pytest.approx(53.6, abs=0.05)
    assert shown("1", "the same") == pytest.approx(57.5, abs=0.05)
    assert shown("8", "backward") == pytest.approx(5 * states / weights, rel=1e-12)
    assert shown("8", "backward") == pytest.approx(7.06, abs=0.005)


def test_a_row_without_a_number_of_ours_has_no_difference() -> None:
    assert figures.point("9", "dead neurons", "%", 3.0, "", "")["difference"] == ""
    assert figures.point("9", "x", "%", 3.0, 4.5, "")["difference"] == 1.5
