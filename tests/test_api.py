"""``hwsim.estimate`` and ``hwsim.compare`` from Python."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import hwsim
from hwsim import pipeline
from hwsim.cost import load_table
from hwsim.errors import HwsimError
from hwsim.hardware import load_hardware
from hwsim.manycore.result import ChipResult
from hwsim.mapping import Mapping
from hwsim.methods.lif_sharing import parse_sharing, share
from hwsim.nn import LIF
from hwsim.result import Result
from tests.examples import small_network

IMAGES = np.random.default_rng(0).random((3, 1, 6, 6)).astype(np.float32)
LABELS = np.array([0, 2, 1])


def module() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), LIF(), nn.Flatten(), nn.Linear(32, 3))


def numbers(result: Any) -> dict[str, Any]:
    return {k: v for k, v in result.as_dict().items() if k not in ("provenance", "agreement", "model")}


def test_an_estimate_is_that_of_the_pipeline() -> None:
    found = hwsim.estimate(module(), IMAGES, labels=LABELS, timesteps=3, batch=2)
    work = pipeline.workload(module(), IMAGES, 3, "Sequential", LABELS)
    chip, table = load_hardware("sata"), load_table("sata_kernels")
    assert isinstance(found, Result)
    assert numbers(found) == numbers(pipeline.estimate(work, chip, Mapping(batch=2), table))
    assert found.run.network.id == work.network.id


def test_values_do_as_well_as_names() -> None:
    by_name = hwsim.estimate(module(), IMAGES, "spinalflow", timesteps=2, table="snn_paper_fp32", samples=2)
    chip, table = load_hardware("spinalflow"), load_table("snn_paper_fp32")
    tensor = torch.tensor(IMAGES[:2])
    by_value = hwsim.estimate(module(), tensor, chip, timesteps=2, table=table, mapping=Mapping())
    assert numbers(by_name) == numbers(by_value)


def test_of_many_cores_it_is_a_result_of_these() -> None:
    found = hwsim.estimate(module(), IMAGES, "loihi", timesteps=2, samples=1)
    assert isinstance(found, ChipResult)


def test_tiles_are_priced_by_the_table_that_is_asked_for() -> None:
    by_name = hwsim.estimate(module(), IMAGES, "mesh-sata", timesteps=2, samples=1, table="horowitz45")
    table = load_table("neuromc32").model_copy(update={"name": "mine"})
    by_value = hwsim.estimate(module(), IMAGES, "mesh-sata", timesteps=2, samples=1, table=table)
    assert isinstance(by_name, ChipResult)
    assert isinstance(by_value, ChipResult)
    assert [row["prices"] for row in by_name.as_dict()["energy"]] == ["horowitz45"]
    assert [row["prices"] for row in by_value.as_dict()["energy"]] == ["mine"]
    assert by_name.price(table).total_pj == by_value.as_dict()["energy"][0]["total_pj"]
    assert {row.table for row in by_value.sensitivity.rows} >= {"mine", "neuromc32"}


def test_fewer_steps_are_told_if_asked_for() -> None:
    found = hwsim.estimate(module(), IMAGES, labels=LABELS, timesteps=2, over_time=True)
    assert isinstance(found, Result)
    assert found.over_time is not None
    assert [row["timesteps"] for row in found.over_time] == [1, 2]


def test_a_result_stands_beside_its_own_file(tmp_path: Path) -> None:
    result = hwsim.estimate(module(), IMAGES, labels=LABELS, timesteps=2)
    assert isinstance(result, Result)
    result.save(tmp_path / "kept")
    here, read = hwsim.compare(result, tmp_path / "kept").rows()
    assert {name for name in here if here[name] != read[name]} == {"saved"}
    assert here["totals"] == result.as_dict()["totals"]


def test_a_result_of_many_cores_stands_beside_its_own_file(tmp_path: Path) -> None:
    result = hwsim.estimate(module(), IMAGES, hardware="loihi", timesteps=2)
    result.save(tmp_path / "kept")
    rows = hwsim.compare(result, tmp_path / "kept").rows()
    # a row for each of the two rows of prices of loihi
    assert [row["saved"] for row in rows] == [None, None, "kept", "kept"]
    assert rows[0] | {"saved": "kept"} == rows[2]


def test_a_comparison_prints_its_rows_and_tells_them() -> None:
    found = hwsim.compare(module(), inputs=IMAGES, timesteps=2, sharing=["none", "C2"], batch=(1, 3))
    assert [(row["sharing"], row["batch"]) for row in found.rows()] == [
        ("none", 1),
        ("none", 3),
        ("C2", 1),
        ("C2", 3),
    ]
    assert "Differences from the first row" in str(found)
    assert repr(found) == "<Comparison: 4 rows of 1 models>"
    assert "<script" not in found._repr_html_()
    # two channels of states in turns at one: half the words
    assert [row["difference"]["lif_memory_bytes"] for row in found.rows()] == [0, 0, -0.5, -0.5]


def test_sharing_that_came_with_the_network_is_named_and_keeps_its_accuracy() -> None:
    shared = share(small_network(timesteps=2), parse_sharing("C3"))
    inputs = np.ones((1, 2, *shared.input.shape), np.float32)
    (row,) = hwsim.compare(shared, inputs=inputs, labels=np.array([0])).rows()
    assert row["sharing"] == "C3"
    assert row["accuracy"] in (0.0, 1.0)
    (row,) = hwsim.compare(shared, inputs=inputs).rows()
    assert row["accuracy"] is None
    assert row["accuracy_unknown"] == "unknown: the inputs have no labels"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (hwsim.compare, "nothing to compare"),
        (lambda: hwsim.estimate(module(), IMAGES, timesteps=2, init="calibrated"), "init calibrated is for"),
        (lambda: hwsim.estimate("fashion", labels=LABELS), "labels go with inputs that are an array"),
        (lambda: hwsim.estimate(module(), IMAGES), "say how many timesteps"),
        (lambda: hwsim.estimate(module(), IMAGES, timesteps=2, settings=("a=1",)), "are for files"),
        (lambda: hwsim.compare("no/such", inputs=IMAGES), "no/such"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        call()
