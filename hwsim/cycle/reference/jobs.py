"""Jobs of the reference, in the order in which they run (docs/machine.md, W7)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from hwsim.cycle.reference.layers import Layer, Tile

LOADED = ("weight", "input", "membrane", "hold", "spill")
"""Operands of a load, in the order in which the channel moves them (S2)."""
STORED = ("output", "membrane", "hold", "spill")

Block = tuple[int, ...]
Fold = tuple[int, tuple[int, ...], int, int]
"""(group, samples, M-fold, N-fold)."""


@dataclass(eq=False)
class Job:
    """One way through load, array, LIF stage and store (W7). Bytes are whole bursts.

    ``samples``: its sample in the mini-batch, or the several of its fold (batch_on M). ``steps`` of its pass.
    ``block``: jobs of a layer with the same one follow each other (B1). ``streamed_words``: words of streamed
    operands (B3). ``state_reads``, ``state_writes``: words of the membrane buffer (M3). ``addresses``:
    where in DRAM each transfer begins (S2). ``after``: the job whose store the load waits for, or -1 (S3).
    """

    layer: Layer
    block: Block
    group: int
    samples: tuple[int, ...]
    m: int
    n: int
    k: int
    steps: range
    loads: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LOADED, 0))
    stores: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STORED, 0))
    streamed_words: int = 0
    state_reads: int = 0
    state_writes: int = 0
    addresses: dict[tuple[str, str], int] = field(default_factory=dict)
    after: int = -1

    @property
    def tile(self) -> Tile:
        return self.layer.tiles[self.k]

    @property
    def tile_k(self) -> int:
        return sum(part.k for part in self.tile)

    @property
    def last_tile(self) -> bool:
        return self.k == len(self.layer.tiles) - 1

    @property
    def streamed_steps(self) -> range:
        """Steps whose inputs the array takes: a held layer takes those of step 0 and no others (W5)."""
        if self.layer.kind != "array":
            return range(0)
        if self.layer.held:
            return range(1) if self.steps.start == 0 else range(0)
        return self.steps

    @property
    def has_pass(self) -> bool:
        return len(self.streamed_steps) > 0

    @property
    def positions(self) -> range:
        """Output positions of the M-fold; neurons of a vector layer."""
        return range(1) if self.layer.together else self.layer.m_folds[self.m]

    @cached_property
    def lanes(self) -> list[tuple[int, int]]:
        """(sample, position) of every active lane of the M-fold (P1)."""
        return [(sample, position) for sample in self.samples for position in self.positions]

    @cached_property
    def channels(self) -> tuple[int, ...]:
        """The population's channels that the N-fold computes."""
        first = self.group * self.layer.channels
        return tuple(first + c for c in self.layer.n_folds[self.n])

    @property
    def sample_outputs(self) -> int:
        """Outputs of each of its samples."""
        return len(self.positions) * (len(self.channels) if self.layer.kind == "array" else 1)

    @property
    def outputs(self) -> int:
        """o: outputs of the fold (W3)."""
        return len(self.samples) * self.sample_outputs

    @property
    def cells(self) -> int:
        """Cells of state of the fold (M2)."""
        return self.layer.cells_of(self.outputs)

    @property
    def in_first_channel_group(self) -> bool:
        """Whether all its neurons lie in the first channel group (M3)."""
        height, width = self.layer.population.plane
        channels = self.channels or {neuron // (height * width) for neuron in self.positions}
        return max(channels) < self.layer.population.channels // self.layer.channel_groups


def ordered(layers: list[Layer], samples: int, timesteps: int, layer_major: bool) -> Iterator[Job]:
    """The loops of W7."""
    components: dict[int, list[Layer]] = {}
    for layer in layers:
        if layer.kind != "fused":
            components.setdefault(layer.component, []).append(layer)
    everything = range(samples)
    if layer_major:
        for members in components.values():
            if members[0].apart:
                for sample in everything:
                    for step in range(timesteps):
                        yield from run_step(members, step, range(sample, sample + 1))
            elif members[0].stepwise:
                for step in range(timesteps):
                    yield from run_step(members, step, everything)
            else:
                for layer in members:
                    passes = range(0, layer.steps, layer.pass_steps)
                    steps = [range(t, min(t + layer.pass_steps, layer.steps)) for t in passes]
                    yield from run_layer(layer, (layer.index,), everything, steps)
    else:
        for step in range(timesteps):
            for members in components.values():
                if members[0].apart:
                    for sample in everything:
                        yield from run_step(members, step, range(sample, sample + 1))
                else:
                    yield from run_step(members, step, everything)


def run_step(layers: list[Layer], step: int, samples: range) -> Iterator[Job]:
    """One step of the layers of a component; constant ones take part at step 0 only."""
    for layer in layers:
        if step < layer.steps:
            block = (layer.index, step, samples.start)
            yield from run_layer(layer, block, samples, [range(step, step + 1)])


def run_layer(layer: Layer, block: Block, samples: range, passes: list[range]) -> Iterator[Job]:
    """Groups, folds, passes and K-tiles of a block."""
    for group, at, m, n in folds(layer, samples):
        for steps in passes:
            for k in range(len(layer.tiles)):
                yield Job(layer, block, group, at, m, n, k, steps)


def folds(layer: Layer, samples: range) -> Iterator[Fold]:
    """Samples lie just outside of the M-folds, or are the M-folds (W3, W7)."""
    m_folds = [
        (tuple(fold) if layer.together else (sample,), m)
        for sample in (samples[:1] if layer.together else samples)
        for m, fold in enumerate(layer.m_folds)
    ]
    n_folds = range(len(layer.n_folds))
    for group in range(layer.groups):
        if layer.order == "m_outer":
            yield from ((group, at, m, n) for at, m in m_folds for n in n_folds)
        else:
            yield from ((group, at, m, n) for n in n_folds for at, m in m_folds)
