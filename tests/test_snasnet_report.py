"""Statistics of each step, and the sentences of reports/snasnet: they follow from their numbers."""

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.snasnet import findings
from benchmarks.snasnet.by_step import answers, norms, statistics_of, with_statistics
from hwsim.frontends.loading import open_model

WITH_FEEDBACK = "0303,0030,2002,0200"
STEPS = 3


def model() -> nn.Module:
    """Stem, both cells and the reduction between them, whose outputs are analog."""
    settings = [f"matrix={WITH_FEEDBACK}", "channels=4", "inner=8"]
    fit = {"classes": 10, "channels_in": 1, "resolution": 8}
    made = open_model("snasnet/search", None, settings, trained=False, fit=fit, seed=0).model
    assert isinstance(made, nn.Sequential)
    return made[:4]


def test_on_the_images_that_statistics_are_of_a_network_answers_as_it_was_trained() -> None:
    """Batch statistics of training are those of the batch and the step: put in their place, they change
    nothing, while one running mean of all steps does."""
    net, images = model(), torch.rand(16, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    net.eval()
    for norm in norms(net).values():
        norm.train()
        norm.momentum = None
    trained = answers(net, images, STEPS)
    net.eval()
    with with_statistics(net, statistics_of(net, images, STEPS)):
        assert torch.allclose(answers(net, images, STEPS), trained, atol=1e-5)
        assert torch.allclose(answers(net, images, STEPS), trained, atol=1e-5)
    assert not torch.allclose(answers(net, images, STEPS), trained, atol=1e-3)


def test_taking_statistics_leaves_the_network_as_it_was() -> None:
    net, images = model().eval(), torch.rand(8, 1, 8, 8)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    found = statistics_of(net, images, STEPS)
    assert {len(steps) for steps in found.values()} == {1, STEPS} or {len(s) for s in found.values()} == {
        STEPS
    }
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize(("sign", "word"), [(1, "orders"), (-1, "orders backward")])
def test_a_sentence_turns_where_the_sign_of_a_tau_does(sign: int, word: str) -> None:
    rows = [{"sahd": float(n), "accuracy": float(sign * n)} for n in range(30)]
    assert findings.order(rows, "sahd") == word


def test_an_interval_that_holds_0_orders_nothing() -> None:
    rng = np.random.default_rng(1)
    rows = [{"sahd": float(a), "accuracy": float(b)} for a, b in rng.random((30, 2))]
    assert findings.order(rows, "sahd") == "does not order"
