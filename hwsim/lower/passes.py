"""A layer as its streams are counted, and the array's cycles of its jobs by cause (docs/machine.md, P2)."""

import numpy as np

from hwsim.events import Events, EventTrace
from hwsim.hardware import Hardware
from hwsim.lower.axes import Ints, S
from hwsim.lower.layers import Layer
from hwsim.lower.streams import Incoming, Shape, Streams

STREAMED = ("preload", "stream", "imbalance", "conflict", "decode", "fill")
"""Columns of Jobs that the array's streams decide."""


def incoming_of(hardware: Hardware, layer: Layer, source: int) -> Incoming:
    """One of a layer's weighted projections, by its place."""
    w = layer.weighted[source]
    tiles = [(tile, part.begin, part.end) for tile, part in layer.parts(source)]
    p = w.projection
    return Incoming(
        groups=p.groups,
        channels=w.channels,
        plane=w.plane,
        kernel=p.kernel,
        stride=p.stride,
        padding=p.padding,
        delay=p.delay,
        binary=w.binary,
        tiles=np.array(tiles, np.int64),
        nonzero=w.nonzero if hardware.pe_array.weight_sparsity else None,
    )


def shape_of(layer: Layer, first: int = 0) -> Shape:
    """The folds of a layer, of which ``first`` is the first lane."""
    return Shape(
        plane=layer.population.plane,
        groups=layer.groups,
        channels=layer.channels,
        rows=layer.rows,
        samples=layer.samples,
        together=layer.together,
        steps=layer.steps,
        pass_steps=layer.pass_steps,
        window=layer.window,
        k_tiles=len(layer.tiles),
        held=layer.held,
        first=first,
    )


def events_into(layer: Layer, trace: EventTrace) -> tuple[Events, ...]:
    """The events of each weighted projection's source."""
    return tuple(trace.events[w.source.name] for w in layer.weighted)


def spread(layer: Layer, values: Ints) -> Ints:
    """Axes of Streams to those of hwsim.lower.axes: samples apart from M-folds."""
    groups, channels, _, *rest = values.shape
    apart = values.reshape(groups, channels, layer.shape[S], -1, *rest)
    return np.moveaxis(apart, 2, 0)


def array_cycles(hardware: Hardware, found: Streams) -> dict[str, Ints]:
    """STREAMED of every job, on the axes of ``found`` (P2)."""
    array, active = hardware.pe_array, (found.length > 0).astype(np.int64)
    return {
        "preload": active * (0 if array.dataflow == "os" else array.rows),
        "stream": found.stream,
        "imbalance": found.imbalance,
        "conflict": found.conflict,
        "decode": found.decode,
        "fill": active * (array.rows + array.columns - 2 if array.fill == "systolic" else 0),
    }
