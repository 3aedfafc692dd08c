"""Rows of hop_energy against the runs of DSENT, which lie outside the repository: HWSIM_DATA."""

import csv
import os
import re
from math import isclose
from pathlib import Path

import pytest

from hwsim.grid import hop_energies, load_hop_energy

DATA = Path(os.environ.get("HWSIM_DATA", Path(__file__).resolve().parents[1].parent / "shared"))
FILE = DATA / "reference" / "noc" / "dsent_energy.csv"


def runs() -> dict[str, dict[str, str]]:
    """Of each row that DSENT was run for, by the name of its table; 32 bits and 4 x 8 have the short one."""
    if not FILE.is_file():
        pytest.skip(f"{FILE} is absent: HWSIM_DATA names the directory that holds reference/noc")
    found = {}
    with FILE.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            (node,) = re.findall(r"\d+", row["tech"])
            size = f"_{row['flit_bits']}b_{row['vcs']}x{row['buf']}"
            found[f"dsent{node}" + ("" if size == "_32b_4x8" else size)] = row
    return found


def test_every_run_of_dsent_is_a_row() -> None:
    assert sorted(runs()) == [name for name in hop_energies() if name.startswith("dsent")]


def test_a_row_has_the_runs_numbers() -> None:
    for name, run in runs().items():
        row, of = load_hop_energy(name), {key: float(value) for key, value in run.items() if key != "tech"}
        router = of["buf_write_pJ"] + of["buf_read_pJ"] + of["xbar_pJ"] + of["arb_pJ"]
        hop = router + of["link_1mm_pJ_per_flit"]
        for found, expected in (
            (row.flit_bits, of["flit_bits"]),
            (row.source_router_pj, router),
            (row.hop_x_pj, hop),
            (row.hop_y_pj, hop),
            (row.router_clock_pj, of["clock_pJ_per_cycle"]),
            (row.router_leakage_mw, of["router_leak_mW"]),
            (row.link_leakage_mw, of["link_1mm_leak_mW"]),
            (row.router_area_um2, of["router_area_mm2"] * 1e6),
        ):
            assert found is not None
            assert isclose(found, expected, rel_tol=1e-8), name
