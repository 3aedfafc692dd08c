"""SNASNet's search without training: which cells are legal, and the score against its definition."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.methods.training_free.cells import cell_of, closure, is_legal, random_cells, text_of
from hwsim.methods.training_free.score import KERNELS, Gram, scores, watched
from hwsim.nn import LIF, reset_states
from models.snasnet import CIFAR10_BW, CIFAR100_BW, cell, snasnet


@pytest.mark.parametrize("known", [CIFAR10_BW, CIFAR100_BW])
def test_the_published_cells_are_legal(known: tuple[str, ...]) -> None:
    assert is_legal(cell_of(",".join(known)))


@pytest.mark.parametrize(
    "text",
    [
        "0000,0000,0000,0000",  # nothing is connected
        "0300,0030,0000,0000",  # node 3 is not reached
        "0303,3030,0003,0000",  # 0-1 in both directions
        "0003,0000,0000,0000",  # nodes 1 and 2 are not reached
        "0033,0003,0000,0000",  # node 1 is not reached, 2 leads nowhere
        "1333,0000,0000,0000",  # a node to itself
    ],
)
def test_a_cell_outside_the_space_is_refused(text: str) -> None:
    with pytest.raises(HwsimError, match="cell "):
        cell_of(text)


@pytest.mark.parametrize("text", ["0303,0030,2002", "0303,0030,2002,020", "0305,0030,2002,0200", ""])
def test_a_text_that_is_no_cell_is_refused(text: str) -> None:
    with pytest.raises(HwsimError, match="four rows of four digits"):
        cell_of(text)


def test_a_node_may_be_reached_back_in_time_alone() -> None:
    assert is_legal(cell_of("0030,0003,0300,0000"))


@given(st.integers(0, 2**31), st.sampled_from(["forward", "both"]))
def test_random_cells_are_legal_and_build(seed: int, edges: str) -> None:
    (found,) = random_cells(seed, 1, edges)  # type: ignore[arg-type]
    assert is_legal(found)
    assert (cell_of(text_of(found)) == found).all()
    assert edges == "both" or not np.tril(found).any()
    built = cell(text_of(found).split(","), 2).eval()
    for _ in range(2):
        assert built(torch.zeros(1, 2, 4, 4)).shape == (1, 2, 4, 4)


def test_the_cells_of_a_seed_do_not_depend_on_their_number() -> None:
    few, many = list(random_cells(7, 3, "both")), list(random_cells(7, 9, "both"))
    assert all((a == b).all() for a, b in zip(few, many, strict=False))
    assert len({text_of(one) for one in many}) > 1


def test_closure_follows_any_number_of_connections() -> None:
    line = np.eye(4, k=1, dtype=bool)
    assert (closure(line) == np.triu(np.ones((4, 4), bool))).all()


def by_definition(spikes: Tensor, name: str) -> Tensor:
    """K of one layer and step, a pair at a time."""
    flat = spikes.flatten(1).bool()
    batch, neurons = flat.shape
    k = torch.zeros(batch, batch, dtype=torch.float64)
    for i in range(batch):
        for j in range(batch):
            d = int((flat[i] != flat[j]).sum())
            s, r = float(flat[i].double().mean()), float(flat[j].double().mean())
            if name == "sahd":
                d = 0.5 * d / (s * (1 - r) + r * (1 - s) + 1e-3)  # type: ignore[assignment]
            k[i, j] = neurons - d
    return k


@pytest.mark.parametrize("name", list(KERNELS))
def test_a_kernel_is_what_it_is_pair_by_pair(name: str) -> None:
    rng = torch.Generator().manual_seed(0)
    gram, expected = Gram(), torch.zeros(6, 6, dtype=torch.float64)
    for share in (0.1, 0.5, 0.9):
        spikes = (torch.rand(6, 3, 4, 4, generator=rng) < share).float()
        gram.add(spikes)
        expected += by_definition(spikes, name)
    assert torch.allclose(gram.sums[name], expected, rtol=1e-12, atol=1e-9)
    assert gram.scores()[name] == pytest.approx(float(torch.linalg.slogdet(expected / 3).logabsdet))


def test_samples_that_are_answered_alike_score_minus_infinity_by_hamming_distance() -> None:
    gram = Gram()
    gram.add(torch.ones(3, 8))
    assert gram.scores()["hd"] == -math.inf


@pytest.mark.parametrize("samples", [3, 17, 256])
@pytest.mark.parametrize("kernel", ["hd", "sahd"])
def test_two_samples_answered_alike_score_minus_infinity_after_any_number_of_calls(
    samples: int, kernel: str
) -> None:
    """Rounding of K / calls leaves a determinant of about 1e-16 otherwise: K is singular, slogdet finite."""
    generator, gram = torch.Generator().manual_seed(samples), Gram()
    for _ in range(35):
        spikes = (torch.rand(samples, 300, generator=generator) < 0.3).float()
        spikes[1] = spikes[0]
        gram.add(spikes)
    assert gram.scores()[kernel] == -math.inf
    spikes[1, 0] = 1 - spikes[0, 0]
    gram.add(spikes)
    assert math.isfinite(gram.scores()[kernel])


def test_a_score_adds_every_layer_and_step_from_states_of_zero() -> None:
    torch.manual_seed(0)
    model = snasnet(channels=4, classes=2, inner=8, votes=2, resolution=8, channels_in=1)
    images = torch.rand(5, 1, 8, 8)
    with watched(model) as gram:
        reset_states(model)
        for _ in range(3):
            model(images)
    neurons = sum(isinstance(m, LIF) for m in model.modules())
    assert gram.calls == 3 * neurons


def test_a_score_repeats_and_leaves_no_states() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), LIF(), nn.Flatten(), nn.Linear(144, 8), LIF()
    )
    batches = [torch.rand(6, 1, 8, 8), torch.rand(6, 1, 8, 8)]
    once, again = scores(model, batches, 3), scores(model, batches, 3)
    assert once == again
    one, two = (scores(model, [batch], 3) for batch in batches)
    assert once["hd"] == pytest.approx((one["hd"] + two["hd"]) / 2)
    assert all(m.membrane is None for m in model.modules() if isinstance(m, LIF))


def test_a_model_without_neurons_cannot_be_scored() -> None:
    with pytest.raises(HwsimError, match="no layer of neurons"):
        scores(nn.Linear(4, 2), [torch.rand(3, 4)], 2)
