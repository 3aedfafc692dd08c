"""A network-on-chip as a table row: what ships, what a file may say, and what it may not."""

from pathlib import Path

import pytest
import yaml

from hwsim.errors import HwsimError
from hwsim.listing import list_known
from hwsim.noc.config import TABLES, load_noc, nocs


def test_the_networks_that_ship_load_by_name_and_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    list_known("noc", True)
    printed = capsys.readouterr().out
    assert nocs() == ["booksim", "booksim_torus", "loihi", "truenorth"]
    for name in nocs():
        assert load_noc(name).name == name
        assert name in printed


def test_the_preset_has_the_default_delays_of_booksim() -> None:
    """docs/noc.md, parameters."""
    values = load_noc("booksim").delays.model_dump(exclude_none=True).values()
    assert list(values) == [1, 1, 1, 1, 0, 1, 1, 1, 1]


def test_wires_along_y_are_as_long_as_along_x_where_nothing_else_is_said() -> None:
    """docs/noc.md, parameters: also when those along x change."""
    alike = load_noc("booksim").changed(delays={"link": 3, "credit_link": 2}).delays
    assert (alike.links, alike.credit_links) == ((3, 3), (2, 2))
    apart = load_noc("booksim").changed(delays={"link_y": 4, "credit_link_y": 5}).delays
    assert (apart.links, apart.credit_links) == ((1, 4), (1, 5))


def test_a_network_of_ones_own_is_a_file(tmp_path: Path) -> None:
    values = yaml.safe_load((TABLES / "booksim.yaml").read_text())
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(values | {"name": "mine", "width": 3, "receive_queue_flits": 5}))
    table = load_noc(str(path))
    assert (table.name, table.tiles, table.receive_queue_flits) == ("mine", 24, 5)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("width", 257, "width"),
        ("height", 0, "height"),
        ("virtual_channels", 0, "virtual_channels"),
        ("buffer_flits", 2.5, "buffer_flits"),
        ("topology", "hypercube", "topology"),
        ("drain_cycles", 0, "drain_cycles"),
        ("vcs", 4, "unknown field 'vcs'"),
    ],
)
def test_a_wrong_field_of_a_file_is_named(tmp_path: Path, field: str, value: object, words: str) -> None:
    values = yaml.safe_load((TABLES / "booksim.yaml").read_text())
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(values | {field: value}))
    with pytest.raises(HwsimError, match=words):
        load_noc(str(path))


def test_changing_some_delays_leaves_the_others() -> None:
    table = load_noc("booksim").changed(width=4, height=None, delays={"link": 3, "routing": None})
    assert (table.width, table.height, table.delays.link, table.delays.routing) == (4, 8, 3, 1)
    for name in ("link", "link_y", "credit_link_y"):
        with pytest.raises(HwsimError, match=rf"delays\.{name}: found 0"):
            table.changed(delays={name: 0})


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(HwsimError, match="Did you mean 'booksim'"):
        load_noc("boksim")


@pytest.mark.parametrize(("topology", "links"), [("booksim", 14), ("booksim_torus", 24)])
def test_wires_between_routers_are_counted_in_each_direction(topology: str, links: int) -> None:
    # 3 x 2: along x 2 wires in each of 2 rows, along y 3, in both directions; a torus has 4 at each router
    assert load_noc(topology).changed(width=3, height=2).links == links
