"""Rows of a comparison: what their shares are of."""

import re
from pathlib import Path

import pytest

from hwsim import cost, hardware
from hwsim.comparing import Asked
from hwsim.comparison import Executed, Row, compare
from hwsim.cost import load_table
from hwsim.errors import HwsimError
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


@pytest.mark.parametrize(
    ("option", "shipped", "name"),
    [("hardware", hardware.TABLES, "sata"), ("table", cost.TABLES, "snn_paper_fp32")],
)
def test_two_files_of_one_name_are_refused(tmp_path: Path, option: str, shipped: Path, name: str) -> None:
    """No row of the table could tell them apart."""
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    for path in (first, second):
        path.write_text((shipped / f"{name}.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    asked = {"hardware": "sata", "table": "snn_paper_fp32"}
    for parts in ((str(first), str(second)), (name, str(second))):
        lists = asked | {option: ",".join(parts)}
        message = f"--{option}: {parts[0]} and {parts[1]} are both named '{name}'; rename one"
        with pytest.raises(HwsimError, match=re.escape(message)):
            Asked.of("none", lists["hardware"], None, None, lists["table"], None, None)
