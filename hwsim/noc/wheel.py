"""Numba: the time wheel: what arrives where, and when. A slot holds one cycle (R4)."""

from numba import njit

from hwsim.jit import BARE
from hwsim.noc.bits import at


@njit(**BARE)
def push_credit(shape, net, time, q):
    slot = time & (shape.wheel - 1)
    n = net.credit_n[at(slot)]
    net.credit_to[at(slot * shape.credit_slots + n)] = q
    net.credit_n[at(slot)] = n + 1


@njit(**BARE)
def push_flit(shape, net, time, q, flit):
    slot = time & (shape.wheel - 1)
    n = net.flit_n[at(slot)]
    place = slot * shape.flit_slots + n
    net.flit_to[at(place)] = q
    net.flit_word[at(place)] = flit
    net.flit_n[at(slot)] = n + 1


@njit(**BARE)
def push_wake(shape, net, time, q, what):
    """At ``time`` channel ``q`` may ask: for output ``what`` of the switch, or for channels (7)."""
    slot = time & (shape.wheel - 1)
    n = net.wake_n[at(slot)]
    net.wake_to[at(slot * shape.wake_slots + n)] = q << 3 | what
    net.wake_n[at(slot)] = n + 1
