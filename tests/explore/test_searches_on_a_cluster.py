"""Searches of architectures on a Dask cluster that was started by hand: the same results as here."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from distributed import LocalCluster

from hwsim import architecture_search, searching
from hwsim.errors import HwsimError
from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec
from tests.methods.small_supernet import SMALL, SUPERNET

CELLS: dict[str, Any] = {
    "data": "digits", "cells": 6, "channels": 4, "inner": 8, "batch": 8, "timesteps": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    made: Any = LocalCluster
    with made(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


def test_cells_scored_on_a_cluster_are_those_scored_here(scheduler: str, tmp_path: Path) -> None:
    for name, workers, address in (("here", 1, None), ("there", None, scheduler)):
        searching.snasnet(CELLS, {"cost": "energy_pj"}, tmp_path / name, workers, address, as_json=True)
    here, there = (json.loads((tmp_path / n / "search.json").read_text()) for n in ("here", "there"))
    assert [one["sahd"] for one in here["cells"]] == [one["sahd"] for one in there["cells"]]
    assert [one["costs"] for one in here["cells"]] == [one["costs"] for one in there["cells"]]
    assert all(one["costs"]["energy_pj"] > 0 for one in there["cells"])


def test_paths_evaluated_on_a_cluster_are_those_evaluated_here(scheduler: str, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    train(TrainSpec.of(SUPERNET), tmp_path / "net")
    values = {"supernet": str(tmp_path / "net")} | SMALL
    for name, workers, address in (("here", 1, None), ("there", None, scheduler)):
        architecture_search.run(values, tmp_path / name, workers, address, (), retrain=False, as_json=True)
    assert (tmp_path / "here" / "search.json").read_bytes() == (
        tmp_path / "there" / "search.json"
    ).read_bytes()


def test_workers_of_a_cluster_are_not_started_here(scheduler: str, tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match="--workers: of this machine"):
        searching.snasnet(CELLS, {}, tmp_path / "x", 2, scheduler, as_json=True)


def test_a_scheduler_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HwsimError, match=r"tcp://127\.0\.0\.1:1 cannot be reached"):
        searching.snasnet(CELLS, {}, tmp_path / "x", None, "tcp://127.0.0.1:1", as_json=True)
