"""One ledger under every table."""

import pytest

from hwsim.cost import load_table, price, price_by_all, tables
from hwsim.errors import HwsimError
from hwsim.hardware import load_hardware
from tests.cost.priced import SATA, ledger, small_chip


def test_every_shipped_table_reaches_to_satas_chip_and_prices_as_it_does_alone() -> None:
    counted = ledger(ac=90, ac_issued=100, lif_update=7, dram_weight_read_bytes=64)
    costs, reasons = price_by_all(counted, SATA)
    assert list(costs) == tables()
    assert reasons == {}
    for name, cost in costs.items():
        assert cost.as_dict() == price(counted, SATA, load_table(name)).as_dict()


def test_a_table_that_does_not_reach_to_the_chip_is_named_with_its_reason() -> None:
    # 32-bit sums: sata_kernels and synthesis45 have registers and multipliers to 16 bits, horowitz45 reaches
    counted = ledger(lif_update=1)
    costs, reasons = price_by_all(counted, small_chip(8, 32, 32, 8))
    assert {"horowitz45", "neuromc32", "synop_loihi"} <= set(costs)
    assert "precision.partial_sum_bits or state_bits = 32" in reasons["sata_kernels"]


def test_tables_may_be_chosen_and_scaled() -> None:
    counted = ledger(ac_issued=100)
    costs, _ = price_by_all(counted, load_hardware("sata"), ["horowitz45", "horowitz45@28nm_0.8V"])
    assert list(costs) == ["horowitz45", "horowitz45@28nm_0.8V"]
    assert costs["horowitz45@28nm_0.8V"].total_pj < costs["horowitz45"].total_pj


def test_an_unknown_table_is_an_error_and_no_reason() -> None:
    with pytest.raises(HwsimError, match="unknown table 'horowitz'"):
        price_by_all(ledger(), SATA, ["horowitz"])
