"""Rule D1: no command ever breaks a constraint, and every request is served once."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.dram.audit import Asked, Command, account, audit
from tests.dram.streams import capacity, commands, run, small, streams, tables
from tests.volume import parts

random_streams = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def judged(table: dict[str, Any], asked: list[Asked], **loosened: int) -> list[str]:
    engine, served, totals = run(table, asked, log=True, **loosened)
    found = commands(engine, table)
    wrong = [w for listed in found.values() for w in audit(listed, table)]
    assert totals.requests == len(asked)
    return wrong + account(asked, served.completion.tolist(), found, table)


@random_streams
@given(st.data())
def test_random_streams_break_no_constraint_and_every_request_is_served_once(data: st.DataObject) -> None:
    table = data.draw(tables())
    assert judged(table, data.draw(streams(table))) == []


@pytest.mark.slow
@pytest.mark.parametrize("part", parts(5))
def test_many_random_streams_break_no_constraint(part: int) -> None:
    """A fifth of 1,500 each, so that several processes share the work."""

    @seed(part)
    @settings(random_streams, max_examples=300)
    @given(st.data())
    def every(data: st.DataObject) -> None:
        table = data.draw(tables())
        assert judged(table, data.draw(streams(table, 200))) == []

    every()


def test_a_burst_does_not_join_a_segment_behind_one_that_left_between_them() -> None:
    # in channel 1: write 1, read 1, write 2, read 2; write 2 overtakes read 1, then read 2 lies behind read 1
    table = small(channels=2, queue=2)
    asked = [
        Asked(0, 237, 1, True),
        Asked(0, 238, 64, False),
        Asked(0, 302, 64, True),
        Asked(0, 366, 1, False),
    ]
    assert judged(table, asked) == []


def busy(table: dict[str, Any], seed: int, n: int = 1200) -> list[Asked]:
    """Requests in dense groups, over all banks and rows, reads and writes, runs and single bursts."""
    rng = np.random.default_rng(seed)
    end = capacity(table)
    arrival = np.cumsum(rng.choice([0, 0, 0, 30, 300], n)).tolist()
    address = (rng.integers(0, end // 64, n) * 64).tolist()
    size = rng.choice([64, 64, 64, 512], n).tolist()
    write = (rng.random(n) < 0.4).tolist()
    return [Asked(t, a, min(s, end - a), w) for t, a, s, w in zip(arrival, address, size, write, strict=True)]


def two_kinds() -> list[dict[str, Any]]:
    return [
        small(ranks=2, queue=32),
        small(ranks=1, queue=8, policy="closed"),
        small(ranks=1, queue=2, mapping="row:rank:bank:column:bankgroup:channel"),
    ]


@pytest.mark.parametrize(
    "name",
    ["RCD", "RP", "RPab", "RAS", "RC", "RRD_S", "RRD_L", "FAW", "CCD_S", "CCD_L", "WTR_S", "WTR_L", "WR",
     "RTP", "RTW", "RTRS", "RFC", "CL", "CWL", "BL"],
)  # fmt: skip
def test_a_kernel_with_one_constraint_loosened_by_a_cycle_is_caught(name: str) -> None:
    wrong = []
    for number, table in enumerate(two_kinds()):
        asked = busy(table, number)
        assert judged(table, asked) == []
        wrong += judged(table, asked, **{name: table["banked"]["timing_cycles"][name] - 1})
    assert wrong


def test_a_kernel_that_refreshes_too_seldom_is_caught() -> None:
    table = small()
    assert judged(table, busy(table, 0), REFI=3 * table["banked"]["timing_cycles"]["REFI"])


def test_the_auditor_sees_a_command_on_a_wrong_row_and_a_bank_opened_twice() -> None:
    table = small()
    row = 16 * 8 * 64  # one row further: 16 banks of 8 bursts of 64 bytes
    right = [Command(0, "ACT", 0, 0, 0), Command(16, "RD", 0, 0, 0, 0)]
    assert audit(right, table) == []
    assert audit([right[0], Command(16, "RD", 0, 0, 1, row)], table)
    assert audit([*right, Command(100, "ACT", 0, 0, 1)], table)
    assert audit([right[0], Command(15, "RD", 0, 0, 0, 0)], table)


def test_the_account_sees_a_request_that_was_served_twice_or_not_at_all() -> None:
    table = small()
    asked = [Asked(0, 0, 64, False)]
    once = [Command(0, "ACT", 0, 0, 0), Command(16, "RD", 0, 0, 0, 0)]
    assert account(asked, [36], {0: once}, table) == []
    assert account(asked, [37], {0: once}, table)
    assert account(asked, [36], {0: [*once, Command(22, "RD", 0, 0, 0, 0)]}, table)
    assert account(asked, [36], {0: once[:1]}, table)
