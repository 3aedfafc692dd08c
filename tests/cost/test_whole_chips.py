"""Tables of whole chips: synaptic operations alone, and the power that comes beside them."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from hwsim.caveats import caveats
from hwsim.cost import load_table, price
from hwsim.ledger import CAUSE_COLUMNS, Ledger
from tests.cost.priced import SATA, SOURCE, ledger, near, table

EVERYTHING = {
    "ac": 10, "mac": 2, "ac_issued": 10, "mac_issued": 50, "lif_update": 7, "weight_buffer_read": 3,
    "dram_weight_read_bytes": 64, "dram_reads": 1, "dram_refreshes": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "energy_pj"),
    [
        ("loihi", 23.6), ("odin", 12.7), ("odin_marginal", 8.43), ("reckon", 5.3), ("seneca", 2.8),
        ("truenorth", 26.0), ("truenorth_marginal", 2.3), ("tianjic", 1.54), ("sne", 0.221),
        ("spinnaker2", 10.0), ("darwin3", 5.47),
    ],
)  # fmt: skip
def test_a_whole_chip_prices_useful_operations_and_nothing_else(name: str, energy_pj: float) -> None:
    # 10 AC and 2 MAC are useful; issued ones, neurons, buffers and DRAM are within the number
    found = price(ledger(**EVERYTHING), SATA, load_table(f"synop_{name}"))
    assert near(found.total_pj, 12 * energy_pj)
    assert near(found.by_component()["synaptic_operations"], 12 * energy_pj)
    assert found.unpriced == ()
    assert found.dram_standing_pj == 0


def test_tables_of_parts_do_not_price_useful_operations() -> None:
    found = price(ledger(ac=10, mac=2), SATA, load_table("sata_kernels"))
    assert "synaptic_operations" not in found.by_component()
    assert found.total_pj == 0


def timed(cycles: int, **counts: int) -> Ledger:
    """One layer with these counts, in so many cycles of the array."""
    made = ledger(**counts)
    made.cycles[0, next(i for i, (unit, _) in enumerate(CAUSE_COLUMNS) if unit == "array")] = cycles
    return made


def test_truenorths_power_without_events_is_told_beside_them() -> None:
    # 400 MHz: 4000 cycles are 10,000 ns, in which 64.4 mW are 644,000 pJ; 100 events of 2.3 pJ
    found = price(timed(4000, ac=100), SATA, load_table("synop_truenorth_marginal"))
    assert near(found.total_pj, 230.0)
    assert near(found.standing()["chip"], 644_000)
    assert np.isclose(found.standing_pj, 644_000)


def test_a_power_that_no_source_tells_is_named() -> None:
    assert price(timed(4000), SATA, load_table("synop_loihi")).standing_unpriced() == ("chip",)
    assert price(timed(4000), SATA, load_table("synop_truenorth")).standing() == {"chip": 0.0, "dram": 0.0}


def test_what_a_whole_chips_energy_holds_is_the_first_caveat() -> None:
    (told, *_) = caveats(load_table("synop_loihi"), SATA)
    assert "synaptic operations (useful AC and MAC) alone, 23.6 pJ each; in it: reading a synapse" in told
    assert "no update of a neuron" in told


WHOLE = [{"item": "ac", "energy_pj": 1.0}, {"item": "mac", "energy_pj": 1.0}]
STATIC = {"power_mw": 1.0, "status": "published", "source": SOURCE}


@pytest.mark.parametrize(
    ("rows", "fields", "message"),
    [
        (WHOLE, {}, "ac: of a whole chip; say in includes"),
        ([], {"static": STATIC}, "static: of a whole chip"),
        (WHOLE[:1], {"includes": "everything"}, "a row of ac and of mac each"),
        ([*WHOLE, {"item": "dram_byte", "energy_pj": 1.0}], {"includes": "everything"}, "nothing else"),
    ],
)
def test_parts_and_a_whole_are_not_mixed(rows: Any, fields: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        table(*rows, **fields)
