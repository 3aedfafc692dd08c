"""``hwsim search snasnet``: the best cells, what comes next, and errors on one line."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import Command

SMALL = (
    "--data", "digits", "--cells", "4", "--channels", "4", "--inner", "8", "--batch", "8", "--timesteps", "2",
)  # fmt: skip


def test_the_best_cells_are_told_and_how_to_train_the_best(hwsim: Command, tmp_path: Path) -> None:
    run = hwsim("search", "snasnet", *SMALL, "-o", tmp_path / "cells")
    assert run.code == 0
    found = json.loads(hwsim("search", "snasnet", *SMALL, "--json", "-o", tmp_path / "cells").out)["cells"]
    assert len(found) == 4
    assert found[0]["cell"] in run.out
    assert f"next: hwsim train snasnet/search --set matrix={found[0]['cell']}" in run.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--edges", "back"), "edges: found 'back'"),
        (("--kernel", "ed"), "kernel: found 'ed'"),
        (("--seed", "-1"), "seed: found -1"),
        (("--data", "nothing"), "nothing"),
    ],
)
def test_wrong_options_are_named(
    hwsim: Command, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    run = hwsim("search", "snasnet", *SMALL, *options, "-o", tmp_path / "cells")
    assert run.code != 0
    assert message in run.error
    assert "Traceback" not in run.error


def test_a_directory_of_other_files_is_left_alone(hwsim: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert "holds files that are of no search" in hwsim("search", "snasnet", *SMALL, "-o", tmp_path).error
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_command_that_trains_names_the_data_s_directory_and_quotes_what_a_shell_reads(
    hwsim: Command, tmp_path: Path
) -> None:
    data = tmp_path / "my data $(x).npz"
    rng = np.random.default_rng(0)
    arrays = {f"x_{name}": rng.integers(0, 256, (40, 1, 8, 8)).astype(np.uint8) for name in ("train", "test")}
    np.savez(data, **arrays, **{f"y_{name}": np.arange(40) % 10 for name in ("train", "test")})
    options = ("--data", data, *SMALL[2:], "--data-dir", tmp_path, "-o", tmp_path / "a b")
    run = hwsim("search", "snasnet", *options)
    parts = shlex.split(run.out.partition("next: ")[2])
    assert parts[parts.index("--data") + 1] == str(data)
    assert parts[parts.index("--data-dir") + 1] == str(tmp_path)


def test_a_page_of_costs_does_not_stay_beside_results_without_them(hwsim: Command, tmp_path: Path) -> None:
    out = tmp_path / "cells"
    hwsim("search", "snasnet", *SMALL, "--cost", "energy_pj", "-o", out)
    assert (out / "search.html").is_file()
    hwsim("search", "snasnet", *SMALL, "-o", out)
    assert not (out / "search.html").exists()
