"""The reference's DRAM: latency, commands, regions and their counts (docs/machine.md, S2 and S6)."""

from pathlib import Path

import pytest

from hwsim.cycle.reference.chip import simulate
from hwsim.dram.table import TABLES, load_dram
from hwsim.errors import HwsimError
from tests.cycle.small import LAYER_MAJOR, STEP_MAJOR, chip, jobs_of, pair, spent, traced

DDR4 = {"table": "ddr4_2400"}
CLOCK = 1_200_000_000
"""Of the tile as of the DRAM: their cycles are the same."""


def test_commands_of_a_load_share_the_dram_and_the_next_follows_before_their_data() -> None:
    # Bursts of weights and inputs in regions 8 KiB apart: other bank groups. Both rows open, at 0 and 4
    # (tRRD_S); RD 16 later (tRCD), data end CL + BL = 20 later: 36 and 40. The channel is free at 20.
    # array 40-43, lif 43-44. The inputs' end is 4 cycles after the weights'.
    network = pair(3, 1)
    ledger = simulate(network, traced(network), 0, chip(dram=DDR4, clock=CLOCK), LAYER_MAJOR)
    assert spent(ledger, "array") == {"weight": 36, "input": 4, "stream": 3, "drain": 1}
    assert spent(ledger, "dma") == {"weight": 20, "idle": 24}
    assert (ledger.total("dram_activates"), ledger.total("dram_reads")) == (2, 2)
    assert ledger.total("dram_weight_read_bytes") == ledger.total("dram_input_read_bytes") == 64
    # To the last completion one rank: no row open for the first cycles, none closed after.
    assert ledger.total("dram_active_cycles", "dram_precharged_cycles") == 40


def test_a_tile_of_another_clock_sees_the_dram_in_its_own_cycles() -> None:
    # Half the clock: ends at ceil(36 / 2) and ceil(40 / 2), free at 10.
    network = pair(3, 1)
    ledger = simulate(network, traced(network), 0, chip(dram=DDR4, clock=CLOCK // 2), LAYER_MAJOR)
    assert spent(ledger, "array") == {"weight": 18, "input": 2, "stream": 3, "drain": 1}
    assert spent(ledger, "dma") == {"weight": 10, "idle": 14}


def test_bandwidth_of_the_pins_in_place_of_commands() -> None:
    # 64 bytes in 4 cycles.
    network = pair(3, 1)
    hardware = chip(dram=DDR4 | {"timing": "bandwidth"}, clock=CLOCK)
    ledger = simulate(network, traced(network), 0, hardware, LAYER_MAJOR)
    assert spent(ledger, "array") == {"weight": 4, "input": 4, "stream": 3, "drain": 1}
    assert ledger.total("dram_reads") == 0


def test_a_latency_delays_data_and_leaves_the_channel_free(tmp_path: Path) -> None:
    # A byte a cycle, a latency of 10. load 0: 3 weights and an input, the channel 0-4, ends at 13 and 14;
    # load 1 follows on the channel: 4-7, ends at 17. array 14-17, 17-20; lif 17-18, 20-21.
    table = tmp_path / "slow.yaml"
    table.write_text(
        "name: slow\ndescription: ''\nclock_hz: 1\nburst_bytes: 1\nsources: {}\n"
        "flat: {bandwidth_bytes_per_s: 1, latency_cycles: 10, energy_pj_per_bit: null}\n"
    )
    network = pair(3, 2)
    hardware = chip(dram={"table": str(table)})
    ledger = simulate(network, traced(network), 0, hardware, LAYER_MAJOR)
    assert spent(ledger, "array") == {"weight": 13, "input": 1, "stream": 6, "drain": 1}
    assert spent(ledger, "dma") == {"weight": 4 + 3, "idle": 14}


def test_requests_walk_through_their_regions_and_begin_again_at_the_end() -> None:
    # One neuron in each of two N-folds, two steps step by step, bursts of 64 bytes: weights of two tiles,
    # 64 bytes each, but the layer's 6 bytes are one burst: the second tile begins again. The input's map is
    # loaded at both steps: 2 bursts. States: a burst a fold, one cell region of 64 bytes.
    network = pair(3, 2, steps=2)
    jobs = jobs_of(network, chip(dram=DDR4, clock=CLOCK), STEP_MAJOR)
    assert [job.addresses["load", "weight"] for job in jobs[:2]] == [0, 0]
    assert [job.addresses["load", "input"] for job in jobs if job.loads["input"]] == [8192, 8192 + 64]
    assert {job.addresses["store", "membrane"] for job in jobs} == {2 * 8192}
    assert {job.addresses["load", "membrane"] for job in jobs if job.loads["membrane"]} == {2 * 8192}


def test_regions_that_do_not_fit_the_dram_are_an_error(tmp_path: Path) -> None:
    # 4 rows of 4 bursts in one bank: 1 KiB, but a region begins every 8 KiB.
    text = (TABLES / "ddr4_2400.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "bank_groups: 4, banks: 4, rows: 65536, columns: 128", "bank_groups: 1, banks: 1, rows: 4, columns: 4"
    )
    table = tmp_path / "tiny.yaml"
    table.write_text(text, encoding="utf-8")
    assert load_dram(str(table)).capacity_bytes == 1024
    network = pair(3, 1)
    with pytest.raises(
        HwsimError, match="'a': its input ends at byte 8256 of DRAM 'ddr4_2400', which has 1024"
    ):
        simulate(network, traced(network), 0, chip(dram={"table": str(table)}, clock=CLOCK), LAYER_MAJOR)
