"""Processor time of scoring a cell: ``python -m benchmarks.snasnet.speed`` writes reports/snasnet/speed.csv.

And of the distances of a batch alone: bits that are counted against a product of matrices.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from torch import Tensor

from benchmarks.snasnet.results import write
from hwsim.methods.hamming.kernel import distances
from hwsim.methods.training_free import candidate
from hwsim.methods.training_free.cells import random_cells, text_of
from hwsim.methods.training_free.score import packed, scores
from hwsim.methods.workers import one_thread

SIZES = ((16, 8, 64), (8, 8, 64), (32, 8, 64), (16, 16, 64), (16, 32, 64), (16, 8, 128), (16, 8, 256))
"""Channels, resolution, batch; T = 5, two batches."""
CELLS, REPEATED = 8, 30


def milliseconds(of: Callable[[], object], count: int) -> float:
    of()
    began = time.process_time()
    for _ in range(count):
        of()
    return 1e3 * (time.process_time() - began) / count


def product(flat: Tensor) -> Tensor:
    """d_H(i, j) = a_i + a_j - 2 <s_i, s_j>."""
    active = flat.sum(1).double()
    return active[:, None] + active - 2 * (flat @ flat.T).double()


def cell_time(channels: int, resolution: int, batch: int) -> float:
    images = [torch.rand(batch, 1, resolution, resolution) for _ in range(2)]
    fit = {"classes": 10, "channels_in": 1, "resolution": resolution}
    cells = iter([text_of(cell) for cell in random_cells(0, CELLS + 1, "both")])
    return milliseconds(
        lambda: scores(candidate.untrained(next(cells), channels, 64, 0, fit), images, 5), CELLS
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("reports/snasnet"))
    asked = parser.parse_args()
    one_thread()
    rows = []
    for channels, resolution, batch in SIZES:
        neurons = channels * resolution**2
        flat = (torch.rand(batch, neurons) < 0.15).float()
        assert np.array_equal(product(flat).fill_diagonal_(0).numpy(), _counted(flat))
        rows.append(
            {"channels": channels, "resolution": resolution, "batch": batch,
             "cell_ms": cell_time(channels, resolution, batch),
             "product_ms": milliseconds(lambda f=flat: product(f), REPEATED),  # type: ignore[misc]
             "bits_ms": milliseconds(lambda f=flat: distances(packed(f)), REPEATED)}  # type: ignore[misc]
        )  # fmt: skip
        Console().print(rows[-1])
    write(asked.output / "speed.csv", rows)


def _counted(flat: Tensor) -> np.ndarray:
    found = distances(packed(flat)).astype(np.float64)
    np.fill_diagonal(found, 0)
    return found


if __name__ == "__main__":
    main()
