"""Counts first, prices later: one run on many cores by every table that applies, without another run."""

from dataclasses import replace
from functools import cache

import pytest

from hwsim.chip.config import load_chip
from hwsim.chip.prices import load_prices, prices_of
from hwsim.chip.tile_cost import HOPS, TileCounts
from hwsim.cost import load_table, tables
from hwsim.errors import HwsimError
from hwsim.hardware import load_hardware
from hwsim.manycore import pipeline
from hwsim.manycore.pipeline import estimate_chip
from hwsim.manycore.result import ChipResult
from hwsim.mapping import Mapping
from tests.report.chip_example import SAMPLES, work

OWN = "sata_kernels"


@cache
def on_tiles() -> ChipResult:
    return estimate_chip(work(1.0), load_hardware("mesh-sata"), Mapping(), load_table(OWN))


@cache
def on_cores() -> ChipResult:
    return estimate_chip(work(1.0), load_chip("loihi"), Mapping(), (load_prices("loihi_sanafe"),))


@pytest.mark.parametrize("name", ["horowitz45", "snn_paper_fp32", "synop_loihi"])
def test_the_price_of_the_counts_is_the_estimate_made_under_that_table(name: str) -> None:
    again = estimate_chip(work(1.0), load_hardware("mesh-sata"), Mapping(), load_table(name)).as_dict()
    (energy,) = again["energy"]
    priced = on_tiles().price(name)
    assert priced.total_pj == energy["total_pj"]
    assert priced.by_component() == energy["energy_pj"]
    (row,) = (row for row in on_tiles().as_dict()["sensitivity"]["rows"] if row["table"] == name)
    assert (row["energy_pj"], row["energy_pj_by_component"]) == (energy["total_pj"], energy["energy_pj"])
    # the ANN is one inference, the row has as many as there are samples
    ann = again["ann"]
    assert row["ann_energy_pj"] == (None if ann is None else pytest.approx(SAMPLES * ann["energy_pj"]))


def test_every_table_that_ships_prices_tiles_or_says_why_not() -> None:
    found = on_tiles().sensitivity
    assert {row.table for row in found.rows} | set(found.refused) == set(tables())
    assert [row.energy_pj for row in found.rows] == sorted(row.energy_pj for row in found.rows)


def test_nothing_runs_again_to_be_priced(monkeypatch: pytest.MonkeyPatch) -> None:
    result = on_tiles()
    for name in ("run_chip", "execute", "partition"):
        monkeypatch.setattr(pipeline, name, None)
    assert result.price("horowitz45").total_pj > 0
    assert len(replace(result).sensitivity.rows) > 10


def test_hops_are_told_by_what_routers_and_links_do() -> None:
    # (T4) at the prices of the chip's own row, whatever prices the tiles
    chip = load_hardware("mesh-sata")
    assert chip.grid is not None
    run = on_tiles().run
    sent = int(run.counts["sent"].sum())
    counts = TileCounts.of(run)
    assert counts.hops["source_router"] == sent
    cost = counts.priced(load_table(OWN))
    row = chip.grid.hop_energy
    each = (row.source_router_pj, row.hop_x_pj, row.hop_y_pj)
    assert cost.hops == {name: counts.hops[name] * pj for name, pj in zip(HOPS, each, strict=True)}
    assert cost.by_constant()["source_router"] == sent * row.source_router_pj
    assert sum(cost.by_constant().values()) == pytest.approx(cost.total_pj)


def test_hops_are_within_the_number_of_a_whole_chip() -> None:
    assert set(on_tiles().price("synop_loihi").by_constant()) >= set(HOPS)
    assert on_tiles().price("synop_loihi").by_component()["hops"] == 0


def test_event_driven_cores_are_priced_by_every_row_of_their_chip() -> None:
    # the estimate was asked for one row, its counts are at hand for both
    found = on_cores().as_dict()["sensitivity"]
    assert {row["table"] for row in found["rows"]} == {row.name for row in prices_of("loihi", 14)}
    (energy,) = on_cores().as_dict()["energy"]
    (own,) = (row for row in found["rows"] if row["table"] == "loihi_sanafe")
    assert own["energy_pj"] == energy["total_pj"]
    assert own["unpriced"] == energy["unpriced"]
    spent = {item: n * (energy["unit_energy_pj"][item] or 0.0) for item, n in energy["counts"].items()}
    heaviest = max(spent, key=spent.__getitem__)
    assert own["dominating"]["constant"] == heaviest
    assert own["dominating"]["share"] == pytest.approx(spent[heaviest] / energy["total_pj"])


def test_a_row_of_prices_gives_the_estimate_made_under_it() -> None:
    again = estimate_chip(work(1.0), load_chip("loihi"), Mapping(), (load_prices("loihi_davies2018"),))
    assert on_cores().price("loihi_davies2018").total_pj == again.as_dict()["energy"][0]["total_pj"]


def test_prices_of_the_other_kind_are_refused_by_name() -> None:
    with pytest.raises(HwsimError, match="'loihi_sanafe' are of event-driven cores; mesh-sata is of tiles"):
        on_tiles().price(load_prices("loihi_sanafe"))
    with pytest.raises(HwsimError, match="table 'horowitz45' prices tiles; loihi is of event-driven cores"):
        on_cores().price(load_table("horowitz45"))


def test_bounds_are_of_a_tile_and_its_part_of_all_channels() -> None:
    found, chip = on_tiles().as_dict(), load_hardware("mesh-sata")
    assert chip.grid is not None
    # 8 x 16 PEs, one operation a cycle each; words of 16, 8, 8 and 16 bytes
    assert found["bounds"]["operations_per_cycle"] == 128
    words = {"weight": 16, "input": 8, "output": 8, "membrane": 16}
    assert found["bounds"]["buffer_bytes_per_cycle"] == words
    # 19.2 GB/s at 400 MHz are 48 bytes a cycle, four channels, all on one tile
    assert found["placement"]["cores_used"] == 1
    assert found["bounds"]["dram_bytes_per_cycle"] == pytest.approx(48 * 4)
    assert on_cores().as_dict()["bounds"] is None


def test_layers_have_the_bytes_of_their_weights_and_all_cycles_of_their_arrays() -> None:
    found = on_tiles().as_dict()
    assert sum(la["cold_bytes"] for la in found["layers"]) == sum(found["cold_start"]["channel_bytes"])
    assert found["cold_start"]["counts"]["dram_weight_read_bytes"] == sum(
        found["cold_start"]["channel_bytes"]
    )
    assert all(la["cycles"] == sum(la["causes"]["array"].values()) for la in found["layers"])
