"""What the kernel keeps of a network: flat arrays and numbers, and nothing else.

Ports of a router: 0 to +x, 1 to -x, 2 to +y, 3 to -y, 4 to the tile. A virtual channel is numbered
q = router << router_bits | port << vc_bits | vc; port 5 stands for the tile's side of the injection wire.
In masks of a router's virtual channels, bit i = port << vc_bits | vc lies in word i >> 6 of two.
A lane is an output with a class of its virtual channels: 2 * output + class (R6).
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hwsim.noc.config import NocTable

Int = NDArray[np.int64]
Small = NDArray[np.int32]
Byte = NDArray[np.uint8]

NEVER = 2**60

PLUS_Y, TILE, INJECTION, PORTS = 2, 4, 5, 6
"""The first port along y; the tile's; where ``flits`` counts and ``room`` keeps what tiles injected."""

VC_LOST, NO_CREDIT, SWITCH_LOST, INJECTION_WAIT, RECEIVE_WAIT, CAUSES = range(6)
"""Causes of a stall (R15)."""

CAUSE_NAMES = ("vc_allocation", "no_credit", "switch", "injection_queue", "receive_queue")

(
    NOW, FRONT, BASE, UNDELIVERED, LOGGED, LAST_MOVE, LAST_ARRIVAL, LAST_RELEASE, FORKS, CLOCK_WORDS,
) = range(10)  # fmt: skip
"""Columns of ``clock``: next cycle; place in ``order`` of the next packet that falls due; number of the
first packet kept; deliveries to come; deliveries logged; last cycles in which a flit
moved, arrives at a tile, and a slot of a receive queue is free again; flits made by forks."""

TAIL_BIT, TREE_BIT, TARGET_SHIFT, PACKET_SHIFT, TARGET_MASK = 1, 2, 2, 30, 2**28 - 1
"""A flit is packet << 30 | target << 2 | tree | tail; its target is a tile, or a node of a tree."""

HEAD, HELD, NEED, READY, ASKS, CLASSES, ACCEPT, OUT_VC = 8, 9, 10, 11, 12, 13, 14, 16
CHANNEL_BITS = 5
"""Columns of ``channel``: slot of the next flit in ``buffer``; flits in the front,
the buffer and on the wire to it; outputs that the packet at the front has still to go to, those that it has
a virtual channel of, those that it may ask for one, and their classes, as masks; accept pointer; from OUT_VC
on, its virtual channel of each output."""

LAST_ENTRY, FRONT_BITS = 3, 2
"""Columns of ``front``: 0, the flit at the front, and the arrival of the last that entered behind others. It
is the same memory as ``channel``, whose columns 8 to 23 are 1 and 2 of these."""

SWITCH_GRANT, SWITCH_ACCEPT, CANDIDATE, ARBITER_BITS = 0, 5, 10, 4
"""Columns of ``arbiter`` from which on each output, input and input has its pointer (R9)."""

MASK_BITS, CLASS_SHIFT, CHILD_SHIFT = 31, 5, 9
"""A tree node is first child << 9 | classes of outputs 0 to 3 << 5 | outputs."""


class Shape(NamedTuple):
    """Sizes and delays, in cycles from the event to its effect."""

    width: int
    height: int
    torus: int
    coin: int
    yx: int
    routers: int
    words: int
    vc_bits: int
    router_bits: int
    buffer_bits: int
    lower_vcs: int
    queue: int
    wheel: int
    credit_slots: int
    ask_slots: int
    go_slots: int
    vc_wait: int
    switch_wait: int
    hop_x: int
    hop_y: int
    inject: int
    eject: int
    credit_x: int
    credit_y: int
    inject_credit: int
    eject_credit: int
    eject_release: int
    patience: int


class Fabric(NamedTuple):
    """Routers, wires and tiles. ``*_n`` count what a slot of the time wheel holds.

    A flit is in a channel from when it is sent: at its front if there is none, else in ``buffer``; ``since``:
    when it arrives, if it can come to the front before.
    ``asking``, ``going``: channels that ask for virtual channels and for the switch; ``askers``, ``goers``:
    routers that have any.
    """

    clock: Int
    column: Small
    row: Small
    beyond: Small
    lane_vcs: Int
    buffer: Int
    since: Int
    front: Int
    channel: Byte
    room: Byte
    vc_grant: Byte
    asking: Int
    going: Int
    taken_vcs: NDArray[np.uint16]
    arbiter: Byte
    askers: Int
    goers: Int
    credit_n: Int
    credit_to: Small
    ask_n: Int
    ask_to: Small
    go_n: Int
    go_to: Small
    waiting: Int
    queue_head: Int
    queue_tail: Int
    sending_vc: Int
    last_vc: Int
    sent: Int
    release: Int
    received: Int
    drained: Int
    period: Int
    flits: Int
    bodies: Int
    stalls: Int
    asked: Int
    requests: Int
    grants: Int
    offers: Int

    def of_channels(self, column: int) -> Byte:
        """(channels,) view of a column of ``channel``."""
        return self.channel.reshape(-1, 1 << CHANNEL_BITS)[:, column]


class Packets(NamedTuple):
    """Packets not yet delivered, the trees of multicast groups, and the log of deliveries.

    ``word``: a flit of the packet without its tail bit; ``order``: numbers less BASE by creation;
    ``after``: the next packet of its tile's queue, -1 for none.
    """

    word: Int
    source: Int
    created: Int
    size: Int
    injected: Int
    after: Int
    order: Int
    trees: Int
    log: Int


def shape_of(table: NocTable) -> Shape:
    d = table.delays
    vc_bits = (table.virtual_channels - 1).bit_length()
    hop_x, hop_y = (d.switch_traversal + link + 1 for link in d.links)
    credit_x, credit_y = (link + 1 + d.credit for link in d.credit_links)
    inject, eject = d.injection + 1, d.switch_traversal + d.ejection + 1
    vc_wait, switch_wait = d.routing + d.vc_allocation - 1, d.switch_allocation - 1
    inject_credit, eject_credit = d.injection + 1 + d.credit, eject + d.ejection + 1 + d.credit
    waits = max(hop_x, hop_y, inject) + max(vc_wait, switch_wait)
    longest = max(waits, credit_x, credit_y, inject_credit, eject_credit)
    return Shape(
        width=table.width, height=table.height, torus=int(table.topology == "torus"),
        coin=int(table.ties == "coin"),
        yx=int(table.routing == "yx"), routers=table.tiles, words=2 if vc_bits == 4 else 1, vc_bits=vc_bits,
        router_bits=vc_bits + 3, buffer_bits=(table.buffer_flits - 1).bit_length(),
        lower_vcs=table.virtual_channels - table.virtual_channels // 2,
        queue=table.receive_queue_flits or 0, wheel=1 << longest.bit_length(),
        credit_slots=6 * table.tiles, ask_slots=10 * table.tiles,
        go_slots=(5 * table.virtual_channels + 10) * table.tiles,
        vc_wait=vc_wait, switch_wait=switch_wait, hop_x=hop_x, hop_y=hop_y, inject=inject, eject=eject,
        credit_x=credit_x, credit_y=credit_y, inject_credit=inject_credit, eject_credit=eject_credit,
        eject_release=d.ejection + 1 + d.credit, patience=table.stuck_cycles,
    )  # fmt: skip


def fabric_of(table: NocTable, shape: Shape, period: Int) -> Fabric:
    """An idle network at cycle 0; ``period`` (tiles,): cycles in which a tile takes out one flit."""
    n, channels = shape.routers, shape.routers << shape.router_bits
    tile = np.arange(n)
    front = aligned(channels << FRONT_BITS)

    def of(size: int, kind: type = np.int64) -> Any:
        return np.zeros(size, kind)

    bits = (n + 63) // 64
    made = Fabric(
        clock=of(CLOCK_WORDS), column=(tile % shape.width).astype(np.int32),
        row=(tile // shape.width).astype(np.int32), beyond=wires(shape), lane_vcs=lanes_of(table, shape),
        buffer=aligned(channels << shape.buffer_bits), since=of(channels << shape.buffer_bits),
        front=front, channel=front.view(np.uint8),
        room=np.full(channels, table.buffer_flits, np.uint8), vc_grant=of(channels, np.uint8),
        asking=of(2 * n), going=of(2 * n), taken_vcs=of(8 * n, np.uint16),
        arbiter=of(n << ARBITER_BITS, np.uint8), askers=of(bits), goers=of(bits),
        credit_n=of(shape.wheel), credit_to=of(shape.wheel * shape.credit_slots, np.int32),
        ask_n=of(shape.wheel), ask_to=of(shape.wheel * shape.ask_slots, np.int32),
        go_n=of(shape.wheel), go_to=of(shape.wheel * shape.go_slots, np.int32),
        waiting=of(bits), queue_head=np.full(n, -1), queue_tail=np.full(n, -1), sending_vc=np.full(n, -1),
        last_vc=np.full(n, -1), sent=of(n), release=of(max(1, n * shape.queue)), received=of(n),
        drained=np.full(n, -(2**40)), period=period.astype(np.int64),
        flits=of(8 * n), bodies=of(n), stalls=of(8 * n),
        asked=of(10), requests=of(20), grants=of(80), offers=of(8),
    )  # fmt: skip
    made.clock[LAST_ARRIVAL] = -1
    return made


def lanes_of(table: NocTable, shape: Shape) -> Int:
    """The virtual channels of each lane as a mask; on a mesh and to a tile there is only class 0."""
    every = (1 << table.virtual_channels) - 1
    lower = (1 << shape.lower_vcs) - 1
    lanes = np.array([every, 0] * 5, np.int64)
    if shape.torus:
        lanes[:8] = [lower, every & ~lower] * 4
    return lanes


def wires(shape: Shape) -> Small:
    """Of each router and port, the first virtual channel on the wire's other side, -1: none. (8 * routers,)

    What leaves by output p enters there, and what input p is given back goes there: inputs and outputs are
    numbered alike. Of the tile's port it is its injection.
    """
    n, width, height = shape.routers, shape.width, shape.height
    beyond = np.full(8 * n, -1, np.int32)
    for r in range(n):
        x, y = r % width, r // width
        beyond[8 * r + TILE] = r << shape.router_bits | INJECTION << shape.vc_bits
        for port, dx, dy in ((0, 1, 0), (1, -1, 0), (2, 0, 1), (3, 0, -1)):
            x2, y2 = x + dx, y + dy
            inside = 0 <= x2 < width and 0 <= y2 < height
            if not inside and (not shape.torus or (width if dx else height) == 1):
                continue
            r2 = y2 % height * width + x2 % width
            beyond[8 * r + port] = r2 << shape.router_bits | (port ^ 1) << shape.vc_bits
    return beyond


def aligned(size: int) -> Int:
    """Zeros that begin with a line of the cache."""
    found = np.zeros(size + 8, np.int64)
    first = -found.ctypes.data // 8 % 8
    return found[first : first + size]
