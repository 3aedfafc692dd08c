"""``hwsim map``: what it prints, what it writes, and what it refuses before any work begins."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim import cli
from hwsim.configuration import save_yaml
from hwsim.mapping import load_mapping
from tests.examples import chip, small_network
from tests.place.examples import grid

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A saved network, images, a chip of 3 x 3 tiles of 24 neurons and one with too few."""
    small_network("frames").save(tmp_path / "net.safetensors")
    np.save(tmp_path / "images.npy", np.random.default_rng(1).random((4, 2, 4, 4)).astype(np.float32))
    for name, size in (("chip", 3), ("tiny", 1)):
        tiles = chip().model_copy(update={"grid": grid(size, size, neurons=24)})
        save_yaml(tmp_path / f"{name}.yaml", tiles)
    save_yaml(tmp_path / "tile.yaml", chip())
    return tmp_path


@pytest.fixture
def map_(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """``hwsim map`` of the network; options given twice hold as given last."""

    def command(*options: str | Path) -> tuple[int, str, str]:
        told = ["--hardware", folder / "chip.yaml", "--inputs", folder / "images.npy", "--samples", "4"]
        arguments = ["hwsim", "map", folder / "net.safetensors", *told, *options]
        monkeypatch.setattr(sys, "argv", [str(a) for a in arguments])
        capsys.readouterr()
        code: Any = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code or 0
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def values(ran: tuple[int, str, str]) -> dict[str, Any]:
    assert (ran[0], ran[2]) == (0, "")
    found: dict[str, Any] = json.loads(ran[1])
    return found


def test_the_object_has_every_algorithm_with_its_costs_and_its_time(map_: Command) -> None:
    found = values(map_("--json"))
    assert [p["algorithm"] for p in found["placements"]] == ["row_major", "hilbert", "greedy", "anneal"]
    for placement in found["placements"]:
        assert set(placement) == {
            "algorithm", "packets", "spike_hops", "max_link_load", "energy_pj", "cpu_seconds",
        }  # fmt: skip
    # a of 48 neurons on 2 cores of 24; 12 + 5 of the pool and the readout on a third
    assert found["cores"] == {"used": 3, "of": 9}
    assert found["limits"]["neurons"] == {"most": 24, "allowed": 24}
    least = min(p["spike_hops"] for p in found["placements"])
    chosen = next(p for p in found["placements"] if p["algorithm"] == found["chosen"])
    assert chosen["spike_hops"] == least


def test_a_written_mapping_is_read_back_with_the_costs_that_were_told(folder: Path, map_: Command) -> None:
    made = values(map_("--json", "-o", folder / "placed.yaml"))
    assert set(load_mapping(folder / "placed.yaml").placement) == {"a", "pool", "out"}
    again = values(map_("--json", "--mapping", folder / "placed.yaml", "--algorithm", "row_major"))
    given = again["placements"][0]
    assert given["algorithm"] == "given"
    chosen = next(p for p in made["placements"] if p["algorithm"] == made["chosen"])
    for name in ("packets", "spike_hops", "max_link_load", "energy_pj"):
        assert given[name] == chosen[name]


def test_the_table_names_the_best_and_the_fullest_core(map_: Command) -> None:
    code, out, _ = map_("--algorithm", "greedy", "--objective", "energy")
    assert code == 0
    assert "greedy *" in out
    assert "4 slices on 3 of 9 cores; * has the least energy" in out
    assert "neurons 24 of 24" in out


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_picture_is_drawn(folder: Path, map_: Command, ending: str) -> None:
    path = folder / f"map.{ending}"
    values(map_("--json", "--picture", path, "--moves", "10"))
    start = path.read_bytes()[:200]
    assert start.startswith(b"\x89PNG") if ending == "png" else b"<svg" in path.read_bytes()[:2000]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--algorithm", "hilbrt"], "--algorithm 'hilbrt'. Did you mean 'hilbert'?"),
        (["--objective", "hops"], "--objective 'hops'. Did you mean 'spike_hops'?"),
        (["-o", "placed.json"], "--output placed.json: its name must end in .yaml or .yml"),
        (["--picture", "map.pdf"], "--picture map.pdf: its name must end in .svg or .png"),
        (["--hardware", "sata"], "sata: the chip is one tile: it has no grid to place a network on"),
    ],
    ids=lambda v: v[-1] if isinstance(v, list) else "",
)
def test_options_that_mean_nothing_are_refused(map_: Command, options: list[str], message: str) -> None:
    code, out, error = map_(*options)
    assert (code, out) == (2, "")
    assert error.startswith(f"error: {message}")


def test_a_chip_that_is_too_small_says_by_how_much_and_nothing_is_written(
    folder: Path, map_: Command
) -> None:
    # (G9)
    code, _, error = map_("--hardware", folder / "tiny.yaml", "-o", folder / "placed.yaml")
    assert code == 2
    assert error == (
        "error: population 'a': cores: found 2 needed, allowed 1 on the chip (1 x 1 routers, "
        "cores_per_router 1): 1 too many\n"
    )
    assert not (folder / "placed.yaml").exists()


def test_a_placement_that_is_not_legal_is_told_with_its_file(folder: Path, map_: Command) -> None:
    # (G9) 9 cores
    file = folder / "beyond.yaml"
    file.write_text("placement: {a: [{first: 0, last: 23, core: 9}]}\n")
    code, _, error = map_("--mapping", file)
    assert code == 2
    assert error.startswith(f"error: {file}: placement.a.0: ")
