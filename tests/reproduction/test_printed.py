"""The papers' numbers: looked up as printed, and the same as in the reference data."""

import csv
import os
from pathlib import Path

import pytest

from hwsim.errors import HwsimError
from hwsim.reproduction.printed import DIRECTORY, PAPERS, Printed, find, numbers, value

REFERENCE = Path(os.environ.get("HWSIM_DATA", "../shared")) / "reference" / "papers"


@pytest.mark.parametrize("paper", PAPERS)
def test_the_copy_has_the_numbers_of_the_reference_data(paper: str) -> None:
    if not REFERENCE.is_dir():
        pytest.skip(f"no reference data at {REFERENCE}: set HWSIM_DATA")
    read = [
        list(csv.reader((place / f"{paper}.csv").open(encoding="utf-8"))) for place in (REFERENCE, DIRECTORY)
    ]
    assert read[0] == read[1]


@pytest.mark.parametrize("paper", PAPERS)
def test_no_number_stands_twice_at_one_place(paper: str) -> None:
    places = [(p.table, p.row, p.column) for p in numbers(paper)]
    assert len(places) == len(set(places))


def test_a_number_is_found_by_table_row_and_column() -> None:
    found = find("efficientlif", "I", "VGG16 ImageNet-100 base", "LIF forward memory")
    assert (found.text, found.number, found.unit) == ("88.43", 88.43, "MiB")
    assert value("asgl", "text", "ResNet-18 T=2 CIFAR10", "energy against ANN") == 8.96


def test_a_wrong_place_is_answered_with_a_near_one() -> None:
    with pytest.raises(HwsimError, match="VGG16 CIFAR10 base"):
        find("efficientlif", "I", "VGG16 CIFAR10 bass", "accuracy")
    with pytest.raises(HwsimError, match="asgl"):
        numbers("asgI")
    with pytest.raises(HwsimError, match="not a number"):
        value("asgl", "7", "CIFAR100", "milestones")


@pytest.mark.parametrize(
    ("text", "half"), [("1.8", 0.05), ("88.43", 0.005), ("154", 0.5), ("0.519", 0.0005), ("higher", 0.0)]
)
def test_half_a_unit_of_the_last_printed_digit(text: str, half: float) -> None:
    assert Printed("p", "1", "r", "c", text).half_digit == pytest.approx(half)
