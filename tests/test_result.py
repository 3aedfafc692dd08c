"""docs/result.md against what is written."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from hwsim.compared import Comparison
from hwsim.comparison import ON_CORES, Executed, compare, csv_rows
from hwsim.cost import load_table
from hwsim.lower.layers import Order
from hwsim.lower.loads import Residency
from hwsim.lower.lowering import Lowering
from hwsim.lower.states import Place
from hwsim.lower.weights import Kept
from hwsim.mapping import Mapping
from tests.examples import all_silent, chip, small_network
from tests.report.example import example

TEXT = (Path(__file__).parent.parent / "docs" / "result.md").read_text(encoding="utf-8")


def documented(begin: str, end: str) -> dict[str, str]:
    """Lines of the tables of a part by the names of their first column."""
    start = TEXT.index(begin)
    lines = [line for line in TEXT[start : TEXT.index(end, start)].splitlines() if line.startswith("| `")]
    return {name: line for line in lines for name in re.findall(r"`(\w+)`", line.split("|")[1])}


CHOICES = documented("`mapping` of a layer", "### `bounds`")


def test_what_a_mapping_came_to_is_documented_for_every_dataflow() -> None:
    found: set[str] = set()
    for dataflow in ("os", "ws", "is"):
        (choices, *_) = Lowering(small_network(), chip(dataflow=dataflow), Mapping()).choices.values()
        assert set(choices) <= set(CHOICES)
        found |= set(choices)
    assert found == set(CHOICES)


@pytest.mark.parametrize(
    ("field", "values"),
    [("fold_order", Order), ("inputs_kept", Residency), ("weights_kept", Kept), ("state", Place)],
)
def test_every_value_of_a_choice_is_documented(field: str, values: Any) -> None:
    cell = CHOICES[field].split("|")[2]
    assert set(re.findall(r"`(\w+)`", cell)) - {"null"} == set(get_args(values))


def test_every_field_of_a_layer_is_documented() -> None:
    assert set(documented("### `layers`", "`mapping` of a layer")) == set(example()["layers"][0])


def test_every_field_of_a_comparison_is_documented() -> None:
    network, table = small_network(), load_table("horowitz45")
    hardware = chip(bits=(8, 32, 32, 8), weight=8192, inputs=8192, output=8192)
    executed = Executed("none", network, all_silent(network))
    (row,) = Comparison.of(compare([executed], [hardware], [Mapping()], [table]), {}, []).rows()
    whole = ("schema", "rows", "fronts", "left_out", "provenance")
    assert set(documented("## compare.json", "## chip.json")) == {*row, *whole}
    for column in csv_rows([row])[0]:
        operand = column.removeprefix("dram_").removesuffix("_bytes")
        state = column.removeprefix("lif_")
        known = {*row, *row["totals"], *ON_CORES}
        assert column in known or operand in row["dram_bytes"] or state in row["lif"]
    assert all(f"`{name}`" in TEXT for name in ON_CORES)


def test_the_ann_of_mini_batches_ran_in_as_many_samples() -> None:
    assert "not more than were run" in documented("### `ann`, ", "### `agreement`")["samples"]
    assert [example(3, batch)["ann"]["samples"] for batch in (1, 2, 3)] == [1, 2, 3]


def test_bounds_and_the_operations_alone_are_documented() -> None:
    values = example()
    assert set(documented("### `bounds`", "### `compute_only`")) == set(values["bounds"])
    told = documented("### `compute_only`", "### `counts`")
    assert set(told) == set(values["compute_only"])
    row = TEXT[TEXT.index("A row of `by_table`") :]
    assert set(values["compute_only"]["by_table"][0]) <= set(re.findall(r"`(\w+)`", row[: row.index("###")]))
