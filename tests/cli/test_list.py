"""``hwsim list`` and ``hwsim --version``."""

import pytest

from hwsim import __version__, cost, hardware, zoo
from hwsim.chip.config import chips
from hwsim.explore.space import spaces
from hwsim.mapping import mappings
from tests.cli.running import Command, Ran


@pytest.mark.parametrize(
    ("what", "known"),
    [
        ("models", [*zoo.entries(), *zoo.trainings()]),
        ("hardware", [*hardware.presets(), *chips()]),
        ("mappings", mappings()),
        ("spaces", spaces()),
        ("tables", cost.tables()),
    ],
)
def test_everything_known_by_name_is_listed(hwsim: Command, what: str, known: list[str]) -> None:
    found = hwsim("list", what, "--json").json
    assert sorted(found) == sorted(known)
    texts = [entry["description"] if what == "hardware" else entry for entry in found.values()]
    assert all(len(text) > 10 for text in texts)
    shown = hwsim("list", what)
    assert shown.code == 0
    assert all(name in shown.out for name in known)


def test_chips_are_listed_with_array_dataflow_skip_node_and_clock(hwsim: Command) -> None:
    ptb = hwsim("list", "hardware", "--json").json["ptb"]
    description = ptb.pop("description")
    assert "8 windows" in description
    assert ptb == {
        "rows": 16,
        "columns": 8,
        "rows_hold": "N",
        "columns_hold": "T",
        "dataflow": "os",
        "skip": "event",
        "node_nm": 28,
        "clock_hz": 500_000_000,
    }
    (line,) = (line for line in hwsim("list", "hardware").out.splitlines() if line.strip().startswith("ptb "))
    assert line.split()[:11] == ["ptb", "16", "N", "x", "8", "T", "os", "event", "28", "nm", "500"]


def test_the_version_is_told(hwsim: Command) -> None:
    assert hwsim("--version") == Ran(0, f"{__version__}\n", "")


def test_an_unknown_list_gets_the_nearest_name(hwsim: Command) -> None:
    assert "cannot list 'model'. Did you mean 'models'?" in hwsim("list", "model").error
