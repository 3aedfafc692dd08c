"""What the pipeline refuses before it works, and what it checks afterwards."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hwsim.cost import load_table
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.execute.executor import encode, execute
from hwsim.hardware import load_hardware
from hwsim.ledger import ACTIONS
from hwsim.lower import conservation
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.pipeline import Workload, estimate, simulate, workload
from tests.examples import small_network
from tests.random_cases import draw_case, is_legal


def any_network() -> Network:
    return draw_case(3, layers=2, timesteps=2).network


@pytest.mark.parametrize("labels", [[0], [[0, 0]], [0.0, 1.0], [0, -1], [0, 10**6]])
def test_labels_that_are_not_one_class_a_sample_are_refused(labels: Any) -> None:
    network = any_network()
    steps = () if network.coding == "frames" else (network.timesteps,)
    inputs = np.zeros((2, *steps, *network.input.shape))
    with pytest.raises(HwsimError, match="labels"):
        workload(network, inputs, network.timesteps, labels=np.array(labels))


def test_a_network_is_not_run_for_other_timesteps_than_its_own() -> None:
    with pytest.raises(HwsimError, match="timesteps, asked for 99"):
        workload(any_network(), np.zeros((1, 1)), 99)


def test_costs_of_a_network_that_differs_from_pytorch_come_with_a_warning() -> None:
    network = small_network(coding="frames")
    inputs = np.ones((2, 2, 4, 4), np.float32)
    ours = execute(network, encode(network, inputs))
    (first, *rest) = network.populations[1:]
    silent = replace(network, populations=(network.input, replace(first, threshold=1e6), *rest))
    theirs = execute(silent, encode(silent, inputs))
    assert len(ours.events["a"].index) > len(theirs.events["a"].index) == 0
    chip, mapping, table = load_hardware("sata"), Mapping(), load_table("sata_kernels")
    work = Workload(network, inputs, reference=theirs)
    with pytest.warns(HwsimWarning, match=r"these costs are not the model's: executor differs from PyTorch"):
        result = estimate(work, chip, mapping, table)
    assert result.agreement is not None
    assert not result.agreement["trusted"]
    with warnings.catch_warnings():
        warnings.simplefilter("error", HwsimWarning)
        estimate(replace(work, reference=ours), chip, mapping, table)


def test_an_unknown_engine_is_refused() -> None:
    case = next(c for c in map(draw_case, range(100)) if is_legal(c))
    lowering = Lowering(case.network, case.hardware, case.mapping)
    with pytest.raises(HwsimError, match="engine 'refrence'; allowed: kernel, reference"):
        simulate(lowering, case.trace, "refrence")  # type: ignore[arg-type]


@pytest.mark.parametrize("action", ["ac", "mac", "events_in", "events_out"])
def test_a_ledger_that_loses_work_or_events_does_not_pass(action: str) -> None:
    for case in filter(is_legal, map(draw_case, range(200))):
        lowering = Lowering(case.network, case.hardware, Mapping(**case.mapping.model_dump()))
        (*_, ledger) = simulate(lowering, case.trace.select(0, 1))
        if not ledger.total(action):
            continue
        counts = ledger.counts.copy()
        column = list(ACTIONS).index(action)
        counts[int(np.argmax(counts[:, column])), column] -= 1
        with pytest.raises(HwsimError, match="ledger: layer"):
            conservation.check(
                case.network, case.trace.select(0, 1), replace(ledger, counts=counts), lowering.held
            )
        return
    pytest.fail(f"no case with {action}")


def test_a_mini_batch_of_more_samples_than_there_are_is_refused() -> None:
    network = small_network(coding="frames")
    work = Workload(network, np.ones((3, 2, 4, 4), np.float32))
    chip, table = load_hardware("sata"), load_table("sata_kernels")
    with pytest.raises(HwsimError, match="mini-batches of 4 samples, but 3 inputs"):
        estimate(work, chip, Mapping(batch=4), table)
    assert len(estimate(work, chip, Mapping(batch=2), table).run.ledgers) == 2
