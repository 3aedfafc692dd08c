"""Random cells of SNASNet: 4 x 4 matrices of operations, forward and backward in time.

Source: SNASNet (Kim et al., ECCV 2022), Section 3.3; legality as its public code has it.
"""

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError

NODES = 4
OPERATIONS = 5
"""0 none, 1 identity, 2 LIF-conv1x1-BN, 3 LIF-conv3x3-BN, 4 AvgPool3x3."""

Edges = Literal["forward", "both"]
"""``forward``: no connections back in time; ``both``: between two nodes forward, backward or none."""

Codes = NDArray[np.int64]
PAIRS = [(i, j) for i in range(NODES) for j in range(i + 1, NODES)]


def random_cell(rng: np.random.Generator, edges: Edges) -> Codes:
    """A legal cell (4, 4), row = source: of each pair of nodes one operation, its direction drawn first.

    Drawn again until it is legal: all legal cells of ``forward`` are as likely as each other. Raises
    HwsimError for unknown ``edges``.
    """
    if edges not in get_args(Edges):
        raise HwsimError(f"edges {edges!r}; allowed: {', '.join(get_args(Edges))}")
    while True:
        cell = np.zeros((NODES, NODES), np.int64)
        for i, j in PAIRS:
            backward = edges == "both" and rng.random() < 0.5
            cell[(j, i) if backward else (i, j)] = rng.integers(OPERATIONS)
        if is_legal(cell):
            return cell


def is_legal(cell: Codes) -> bool:
    """Whether no pair of nodes has both directions, and every node can be reached from node 0 and reaches
    node 3, forward or back in time."""
    if cell.shape != (NODES, NODES) or ((cell > 0) & (cell.T > 0)).any() or np.diag(cell).any():
        return False
    leads = closure(cell > 0)
    return bool(leads[0].all() and leads[:, NODES - 1].all())


def closure(linked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which nodes lead to which, in any number of connections, none included."""
    leads = linked | np.eye(NODES, dtype=bool)
    for _ in range(2):
        leads = (leads.astype(np.int64) @ leads) > 0
    return leads


def random_cells(seed: int, count: int, edges: Edges, first: int = 0) -> Iterator[Codes]:
    """The cells ``first`` to ``count`` of one seed; the n-th does not depend on how many there are."""
    for number in range(first, count):
        yield random_cell(np.random.default_rng([seed, number]), edges)


def text_of(cell: Codes) -> str:
    """As ``--set matrix=`` takes it: 0303,0030,2002,0200."""
    return ",".join("".join(map(str, row)) for row in cell.tolist())


def cell_of(text: str) -> Codes:
    """Of such a text. Raises HwsimError for a text that is no cell of the space."""
    rows: Sequence[str] = text.split(",")
    digits = set("".join(rows))
    if len(rows) != NODES or {len(row) for row in rows} != {NODES} or not digits <= set("01234"):
        raise HwsimError(f"cell {text!r}; it must be four rows of four digits from 0 to 4")
    cell = np.array([[int(digit) for digit in row] for row in rows])
    if not is_legal(cell):
        raise HwsimError(
            f"cell {text!r}: a pair of nodes has both directions, or a node cannot be reached from node 0 or "
            "does not reach node 3"
        )
    return cell
