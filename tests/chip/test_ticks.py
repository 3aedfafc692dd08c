"""In which tick each step of each population runs (E2)."""

import pytest

from hwsim.chip.ticks import ticks_of
from tests.chip.examples import net

SIZES = {"in": 1, "a": 1, "b": 1, "c": 1, "out": 1}
CHAIN = [("in", "a", 0), ("a", "b", 0), ("b", "c", 0), ("c", "out", 0)]


def test_a_chain_is_one_tick_deeper_with_each_layer() -> None:
    found = ticks_of(net(SIZES, CHAIN, 3))
    assert (found.interval, found.depth) == (1, {"in": 0, "a": 1, "b": 2, "c": 3, "out": 4})
    assert found.count == 1 * 2 + 4 + 1


def test_a_skip_waits_for_the_longer_way() -> None:
    assert ticks_of(net(SIZES, [*CHAIN, ("a", "out", 0)])).depth["out"] == 4


def test_a_delay_makes_up_for_a_layer() -> None:
    # c takes step t - 1 of b: b's of that step runs in tick t + 1, so c's of step t may run in t + 2
    chain = [("in", "a", 0), ("a", "b", 0), ("b", "c", 1), ("c", "out", 0)]
    assert ticks_of(net(SIZES, chain)).depth == {"in": 0, "a": 1, "b": 2, "c": 2, "out": 3}


@pytest.mark.parametrize(
    ("back", "interval"),
    [
        (("a", "a", 1), 1),  # one projection around, one delay
        (("b", "a", 1), 2),  # two around: a, b, a
        (("c", "a", 1), 3),
        (("c", "a", 2), 2),  # 3 <= I * 2
        (("c", "a", 3), 1),
    ],
)
def test_the_interval_covers_the_loops_projections_with_its_delays(
    back: tuple[str, str, int], interval: int
) -> None:
    found = ticks_of(net(SIZES, [*CHAIN, back], 4))
    assert found.interval == interval
    assert found.depth == {"in": 0, "a": 1, "b": 2, "c": 3, "out": 4}
    assert found.count == interval * 3 + 4 + 1


def test_a_loop_pushes_its_target_down_where_the_interval_is_given_by_another() -> None:
    # b to a with delay 1 asks for I = 2; c to b with delay 1 then asks d(b) >= d(c) + 1 - 2 = 2
    found = ticks_of(net(SIZES, [*CHAIN, ("b", "a", 1), ("c", "b", 1)], 2))
    assert found.interval == 2
    assert found.depth == {"in": 0, "a": 1, "b": 2, "c": 3, "out": 4}


def test_feedback_from_a_late_layer_moves_an_early_branch() -> None:
    # out takes b of the step before; a takes c of two steps before (I = 1: d(a) >= d(c) - 1): of c's 2, 1
    joins = [("in", "a", 0), ("in", "b", 0), ("b", "c", 0), ("c", "a", 2), ("a", "out", 0)]
    sizes = {"in": 1, "b": 1, "c": 1, "a": 1, "out": 1}
    assert ticks_of(net(sizes, joins)).depth == {"in": 0, "b": 1, "c": 2, "a": 1, "out": 2}
    joins[3] = ("c", "a", 1)
    assert ticks_of(net(sizes, joins)).depth == {"in": 0, "b": 1, "c": 2, "a": 2, "out": 3}
