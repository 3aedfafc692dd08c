"""Program: what verify() refuses, identity and files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from hwsim.errors import HwsimError
from hwsim.ledger import ACTIONS
from hwsim.lower.lowering import Lowering
from hwsim.program import REGIONS, Jobs, Program
from tests.examples import flipped_bytes, rewrite_header, rewrite_json
from tests.random_cases import Case, cases, is_legal

COLUMN = {name: i for i, name in enumerate(ACTIONS)}


def program(jobs: int = 3) -> Program:
    """Jobs of two layers; each loads 10 bytes of weights and 2 of inputs, stores 1 byte, waits for none."""
    ones = {name: np.ones(jobs, np.int64) for name in Jobs._fields}
    loads = np.tile(np.array([10, 2, 0, 0, 0], np.int64), (jobs, 1))
    stores = np.tile(np.array([1, 0, 0, 0], np.int64), (jobs, 1))
    layer = np.arange(jobs, dtype=np.int64) % 2
    changed = {"layer": layer, "load_bytes": loads, "store_bytes": stores, "after": -np.ones(jobs, np.int64)}
    counts = np.zeros((2, len(ACTIONS)), np.int64)
    counts[0, COLUMN["dram_weight_read_bytes"]] = 10 * jobs
    counts[1, COLUMN["dram_input_read_bytes"]] = 2 * jobs
    counts[1, COLUMN["dram_output_write_bytes"]] = jobs
    regions = np.full((2, len(REGIONS)), 16, np.int64)
    return Program(("a", "b"), Jobs(**(ones | changed)), counts, regions, 4, 1)


def with_job(column: str, place: tuple[int, ...], value: int) -> Program:
    whole = program()
    changed = getattr(whole.jobs, column).copy()
    changed[place] = value
    return replace(whole, jobs=whole.jobs._replace(**{column: changed}))


def test_a_program_whose_jobs_and_counts_agree_passes() -> None:
    program().verify()


def test_a_program_without_jobs_passes() -> None:
    program(0).verify()


@pytest.mark.parametrize("column", Jobs._fields)
def test_columns_of_another_length_are_refused(column: str) -> None:
    whole = program()
    short = whole.jobs._replace(**{column: getattr(whole.jobs, column)[:-1]})
    with pytest.raises(HwsimError, match=f"job columns differ in length: .*'{column}': 2"):
        replace(whole, jobs=short).verify()


@pytest.mark.parametrize("column", [name for name in Jobs._fields if name != "after"])
def test_a_negative_amount_in_any_column_is_refused(column: str) -> None:
    place = (0, 1) if "bytes" in column else (0,)
    with pytest.raises(HwsimError, match="a negative amount"):
        with_job(column, place, -1).verify()


@pytest.mark.parametrize(("job", "after"), [(1, 1), (1, 2), (0, 0), (2, -2)])
def test_a_job_that_waits_for_itself_or_a_later_one_is_refused(job: int, after: int) -> None:
    with pytest.raises(HwsimError, match="a job waits for itself or a later one"):
        with_job("after", (job,), after).verify()


def test_a_job_may_wait_for_any_before_it() -> None:
    with_job("after", (2,), 0).verify()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output_slots": 0}, "0 output slots, 1 samples"),
        ({"samples": 0}, "4 output slots, 0 samples"),
        ({"regions": np.zeros((1, 6), np.int64)}, r"regions of shape \(1, 6\) for 2 layers"),
        ({"regions": np.full((2, 6), -1)}, "regions of shape"),
    ],
)
def test_slots_samples_and_regions_must_be_whole(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        replace(program(), **changes).verify()


def test_a_negative_count_is_refused() -> None:
    counts = program().counts.copy()
    counts[1, COLUMN["ac"]] = -1
    with pytest.raises(HwsimError, match="a negative amount"):
        replace(program(), counts=counts).verify()


def test_a_job_of_a_layer_that_does_not_exist_is_refused() -> None:
    with pytest.raises(HwsimError, match="a job names a layer that does not exist"):
        with_job("layer", (1,), 2).verify()


@pytest.mark.parametrize(
    ("column", "operand", "action"),
    [
        ("load_bytes", 0, "dram_weight_read_bytes"),
        ("load_bytes", 1, "dram_input_read_bytes"),
        ("load_bytes", 2, "dram_membrane_read_bytes"),
        ("load_bytes", 3, "dram_hold_read_bytes"),
        ("load_bytes", 4, "dram_spill_read_bytes"),
        ("store_bytes", 0, "dram_output_write_bytes"),
        ("store_bytes", 1, "dram_membrane_write_bytes"),
        ("store_bytes", 2, "dram_hold_write_bytes"),
        ("store_bytes", 3, "dram_spill_write_bytes"),
    ],
)
def test_bytes_that_jobs_move_must_be_counted(column: str, operand: int, action: str) -> None:
    with pytest.raises(HwsimError, match=rf"jobs move \d+ bytes, {action} counts \d+"):
        with_job(column, (0, operand), 77).verify()


# --- identity and files --------------------------------------------------------------------------


def same(one: Program, other: Program) -> bool:
    columns = zip(one.jobs, other.jobs, strict=True)
    return (
        one.layers == other.layers
        and np.array_equal(one.counts, other.counts)
        and np.array_equal(one.regions, other.regions)
        and (one.output_slots, one.samples) == (other.output_slots, other.samples)
        and all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in columns)
    )


def test_equal_programs_have_equal_ids() -> None:
    assert program().id == program().id


@pytest.mark.parametrize("column", Jobs._fields)
def test_a_change_of_any_job_changes_the_id(column: str) -> None:
    place = (2, 1) if "bytes" in column else (2,)
    assert with_job(column, place, 6).id != program().id


def test_layers_counts_regions_slots_and_samples_change_the_id() -> None:
    counts = program().counts.copy()
    counts[0, COLUMN["ac"]] = 1
    assert replace(program(), counts=counts).id != program().id
    assert replace(program(), layers=("a", "c")).id != program().id
    assert replace(program(), regions=program().regions * 2).id != program().id
    assert replace(program(), output_slots=5).id != program().id
    assert replace(program(), samples=2).id != program().id


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(cases().filter(is_legal))
def test_every_lowered_program_comes_back_the_same(case: Case) -> None:
    lowered = Lowering(case.network, case.hardware, case.mapping).lower(case.trace, case.samples)
    with TemporaryDirectory() as directory:
        path = Path(directory) / "program"
        lowered.save(path)
        found = Program.load(path)
    assert same(found, lowered)
    assert found.id == lowered.id


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "program.safetensors"
    program().save(path)
    return path


@pytest.mark.parametrize("array", ["counts", "load_bytes", "stream"])
def test_a_file_without_one_of_its_arrays_is_refused(saved: Path, array: str) -> None:
    rewrite_header(saved, drop=array)
    with pytest.raises(HwsimError, match=rf"program\.safetensors: .*lacks '{array}'"):
        Program.load(saved)


def test_a_program_of_other_actions_is_refused(saved: Path) -> None:
    rewrite_json(saved, lambda meta: meta["actions"].reverse())
    with pytest.raises(HwsimError, match=r"program\.safetensors: .*written with other actions"):
        Program.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda meta: meta.pop("layers"),
        lambda meta: meta.update(layers=None),
        lambda meta: meta.update(layers=["a"]),
        lambda meta: meta.update(layers=["a", "b", "c"]),
    ],
    ids=["no layers", "null", "one too few", "one too many"],
)
def test_a_header_with_wrong_layers_is_refused_naming_the_file(
    saved: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    rewrite_json(saved, change)
    with pytest.raises(HwsimError, match=r"program\.safetensors"):
        Program.load(saved)


@pytest.mark.parametrize(
    "broken",
    [
        with_job("stream", (0,), -1),
        replace(program(), counts=program().counts[:, :5]),
        replace(program(), counts=program().counts[0]),
        replace(program(), jobs=program().jobs._replace(load_bytes=np.zeros((3, 2), np.int64))),
        replace(program(), jobs=program().jobs._replace(stream=np.ones((3, 1), np.int64))),
    ],
    ids=["negative", "few actions", "flat counts", "two operands", "stream of two axes"],
)
def test_a_saved_program_that_does_not_verify_is_refused_naming_the_file(
    broken: Program, tmp_path: Path
) -> None:
    broken.save(tmp_path / "program.safetensors")
    with pytest.raises(HwsimError, match=r"program\.safetensors"):
        Program.load(tmp_path / "program.safetensors")


def test_any_flipped_byte_gives_a_program_or_an_hwsim_error(saved: Path) -> None:
    for path in flipped_bytes(saved):
        try:
            Program.load(path)
        except HwsimError:
            continue
