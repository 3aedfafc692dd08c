"""What must hold in every network, with every traffic (docs/noc.md)."""

import dataclasses
import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.noc import network as networks_module
from hwsim.noc.config import NocTable
from hwsim.noc.counts import Totals
from hwsim.noc.network import Deliveries, Network, Traffic, deliver_all
from hwsim.noc.state import HELD, NEED, Shape, shape_of
from hwsim.noc.trees import groups_of
from tests.noc.networks import Case, cases, links, path

FEW = settings(max_examples=60, deadline=None)
MANY = settings(max_examples=1500, deadline=None)


def expected_tiles(case: Case) -> list[tuple[int, int]]:
    """(packet, tile) of every delivery."""
    _, groups, given_packets = case
    found = []
    for packet, to in enumerate(given_packets.destination.tolist()):
        tiles = [to] if to >= 0 else groups.tiles[groups.start[-1 - to] : groups.start[-to]].tolist()
        found += [(packet, tile) for tile in sorted(tiles)]
    return found


def check_delivered(case: Case) -> None:
    table, groups, packets = case
    network = Network(table, groups)
    network.feed(packets)
    last = network.run()
    found = network.take().by_packet()
    assert list(zip(found.packet.tolist(), found.tile.tolist(), strict=True)) == expected_tiles(case)
    assert last == found.arrived.max()
    assert (found.created >= 0).all()
    assert (found.injected >= found.created).all()
    tiles = zip(found.source.tolist(), found.tile.tolist(), strict=True)
    paths = [path(table, a, b) for a, b in tiles]
    assert found.hops.tolist() == [len(one) for one in paths]
    d = table.delays
    router = d.routing + d.vc_allocation + d.switch_allocation + d.switch_traversal
    along_x = np.array([sum(b // table.width == a // table.width for a, b in pairwise(one)) for one in paths])
    wires = along_x * d.links[0] + (found.hops - 1 - along_x) * d.links[1]
    least = d.injection + 1 + found.hops * router + wires + d.ejection
    size = packets.size[found.packet]
    assert (found.arrived - found.injected >= least + (size - 1)).all()
    totals = network.totals()
    assert totals.ejected == totals.injected.sum() + totals.forks == size.sum()
    assert totals.buffer_writes.sum() == totals.flit_hops
    network.advance(network.now + 10_000)
    fabric = network.fabric
    assert max(fabric.of_channels(HELD).max(), fabric.of_channels(NEED).max(), fabric.taken_vcs.max()) == 0
    assert (fabric.room == table.buffer_flits).all()


@given(cases())
@FEW
def test_every_flit_reaches_its_tile_once_in_every_network_and_leaves_nothing_behind(case: Case) -> None:
    """R3, R11, R15; no deadlock with any buffers, delays, rings or trees (R16)."""
    check_delivered(case)


@pytest.mark.slow
@given(cases())
@MANY
def test_every_flit_reaches_its_tile_once_in_thousands_of_networks(case: Case) -> None:
    check_delivered(case)


@given(cases(), st.lists(st.integers(0, 120), max_size=6), st.integers(0, 2**32))
@FEW
def test_packets_given_bit_by_bit_arrive_as_if_given_at_once(case: Case, cuts: list[int], seed: int) -> None:
    """R14: given before their creation, with time passing in between, and deliveries taken on the way."""
    table, groups, packets = case
    order = np.argsort(packets.created, kind="stable")
    packets = Traffic._make(column[order] for column in packets)
    whole, totals = deliver_all(table, packets, groups)
    chance = random.Random(seed)  # noqa: S311
    network, parts, n = Network(table, groups), [], len(packets.created)
    bounds = [0, *sorted(min(cut, n) for cut in cuts), n]
    for low, high in pairwise(bounds):
        network.feed(Traffic._make(column[low:high] for column in packets))
        if high < n:
            network.advance(chance.randint(network.now, max(network.now, int(packets.created[high]))))
        parts.append(network.take())
        assert (parts[-1].arrived < network.now).all()
    network.run()
    parts.append(network.take())
    check_same(network, parts, whole, totals)


def check_same(network: Network, parts: list[Deliveries], whole: Deliveries, totals: Totals) -> None:
    """What was taken part by part, and the counts, against those of all packets given at once."""
    found = Deliveries._make(np.concatenate(columns) for columns in zip(*parts, strict=True)).by_packet()
    for name in found._fields:
        assert getattr(found, name).tolist() == getattr(whole, name).tolist(), name
    for name, value in dataclasses.asdict(network.totals()).items():
        assert np.array_equal(value, getattr(totals, name)), name


@given(cases(), st.integers(1, 8))
@FEW
def test_ticks_that_wait_for_the_last_arrival_equal_all_packets_given_at_once(case: Case, ticks: int) -> None:
    """R14, multicasts too: every tick's packets are created when those of the tick before have arrived."""
    table, groups, packets = case
    network, parts, fed = Network(table, groups), [], []
    for tick in np.array_split(np.arange(len(packets.created)), ticks):
        some = Traffic._make(column[tick] for column in packets)
        fed.append(some._replace(created=network.now + some.created))
        network.feed(fed[-1])
        network.run()
        assert network.idle
        parts.append(network.take())
    everything = Traffic._make(np.concatenate(columns) for columns in zip(*fed, strict=True))
    check_same(network, parts, *deliver_all(table, everything, groups))


@given(cases())
@FEW
def test_groups_that_come_with_their_first_packet_equal_groups_known_from_the_start(case: Case) -> None:
    """R12, R13: groups are added while trees of others are on their way."""
    table, groups, packets = case
    order = np.argsort(packets.created, kind="stable")
    packets = Traffic._make(column[order] for column in packets)
    network, parts, known = Network(table), [], 0
    for k, to in enumerate(packets.destination.tolist()):
        while known < -to:
            tiles = groups.tiles[groups.start[known] : groups.start[known + 1]].tolist()
            assert network.add_groups(groups_of([(int(groups.source[known]), tiles)])) == known
            known += 1
        network.advance(int(packets.created[k]))
        network.feed(Traffic._make(column[k : k + 1] for column in packets))
        parts.append(network.take())
    network.run()
    parts.append(network.take())
    check_same(network, parts, *deliver_all(table, packets, groups))


@given(cases())
@FEW
def test_a_tree_goes_over_the_union_of_its_paths_and_over_nothing_else(case: Case) -> None:
    """R13: each wire of the union once; and its flit-hops saved against copies."""
    table, groups, packets = case
    chosen = packets.destination < 0
    packets = Traffic._make(column[chosen] for column in packets)
    wires, saved = np.zeros((table.tiles, 4), np.int64), 0
    for to in packets.destination.tolist():
        tiles = groups.tiles[groups.start[-1 - to] : groups.start[-to]].tolist()
        union = set[tuple[int, int]]()
        for tile in tiles:
            union |= links(table, int(groups.source[-1 - to]), tile)
        for a, b in union:
            wires[a, port_to(table, a, b)] += 1
        hops = sum(len(path(table, int(groups.source[-1 - to]), tile)) for tile in tiles)
        saved += hops - len(union) - 1
    _, totals = deliver_all(table.changed(multicast="tree"), packets, groups)
    assert totals.flits[:, :4].tolist() == wires.tolist()
    _, copies = deliver_all(table.changed(multicast="copies"), packets, groups)
    assert copies.flit_hops - totals.flit_hops == totals.saved_flit_hops == saved
    assert copies.saved_flit_hops == 0


def port_to(table: NocTable, a: int, b: int) -> int:
    """The port of tile ``a`` to its neighbor ``b``; of two wires to one neighbor, the one that R5 takes."""
    width = table.width
    if a // width == b // width:
        up = (b - a) % width == 1 and not (width == 2 and a % width == 1)
        return 0 if up else 1
    height = table.height
    up = (b // width - a // width) % height == 1 and not (height == 2 and a // width == 1)
    return 2 if up else 3


@given(cases())
@FEW
def test_masks_of_two_words_choose_as_masks_of_one(case: Case) -> None:
    """Up to 8 virtual channels fit in one word of a router's masks; 16 need two."""
    table, groups, packets = case
    table = table.changed(virtual_channels=min(table.virtual_channels, 8))
    found, totals = deliver_all(table, packets, groups)

    def wide(given_table: NocTable) -> Shape:
        return shape_of(given_table)._replace(vc_bits=4, router_bits=7, words=2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks_module, "shape_of", wide)
        other, others = deliver_all(table, packets, groups)
    assert [column.tolist() for column in found] == [column.tolist() for column in other]
    assert totals.stalls.tolist() == others.stalls.tolist()
