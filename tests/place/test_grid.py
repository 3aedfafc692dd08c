"""The grid of a chip: fields, sizes, files and what is refused."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from hwsim.configuration import load_yaml, save_yaml
from hwsim.errors import HwsimError
from hwsim.grid import Grid, load_hop_energy
from hwsim.hardware import load_hardware
from tests.examples import chip
from tests.place.examples import FREE, grid, other_noc


def test_a_grid_has_a_core_for_every_place_at_every_router() -> None:
    # (G1) Loihi: 8 x 4 routers of 4 cores
    assert (grid(8, 4, 4).routers, grid(8, 4, 4).cores) == (32, 128)


def test_a_grid_without_a_size_has_the_networks_own() -> None:
    values = grid().model_dump() | {"width": None, "height": None}
    assert Grid.model_validate(values).cores == 64
    assert (grid(3, 5).network.width, grid(3, 5).network.height) == (3, 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"noc": "boksim"}, r"unknown network-on-chip 'boksim'\. Did you mean 'booksim'\?"),
        ({"energy": "loihe"}, r"unknown energy of hops 'loihe'\. Did you mean 'loihi'\?"),
        ({"width": 200, "height": 200, "cores_per_router": 2}, r"80000 cores; at most 65536"),
        ({"limits": FREE | {"shared_weights": True, "neurons": 0}}, r"greater than 0"),
    ],
    ids=str,
)
def test_what_no_grid_can_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Grid.model_validate(grid().model_dump() | change)


def test_energies_of_flits_of_another_width_are_refused(tmp_path: Path) -> None:
    # (T4)
    with pytest.raises(ValidationError, match="flits of 64 bits, but energy 'loihi' is of 32 bits"):
        grid(noc=other_noc(tmp_path, flit_bits=64))


def test_files_are_found_beside_the_chips_own(tmp_path: Path) -> None:
    other_noc(tmp_path, routing="yx")
    save_yaml(tmp_path / "cheap.yaml", load_hop_energy("loihi").model_copy(update={"hop_x_pj": 0.5}))
    values = grid().model_dump() | {"noc": "noc.yaml", "energy": "cheap.yaml"}
    whole = chip().model_dump() | {"grid": values}
    (tmp_path / "chip.yaml").write_text(json.dumps(whole), encoding="utf-8")
    found = load_hardware(str(tmp_path / "chip.yaml")).grid
    assert found is not None
    assert (found.network.routing, found.hop_energy.hop_x_pj) == ("yx", 0.5)


def test_a_grid_comes_back_from_its_yaml(tmp_path: Path) -> None:
    save_yaml(tmp_path / "grid.yaml", grid(3, 2, 4, neurons=7, shared=False))
    assert load_yaml(tmp_path / "grid.yaml", Grid) == grid(3, 2, 4, neurons=7, shared=False)


def test_a_chip_without_a_grid_is_one_tile() -> None:
    assert load_hardware("sata").grid is None
    tiles = load_hardware("mesh-sata")
    assert tiles.grid is not None
    assert tiles.grid.cores == 16
    assert tiles.model_copy(update={"grid": None}).id != tiles.id


def test_an_unknown_row_of_energies_is_refused() -> None:
    with pytest.raises(HwsimError, match="unknown energy of hops 'x'"):
        load_hop_energy("x")
