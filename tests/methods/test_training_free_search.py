"""The search without training: the same cells and scores, however it is run, and what it refuses."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.methods.training_free.candidate import load
from hwsim.methods.training_free.search import TASKS, SearchSpec, search
from hwsim.methods.workers import one_thread
from hwsim.tasks import Done, Task, in_processes


def spec(**fields: Any) -> SearchSpec:
    small = {"data": "digits", "cells": 6, "channels": 4, "inner": 16, "batch": 8, "timesteps": 2}
    return SearchSpec.of(small | fields)


def test_the_best_cell_comes_first_and_none_is_left_out(tmp_path: Path) -> None:
    found = search(spec(), tmp_path)
    assert sorted(one.number for one in found) == list(range(6))
    values = [one.score("sahd") for one in found]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) > 1


def test_workers_and_interruptions_change_nothing(tmp_path: Path) -> None:
    whole = search(spec(), tmp_path / "whole")
    stopped = tmp_path / "stopped"
    with in_processes(2, one_thread) as compute:
        assert search(spec(), stopped, compute) == whole
    lines = (stopped / TASKS).read_text().splitlines()
    (stopped / TASKS).write_text("\n".join(lines[1:4]) + "\n" + lines[5][:40])
    assert search(spec(), stopped) == whole


def test_a_cell_that_was_scored_is_not_scored_again(tmp_path: Path) -> None:
    found = search(spec(), tmp_path)

    def nobody(tasks: Sequence[Task]) -> Iterator[Done]:
        raise AssertionError(f"{len(tasks)} cells are scored again")

    assert search(spec(), tmp_path, compute=nobody) == found


def test_a_cell_s_score_does_not_depend_on_the_others(tmp_path: Path) -> None:
    few, more = search(spec(cells=3), tmp_path / "few"), search(spec(), tmp_path / "more")
    assert [one for one in more if one.number < 3] == few


def test_another_kernel_orders_the_same_scores(tmp_path: Path) -> None:
    found = search(spec(kernel="hd"), tmp_path)
    assert found == sorted(search(spec(), tmp_path / "sahd"), key=lambda one: (-one.score("hd"), one.number))


def test_a_directory_of_another_search_is_refused(tmp_path: Path) -> None:
    search(spec(cells=1), tmp_path)
    with pytest.raises(HwsimError, match=r"of another search \(channels: 4 there, 8 asked for"):
        search(spec(cells=1, channels=8), tmp_path)


@pytest.mark.parametrize("text", ["{\n", '{"id": "0"}\n'])
def test_damaged_scores_are_named(tmp_path: Path, text: str) -> None:
    search(spec(cells=1), tmp_path)
    (tmp_path / TASKS).write_text(text)
    with pytest.raises(HwsimError, match=r"tasks\.jsonl, line 1: is damaged"):
        search(spec(cells=1), tmp_path)


def test_other_images_of_the_same_name_are_other_cells(tmp_path: Path) -> None:
    """The file of a data set is written anew: what is known of the first is not told of the second."""
    found = []
    for seed in (0, 1):
        load.cache_clear()
        images = np.random.default_rng(seed).integers(0, 256, (40, 1, 8, 8), dtype=np.uint8)
        parts = {f"{name}_{s}": of for s in ("train", "test") for name, of in
                 (("x", images), ("y", np.arange(40) % 4))}  # fmt: skip
        np.savez(tmp_path / "own.npz", **parts)
        found.append(search(spec(cells=1, data=str(tmp_path / "own.npz")), tmp_path / "search"))
    load.cache_clear()
    assert found[0][0].cell == found[1][0].cell
    assert found[0][0].sahd != found[1][0].sahd


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cells": 0}, "cells: found 0"),
        ({"edges": "back"}, "edges: found 'back'"),
        ({"batch": 1}, "batch: found 1"),
        ({"data": "digits", "batch": 2000}, "4000 are asked for"),
        ({"data": "nothing"}, "nothing"),
    ],
)
def test_a_search_that_means_nothing_is_refused(tmp_path: Path, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        search(spec(**fields), tmp_path)
    assert not list(tmp_path.iterdir())


def test_series_are_refused(tmp_path: Path) -> None:
    arrays = {f"x_{s}": np.zeros((20, 5, 3), np.float32) for s in ("train", "test")}
    arrays |= {f"y_{s}": np.arange(20) % 2 for s in ("train", "test")}
    np.savez(tmp_path / "series.npz", **arrays)
    with pytest.raises(HwsimError, match="cells are scored on images"):
        search(spec(data=str(tmp_path / "series.npz")), tmp_path / "out")
