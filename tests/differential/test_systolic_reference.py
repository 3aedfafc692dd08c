"""The array against SCALE-Sim 3.0.0: cycles and SRAM accesses of its runs.

The dense engine reproduces all of them through ``hwsim replay systolic``; the tile, which is
output-stationary, those of that dataflow. The reference lies outside the repository: HWSIM_DATA (default
../shared) / reference/systolic.
"""

import csv
import os
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from hwsim.errors import HwsimWarning
from hwsim.events import EventTrace
from hwsim.ledger import Ledger
from hwsim.network import Network, Population
from hwsim.replay import systolic_rows
from tests.examples import chip, conv, simulate

DATA = Path(os.environ.get("HWSIM_DATA", Path(__file__).parents[3] / "shared"))
REFERENCE = DATA / "reference" / "systolic" / "reference.csv"

Row = dict[str, str]


@pytest.fixture(scope="module")
def every_row() -> list[Row]:
    if not REFERENCE.is_file():
        pytest.skip(f"{REFERENCE} is not there; set HWSIM_DATA to the directory that holds reference/")
    with REFERENCE.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def rows(every_row: list[Row]) -> list[Row]:
    found = [row for row in every_row if row["dataflow"] == "os"]
    assert len(found) == 214
    return found


@pytest.fixture(scope="module")
def replayed(every_row: list[Row], tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """The reference's own file through the replay; its SRAM columns come back as given_..."""
    output = tmp_path_factory.mktemp("replay") / "out.csv"
    with pytest.warns(HwsimWarning, match="given_sram_ifmap_reads"):
        systolic_rows.replay(REFERENCE, output, overlap=False, causes=True)
    with output.open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert Counter(row["dataflow"] for row in found) == {"os": 214, "ws": 278, "is": 278}
    assert len(found) == len(every_row) == 770
    return found


@cache
def dense_run(rows: int, columns: int, m: int, n: int, k: int) -> Ledger:
    """A 1x1 convolution of K channels on (1, M) positions to N channels, every neuron live."""
    network = Network(
        "matrix product",
        (Population("in", (k, 1, m), "input"), Population("a", (n, 1, m), "lif")),
        (conv("in", "a", np.zeros((n, k, 1, 1), np.int8)),),
        "a",
        1,
        "spikes",
        integer=True,
    )
    # buffers large enough that there is one K-tile and nothing is loaded twice
    hardware = chip(rows, columns, "dense", weight=1 << 30, inputs=1 << 30, output=1 << 30)
    (ledger,) = simulate(network, EventTrace.all_live(network), hardware)
    return ledger


def run(row: Row) -> Ledger:
    return dense_run(*(int(row[name]) for name in ("R", "C", "M", "N", "K")))


def test_array_cycles_equal_those_of_every_run(rows: list[Row]) -> None:
    # closed_form_cycles is the tool's total, which is the index of its last cycle, plus one
    differing = {}
    for row in rows:
        spent = run(row).by_cause("array")
        if spent["stream"] + spent["fill_drain"] != int(row["closed_form_cycles"]):
            differing[tuple(row.values())[:8]] = spent
    assert not differing
    assert all(int(r["closed_form_cycles"]) == int(r["scalesim_total_cycles"]) + 1 for r in rows)


@pytest.mark.parametrize(
    ("action", "column"), [("weight_reads", "sram_filter_reads"), ("input_reads", "sram_ifmap_reads")]
)
def test_reads_of_the_buffers_equal_those_of_every_run(rows: list[Row], action: str, column: str) -> None:
    assert {run(row).total(action) - int(row[column]) for row in rows} == {0}


def test_every_output_is_written_once(rows: list[Row]) -> None:
    # the tool's own count of output writes has folds * (R + C) too many
    assert all(run(row).total("output_writes") == int(row["M"]) * int(row["N"]) for row in rows)


@pytest.mark.parametrize(
    ("added", "reference"),
    [
        ("cycles", "closed_form_cycles"),
        ("sram_ifmap_reads", "given_sram_ifmap_reads"),
        ("sram_filter_reads", "given_sram_filter_reads"),
    ],
)
def test_the_replay_gives_cycles_and_reads_of_all_770_runs(
    replayed: list[Row], added: str, reference: str
) -> None:
    assert not [row for row in replayed if row[added] != row[reference]]


@pytest.mark.parametrize("flow", ["ws", "is"])
def test_the_replay_gives_the_output_writes_of_runs_with_a_stationary_operand(
    replayed: list[Row], flow: str
) -> None:
    found = [row for row in replayed if row["dataflow"] == flow]
    assert len(found) == 278
    assert not [row for row in found if row["sram_ofmap_writes"] != row["given_sram_ofmap_writes"]]


def test_the_tool_writes_outputs_folds_times_rows_and_columns_too_often(replayed: list[Row]) -> None:
    found = [row for row in replayed if row["dataflow"] == "os"]
    assert len(found) == 214
    for row in found:
        m, n, r, c = (int(row[name]) for name in ("M", "N", "R", "C"))
        folds = -(-m // r) * -(-n // c)
        assert int(row["sram_ofmap_writes"]) == m * n
        assert int(row["given_sram_ofmap_writes"]) == m * n + folds * (r + c)


def test_the_replay_gives_the_tools_utilization_and_mapping_efficiency(replayed: list[Row]) -> None:
    # its utilization is taken over its own total, which is a cycle short
    for row in replayed:
        over = int(row["scalesim_total_cycles"]) / int(row["closed_form_cycles"])
        assert float(row["utilization"]) == pytest.approx(float(row["overall_util_pct"]) / 100 * over)
        assert 1 - float(row["mapping_loss"]) == pytest.approx(float(row["mapping_eff_pct"]) / 100)


def test_the_replay_passes_everything_else_through(replayed: list[Row], every_row: list[Row]) -> None:
    for given_row, row in zip(every_row, replayed, strict=True):
        kept = {name: row.get(f"given_{name}", row[name]) for name in given_row}
        assert kept == given_row
