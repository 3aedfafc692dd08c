"""Numba: the time wheel: channels that begin to ask and credits that are back. A slot is one cycle (R4)."""

from numba import njit

from hwsim.jit import BARE
from hwsim.noc.bits import at


@njit(**BARE)
def push_credit(shape, net, time, q):
    """From ``time`` on output channel ``q`` has a credit more."""
    slot = time & (shape.wheel - 1)
    n = net.credit_n[at(slot)]
    net.credit_to[at(slot * shape.credit_slots + n)] = q
    net.credit_n[at(slot)] = n + 1


@njit(**BARE)
def push_ask(shape, net, time, q):
    """From ``time`` on the head at the front of channel ``q`` asks for virtual channels."""
    slot = time & (shape.wheel - 1)
    n = net.ask_n[at(slot)]
    net.ask_to[at(slot * shape.ask_slots + n)] = q
    net.ask_n[at(slot)] = n + 1


@njit(**BARE)
def push_go(shape, net, time, q, output):
    """From ``time`` on channel ``q`` asks for the switch: for ``output`` too, or, if 5, as before."""
    slot = time & (shape.wheel - 1)
    n = net.go_n[at(slot)]
    net.go_to[at(slot * shape.go_slots + n)] = q << 3 | output
    net.go_n[at(slot)] = n + 1
