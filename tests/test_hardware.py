"""Hardware: chips from YAML, what is refused with its line, and the numbers that follow from a chip."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from hwsim import hardware as module
from hwsim.configuration import MAX_BYTES, save_yaml
from hwsim.dram.table import TABLES as DRAMS
from hwsim.errors import HwsimError
from hwsim.hardware import Dram, Hardware, load_hardware, presets
from tests.examples import chip
from tests.place.examples import grid
from tests.random_cases import Case, cases

SATA = (module.TABLES / "sata.yaml").read_text(encoding="utf-8")


@dataclass
class File:
    """A chip's YAML: the SATA preset, edited."""

    path: Path

    def with_line(self, old: str, new: str) -> "File":
        assert SATA.count(old) == 1
        self.path.write_text(SATA.replace(old, new), encoding="utf-8")
        return self

    def line_of(self, text: str) -> int:
        lines = self.path.read_text(encoding="utf-8").splitlines()
        (number,) = (i for i, line in enumerate(lines, 1) if text in line)
        return number

    def error(self) -> str:
        with pytest.raises(HwsimError) as caught:
            load_hardware(str(self.path))
        assert str(self.path) in str(caught.value)
        return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "chip.yaml")


# --- presets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", presets())
def test_every_preset_loads_under_its_own_name(name: str) -> None:
    assert load_hardware(name).name == name


def test_an_unknown_preset_gets_the_nearest_name() -> None:
    with pytest.raises(HwsimError, match=r"unknown hardware preset 'satta'.* Did you mean 'sata'\?.*\.yaml"):
        load_hardware("satta")


def test_a_name_near_nothing_gets_the_list_alone() -> None:
    with pytest.raises(HwsimError, match="Known: ") as caught:
        load_hardware("zzzzzzzz")
    assert "Did you mean" not in str(caught.value)
    assert all(name in str(caught.value) for name in presets())


# --- configuration errors ------------------------------------------------------------------------


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match=r"absent\.yaml: no such file"):
        load_hardware(str(tmp_path / "absent.yaml"))


def test_an_unknown_key_gets_its_line_and_the_nearest_name(file: File) -> None:
    message = file.with_line("clock_hz: 400_000_000", "clock_htz: 400_000_000").error()
    line = file.line_of("clock_htz")
    assert f"{file.path}:{line}: unknown field 'clock_htz'. Did you mean 'clock_hz'?" in message
    assert f"{file.path}: field 'clock_hz' is missing" in message


def test_an_unknown_nested_key_gets_its_line_its_path_and_the_nearest_name(file: File) -> None:
    message = file.with_line("  output: {capacity_bytes: 32768,", "  output: {capacity_byte: 32768,").error()
    line = file.line_of("output: {capacity_byte:")
    unknown = f"{file.path}:{line}: unknown field 'buffers.output.capacity_byte'."
    assert f"{unknown} Did you mean 'capacity_bytes'?" in message
    assert f"{file.path}:{line}: field 'buffers.output.capacity_bytes' is missing" in message


def test_a_key_of_an_optional_part_is_checked_too(file: File) -> None:
    message = file.with_line("dram:", "  membrane: {capacity_bytes: 4096, word_bit: 64}\ndram:").error()
    line = file.line_of("word_bit:")
    assert (
        f"{file.path}:{line}: unknown field 'buffers.membrane.word_bit'. Did you mean 'word_bits'?" in message
    )


def test_a_negative_buffer_is_refused_with_its_line(file: File) -> None:
    message = file.with_line("weight: {capacity_bytes: 147456,", "weight: {capacity_bytes: -1,").error()
    line = file.line_of("capacity_bytes: -1")
    assert message == (
        f"{file.path}:{line}: buffers.weight.capacity_bytes: found -1. Input should be greater than 0."
    )


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("node_nm: 28", "node_nm: small", "node_nm: found 'small'"),
        ("clock_hz: 400_000_000", "clock_hz: 0.5", "clock_hz: found 0.5"),
        ("clock_hz: 400_000_000", "clock_hz: .inf", "clock_hz: found inf"),
        ("rows: 8,", "rows: [8],", r"pe_array.rows: found [8]"),
        ("rows: 8,", "rows: 1025,", "pe_array.rows: found 1025"),
        ("skip: gate,", "skip: gated,", "pe_array.skip: found 'gated'"),
        ("rows: 8,", "rows: 8, window: 65,", "pe_array.window: found 65"),
        ("rows: 8,", "rows: 8, window: some,", "pe_array.window: found 'some'"),
        ("rows: 8,", "rows: 8, window: true,", "pe_array.window: found True"),
        ("dataflow: os,", "dataflow: rs,", "pe_array.dataflow: found 'rs'"),
        ("rows: 8,", "rows: 8, rows_hold: B,", "pe_array.rows_hold: found 'B'"),
        ("rows: 8,", "rows: 8, columns_hold: k,", "pe_array.columns_hold: found 'k'"),
        ("fill: systolic}", "fill: instant}", "pe_array.fill: found 'instant'"),
        ("rows: 8,", "rows: 8, streams: two,", "pe_array.streams: found 'two'"),
        ("rows: 8,", "rows: 8, time_lanes: 2,", "pe_array.time_lanes: found 2"),
        ("rows: 8,", "rows: 8, overlap: twice,", "pe_array.overlap: found 'twice'"),
        ("rows: 8,", "rows: 8, decode: 4,", "pe_array.decode: found 4"),
        ("partial_sum_banks: 2,", "partial_sum_banks: 9,", "pe_array.partial_sum_banks: found 9"),
        ("lif: {units: 128, vector_lanes: 16, placement: array}", "lif: 128", "lif: found 128"),
        ("placement: array", "placement: top", "lif.placement: found 'top'"),
        ("output: {", "output: {ports: 17, ", "buffers.output.ports: found 17"),
        ("output: {", "output: {banks: 0, ", "buffers.output.banks: found 0"),
        ("output: {", "output: {double_buffered: 3, ", "buffers.output.double_buffered: found 3"),
        ("buffers:", "buffers:\n  spikes: queue", "buffers.spikes: found 'queue'"),
        ("table: ddr4_2400", "table: ddr4_2400, timing: slow", "dram.timing: found 'slow'"),
        (
            "table: ddr4_2400",
            "bandwidth_bytes_per_s: 1, burst_bytes: 4097",
            "dram.burst_bytes: found 4097",
        ),
        ("weight_bits: 8,", "weight_bits: 33,", "precision.weight_bits: found 33"),
    ],
)
def test_a_wrong_value_is_refused_with_line_field_and_value(
    file: File, old: str, new: str, field: str
) -> None:
    message = file.with_line(old, new).error()
    assert f"{file.path}:{file.line_of(new.splitlines()[-1])}: {field}" in message


def test_every_wrong_field_gets_a_line_of_its_own(file: File) -> None:
    file.with_line("node_nm: 28", "node_nm: -28\nclok: 1")
    messages = file.error().splitlines()
    assert len(messages) == 2
    assert any("node_nm: found -28" in m for m in messages)
    assert any("unknown field 'clok'" in m for m in messages)


def test_a_missing_part_is_named(file: File) -> None:
    message = file.with_line("lif: {units: 128, vector_lanes: 16, placement: array}\n", "").error()
    assert message == f"{file.path}: field 'lif' is missing"


@pytest.mark.parametrize(
    "text",
    ["buffers: {weight: [", "a: b: c", "\t- x", "key: 'open", "a: *nobody", "!!python/object:os.system x"],
)
def test_a_file_that_is_not_yaml_is_refused(file: File, text: str) -> None:
    file.path.write_text(text)
    assert "not readable as YAML" in file.error()


def test_bytes_that_are_no_text_are_refused(file: File) -> None:
    file.path.write_bytes(b"name: \xff\xfe\x00")
    assert "not readable as YAML" in file.error()


@pytest.mark.parametrize(("text", "found"), [("", "NoneType"), ("- 1\n- 2\n", "list"), ("hello\n", "str")])
def test_a_file_without_fields_is_refused(file: File, text: str, found: str) -> None:
    file.path.write_text(text)
    assert f"expected a mapping of fields, found {found}" in file.error()


def test_a_huge_file_is_refused_before_it_is_read(file: File) -> None:
    file.path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert f"larger than {MAX_BYTES} bytes" in file.error()


def test_a_key_that_is_given_twice_is_refused(file: File) -> None:
    file.with_line("node_nm: 28", "node_nm: 28\nnode_nm: 45")
    assert "node_nm" in file.error()


# --- what goes together --------------------------------------------------------------------------

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"columns_hold": "M"}, "rows and columns both hold M"),
    ({"rows_hold": "K"}, "dataflow os streams K: rows and columns hold two of M, N, T"),
    ({"dataflow": "ws", "rows_hold": "M"}, "dataflow ws holds K and N on rows and columns, not M and N"),
    ({"dataflow": "is", "columns_hold": "T"}, "dataflow is holds K and M on rows and columns, not K and T"),
    ({"dataflow": "is", "skip": "event"}, "dataflow is with skip event: the inputs stay"),
    (
        {"streams": "own", "dataflow": "ws", "fill": "broadcast"},
        "streams own: only with dataflow os, M on the",
    ),
    (
        {"streams": "own", "rows_hold": "T", "fill": "broadcast"},
        "streams own: only with dataflow os, M on the",
    ),
    ({"streams": "own"}, "streams own: a skewed fill has one order for all rows; take fill broadcast"),
    ({"weight_sparsity": True, "skip": "event"}, "weight_sparsity: only with streams own and skip event"),
    (
        {"weight_sparsity": True, "streams": "own", "fill": "broadcast", "skip": "gate"},
        "weight_sparsity: only with streams own and skip event",
    ),
    ({"decode": {"events_per_cycle": 1, "merge_lanes": 2}, "skip": "gate"}, "decode: only with dataflow os"),
    (
        {"decode": {"events_per_cycle": 1, "merge_lanes": 2}, "skip": "event", "dataflow": "ws"},
        "decode: only with dataflow os",
    ),
    (
        {"decode": {"events_per_cycle": 1, "merge_lanes": 2}, "skip": "event", "rows_hold": "T"},
        "decode: only with dataflow os",
    ),
    ({"decode": {"events_per_cycle": 0, "merge_lanes": 2}, "skip": "event"}, "greater than 0"),
    ({"decode": {"events_per_cycle": 1, "merge_lanes": 1}, "skip": "event"}, "greater than or equal to 2"),
    (
        {"decode": {"events_per_cycle": 1, "merge_lanes": 2, "max_inputs": 0}, "skip": "event"},
        "greater than 0",
    ),
]


@pytest.mark.parametrize(("array", "message"), REFUSED)
def test_choices_of_the_array_that_do_not_go_together_are_refused(
    array: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        chip(**array)


@pytest.mark.parametrize(
    ("array", "holds"),
    [
        ({}, ("M", "N")),
        ({"dataflow": "ws"}, ("K", "N")),
        ({"dataflow": "is"}, ("K", "M")),
        ({"rows_hold": "N", "columns_hold": "T"}, ("N", "T")),
        ({"rows_hold": "T"}, ("T", "N")),
    ],
)
def test_rows_and_columns_hold_what_the_dataflow_says_unless_told_otherwise(
    array: dict[str, Any], holds: tuple[str, str]
) -> None:
    assert chip(**array).pe_array.holds == holds  # W3's table


def test_an_extent_is_one_where_a_dimension_does_not_lie_on_the_array() -> None:
    # W3: fM is R or C where M lies, else 1; the same for fN and fT
    array = chip(3, 5, rows_hold="N", columns_hold="T").pe_array
    assert [array.extent(d) for d in ("M", "N", "T")] == [1, 3, 5]


def test_a_dram_is_a_table_or_two_numbers() -> None:
    both = {"table": "ideal", "burst_bytes": 64}
    with pytest.raises(ValueError, match="table has its own bandwidth and bursts: leave the other two out"):
        Dram.model_validate(both)
    for some in ({}, {"burst_bytes": 64}, {"bandwidth_bytes_per_s": 64}):
        with pytest.raises(ValueError, match="give table, or bandwidth_bytes_per_s and burst_bytes"):
            Dram.model_validate(some)


def test_an_unknown_dram_is_refused_with_line_field_and_the_nearest_name(file: File) -> None:
    message = file.with_line("table: ddr4_2400", "table: ddr4_240").error()
    line = file.line_of("ddr4_240}")
    assert f"{file.path}:{line}: dram.table: found 'ddr4_240'" in message
    assert "unknown DRAM 'ddr4_240'. Did you mean 'ddr4_2400'?" in message


def test_a_dram_file_that_is_absent_or_wrong_is_refused_with_its_field(file: File) -> None:
    message = file.with_line("table: ddr4_2400", "table: my.yaml").error()
    assert f"{file.path}:{file.line_of('my.yaml')}: dram.table: found 'my.yaml'" in message
    assert "my.yaml: no such file" in message
    (file.path.parent / "my.yaml").write_text("name: my\n")
    assert "dram.table: found 'my.yaml'" in file.error()


def test_a_dram_file_lies_in_the_folder_of_the_chip_not_in_that_of_the_caller(
    file: File, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drams").mkdir()
    (tmp_path / "drams" / "mine.yaml").write_text((DRAMS / "lpddr4_2400.yaml").read_text())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    file.with_line("table: ddr4_2400", "table: drams/mine.yaml")
    found = load_hardware("../chip.yaml")
    assert found.dram.burst == 128
    save_yaml(tmp_path / "elsewhere" / "copy.yaml", found)
    assert load_hardware("copy.yaml") == found


def test_the_same_dram_from_a_file_or_by_name_is_the_same_chip(file: File, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text((DRAMS / "ddr4_2400.yaml").read_text())
    found = load_hardware(str(file.with_line("table: ddr4_2400", "table: mine.yaml").path))
    assert found.dram.table != "ddr4_2400"
    assert found.id == load_hardware("sata").id


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "cycles"),
    [(0, 0), (1, 1), (48, 1), (49, 2), (147456, 3072)],
)
def test_a_transfer_takes_whole_cycles(size: int, cycles: int) -> None:
    # SATA: 19.2 GB/s at 400 MHz are 48 bytes a cycle
    assert load_hardware("sata").transfer_cycles(size) == cycles


def test_a_flat_dram_is_late_by_its_latency_in_cycles_of_the_tile() -> None:
    # S2: 30 cycles of a 1 GHz table are 4.5 cycles at 150 MHz, rounded up
    flat = {"bandwidth_bytes_per_s": 10**9, "latency_cycles": 30, "energy_pj_per_bit": None}
    parts = {"name": "f", "description": "", "clock_hz": 10**9, "burst_bytes": 64, "sources": {}}
    with TemporaryDirectory() as directory:
        path = Path(directory) / "flat.yaml"
        path.write_text(yaml.safe_dump(parts | {"flat": flat}))
        assert chip(table=str(path), clock_hz=150_000_000).latency_cycles == 5
    assert chip(clock_hz=150_000_000).latency_cycles == 0
    assert chip(table="ddr4_2400").latency_cycles == 0


def test_commands_are_played_for_banked_tables_unless_bandwidth_is_asked_for() -> None:
    assert Dram(table="ddr4_2400").banked is not None
    assert Dram(table="ddr4_2400", timing="bandwidth").banked is None
    assert Dram(table="hbm2").banked is None
    assert Dram(bandwidth_bytes_per_s=64, burst_bytes=64).banked is None


def test_bandwidth_and_bursts_are_those_of_the_table() -> None:
    # ddr4_2400: 2400 MT/s x 8 bytes; bursts of 8 transfers
    assert (Dram(table="ddr4_2400").bandwidth, Dram(table="ddr4_2400").burst) == (19_200_000_000, 64)
    plain = Dram(bandwidth_bytes_per_s=5, burst_bytes=3)
    assert (plain.bandwidth, plain.burst) == (5, 3)


def test_a_job_gets_half_of_a_double_buffered_memory() -> None:
    # W6: capacity // D
    assert chip(weight=101).buffers.weight.tile_bytes == 50
    assert chip(weight=101, double=False).buffers.weight.tile_bytes == 101


def test_loads_run_ahead_if_weights_and_inputs_are_both_double_buffered() -> None:
    # S1: D = 2 if both are, else 1
    both = chip()
    assert both.load_buffers == 2
    assert chip(double=False).load_buffers == 1
    single = both.buffers.input.model_copy(update={"double_buffered": False})
    buffers = both.buffers.model_copy(update={"input": single})
    assert both.model_copy(update={"buffers": buffers}).load_buffers == 1


@pytest.mark.parametrize(
    ("placement", "units", "rate"), [("array", 6, 6), ("array", 2, 2), ("edge", 6, 3), ("edge", 2, 2)]
)
def test_lif_units_at_the_edge_take_a_columns_width_a_cycle(placement: Any, units: int, rate: int) -> None:
    # L1: U' = units in the array, min(C, units) at its edge; C = 3
    assert chip(2, 3, placement=placement, units=units).lif_rate == rate


def test_a_chip_has_three_buffers_and_two_more_if_told() -> None:
    assert list(chip().buffers.present()) == ["weight", "input", "output"]
    assert list(chip(membrane=64, partial_sum=64).buffers.present()) == [
        "weight",
        "input",
        "output",
        "membrane",
        "partial_sum",
    ]


# --- another skip --------------------------------------------------------------------------------


def test_another_skip_mode_changes_nothing_else() -> None:
    before = chip(skip="gate")
    after = before.with_skip("event")
    assert after.pe_array.skip == "event"
    assert after.with_skip("gate") == before


SPARSE = {"streams": "own", "fill": "broadcast", "weight_sparsity": True}
MERGING = {"decode": {"events_per_cycle": 1, "merge_lanes": 2}}


def test_without_events_there_is_nothing_to_decode_and_no_weight_to_leave_out() -> None:
    gated = chip(skip="event", **SPARSE, **MERGING).with_skip("gate")
    assert gated == chip(skip="gate", streams="own", fill="broadcast")


def test_dense_rows_share_one_stream() -> None:
    assert chip(skip="event", **SPARSE, **MERGING).with_skip("dense") == chip(skip="dense", fill="broadcast")


def test_a_skip_that_the_dataflow_cannot_have_is_refused() -> None:
    with pytest.raises(HwsimError, match=r"test: pe_array\.skip 'event': dataflow is with skip event"):
        chip(dataflow="is").with_skip("event")


# --- identity and files --------------------------------------------------------------------------


def test_a_chip_does_not_change_once_made() -> None:
    with pytest.raises(ValueError, match="frozen"):
        chip().clock_hz = 1  # type: ignore[misc]


def leaves(values: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, value in values.items():
        found += leaves(value, (*path, name)) if isinstance(value, dict) else [(*path, name)]
    return found


LIMITED = {"neurons": 9, "synapses": 9, "weight_bytes": 9, "axons_in": 9, "axons_out": 9}
WHOLE = chip(3, 5, "event", membrane=4096, partial_sum=64, fill="broadcast", **MERGING).model_copy(
    update={"grid": grid(3, 5, 2, **LIMITED)}
)
OTHER: dict[tuple[str, ...], Any] = {
    ("name",): "other",
    ("pe_array", "skip"): "gate",
    ("pe_array", "dataflow"): "ws",
    ("pe_array", "rows_hold"): "T",
    ("pe_array", "columns_hold"): "T",
    ("pe_array", "fill"): "systolic",
    ("pe_array", "streams"): "own",
    ("pe_array", "time_lanes"): "serial",
    ("pe_array", "weight_sparsity"): True,
    ("pe_array", "decode", "max_inputs"): 7,
    ("lif", "placement"): "edge",
    ("buffers", "spikes"): "list",
    ("grid", "noc"): "booksim_torus",
    ("grid", "energy"): "dsent32",
}
"""Another value of the fields that are neither numbers nor switches."""
WITH: dict[tuple[str, ...], dict[str, Any]] = {
    ("pe_array", "dataflow"): {"decode": None},
    ("pe_array", "rows_hold"): {"decode": None},
    ("pe_array", "columns_hold"): {"decode": None},
    ("pe_array", "skip"): {"decode": None},
    ("pe_array", "weight_sparsity"): {"streams": "own"},
}
"""What the other value asks of the array on both sides of the comparison."""


WITHOUT_EFFECT = {
    ("buffers", name, field)
    for name in ("input", "output", "membrane", "partial_sum")
    for field in ("banks", "ports", "double_buffered")
} - {("buffers", "input", "double_buffered")}
"""Fields of buffers that are refused but for their defaults."""


def other(value: Any) -> Any:
    return not value if isinstance(value, bool) else value + 1


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in leaves(WHOLE.model_dump(exclude={"sources", "description"}))
        if p[0] != "dram" and p not in WITHOUT_EFFECT
    ],
    ids=".".join,
)
def test_every_field_counts_for_the_identity(path: tuple[str, ...]) -> None:
    values = WHOLE.model_dump()
    values["pe_array"] |= WITH.get(path, {})
    before = Hardware.model_validate(values).id
    part = values
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = OTHER[path] if path in OTHER else other(part[path[-1]])
    assert Hardware.model_validate(values).id != before


def test_every_number_of_the_dram_table_counts_for_the_identity() -> None:
    found = {chip(table=name).id for name in ("ideal", "hbm2", "ddr4_2400", "lpddr4_2400")}
    assert len(found | {chip().id}) == 5


def test_sources_and_description_do_not_count_for_the_identity() -> None:
    described = chip().model_copy(update={"description": "else", "sources": {"name": "me"}})
    assert described.id == chip().id


@settings(max_examples=60, deadline=None, derandomize=True)
@given(cases())
def test_every_random_chip_comes_back_from_its_yaml(case: Case) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "chip.yaml"
        save_yaml(path, case.hardware)
        found = load_hardware(str(path))
    assert found == case.hardware
    assert found.id == case.hardware.id


@pytest.mark.parametrize("name", presets())
def test_every_preset_comes_back_from_its_yaml(name: str, tmp_path: Path) -> None:
    save_yaml(tmp_path / "copy.yaml", load_hardware(name))
    assert load_hardware(str(tmp_path / "copy.yaml")) == load_hardware(name)


def test_yaml_is_written_as_plain_data(tmp_path: Path) -> None:
    save_yaml(tmp_path / "c.yaml", chip())
    assert yaml.safe_load((tmp_path / "c.yaml").read_text())["pe_array"]["skip"] == "gate"


def test_how_a_dram_is_timed_counts_for_the_identity() -> None:
    played = chip(table="ddr4_2400", clock_hz=10**9)
    assert played.dram.timing == "commands"
    assert played.with_dram("bandwidth").id != played.id
    chips = [chip(), chip(bandwidth=1 << 39), chip(burst=2)]
    assert len({c.id for c in chips}) == 3


# --- what means nothing, cannot be counted or is of another type ---------------------------------


@pytest.mark.parametrize("dram", [{"table": "hbm2"}, {"bandwidth_bytes_per_s": 64, "burst_bytes": 64}])
def test_commands_of_a_dram_that_has_none_are_refused(dram: dict[str, Any]) -> None:
    assert Dram.model_validate(dram).timing == "bandwidth"
    with pytest.raises(ValueError, match=r"timing\n.*a flat table and plain numbers have no commands"):
        Dram.model_validate(dram | {"timing": "commands"})


@pytest.mark.parametrize(("_", "name", "field"), sorted(WITHOUT_EFFECT))
def test_a_field_of_a_buffer_without_effect_is_refused(_: str, name: str, field: str) -> None:
    values = WHOLE.model_dump()
    values["buffers"][name][field] = other(values["buffers"][name][field])
    where = "weight and input" if field == "double_buffered" else "weight"
    with pytest.raises(ValueError, match=f"{name}.{field}: found .* has a meaning for {where} only"):
        Hardware.model_validate(values)


LARGEST = {
    "clock_hz: 400_000_000": ("clock_hz: {}", 10**12),
    "node_nm: 28": ("node_nm: {}", 10**5),
    "units: 128,": ("units: {},", 2**20),
    "vector_lanes: 16,": ("vector_lanes: {},", 2**20),
    "output: {capacity_bytes: 32768,": ("output: {{capacity_bytes: {},", 2**40),
    "table: ddr4_2400": ("burst_bytes: 64, bandwidth_bytes_per_s: {}", 10**15),
}


@pytest.mark.parametrize("old", LARGEST)
def test_every_number_has_a_largest_value(file: File, old: str) -> None:
    new, most = LARGEST[old]
    assert f"found {most + 1}. Input should be less than or equal to {most}" in (
        file.with_line(old, new.format(most + 1)).error()
    )


def test_the_decoders_numbers_have_largest_values() -> None:
    most = {"events_per_cycle": 2**20, "merge_lanes": 2**20, "max_inputs": 2**31}
    assert chip(skip="event", decode=most).pe_array.decode is not None
    for name, value in most.items():
        with pytest.raises(ValueError, match=f"less than or equal to {value}"):
            chip(skip="event", decode=most | {name: value + 1})


@pytest.mark.parametrize(
    ("clock", "bandwidth", "message"),
    [
        # 2**20 cycles a byte are allowed; a numerator of 2**32 too
        (2**20 + 1, 1, r"a byte takes more than 1048576 cycles"),
        (2**32 + 1, 2**33, "the numerator of their ratio is more than 4294967296; round one of them"),
    ],
)
def test_a_clock_that_is_too_far_from_the_drams_bandwidth_is_refused(
    clock: int, bandwidth: int, message: str
) -> None:
    assert chip(clock_hz=clock - 1, bandwidth=bandwidth).clock_hz == clock - 1
    with pytest.raises(ValueError, match=message):
        chip(clock_hz=clock, bandwidth=bandwidth)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("rows: 8,", "rows: yes,", "rows: found True. Input should be a valid integer"),
        ("rows: 8,", "rows: 8.0,", "rows: found 8.0. Input should be a valid integer"),
        ("weight_bits: 8,", 'weight_bits: "8",', "weight_bits: found '8'. Input should be a valid integer"),
        (
            "output: {",
            "output: {double_buffered: 1, ",
            "double_buffered: found 1. Input should be a valid bool",
        ),
    ],
)
def test_a_value_of_another_type_is_refused(file: File, old: str, new: str, found: str) -> None:
    assert found in file.with_line(old, new).error()


@pytest.mark.parametrize("text", ["010", "0_7", "-010", "1:30", "00"])
def test_an_integer_that_yaml_reads_otherwise_is_refused(file: File, text: str) -> None:
    message = file.with_line("node_nm: 28", f"node_nm: {text}").error()
    assert (
        f"line {file.line_of(f'node_nm: {text}')}: '{text}': write an integer without leading zeros"
        in message
    )


@pytest.mark.parametrize(
    "scalar",
    [
        "2024-13-45",
        "!!int abc",
        "9" * 5000,
        "!!timestamp soon",
        "!!bool maybe",
        "!!float x",
        "0x" + "f" * 5000,
    ],
    ids=lambda text: text[:12],
)
def test_a_scalar_that_is_not_what_it_promises_is_refused(file: File, scalar: str) -> None:
    message = file.with_line("node_nm: 28", f"node_nm: {scalar}").error()
    assert message.startswith(str(file.path))
    assert len(message) < 500


def test_a_merge_key_takes_in_what_it_names(file: File) -> None:
    file.with_line(
        "  output: {capacity_bytes: 32768, word_bits: 64}",
        "  membrane: &m {capacity_bytes: 5000, word_bits: 16}\n  output: {<<: *m, capacity_bytes: 4096}",
    )
    output = load_hardware(str(file.path)).buffers.output
    assert (output.capacity_bytes, output.word_bits) == (4096, 16)
    file.path.write_text(file.path.read_text().replace("<<: *m,", "<<: *m, <<: *m,"))
    assert "key '<<' is given twice" in file.error()
