"""Weight- and input-stationary: one operand waits in the PEs, the other and the sums move."""

from dataclasses import dataclass, field

from hwsim.cycle.reference.systolic.parts import Cycles, Flit, Fold, Memory, folds, left, together


@dataclass(frozen=True)
class Load:
    """A stationary value on its way down to the PE of ``row``."""

    fold: int
    row: int
    value: int | None


@dataclass
class StationaryPE:
    """Holds a value and has a second register for the next fold's; sums move down."""

    right: Flit | None = None
    sum: Flit | None = None
    down: Load | None = None
    shadow: Load | None = None
    held: Load | None = None


@dataclass
class Feeder:
    """Decides at the first row and column what enters; the others follow it with their skew.

    Loading a fold takes a value a cycle, the lowest row's first. It begins when the fold before it begins
    to stream, for then its second registers fall free. A fold streams when it has been loaded and the one
    before it has streamed.
    """

    folds: int
    rows: int
    length: int
    loading: int = 0
    loaded: int = 0
    streaming: int = -1
    streamed: int = 0
    loads: list[tuple[int, int] | None] = field(default_factory=list)
    flits: list[tuple[int, int] | None] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return (self.streaming, self.streamed) == (self.folds - 1, self.length)

    def step(self) -> None:
        idle = self.streaming < 0 or self.streamed == self.length
        ready = self.loading > self.streaming and self.loaded == self.rows
        if idle and ready and self.streaming + 1 < self.folds:
            self.streaming, self.streamed = self.streaming + 1, 0
            if self.loading + 1 < self.folds:
                self.loading, self.loaded = self.loading + 1, 0
        if self.streaming >= 0 and self.streamed < self.length:
            self.flits.append((self.streaming, self.streamed))
            self.streamed += 1
        else:
            self.flits.append(None)
        if self.loaded < self.rows:
            self.loads.append((self.loading, self.rows - 1 - self.loaded))
            self.loaded += 1
        else:
            self.loads.append(None)


def operand_stationary(
    rows: int, columns: int, stays: Memory, streams: Memory, ofmap: Memory, overlap: bool
) -> Cycles:
    """One operand (K x columns of the output) stays: PE (r, c) holds one value of it for a whole fold.

    It moves down the columns into place. Then row r receives its j-th value of the streamed operand
    (stream x K) r cycles after row 0; sums move down, and the last row writes them.
    """
    (k, on_columns), (length, _) = stays.shape, streams.shape
    cycles = Cycles()
    for group in together(folds(k, on_columns, rows, columns), overlap):
        last = (len(group) - 1, length - 1)
        grid = [[StationaryPE() for _ in range(columns)] for _ in range(rows)]
        feeder = Feeder(len(group), rows, length)
        time = 0
        while not left(grid[-1][-1].right, last):
            feeder.step()
            for r in reversed(range(rows)):
                for c in reversed(range(columns)):
                    pe, above = grid[r][c], grid[r - 1][c] if r else None
                    pe.right = grid[r][c - 1].right if c else next_flit(feeder, time - r, group, streams, r)
                    pe.down = above.down if above else next_load(feeder, time - c, group, stays, c)
                    take_over(pe)
                    multiply(pe, above)
                    keep(pe, r)
            for c in range(columns):
                write_out(grid[-1][c], c, group, ofmap)
            cycles.count(feeder.flits[-1] is not None, not feeder.done)
            time += 1
    return cycles


def next_flit(feeder: Feeder, place: int, group: list[Fold], streams: Memory, r: int) -> Flit | None:
    entry = feeder.flits[place] if place >= 0 else None
    if entry is None:
        return None
    fold, number = entry
    occupied = group[fold].rows
    return Flit(fold, number, streams.read(number, occupied[r]) if r < len(occupied) else None)


def next_load(feeder: Feeder, place: int, group: list[Fold], stays: Memory, c: int) -> Load | None:
    entry = feeder.loads[place] if place >= 0 else None
    if entry is None:
        return None
    fold, row = entry
    rows, columns = group[fold].rows, group[fold].columns
    occupied = row < len(rows) and c < len(columns)
    return Load(fold, row, stays.read(rows[row], columns[c]) if occupied else None)


def take_over(pe: StationaryPE) -> None:
    """The first flit of a fold makes the second register's value the held one."""
    if pe.right is not None and pe.right.number == 0:
        assert pe.shadow is not None, "a fold began before its operand was there"
        assert pe.shadow.fold == pe.right.fold, "the operand of another fold"
        pe.held, pe.shadow = pe.shadow, None


def multiply(pe: StationaryPE, above: StationaryPE | None) -> None:
    """Add one product to the sum that comes from above; what a row cannot add to passes as it is."""
    flit = pe.right
    if flit is None:
        pe.sum = None
        return
    assert pe.held is not None, "no operand is held"
    before = above.sum if above else Flit(flit.fold, flit.number, 0)
    assert before is not None, "a sum is missing"
    assert before.value is not None, "a sum is empty"
    assert (before.fold, before.number) == (flit.fold, flit.number), "sums met out of step"
    total = before.value
    if flit.value is not None and pe.held.value is not None:
        total += flit.value * pe.held.value
    pe.sum = Flit(flit.fold, flit.number, total)


def keep(pe: StationaryPE, r: int) -> None:
    """A load that has reached its row stays in the second register, which must be free."""
    if pe.down is not None and pe.down.row == r:
        assert pe.shadow is None, "an operand was overwritten before its use"
        pe.shadow, pe.down = pe.down, None


def write_out(pe: StationaryPE, c: int, group: list[Fold], ofmap: Memory) -> None:
    if pe.sum is not None and pe.sum.value is not None and c < len(group[pe.sum.fold].columns):
        ofmap.add(pe.sum.number, group[pe.sum.fold].columns[c], pe.sum.value)
