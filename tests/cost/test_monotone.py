"""Under every shipped table a buffer's access costs no less with more capacity or a wider word."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.cost import buffer_energy, load_table, tables
from hwsim.memories import Buffer

WITH_SRAM = [name for name in tables() if load_table(name).sram is not None]
REACH = {"horowitz45": 2**20}
"""Largest capacity of a table that has one; a grid goes on in several SRAMs."""


def energies(name: str, size: int, word: int) -> tuple[float, float]:
    read, write = buffer_energy(load_table(name), Buffer(capacity_bytes=size, word_bits=word))
    assert read is not None
    assert write is not None
    return read, write


@pytest.mark.parametrize("name", WITH_SRAM)
@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_more_costs_no_less(name: str, data: st.DataObject) -> None:
    sizes, words = st.integers(2**14, REACH.get(name, 2**24)), st.integers(32, 4096)
    size, more = sorted((data.draw(sizes), data.draw(sizes)))
    word, wider = sorted((data.draw(words), data.draw(words)))
    for small, large in zip(energies(name, size, word), energies(name, more, wider), strict=True):
        assert small <= large * (1 + 1e-12)
