"""Streams of a layer as a program gets them: with ``skip: event`` from the events, else in two parts."""

from dataclasses import replace

from hwsim.events import Events
from hwsim.hardware import Hardware
from hwsim.lower.folds import Incoming, Shape
from hwsim.lower.streams import Streams, every_input, live_inputs, operations, streams


def all_streams(
    hardware: Hardware,
    shape: Shape,
    incoming: tuple[Incoming, ...],
    events: tuple[Events, ...],
    samples: range,
) -> Streams:
    if hardware.pe_array.skip == "event":
        return streams(hardware, shape, incoming, events, samples)
    live = live_inputs(hardware, shape, incoming, events, samples)
    ac, mac = operations(shape, incoming, live)
    return replace(every_input(hardware, shape, incoming, len(samples)), live=live, ac=ac, mac=mac)
