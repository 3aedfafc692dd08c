"""The reference in its own right: BookSim2's packet times, paths and times by hand, and its error."""

import re

import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.noc import state
from hwsim.noc.config import NocTable, load_noc
from hwsim.noc.network import Network, traffic
from hwsim.noc.reference import Packet, simulate
from hwsim.noc.reference.paths import Grid, Node
from hwsim.noc.state import Int, Shape
from tests.noc.test_booksim import CASES, TRACES, by_source, table_of

LONG = ("uniform010", "snn_burst")


def mesh(width: int, height: int, **options: object) -> NocTable:
    return load_noc("booksim").changed(width=width, height=height, **options)


def torus(width: int, height: int, **options: object) -> NocTable:
    return load_noc("booksim_torus").changed(width=width, height=height, **options)


@pytest.mark.parametrize(
    ("name", "vcs", "buffer", "size"),
    [pytest.param(*case, marks=[pytest.mark.slow] if case[0] in LONG else []) for case in CASES],
)
def test_every_packet_of_the_reference_enters_and_arrives_when_it_does_in_booksim(
    name: str, vcs: int, buffer: int, size: int
) -> None:
    """R4-R11"""
    booksim = table_of(TRACES / f"bs_{name}_vc{vcs}_buf{buffer}_ps{size}.csv", delimiter=",", skiprows=1)
    given = table_of(TRACES / f"{name}.txt").tolist()
    packets = [Packet(created, source, (to,), size) for created, source, to in given]
    found, _ = simulate(mesh(8, 8, virtual_channels=vcs, buffer_flits=buffer), packets)
    rows = [(d.packet, d.source, d.tile, d.created, d.injected, d.arrived, d.hops) for d in found]
    assert by_source(np.array(rows)).tolist() == by_source(booksim).tolist()


def test_every_delay_counts_once_in_every_router_or_once_at_an_end() -> None:
    """R7-R11: I + 1 = 8; 4 routers (R + A + S + X) = 4 (2 + 3 + 4 + 5); 3 L = 18; E = 9; a flit more."""
    delays = {
        "routing": 2, "vc_allocation": 3, "switch_allocation": 4, "switch_traversal": 5, "link": 6,
        "injection": 7, "ejection": 9,
    }  # fmt: skip
    found, _ = simulate(mesh(4, 1, delays=delays), [Packet(5, 0, (3,))])
    assert found[0].arrived - 5 == 8 + 4 * 14 + 18 + 9


def test_wires_along_y_have_latencies_of_their_own() -> None:
    """R9: 2 + 6 routers of 4 + 3 L + 2 L_y + 1; with one slot, X + L_y + 1 + K_y + 1 for each flit behind."""
    found, _ = simulate(mesh(4, 3, delays={"link": 2, "link_y": 5}), [Packet(0, 0, (11,))])
    assert found[0].arrived == 2 + 6 * 4 + 3 * 2 + 2 * 5 + 1
    table = mesh(1, 2, buffer_flits=1, virtual_channels=1, delays={"link_y": 3, "credit_link_y": 4})
    found, _ = simulate(table, [Packet(0, 0, (1,), 6)])
    assert found[0].arrived == 2 + 2 * 4 + 3 + 1 + 5 * 10


def outputs(node: Node | None) -> dict[str, object]:
    """A tree as nested mappings: names of outputs, each with a u if its lane is the upper class."""
    names = ("+x", "-x", "+y", "-y", "tile")
    branches = node.branches if node else ()
    return {names[b.output] + "u" * (b.lane.start > 0): outputs(b.to) for b in branches}


def test_a_tree_forks_where_its_paths_part() -> None:
    """R13, from (0, 0) of 3 x 2 to itself, (1, 1), (2, 0) and (2, 1)."""
    there = {"+x": {"tile": {}, "+y": {"tile": {}}}, "+y": {"tile": {}}}
    assert outputs(Grid(mesh(3, 2)).tree(0, (0, 4, 2, 5))) == {"tile": {}, "+x": there}


def test_a_branch_has_the_class_of_its_farthest_tile() -> None:
    """R5, R6, R13, from 3 of a ring of 5: up to 4 and over the wrap to 0, below 3; down to 2, below 3."""
    tree = Grid(torus(5, 1)).tree(3, (4, 0, 2))
    assert outputs(tree) == {"+xu": {"tile": {}, "+xu": {"tile": {}}}, "-xu": {"tile": {}}}
    assert outputs(Grid(torus(5, 1)).tree(3, (4,))) == {"+x": {"tile": {}}}


def test_branches_of_one_direction_have_classes_of_their_own() -> None:
    """R13, from (3, 3) of 5 x 5 to (3, 4), above 3, and over the wrap to (4, 0), below 3: both by +y."""
    tree = Grid(torus(5, 5)).tree(18, (23, 4))
    assert outputs(tree) == {"+x": {"+yu": {"+yu": {"tile": {}}}}, "+y": {"tile": {}}}


def test_a_coin_decides_half_way_round_but_not_for_trees() -> None:
    """R5, half round rings of 4: h(0) = 0; h(1) = 0xAB169EB805B8C71C: bit 62 is 0, 63 is 1. Trees: parity."""
    ring = Grid(torus(4, 1, ties="coin"))
    assert outputs(ring.tree(1, (3,), 0)) == {"+x": {"+x": {"tile": {}}}}
    assert outputs(ring.tree(1, (3,), 1)) == {"+x": {"+x": {"tile": {}}}}
    assert outputs(ring.tree(1, (3, 2))) == {"+x": {"tile": {}}, "-x": {"-x": {"tile": {}}}}
    assert outputs(Grid(torus(4, 1, ties="parity")).tree(1, (3,), 0)) == {"-x": {"-x": {"tile": {}}}}
    column = Grid(torus(1, 4, ties="coin"))
    assert outputs(column.tree(0, (2,), 0)) == {"+y": {"+y": {"tile": {}}}}
    assert outputs(column.tree(0, (2,), 1)) == {"-y": {"-y": {"tile": {}}}}


def test_the_lower_class_has_the_odd_virtual_channel() -> None:
    """R6: ceil(5 / 2) = 3 of 5 for lower; output 4 has all."""
    first = Grid(torus(4, 1, virtual_channels=5)).tree(0, (1,)).branches[0]
    assert first.lane == range(3)
    assert first.to is not None
    assert first.to.branches[0].lane == range(5)
    assert Grid(torus(4, 1, virtual_channels=5)).tree(1, (0,)).branches[0].lane == range(3, 5)


def test_a_slow_tile_is_no_deadlock() -> None:
    """R11, R16: out in 12 and 12 + D; 2 later the slot is free and the next has SA, 3 later it arrives."""
    table = mesh(2, 1, receive_queue_flits=1, drain_cycles=5000, stuck_cycles=1000)
    found, _ = simulate(table, [Packet(0, 0, (1,))] * 3)
    assert [delivery.arrived for delivery in found] == [12, 12 + 2 + 3, 12 + 5000 + 2 + 3]


def test_kernel_and_reference_name_the_same_places_of_a_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """R16: a ring in which all packets share one VC, as if it had no dateline."""

    def one(table: NocTable, shape: Shape) -> Int:
        return np.ones(10, np.int64)

    monkeypatch.setattr(state, "lanes_of", one)
    monkeypatch.setattr(Grid, "lane", lambda *_: range(1))
    table = torus(8, 1, virtual_channels=2, buffer_flits=1, stuck_cycles=1000)
    network = Network(table)
    network.feed(traffic(0, np.arange(8), (np.arange(8) + 3) % 8, 40))
    with pytest.raises(HwsimError, match="deadlock") as of_kernel:
        network.run()
    with pytest.raises(HwsimError, match="deadlock") as of_reference:
        simulate(table, [Packet(0, i, ((i + 3) % 8,), 40) for i in range(8)])
    since = r"moved since cycle (\d+)"
    place = r"router \(\d+, \d+\) input \S+ vc \d+: \d+ flits"
    kernel, reference = str(of_kernel.value), str(of_reference.value)
    assert re.findall(since, kernel) == re.findall(since, reference)
    assert re.findall(place, kernel) == re.findall(place, reference)[:4]
    assert len(re.findall(place, reference)) == 16
