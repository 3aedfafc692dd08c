"""Sections of a path: where a model is cut, and where it cannot be."""

import pytest
import torch
from torch import nn

from hwsim.methods.spike_aware.sections import Section, sections, together
from hwsim.nn import LIF, Choice


def block(width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, width), LIF())


def model(*between: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        block(4),
        nn.Sequential(Choice({"wire": nn.Identity(), "block": block(4)}), *between),
        Choice({"block": block(4), "two": nn.Sequential(block(4), block(4))}),
        nn.Linear(4, 2),
    )


def test_each_section_ends_behind_a_choice_and_together_they_are_the_model() -> None:
    whole = model()
    found = sections(whole, ("wire", "two"))
    names = [list(s.layers) for s in found if isinstance(s, Section)]
    assert names == [["0.0", "0.1", "1.0"], ["2.0.0", "2.0.1", "2.1.0", "2.1.1"], ["3"]]
    tensors = {name: t for section in found for name, t in section.state_dict().items()}
    own = {name: t for name, t in whole.state_dict().items() if ".options.block" not in name}
    assert set(tensors) == {name.replace(".options.two", "") for name in own}
    values = torch.randn(3, 4)
    one = together(found)(values)
    for section in sections(whole, ("wire", "two")):
        values = section(values)
    assert torch.equal(one, values)


def test_sections_are_made_of_the_model_s_own_layers() -> None:
    whole = model()
    first, *_ = sections(whole, ("wire", "two"))
    assert first.get_submodule("0.0") is whole.get_submodule("0.0")


class Aside(nn.Module):
    """A layer that holds a choice of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.choice = Choice({"a": nn.Linear(4, 4), "b": nn.Linear(4, 4)})

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = values + self.choice(values)
        return out


def test_a_choice_within_a_layer_leaves_the_model_whole() -> None:
    (whole,) = sections(model(Aside()), ("wire", "b", "two"))
    assert not isinstance(whole, Section)
    assert whole(torch.zeros(1, 4)).shape == (1, 2)


def test_a_module_that_is_called_in_two_sections_leaves_the_model_whole() -> None:
    norm = nn.BatchNorm1d(4)
    shared = nn.Sequential(norm, Choice({"a": nn.Identity(), "b": block(4)}), norm, nn.Linear(4, 2))
    assert len(sections(shared, ("a",))) == 1
    assert len(sections(shared[:2], ("a",))) == 1
    assert len(sections(nn.Sequential(*shared[:2], nn.Linear(4, 2)), ("a",))) == 2


def test_a_path_that_the_model_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no option 'three'"):
        sections(model(), ("wire", "three"))
