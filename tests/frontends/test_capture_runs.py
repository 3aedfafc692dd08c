"""Capture runs a model on spikes, series and batches, and leaves it as it was."""

import numpy as np
import pytest
import torch
from torch import nn

from hwsim.errors import HwsimError
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import capture
from hwsim.nn import LIF
from tests.frontends.capturing import SAMPLES, STEPS, captured, images, kinds, spiking, trained_norm


def test_spike_inputs_are_taken_step_by_step() -> None:
    spikes = (np.random.default_rng(0).random((SAMPLES, STEPS, 2, 6, 6)) < 0.3).astype(np.float32)
    model = spiking(nn.Flatten(), nn.Linear(144, 3))
    found = capture(model, spikes, STEPS, coding="spikes")
    found.reference.verify(found.network)
    assert found.network.is_binary("input")
    trace = execute(found.network, encode(found.network, spikes))
    assert agree(found.network, trace, found.reference).unexplained == 0


def test_a_series_of_graded_inputs_is_taken_step_by_step() -> None:
    values = np.random.default_rng(0).normal(0, 1, (SAMPLES, STEPS, 2, 6, 6)).astype(np.float32)
    found = capture(spiking(nn.Flatten(), nn.Linear(144, 3)), values, STEPS, coding="series")
    found.reference.verify(found.network)
    np.testing.assert_array_equal(
        found.reference.events["input"].dense(72), values.reshape(SAMPLES, STEPS, 72)
    )
    trace = execute(found.network, encode(found.network, values))
    assert agree(found.network, trace, found.reference).unexplained == 0


def test_spike_inputs_of_other_timesteps_are_refused() -> None:
    for coding in ("spikes", "series"):
        with pytest.raises(HwsimError, match="inputs hold 3 timesteps, asked for 4"):
            capture(spiking(), np.zeros((1, 3, 2, 6, 6), np.float32), 4, coding=coding)  # type: ignore[arg-type]


def test_spike_inputs_without_timesteps_are_refused() -> None:
    with pytest.raises(HwsimError):
        capture(nn.Linear(8, 3), np.zeros(4, np.float32), 4, coding="spikes")


def test_spike_inputs_that_are_not_binary_are_refused() -> None:
    with pytest.raises(HwsimError, match="0 or 1"):
        capture(spiking(), np.full((1, 2, 2, 6, 6), 0.5, np.float32), 2, coding="spikes")


def test_batches_change_nothing() -> None:
    model = spiking(nn.Flatten(), nn.Linear(144, 3))
    whole = capture(model, images(2, 6, 6), STEPS, batch=3)
    single = capture(model, images(2, 6, 6), STEPS, batch=1)
    assert whole.network.id == single.network.id
    assert np.array_equal(whole.reference.events["1"].index, single.reference.events["1"].index)
    assert np.allclose(whole.reference.outputs, single.reference.outputs, atol=1e-6)


def test_progress_counts_samples() -> None:
    seen: list[tuple[int, int]] = []
    capture(
        spiking(), images(2, 6, 6), STEPS, batch=2, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(2, 3), (3, 3)]


def test_outputs_add_up_over_the_timesteps() -> None:
    # a layer without neurons gives the same at every step
    outputs = capture(nn.Linear(8, 3), images(8), STEPS).reference.outputs
    for step in range(STEPS):
        assert np.allclose(outputs[:, step], (step + 1) * outputs[:, 0], rtol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_left_in_its_mode(training: bool) -> None:
    model = spiking(nn.Dropout(0.5)).train(training)
    capture(model, images(2, 6, 6), STEPS)
    assert [m.training for m in model.modules()] == [training] * 4


def test_every_part_of_a_model_is_left_in_its_own_mode() -> None:
    # as when a frozen normalization stays in eval while the rest trains
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), LIF()).train()
    model[1].eval()
    capture(model, images(2, 6, 6), STEPS)
    assert [m.training for m in model.modules()] == [True, True, False, True]


def test_a_model_is_left_in_its_mode_when_capture_fails() -> None:
    model = spiking(nn.ReLU()).train()
    with pytest.raises(HwsimError):
        capture(model, images(2, 6, 6), STEPS)
    assert model.training


def test_membranes_are_forgotten_before_and_after() -> None:
    model = spiking()
    model(torch.full((5, 2, 6, 6), 100.0))
    first = capture(model, images(2, 6, 6), STEPS).reference
    assert model[1].membrane is None
    assert capture(model, images(2, 6, 6), STEPS).reference.id == first.id


def test_no_hook_stays_on_the_model() -> None:
    model = spiking()
    capture(model, images(2, 6, 6), STEPS)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_the_statistics_of_a_normalization_are_not_touched() -> None:
    norm = trained_norm(nn.BatchNorm2d(4))
    before = {k: v.clone() for k, v in norm.state_dict().items()}
    capture(nn.Sequential(nn.Conv2d(2, 4, 3), norm, LIF()).train(), images(2, 6, 6), STEPS)
    assert all(torch.equal(v, before[k]) for k, v in norm.state_dict().items())


def test_a_forward_hook_that_replaces_an_output_is_refused() -> None:
    model = nn.Sequential(nn.Linear(8, 3), LIF())
    model[0].register_forward_hook(lambda _module, _inputs, output: output * 2)
    with pytest.raises(HwsimError, match="forward hook replaces its output"):
        captured(model, 8)


def test_a_forward_hook_that_only_looks_is_welcome() -> None:
    model = nn.Sequential(nn.Linear(8, 3), LIF())
    seen: list[int] = []
    model[1].register_forward_hook(lambda _module, _inputs, output: seen.append(len(output)))
    assert kinds(captured(model, 8).network) == [("input", "input"), ("1", "lif")]
    assert seen
