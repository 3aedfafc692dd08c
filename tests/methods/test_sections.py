"""Sections of a path: where a model is cut, and where it cannot be."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from hwsim.methods.spike_aware.sections import Section, can_be_cut, sections, together
from hwsim.nn import LIF, Choice, unroll


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


def run(of: nn.Module) -> torch.Tensor:
    torch.manual_seed(1)
    return unroll(of.eval(), torch.randn(3, 4), 3)


def test_a_model_of_layers_and_choices_can_be_cut() -> None:
    assert can_be_cut(model(), run)


def test_a_choice_within_a_layer_leaves_the_model_whole() -> None:
    assert sections(model(Aside()), ("wire", "b", "two")) == ()
    assert not can_be_cut(model(Aside()), run)


def test_the_first_section_goes_on_to_the_first_layer_with_a_state() -> None:
    late = nn.Sequential(nn.Linear(4, 4), *model())
    of = nn.Sequential(nn.BatchNorm1d(4), Choice({"wire": nn.Identity(), "line": nn.Linear(4, 4)}), *late)
    first, *others = sections(of, ("wire", "wire", "two"))
    assert [first.decided, *(section.decided for section in others)] == [2, 3, 3]
    assert can_be_cut(of, run)


class Holder:
    """A plain object that two layers hand a value through."""

    value: torch.Tensor | None = None


class Keep(nn.Module):
    def __init__(self, holder: Holder) -> None:
        super().__init__()
        self.holder = holder

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        self.holder.value = values
        return values


class Add(Keep):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values if self.holder.value is None else values + self.holder.value


def tied() -> nn.Sequential:
    of = nn.Sequential(*model()[:3], nn.Linear(4, 4))
    of[3].weight = of.get_submodule("0.0").weight  # type: ignore[assignment]
    return of


def hooked() -> nn.Sequential:
    of = model()
    of[1].register_forward_hook(lambda _module, _inputs, out: 2 * out)
    return of


def held() -> nn.Sequential:
    holder = Holder()
    return nn.Sequential(*model(Keep(holder))[:3], Add(holder), nn.Linear(4, 2))


def shared() -> nn.Sequential:
    norm = nn.BatchNorm1d(4)
    return nn.Sequential(block(4), norm, Choice({"a": nn.Identity(), "b": block(4)}), norm, nn.Linear(4, 2))


@pytest.mark.parametrize("make", [tied, hooked, held, shared])
def test_sections_that_have_something_in_common_leave_the_model_whole(
    make: Callable[[], nn.Sequential],
) -> None:
    assert not can_be_cut(make(), run)


def test_a_path_that_the_model_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no option 'three'"):
        sections(model(), ("wire", "three"))
