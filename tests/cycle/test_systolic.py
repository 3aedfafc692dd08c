"""Closed forms of the dense systolic dataflows, against runs worked out by hand (docs/systolic.md)."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.cycle.systolic import DATAFLOWS, DenseRuns, TooLargeError, dense
from hwsim.errors import HwsimError

# dataflow, R, C, M, N, K: cycles, input reads, weight reads, output writes.
# The array's diagonal takes R + C - 2 cycles to cross.
BY_HAND = [
    # one product in one cycle
    (("os", 1, 1, 1, 1, 1), (1, 1, 1, 1)),
    # 3 products a PE, 2 cycles to cross; every operand enters once
    (("os", 2, 2, 2, 2, 3), (3 + 2, 6, 6, 4)),
    # two folds of rows: the weights enter twice
    (("os", 2, 2, 3, 2, 3), (2 * 5, 9, 2 * 6, 6)),
    # 2 x 2 folds: each operand enters twice
    (("os", 2, 2, 3, 3, 3), (4 * 5, 2 * 9, 2 * 9, 9)),
    # a single PE works, the values still cross the whole array
    (("os", 4, 4, 1, 1, 5), (5 + 6, 5, 5, 1)),
    # M one by one, N in two folds
    (("os", 1, 8, 3, 10, 4), (6 * (4 + 7), 2 * 12, 3 * 40, 30)),
    # the same lying on its side
    (("os", 8, 1, 10, 3, 4), (6 * (4 + 7), 3 * 40, 2 * 12, 30)),
    # SATA, first layer of VGG9: ceil(900/8) = 113 times ceil(64/16) = 4 folds; the tool's count is one less
    (("os", 8, 16, 900, 64, 27), (452 * (27 + 22), 4 * 24300, 113 * 1728, 57600)),
    # a cycle to load, a cycle to multiply
    (("ws", 1, 1, 1, 1, 1), (1 + 1, 1, 1, 1)),
    # 2 to load, 3 positions, 2 to cross
    (("ws", 2, 2, 3, 2, 2), (2 + 3 + 2, 6, 4, 6)),
    # K = 3 in two folds: every output is written twice, as a partial sum
    (("ws", 2, 2, 3, 2, 3), (2 * 7, 9, 6, 2 * 6)),
    # N in two folds too: the inputs enter twice
    (("ws", 2, 2, 3, 3, 3), (4 * 7, 2 * 9, 9, 2 * 9)),
    # all four rows are loaded though one is used
    (("ws", 4, 4, 1, 1, 1), (4 + 1 + 6, 1, 1, 1)),
    # 2 x 2 folds of 4 to load, 5 positions, 4 to cross
    (("ws", 4, 2, 5, 3, 6), (4 * 13, 2 * 30, 18, 2 * 15)),
    # one row: K = 2 in two folds
    (("ws", 1, 3, 2, 3, 2), (2 * (1 + 2 + 2), 4, 6, 2 * 6)),
    (("is", 1, 1, 1, 1, 1), (1 + 1, 1, 1, 1)),
    # 2 to load, 3 channels, 2 to cross
    (("is", 2, 2, 2, 3, 2), (2 + 3 + 2, 4, 6, 6)),
    # K = 3 in two folds
    (("is", 2, 2, 2, 3, 3), (2 * 7, 6, 9, 2 * 6)),
    # M = 3 on two columns: the weights enter twice
    (("is", 2, 2, 3, 1, 2), (2 * (2 + 1 + 2), 6, 2 * 2, 3)),
    # ws 4x2 5, 3, 6 with M and N exchanged
    (("is", 4, 2, 3, 5, 6), (4 * 13, 18, 2 * 30, 2 * 15)),
]

# with overlap: cycles, stream, preload, fill and drain
OVERLAPPED = [
    # 4 folds of 3 one on the other, 2 to cross once
    (("os", 2, 2, 3, 3, 3), (14, 12, 0, 2)),
    (("os", 4, 4, 1, 1, 5), (11, 5, 0, 6)),
    # the loads of 2 hide behind streams of 3 but for the first
    (("ws", 2, 2, 3, 3, 3), (2 + 4 * 3 + 2, 12, 2, 2)),
    # streams of 2 wait for loads of 4: 4 + 3 * 4 + 2, and 4 to cross
    (("ws", 4, 2, 2, 3, 6), (22, 8, 4 + 3 * 2, 4)),
    # one fold: nothing to overlap with
    (("ws", 4, 4, 1, 1, 1), (11, 1, 4, 6)),
    (("is", 4, 2, 3, 2, 6), (22, 8, 4 + 3 * 2, 4)),
]

SIZE = st.integers(1, 300)
RUN = st.tuples(st.sampled_from(DATAFLOWS), SIZE, SIZE, SIZE, SIZE, SIZE)

# VGG16 for CIFAR: 13 convolutions, FC 512-512, FC 512-10
VGG16_M = [1024, 1024, 256, 256, 64, 64, 64, 16, 16, 16, 4, 4, 4, 1, 1]
VGG16_N = [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512, 512, 10]
VGG16_K = [27, 576, 576, 1152, 1152, 2304, 2304, 2304, 4608, 4608, 4608, 4608, 4608, 512, 512]


def counts(runs: DenseRuns, *names: str) -> tuple[int, ...]:
    return tuple(int(getattr(runs, name)[0]) for name in names)


@pytest.mark.parametrize(("run", "expected"), BY_HAND)
def test_cycles_and_accesses_are_those_worked_out_by_hand(
    run: tuple[Any, ...], expected: tuple[int, ...]
) -> None:
    names = ("cycles", "sram_ifmap_reads", "sram_filter_reads", "sram_ofmap_writes")
    assert counts(dense(*run), *names) == expected


def test_twenty_runs_are_worked_out_by_hand() -> None:
    assert len({run for run, _ in BY_HAND}) == 20


@pytest.mark.parametrize(("run", "expected"), OVERLAPPED)
def test_cycles_with_overlap_are_those_worked_out_by_hand(
    run: tuple[Any, ...], expected: tuple[int, ...]
) -> None:
    names = ("cycles", "stream_cycles", "preload_cycles", "fill_drain_cycles")
    assert counts(dense(*run, overlap=True), *names) == expected


@pytest.mark.parametrize(("flow", "total"), [("os", 1_607_646), ("ws", 3_917_680), ("is", 1_906_592)])
def test_vgg16_takes_the_known_cycles(flow: str, total: int) -> None:
    assert dense(flow, 16, 16, VGG16_M, VGG16_N, VGG16_K).cycles.sum() == total


@given(RUN, st.booleans())
def test_causes_add_up_to_cycles(run: tuple[Any, ...], overlap: bool) -> None:
    runs = dense(*run, overlap=overlap)
    assert runs.cycles == runs.stream_cycles + runs.preload_cycles + runs.fill_drain_cycles


@given(RUN)
def test_overlap_never_costs_cycles_and_changes_no_access(run: tuple[Any, ...]) -> None:
    apart, together = dense(*run), dense(*run, overlap=True)
    assert together.cycles <= apart.cycles
    assert (together.cycles == apart.cycles) == bool(
        apart.folds == 1 or (run[0] == "os" and run[1] == run[2] == 1)
    )
    for name in ("sram_ifmap_reads", "sram_filter_reads", "sram_ofmap_writes"):
        assert getattr(apart, name) == getattr(together, name)


@given(RUN, st.booleans())
def test_utilization_is_products_per_pe_and_cycle(run: tuple[Any, ...], overlap: bool) -> None:
    _, r, c, m, n, k = run
    runs = dense(*run, overlap=overlap)
    assert runs.utilization[0] == pytest.approx(m * n * k / (r * c * int(runs.cycles[0])))
    lost = (1.0 - runs.mapping_loss[0]) * runs.stream_cycles[0] / runs.cycles[0]
    assert lost == pytest.approx(runs.utilization[0])


def test_mapping_loss_is_the_share_of_pes_that_folds_leave_unoccupied() -> None:
    # 5 positions on 4 rows, 3 channels on 2 columns: 15 of 4 folds' 32 PEs
    assert dense("os", 4, 2, 5, 3, 7).mapping_loss[0] == pytest.approx(1 - 15 / 32)
    assert dense("ws", 4, 2, 7, 3, 5).mapping_loss[0] == pytest.approx(1 - 15 / 32)
    assert dense("is", 4, 2, 3, 7, 5).mapping_loss[0] == pytest.approx(1 - 15 / 32)
    assert dense("os", 4, 2, 8, 4, 7).mapping_loss[0] == 0


@given(st.lists(RUN, min_size=1, max_size=20), st.booleans())
def test_many_runs_at_once_are_the_runs_one_by_one(runs: list[tuple[Any, ...]], overlap: bool) -> None:
    together = dense(*zip(*runs, strict=True), overlap=overlap)
    alone = [dense(*run, overlap=overlap) for run in runs]
    for name, values in vars(together).items():
        assert values.tolist() == [getattr(one, name)[0] for one in alone]


@given(RUN)
def test_is_is_ws_with_m_and_n_exchanged(run: tuple[Any, ...]) -> None:
    _, r, c, m, n, k = run
    weight, given_input = dense("ws", r, c, m, n, k), dense("is", r, c, n, m, k)
    assert weight.cycles == given_input.cycles
    assert weight.sram_ifmap_reads == given_input.sram_filter_reads
    assert weight.sram_filter_reads == given_input.sram_ifmap_reads


def test_counts_up_to_the_last_that_fits_are_exact() -> None:
    # a single PE: M*N*K cycles; 2**63 - 1 = 7 * 1317624576693539401
    assert dense("os", 1, 1, 7, 1, 1317624576693539401).cycles[0] == 2**63 - 1
    assert dense("os", 1, 1, 1, 1, 2**63 - 1).sram_filter_reads[0] == 2**63 - 1


@pytest.mark.parametrize("flow", DATAFLOWS)
def test_a_count_that_does_not_fit_is_refused_with_its_row(flow: str) -> None:
    with pytest.raises(TooLargeError, match=r"row 2: .*at most 9223372036854775807") as caught:
        dense([flow] * 3, 1, 1, [1, 2**10, 2**22], [1, 1, 2**22], [1, 1, 2**22])
    assert caught.value.row == 2


def test_one_too_many_is_refused() -> None:
    with pytest.raises(TooLargeError, match=f"cycles = {2**63}"):
        dense("os", 1, 1, 2, 1, 2**62)


def test_sizes_far_beyond_the_array_do_not_trouble_utilization() -> None:
    # 2**70 products in 2**30 + 2**21 - 2 cycles on 2**40 PEs
    run = dense("os", 2**20, 2**20, 2**20, 2**20, 2**30)
    assert run.utilization[0] == pytest.approx(2**30 / (2**30 + 2**21 - 2))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("OS", 1, 1, 1, 1, 1), "dataflow 'OS'. .*Known: is, os, ws"),
        (("os", 0, 1, 1, 1, 1), "R: found 0; allowed: integers from 1"),
        (("os", 1, -3, 1, 1, 1), "C: found -3"),
        (("os", 1, 1, 1.5, 1, 1), "M: found 1.5"),
        (("os", 1, 1, 1, True, 1), "N: found True"),
        (("os", 1, 1, 1, 1, 2**63), "K: found 9223372036854775808"),
        (("os", 1, 1, [1, 2], 1, [1, 2, 3]), r"\(2,\).*\(3,\).* do not go together"),
        (("os", 1, 1, [[1, 2]], 1, 1), r"found shape \(1, 2\); allowed: one axis of runs"),
    ],
)
def test_what_is_no_run_is_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        dense(*arguments)


def test_no_runs_give_no_counts() -> None:
    nothing = np.zeros(0, np.int64)
    assert dense([], nothing, nothing, nothing, nothing, nothing).cycles.shape == (0,)
