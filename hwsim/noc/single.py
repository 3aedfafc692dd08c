"""What the kernel of networks of one virtual channel keeps, for packets of one flit each (docs/noc.md)."""

from typing import NamedTuple

import numpy as np

from hwsim.noc.config import NocTable
from hwsim.noc.counts import Totals, buffer_writes
from hwsim.noc.state import CAUSES, INJECTION, TILE, Int, Small, shape_of, wires

FREE, ASKING, POINTER, SLOT, HOLDER, SINCE, SENT = range(7)
"""Columns of ``outputs``: first cycle in which it can be granted, NEVER while its holder has no credit;
inputs that ask, as a mask; grant pointer; the credit that the next flit takes; the input whose flit waits for
that credit, -1 for none, and since when; flits sent."""

LEFT, FRONT, HEAD, LAST, ASKED, BACK = range(6)
"""Columns of ``inputs``: cycle in which a flit left last; packet at the front, -1 for none; first and last
packet behind it, -1 for none; when the front asked; the credit that goes back next."""

NEXT, TARGET, ARRIVAL, PLACE = range(4)
"""Columns of ``packets``: the next in the same list, -1 for none; destination; arrival at the input; the
input."""

QUEUE, QUEUE_END, INJECTED = range(3)
"""Columns of ``tiles``: first and last packet to inject, -1 for none; the cycle of the last injection."""

PORT_BITS = 3
"""Input port p of router r is number 8 r + p, output port o 8 r + o; output 5 is the tile's injection."""


class Times(NamedTuple):
    """Sizes and delays, in cycles from the event to its effect; see hwsim.noc.state.Shape.

    ``wheel``: no event lies as many cycles ahead.
    """

    yx: int
    buffer: int
    wheel: int
    vc_wait: int
    switch: int
    hop_x: int
    hop_y: int
    inject: int
    eject: int
    credit_x: int
    credit_y: int
    inject_credit: int
    eject_credit: int


class Lines(NamedTuple):
    """Routers and wires: rows of eight numbers each, flat. ``credit``: of each output the cycles from which
    its B credits are usable, NEVER for those of flits that have not left the next buffer. ``stalls`` by
    router and cause. ``packet_at``, ``output_at``, ``occupied``: the time wheel, lists by slot and a mask of
    slots. ``next_output``: the next in the same list.
    """

    column: Small
    row: Small
    beyond: Small
    outputs: Int
    inputs: Int
    credit: Int
    tiles: Int
    stalls: Int
    packet_at: Int
    output_at: Int
    occupied: Int
    next_output: Int


class Given(NamedTuple):
    """Packets (n,): when and where they are created, and their tiles; ``order``: those to carry, by creation
    and, of one tile and cycle, as they leave it. Taken down: when each is ``injected`` and has ``arrived``,
    and the ``log`` of them, about by arrival.
    """

    created: Int
    source: Int
    destination: Int
    order: Int
    injected: Int
    arrived: Int
    log: Int


def carries(table: NocTable) -> bool:
    """Whether this kernel knows such a network, if its packets are unicasts of one flit."""
    return table.virtual_channels == 1 and table.receive_queue_flits is None


def times_of(table: NocTable) -> Times:
    s = shape_of(table)
    back = max(s.credit_x, s.credit_y, s.inject_credit, s.eject_credit)
    # A flit that can go may wait for the credit of each buffer on its way, which all are known by then.
    longest = (table.width + table.height + 2) * back + max(s.hop_x, s.hop_y, s.inject, s.eject)
    longest += s.vc_wait + s.switch_wait + table.buffer_flits + 4
    return Times(
        yx=s.yx, buffer=table.buffer_flits, wheel=1 << max(6, longest.bit_length()), vc_wait=s.vc_wait,
        switch=s.switch_wait + 1, hop_x=s.hop_x, hop_y=s.hop_y, inject=s.inject, eject=s.eject,
        credit_x=s.credit_x, credit_y=s.credit_y, inject_credit=s.inject_credit, eject_credit=s.eject_credit,
    )  # fmt: skip


def lines_of(table: NocTable, times: Times) -> Lines:
    """An idle network, all of whose credits are usable from cycle 0 on."""
    n, shape = table.tiles, shape_of(table)
    tile = np.arange(n)
    outputs, inputs = np.zeros((2, 8 * n, 8), np.int64)
    outputs[:, HOLDER] = inputs[:, [LEFT, FRONT, HEAD]] = -1
    return Lines(
        column=(tile % table.width).astype(np.int32), row=(tile // table.width).astype(np.int32),
        beyond=wires(shape), outputs=outputs.ravel(), inputs=inputs.ravel(),
        credit=np.zeros(8 * n * table.buffer_flits, np.int64), tiles=np.full(4 * n, -1, np.int64),
        stalls=np.zeros(8 * n, np.int64), packet_at=np.full(times.wheel, -1),
        output_at=np.full(times.wheel, -1),
        occupied=np.zeros(times.wheel >> 6, np.int64), next_output=np.zeros(8 * n, np.int64),
    )  # fmt: skip


def totals_of(table: NocTable, lines: Lines, cycles: int) -> Totals:
    """Counts of a network without packets inside, whose last one arrived in cycle ``cycles`` - 1 (R15)."""
    n = table.tiles
    sent = lines.outputs.reshape(n, 8, 8)[:, :, SENT]
    found = Totals(
        cycles=cycles, flit_bits=table.flit_bits, flits=sent[:, : TILE + 1].copy(),
        injected=sent[:, INJECTION].copy(), vc_allocations=sent[:, : TILE + 1].sum(axis=1),
        stalls=lines.stalls.reshape(n, 8)[:, :CAUSES].copy(),
        buffer_writes=buffer_writes(sent, lines.beyond.reshape(n, 8) >> 3), forks=0, saved_flit_hops=0,
    )  # fmt: skip
    found.verify(0)
    return found
