"""Dense matrix products on a systolic array: cycles and buffer accesses in closed form (docs/systolic.md).

Y (M x N) = A (M x K) B (K x N) on R x C processing elements. Sr lies on the rows, Sc on the columns, L is
streamed, and there are F = ceil(Sr/R) * ceil(Sc/C) folds:

    dataflow   Sr  Sc  L    stays in the PEs
    os         M   N   K    output
    ws         K   N   M    weight B
    is         K   M   N    input A

hwsim.cycle.reference.systolic defines the same by stepping every PE.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hwsim.errors import HwsimError, nearest

DATAFLOWS = ("os", "ws", "is")
LARGEST = 2**63 - 1
SIZES = ("R", "C", "M", "N", "K")

Ints = NDArray[np.int64]
Numbers = NDArray[Any]


class TooLargeError(HwsimError):
    """A count does not fit 64 bits: ``row`` is the run's index, ``what`` the count and its value."""

    def __init__(self, row: int, what: str) -> None:
        super().__init__(f"row {row}: {what}; at most {LARGEST} (2**63 - 1) can be counted")
        self.row, self.what = row, what


@dataclass(frozen=True)
class DenseRuns:
    """Runs one by one, arrays of shape (runs,).

    ``cycles`` = ``stream_cycles`` (a value enters the first PE) + ``preload_cycles`` (the array waits for
    its stationary operand) + ``fill_drain_cycles`` (the last values cross the array).
    ``mapping_loss``: share of the PEs that no fold occupies, averaged over the folds.
    ``utilization``: useful multiply-accumulates per PE and cycle, M*N*K / (R*C*cycles)
    = (1 - mapping_loss) * stream_cycles / cycles.
    """

    cycles: Ints
    sram_ifmap_reads: Ints
    sram_filter_reads: Ints
    sram_ofmap_writes: Ints
    folds: Ints
    stream_cycles: Ints
    preload_cycles: Ints
    fill_drain_cycles: Ints
    utilization: NDArray[np.float64]
    mapping_loss: NDArray[np.float64]


def dense(
    dataflow: str | Sequence[str] | NDArray[np.str_],
    R: ArrayLike,  # noqa: N803
    C: ArrayLike,  # noqa: N803
    M: ArrayLike,  # noqa: N803
    N: ArrayLike,  # noqa: N803
    K: ArrayLike,  # noqa: N803
    overlap: bool = False,
) -> DenseRuns:
    """Cycles and SRAM accesses (elements) of dense products, any number of them at once.

    One fold after the other, as SCALE-Sim 3.0.0 does:

        os  F * (L + R + C - 2)        ws, is  F * (L + 2R + C - 2)

    ``overlap``: a fold streams while the one before it drains and, in ws and is, the next stationary
    operand is loaded into a second register of each PE:

        os  F*L + R + C - 2            ws, is  (F - 1) * max(L, R) + L + 2R + C - 2

    Accesses do not depend on ``overlap``:

              input reads      weight reads     output writes
        os    M*K*ceil(N/C)    K*N*ceil(M/R)    M*N
        ws    M*K*ceil(N/C)    K*N              M*N*ceil(K/R)
        is    M*K              K*N*ceil(M/C)    M*N*ceil(K/R)

    Arguments are broadcast against each other to one axis of runs. Raises HwsimError for an unknown
    dataflow and for sizes that are no integers of at least 1, and :class:`TooLargeError` where a count
    exceeds 2**63 - 1.
    """
    flows = np.atleast_1d(np.asarray(dataflow, np.str_))
    unknown = ~np.isin(flows, DATAFLOWS)
    if unknown.any():
        raise HwsimError(
            f"dataflow {str(flows[unknown][0])!r}.{nearest(str(flows[unknown][0]), [*DATAFLOWS])}"
        )
    sizes = [_size(name, values) for name, values in zip(SIZES, (R, C, M, N, K), strict=True)]
    try:
        flows, *sizes = np.broadcast_arrays(flows, *sizes)
    except ValueError:
        shapes = ", ".join(str(a.shape) for a in (flows, *sizes))
        raise HwsimError(f"dataflow, R, C, M, N, K: shapes {shapes} do not go together") from None
    if flows.ndim != 1:
        raise HwsimError(f"dataflow, R, C, M, N, K: found shape {flows.shape}; allowed: one axis of runs")
    _refuse_overflow(flows, sizes, overlap)
    counts = _counts(flows, sizes, overlap)
    r, c, _, _, _ = sizes
    sr, sc, _ = _roles(flows, sizes)
    occupied = sr / (_ceil_div(sr, r) * r.astype(float)) * (sc / (_ceil_div(sc, c) * c.astype(float)))
    streaming = counts["stream_cycles"] / counts["cycles"]
    return DenseRuns(**counts, utilization=occupied * streaming, mapping_loss=1.0 - occupied)


def _size(name: str, values: ArrayLike) -> Ints:
    found = np.atleast_1d(np.asarray(values))
    if found.dtype.kind not in "iu" or (found.size and (found.min() < 1 or found.max() > LARGEST)):
        raise HwsimError(f"{name}: found {values!r:.80}; allowed: integers from 1 to 2**63 - 1")
    return found.astype(np.int64)


def _ceil_div(a: Numbers, b: Numbers) -> Numbers:
    quotient: Numbers = -(-a // b)
    return quotient


def _roles(flows: NDArray[np.str_], sizes: list[Numbers]) -> tuple[Numbers, Numbers, Numbers]:
    """(Sr, Sc, L) of every run."""
    _, _, m, n, k = sizes
    os, inputs_stay = flows == "os", flows == "is"
    return np.where(os, m, k), np.where(inputs_stay, m, n), np.where(os, k, np.where(inputs_stay, n, m))


def _counts(flows: NDArray[np.str_], sizes: list[Numbers], overlap: bool) -> dict[str, Numbers]:
    """The closed forms, in the arithmetic of whatever numbers come in: int64, float64 or Python's own."""
    r, c, m, n, k = sizes
    os, ws, inputs_stay = (flows == name for name in DATAFLOWS)
    sr, sc, length = _roles(flows, sizes)
    folds = _ceil_div(sr, r) * _ceil_div(sc, c)
    if overlap:
        preload = r + (folds - 1) * np.maximum(r - length, 0 * r)
        fill_drain = r + c - 2
    else:
        preload = folds * r
        fill_drain = folds * (r + c - 2)
    preload = np.where(os, 0 * r, preload)
    stream = folds * length
    once = 0 * r + 1
    return {
        "cycles": stream + preload + fill_drain,
        "sram_ifmap_reads": m * k * np.where(inputs_stay, once, _ceil_div(n, c)),
        "sram_filter_reads": k * n * np.where(ws, once, np.where(os, _ceil_div(m, r), _ceil_div(m, c))),
        "sram_ofmap_writes": m * n * np.where(os, once, _ceil_div(k, r)),
        "folds": folds,
        "stream_cycles": stream,
        "preload_cycles": preload,
        "fill_drain_cycles": fill_drain,
    }


def _refuse_overflow(flows: NDArray[np.str_], sizes: list[Numbers], overlap: bool) -> None:
    """Estimate in float64 (error far below a factor of 2); what comes near the limit, count exactly.

    No count has an intermediate value above it but L + 2R + C, and int64 wraps there and back.
    """
    estimates = _counts(flows, [a.astype(np.float64) for a in sizes], overlap)
    near = np.flatnonzero(np.logical_or.reduce([a >= 2.0**62 for a in estimates.values()]))
    if not near.size:
        return
    exact = _counts(flows[near], [a[near].astype(object) for a in sizes], overlap)
    for place, row in enumerate(near):
        for name, values in exact.items():
            if values[place] > LARGEST:
                raise TooLargeError(int(row), f"{name} = {values[place]}")
