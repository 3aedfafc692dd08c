"""Rule D1: latencies, throughput, bulk, chunks, channels, policies; numbers worked out in the comments."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.dram.energy import core_pj, energy_pj
from hwsim.dram.engine import Engine, FlatEngine, Trace, serve_all
from hwsim.dram.state import CLOSED, CONFLICT, HIT, OUTCOMES
from hwsim.dram.table import DramTable, load_dram
from hwsim.errors import HwsimError
from tests.dram.audit import Asked
from tests.dram.streams import run, small, streams, tables, trace
from tests.dram.test_audit import random_streams

DDR4 = load_dram("ddr4_2400")
SAME_BANK = 4 * 4 * 128 * 64  # bytes to the next row of a bank: 16 banks of 128 bursts of 64 bytes


def requests(arrival: Any, address: Any, size: Any = 64, write: Any = 0) -> Trace:
    columns = np.broadcast_arrays(*(np.asarray(v, np.int64) for v in (arrival, address, size, write)))
    a, b, c, d = (np.array(column).reshape(-1) for column in columns)
    return Trace(a, b, c, d.astype(np.uint8))


def latency(table: DramTable, *reads: tuple[int, int], write: int = 0) -> NDArray[np.int64]:
    stream = requests([t for t, _ in reads], [a for _, a in reads], write=write)
    found: NDArray[np.int64] = serve_all(table, stream)[0].completion - stream.arrival
    return found


def test_a_hit_takes_20_a_closed_bank_36_and_a_conflict_52_cycles() -> None:
    # CL 16 + BL 4; before it RCD 16; before that RP 16
    stream = requests([0, 1000, 2000], [0, 64, SAME_BANK])
    served, totals = serve_all(DDR4, stream)
    assert (served.completion - stream.arrival).tolist() == [36, 20, 52]
    assert served.outcome.tolist() == [CLOSED, HIT, CONFLICT]
    assert (totals.hits, totals.closed, totals.conflicts) == (1, 1, 1)


def test_writes_take_the_write_latency_instead() -> None:
    assert latency(DDR4, (0, 0), (1000, 64), (2000, SAME_BANK), write=1).tolist() == [32, 16, 48]


def test_a_conflict_right_behind_its_row_waits_for_tras() -> None:
    # ACT 0, RD 16; the row may close at tRAS 39, ACT 55, RD 71, data until 91
    assert latency(DDR4, (0, 0), (0, SAME_BANK)).tolist() == [36, 91]


def test_a_read_after_a_write_waits_for_the_turnaround() -> None:
    # WR at 16, its data end at 16 + 12 + 4 = 32; same group: RD at 32 + tWTR_L 9, data until 61
    served, _ = serve_all(DDR4, requests([0, 0], [0, 64], write=[1, 0]))
    assert served.completion.tolist() == [32, 61]


def test_sequential_bursts_take_5_34_cycles_each_within_5_percent() -> None:
    n = 200_000
    _, totals = serve_all(DDR4, requests(0, 0, n * 64))
    assert totals.cycles / n == pytest.approx(5.34, rel=0.05)


def test_random_rows_take_6_8_cycles_each_within_5_percent() -> None:
    n = 50_000
    address = np.random.default_rng(0).integers(0, DDR4.capacity_bytes // 64, n) * 64
    _, totals = serve_all(DDR4, requests(0, address))
    assert totals.cycles / n == pytest.approx(6.8, rel=0.05)
    # four ACTs in tFAW, and a share tRFC / tREFI of the time goes to refreshes
    assert totals.cycles / n >= 26 / 4 * 9363 / (9363 - 421) * 0.999


def test_interleaving_bank_groups_brings_sequential_bursts_to_the_pins() -> None:
    n = 50_000
    table = DDR4.changed("row:rank:bank:column:bankgroup:channel", None)
    _, totals = serve_all(table, requests(0, 0, n * 64))
    assert 4 * 9363 / (9363 - 421) * 0.99 <= totals.cycles / n <= 4.3


@random_streams
@given(st.data())
def test_bulk_gives_the_result_of_command_by_command(data: st.DataObject) -> None:
    table = data.draw(tables())
    asked = data.draw(streams(table))
    fast, by_bulk, totals = run(table, asked, log=True)
    slow, one_by_one, same = run(table, asked, bulk=False, log=True)
    assert by_bulk.completion.tolist() == one_by_one.completion.tolist()
    assert by_bulk.outcome.tolist() == one_by_one.outcome.tolist()
    assert totals == same
    for channel in range(len(fast.channels)):
        assert fast.log(channel).tolist() == slow.log(channel).tolist()


@pytest.mark.parametrize("write", [0, 1])
@pytest.mark.parametrize("policy", ["open", "closed"])
def test_a_long_transfer_in_bulk_gives_the_same_commands(policy: str, write: int) -> None:
    table = small(policy=policy, queue=16)
    table["banked"]["organization"] |= {"rows": 64, "columns": 128}
    asked = [Asked(0, 64 * 5, 64 * 30_000, bool(write)), Asked(90_000, 0, 64 * 5_000, False)]
    fast, served, totals = run(table, asked, log=True)
    slow, expected, same = run(table, asked, bulk=False, log=True)
    assert fast.log(0).tolist() == slow.log(0).tolist()
    assert (served.completion.tolist(), totals) == (expected.completion.tolist(), same)


def test_a_transfer_is_served_as_its_bursts_asked_for_one_by_one() -> None:
    n = 5_000
    one, totals = serve_all(DDR4, requests(0, 0, n * 64))
    many, same = serve_all(DDR4, requests(np.zeros(n), np.arange(n) * 64))
    assert one.completion.tolist() == [many.completion.max()]
    assert (totals.cycles, totals.hits, totals.activates) == (same.cycles, same.hits, same.activates)


@random_streams
@given(st.data())
def test_chunks_give_the_result_of_the_whole(data: st.DataObject) -> None:
    table = data.draw(tables())
    asked = data.draw(streams(table))
    _, whole, totals = run(table, asked)
    engine = Engine(DramTable.model_validate(table))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(asked)), max_size=4)))
    found: list[int] = []
    for first, last in zip([0, *cuts], [*cuts, len(asked)], strict=True):
        if first < last:
            found += engine.feed(trace(asked[first:last])).completion.tolist()
    nothing = requests(np.zeros(0), 0)
    found += engine.feed(nothing, final=True).completion.tolist()
    assert found == whole.completion.tolist()
    assert engine.totals() == totals


@random_streams
@given(st.data())
def test_bytes_and_bursts_are_conserved(data: st.DataObject) -> None:
    table = data.draw(tables())
    asked = data.draw(streams(table))
    _, served, totals = run(table, asked)
    size = table["burst_bytes"]
    bursts = [(a.address + a.size - 1) // size - a.address // size + 1 for a in asked]
    assert totals.bytes_moved == size * sum(bursts)
    assert totals.bytes_asked == sum(a.size for a in asked)
    assert totals.writes == sum(b for a, b in zip(asked, bursts, strict=True) if a.write)
    assert totals.hits + totals.closed + totals.conflicts == sum(bursts)
    assert totals.cycles == max(served.completion)
    organization = table["banked"]["organization"]
    assert totals.cycles >= sum(bursts) * table["banked"]["timing_cycles"]["BL"] // organization["channels"]
    rank_cycles = organization["channels"] * organization["ranks"] * totals.cycles
    assert totals.active_cycles + totals.precharged_cycles == rank_cycles
    assert 0 <= totals.active_cycles <= rank_cycles


def test_a_stream_of_hits_does_not_keep_another_row_waiting_beyond_the_age_limit() -> None:
    # hits for row 0 arrive all the time; row 1 gets its turn by limit + tRP + tRCD + CL + BL, and tWR or so
    table = DramTable.model_validate(small(age=200, queue=8, ranks=1))
    row = 16 * 8 * 64
    arrival = np.sort(np.concatenate([np.arange(0, 6000, 6), [20]]))
    address = np.where(np.arange(len(arrival)) == np.searchsorted(arrival, 20), row, 0)
    served, _ = serve_all(table, requests(arrival, address))
    waited = (served.completion - arrival)[address == row]
    assert 200 <= waited[0] <= 200 + 52 + 60


def test_two_channels_halve_the_time_of_a_long_transfer() -> None:
    cycles = []
    for channels in (1, 2):
        table = small(channels=channels, queue=32)
        table["banked"]["organization"] |= {"rows": 64, "columns": 128}
        table["banked"]["timing_cycles"]["REFI"] = 9363
        stream = requests(0, 0, 100_000 * 64)
        cycles.append(serve_all(DramTable.model_validate(table), stream)[1].cycles)
    assert cycles[1] == pytest.approx(cycles[0] / 2, rel=0.02)


def test_a_closed_page_turns_a_late_hit_and_a_conflict_into_a_closed_bank() -> None:
    table = DDR4.changed(None, "closed")
    assert latency(table, (0, 0), (1000, 64), (2000, SAME_BANK)).tolist() == [36, 36, 36]


def test_refreshes_come_every_trefi_through_idle_time_too() -> None:
    idle = 10**12
    _, totals = serve_all(DDR4, requests([0, idle], [0, 64]))
    assert totals.refreshes == idle // 9363
    assert totals.closed == 2


def test_energy_by_command_is_count_times_price_and_background_is_time_times_power() -> None:
    # three reads: closed, hit, conflict; open from 0 to 2000 (PRE) and from 2016 to the end
    _, totals = serve_all(DDR4, requests([0, 1000, 2000], [0, 64, SAME_BANK]))
    energies = energy_pj(DDR4, totals)
    assert totals.cycles == 2052
    assert (totals.active_cycles, totals.precharged_cycles) == (2036, 16)
    assert energies == pytest.approx(
        {
            "activate_precharge": 2 * 3450,
            "read": 3 * 2930,
            "write": 0,
            "refresh": 0,
            "background_active": 2036 / 1.2 * 413,  # cycles / 1.2 GHz in ns, times mW, is pJ
            "background_precharged": 16 / 1.2 * 326,
            "io": 3 * 512 * 3.7,
        }
    )
    assert core_pj(energies) == pytest.approx(sum(v for k, v in energies.items() if v and k != "io"))


def test_what_has_no_price_is_none_and_not_free() -> None:
    table = load_dram("lpddr4_2400")
    _, totals = serve_all(table, requests([0, 20_000], [0, 64]))
    energies = energy_pj(table, totals)
    assert energies["refresh"] is None
    assert energies["io"] is None
    assert energies["write"] == 0


def test_flat_bandwidth_moves_16_bytes_a_cycle_one_request_after_the_other() -> None:
    served, totals = serve_all(load_dram("ideal"), requests([0, 1, 100], [0, 32, 7], [64, 64, 1]))
    # 4 cycles; two bursts (32 to 95) behind it, 8; one burst at 100
    assert served.completion.tolist() == [4, 12, 104]
    assert (totals.bytes_moved, totals.bytes_asked) == (256, 129)
    assert {OUTCOMES[k] for k in served.outcome} == {"none"}


def test_a_flat_table_in_chunks_gives_the_same() -> None:
    table = load_dram("hbm2")  # 128 bytes a cycle: a burst of 32 takes a quarter
    stream = requests(np.zeros(10), np.arange(10) * 32, 32)
    whole, _ = serve_all(table, stream)
    engine = FlatEngine(table)
    parts = [engine.feed(requests(np.zeros(5), np.arange(5) * 32, 32)).completion for _ in range(2)]
    assert whole.completion.tolist() == np.concatenate(parts).tolist() == [1, 1, 1, 1, 2, 2, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("stream", "message"),
    [
        (requests([5, 4], 0), "before the one ahead"),
        (requests(0, 0, 0), "no bytes"),
        (requests(0, -1), "negative address"),
        (requests(0, DDR4.capacity_bytes - 63), "beyond the DRAM"),
    ],
)
def test_a_request_that_cannot_be_served_is_named(stream: Trace, message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        serve_all(DDR4, stream)
