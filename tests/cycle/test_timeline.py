"""S1 to S4, S6 and P5: timelines drawn by hand in the comments, and the oracle on random programs."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwsim.cycle import columns
from hwsim.cycle.run import run
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.ledger import CAUSE_COLUMNS, CAUSES, DRAM_COMMANDS, Ledger
from hwsim.program import LOADED, REGIONS, STORED, Program
from tests.cycle.oracle import CommandChannel, Oracle
from tests.cycle.programs import program, programs, table_file, tile
from tests.dram.audit import account, audit
from tests.dram.streams import commands

many_programs = settings(
    max_examples=150, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
few_programs = settings(many_programs, max_examples=25)


def spent(ledger: Ledger, unit: str) -> dict[str, int]:
    return {cause: cycles for cause, cycles in ledger.by_cause(unit).items() if cycles}


def played(made: Program, hardware: Hardware) -> Ledger:
    ledger = run(made, hardware)
    ledger.verify()
    return ledger


# --- by hand: a byte a cycle ---------------------------------------------------------------------


def test_a_kernels_columns_are_those_of_the_ledger_and_the_program() -> None:
    names = {
        "array": ["STREAM", "IMBALANCE", "CONFLICT", "DECODE", "PRELOAD", "FILL_DRAIN", "WAIT_LOAD"],
        "lif": ["UPDATE", "SERIALIZATION", "LANES", "WAIT_ARRAY", "WAIT_OUTPUT", "LIF_DRAIN"],
        "dma": ["MOVE_LOAD", "MOVE_STORE", "IDLE"],
    }  # fmt: skip
    causes = {
        "array": ["stream", "imbalance", "conflict", "decode", "preload", "fill_drain", LOADED[0]],
        "lif": ["update", "serialization", "vector", "array", "output", "drain"],
        "dma": [LOADED[0], "store", "idle"],
    }
    names["array"] += ["WAIT_STORE", "DEPENDENCY", "PARTIAL_SUM", "ARRAY_DRAIN"]
    causes["array"] += ["store", "dependency", "partial_sum", "drain"]
    for unit in CAUSES:
        found = [getattr(columns, name) for name in names[unit]]
        assert found == [CAUSE_COLUMNS.index((unit, cause)) for cause in causes[unit]]
        at = CAUSE_COLUMNS.index((unit, LOADED[0])) if unit != "lif" else None
        if at is not None:
            assert [cause for _, cause in CAUSE_COLUMNS[at : at + len(LOADED)]] == list(LOADED)
    assert tuple(REGIONS[r] for r in columns.LOAD_REGION) == LOADED
    assert tuple(REGIONS[r] for r in columns.STORE_REGION) == STORED


def test_a_program_without_jobs_takes_no_cycle() -> None:
    assert played(program(), tile()).elapsed_cycles == 0


def test_each_cause_of_a_busy_job_is_booked_as_it_is_given() -> None:
    # load 0-4; array 4-6 preload, 6-21 busy, 21-23 fill; lif 23-29 and its store 29-31.
    job = {
        "load": {"weight": 3, "input": 1}, "preload": 2, "stream": 5, "imbalance": 4, "conflict": 3,
        "decode": 3, "fill": 2, "update": 1, "serialization": 2, "laned": 3, "occupied": 2,
        "store": {"output": 2},
    }  # fmt: skip
    ledger = played(program(job), tile())
    assert spent(ledger, "array") == {
        "weight": 3, "input": 1, "preload": 2, "stream": 5, "imbalance": 4, "conflict": 3, "decode": 3,
        "fill_drain": 2, "drain": 8,
    }  # fmt: skip
    assert spent(ledger, "lif") == {"array": 23, "update": 1, "serialization": 2, "vector": 3, "drain": 2}
    assert spent(ledger, "dma") == {"weight": 3, "input": 1, "idle": 25, "store": 2}
    # P4: 2 PEs in all cycles of the pass: 2 + 15 + 2
    assert ledger.total("pe_cycles") == 2 * 19


TWO = (
    {"load": {"weight": 3, "input": 1}, "stream": 3, "update": 1},
    {"load": {"weight": 3}, "stream": 3, "update": 1},
)


def test_double_buffers_load_the_second_job_while_the_first_one_runs() -> None:
    # load 0-4, 4-7; array 4-7, 7-10; lif 7-8, 10-11.
    ledger = played(program(*TWO), tile())
    assert spent(ledger, "array") == {"weight": 3, "input": 1, "stream": 6, "drain": 1}
    assert spent(ledger, "lif") == {"array": 7 + 2, "update": 2}
    assert spent(ledger, "dma") == {"weight": 6, "input": 1, "idle": 4}


def test_a_single_buffer_loads_the_second_job_after_the_first_one() -> None:
    # load 0-4, 7-10; array 4-7, 10-13; lif 7-8, 13-14.
    ledger = played(program(*TWO), tile(double=False))
    assert spent(ledger, "array") == {"weight": 6, "input": 1, "stream": 6, "drain": 1}
    assert spent(ledger, "dma") == {"weight": 6, "input": 1, "idle": 3 + 4}


def test_a_bank_holds_all_k_tiles_of_a_fold() -> None:
    # one bank: both K-tiles of fold 0 run 0-4, its LIF stage 4-9; only then fold 1: 9-13, 13-18.
    tiles = [{"stream": 2, "closes": 0}, {"stream": 2, "update": 5}] * 2
    ledger = played(program(*tiles), tile(banks=1))
    assert spent(ledger, "array") == {"stream": 8, "partial_sum": 5, "drain": 5}


def test_one_bank_of_sums_holds_the_array() -> None:
    # array 0-2, lif 2-7, array 7-9 (5 for its bank), lif 9-14.
    ledger = played(program(*[{"stream": 2, "update": 5}] * 2), tile(banks=1))
    assert spent(ledger, "array") == {"stream": 4, "partial_sum": 5, "drain": 5}
    assert spent(ledger, "lif") == {"array": 2 + 2, "update": 10}


def test_one_output_slot_holds_the_lif_units() -> None:
    # array 0-1, 1-2; lif 0: 1-2; store 0: 2-6; lif 1: from 2 for the slot, 6-7; store 1: 7-11.
    jobs = [{"stream": 1, "update": 1, "store": {"output": 4}}] * 2
    ledger = played(program(*jobs, slots=1), tile())
    assert spent(ledger, "lif") == {"array": 1, "update": 2, "output": 4, "drain": 4}
    assert spent(ledger, "dma") == {"idle": 2 + 1, "store": 8}


def test_of_a_load_and_a_store_that_can_start_together_the_load_goes_first() -> None:
    # load 0: 0-2, load 1: 2-6; array 0: 2-5; lif 5-6. At 6: load 2 (ready at 6) and store 0: load 6-8.
    # array 1: 6-9; store 0: 8-11; array 2: 9-12.
    jobs = [
        {"load": {"weight": 2}, "stream": 3, "update": 1, "store": {"output": 3}},
        {"load": {"weight": 4}, "stream": 3},
        {"load": {"weight": 2}, "stream": 3},
    ]
    ledger = played(program(*jobs), tile())
    assert spent(ledger, "array") == {"weight": 2 + 1, "stream": 9}
    assert spent(ledger, "dma") == {"weight": 8, "store": 3, "idle": 1}


def test_the_array_waits_for_a_store_in_front_of_its_load() -> None:
    # D = 1. load 0: 0-1; array 1-2; lif 2-3; load 1: 2-3; array 1: 3-4; store 0: 3-13; load 2, ready at
    # 4, 13-14: of the wait of job 2 from 4 on 9 cycles are the store's, 1 its own.
    jobs = [{"load": {"weight": 1}, "stream": 1} for _ in range(3)]
    jobs[0] |= {"update": 1, "store": {"output": 10}}
    ledger = played(program(*jobs), tile(double=False))
    assert spent(ledger, "array") == {"weight": 1 + 1 + 1, "store": 9, "stream": 3}


def test_a_load_waits_for_the_store_it_depends_on() -> None:
    # load 0: 0-1; array 1-3; lif 3-4; store 4-9; load 1: 9-11 (S3); array 11-12. Job 1 waits from 3: 6
    # for the store it depends on, 2 for its load.
    jobs = (
        {"load": {"weight": 1}, "stream": 2, "update": 1, "store": {"membrane": 5}},
        {"load": {"membrane": 2}, "stream": 1, "after": 0},
    )
    ledger = played(program(*jobs), tile())
    assert spent(ledger, "array") == {"weight": 1, "stream": 3, "dependency": 6, "membrane": 2}
    assert spent(ledger, "dma") == {"weight": 1, "idle": 3 + 1, "store": 5, "membrane": 2}


def test_a_load_without_bytes_waits_for_its_store_too() -> None:
    # array 0-2, lif at 2, store 2-7; job 1 has no bytes to load and starts at 7.
    ledger = played(program({"stream": 2, "store": {"output": 5}}, {"stream": 1, "after": 0}), tile())
    assert spent(ledger, "array") == {"stream": 3, "dependency": 5}


def test_partial_sums_that_spill_are_stored_and_loaded_between_two_jobs() -> None:
    # array 0-2; store 2-5; load 5-8 with the spill behind the weights; array 8-10.
    jobs = (
        {"stream": 2, "store": {"spill": 3}},
        {"stream": 2, "load": {"weight": 1, "spill": 2}, "after": 0},
    )
    ledger = played(program(*jobs), tile())
    assert spent(ledger, "array") == {"stream": 4, "dependency": 3, "weight": 1, "spill": 2}
    assert spent(ledger, "dma") == {"idle": 2 + 2, "store": 3, "weight": 1, "spill": 2}


def test_every_operand_of_a_load_has_its_cause() -> None:
    load = dict(zip(LOADED, (1, 2, 3, 4, 5), strict=True))
    ledger = played(program({"load": load, "stream": 1}), tile())
    assert spent(ledger, "array") == load | {"stream": 1}


def test_bandwidth_rounds_each_operand_up_to_whole_cycles() -> None:
    # 3 cycles of 7 bytes/s at 3 Hz: ceil(8 * 3 / 7) = 4 and ceil(1 * 3 / 7) = 1
    made = program({"load": {"weight": 8, "input": 1}})
    assert spent(played(made, tile(bandwidth=7, clock_hz=3)), "dma") == {"weight": 4, "input": 1}


FLAT = """\
name: flat
description: one byte a cycle, three cycles later
clock_hz: 10
burst_bytes: 1
flat: {bandwidth_bytes_per_s: 10, latency_cycles: 3, energy_pj_per_bit: null}
sources: {}
"""


def test_a_flat_tables_latency_delays_the_data_but_not_the_channel(tmp_path: Path) -> None:
    # load 0: channel 0-2, data at 5; load 1 follows on it: 2-3, data at 6; array 5-7 and 7-8; the store,
    # ready at 7: 7-9, there at 12.
    (tmp_path / "flat.yaml").write_text(FLAT)
    hardware = tile(clock_hz=10, table=str(tmp_path / "flat.yaml"))
    jobs = (
        {"load": {"weight": 1, "input": 1}, "stream": 2, "store": {"output": 2}},
        {"load": {"weight": 1}, "stream": 1},
    )
    ledger = played(program(*jobs), hardware)
    # the first operand ends at 1 + 3: the array waits 4 cycles for it, 1 for the second
    assert spent(ledger, "array") == {"weight": 4, "input": 1, "stream": 3, "drain": 4}
    # of the channel's first two cycles both lie before the first operand's end
    assert spent(ledger, "dma") == {"weight": 2 + 1, "idle": 4 + 3, "store": 2}


# --- overlap (P5) --------------------------------------------------------------------------------


@pytest.mark.parametrize("folds", [1, 2, 5])
def test_overlapped_passes_with_outputs_that_stay_take_one_way_through_the_array(folds: int) -> None:
    # L = 7, R = C = 2: F * L + R + C - 2
    ledger = played(program(*[{"stream": 7, "fill": 2}] * folds), tile(overlap=True))
    assert ledger.elapsed_cycles == folds * 7 + 2
    assert spent(ledger, "array") == {"stream": folds * 7, "fill_drain": 2}
    alone = played(program(*[{"stream": 7, "fill": 2}] * folds), tile())
    assert alone.elapsed_cycles == folds * (7 + 2)


# two loads ahead: with L < 2R + C - 2 the third pass waits for the first one's end (S3), and takes longer
@pytest.mark.parametrize(("folds", "length"), [(1, 1), (1, 9), (2, 1), (2, 4), (2, 9), (3, 9), (5, 20)])
def test_overlapped_passes_with_operands_that_stay_hide_the_preload(folds: int, length: int) -> None:
    # R = 4, C = 3: (F - 1) * max(L, R) + L + 2R + C - 2
    jobs = [{"preload": 4, "stream": length, "fill": 5}] * folds
    ledger = played(program(*jobs), tile(overlap=True))
    assert ledger.elapsed_cycles == (folds - 1) * max(length, 4) + length + 2 * 4 + 3 - 2
    exposed = max(4 - length, 0)
    found = spent(ledger, "array")
    assert found == {"preload": 4 + (folds - 1) * exposed, "stream": folds * length, "fill_drain": 5}
    alone = played(program(*jobs), tile())
    assert alone.elapsed_cycles == folds * (4 + length + 5)


def test_a_pass_that_waits_lets_the_one_before_drain_first() -> None:
    # load 0: 0-1, load 1: 1-9; array streams 1-3, drains until 7; then job 1 waits for its load until 9.
    jobs = (
        {"load": {"weight": 1}, "stream": 2, "fill": 4},
        {"load": {"weight": 8}, "stream": 2, "fill": 4},
    )
    ledger = played(program(*jobs), tile(overlap=True))
    assert spent(ledger, "array") == {"weight": 1 + 2, "stream": 4, "fill_drain": 4 + 4}


def test_a_preload_begins_when_the_pass_before_streams() -> None:
    # preload 0: 0-3, stream 3-4; preload 1 from 3 (not earlier, though its data are there) to 6.
    ledger = played(program(*[{"preload": 3, "stream": 1}] * 2), tile(overlap=True))
    assert spent(ledger, "array") == {"preload": 3 + 2, "stream": 2}


def test_a_job_that_streams_nothing_lets_the_next_preload_pass() -> None:
    # preload 0: 0-3, stream 3-5; job 1 has nothing and waits for lif 0 (5-25) with P = 1; load 2 ends at
    # array_end(0) = 5 with D = 2, preload 2: 5-8. Job 1 and its lif at 25; job 2 streams 25-27.
    jobs = (
        {"preload": 3, "stream": 2, "update": 20},
        {},
        {"preload": 3, "stream": 2},
    )
    ledger = played(program(*jobs), tile(overlap=True, banks=1))
    assert ledger.elapsed_cycles == 25 + 2
    assert spent(ledger, "array") == {"preload": 3, "stream": 4, "partial_sum": 20}


def test_a_load_of_nothing_ends_no_sooner_than_the_one_before() -> None:
    # load 0: 0-10, for a job that streams nothing; load 1 has no bytes and ends at 10: preload 10-13, stream
    # 13-15
    jobs = ({"load": {"weight": 10}}, {"preload": 3, "stream": 2})
    ledger = played(program(*jobs), tile(overlap=True))
    assert ledger.elapsed_cycles == 15
    assert spent(ledger, "array") == {"weight": 10, "preload": 3, "stream": 2}


# --- the oracle ----------------------------------------------------------------------------------


def compared(made: Program, hardware: Hardware) -> tuple[Ledger, Oracle]:
    ledger, oracle = played(made, hardware), Oracle(made, hardware)
    assert ledger.differences(oracle.ledger(made)) == []
    assert ledger.elapsed_cycles == oracle.end
    return ledger, oracle


@pytest.mark.parametrize("overlap", [False, True])
@many_programs
@given(programs(), st.booleans(), st.integers(1, 3), st.sampled_from([(1, 1), (7, 3), (1000, 3)]))
def test_plain_transfers_play_as_the_oracle_plays_them(
    overlap: bool, made: Program, double: bool, banks: int, rates: tuple[int, int]
) -> None:
    bandwidth, clock = rates
    compared(made, tile(double=double, banks=banks, overlap=overlap, bandwidth=bandwidth, clock_hz=clock))


@few_programs
@given(programs(), st.booleans())
def test_a_latency_plays_as_the_oracle_plays_it(made: Program, overlap: bool) -> None:
    compared(made, tile(clock_hz=1_000_000_000, table="hbm2", overlap=overlap))


@many_programs
@given(programs(), st.booleans(), st.integers(1, 3))
def test_less_bandwidth_never_shortens_a_run(made: Program, overlap: bool, banks: int) -> None:
    elapsed = [
        run(made, tile(bandwidth=b, clock_hz=16, overlap=overlap, banks=banks)).elapsed_cycles
        for b in (64, 16, 8, 1)
    ]
    assert elapsed == sorted(elapsed)


# --- DRAM commands -------------------------------------------------------------------------------

VARIANTS: dict[str, dict[str, Any]] = {
    "one": {},
    "closed": {"policy": "closed", "queue": 2, "mapping": "channel:rank:row:column:bank:bankgroup"},
    "ranks": {"ranks": 2, "mapping": "row:rank:bank:column:bankgroup:channel"},
    "channels": {"channels": 4, "ranks": 2, "mapping": "row:column:channel:rank:bankgroup:bank"},
    "split": {"channels": 2},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.mark.parametrize("variant", VARIANTS)
@few_programs
@given(programs(unit=64), st.booleans(), st.booleans(), st.sampled_from([400, 1200, 1999, 5000]))
def test_commands_play_as_the_oracle_and_the_engine_play_them(
    folder: Path, variant: str, made: Program, overlap: bool, double: bool, megahertz: int
) -> None:
    name = table_file(folder, variant, **VARIANTS[variant])
    hardware = tile(clock_hz=megahertz * 10**6, table=name, overlap=overlap, double=double, banks=2)
    ledger, oracle = compared(made, hardware)
    channel = oracle.channel
    assert isinstance(channel, CommandChannel)
    totals = channel.engine.totals()
    expected = (
        totals.activates, totals.reads, totals.writes, totals.refreshes, totals.active_cycles,
        totals.precharged_cycles,
    )  # fmt: skip
    assert tuple(ledger.total(action) for action in DRAM_COMMANDS) == expected
    device = hardware.dram.banked
    if device is None or not channel.asked:
        return
    table = device.model_dump()
    logs = commands(channel.engine, table)
    assert [wrong for log in logs.values() for wrong in audit(log, table)] == []
    assert account(channel.asked, channel.completions, logs, table) == []


@pytest.fixture(scope="module")
def ddr4() -> Hardware:
    """Clocks of the DRAM, so that tile cycles are its cycles."""
    return tile(clock_hz=1_200_000_000, table="ddr4_2400")


def test_a_load_by_commands_takes_the_cycles_of_its_commands(ddr4: Hardware) -> None:
    # Weights at 0, inputs behind them at 8192, in the next bank group: ACT 0, ACT 4 (tRRD_S), RD 16, RD 20:
    # data end at 16 + 16 + 4 = 36 and at 40. The channel is free at the last command's 20.
    ledger = played(program({"load": {"weight": 64, "input": 64}, "stream": 1}), ddr4)
    assert spent(ledger, "array") == {"weight": 36, "input": 4, "stream": 1}
    assert spent(ledger, "dma") == {"weight": 20, "idle": 21}
    found = [ledger.total(action) for action in DRAM_COMMANDS]
    # one rank with a row open from 0 to the last completion at 40
    assert found == [2, 2, 0, 0, 40, 0]


def test_a_store_by_commands_ends_after_its_write(ddr4: Hardware) -> None:
    # array 0-1; ACT 1, WR 17, data end at 17 + 12 + 4 = 33; free at 17
    ledger = played(program({"stream": 1, "store": {"output": 64}}), ddr4)
    assert ledger.elapsed_cycles == 33
    assert spent(ledger, "dma") == {"idle": 1 + 16, "store": 16}
    assert [ledger.total(action) for action in DRAM_COMMANDS] == [1, 0, 1, 0, 32, 1]


def test_a_walk_begins_anew_where_the_next_request_would_leave_its_region(ddr4: Hardware) -> None:
    # Requests of 3, 3 and 3 bursts in a region of 8: at 0, 3 and again 0, all in one row: 9 reads, one ACT.
    jobs = [{"load": {"weight": 192}}] * 3
    made = program(*jobs, regions={"weight": 512})
    oracle = compared(made, ddr4)[1]
    assert [asked.address for asked in oracle.channel.asked] == [0, 192, 0]


def test_clocks_whose_cycles_cannot_be_told_in_each_other_are_refused() -> None:
    # 2^32 - 5 is a prime: it and 1.2 * 10^9 have no common divisor, and their product is 5.2 * 10^18 > 2^62
    hardware = tile(clock_hz=2**32 - 5, table="ddr4_2400")
    with pytest.raises(HwsimError, match=r"4294967291 Hz and, of DRAM 'ddr4_2400', 1200000000 Hz: their"):
        run(program({"load": {"weight": 64}}), hardware)


def test_rows_stay_open_and_refreshes_go_on_between_transfers(ddr4: Hardware) -> None:
    # 100,000 cycles of array time between the loads (D = 1): refreshes fall due every 9363 cycles
    jobs = [{"load": {"weight": 64}, "stream": 100_000}, {"load": {"weight": 64}}]
    hardware = tile(clock_hz=1_200_000_000, table="ddr4_2400", double=False)
    ledger = played(program(*jobs), hardware)
    assert ledger.total("dram_refreshes") == 100_036 // 9363
    assert ledger.total("dram_activates") == 2
    assert played(program(*({"load": {"weight": 64}},) * 2), ddr4).total("dram_activates") == 1


def test_the_same_table_as_plain_bandwidth_counts_no_commands() -> None:
    hardware = tile(clock_hz=1_200_000_000, table="ddr4_2400", timing="bandwidth")
    ledger = played(program({"load": {"weight": 640}}), hardware)
    # 16 bytes a cycle at the pins
    assert (ledger.elapsed_cycles, ledger.total(*DRAM_COMMANDS)) == (40, 0)


def test_regions_that_do_not_fit_the_dram_are_an_error_with_their_sizes(folder: Path) -> None:
    # 16 banks of 64 rows of 8 bursts of 64 bytes: 524288. Weights of 500,000 bytes, then outputs at 507,904 =
    # 62 * 8192 of 16,384 bytes that fit, or of 16,385 that do not.
    hardware = tile(table=table_file(folder, "one"))
    jobs = ({"load": {"weight": 64}, "store": {"output": 64}},)
    assert run(program(*jobs, regions={"weight": 500_000, "output": 16_384}), hardware).elapsed_cycles
    message = r"524289 bytes, DRAM 'one' has 524288; .*'l0', 516385 bytes"
    with pytest.raises(HwsimError, match=message):
        run(program(*jobs, regions={"weight": 500_000, "output": 16_385}), hardware)


def test_a_request_beyond_its_region_is_an_error(folder: Path) -> None:
    made = program({"load": {"weight": 128}})
    made.regions[0, 0] = 64
    with pytest.raises(HwsimError, match=r"layer 'l0' moves 128 bytes of weight at once, .* has 64"):
        run(made, tile(table=table_file(folder, "one")))


def test_a_run_of_more_cycles_than_are_counted_is_refused() -> None:
    # 2**41 bytes at 2**20 cycles each are 2**61 cycles = 2.3e18; of 4 PEs twice the bound of 2**62
    job = {"load": {"input": 2**41}}
    slow = tile(clock_hz=2**20, bandwidth=1)
    with pytest.raises(HwsimError, match=r"hardware 'test': the run takes about 2\.3e\+18 cycles, more than"):
        run(program(job), slow)
