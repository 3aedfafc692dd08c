"""The part of a Program that no event changes, laid out once for each size of mini-batch."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hwsim.errors import HwsimError
from hwsim.ledger import ACTIONS
from hwsim.lower.axes import Ints, ceil_div
from hwsim.lower.choices import MOST_JOBS, too_many
from hwsim.lower.content import Content
from hwsim.lower.counts import update_counts
from hwsim.lower.layers import Task, Weighted, steps_of, weighted_into
from hwsim.lower.layout import stepwise_layers
from hwsim.lower.order import Places, places, waits
from hwsim.lower.planned import Unplanned, planned
from hwsim.lower.plans import JOB_COLUMNS, Plan, job_columns
from hwsim.lower.states import Counts, cells_of, placed, state_bits
from hwsim.lower.stores import maps_of, output_slots
from hwsim.lower.weights import layer_bits
from hwsim.program import LOADED, REGION_STEP, REGIONS, STORED
from hwsim.reuse import Reuse, Value

ACTION = {name: i for i, name in enumerate(ACTIONS)}


@dataclass(frozen=True, eq=False)
class Scheduled:
    """A mini-batch's jobs but for its events. ``plans``: of the layers that have jobs, in order;
    ``contents``: of all layers, what results are taken over by from ``reuse``, empty without one."""

    task: Task
    plans: tuple[Plan, ...]
    numbers: Places
    counts: Ints
    contents: dict[str, Content]
    reuse: Reuse | None

    @cached_property
    def plan(self) -> dict[str, Plan]:
        return {plan.layer.name: plan for plan in self.plans}

    @cached_property
    def jobs(self) -> int:
        return sum(plan.jobs for plan in self.plans)

    def merge(self, values: list[Ints]) -> Ints:
        """One column over all jobs of the program, in order (W7), from an array of each layer."""
        merged = np.empty(self.jobs, np.int64)
        for numbers, value in zip(self.numbers, values, strict=True):
            merged[numbers] = value
        return merged

    def _bytes(self, operands: tuple[str, ...], moved: Callable[[Plan, str], Ints]) -> Ints:
        """Bytes of each operand that each job moves; shape (jobs, operands)."""

        def all_of(plan: Plan) -> tuple[Ints, ...]:
            return tuple(moved(plan, operand) for operand in operands)

        known = [self._known(operands, plan, all_of) for plan in self.plans] if self.reuse else []
        columns = np.zeros((self.jobs, len(operands)), np.int64)
        for k, operand in enumerate(operands):
            values = [own[k] for own in known] or [moved(plan, operand) for plan in self.plans]
            if any(value.any() for value in values):
                columns[:, k] = self.merge(values)
        return columns

    def _known(self, kind: Hashable, plan: Plan, make: Callable[[Plan], Value]) -> Value:
        """What a plan comes to; with ``reuse`` once for the same content."""
        if self.reuse is None:
            return make(plan)
        return self.reuse.of("columns", (kind, self.contents[plan.layer.name]), lambda: make(plan))

    @cached_property
    def fixed(self) -> dict[str, Ints]:
        """The columns of Jobs that no event changes; those of maps are of bitmaps."""
        task, plans = self.task, self.plans
        of_layers = [self._known("jobs", plan, job_columns) for plan in plans]
        columns = {name: self.merge([own[name] for own in of_layers]) for name in JOB_COLUMNS}
        columns["layer"] = self.merge([np.array(p.layer.index) for p in plans])
        columns["load_bytes"] = self._bytes(LOADED, Plan.load)
        columns["store_bytes"] = self._bytes(STORED, Plan.store)
        outside = {"dram", "visit"}
        held = [p for p in plans if p.loads["hold"].products]
        kept_outside = {p.layer.name for p in plans if p.place in outside} | {p.layer.name for p in held}
        columns["after"] = waits(
            task,
            [p.layer for p in plans],
            self.numbers,
            columns["load_bytes"][:, 2:],
            columns["layer"],
            frozenset(kept_outside),
        )
        return columns

    @cached_property
    def moved(self) -> tuple[Ints, int]:
        """Regions and output slots, where events decide nothing of what is moved."""
        loads, stores, owner = (self.fixed[name] for name in ("load_bytes", "store_bytes", "layer"))
        return self.regions(loads, stores, owner), self.slots(stores, owner)

    @cached_property
    def rooms(self) -> Ints:
        """Bytes that each layer's operands need in DRAM, (layers, REGIONS), whatever is moved (S2)."""
        weighted = {plan.layer.name: plan.layer.weighted for plan in self.plans}
        return np.array([_rooms(self.task, n, weighted.get(n, ())) for n in self.task.names], np.int64)

    def regions(self, load_bytes: Ints, store_bytes: Ints, owner: Ints) -> Ints:
        """Bytes of every region (S2). Raises HwsimError if they do not fit the DRAM."""
        found = np.zeros((len(self.task.names), len(REGIONS)), np.int64)
        for operands, moved in ((LOADED, load_bytes), (STORED, store_bytes)):
            for i, operand in enumerate(operands):
                np.maximum.at(found[:, REGIONS.index(operand)], owner, moved[:, i])
        found = np.where(found > 0, np.maximum(found, self.rooms), 0)
        device = self.task.hardware.dram.device
        needed = int((-(-found // REGION_STEP) * REGION_STEP).sum())
        if device and needed > device.capacity_bytes:
            raise HwsimError(
                f"network {self.task.network.name!r} in mini-batches of {self.task.samples} takes {needed} "
                f"bytes of DRAM; {device.name!r} has {device.capacity_bytes}"
            )
        return found

    def slots(self, store_bytes: Ints, owner: Ints) -> int:
        """Q of B6. Raises HwsimError naming the layer whose store does not fit the output buffer."""
        stored = store_bytes.sum(axis=1)
        worst = int(stored.argmax())
        return output_slots(self.task, int(stored[worst]), self.task.names[int(owner[worst])])


def schedule(task: Task, reuse: Reuse | None = None) -> Scheduled:
    """Lay out every job; with ``reuse``, plans of layers of the same content are made once. Raises HwsimError
    for an illegal mapping, naming layer, operand and buffer."""
    network, hardware = task.network, task.hardware
    stepwise = stepwise_layers(network, hardware, task.mapping)
    outlasting = placed(task, stepwise)
    weighted = {name: weighted_into(network, name, hardware) for name in task.names}
    stored = sum(ceil_div(layer_bits(task, w), 8) for w in weighted.values())
    pinned = stored <= hardware.buffers.weight.capacity_bytes
    layers = {n: Unplanned(task, n, weighted[n], stepwise, pinned, outlasting) for n in task.names}
    contents = {name: layer.content for name, layer in layers.items()} if reuse else {}
    found = [planned(layers[name], contents.get(name), reuse) for name in task.computed]
    plans = [made for made, _ in found]
    check_jobs(task, plans)
    counts = np.zeros((len(task.names), len(ACTIONS)), np.int64)
    for index, name in enumerate(task.names):
        book(counts[index], update_counts(network, name, task.samples))
    for made, own in found:
        book(counts[made.layer.index], own)
    numbers = places(task, [p.layer for p in plans])
    return Scheduled(task, tuple(plans), numbers, counts, contents, reuse)


def check_jobs(task: Task, plans: list[Plan]) -> None:
    """Raises HwsimError, before any job is laid out, if a mini-batch has more than MOST_JOBS."""
    jobs = sum(made.jobs for made in plans)
    if jobs > MOST_JOBS:
        most = max(plans, key=lambda made: made.jobs)
        raise too_many(task, jobs, most.layer.name, most.jobs)


def book(row: Ints, counts: Counts) -> None:
    """Add counts by name to one layer's row."""
    for name, number in counts.items():
        row[ACTION[name]] += number


def _rooms(task: Task, name: str, weighted: tuple[Weighted, ...]) -> list[int]:
    network, population = task.network, task.network.population[name]

    def room(source: str) -> int:
        bits = network.population[source].size * task.value_bits[source]
        return task.burst(ceil_div(bits, 8)) * steps_of(network, source)

    state = task.burst(ceil_div(cells_of(population) * state_bits(task, population), 8))
    sums = task.burst(ceil_div(population.size * task.hardware.precision.partial_sum_bits, 8))
    rooms = {
        "weight": task.burst(ceil_div(layer_bits(task, weighted), 8)),
        "input": sum(room(p.source) for p in network.into(name)) * task.samples,
        "membrane": state * task.samples,
        "hold": sums * task.samples,
        "spill": 0,
        "output": sum(room(m) for m in maps_of(task, name)) * task.samples,
    }
    return [rooms[region] for region in REGIONS]
