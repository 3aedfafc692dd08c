"""Sweeps: what a point costs is what an estimate says, a store is gone on with, and nothing is done twice."""

import html
import json
import re
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hwsim import pipeline
from hwsim.cost import load_table
from hwsim.explore.engine import Here
from hwsim.explore.evaluate import Subject, reused
from hwsim.explore.networks import subject_of
from hwsim.explore.outputs import described
from hwsim.explore.quantities import QUANTITIES
from hwsim.explore.sample import sampler
from hwsim.explore.sweep import Found, Sweep
from hwsim.report import explore_page
from hwsim.tasks import Done, Task
from hwsim.workloads import WorkloadSpec
from tests.explore.small import EVALUATED, SIZE, SPACE, sweep_of, written


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sweep, list[Found], Path]:
    directory = tmp_path_factory.mktemp("swept")
    sweep = sweep_of(written(directory), directory / "points.jsonl")
    return sweep, run(sweep), directory


def run(sweep: Sweep, kind: Any = "grid", budget: int = 1000, engine: Any = None) -> list[Found]:
    method = sampler(sweep.space, sweep.objectives, kind, seed=1, population=6)
    return sweep.run(method, engine or Here(), budget, lambda _done, _of: None)


class Counting(Here):
    """How many tasks were computed."""

    def __init__(self) -> None:
        self.tasks = 0

    def compute(self, tasks: Any) -> Any:
        for task in tasks:
            assert isinstance(task, Task)
            self.tasks += 1
            yield from super().compute([task])


def test_a_point_costs_what_an_estimate_of_its_files_says(swept: tuple[Sweep, list[Found], Path]) -> None:
    sweep, found, directory = swept
    spec = WorkloadSpec(f"{directory / 'net.py'}:build", directory / "images.npz", samples=4, timesteps=3)
    work, _ = spec.workload(4)
    for one in (o for o in found if o.values):
        chip, mapping, table = sweep.base.applied(one.settings)
        whole = pipeline.estimate(work, chip, mapping, table).as_dict()
        assert one.values is not None
        assert one.values["area_um2"] == whole["totals"]["area_um2"]
        for name in ("energy_pj", "latency_ns", "dram_bytes", "spikes"):
            assert one.values[name] == whole["totals"][name] / 4
        assert one.values["accuracy"] == whole["accuracy"]["accuracy"]
        assert one.values["lif_memory_bytes"] == whole["lif"]["memory_bytes"]


def test_every_point_is_evaluated_or_says_why_not(swept: tuple[Sweep, list[Found], Path]) -> None:
    _, found, _ = swept
    assert len(found) == SIZE
    assert sum(one.values is not None for one in found) >= 12
    whys = [one.refused for one in found if one.refused]
    assert sum(why.startswith("not kept: hardware.pe_array.rows *") for why in whys) == SIZE - EVALUATED
    assert not any(one.failed for one in found)
    assert sum(one.values is not None for one in found) + len(whys) == SIZE


def test_a_second_run_computes_nothing_and_finds_the_same(
    swept: tuple[Sweep, list[Found], Path], tmp_path: Path
) -> None:
    _, found, directory = swept
    engine = Counting()
    again = sweep_of(directory / "space.yaml", directory / "points.jsonl")
    assert run(again, engine=engine) == found
    assert (engine.tasks, again.known) == (0, EVALUATED)


@pytest.mark.parametrize("kind", ["random", "tpe", "nsga2"])
def test_a_sweep_that_was_cut_off_asks_for_the_same_points(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path)
    whole = sweep_of(path, tmp_path / "whole.jsonl")
    expected = run(whole, kind, 14)
    lines = (tmp_path / "whole.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "cut.jsonl").write_text("".join(lines[:5]) + lines[5][:40], encoding="utf-8")
    engine = Counting()
    found = run(sweep_of(path, tmp_path / "cut.jsonl"), kind, 14, engine)
    assert [(o.point, o.values, o.refused) for o in found] == [
        (o.point, o.values, o.refused) for o in expected
    ]
    assert engine.tasks == len(lines) - 5


def test_constraints_of_results_keep_points_off_the_front(tmp_path: Path) -> None:
    free = sweep_of(written(tmp_path), tmp_path / "points.jsonl")
    found = run(free)
    areas = sorted(o.values["area_um2"] for o in found if o.values)
    middle = areas[len(areas) // 2]
    bound = sweep_of(written(tmp_path, f"{SPACE}  - area_um2 < {middle}\n"), tmp_path / "points.jsonl")
    kept = [o for o in run(bound) if o.kept]
    assert len(kept) == sum(a < middle for a in areas)
    assert bound.known == EVALUATED
    told = described(bound.space, bound.base, list(bound.found.values()), bound.objectives, {})
    assert all(told["points"][i]["values"]["area_um2"] < middle for i in told["front"])
    json.dumps(told, allow_nan=False)


class Priced(Here):
    """Every design costs the same."""

    def compute(self, tasks: Any) -> Any:
        values = dict.fromkeys(QUANTITIES, 1.0)
        return (Done(task.id, values) for task in tasks)


@pytest.mark.parametrize("kind", ["grid", "random", "tpe", "nsga2"])
@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ("derived: {mapping.batch: 8 // (hardware.pe_array.rows - 4)}", "derived mapping.batch: '8 // "),
        ("constraints: [8 / (hardware.pe_array.rows - 4) < 99]", "constraint '8 / "),
        ("constraints: [energy_pj / (hardware.pe_array.rows - 4) < 99]", "constraint 'energy_pj / "),
    ],
)
def test_a_division_by_zero_refuses_one_design_and_the_sweep_goes_on(
    kind: str, extra: str, why: str, tmp_path: Path
) -> None:
    text = f"model: fashion\nparameters: {{hardware.pe_array.rows: [2, 4, 6, 8]}}\n{extra}\n"
    sweep = sweep_of(written(tmp_path, text), tmp_path / "points.jsonl")
    sweep.subjects = lambda _options: Subject(*[SimpleNamespace(id="1")] * 2)  # type: ignore[arg-type]
    found = {one.point["hardware.pe_array.rows"]: one for one in run(sweep, kind, 200, Priced())}
    assert set(found) == {2, 4, 6, 8}
    assert [rows for rows, one in found.items() if one.kept] == [r for r in found if r != 4]
    refused = found[4].refused
    assert refused is not None
    assert refused.startswith(why)
    assert refused.endswith("by zero")
    told = described(sweep.space, sweep.base, list(found.values()), sweep.objectives, {})
    assert told["counts"]["refused"] == 1


WHEN = """
model: fashion
parameters:
  hardware.pe_array.rows: [2, 4, 6, 8]
  mapping.batch: {values: [1, 4], when: 8 // (hardware.pe_array.rows - 4) > 2}
  hardware.lif.units: [4, 8]
"""


@pytest.mark.parametrize("kind", ["grid", "random", "tpe", "nsga2"])
def test_a_condition_that_divides_by_zero_refuses_its_design_and_the_sweep_goes_on(
    kind: str, tmp_path: Path
) -> None:
    sweep = sweep_of(written(tmp_path, WHEN), tmp_path / "points.jsonl")
    sweep.subjects = lambda _options: Subject(*[SimpleNamespace(id="1")] * 2)  # type: ignore[arg-type]
    found = [tuple(one.point.values()) for one in run(sweep, kind, 400, Priced()) if one.kept]
    # 8 // -2 is below 2 and 8 // 4 is 2: the batch stays as it is; 8 // 2 is above
    assert sorted(found) == [*product((2,), (4, 8)), *product((6,), (1, 4), (4, 8)), *product((8,), (4, 8))]
    left = [one for one in sweep.found.values() if not one.kept]
    assert [one.point for one in left] == [{"hardware.pe_array.rows": 4}]
    why = left[0].refused
    assert why is not None
    assert re.fullmatch(r"mapping.batch: when '8 // \(hardware.pe_array.rows - 4\) > 2': .* by zero", why)
    told = described(sweep.space, sweep.base, list(sweep.found.values()), sweep.objectives, {})
    assert told["counts"]["refused"] == 1
    assert why in html.unescape(explore_page.render(told | {"run": {}}))


def test_what_a_network_option_changes_is_executed_once_for_each_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = SPACE.replace(
        "parameters:", "parameters:\n  network.bits: [float, 4]\n  network.sharing: [none, C2]"
    )
    sweep = sweep_of(written(tmp_path, text), tmp_path / "points.jsonl")
    made = []

    def counted(space: Any, options: Any, progress: Any) -> Any:
        made.append(options)
        return subject_of(space, options, progress)

    monkeypatch.setattr("hwsim.explore.networks.subject_of", counted)
    found = run(sweep)
    assert len(made) == 4
    # the chip's own weights have 8 bits
    by = {o.point["network.bits"]: o.values["weight_bytes"] for o in found if o.values}
    assert by[4] * 2 == by["float"]


def test_designs_of_one_array_count_the_streams_of_a_layer_once(tmp_path: Path) -> None:
    """Two buffers of inputs and two clocks: four designs, 2 layers on the array, all samples at once."""
    parameters = "parameters:\n  hardware.buffers.input.capacity_bytes: [32768, 65536]\n"
    parameters += "  hardware.clock_hz: [400_000_000, 200_000_000]\nobjectives: [energy_pj, latency_ns]\n"
    before = reused()
    found = run(
        sweep_of(written(tmp_path, SPACE.partition("parameters:")[0] + parameters), tmp_path / "s.jsonl")
    )
    after = reused()
    assert sum(one.values is not None for one in found) == 4
    assert after["made"] - before["made"] == 2
    assert after["found"] - before["found"] == 3 * 2


def test_a_table_is_a_parameter_too(tmp_path: Path) -> None:
    text = SPACE.replace("parameters:", "parameters:\n  table: [sata_kernels, horowitz45]")
    sweep = sweep_of(written(tmp_path, text), tmp_path / "points.jsonl")
    found = [o for o in run(sweep) if o.values]
    assert load_table("horowitz45").id in {t.id for t in sweep.base.tables.values()}
    assert {o.point["table"] for o in found} == {"sata_kernels", "horowitz45"}
    assert len({o.values["energy_pj"] for o in found if o.values}) > len(found) / 3
