"""What ``hwsim replay dram`` reads of a CSV as people write them, and what it refuses by line."""

import csv
from pathlib import Path

import pytest

from hwsim.dram.table import load_dram
from hwsim.errors import HwsimError
from hwsim.replay.dram_replay import replay

HEADER = "arrival_cycle,address,bytes,direction\n"
TABLE = load_dram("ddr4_2400")


def served(folder: Path, text: str, encoding: str = "utf-8") -> list[list[str]]:
    source, output = folder / "in.csv", folder / "out.csv"
    source.write_text(text, encoding=encoding)
    replay(source, output, TABLE)
    with output.open(newline="") as file:
        return list(csv.reader(file))


def refused(folder: Path, text: str) -> str:
    with pytest.raises(HwsimError) as caught:
        served(folder, text)
    assert not (folder / "out.csv").exists()
    return str(caught.value).removeprefix(str(folder / "in.csv"))


PLAIN = [
    ["arrival_cycle", "address", "bytes", "direction", "completion_cycle", "row_outcome"],
    ["0", "64", "64", "read", "36", "closed"],
]
"""A read of a closed bank takes RCD + CL + BL = 16 + 16 + 4 cycles."""


@pytest.mark.parametrize(
    ("before", "header", "encoding"),
    [
        ("", HEADER, "utf-8"),
        ("", HEADER, "utf-8-sig"),
        ("", "arrival_cycle, address, bytes , direction\n", "utf-8"),
        ("\n\n", HEADER, "utf-8"),
    ],
    ids=["plain", "byte-order mark", "spaces", "blank lines"],
)
def test_a_header_is_read_as_people_write_it(tmp_path: Path, before: str, header: str, encoding: str) -> None:
    assert served(tmp_path, f"{before}{header}0,64,64,read\n", encoding) == PLAIN


@pytest.mark.parametrize("address", ["0x40", "0X40", " 64 "])
def test_an_address_is_decimal_or_hexadecimal(tmp_path: Path, address: str) -> None:
    assert served(tmp_path, f"{HEADER}0,{address},64,read\n")[1][4:] == ["36", "closed"]


@pytest.mark.parametrize("address", ["1_024", "６４", "+64", "0x_40", "0b11", "64.0", "", "9" * 5000])
def test_other_spellings_of_a_number_are_refused(tmp_path: Path, address: str) -> None:
    found = refused(tmp_path, f"{HEADER}0,{address},64,read\n")
    assert found.startswith(":2: address ")
    assert found.endswith("in digits or as 0x...")


def test_an_unterminated_quote_is_refused(tmp_path: Path) -> None:
    assert ":2: not readable as CSV" in refused(tmp_path, f'{HEADER}0,64,64,"read\n')


@pytest.mark.parametrize("text", ["x" * 200_000 + ",address\n", HEADER + "x" * 200_000 + ",64,64,read\n"])
def test_a_field_beyond_what_csv_takes_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    line = 1 if text.startswith("x") else 2
    assert refused(tmp_path, text).startswith(f":{line}: not readable as CSV: field larger than")
