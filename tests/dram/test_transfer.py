"""Transfers one by one in a kernel's hands are those of the engine fed with each of them (S2, S6)."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hwsim.dram.engine import Engine
from hwsim.dram.memory import BOOKED, MOST, memory_of
from hwsim.dram.table import DramTable
from hwsim.dram.transfer import ask, book, serve_asked
from tests.dram.audit import Asked
from tests.dram.streams import streams, tables, trace
from tests.dram.test_audit import random_streams


def transfers(asked: list[Asked], sizes: list[int]) -> list[list[Asked]]:
    """The stream cut into transfers of 1 to MOST requests that arrive together."""
    found = []
    while asked:
        size = sizes[len(found) % len(sizes)]
        together, asked = asked[:size], asked[size:]
        arrival = together[-1].arrival
        found.append([Asked(arrival, a.address, a.size, a.write) for a in together])
    return found


def engine_counts(engine: Engine, background: tuple[int, int]) -> list[int]:
    totals = engine.totals()
    return [totals.activates, totals.reads, totals.writes, totals.refreshes, *background]


@random_streams
@given(st.data())
def test_each_transfer_is_served_as_the_engine_serves_it(data: st.DataObject) -> None:
    values: dict[str, Any] = data.draw(tables())
    table = DramTable.model_validate(values)
    sizes = data.draw(st.lists(st.integers(1, MOST), min_size=1, max_size=4))
    engine, memory, counts = Engine(table), memory_of(table), np.zeros(BOOKED, np.int64)
    for together in transfers(data.draw(streams(values)), sizes):
        expected = engine.feed(trace(together), final=True)
        for n, a in enumerate(together):
            ask(memory, n, a.arrival, a.address, a.size, int(a.write))
        last = serve_asked(memory, len(together))
        assert memory.requests.completion[: len(together)].tolist() == expected.completion.tolist()
        assert memory.requests.outcome[: len(together)].tolist() == expected.outcome.tolist()
        assert last == expected.completion.max()
        before = counts.copy()
        book(memory, counts, -1)
        assert (counts >= before).all()
        assert counts.tolist() == engine_counts(engine, engine.rank_cycles())
    totals = engine.totals()
    book(memory, counts, totals.cycles)
    assert counts.tolist() == engine_counts(engine, (totals.active_cycles, totals.precharged_cycles))
