"""Small ledgers, tables and chips to price."""

from math import isclose
from typing import Any

import numpy as np
from hypothesis import strategies as st

from hwsim.cost import (
    COMPONENTS,
    CostTable,
)
from hwsim.hardware import Hardware, load_hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, Ledger
from tests.examples import chip

BY_COMMANDS = load_hardware("sata")  # its DRAM: ddr4_2400


SATA = BY_COMMANDS.model_copy(update={"dram": BY_COMMANDS.dram.model_copy(update={"timing": "bandwidth"})})


CHARGED = [action for actions in COMPONENTS.values() for action in actions]


SOURCE = "made up for a test"


def ledger(**counts: int) -> Ledger:
    """One layer with these counts."""
    made = Ledger.empty(("a",))
    for action, count in counts.items():
        made.counts[0, list(ACTIONS).index(action)] = count
    return made


def random_ledger(seed: int, layers: int) -> Ledger:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 10 ** rng.integers(0, 10, (layers, len(ACTIONS))) + 1)
    cycles = np.zeros((layers, len(CAUSE_COLUMNS)), np.int64)
    return Ledger(tuple(f"l{i}" for i in range(layers)), counts, cycles)


ledgers = st.builds(random_ledger, st.integers(0, 2**32 - 1), st.integers(1, 6))


def table(*rows: dict[str, Any], **fields: Any) -> CostTable:
    """A table of one's own."""
    told = [{"status": "published", "source": SOURCE} | row for row in rows]
    values = {"name": "own", "description": "", "node_nm": 28, "voltage_v": None, "rows": told}
    return CostTable.model_validate(values | {"area_from": "sata_kernels"} | fields)


def near(found: float | None, expected: float) -> bool:
    return found is not None and isclose(found, expected, rel_tol=1e-12)


def small_chip(*bits: int) -> Hardware:
    """A chip of weights, sums, states and activations of these bits, whose memories every table has."""
    assert len(bits) == 4
    return chip(bits=bits, weight=32768, inputs=32768, output=32768)
