"""A model trained by ASGL is, for the simulator, the plain network of its neurons."""

import pytest
import torch
from torch import nn

from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import capture
from hwsim.nn import ASGL, CLIF, LIF, PLIF, RecurrentLIF, SharedLIF, arctan, run, use_surrogate


@pytest.mark.parametrize("make", [LIF, PLIF, CLIF, SharedLIF])
def test_a_model_trained_by_asgl_captures_as_without_it_and_executes_to_its_spikes(make: type) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), make(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(64, 10), make(),
        nn.Linear(10, 3),
    )  # fmt: skip
    use_surrogate(model, lambda: ASGL(spike_fraction=0.5))
    for layer in (model[0], model[4]):
        layer.weight.data.mul_(4)
    images = torch.randint(0, 3, (6, 1, 8, 8)).float()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    nn.functional.cross_entropy(run(model, images, 4), torch.arange(6) % 3).backward()
    optimizer.step()
    captured = capture(model, images.numpy(), 8)
    trace = execute(captured.network, encode(captured.network, images.numpy()))
    agreement = agree(captured.network, trace, captured.reference)
    assert agreement.trusted
    assert all(row.events for row in agreement.rows)
    use_surrogate(model, lambda: arctan)
    assert capture(model, images.numpy(), 8).network.id == captured.network.id


def test_a_recurrent_layer_captures_and_executes_to_its_spikes() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8, bias=False), RecurrentLIF(8, surrogate=ASGL()), nn.Linear(8, 3))
    model[0].weight.data.mul_(4)
    inputs = torch.randint(0, 3, (4, 7, 6)).float().numpy()
    captured = capture(model, inputs, 7, coding="series")
    trace = execute(captured.network, encode(captured.network, inputs))
    agreement = agree(captured.network, trace, captured.reference)
    assert agreement.trusted
    assert all(row.events for row in agreement.rows)
