"""Output-stationary: both operands move, and meet in the PE that sums up their products."""

from dataclasses import dataclass

from hwsim.cycle.reference.systolic.parts import Cycles, Flit, Fold, Memory, folds, left, together


@dataclass
class OutputPE:
    """Multiplies what meets in it: an input from the left and a weight from above."""

    right: Flit | None = None
    down: Flit | None = None
    sum: int = 0


def output_stationary(
    rows: int, columns: int, ifmap: Memory, filters: Memory, ofmap: Memory, overlap: bool
) -> Cycles:
    """Outputs stay: PE (r, c) sums up one output of the fold over all k, then writes it and starts anew.

    Row r receives its k-th input r cycles after row 0, column c its k-th weight c cycles after column 0.
    With overlap the next fold's k = 0 follows on the last k.
    """
    (m, k), (_, n) = ifmap.shape, filters.shape
    cycles = Cycles()
    for group in together(folds(m, n, rows, columns), overlap):
        stream = [(f, number) for f in range(len(group)) for number in range(k)]
        grid = [[OutputPE() for _ in range(columns)] for _ in range(rows)]
        time = 0
        while not left(grid[-1][-1].right, stream[-1]):
            for r in reversed(range(rows)):
                for c in reversed(range(columns)):
                    pe = grid[r][c]
                    if c:
                        pe.right = grid[r][c - 1].right
                    else:
                        pe.right = entering(stream, time - r, group, ifmap, r)
                    if r:
                        pe.down = grid[r - 1][c].down
                    else:
                        pe.down = entering(stream, time - c, group, filters, c, by_columns=True)
                    accumulate(pe, r, c, group, k, ofmap)
            cycles.count(0 <= time < len(stream), time < len(stream))
            time += 1
    return cycles


def entering(
    stream: list[tuple[int, int]],
    place: int,
    group: list[Fold],
    memory: Memory,
    lane: int,
    by_columns: bool = False,
) -> Flit | None:
    """What the edge gives to a lane: the stream's flit at ``place``, read if the fold occupies the lane."""
    if not 0 <= place < len(stream):
        return None
    fold, number = stream[place]
    lanes = group[fold].columns if by_columns else group[fold].rows
    if lane >= len(lanes):
        return Flit(fold, number, None)
    value = memory.read(number, lanes[lane]) if by_columns else memory.read(lanes[lane], number)
    return Flit(fold, number, value)


def accumulate(pe: OutputPE, r: int, c: int, group: list[Fold], k: int, ofmap: Memory) -> None:
    if pe.right is None or pe.down is None or pe.right.value is None or pe.down.value is None:
        return
    assert (pe.right.fold, pe.right.number) == (pe.down.fold, pe.down.number), "operands met out of step"
    pe.sum += pe.right.value * pe.down.value
    if pe.right.number == k - 1:
        fold = group[pe.right.fold]
        ofmap.add(fold.rows[r], fold.columns[c], pe.sum)
        pe.sum = 0
