"""Cells of a search with what they cost on a chip: as a full estimate has it, however the search is run."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
import torch

from hwsim import cell_costs, commands, pipeline
from hwsim.cell_costs import CostSpec, costed
from hwsim.errors import HwsimError
from hwsim.methods.training_free import candidate
from hwsim.methods.training_free.search import TASKS, SearchSpec, search
from hwsim.tasks import Done, Task

SPEC = SearchSpec.of({"data": "digits", "cells": 6, "channels": 4, "inner": 16, "batch": 8, "timesteps": 3})
TINY = ("--data", "digits", "--cells", "12", "--channels", "4", "--inner", "16", "--batch", "8",
        "--timesteps", "3", "--cost", "energy_pj")  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """As in the processes of a search: where others compute too, threads would wait for each other."""
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(threads)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a finished search."""
    path = tmp_path_factory.mktemp("search")
    search(SPEC, path)
    return path


def test_the_cost_of_a_cell_is_that_of_an_estimate_of_its_network(directory: Path) -> None:
    found = search(SPEC, directory)
    best = costed(SPEC, CostSpec(samples=2), found, directory)[0]
    network, inputs = candidate.as_scored(best.scored.cell, **SPEC.network, **SPEC.places)
    work = pipeline.workload(network, inputs[:2], 3)
    told = pipeline.estimate(
        work, commands.chip("sata", None), commands.mapping(None, {}), commands.table_of(None)
    ).as_dict()["totals"]
    assert best.costs["spikes"] > 0
    for name in ("energy_pj", "latency_ns", "spikes", "dram_bytes", "mac"):
        assert best.costs[name] == told[name] / 2


def test_the_network_that_is_costed_is_normalized_by_the_images_that_were_scored() -> None:
    """The bias of the stem, all that a normalization with its first weights adds: -mean / deviation."""
    cell = "0303,0030,2002,0200"
    network, inputs = candidate.as_scored(cell, **SPEC.network, **SPEC.places)
    fit = {"classes": 10, "channels_in": 1, "resolution": 8}
    stem = candidate.untrained(cell, 4, 16, 0, fit)[0][0](torch.from_numpy(inputs))  # type: ignore[index]
    expected = -stem.mean((0, 2, 3)) / (stem.var((0, 2, 3)) + 1e-5).sqrt()
    (bias,) = {id(p.bias): p.bias for p in network.projections if p.source == "input"}.values()
    assert np.allclose(bias, expected.detach().numpy(), atol=1e-4)


def test_no_other_cell_has_a_higher_score_at_a_lower_cost_than_one_of_the_front(directory: Path) -> None:
    found = costed(SPEC, CostSpec(), search(SPEC, directory), directory)
    points = [(one.scored.score("sahd"), one.costs["energy_pj"], one.front) for one in found]
    for score, cost, front in points:
        beaten = any(s >= score and c <= cost and (s, c) != (score, cost) for s, c, _ in points)
        assert front == (np.isfinite(score) and not beaten)
    assert 0 < sum(front for *_, front in points) < len(points)


def test_only_the_best_by_score_are_costed(directory: Path) -> None:
    found = costed(SPEC, CostSpec(costed=2), search(SPEC, directory), directory)
    assert [bool(one.costs) for one in found] == [True, True, False, False, False, False]


def test_another_cost_and_the_same_chip_simulate_nothing_again(directory: Path) -> None:
    found = search(SPEC, directory)
    costed(SPEC, CostSpec(), found, directory)

    def nobody(tasks: Sequence[Task]) -> Iterator[Done]:
        raise AssertionError(f"{len(tasks)} cells are simulated again")

    assert costed(SPEC, CostSpec(cost="latency_ns"), found, directory, compute=nobody)[0].costs


def test_cells_that_a_chip_cannot_hold_have_no_cost_and_say_why(directory: Path) -> None:
    found = costed(SPEC, CostSpec(hardware="truenorth"), search(SPEC, directory), directory)
    assert all(not one.costs and one.refused and not one.front for one in found)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"cost": "packets"}, "cost 'packets' on sata"),
        ({"hardware": "sats"}, "sats"),
        ({"samples": 9}, "samples 9: of the first batch, from 1 to 8"),
        ({"costed": 0}, "costed 0"),
    ],
)
def test_costs_that_mean_nothing_are_refused(asked: dict[str, Any], message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        cell_costs.check(SPEC, CostSpec(**asked))


def _run(directory: Path, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "hwsim", "search", "snasnet", *TINY, *more, "-o", str(directory)],
        stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def _told(directory: Path) -> list[Any]:
    cells: list[Any] = json.loads((directory / "search.json").read_text(encoding="utf-8"))["cells"]
    return [{name: value for name, value in one.items() if name != "train"} for one in cells]


@pytest.mark.slow
def test_a_search_that_was_killed_ends_as_one_that_was_not(tmp_path: Path) -> None:
    """Killed once while cells are scored and once while they are simulated, gone on with two processes."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert _run(whole).wait() == 0
    for lines in (3, 15):
        process = _run(killed)
        while process.poll() is None and _lines(killed / TASKS) < lines:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert lines <= _lines(killed / TASKS) < 24
    assert _run(killed, "--workers", "2").wait() == 0
    assert _told(killed) == _told(whole)
    assert any(one["front"] for one in _told(whole))


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0
