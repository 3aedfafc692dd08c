"""Ledger: sums by layer, unit and cause, what verify() refuses, identity and files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from hwsim.cycle.run import run
from hwsim.errors import HwsimError
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, CAUSES, DRAM_BYTES, Ledger
from hwsim.lower.lowering import Lowering
from tests.examples import flipped_bytes, rewrite_header, rewrite_json
from tests.random_cases import Case, cases, is_legal

ACTION = {name: i for i, name in enumerate(ACTIONS)}
CAUSE = {pair: i for i, pair in enumerate(CAUSE_COLUMNS)}


def ledger() -> Ledger:
    """Two layers, 30 cycles: the first streams 10 and fills 2, the second streams 5, waits and drains."""
    made = Ledger.empty(("a", "b"))
    entries: list[tuple[int, str, str, int]] = [
        (0, "array", "stream", 10), (0, "array", "fill_drain", 2), (1, "array", "stream", 5),
        (1, "array", "weight", 4), (1, "array", "drain", 9), (0, "lif", "update", 3), (1, "lif", "array", 27),
        (0, "dma", "weight", 8), (1, "dma", "idle", 22),
    ]  # fmt: skip
    for layer, unit, cause, cycles in entries:
        made.cycles[layer, CAUSE[unit, cause]] = cycles
    for layer, action, count in [
        (0, "ac", 6), (0, "ac_issued", 8), (1, "mac", 3), (1, "mac_issued", 3), (0, "lif_update", 12),
        (0, "lif_spike", 4), (0, "dram_weight_read_bytes", 64), (1, "dram_output_write_bytes", 16),
    ]:  # fmt: skip
        made.counts[layer, ACTION[action]] = count
    return made


def test_the_ledger_of_the_example_passes() -> None:
    ledger().verify()


def test_an_empty_ledger_passes_and_took_no_time() -> None:
    empty = Ledger.empty(("a", "b"))
    empty.verify()
    assert empty.elapsed_cycles == 0


def test_elapsed_cycles_are_those_of_any_unit() -> None:
    assert ledger().elapsed_cycles == 30
    assert [ledger().unit_cycles(unit) for unit in CAUSES] == [30, 30, 30]


def test_cycles_of_a_unit_are_told_by_cause() -> None:
    spent = {cause: cycles for cause, cycles in ledger().by_cause("array").items() if cycles}
    assert spent == {"stream": 15, "fill_drain": 2, "weight": 4, "drain": 9}


def test_a_cause_that_two_units_share_is_not_mixed_up() -> None:
    # "weight" is 4 waiting cycles of the array and 8 moving cycles of the channel
    assert ledger().by_cause("array")["weight"] == 4
    assert ledger().by_cause("dma")["weight"] == 8


def test_layers_get_the_arrays_cycles() -> None:
    assert ledger().layer_cycles().tolist() == [12, 18]


def test_counts_add_up_over_actions_and_layers() -> None:
    assert ledger().per_layer("ac", "mac").tolist() == [6, 3]
    assert ledger().total("ac_issued", "mac_issued") == 11
    assert ledger().total(*DRAM_BYTES) == 80


def test_two_ledgers_in_series_add_up() -> None:
    twice = ledger() + ledger()
    assert twice.layers == ("a", "b")
    assert np.array_equal(twice.counts, 2 * ledger().counts)
    assert np.array_equal(twice.cycles, 2 * ledger().cycles)
    assert twice.elapsed_cycles == 60
    twice.verify()


def test_adding_leaves_both_ledgers_as_they_were() -> None:
    one, other = ledger(), ledger()
    _ = one + other
    assert one == other == ledger()


def test_ledgers_of_different_layers_do_not_add_up() -> None:
    with pytest.raises(HwsimError, match="ledgers of different layers cannot be added"):
        ledger() + replace(ledger(), layers=("a", "c"))


def test_equal_ledgers_differ_in_nothing() -> None:
    assert ledger() == ledger()
    assert not ledger().differences(ledger())


def test_differences_name_layer_entry_and_both_values() -> None:
    other = ledger()
    other.counts[1, ACTION["mac"]] = 2
    other.cycles[0, CAUSE["dma", "weight"]] = 9
    assert ledger() != other
    assert ledger().differences(other) == ["b: mac: 3 against 2", "a: dma cycles: weight: 8 against 9"]


@pytest.mark.parametrize(
    ("layer", "action", "count", "message"),
    [
        (1, "ac", -1, "a count is negative"),
        (0, "ac", 9, "layer 'a' has more useful than issued ac"),
        (1, "mac", 4, "layer 'b' has more useful than issued mac"),
        (0, "lif_spike", 13, "more spikes than membrane updates"),
    ],
)
def test_counts_that_cannot_be_are_refused(layer: int, action: str, count: int, message: str) -> None:
    broken = ledger()
    broken.counts[layer, ACTION[action]] = count
    with pytest.raises(HwsimError, match=message):
        broken.verify()


def test_negative_cycles_are_refused() -> None:
    broken = ledger()
    broken.cycles[0, CAUSE["lif", "output"]] = -1
    with pytest.raises(HwsimError, match="negative"):
        broken.verify()


@pytest.mark.parametrize("unit", CAUSES)
def test_units_that_spent_different_times_are_refused(unit: str) -> None:
    broken = ledger()
    broken.cycles[0, CAUSE[unit, CAUSES[unit][0]]] += 1
    with pytest.raises(HwsimError, match=f"units' cycles do not agree: .*'{unit}': 31"):
        broken.verify()


# --- identity and files --------------------------------------------------------------------------


def test_equal_ledgers_have_equal_ids() -> None:
    assert ledger().id == ledger().id


def test_any_count_cycle_or_name_changes_the_id() -> None:
    counts, cycles = ledger(), ledger()
    counts.counts[1, 7] += 1
    cycles.cycles[1, 7] += 1
    renamed = replace(ledger(), layers=("a", "c"))
    assert len({ledger().id, counts.id, cycles.id, renamed.id}) == 4


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(cases().filter(is_legal))
def test_every_random_ledger_comes_back_the_same(case: Case) -> None:
    lowering = Lowering(case.network, case.hardware, case.mapping)
    made = run(lowering.lower(case.trace, case.samples), case.hardware)
    with TemporaryDirectory() as directory:
        path = Path(directory) / "ledger"
        made.save(path)
        found = Ledger.load(path)
    assert found == made
    assert found.id == made.id


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.safetensors"
    ledger().save(path)
    return path


@pytest.mark.parametrize("array", ["counts", "cycles"])
def test_a_file_without_one_of_its_arrays_is_refused(saved: Path, array: str) -> None:
    rewrite_header(saved, drop=array)
    with pytest.raises(HwsimError, match=rf"ledger\.safetensors: .*lacks '{array}'"):
        Ledger.load(saved)


@pytest.mark.parametrize("field", ["actions", "causes"])
def test_a_ledger_of_other_actions_or_causes_is_refused(saved: Path, field: str) -> None:
    rewrite_json(saved, lambda meta: meta[field].reverse())
    with pytest.raises(HwsimError, match=r"ledger\.safetensors: .*other actions or causes"):
        Ledger.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda meta: meta.pop("layers"),
        lambda meta: meta.pop("causes"),
        lambda meta: meta.update(layers=None),
        lambda meta: meta.update(layers=["a"]),
        lambda meta: meta.update(layers=["a", "b", "c"]),
    ],
    ids=["no layers", "no causes", "null", "one too few", "one too many"],
)
def test_a_header_with_wrong_fields_is_refused_naming_the_file(
    saved: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    rewrite_json(saved, change)
    with pytest.raises(HwsimError, match=r"ledger\.safetensors"):
        Ledger.load(saved)


def negative() -> Ledger:
    broken = ledger()
    broken.counts[0, 0] = -1
    return broken


@pytest.mark.parametrize(
    "broken",
    [
        negative(),
        replace(ledger(), counts=ledger().counts[0]),
        replace(ledger(), cycles=ledger().cycles[:, :3]),
        replace(ledger(), cycles=ledger().cycles[:1]),
        replace(ledger(), cycles=np.zeros((3, len(CAUSE_COLUMNS)), np.int64)),
    ],
    ids=["negative", "flat counts", "few causes", "cycles of one layer", "cycles of three layers"],
)
def test_a_saved_ledger_that_does_not_verify_is_refused_naming_the_file(
    broken: Ledger, tmp_path: Path
) -> None:
    broken.save(tmp_path / "ledger.safetensors")
    with pytest.raises(HwsimError, match=r"ledger\.safetensors"):
        Ledger.load(tmp_path / "ledger.safetensors")


def test_any_flipped_byte_gives_a_ledger_or_an_hwsim_error(saved: Path) -> None:
    for path in flipped_bytes(saved):
        try:
            Ledger.load(path)
        except HwsimError:
            continue
