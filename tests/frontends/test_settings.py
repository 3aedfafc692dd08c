"""Options of a builder by key=value: what they become, and what is refused."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import pytest
from torch import nn

from hwsim import zoo
from hwsim.errors import HwsimError
from hwsim.frontends.loading import open_model
from hwsim.frontends.settings import Settings, read_settings
from tests.models.test_zoo import builder

FILE = '''
from torch import nn


def net(width: int = 4, bias: bool = True, kind: "Unknown" = "a", free=None):
    """A linear layer."""
    layer = nn.Linear(width, 2, bias=bias)
    layer.told = (kind, free)
    return layer


def loose(**options):
    layer = nn.Linear(1, 1)
    layer.told = options
    return layer


def stepped(timesteps: int = 3):
    layer = nn.Linear(1, 1)
    layer.told = timesteps
    return layer
'''


def build(
    size: int = 1,
    rate: float = 0.5,
    flag: bool = False,
    name: str = "x",
    mode: Literal["up", "down"] = "up",
    rows: Sequence[str] = (),
    either: str | Sequence[str] = "a",
    perhaps: int | None = None,
    free: Any = None,
    kernel: tuple[int, int] = (1, 1),
    planes: tuple[tuple[int, int], ...] = (),
) -> None:
    """Parameters of every kind."""


def untyped(flag=False, size=1, sizes=(1, 2), names=["a"], mixed=(1, "a"), text="x", nothing=None):  # type: ignore[no-untyped-def]  # noqa: B006
    """Parameters that only their defaults describe."""


def read(*pairs: str, function: Callable[..., Any] = build) -> dict[str, Any]:
    """What the pairs change."""
    before = read_settings((), function, "net").arguments
    after = read_settings(pairs, function, "net").arguments
    return {k: v for k, v in after.items() if k not in before or v != before[k]}


@pytest.mark.parametrize(
    ("pair", "changed"),
    [
        ("size=16", {"size": 16}),
        (" size = 16 ", {"size": 16}),
        ("rate=.25", {"rate": 0.25}),
        ("rate=2", {"rate": 2}),
        ("rate=-1e-3", {"rate": -0.001}),
        ("flag=true", {"flag": True}),
        ("name=scb3", {"name": "scb3"}),
        ("name=12", {"name": "12"}),
        ("mode=down", {"mode": "down"}),
        ("rows=[0303, 0030]", {"rows": ["0303", "0030"]}),
        ("rows=0303,0030,2002,0200", {"rows": ["0303", "0030", "2002", "0200"]}),
        ('rows=["a", "b"]', {"rows": ["a", "b"]}),
        ("either=b", {"either": "b"}),
        ("either=b,c", {"either": ["b", "c"]}),
        ("perhaps=3", {"perhaps": 3}),
        ("free={a: 1}", {"free": {"a": 1}}),
        ("name=a=b", {"name": "a=b"}),
        ("kernel=3,5", {"kernel": (3, 5)}),
        ("kernel=[3, 5]", {"kernel": (3, 5)}),
        ("planes=[[1, 2], [3, 4]]", {"planes": ((1, 2), (3, 4))}),
    ],
)
def test_a_value_is_what_the_parameter_takes(pair: str, changed: dict[str, Any]) -> None:
    found = read(pair)
    assert found == changed
    assert [type(v) for v in found.values()] == [type(v) for v in changed.values()] or "rate" in changed


def test_null_is_none_where_the_parameter_allows_it() -> None:
    assert read_settings(["perhaps=null"], build, "net", {"perhaps": 2}).arguments["perhaps"] is None


def test_settings_win_over_the_zoos_options_and_these_over_defaults() -> None:
    found = read_settings(["size=3"], build, "net", {"size": 2, "rate": 0.1}).arguments
    assert (found["size"], found["rate"], found["flag"]) == (3, 0.1, False)


def test_timesteps_are_known_for_every_builder() -> None:
    assert read_settings(["timesteps=9"], build, "net") == Settings(
        read_settings((), build, "net").arguments, 9
    )


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (
            ["siz=3"],
            r"--set: net has no option 'siz'\. Did you mean 'size'\? Known: either, flag, .*timesteps",
        ),
        (["timestep=3"], "Did you mean 'timesteps'"),
        (["size"], "--set 'size': write it as key=value"),
        (["=3"], "write it as key=value"),
        (["size=1", "size=2"], "--set size is given twice"),
        (["timesteps=1", "timesteps=2"], "--set timesteps is given twice"),
        (["timesteps=0"], "--set timesteps=0: it must be an integer of at least 1"),
        (["timesteps=many"], "--set timesteps=many: it must be an integer"),
        (["size=big"], "--set size=big: found 'big'; net takes size: int"),
        (["size=1.5"], r"found 1\.5; net takes size: int"),
        (["size=true"], "found True; net takes size: int"),
        (["size=1,2"], r"found \[1, 2\]; net takes size: int"),
        (["flag=1"], "found 1; net takes flag: bool"),
        (["mode=left"], r"found 'left'; net takes mode: Literal\['up', 'down'\]"),
        (["kernel=3,5,7"], r"found \[3, 5, 7\]; net takes kernel: tuple\[int, int\]"),
        (["kernel=a,b"], r"net takes kernel: tuple\[int, int\]"),
        (["perhaps=x"], r"net takes perhaps: int \| None"),
        (["size=[1"], r"--set size=\[1: not readable as YAML"),
        (["name=!!python/object:os.system"], "not readable as YAML"),
    ],
)
def test_what_the_builder_does_not_take_is_an_error(pairs: list[str], message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        read_settings(pairs, build, "net")


@pytest.mark.parametrize(
    ("pair", "changed"),
    [
        ("flag=true", {"flag": True}),
        ("size=0.5", {"size": 0.5}),
        ("sizes=3,4,5", {"sizes": (3, 4, 5)}),
        ("names=b,c", {"names": ["b", "c"]}),
        ("mixed=b,7", {"mixed": ("b", 7)}),
        ("text=3", {"text": 3}),
        ("nothing=abc", {"nothing": "abc"}),
    ],
)
def test_without_an_annotation_a_value_is_like_the_default(pair: str, changed: dict[str, Any]) -> None:
    assert read(pair, function=untyped) == changed


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("flag=maybe", "found 'maybe'; net takes flag: bool"),
        ("flag=1", "found 1; net takes flag: bool"),
        ("size=true", r"found True; net takes size: int \| float"),
        ("sizes=a,b", r"net takes sizes: tuple\[int \| float, \.\.\.\]"),
        ("sizes=[[1]]", r"net takes sizes: tuple\[int \| float, \.\.\.\]"),
    ],
)
def test_a_value_unlike_the_default_is_refused(pair: str, message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        read_settings([pair], untyped, "net")


# --- what opens ----------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Any) -> str:
    (tmp_path / "net.py").write_text(FILE)
    return str(tmp_path / "net.py")


def told(model: Any) -> Any:
    assert isinstance(model, nn.Module)
    return model.told


def test_a_users_builder_takes_settings(file: str) -> None:
    opened = open_model(f"{file}:net", settings=["width=7", "kind=b", "free=[1, 2]", "timesteps=5"])
    assert isinstance(opened.model, nn.Linear)
    assert opened.model.in_features == 7
    assert told(opened.model) == ("b", [1, 2])
    assert opened.timesteps == 5


def test_a_builder_of_any_options_gets_them_all(file: str) -> None:
    assert told(open_model(f"{file}:loose", settings=["a=1", "b=x"]).model) == {"a": 1, "b": "x"}


def test_a_builder_with_timesteps_of_its_own_gets_them_too(file: str) -> None:
    opened = open_model(f"{file}:stepped", settings=["timesteps=6"])
    assert told(opened.model) == opened.timesteps == 6


def test_a_users_builder_refuses_what_it_does_not_know(file: str) -> None:
    with pytest.raises(HwsimError, match=r"net\.py:net has no option 'widht'\. Did you mean 'width'\?"):
        open_model(f"{file}:net", settings=["widht=7"])


def test_random_weights_are_the_same_at_every_opening_and_leave_the_generator_alone() -> None:
    import torch  # noqa: PLC0415

    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, second = (open_model("asgl/shd").model for _ in range(2))
    assert isinstance(first, nn.Module)
    assert isinstance(second, nn.Module)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert torch.equal(before, torch.get_rng_state())


def test_a_checkpoint_that_no_longer_fits_is_told_with_a_way_out() -> None:
    with pytest.raises(
        HwsimError, match=r"fashion with channels=8: its trained checkpoint was made without.*--init random"
    ):
        open_model("fashion", settings=["channels=8"])
    opened = open_model("fashion", settings=["channels=8"], trained=False)
    assert opened.untrained
    assert opened.card is None


def test_a_saved_network_takes_no_settings(tmp_path: Any) -> None:
    with pytest.raises(HwsimError, match="is a saved network and takes no --set"):
        open_model(str(tmp_path / "x.safetensors"), settings=["a=1"])


ISSUE = {
    "resolution": ("fashion", "efficientlif/vgg16", "efficientlif/resnet19", "autosnn/", "snasnet/cifar",
                   "asgl/resnet", "asgl/cifarnet", "asgl/vgg"),
    "channels": ("fashion", "efficientlif/", "autosnn/", "snasnet/", "asgl/"),
    "classes": ("fashion", "efficientlif/", "autosnn/", "snasnet/cifar", "asgl/resnet", "asgl/cifarnet",
                "asgl/vgg", "asgl/shd", "asgl/medly"),
    "c34": ("efficientlif/vgg16",),
    "fitness_lambda": ("autosnn/searched",),
    "block": ("autosnn/snn",),
    "neuron": ("autosnn/snn", "autosnn/supernet"),
    "pool_threshold": ("autosnn/snn2", "autosnn/snn4", "autosnn/cifarnet-wu", "autosnn/resnet"),
    "space": ("autosnn/supernet",),
    "matrix": ("snasnet/",),
    "neurons": ("tinysnn/",),
}  # fmt: skip


@pytest.mark.parametrize("key", ISSUE)
def test_every_network_has_the_options_of_its_kind(key: str) -> None:
    names = [n for n in zoo.entries() if n.startswith(ISSUE[key])]
    assert names
    for name in names:
        assert key in read_settings((), builder(name), name, zoo.entry(name).options).arguments
