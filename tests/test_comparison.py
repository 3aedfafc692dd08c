"""Rows of a comparison: what their shares are of."""

import pytest

from hwsim.comparison import Executed, Row, compare
from hwsim.cost import load_table
from hwsim.execute.executor import encode, execute
from hwsim.frontends.loading import load_inputs, open_model
from hwsim.hardware import load_hardware, presets
from hwsim.mapping import Mapping
from hwsim.pipeline import Workload, estimate, workload


@pytest.fixture(scope="module")
def work() -> Workload:
    """The trained network on two of its own images."""
    opened = open_model("fashion")
    assert opened.inputs is not None
    assert opened.timesteps is not None
    inputs = load_inputs(opened.inputs, 2).values
    return workload(opened.model, inputs, opened.timesteps, "fashion")


@pytest.fixture(scope="module")
def variant(work: Workload) -> Executed:
    return Executed("none", work.network, execute(work.network, encode(work.network, work.inputs)))


def row(variant: Executed, chip: str, table: str = "snn_paper_fp32") -> Row:
    (found,) = compare([variant], [load_hardware(chip)], [Mapping()], [load_table(table)])
    return found


@pytest.mark.parametrize("chip", presets())
def test_no_preset_does_more_than_its_pes_can(variant: Executed, chip: str) -> None:
    found = row(variant, chip)
    assert 0 < found.useful <= found.utilization <= 1


def test_a_dense_array_issues_operations_that_are_not_useful(variant: Executed) -> None:
    dense = row(variant, "systolic-ann")
    assert dense.useful < dense.utilization
    gated = row(variant, "sata")
    assert gated.useful == gated.utilization


def test_utilization_of_a_comparison_is_that_of_an_estimate(work: Workload, variant: Executed) -> None:
    chip, table = load_hardware("prosperity-dense"), load_table("snn_paper_fp32")
    layers = estimate(work, chip, Mapping(), table).as_dict()["layers"]
    cycles = sum(layer["cycles"] for layer in layers)
    issued = sum(layer["utilization"] * layer["cycles"] for layer in layers)
    assert row(variant, chip.name).as_dict()["utilization"] == pytest.approx(issued / cycles)
