"""``hwsim search snasnet``: the best cells, what comes next, and errors on one line."""

import json
from pathlib import Path

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
