"""Mapping: defaults, choices per layer, errors, identity and files."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from hwsim.configuration import save_yaml
from hwsim.errors import HwsimError
from hwsim.mapping import LayerMapping, Mapping, PlacedSlice, load_mapping
from tests.examples import small_network
from tests.random_cases import Case, cases

SHIPPED = sorted((Path(__file__).parent.parent / "mappings").glob("*.yaml"))


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def refused(directory: Path, text: str) -> str:
    """What is said of a file, behind its path."""
    path = written(directory / "m.yaml", text)
    with pytest.raises(HwsimError) as caught:
        load_mapping(path)
    assert str(caught.value).startswith(f"{path}:")
    return str(caught.value).removeprefix(str(path))


def test_an_empty_choice_is_tick_batching_with_free_folds() -> None:
    mapping = Mapping()
    assert (mapping.schedule, mapping.fold_order, mapping.direct_coding) == ("layer_major", "auto", "once")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_every_shipped_mapping_loads_and_says_what_it_is_for(path: Path) -> None:
    load_mapping(path)
    assert path.read_text(encoding="utf-8").startswith("# ")
    assert f"| {path.name} |" in (path.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_a_shipped_mapping_is_known_by_name(path: Path) -> None:
    assert load_mapping(Path(path.stem)) == load_mapping(path)


def test_an_unknown_mapping_gets_the_nearest_name() -> None:
    with pytest.raises(HwsimError, match=r"unknown mapping 'step-major'\. Did you mean 'step_major'\?"):
        load_mapping(Path("step-major"))


def test_a_file_without_an_ending_is_read_though_a_shipped_mapping_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "step_major", "batch: 2")
    assert load_mapping(Path("step_major")) == Mapping(batch=2)


def test_the_shipped_mappings_are_schedules_a_full_array_an_accounting_and_a_placement() -> None:
    shipped = {path.stem: load_mapping(path) for path in SHIPPED}
    assert {stem for stem, mapping in shipped.items() if mapping.placement} == {"fashion-mesh-sata"}
    assert {stem: mapping for stem, mapping in shipped.items() if not mapping.placement} == {
        "layer_major": Mapping(),
        "step_major": Mapping(schedule="step_major"),
        "batch_on_m": Mapping(batch=16, batch_on="M"),
        "efficientlif-accounting": Mapping(
            schedule="step_major",
            fold_order="m_outer",
            direct_coding="each_step",
            batch=64,
            sample_loop="outer",
        ),
    }


def test_a_layers_own_order_wins_and_auto_leaves_it_to_the_whole() -> None:
    mapping = Mapping(
        fold_order="m_outer",
        layers={"a": LayerMapping(fold_order="n_outer"), "pool": LayerMapping(fold_order="auto")},
    )
    assert mapping.fold_order_of("a") == "n_outer"
    assert mapping.fold_order_of("pool") == "m_outer"
    assert mapping.fold_order_of("out") == "m_outer"


def test_a_layer_that_the_network_lacks_gets_the_nearest_name() -> None:
    mapping = Mapping(layers={"pol": LayerMapping()})
    with pytest.raises(
        HwsimError, match=r"no population 'pol'\. Did you mean 'pool'\? Known: a, in, out, pool"
    ):
        mapping.verify(small_network())


def test_layers_of_the_network_pass() -> None:
    Mapping(layers={"a": LayerMapping(), "out": LayerMapping()}).verify(small_network())


def test_an_unknown_schedule_is_refused_with_its_line(tmp_path: Path) -> None:
    message = refused(tmp_path, "# comment\nfold_order: auto\nschedule: time_major\n")
    assert message.startswith(":3: schedule: found 'time_major'")
    assert "'layer_major' or 'step_major'" in message


def test_an_unknown_key_gets_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    message = refused(tmp_path, "schedule: layer_major\nfold_oder: auto\n")
    assert message.startswith(":2: unknown field 'fold_oder'. Did you mean 'fold_order'?")


def test_an_unknown_key_of_a_layer_gets_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    message = refused(tmp_path, "layers:\n  conv1:\n    fold_oder: m_outer\n")
    assert message.startswith(":3: unknown field 'layers.conv1.fold_oder'.")
    assert "Did you mean 'fold_order'?" in message


def test_a_layers_wrong_order_is_refused_with_its_line(tmp_path: Path) -> None:
    message = refused(tmp_path, "layers:\n  conv1: {fold_order: both}\n")
    assert message.startswith(":2: layers.conv1.fold_order: found 'both'")


def test_a_mapping_does_not_change_once_made() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Mapping().schedule = "step_major"  # type: ignore[misc]


@pytest.mark.parametrize(
    "other",
    [
        Mapping(schedule="step_major"),
        Mapping(fold_order="m_outer"),
        Mapping(direct_coding="each_step"),
        Mapping(layers={"a": LayerMapping()}),
        Mapping(placement={"a": [PlacedSlice(first=0, last=0, core=0)]}),
        Mapping(layers={"a": LayerMapping(fold_order="n_outer")}),
    ],
)
def test_any_other_choice_changes_the_id(other: Mapping) -> None:
    assert other.id != Mapping().id


def test_equal_choices_have_equal_ids() -> None:
    assert Mapping(schedule="layer_major").id == Mapping().id


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cases())
def test_every_random_mapping_comes_back_from_its_yaml(case: Case) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "mapping.yaml"
        save_yaml(path, case.mapping)
        found = load_mapping(path)
    assert found == case.mapping
    assert found.id == case.mapping.id


def test_the_name_of_a_layer_may_be_a_number(tmp_path: Path) -> None:
    path = written(tmp_path / "m.yaml", "layers: {4: {k_tile: 1}}\n")
    assert load_mapping(path).layers == {"4": LayerMapping(k_tile=1)}


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("{1.10: {k_tile: 1}}", "the name 1.1 is read as float: write it in quotes"),
        ("{4: {k_tile: 1}, '4': {k_tile: 2}}", "layer '4' is given twice"),
        ("{a: {k_tile: 2147483649}}", "less than or equal to 2147483648"),
    ],
)
def test_layers_that_are_not_clear_are_refused(tmp_path: Path, layers: str, message: str) -> None:
    path = written(tmp_path / "m.yaml", f"layers: {layers}\n")
    with pytest.raises(HwsimError, match=message):
        load_mapping(path)


def test_a_date_that_is_none_is_refused_with_the_file(tmp_path: Path) -> None:
    message = refused(tmp_path, "batch: 2024-99-99\n")
    assert message.startswith(": not readable as YAML: ")
