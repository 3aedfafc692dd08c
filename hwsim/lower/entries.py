"""Live inputs that are read as entries of lists, where maps are shorter so (docs/machine.md, W9, P4)."""

import numpy as np

from hwsim.hardware import Hardware
from hwsim.lower.folds import Incoming, Ints, Shape
from hwsim.lower.layers import Layer
from hwsim.lower.maps import Maps, listed
from hwsim.lower.streams import live_inputs


def entries(
    hardware: Hardware,
    layer: Layer,
    shape: Shape,
    incoming: tuple[Incoming, ...],
    maps: Maps,
    live: tuple[Ints, ...],
) -> tuple[Ints, ...]:
    """Of ``live``, for each projection of a listed source what comes from maps that are lists.

    Axes as of Streams; the events are looked at again only where a source emits both lists and bitmaps.
    """
    assert maps.trace is not None
    sources = [w.source.name for w in layer.weighted]
    begin, end = maps.samples.start, maps.samples.stop
    lists = [maps.as_lists(s)[begin:end] if listed(maps.task, s) else None for s in sources]
    if all(found is None or found.all() for found in lists):
        return live
    if all(found is None or not found.any() for found in lists):
        return tuple(np.zeros_like(values) for values in live)
    events = [maps.trace.events[s].select(begin, end) for s in sources]
    kept = tuple(e if found is None else e.keeping(found) for e, found in zip(events, lists, strict=True))
    return live_inputs(hardware, shape, incoming, kept, range(end - begin))
