"""Where the time of the cores goes, and the trace of it (E6)."""

import json
from itertools import pairwise

import pytest

from hwsim.chip import timeline as module
from hwsim.chip.timeline import timeline
from hwsim.chip.times import causes, next_begin
from tests.chip.examples import chip
from tests.chip.runs import run


def test_a_core_works_waits_for_others_and_for_the_barrier() -> None:
    # (E6) tick 0: core 0 is done at 20, core 1 at 13; all begin again at 30, after 20 and L = 10.
    # tick 1: done at 34 and 40; the run ends at 40 + 10
    found = {name: cycles.tolist() for name, cycles in causes(run()).items()}
    assert found == {
        "work": [[20 + 13, 4 + 10]],
        "imbalance": [[0 + 7, 6 + 0]],
        "barrier": [[20, 20]],
        "real_time": [[0, 0]],
    }


def test_a_real_time_tick_is_waited_for_after_the_barrier() -> None:
    # a barrier of 4: the tick could begin at 24, tick_cycles held it back by 6
    made = chip(barrier_first_cycles=4, tick_cycles=30)
    found = causes(run(made, waits=6))
    assert [found[name][0, 0] for name in ("work", "imbalance", "barrier", "real_time")] == [33, 7, 8, 12]


@pytest.mark.parametrize("waits", [0, 3, 100])
def test_causes_add_up_to_the_time_of_all_cores(waits: int) -> None:
    total = sum(causes(run(samples=2, waits=waits)).values())
    assert total.sum(axis=1).tolist() == [2 * 50] * 2


def test_the_last_tick_lasts_to_the_end_of_the_sample() -> None:
    assert next_begin(run())[0].tolist() == [[30] * 3, [50] * 3]


def test_the_trace_is_json_of_complete_events() -> None:
    read = json.loads(json.dumps(timeline(run(samples=2)), allow_nan=False))
    assert {event["ph"] for event in read["traceEvents"]} == {"M", "X", "C"}
    for event in read["traceEvents"]:
        assert {"name", "pid", "tid"} <= event.keys()
        if event["ph"] != "M":
            assert event["ts"] >= 0
    assert all(event["dur"] > 0 for event in read["traceEvents"] if event["ph"] == "X")


def spans(core: int) -> list[tuple[str, float, float]]:
    """Name, begin and end in cycles of 1 ms."""
    events = timeline(run())["traceEvents"]
    of_core = [e for e in events if e["ph"] == "X" and e["pid"] == core + 1]
    return [(e["name"], e["ts"] / 1e3, (e["ts"] + e["dur"]) / 1e3) for e in of_core]


def test_spans_are_those_of_the_units_and_of_what_follows() -> None:
    assert spans(1) == [
        ("update 0", 0, 10),
        ("send 0", 0, 13),
        ("receive 0", 0, 5),
        ("imbalance 0", 13, 20),
        ("barrier 0", 20, 30),
        ("update 1", 30, 32),
        ("send 1", 30, 35),
        ("receive 1", 30, 40),
        ("barrier 1", 40, 50),
    ]


def test_a_unit_without_work_has_no_span() -> None:
    # core 0 sends nothing and takes nothing in tick 1
    assert [name for name, _, _ in spans(0) if name.endswith("1")] == ["update 1", "imbalance 1", "barrier 1"]


def test_spans_of_one_thread_do_not_overlap() -> None:
    found = {}
    for event in timeline(run(samples=3))["traceEvents"]:
        if event["ph"] == "X":
            found.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["dur"]))
    for lane in found.values():
        lane.sort()
        assert all(ts + dur <= after for (ts, dur), (after, _) in pairwise(lane))


def test_counters_tell_what_each_tick_did_and_end_with_nothing() -> None:
    events = [e for e in timeline(run())["traceEvents"] if e["ph"] == "C" and e["name"] == "packets"]
    assert [(e["ts"] / 1e3, e["args"]["sent"]) for e in events] == [(0, 5), (30, 3), (50, 0)]


def test_samples_that_are_too_many_for_a_browser_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 60)
    told = timeline(run(samples=5))
    # 2 ticks of 2 cores x 6 spans and 3 counters: 30 a sample
    assert (told["otherData"]["samples"], told["otherData"]["samples_shown"]) == (5, 2)
