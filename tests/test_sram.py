"""SRAM: the grid itself, what lies between its points, and what lies outside."""

import csv
from math import exp, isclose, log, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim import sram
from hwsim.errors import HwsimError

with sram.GRID.open(encoding="utf-8") as _file:
    ROWS = list(csv.DictReader(_file))
CAPACITIES = sorted({int(row["capacity_bytes"]) for row in ROWS})
WIDTHS = sorted({int(row["width_bits"]) for row in ROWS})
CHEAPER = 1.96489 / 2.17157
"""CACTI's one step down to a wider word at 32 nm, itrs-lop: a read of 8 KiB, 64 to 128 bits."""


def at(node: int, cell: str, capacity: int, width: int) -> tuple[float, float, float, float]:
    """A row of the file: read and write energy (pJ), area (um2), leakage (mW)."""
    key = (str(node), cell, str(capacity), str(width))
    names = ("node_nm", "cell_type", "capacity_bytes", "width_bits")
    (row,) = (r for r in ROWS if tuple(r[n] for n in names) == key)
    area, leakage = float(row["area_mm2"]) * 1e6, float(row["leakage_mw"])
    return float(row["read_pj"]), float(row["write_pj"]), area, leakage


def test_the_grid_has_every_combination_once() -> None:
    kinds = {(row["node_nm"], row["cell_type"]) for row in ROWS}
    assert len(ROWS) == len(kinds) * len(CAPACITIES) * len(WIDTHS)
    assert {(int(n), c) for n, c in kinds} == set(sram.nodes())


def test_a_macro_is_no_larger_and_no_wider_than_the_grid() -> None:
    assert (CAPACITIES[-1], WIDTHS[-1]) == (sram.LARGEST_BYTES, sram.WIDEST_BITS)


def test_points_of_the_grid_are_exact_where_no_wider_word_is_cheaper() -> None:
    for row in ROWS:
        node, cell, size = int(row["node_nm"]), row["cell_type"], int(row["capacity_bytes"])
        width = int(row["width_bits"])
        wider = [at(node, cell, size, w) for w in WIDTHS if w >= width]
        expected = (min(w[0] for w in wider), min(w[1] for w in wider), *wider[0][2:])
        for value, grid in zip(sram.access(node, cell, size, width), expected, strict=True):
            assert isclose(value, grid, rel_tol=1e-12)


def test_a_narrow_word_costs_no_more_than_a_wider_one_of_the_same_memory() -> None:
    # CACTI: 8 KiB at 32 nm, 2.17157 pJ for 64 bits and 1.96489 pJ for 128
    assert at(32, "itrs-lop", 8192, 64)[0] == 2.17157
    assert isclose(sram.access(32, "itrs-lop", 8192, 64).read_pj, 1.96489, rel_tol=1e-12)


KINDS = st.sampled_from(sram.nodes())
SIZES, WORDS = st.integers(2**14, 2**23), st.integers(WIDTHS[0], 4096)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(KINDS, SIZES, SIZES, WORDS)
def test_an_access_costs_no_less_in_a_larger_memory(
    kind: tuple[int, str], one: int, other: int, word: int
) -> None:
    smaller, larger = (sram.access(*kind, size, word) for size in sorted((one, other)))
    assert smaller.read_pj <= larger.read_pj * (1 + 1e-12)
    assert smaller.write_pj <= larger.write_pj * (1 + 1e-12)
    assert smaller.area_um2 <= larger.area_um2 * (1 + 1e-12)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(KINDS, SIZES, WORDS, WORDS)
def test_an_access_costs_no_less_of_a_wider_word(
    kind: tuple[int, str], size: int, one: int, other: int
) -> None:
    narrow, wide = (sram.access(*kind, size, word) for word in sorted((one, other)))
    assert narrow.read_pj <= wide.read_pj * (1 + 1e-12)
    assert narrow.write_pj <= wide.write_pj * (1 + 1e-12)


def test_a_memory_just_larger_than_a_macro_costs_what_the_macro_does() -> None:
    # 2.5 MiB are 1.25 macros of 2 MiB, of which an access takes one
    whole, split = (sram.access(32, "itrs-lop", size, 128) for size in (2**21, 5 * 2**19))
    assert (split.read_pj, split.write_pj) == (whole.read_pj, whole.write_pj)
    assert isclose(split.area_um2, 1.25 * whole.area_um2, rel_tol=1e-12)


def test_a_word_just_wider_than_a_macro_takes_a_little_more_of_it() -> None:
    # 257 bits: 257 / 256 macros of 256 bits and 256 / 257 of the capacity
    split, part = sram.access(32, "itrs-lop", 257 * 2**8, 257), sram.access(32, "itrs-lop", 2**16, 256)
    for found, one in zip(split, part, strict=True):
        assert isclose(found, 257 / 256 * one, rel_tol=1e-12)


def test_a_memory_is_one_macro_up_to_two_mebibytes_for_each_256_bits() -> None:
    assert sram.is_one_macro(2**21, 32)
    assert not sram.is_one_macro(2**21 + 1, 256)
    assert sram.is_one_macro(2**22, 512)
    assert not sram.is_one_macro(2**22 + 1, 512)


def test_between_two_capacities_energy_follows_a_power_law() -> None:
    # 1536 of 1024 to 2048 bytes: log2(1.5) of the way
    low, high = at(32, "itrs-lop", 1024, 32), at(32, "itrs-lop", 2048, 32)
    way = log(1.5) / log(2)
    for found, a, b in zip(sram.access(32, "itrs-lop", 1536, 32), low, high, strict=True):
        assert isclose(found, exp((1 - way) * log(a) + way * log(b)), rel_tol=1e-12)


def test_between_two_widths_energy_follows_a_power_law() -> None:
    low, high = at(45, "itrs-hp", 4096, WIDTHS[0]), at(45, "itrs-hp", 4096, WIDTHS[1])
    middle = round(sqrt(WIDTHS[0] * WIDTHS[1]))
    way = log(middle / WIDTHS[0]) / log(WIDTHS[1] / WIDTHS[0])
    for found, a, b in zip(sram.access(45, "itrs-hp", 4096, middle), low, high, strict=True):
        assert isclose(found, a * (b / a) ** way, rel_tol=1e-12)


def test_between_four_points_both_laws_apply_one_after_the_other() -> None:
    # along the width first, along the capacity second; the order does not matter
    low = sram.access(32, "itrs-lop", 131072, 100)
    high = sram.access(32, "itrs-lop", 262144, 100)
    way = log(147456 / 131072) / log(2)
    for found, a, b in zip(sram.access(32, "itrs-lop", 147456, 100), low, high, strict=True):
        assert isclose(found, a ** (1 - way) * b**way, rel_tol=1e-12)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(CAPACITIES[0], CAPACITIES[-1]), st.integers(WIDTHS[0], WIDTHS[-1]))
def test_no_value_lies_beyond_its_neighbours_in_the_grid(capacity: int, width: int) -> None:
    corners = [
        at(32, "itrs-lop", c, w)
        for c in (max(x for x in CAPACITIES if x <= capacity), min(x for x in CAPACITIES if x >= capacity))
        for w in (max(x for x in WIDTHS if x <= width), min(x for x in WIDTHS if x >= width))
    ]
    for found, *ends in zip(sram.access(32, "itrs-lop", capacity, width), *corners, strict=True):
        assert min(ends) * CHEAPER * (1 - 1e-12) <= found <= max(ends) * (1 + 1e-12)


def test_a_capacity_below_the_grid_is_an_error() -> None:
    message = (
        f"capacity_bytes = {CAPACITIES[0] - 1}: the SRAM grid begins at {CAPACITIES[0]} bytes for words of 64"
    )
    with pytest.raises(HwsimError, match=message):
        sram.access(32, "itrs-lop", CAPACITIES[0] - 1, 64)


def test_a_width_below_the_grid_is_an_error() -> None:
    message = f"word_bits = {WIDTHS[0] - 1}: the SRAM grid begins at words of {WIDTHS[0]} bits"
    with pytest.raises(HwsimError, match=message):
        sram.access(32, "itrs-lop", 4096, WIDTHS[0] - 1)


def test_a_wide_word_lies_in_macros_side_by_side() -> None:
    # 1024 bits are four macros of 256 bits, a quarter of the capacity each: four times energy and area
    wide, part = sram.access(32, "itrs-lop", 589824, 1024), sram.access(32, "itrs-lop", 147456, 256)
    for found, one in zip(wide, part, strict=True):
        assert isclose(found, 4 * one, rel_tol=1e-12)


def test_a_large_memory_is_macros_of_which_an_access_takes_one() -> None:
    # 128 MiB are 64 macros of 2 MiB
    large, part = sram.access(32, "itrs-lop", 2**27, 128), sram.access(32, "itrs-lop", 2**21, 128)
    assert isclose(large.read_pj, part.read_pj, rel_tol=1e-12)
    assert isclose(large.write_pj, part.write_pj, rel_tol=1e-12)
    assert isclose(large.area_um2, 64 * part.area_um2, rel_tol=1e-12)
    assert isclose(large.leakage_mw, 64 * part.leakage_mw, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("cell", "leakage_mw"), [("itrs-lstp", 1.67e-3), ("itrs-lop", 1.40), ("itrs-hp", 31.1)]
)
def test_a_memory_leaks_by_its_cells(cell: str, leakage_mw: float) -> None:
    # 64 KB at 45 nm, words of 64 bits: 1.67 uW, 1.40 mW and 31.1 mW
    assert isclose(sram.access(45, cell, 65536, 64).leakage_mw, leakage_mw, rel_tol=5e-3)


@pytest.mark.parametrize(("node", "cell"), [(28, "itrs-lop"), (32, "itrs-xyz")])
def test_a_node_or_cell_outside_the_grid_is_an_error_that_lists_what_it_holds(node: int, cell: str) -> None:
    with pytest.raises(
        HwsimError, match=f"no SRAM at {node} nm of type '{cell}'; the grid holds .*32 nm itrs-lop"
    ):
        sram.access(node, cell, 4096, 64)


CROSS_CHECK = [("itrs-lstp", (6.1, 17.0, 93.5)), ("itrs-hp", (5.3, 14.9, 67.7))]


@pytest.mark.parametrize(("cell", "reads_pj"), CROSS_CHECK)
def test_reads_at_45_nm_are_near_published_caches(cell: str, reads_pj: tuple[float, ...]) -> None:
    # 64 bits of 8 KB, 32 KB and 1 MB; Horowitz (ISSCC 2014) has 10, 20 and 100 pJ for caches of these sizes
    for size, expected, cache_pj in zip((8192, 32768, 1048576), reads_pj, (10, 20, 100), strict=True):
        found = sram.access(45, cell, size, 64).read_pj
        assert abs(found - expected) < 0.05
        assert 0.5 < found / cache_pj < 1
