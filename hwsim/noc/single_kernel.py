"""Numba: networks of one virtual channel that carry packets of one flit, from event to event (R4 to R11).

With one virtual channel the packet that holds an output is alone in asking for its switch (R9). Once it has
won the output, in cycle g, and the credit that it needs is usable from cycle c on, it goes in max(g + S, c),
and all that follows is written down at once: when it asks in the next router, when its slot's credit is back,
and when the head behind it asks. Events are heads that begin to ask for an output, and outputs that are free
again while heads ask; no router is looked at in other cycles.
"""

import numpy as np
from numba import njit

from hwsim.jit import BARE
from hwsim.noc.bits import at, bit, choose, lowest
from hwsim.noc.single import (
    ARRIVAL,
    ASKED,
    ASKING,
    BACK,
    FREE,
    FRONT,
    HEAD,
    HOLDER,
    INJECTED,
    LAST,
    LEFT,
    NEXT,
    PLACE,
    POINTER,
    PORT_BITS,
    QUEUE,
    QUEUE_END,
    SENT,
    SINCE,
    SLOT,
    TARGET,
)
from hwsim.noc.state import INJECTION, INJECTION_WAIT, NEVER, NO_CREDIT, PLUS_Y, TILE, VC_LOST


@njit(**BARE)
def note_packet(times, lines, packets, t, k):
    """Packet ``k`` asks for its output in cycle ``t``."""
    slot = t & (times.wheel - 1)
    packets[at((k << 2) + NEXT)] = lines.packet_at[at(slot)]
    lines.packet_at[at(slot)] = k
    lines.occupied[at(slot >> 6)] |= bit(slot & 63)


@njit(**BARE)
def note_output(times, lines, t, output):
    """``output`` can be granted in cycle ``t``, and is asked for."""
    slot = t & (times.wheel - 1)
    lines.next_output[at(output)] = lines.output_at[at(slot)]
    lines.output_at[at(slot)] = output
    lines.occupied[at(slot >> 6)] |= bit(slot & 63)


@njit(**BARE)
def arrive(times, lines, packets, k, port, t):
    """Packet ``k`` is in the buffer of input ``port`` from cycle ``t`` on (R7)."""
    mine = port << PORT_BITS
    packets[at((k << 2) + PLACE)] = port
    if lines.inputs[at(mine + FRONT)] < 0:
        lines.inputs[at(mine + FRONT)] = k
        stands = max(t, lines.inputs[at(mine + LEFT)] + 1)
        note_packet(times, lines, packets, stands + times.vc_wait, k)
        return
    packets[at((k << 2) + ARRIVAL)] = t
    packets[at((k << 2) + NEXT)] = -1
    if lines.inputs[at(mine + HEAD)] < 0:
        lines.inputs[at(mine + HEAD)] = k
    else:
        packets[at((lines.inputs[at(mine + LAST)] << 2) + NEXT)] = k
    lines.inputs[at(mine + LAST)] = k


@njit(**BARE)
def take_credit(times, lines, output):
    """The next flit through ``output`` takes a credit; returns where it is kept."""
    mine = output << PORT_BITS
    slot = lines.outputs[at(mine + SLOT)]
    lines.outputs[at(mine + SLOT)] = 0 if slot + 1 == times.buffer else slot + 1
    lines.outputs[at(mine + SENT)] += 1
    place = output * times.buffer + slot
    lines.credit[at(place)] = NEVER
    return place


@njit(**BARE)
def credit_of(times, lines, output):
    """The cycle from which the credit of the next flit through ``output`` is usable."""
    return lines.credit[at(output * times.buffer + lines.outputs[at((output << PORT_BITS) + SLOT)])]


@njit(**BARE)
def inject_from(times, lines, packets, given, tile):
    """Packets of a tile's queue enter its router as long as it is known when they can (R10)."""
    mine, output = tile << 2, (tile << PORT_BITS) + INJECTION
    k = lines.tiles[at(mine + QUEUE)]
    while k >= 0:
        credit = credit_of(times, lines, output)
        if credit == NEVER:
            break
        due = max(given.created[at(k)], lines.tiles[at(mine + INJECTED)] + 1)
        t = max(due, credit)
        lines.stalls[at((tile << PORT_BITS) + INJECTION_WAIT)] += t - due
        lines.tiles[at(mine + INJECTED)] = t
        given.injected[at(k)] = t
        take_credit(times, lines, output)
        following = packets[at((k << 2) + NEXT)]
        arrive(times, lines, packets, k, (tile << PORT_BITS) + TILE, t + times.inject)
        k = following
    lines.tiles[at(mine + QUEUE)] = k


@njit(**BARE)
def create(times, lines, packets, given, k):
    """Packet ``k`` joins the queue of its tile."""
    tile = given.source[at(k)]
    mine = tile << 2
    packets[at((k << 2) + NEXT)] = -1
    packets[at((k << 2) + TARGET)] = given.destination[at(k)]
    waits = lines.tiles[at(mine + QUEUE)] >= 0
    if waits:
        packets[at((lines.tiles[at(mine + QUEUE_END)] << 2) + NEXT)] = k
    else:
        lines.tiles[at(mine + QUEUE)] = k
    lines.tiles[at(mine + QUEUE_END)] = k
    if not waits:
        inject_from(times, lines, packets, given, tile)


@njit(**BARE)
def output_to(times, lines, r, to):
    """The output of router ``r`` on the way to tile ``to`` of a mesh (R5)."""
    x, y, x2, y2 = lines.column[at(r)], lines.row[at(r)], lines.column[at(to)], lines.row[at(to)]
    along_x = np.int64(x2 < x)
    along_y = np.int64(PLUS_Y) + np.int64(y2 < y)
    first_y = (x == x2) | ((times.yx != 0) & (y != y2))
    return np.int64(TILE) if (x == x2) & (y == y2) else along_y if first_y else along_x


@njit(**BARE)
def leave(times, lines, packets, given, output, port, t, logged):
    """The flit at the front of input ``port`` goes through ``output`` in cycle ``t``, and so do those that
    have waited for the credits which that sets free. Returns how many packets are delivered.
    """
    while True:
        mine, theirs = output << PORT_BITS, port << PORT_BITS
        k, o, p = lines.inputs[at(theirs + FRONT)], output & 7, port & 7
        place = take_credit(times, lines, output)
        lines.outputs[at(mine + FREE)] = t + 1
        if lines.outputs[at(mine + ASKING)] != 0:
            note_output(times, lines, t + 1, output)
        if o == TILE:
            lines.credit[at(place)] = t + times.eject_credit
            given.arrived[at(k)] = t + times.eject
            given.log[at(logged)] = k
            logged += 1
        else:
            hop = times.hop_x if o < PLUS_Y else times.hop_y
            arrive(times, lines, packets, k, np.int64(lines.beyond[at(output)]), t + hop)
        lines.inputs[at(theirs + LEFT)] = t
        behind = lines.inputs[at(theirs + HEAD)]
        lines.inputs[at(theirs + FRONT)] = behind
        if behind >= 0:
            lines.inputs[at(theirs + HEAD)] = packets[at((behind << 2) + NEXT)]
            stands = max(packets[at((behind << 2) + ARRIVAL)], t + 1)
            note_packet(times, lines, packets, stands + times.vc_wait, behind)
        up = np.int64(lines.beyond[at(port)])
        back = lines.inputs[at(theirs + BACK)]
        lines.inputs[at(theirs + BACK)] = 0 if back + 1 == times.buffer else back + 1
        if p == TILE:
            lines.credit[at(up * times.buffer + back)] = t + times.inject_credit
            if lines.tiles[at(((port >> PORT_BITS) << 2) + QUEUE)] >= 0:
                inject_from(times, lines, packets, given, port >> PORT_BITS)
            return logged
        credit = t + (times.credit_x if p < PLUS_Y else times.credit_y)
        lines.credit[at(up * times.buffer + back)] = credit
        port = lines.outputs[at((up << PORT_BITS) + HOLDER)]
        if port < 0:
            return logged
        since = lines.outputs[at((up << PORT_BITS) + SINCE)]
        lines.outputs[at((up << PORT_BITS) + HOLDER)] = -1
        lines.stalls[at((up & ~7) + NO_CREDIT)] += max(credit - since, 0)
        output, t = up, max(credit, since)


@njit(**BARE)
def grant(times, lines, packets, given, t, output, logged):
    """``output`` goes to one of the inputs that ask for it in cycle ``t`` (R8)."""
    mine = output << PORT_BITS
    asking = lines.outputs[at(mine + ASKING)]
    p = choose(asking, lines.outputs[at(mine + POINTER)])
    lines.outputs[at(mine + POINTER)] = p + 1
    lines.outputs[at(mine + ASKING)] = asking & ~bit(p)
    port = (output & ~7) + p
    lines.stalls[at((output & ~7) + VC_LOST)] += t - lines.inputs[at((port << PORT_BITS) + ASKED)]
    credit, may = credit_of(times, lines, output), t + times.switch
    if credit == NEVER:
        lines.outputs[at(mine + FREE)] = NEVER
        lines.outputs[at(mine + HOLDER)] = port
        lines.outputs[at(mine + SINCE)] = may
        return logged
    if credit > may:
        lines.stalls[at((output & ~7) + NO_CREDIT)] += credit - may
        may = credit
    return leave(times, lines, packets, given, output, port, may, logged)


@njit(**BARE)
def next_noted(times, lines, t):
    """The first cycle from ``t`` on that holds an event, or NEVER."""
    slot = t & (times.wheel - 1)
    word = slot >> 6
    later = lines.occupied[at(word)] & -bit(slot & 63)
    if later != 0:
        return t - (slot & 63) + lowest(later)
    words = times.wheel >> 6
    for step in range(1, words + 1):
        other = (word + step) & (words - 1)
        if lines.occupied[at(other)] != 0:
            return t - (slot & 63) + (step << 6) + lowest(lines.occupied[at(other)])
    return np.int64(NEVER)


@njit(**BARE)
def deliver(times, lines, packets, given):
    """Carry all packets of ``given`` to their tiles; returns their number."""
    front, logged, t = np.int64(0), np.int64(0), np.int64(0)
    n = len(given.order)
    while True:
        noted = next_noted(times, lines, t) if front > 0 else np.int64(NEVER)
        due = given.created[at(given.order[at(front)])] if front < n else np.int64(NEVER)
        t = min(noted, due)
        if t == NEVER:
            return logged
        while due == t:
            create(times, lines, packets, given, given.order[at(front)])
            front += 1
            due = given.created[at(given.order[at(front)])] if front < n else np.int64(NEVER)
        slot = t & (times.wheel - 1)
        k, granted = lines.packet_at[at(slot)], lines.output_at[at(slot)]
        lines.packet_at[at(slot)] = lines.output_at[at(slot)] = -1
        lines.occupied[at(slot >> 6)] &= ~bit(slot & 63)
        while k >= 0:
            following, port = packets[at((k << 2) + NEXT)], packets[at((k << 2) + PLACE)]
            output = (port & ~7) + output_to(times, lines, port >> PORT_BITS, packets[at((k << 2) + TARGET)])
            lines.inputs[at((port << PORT_BITS) + ASKED)] = t
            mine = output << PORT_BITS
            asking = lines.outputs[at(mine + ASKING)]
            lines.outputs[at(mine + ASKING)] = asking | bit(port & 7)
            free = lines.outputs[at(mine + FREE)]
            if asking == 0 and free <= t:
                lines.next_output[at(output)] = granted
                granted = output
            elif asking == 0 and free != NEVER:
                note_output(times, lines, free, output)
            k = following
        while granted >= 0:
            following = lines.next_output[at(granted)]
            logged = grant(times, lines, packets, given, t, granted, logged)
            granted = following
