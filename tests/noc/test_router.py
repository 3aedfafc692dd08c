"""Times of few flits, derived by hand from the rules of docs/noc.md."""

import time

import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.noc import state
from hwsim.noc.config import NocTable, load_noc
from hwsim.noc.network import Deliveries, Network, deliver_all, traffic
from hwsim.noc.state import INJECTION_WAIT, NO_CREDIT, RECEIVE_WAIT, SWITCH_LOST, VC_LOST, Int
from hwsim.noc.trees import groups_of


def mesh(width: int, height: int, **options: object) -> NocTable:
    return load_noc("booksim").changed(width=width, height=height, **options)


def torus(width: int, height: int, **options: object) -> NocTable:
    return load_noc("booksim_torus").changed(width=width, height=height, **options)


def sent(table: NocTable, *packets: tuple[int, int, int, int]) -> Deliveries:
    """Deliveries of (created, source, destination, size), by packet."""
    return deliver_all(table, traffic(*np.array(packets).T))[0]


@pytest.mark.parametrize(
    ("source", "to", "routers"), [(0, 0, 1), (0, 1, 2), (0, 8, 2), (0, 63, 15), (27, 36, 3)]
)
@pytest.mark.parametrize("size", [1, 4, 20])
def test_a_lone_packet_takes_2_cycles_5_a_router_and_1_a_further_flit(
    source: int, to: int, routers: int, size: int
) -> None:
    """R7-R11: injection 2; RC, VA, SA, ST and a wire in every router."""
    found = sent(mesh(8, 8), (10, source, to, size))
    assert (found.injected[0], found.hops[0]) == (10, routers)
    assert found.arrived[0] == 10 + 2 + 5 * routers + size - 1


def test_every_delay_counts_once_in_every_router_or_once_at_an_end() -> None:
    """R7-R11: I + 1 = 8; 4 routers (R + A + S + X) = 4 (2 + 3 + 4 + 5); 3 L = 18; E = 9."""
    delays = {
        "routing": 2, "vc_allocation": 3, "switch_allocation": 4, "switch_traversal": 5, "link": 6,
        "injection": 7, "ejection": 9,
    }  # fmt: skip
    assert sent(mesh(4, 1, delays=delays), (0, 0, 3, 1)).arrived[0] == 8 + 4 * 14 + 18 + 9


@pytest.mark.parametrize("routing", ["xy", "yx"])
def test_a_wire_along_y_has_a_latency_of_its_own(routing: str) -> None:
    """R9, 4 x 3, from corner to corner: I + 1 = 2; 6 routers of 4; 3 L = 6; 2 L_y = 10; E = 1."""
    table = mesh(4, 3, routing=routing, delays={"link": 2, "link_y": 5})
    assert sent(table, (0, 0, 11, 1)).arrived[0] == 2 + 6 * 4 + 3 * 2 + 2 * 5 + 1


def test_branches_of_a_tree_take_as_long_as_their_wires() -> None:
    """R9, R13, two steps along each dimension: 2 + 3 x 4 + 2 L + 1; along y 2 L_y, and a cycle behind."""
    table = mesh(3, 3, delays={"link": 2, "link_y": 5})
    found, _ = deliver_all(table, traffic(0, 0, [-1], 1), groups_of([(0, [2, 6])]))
    assert found.arrived.tolist() == [15 + 4, 15 + 10 + 1]


def test_credits_along_y_have_a_latency_of_their_own() -> None:
    """R9, one slot: SA in t, next buffer and SA there t + X + L + 1, credit back K + 1 later.

    Along x 3 + 2 cycles for each of the 5 flits behind the head; along y 5 + 5, the head 2 cycles later.
    """
    delays = {"link_y": 3, "credit_link_y": 4}
    for width, height, arrived in ((2, 1, 12 + 5 * 5), (1, 2, 14 + 5 * 10)):
        table = mesh(width, height, buffer_flits=1, virtual_channels=1, delays=delays)
        assert sent(table, (0, 0, 1, 6)).arrived.tolist() == [arrived]


def test_look_ahead_routing_saves_a_cycle_a_router() -> None:
    """R7: with R = 0 a head asks for a VC in the cycle in which it stands."""
    assert sent(mesh(8, 8, delays={"routing": 0}), (0, 0, 63, 1)).arrived[0] == 2 + 4 * 15


@pytest.mark.parametrize(("vcs", "behind", "cause"), [(1, 2, VC_LOST), (2, 1, VC_LOST)])
def test_of_two_heads_for_one_output_the_lower_port_wins(vcs: int, behind: int, cause: int) -> None:
    """R8: tiles 0 and 2 send to 1. Both heads ask in cycle 8; both VCs grant input 0, from tile 2.

    With one VC the other asks again when the tail has won in 9: VA 10, two cycles behind; with two in 9.
    """
    found, totals = deliver_all(mesh(3, 1, virtual_channels=vcs), traffic(0, [0, 2], 1, 1))
    assert found.arrived.tolist() == [12 + behind, 12]
    assert totals.stalls[1, cause] == behind


def test_two_packets_with_channels_take_turns_at_the_switch() -> None:
    """R9: tiles 0 and 2 send 3 flits each to 1, with two VCs. From tile 2: SA in 9; from 0: VA 9.

    In 10 both ask; the output's grant pointer stands behind input 0, so input 1 goes, then they alternate:
    tile 2 in 9, 11, 13; tile 0 in 10, 12, 14. Arrival is 3 cycles after SA.
    """
    found, totals = deliver_all(mesh(3, 1, virtual_channels=2), traffic(0, [0, 2], 1, 3))
    assert found.arrived.tolist() == [17, 16]
    assert totals.stalls[1, SWITCH_LOST] == 4


def test_one_slot_lets_a_flit_through_every_five_cycles() -> None:
    """R9, R11: SA in t, next buffer t + 3, SA there t + 3, credit back t + 5; to the tile likewise."""
    found, totals = deliver_all(mesh(2, 1, buffer_flits=1, virtual_channels=1), traffic(0, 0, [1], 6))
    assert found.arrived[0] == 12 + 5 * 5
    assert totals.stalls[0, NO_CREDIT] > 0


def test_one_slot_lets_a_head_through_every_seven_cycles() -> None:
    """R7, R9: SA in t, next buffer t + 3, VA t + 4, SA t + 5, credit back t + 7."""
    found = sent(mesh(2, 1, buffer_flits=1, virtual_channels=1), *[(0, 0, 1, 1)] * 6)
    assert np.diff(found.arrived).tolist() == [7] * 5


@pytest.mark.parametrize(
    ("vcs", "buffer", "period"),
    [(1, 1, 7), (1, 2, 3.5), (1, 3, 3), (1, 8, 3), (2, 1, 3.5), (2, 8, 1.5), (4, 8, 1)],
)
def test_saturated_throughput_is_bounded_by_credits_heads_and_the_wire(
    vcs: int, buffer: int, period: float
) -> None:
    """R7-R9, of each VC: B flits in the 7 cycles of a credit's loop, a head in 3 cycles of RC, VA and SA."""
    table = mesh(2, 1, buffer_flits=buffer, virtual_channels=vcs)
    found = sent(table, *[(0, 0, 1, 1)] * 400)
    assert (found.arrived[-1] - found.arrived[99]) / 300 == pytest.approx(period, rel=0.01)


def test_a_tile_that_drains_slowly_holds_packets_back() -> None:
    """R11, one slot, one out in 10 cycles: out in a, slot free a + 2, next a + 5; out a + 10, next a + 15."""
    table = mesh(2, 1, receive_queue_flits=1, drain_cycles=10)
    found, totals = deliver_all(table, traffic(range(4), 0, 1, 1))
    assert found.arrived.tolist() == [12, 17, 27, 37]
    assert totals.stalls[1, RECEIVE_WAIT] > 0


def test_tiles_may_drain_at_rates_of_their_own() -> None:
    """R11: as above in tile 1, as fast as they come in tile 2, but for its single slot: 5 cycles."""
    network = Network(mesh(3, 1, receive_queue_flits=1), drain_cycles=[1, 10, 1])
    network.feed(traffic([0, 1, 2, 0, 1, 2], [0, 0, 0, 2, 2, 2], [1, 1, 1, 2, 2, 2], 1))
    network.run()
    assert network.take().by_packet().arrived.tolist() == [12, 17, 27, 7, 12, 17]


def used(table: NocTable, source: int, to: int) -> list[tuple[int, int]]:
    """(router, port) of every wire between routers that a packet takes."""
    _, totals = deliver_all(table, traffic(0, source, [to], 1))
    return list(zip(*(found.tolist() for found in np.nonzero(totals.flits[:, :4])), strict=True))


def test_xy_goes_along_the_row_first_and_yx_along_the_column() -> None:
    """R2, R5, from (0, 0) to (1, 1) of 3 x 3: tiles 0, 1, 4, or 0, 3, 4."""
    assert used(mesh(3, 3), 0, 4) == [(0, 0), (1, 2)]
    assert used(mesh(3, 3, routing="yx"), 0, 4) == [(0, 2), (3, 0)]


def test_a_torus_goes_the_shorter_way_and_half_way_round_by_parity() -> None:
    """R5: in a ring of 4 from 0 to 3 one down; 0 to 2 up, 1 to 3 down, over 0."""
    ring = torus(4, 1, ties="parity")
    assert used(ring, 0, 3) == [(0, 1)]
    assert used(ring, 0, 2) == [(0, 0), (1, 0)]
    assert used(ring, 1, 3) == [(0, 1), (1, 1)]
    assert used(torus(1, 4), 0, 3) == [(0, 3)]


def test_a_tree_to_one_tile_goes_half_way_round_by_parity_where_packets_toss_coins() -> None:
    """R5, R13, in a ring of 4 from 1 to 3: down from the odd tile; h(0) = 0: packet 0 and its copy go up."""
    ring, groups = torus(4, 1, ties="coin"), groups_of([(1, [3])])
    for table, to, port in ((ring, -1, 1), (ring.changed(multicast="copies"), -1, 0), (ring, 3, 0)):
        _, totals = deliver_all(table, traffic(0, 1, [to], 1), groups)
        assert totals.flits[1].nonzero()[0].tolist() == [port]


def test_a_coin_breaks_ties_of_a_torus_for_each_packet() -> None:
    """R5: h(p) of packets 0 to 7, by hand in Python's integers; bit 62 set sends p down from 0 to 2."""
    golden, size = 0x9E3779B97F4A7C15, 2**64
    mixed = [p * golden % size for p in range(8)]
    down = [(golden * (m ^ m >> 32) % size) >> 62 & 1 for m in mixed]
    network = Network(torus(4, 1))
    seen = []
    for _ in range(8):
        network.feed(traffic(network.now, 0, 2, 1))
        before = network.totals().flits[0].copy()
        network.run()
        seen.append(int((network.totals().flits[0] - before)[1]))
    assert seen == down
    assert 0 < sum(down) < 8


def test_a_torus_of_one_tile_and_a_mesh_of_one_tile_take_a_packet() -> None:
    """R1: no wires; one router: 2 + 5."""
    assert sent(mesh(1, 1), (0, 0, 0, 1)).arrived[0] == sent(torus(1, 1), (0, 0, 0, 1)).arrived[0] == 7


def test_packets_over_the_dateline_have_virtual_channels_of_their_own() -> None:
    """R6: from tile 3 of a ring of 8 to 5 in the lower class, from 7 to 1 in the upper: both with 2 VCs."""
    network = Network(torus(8, 1, virtual_channels=2, buffer_flits=1))
    network.feed(traffic(0, [3, 7], [5, 1], 30))
    held = np.zeros((8, 2), np.int64)
    for now in range(1, 60):
        network.advance(now)
        held += network.fabric.of_channels(state.HELD).reshape(8, 8, 2)[:, 1]
    assert (held[[4, 0]] > 0).tolist() == [[True, False], [False, True]]


def test_a_torus_without_a_second_virtual_channel_is_refused() -> None:
    """R6"""
    with pytest.raises(HwsimError, match=r"virtual_channels of 1: a torus needs 2 or more"):
        torus(4, 4, virtual_channels=1)


def test_a_deadlock_is_reported_with_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """R16: a ring in which all packets share one VC, as if it had no dateline."""

    def one(table: NocTable, shape: state.Shape) -> Int:
        return np.ones(10, np.int64)

    monkeypatch.setattr(state, "lanes_of", one)
    network = Network(torus(8, 1, virtual_channels=2, buffer_flits=1, stuck_cycles=1000))
    network.feed(traffic(0, np.arange(8), (np.arange(8) + 3) % 8, 40))
    with pytest.raises(
        HwsimError, match=r"deadlock: \d+ flits have not moved since cycle \d+ .*router \(0, 0\)"
    ):
        network.run()


def test_the_branches_of_a_tree_go_one_a_cycle_in_the_order_of_ports() -> None:
    """R13, from the middle of 3 x 3 to its neighbors and itself: VA in 3 for all, SA in 4, 5, 6, 7, 8.

    The neighbors' flits are there 3 cycles later, have SA 2 later and arrive 3 later: 12 to 15; own: 11.
    """
    groups = groups_of([(4, [1, 3, 4, 5, 7])])
    found, totals = deliver_all(mesh(3, 3), traffic(7, 4, [-1], 1), groups)
    arrived = dict(zip(found.tile.tolist(), (found.arrived - 7).tolist(), strict=True))
    assert arrived == {5: 12, 3: 13, 7: 14, 1: 15, 4: 11}
    assert dict(zip(found.tile.tolist(), found.hops.tolist(), strict=True)) == {5: 2, 3: 2, 7: 2, 1: 2, 4: 1}
    assert totals.flit_hops == 5
    assert totals.forks == 4


def test_a_blocked_branch_does_not_hold_the_others_but_keeps_the_slot() -> None:
    """R13: tiles 0 to 3 in a row; 1 sends 30 flits to 2 over the only VC, and 0 a tree to 1, 2 and 3.

    The branch to tile 1 arrives as on its own (12) and the other waits for the packet to end; a packet of 0
    behind the tree waits with it.
    """
    table = mesh(4, 1, virtual_channels=1, buffer_flits=8)
    groups = groups_of([(0, [1, 2, 3])])
    given = traffic([0, 5, 6], [1, 0, 0], [2, -1, 1], [30, 1, 1])
    found, _ = deliver_all(table, given, groups)
    times = {(p, t): a for p, t, a in zip(found.packet, found.tile, found.arrived, strict=True)}
    assert times[1, 1] == 5 + 12
    assert times[1, 2] > times[0, 2]
    assert times[2, 1] > times[0, 2] - 10


def test_copies_are_packets_one_after_the_other_in_the_order_of_the_group() -> None:
    """R12"""
    groups = groups_of([(0, [3, 1, 2])])
    table = mesh(4, 1, multicast="copies")
    found, totals = deliver_all(table, traffic(0, 0, [-1], 1), groups)
    injected = dict(zip(found.tile.tolist(), found.injected.tolist(), strict=True))
    assert injected == {3: 0, 1: 1, 2: 2}
    assert set(found.packet.tolist()) == {0}
    assert totals.flit_hops == 4 + 2 + 3
    tree = deliver_all(table.changed(multicast="tree"), traffic(0, 0, [-1], 1), groups)[1]
    assert tree.flit_hops == 4


def test_a_tile_without_a_credit_waits_at_its_source_queue() -> None:
    """R10, R15: one slot; the first in the buffer in 2, SA 4, credit 6: the second waits in 1 to 5."""
    found, totals = deliver_all(mesh(2, 1, buffer_flits=1, virtual_channels=1), traffic([0, 0], 0, 1, 1))
    assert found.injected.tolist() == [0, 6]
    assert totals.stalls[0, INJECTION_WAIT] == 5
    assert totals.stall_cycles()["injection_queue"] == 5


def test_events_of_a_packet_are_counted_where_they_happen() -> None:
    """R15, 3 flits from tile 0 over 1 to 2: a VC in each router, each flit written, read and sent there."""
    _, totals = deliver_all(mesh(3, 1), traffic(0, 0, [2], 3))
    assert totals.vc_allocations.tolist() == [1, 1, 1]
    assert totals.buffer_writes.tolist() == totals.buffer_reads.tolist() == [3, 3, 3]
    assert totals.flits.tolist() == [[3, 0, 0, 0, 0], [3, 0, 0, 0, 0], [0, 0, 0, 0, 3]]
    assert (totals.injected.tolist(), totals.link_traversals, totals.flit_hops) == ([3, 0, 0], 6, 9)


def test_a_lost_flit_is_told() -> None:
    """R15: injected = ejected + inside, checked with those that buffers and wires hold."""
    network = Network(mesh(3, 1))
    network.feed(traffic(0, 0, [2], 9))
    network.advance(9)
    network.totals()
    held = network.fabric.of_channels(state.HELD)
    held[np.argmax(held)] -= 1
    with pytest.raises(HwsimError, match=r"0 ejected, \d+ inside; this is a defect"):
        network.totals()


def test_idle_time_takes_no_time() -> None:
    """R4: two packets a million million cycles apart."""
    sent(mesh(8, 8), (0, 0, 1, 1))
    began = time.perf_counter()
    found = sent(mesh(8, 8), (0, 0, 63, 1), (10**12, 63, 0, 1))
    assert time.perf_counter() - began < 2
    assert found.arrived.tolist() == [77, 10**12 + 77]


def test_advancing_in_single_cycles_delivers_in_the_cycle_of_arrival() -> None:
    """R14: a packet that arrives in cycle 12 is taken once ``now`` is 13."""
    network = Network(mesh(2, 1))
    network.feed(traffic(0, 0, [1], 1))
    for now in range(1, 13):
        network.advance(now)
        assert len(network.take().packet) == 0
    assert network.run() == 12
    assert network.now == 13
    assert network.take().arrived.tolist() == [12]
    assert network.idle


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        ((-1, 0, 0, 1), r"packet 0: created -1; must be 0 to 2\^59 - 1"),
        ((0, 4, 0, 1), "packet 0: source 4; must be 0 to 3"),
        ((0, 0, 4, 1), "packet 0: destination 4; must be 0 to 3"),
        ((0, 0, 0, 0), "packet 0: size 0; must be 1"),
        ((0, 0, -2, 1), "packet 0: group 1; must be below 1"),
        ((0, 0, -1, 1), "packet 0: source 0; must be its group's source"),
        ((0, 2, -1, 2), "packet 0: size 2; must be 1 flit for a multicast"),
    ],
)
def test_a_packet_that_cannot_be_sent_is_named(packet: tuple[int, int, int, int], words: str) -> None:
    network = Network(mesh(2, 2), groups_of([(2, [0, 1])]))
    with pytest.raises(HwsimError, match=words):
        network.feed(traffic(*[[value] for value in packet]))


def test_a_packet_created_in_the_past_is_refused() -> None:
    """R14"""
    network = Network(mesh(2, 1))
    network.advance(10)
    with pytest.raises(HwsimError, match=r"created 9; must be 10 to 2\^59 - 1"):
        network.feed(traffic([9], 0, 1, 1))


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ((0, []), "group 0 has no tiles"),
        ((0, [4]), "tiles 4 to 4; must be 0 to 3"),
        ((0, [1, 1]), "tile 1 twice"),
    ],
)
def test_a_group_that_cannot_be_reached_is_named(group: tuple[int, list[int]], words: str) -> None:
    with pytest.raises(HwsimError, match=words):
        Network(mesh(2, 2), groups_of([group]))


def test_no_flit_is_lost_while_a_tree_forks() -> None:
    """R15: injected + forks = ejected + inside in every cycle, from the middle of a row of 3 to all of it."""
    network = Network(mesh(3, 1), groups_of([(1, [0, 1, 2])]))
    network.feed(traffic(0, 1, -1, 1))
    forks = []
    for now in range(1, 20):
        network.advance(now)
        forks.append(network.totals().forks)
    assert sorted(forks) == forks
    assert forks[-1] == 2
    assert 1 in forks
