"""Packet times are BookSim2's, every one (R4-R11). The reference lies outside the repository: HWSIM_DATA."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hwsim.noc.config import load_noc
from hwsim.noc.network import deliver_all, traffic

DATA = Path(os.environ.get("HWSIM_DATA", Path(__file__).resolve().parents[2].parent / "shared"))
TRACES = DATA / "reference" / "noc" / "traces"
PID, SOURCE, DESTINATION, CREATED, INJECTED, ARRIVED, HOPS = range(7)

CASES = [
    ("hotspot", 1, 4, 1), ("hotspot", 1, 8, 1), ("hotspot", 4, 8, 1), ("snn_burst", 1, 8, 1),
    ("snn_burst", 2, 4, 1), ("uniform010", 1, 4, 1), ("uniform010", 1, 8, 1), ("uniform010", 1, 8, 4),
    ("uniform010", 4, 8, 1), ("uniform010", 4, 8, 4), ("zeroload", 1, 4, 1), ("zeroload", 1, 8, 1),
    ("zeroload", 1, 8, 4), ("zeroload", 2, 4, 1), ("zeroload", 4, 8, 1), ("zeroload", 4, 8, 4),
]  # fmt: skip


def table_of(path: Path, **options: object) -> NDArray[np.int64]:
    if not path.is_file():
        pytest.skip(f"{path} is absent: HWSIM_DATA names the directory that holds reference/noc")
    return np.loadtxt(path, dtype=np.int64, **options)  # type: ignore[call-overload, no-any-return]


def by_source(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows without numbers: BookSim2 numbers a packet when it comes to the head of its source's queue."""
    return rows[np.lexsort((rows[:, CREATED], rows[:, SOURCE])), SOURCE:]


@pytest.mark.parametrize(("name", "vcs", "buffer", "size"), CASES)
def test_every_packet_enters_and_arrives_when_it_does_in_booksim(
    name: str, vcs: int, buffer: int, size: int
) -> None:
    reference = table_of(TRACES / f"bs_{name}_vc{vcs}_buf{buffer}_ps{size}.csv", delimiter=",", skiprows=1)
    given = table_of(TRACES / f"{name}.txt")
    table = load_noc("booksim").changed(virtual_channels=vcs, buffer_flits=buffer)
    found, totals = deliver_all(table, traffic(given[:, 0], given[:, 1], given[:, 2], size))
    assert by_source(np.stack(found, axis=1)).tolist() == by_source(reference).tolist()
    assert totals.flit_hops == reference[:, HOPS].sum() * size


def test_every_trace_of_the_reference_is_among_the_cases() -> None:
    names = {path.name for path in TRACES.glob("bs_*.csv")}
    if not names:
        pytest.skip(f"{TRACES} is absent: HWSIM_DATA names the directory that holds reference/noc")
    found = [re.fullmatch(r"bs_(\w+)_vc(\d+)_buf(\d+)_ps(\d+)\.csv", name) for name in sorted(names)]
    assert [(m[1], int(m[2]), int(m[3]), int(m[4])) for m in found if m] == CASES
