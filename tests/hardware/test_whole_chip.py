"""Errors that concern several fields of a chip name one of them and its line, in one sentence."""

from tests.hardware.chip_file import File

DRAM = "dram: {table: ddr4_2400}"


def test_a_clock_that_the_dram_cannot_follow_is_named_at_the_dram(file: File) -> None:
    found = file.with_line(DRAM, "dram: {bandwidth_bytes_per_s: 1, burst_bytes: 3}").error()
    assert found.startswith(f"{file.path}:{file.line_of('bandwidth_bytes_per_s')}: dram: found ")
    assert "clock_hz of 400000000 and a DRAM of 1 bytes a second" in found
    assert found.endswith("a faster DRAM or a slower clock is needed.")


def test_a_message_that_ends_in_a_dot_gets_no_second(file: File) -> None:
    found = file.with_line(DRAM, "dram: {table: ddr4_240}").error()
    assert found.endswith("Or a .yaml file.")


def test_what_is_wrong_with_a_whole_file_has_no_empty_field(file: File) -> None:
    # a DRAM's table that is neither banked nor flat
    own = file.path.parent / "own.yaml"
    own.write_text("{name: own, description: x, clock_hz: 1, burst_bytes: 1, sources: {}}")
    found = file.with_line(DRAM, "dram: {table: own.yaml}").error()
    assert f"{own}: give one of banked and flat." in found
    assert ": :" not in found
