"""Chips from YAML: presets by name, and what is refused with its line."""

from pathlib import Path

import pytest

from hwsim.configuration import MAX_BYTES
from hwsim.errors import HwsimError
from hwsim.hardware import load_hardware, presets
from tests.examples import chip
from tests.hardware.chip_file import File


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
