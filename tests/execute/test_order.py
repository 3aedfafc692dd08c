"""Samples, chunks and threads: how the work is divided changes nothing."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.events import EventTrace
from hwsim.execute import executor, plan
from hwsim.execute.executor import encode, execute
from hwsim.network import Network
from tests import by_torch
from tests.examples import small_network
from tests.execute.against_torch import SIZES, differences, gaussian, run
from tests.random_networks import draw_network


def several(samples: int = 7) -> tuple[Network, NDArray[Any]]:
    rng = np.random.default_rng(9)
    network = gaussian(small_network("frames"), rng)
    return network, rng.normal(0, 1, (samples, 2, 4, 4)).astype(np.float32)


def test_samples_run_together_as_they_run_alone() -> None:
    network, inputs = several()
    together = run(network, inputs)
    alone = EventTrace.join([run(network, inputs[i : i + 1]) for i in range(len(inputs))])
    assert not differences(together, alone)


def test_permuted_samples_give_permuted_results() -> None:
    network, inputs = several()
    order = np.random.default_rng(10).permutation(len(inputs))
    found = run(network, inputs[order])
    expected = run(network, inputs)
    expected = EventTrace.join([expected.select(i, i + 1) for i in order])
    assert not differences(found, expected)


@pytest.mark.parametrize("bytes_left", [1, 2400, 5000])
def test_small_chunks_change_nothing(bytes_left: int, monkeypatch: pytest.MonkeyPatch) -> None:
    network, inputs = several()
    # the largest population has 48 neurons and 3 steps: room for 1, 2 or 4 samples at 8 bytes each
    expected = run(network, inputs)
    monkeypatch.setattr(executor, "CHUNK_BYTES", bytes_left)
    seen: list[tuple[int, int]] = []
    found = execute(network, encode(network, inputs), lambda done, total: seen.append((done, total)))
    assert not differences(found, expected)
    assert len(seen) > 1
    assert seen[-1] == (7, 7)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


@pytest.mark.parametrize("threads", [1, 2, 3, 8, 100])
def test_the_number_of_threads_changes_nothing(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # with fewer samples than threads, blocks of channels are shared among these
    network, inputs = several(2)
    monkeypatch.setattr(plan, "threads", lambda: 1)
    expected = run(network, inputs)
    monkeypatch.setattr(plan, "threads", lambda: threads)
    assert not differences(run(network, inputs), expected)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(threads=st.sampled_from([2, 5, 64]), **SIZES)
def test_random_networks_do_not_depend_on_the_threads(
    seed: int, threads: int, layers: int, timesteps: int
) -> None:
    rng = np.random.default_rng(seed)
    network = draw_network(rng, layers, timesteps)
    inputs = by_torch.inputs_for(network, rng, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "threads", lambda: 1)
        expected = execute(network, encode(network, inputs))
        patch.setattr(plan, "threads", lambda: threads)
        found = execute(network, encode(network, inputs))
    assert not differences(found, expected)


def test_progress_tells_samples_done_of_all() -> None:
    network, inputs = several()
    seen: list[tuple[int, int]] = []
    execute(network, encode(network, inputs), lambda done, total: seen.append((done, total)))
    assert seen == [(7, 7)]
