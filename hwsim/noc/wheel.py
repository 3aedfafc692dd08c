"""Numba: the time wheel: what arrives where, and when. A slot holds one cycle (R4)."""

from numba import njit

from hwsim.noc.bits import INLINED


@njit(**INLINED)
def push_credit(shape, net, time, q):
    slot = time & (shape.wheel - 1)
    n = net.credit_n[slot]
    net.credit_to[slot * shape.credit_slots + n] = q
    net.credit_n[slot] = n + 1


@njit(**INLINED)
def push_flit(shape, net, time, q, flit):
    slot = time & (shape.wheel - 1)
    n = net.flit_n[slot]
    at = slot * shape.flit_slots + n
    net.flit_to[at] = q
    net.flit_word[at] = flit
    net.flit_n[slot] = n + 1


@njit(**INLINED)
def push_wake(shape, net, time, q, what):
    """At ``time`` channel ``q`` may ask: for output ``what`` of the switch, or for channels (7)."""
    slot = time & (shape.wheel - 1)
    n = net.wake_n[slot]
    net.wake_to[slot * shape.wake_slots + n] = q << 3 | what
    net.wake_n[slot] = n + 1
