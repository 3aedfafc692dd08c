"""Energy of ticks: counts x prices, and power x time (E8)."""

import numpy as np
import pytest

from hwsim.chip.cost import price_chip, priced_counts, tick_cycles
from hwsim.chip.prices import ITEMS, ChipPrices, Price, StaticPower, load_prices
from tests.chip.examples import chip
from tests.chip.runs import run

SOURCE = "written by hand"


def prices(static_mw: float | None = None, **unit: float) -> ChipPrices:
    rows = [Price(item=i, energy_pj=pj, status="measured", source=SOURCE) for i, pj in unit.items()]
    power = None if static_mw is None else StaticPower(power_mw=static_mw, status="measured", source=SOURCE)
    return ChipPrices(
        name="p", description="d", node_nm=14, voltage_v=None, chip="test", rows=rows, static=power
    )


def test_the_energy_of_a_tick_is_the_sum_of_counts_times_prices() -> None:
    # (E7, E8) tick 0: 6 dense, 2 of a convolution, 7 updates, 5 touched, 1 fired, 2 packets of cores (the
    # host's 3 are free), 5 received, 4 links along x; tick 1: 9, 0, 3, 2, 1, 1, 3, 2, and 1 of another kind
    unit = prices(
        synapse_dense=1, synapse_conv=10, synapse_other=100, update=2, touched=3, fired=5, send=7, receive=11,
        hop_x=13, hop_y=1e6, barrier=17,
    )  # fmt: skip
    found = {name: spent.tolist() for name, spent in price_chip(run(), unit).energy_pj.items()}
    assert found == {
        "synapse": [[26, 109]],
        "update": [[2 * 7 + 3 * 5 + 5, 2 * 3 + 3 * 2 + 5]],
        "send": [[14, 7]],
        "receive": [[55, 33]],
        "hops": [[52, 26]],
        "barrier": [[34, 34]],
        "static": [[0, 0]],
    }


def test_packets_to_the_own_core_are_sent_too() -> None:
    counts = run().counts
    counts["local"][0, 1] = [4, 0, 0]
    found = price_chip(run(counts=counts), prices(send=1)).energy_pj["send"]
    assert found.tolist() == [[2, 5]]


def test_static_power_flows_while_a_tick_lasts() -> None:
    # ticks of 30 and 20 cycles of 1 ms: 2 mW x 30 ms = 60 uJ = 6e7 pJ
    cost = price_chip(run(), prices(static_mw=2.0))
    assert cost.energy_pj["static"].tolist() == [[6e7, 4e7]]
    assert cost.total_pj == 1e8
    assert "static" not in cost.unpriced


def test_what_happened_without_a_price_is_named() -> None:
    cost = price_chip(run(), prices(update=1))
    assert cost.unpriced == (*(i for i in ITEMS if i not in ("update", "hop_y")), "static")
    every = prices(0.0, **dict.fromkeys(ITEMS, 1.0))
    assert price_chip(run(), every).unpriced == ()


def test_without_a_barrier_nobody_takes_part_in_one() -> None:
    free = run(chip(barrier="none"))
    assert priced_counts(free)["barrier"].tolist() == [[0, 0]]
    assert "barrier" not in price_chip(free, prices(update=1)).unpriced


def test_ticks_take_all_of_the_run() -> None:
    assert tick_cycles(run(samples=3)).tolist() == [[30, 20]] * 3


@pytest.mark.parametrize(
    ("name", "total"),
    [
        # both ticks: 15 dense, 2 conv, 1 other, 10 updates, 7 touched, 2 fired, 3 sent, 6 links along x
        ("loihi_davies2018", 18 * 23.6 + 10 * 52 + 7 * 29 + 3 * 1.7 + 6 * 3.0),
        ("loihi_sanafe",
         15 * 35.5 + 2 * 24.0 + 33.6 + 10 * 51.2 + 7 * 21.6 + 2 * 69.3 + 3 * 111 + 6 * 3.0),
        ("truenorth_all_in", 18 * 26.0),
        ("truenorth_marginal", 18 * 2.3 + 64.4 * 50e6),
    ],
)  # fmt: skip
def test_the_rows_that_ship_price_the_same_run_each_in_its_way(name: str, total: float) -> None:
    cost = price_chip(run(), load_prices(name))
    assert cost.total_pj == pytest.approx(total, rel=1e-12)
    assert sum(cost.by_component().values()) == pytest.approx(cost.total_pj)


def test_links_along_y_have_a_price_of_their_own() -> None:
    turned = run(links=np.array([[[0, 4], [0, 2]]]))
    for name, hops in (("loihi_davies2018", 24.0), ("loihi_sanafe", 25.2)):
        assert price_chip(turned, load_prices(name)).energy_pj["hops"].sum() == pytest.approx(hops)
