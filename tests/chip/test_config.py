"""Rows of chips: what is read, what is refused, and what is the same chip."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from hwsim.chip.config import Chip, load_chip
from hwsim.configuration import save_yaml
from hwsim.errors import HwsimError
from tests.chip.examples import chip


def test_a_chip_that_is_saved_is_read_back(tmp_path: Path) -> None:
    made = chip(tick_cycles=7)
    save_yaml(tmp_path / "own.yaml", made)
    assert load_chip(str(tmp_path / "own.yaml")) == made


def test_an_unknown_chip_gets_a_hint() -> None:
    with pytest.raises(HwsimError, match=r"unknown chip 'loihy'\..*Or a \.yaml file\."):
        load_chip("loihy")


def test_the_identity_is_that_of_the_numbers() -> None:
    plain = chip()
    told = plain.model_copy(update={"description": "else", "sources": {"node_nm": "me"}})
    assert told.id == plain.id
    assert chip(send_cycles=9).id != plain.id
    assert chip(width=3).id != plain.id


def test_the_latency_of_the_barrier_grows_with_the_routers() -> None:
    # (E6) 100 for the first and 10 for each of 3 more; no barrier has none
    first = {"barrier_first_cycles": 100, "barrier_router_cycles": 10}
    assert chip(**first).core.barrier_cycles(4) == 130
    assert chip(**first, barrier="layer").core.barrier_cycles(1) == 100
    assert chip(**first, barrier="none").core.barrier_cycles(4) == 0


def test_clocks_are_a_ratio_of_whole_numbers() -> None:
    assert chip(clock_hz=400, noc_clock_hz=1000).core.ratio(400) == (5, 2)
    with pytest.raises(ValidationError, match="a term of their ratio is more than"):
        chip(clock_hz=10**12, noc_clock_hz=10**11 + 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [("receive_cycles", 0), ("send_cycles", -1), ("update_cycles", 1.5), ("barrier", "all")],
)
def test_a_number_that_is_not_allowed_names_its_field(tmp_path: Path, field: str, value: object) -> None:
    values = chip().model_dump()
    values["core"][field] = value
    with pytest.raises(ValidationError, match=f"core.{field}"):
        Chip.model_validate(values)
