"""A model with shared LIF layers computes what the network shared after its capture does."""

import numpy as np
import pytest
import torch
from torch import nn

from hwsim import zoo
from hwsim.errors import HwsimError
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import capture
from hwsim.methods.lif_sharing import parse_sharing, share
from hwsim.methods.shared_model import shared_model
from hwsim.nn import ASGL, LIF, PLIF, SharedLIF, run, unroll, use_surrogate
from tests.models.test_zoo import SMALL, small

STEPS = 3


@pytest.mark.parametrize("text", ["L", "C2", "C4", "L+C2"])
@pytest.mark.parametrize("name", ["efficientlif/vgg16", "efficientlif/resnet19", "efficientlif/har"])
def test_it_captures_as_the_network_shared_after_its_capture(name: str, text: str) -> None:
    model, entry, sharing = small(name), zoo.entry(name), parse_sharing(text)
    series = entry.coding == "series"
    inputs = torch.rand(2, *((STEPS,) if series else ()), *SMALL[name][1]).numpy()
    options = {"timesteps": STEPS, "name": "net", "coding": entry.coding or "frames"}
    expected = share(capture(model, inputs, **options).network, sharing, entry.sharing)
    shared = shared_model(model, sharing, inputs[:1], entry.sharing, options["coding"])
    found = capture(shared, inputs, **options)
    assert shared.state_dict().keys() == model.state_dict().keys()
    trace, theirs = (execute(n, encode(n, inputs)) for n in (found.network, expected))
    assert agree(found.network, trace, found.reference).trusted
    for p, q in zip(found.network.populations, expected.populations, strict=True):
        assert (p.name, p.channel_groups) == (q.name, q.channel_groups)
        assert bool(p.state_group) == bool(q.state_group)
        if p.kind != "readout":
            np.testing.assert_array_equal(
                trace.events[p.name].dense(p.size), theirs.events[p.name].dense(p.size)
            )
    np.testing.assert_array_equal(trace.outputs, theirs.outputs)


@pytest.mark.parametrize("text", ["L", "C2", "C4", "L+C2"])
@pytest.mark.parametrize("name", ["fashion", "efficientlif/vgg16", "efficientlif/resnet19"])
def test_all_timesteps_at_once_give_its_spikes_of_stepping(name: str, text: str) -> None:
    model, images = small(name), torch.rand(3, *SMALL[name][1])
    shared = shared_model(model, parse_sharing(text), images[:1], zoo.entry(name).sharing).eval()
    spikes: dict[str, list[torch.Tensor]] = {}
    for path, module in shared.named_modules():
        if isinstance(module, SharedLIF):
            module.register_forward_hook(lambda _m, _i, out, p=path: spikes.setdefault(p, []).append(out))
    with torch.no_grad():
        total = run(shared, images, STEPS)
        stepping = {path: torch.cat(steps) for path, steps in spikes.items()}
        spikes.clear()
        outputs = unroll(shared, images, STEPS)
    torch.testing.assert_close(outputs.sum(0), total)
    assert stepping.keys() == spikes.keys()
    assert all(torch.equal(torch.cat(spikes[path]), before) for path, before in stepping.items())


def chain(*neurons: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(*(m for n in neurons for m in (nn.Linear(4, 4), n)), nn.Linear(4, 2))


def test_the_model_given_keeps_its_own_neurons_and_constants_and_surrogates_are_taken_over() -> None:
    model = chain(LIF(0.75, 2.0, "zero", ">"), LIF(0.75, 2.0, "zero", ">"))
    use_surrogate(model, ASGL)
    shared = shared_model(model, parse_sharing("L+C2"), torch.rand(1, 4))
    assert isinstance(model[1], LIF)
    first, second = shared[1], shared[3]
    assert isinstance(first, SharedLIF)
    assert first.state is second.state
    assert (first.decay, first.threshold, first.reset_mode, first.compare) == (0.75, 2.0, "zero", ">")
    assert first.channel_groups == 2
    assert isinstance(first.surrogate, ASGL)
    assert first.surrogate is not model[1].surrogate
    assert first.surrogate is not second.surrogate


def test_other_neurons_than_lif_are_named() -> None:
    with pytest.raises(HwsimError, match=r"layer '1' is a PLIF; allowed: hwsim\.nn\.LIF"):
        shared_model(chain(PLIF(), PLIF()), parse_sharing("C2"), torch.rand(1, 4))


def test_a_pattern_without_a_layer_is_an_error() -> None:
    with pytest.raises(HwsimError, match="no layer of neurons named '9'; it has 1, 3"):
        shared_model(chain(LIF(), LIF()), parse_sharing("L"), torch.rand(1, 4), [["1", "9"]])
