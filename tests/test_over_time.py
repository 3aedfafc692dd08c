"""Costs and accuracy of an answer that is read out early, from one execution."""

from dataclasses import replace

import numpy as np
import pytest

from hwsim.cost import load_table
from hwsim.events import EventTrace
from hwsim.execute.executor import encode, execute
from hwsim.hardware import load_hardware
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.over_time import over_time
from hwsim.pipeline import Workload, estimate
from tests.examples import small_network
from tests.random_networks import draw_network
from tests.random_states import vary


def run_of(network: Network, seed: int) -> EventTrace:
    rng = np.random.default_rng(seed)
    steps = () if network.coding == "frames" else (network.timesteps,)
    shape = (2, *steps, *network.input.shape)
    values = rng.random(shape) < 0.5 if network.coding == "spikes" else rng.integers(0, 3, shape)
    return execute(network, encode(network, values.astype(np.float32)))


@pytest.mark.parametrize("seed", range(60))
def test_the_first_steps_of_a_run_are_the_run_of_these_steps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = vary(rng, draw_network(rng, int(rng.integers(1, 5)), 4))
    whole = run_of(network, seed)
    for steps in range(1, 5):
        shorter = replace(network, timesteps=steps)
        found = whole.until(shorter)
        found.verify(shorter)
        inputs = whole.events[network.input.name].until(steps)
        alone = execute(shorter, inputs)
        assert found.id == alone.id


def test_the_last_row_is_the_estimate_itself_and_the_first_that_of_one_step() -> None:
    network = small_network(timesteps=3)
    rng = np.random.default_rng(1)
    inputs = (rng.random((4, 3, *network.input.shape)) < 0.5).astype(np.float32)
    labels = np.array([0, 1, 0, 1])
    chip, mapping, table = load_hardware("sata"), Mapping(), load_table("sata_kernels")
    result = estimate(Workload(network, inputs, labels), chip, mapping, table)
    rows = over_time(result)
    whole, first = result.as_dict(), replace(network, timesteps=1)
    early = estimate(Workload(first, inputs[:, :1], labels), chip, mapping, table).as_dict()
    assert [row["timesteps"] for row in rows] == [1, 2, 3]
    assert rows[-1]["totals"] == whole["totals"]
    assert rows[0]["totals"] == early["totals"]
    assert [row["accuracy"] for row in rows] == whole["accuracy"]["by_timestep"]
    assert rows[0]["totals"]["energy_pj"] < rows[-1]["totals"]["energy_pj"]


def test_without_labels_the_accuracy_is_unknown() -> None:
    network = small_network(timesteps=2)
    work = Workload(network, np.ones((1, 2, *network.input.shape), np.float32))
    result = estimate(work, load_hardware("sata"), Mapping(), load_table("sata_kernels"))
    assert [row["accuracy"] for row in over_time(result)] == [None, None]
