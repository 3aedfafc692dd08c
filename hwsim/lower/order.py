"""The order of the jobs (docs/machine.md, W7), and which load waits for which store (S3)."""

import numpy as np

from hwsim.lower.axes import AXES, Axes, G, Ints, K, M, N, S, T, along, numbered
from hwsim.lower.layers import Layer, Order, Task

Places = list[Ints]
"""Number of every job, one array on the six axes for each layer that has jobs."""

Loops = tuple[Axes, Order]
"""The jobs of a layer along the axes, and the order of its folds."""

FOLDS: dict[str, Axes] = {"m_outer": (S, M, N), "n_outer": (N, S, M)}


def repeated(task: Task, layer: Layer) -> Axes:
    """Axes of the loops outside of the layer: each value of theirs is a block of its jobs (B1)."""
    if layer.apart:
        return (S, T)
    return (T,) if layer.stepwise or task.mapping.schedule == "step_major" else ()


def places(task: Task, layers: list[Layer]) -> Places:
    """The number of every job in the order in which the units take them (W7)."""
    by_name = {layer.name: layer for layer in layers}
    components = [[by_name[n] for n in c if n in by_name] for c in task.network.components]
    components = [c for c in components if c]
    if task.mapping.schedule == "step_major":
        return _step_by_step(components)
    numbers: Places = []
    begin = 0
    for component in components:
        loops = [(layer.shape, layer.order) for layer in component]
        found = _interleaved(loops, repeated(task, component[0]))
        numbers += [local + begin for local in found]
        begin += sum(local.size for local in found)
    return numbers


def _step_by_step(components: list[list[Layer]]) -> Places:
    """``step_major``: all layers of a step, of which constant ones have only the first."""
    numbers: Places = []
    steps = max((layer.steps for c in components for layer in c), default=1)
    done = np.zeros(steps, np.int64)
    for component in components:
        loops = [((*layer.shape[:T], 1, layer.shape[K]), layer.order) for layer in component]
        found = _interleaved(loops, (S,) if component[0].apart else ())
        at = done[: component[0].steps]
        numbers += [local + along(T, at) for local in found]
        at += sum(local.size for local in found)
    before = np.cumsum(done) - done
    return [local + along(T, before[: local.shape[T]]) for local in numbers]


def _interleaved(component: list[Loops], outside: Axes) -> Places:
    """Numbers within one component whose layers take turns at each value of the axes ``outside``."""
    turn_axes = (*outside, *(axis for axis in range(AXES) if axis not in outside))
    inner, begin = [], 0
    for shape, order in component:
        within = tuple(1 if axis in outside else n for axis, n in enumerate(shape))
        inner.append(numbered(within, (G, *FOLDS[order], T, K)) + begin)
        begin += inner[-1].size
    shape, _ = component[0]
    turns = tuple(n if axis in outside else 1 for axis, n in enumerate(shape))
    return [number + begin * numbered(turns, turn_axes) for number in inner]


def waits(
    task: Task, layers: list[Layer], numbers: Places, moved: Ints, owner: Ints, kept_outside: frozenset[str]
) -> Ints:
    """``after`` of every job, or -1 (S3).

    ``moved`` (jobs, 3): bytes of states, held sums and partial sums that it loads; ``owner``: its layer's
    index; ``kept_outside``: layers whose states or held sums lie in DRAM.
    """
    network = task.network
    after = np.full(len(owner), -1, np.int64)
    index = {layer.name: layer.index for layer in layers}
    known: dict[int, Ints] = {}
    for layer, place in zip(layers, numbers, strict=True):
        outside = repeated(task, layer)
        begins = place.min(axis=tuple(a for a in range(AXES) if a not in outside)).ravel()
        sources = {task.fused.get(p.source, p.source) for p in network.into(layer.name)} - {
            network.input.name
        }
        if layer.name in kept_outside:
            group = layer.population.state_group
            sources |= {layer.name} | {
                p.name for p in network.populations if group and p.state_group == group
            }
        for source in {index[name] for name in sources}:
            if source not in known:
                known[source] = np.flatnonzero(owner == source)
            found = np.searchsorted(known[source], begins) - 1
            latest = np.where(found >= 0, known[source][found], -1)
            after[begins] = np.maximum(after[begins], latest)
    in_order = np.array([_waits_for_state(task, layer) for layer in layers])
    by_index = np.zeros(max(index.values(), default=0) + 1, np.bool_)
    by_index[[layer.index for layer in layers]] = in_order
    before = (moved[:, 2] > 0) | (by_index[owner] & (moved[:, :2].sum(axis=1) > 0))
    after[before] = np.flatnonzero(before) - 1
    return after


def _waits_for_state(task: Task, layer: Layer) -> bool:
    return not layer.stepwise and task.mapping.schedule == "layer_major"
