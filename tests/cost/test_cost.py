"""A cost: sums that must agree, saved and read again."""

import json
from collections.abc import Callable
from dataclasses import replace
from math import fsum, isclose
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.cost import (
    OPERATIONS,
    Cost,
    load_table,
    price,
    tables,
    unit_energies,
)
from hwsim.errors import HwsimError
from hwsim.ledger import ACTIONS, Ledger
from tests.cost.priced import (
    CHARGED,
    SATA,
    ledger,
    ledgers,
    near,
    random_ledger,
)


@pytest.mark.parametrize("name", tables())
@settings(max_examples=15, deadline=None, derandomize=True)
@given(ledgers)
def test_layers_components_and_actions_add_up_to_the_same_total(name: str, counted: Ledger) -> None:
    cost = price(counted, SATA, load_table(name))
    by_layer = fsum(e for layer in cost.by_layer().values() for e in layer.values())
    energies = unit_energies(load_table(name), SATA)
    by_action = fsum(counted.total(a) * (energies.get(a) or 0.0) for a in (*CHARGED, *OPERATIONS))
    assert cost.total_pj == fsum(cost.by_component().values())
    assert isclose(by_layer, cost.total_pj, rel_tol=1e-12)
    assert isclose(by_action, cost.total_pj, rel_tol=1e-12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_two_runs_cost_what_each_costs(one: int, other: int, layers: int) -> None:
    first, second = random_ledger(one, layers), random_ledger(other, layers)
    kernels = load_table("sata_kernels")
    together = price(first + second, SATA, kernels).total_pj
    alone = price(first, SATA, kernels).total_pj + price(second, SATA, kernels).total_pj
    assert isclose(together, alone, rel_tol=1e-12)


def test_every_component_of_a_layer_is_told() -> None:
    counted = ledger(ac_issued=10, lif_update=1, dram_hold_read_bytes=2)
    found = price(counted, SATA, load_table("sata_kernels")).by_layer()["a"]
    assert {name for name, energy in found.items() if energy} == {"pe_array", "lif_units", "dram"}
    assert near(found["pe_array"], 0.73)
    assert near(found["dram"], 325.0)


def test_each_charged_action_belongs_to_one_component() -> None:
    assert len(CHARGED) == len(set(CHARGED))
    assert set(CHARGED) <= set(ACTIONS)


PRICED = price(ledger(ac_issued=3, pe_cycles=2, lif_update=1), SATA, load_table("horowitz45"))


def test_a_saved_cost_comes_back_the_same(tmp_path: Path) -> None:
    PRICED.save(tmp_path / "cost.json")
    found = Cost.load(tmp_path / "cost.json")
    assert found.as_dict() == PRICED.as_dict()
    assert found.id == PRICED.id
    assert found.total_pj == PRICED.total_pj
    assert found.unpriced == ("pe_cycles",)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(ledgers)
def test_every_random_cost_comes_back_through_json(counted: Ledger) -> None:
    cost = price(counted, SATA, load_table("sata_kernels"))
    found = Cost.from_dict(json.loads(json.dumps(cost.as_dict())))
    assert found.id == cost.id
    assert np.array_equal(found.energy_pj, cost.energy_pj)


def test_other_prices_have_other_ids() -> None:
    others = [
        price(ledger(ac_issued=4, pe_cycles=2, lif_update=1), SATA, load_table("horowitz45")),
        price(ledger(ac_issued=3, pe_cycles=2, lif_update=1), SATA, load_table("sata_kernels")),
        replace(PRICED, area_um2=PRICED.area_um2 | {"pe_array": 1.0}),
    ]
    assert len({PRICED.id, *(c.id for c in others)}) == 4


@pytest.mark.parametrize("energy", [-1.0, float("nan"), float("inf")])
def test_a_cost_that_is_no_energy_is_refused(energy: float) -> None:
    broken = PRICED.energy_pj.copy()
    broken[0, 2] = energy
    with pytest.raises(HwsimError, match="an energy is negative or not finite"):
        replace(PRICED, energy_pj=broken).verify()


def edited(change: Callable[[dict[str, Any]], Any]) -> str:
    values = PRICED.as_dict()
    change(values)
    return json.dumps(values)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "{}",
        edited(lambda v: v["actions"].reverse()),
        edited(lambda v: v.pop("layers")),
        edited(lambda v: v.update(layers=["a", "b"])),
        edited(lambda v: v.update(energy_pj=[["x"]])),
        edited(lambda v: v["energy_pj"][0].__setitem__(0, -1.0)),
        edited(lambda v: v.update(unpriced=None)),
    ],
    ids=[
        "empty", "cut", "list", "number", "no fields", "other actions", "no layers", "two layers", "texts",
        "negative", "null",
    ],
)  # fmt: skip
def test_a_damaged_cost_is_refused_naming_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cost.json"
    path.write_text(text)
    with pytest.raises(HwsimError, match=r"cost\.json"):
        Cost.load(path)


def test_a_missing_cost_is_named(tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match=r"cost\.json"):
        Cost.load(tmp_path / "cost.json")
