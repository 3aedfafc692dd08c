"""A choice of layers: what is computed, which paths are drawn, and what a path inherits."""

from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

from hwsim.nn import LIF, Choice, choices, choose, draw_path, fixed, path_state, unroll


def supernet() -> nn.Sequential:
    first = Choice({"wire": nn.Identity(), "spike": nn.Sequential(nn.Linear(3, 3), LIF())})
    second = Choice({"one": nn.Linear(3, 2), "two": nn.Linear(3, 2)})
    return nn.Sequential(first, LIF(), second)


def test_the_chosen_layer_computes() -> None:
    net, x = supernet(), torch.rand(4, 3)
    first, second = choices(net).values()
    choose(net, ("wire", "two"))
    assert torch.equal(first(x), x)
    assert torch.equal(second(x), second.options["two"](x))


def test_all_timesteps_at_once_are_those_of_stepping() -> None:
    net, x = supernet().eval(), torch.randn(5, 4, 3)
    choose(net, ("spike", "one"))
    assert torch.allclose(unroll(net, x), unroll(net, x, stepwise=True))


def test_each_option_of_each_choice_is_drawn_as_often_as_the_others() -> None:
    """Counts of 4 paths in 4,000 draws: 1,000, standard deviation 27."""
    net, rng = supernet(), np.random.default_rng(0)
    drawn: Counter[tuple[str, ...]] = Counter()
    for _ in range(4000):
        draw_path(net, rng)
        drawn[tuple(choice.chosen for choice in choices(net).values())] += 1
    assert len(drawn) == 4
    assert all(abs(count - 1000) < 4 * 27 for count in drawn.values())


def test_only_the_chosen_path_gets_gradients() -> None:
    net = supernet()
    choose(net, ("wire", "two"))
    net(torch.rand(4, 3)).sum().backward()
    given = {name for name, p in net.named_parameters() if p.grad is not None}
    assert given == {"2.options.two.weight", "2.options.two.bias"}


def test_a_path_s_tensors_are_named_as_without_choices() -> None:
    net = supernet()
    choose(net, ("spike", "two"))
    alone = nn.Sequential(nn.Sequential(nn.Linear(3, 3), LIF()), LIF(), nn.Linear(3, 2))
    alone.load_state_dict(path_state(net))
    x = torch.rand(4, 3)
    assert torch.equal(unroll(alone, x, 3), unroll(net, x, 3))


def test_a_fixed_path_is_the_network_of_its_options_alone() -> None:
    net, x = supernet().eval(), torch.randn(4, 3)
    choose(net, ("spike", "two"))
    state, answers = path_state(net), unroll(net, x, 3)
    alone = fixed(net, ("spike", "two"))
    assert not choices(alone)
    assert {name: t.tolist() for name, t in alone.state_dict().items()} == {
        name: t.tolist() for name, t in state.items()
    }
    assert torch.equal(unroll(alone, x, 3), answers)


def test_a_choice_alone_is_fixed_to_its_option() -> None:
    choice = Choice({"one": nn.Linear(3, 2), "two": nn.Linear(3, 2)})
    assert fixed(choice, ("two",)) is choice.options["two"]


def test_a_choice_within_a_choice_is_refused() -> None:
    inner = Choice({"one": nn.Identity(), "two": nn.Identity()})
    with pytest.raises(ValueError, match="'deep' holds a choice itself"):
        Choice({"flat": nn.Identity(), "deep": nn.Sequential(inner)})


def test_a_path_of_other_options_is_refused() -> None:
    with pytest.raises(ValueError, match="1 options for the 2 choices"):
        choose(supernet(), ("wire",))
    with pytest.raises(ValueError, match="'2' has no option 'three'; allowed: one, two"):
        choose(supernet(), ("wire", "three"))


def test_a_choice_of_one_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="two layers at least"):
        Choice({"only": nn.Identity()})
