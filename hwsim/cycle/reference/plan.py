"""The plan of a mini-batch: jobs with their bytes, words, addresses and waits, before any time passes."""

from dataclasses import dataclass

from hwsim.cycle.reference.activity import Activity, Maps
from hwsim.cycle.reference.chart import Chart
from hwsim.cycle.reference.inputs import Inputs
from hwsim.cycle.reference.jobs import Job, ordered
from hwsim.cycle.reference.layers import Layer, ceil_div
from hwsim.cycle.reference.memory import Memory
from hwsim.cycle.reference.outputs import SpikeWriter
from hwsim.cycle.reference.regions import lay_out
from hwsim.cycle.reference.weights import Weights
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.mapping import Mapping
from hwsim.network import Network


@dataclass(frozen=True, eq=False)
class Plan:
    """``output_slots``: Q of B6, None if no job stores anything."""

    layers: list[Layer]
    jobs: list[Job]
    activity: Activity
    maps: Maps
    memory: Memory
    output_slots: int | None


def plan(network: Network, trace: EventTrace, samples: range, hardware: Hardware, mapping: Mapping) -> Plan:
    """Layers and jobs of a mini-batch in order. Raises HwsimError if the mapping is illegal on this chip."""
    mapping.verify(network)
    chart = Chart(network, hardware, mapping, len(samples))
    layers = chart.layers()
    activity = Activity(network, trace, samples)
    maps = Maps(chart, activity)
    memory = Memory(layers, hardware, chart.layer_major, len(samples))
    jobs = list(ordered(layers, len(samples), network.timesteps, chart.layer_major))
    weights = Weights(layers, hardware)
    inputs = Inputs(chart, maps, jobs)
    writer = SpikeWriter(maps, hardware.dram.burst)
    carrier = Carrier(hardware, memory)
    for job in jobs:
        job.loads["weight"] = carrier.burst(weights.load(job))
        if job.layer.kind == "array":
            job.loads["input"] = inputs.weighted(job, inputs.residency[job.layer.name])
        carrier.move_partial_sums(job)
        if job.last_tile:
            streamed_bytes, job.streamed_words = inputs.streamed(job)
            job.loads["input"] += streamed_bytes
            job.stores["output"] = writer.stored(job, *inputs.done[job])
            carrier.move_states(job)
            carrier.move_held_sums(job)
    wait_for_stores(jobs, memory, chart)
    if hardware.dram.banked:
        lay_out(layers, jobs, chart, weights.layer_bytes)
    return Plan(layers, jobs, activity, maps, memory, output_slots(jobs, hardware))


class Carrier:
    """States, held sums and partial sums on their way between the array, the buffers and DRAM."""

    def __init__(self, hardware: Hardware, memory: Memory) -> None:
        self.hardware, self.memory = hardware, memory
        self.sum_bits = hardware.precision.partial_sum_bits

    def burst(self, size: int) -> int:
        return ceil_div(size, self.hardware.dram.burst) * self.hardware.dram.burst

    def move_partial_sums(self, job: Job) -> None:
        """Sums of K-tiles that do not stay in the array, by way of DRAM (P6)."""
        if self.memory.partial[job.layer.name] == "dram":
            bits = job.outputs * len(job.streamed_steps) * self.sum_bits
            job.loads["spill"] = self.burst(ceil_div(bits, 8)) if job.k > 0 else 0
            job.stores["spill"] = 0 if job.last_tile else self.burst(ceil_div(bits, 8))

    def move_held_sums(self, job: Job) -> None:
        """A held layer's sums, stored in its first pass and loaded in the others (M4)."""
        if self.memory.hold[job.layer.name] == "dram":
            moved = self.burst(ceil_div(job.outputs * self.sum_bits, 8))
            (job.stores if job.steps.start == 0 else job.loads)["hold"] = moved

    def move_states(self, job: Job) -> None:
        """States in DRAM or in the membrane buffer (M3)."""
        layer, place = job.layer, self.memory.state[job.layer.name]
        sharing = self.memory.in_state_group[self.memory.state_key(layer)]
        moved = self.burst(ceil_div(job.cells * layer.state_bits, 8))
        starts = self.is_start(job, job.steps.start)
        if place == "dram" or (place == "visit" and layer is sharing[0]):
            job.loads["membrane"] = 0 if starts else moved
        if place == "dram" or (place == "visit" and layer is sharing[-1]):
            job.stores["membrane"] = moved
        membrane = self.hardware.buffers.membrane
        if membrane and place in ("buffer", "visit"):
            for step in job.steps:
                read = job.outputs - (job.cells if self.is_start(job, step) else 0)
                job.state_writes += ceil_div(job.outputs * layer.state_bits, membrane.word_bits)
                job.state_reads += ceil_div(read * layer.state_bits, membrane.word_bits)

    def is_start(self, job: Job, step: int) -> bool:
        """Whether the fold's states begin here (M3)."""
        layer = job.layer
        separate = layer.channel_groups > 1 and not layer.interleaved
        return (
            step == 0
            and layer is self.memory.in_state_group[self.memory.state_key(layer)][0]
            and (not separate or job.in_first_channel_group)
        )


def wait_for_stores(jobs: list[Job], memory: Memory, chart: Chart) -> None:
    """Which job's store each load has to wait for (S3, after)."""
    last: dict[str, int] = {}
    block = None
    for i, job in enumerate(jobs):
        layer = job.layer
        waits = [-1]
        plain_layer_major = chart.layer_major and not layer.stepwise
        if job.loads["spill"] or (plain_layer_major and (job.loads["membrane"] or job.loads["hold"])):
            waits.append(i - 1)
        if job.block != block:
            sources = [p.source for p in layer.incoming]
            writers = [chart.network.into(s)[0].source if chart.is_fused(s) else s for s in sources]
            waits += [last.get(name, -1) for name in writers]
            if "dram" in (memory.state[layer.name], memory.hold[layer.name]) or (
                memory.state[layer.name] == "visit"
            ):
                sharing = memory.in_state_group[memory.state_key(layer)]
                waits += [last.get(other.name, -1) for other in [*sharing, layer]]
        job.after = max(waits)
        block = job.block
        last[layer.name] = i


def output_slots(jobs: list[Job], hardware: Hardware) -> int | None:
    """Q (B6)."""
    most = max((sum(job.stores.values()) for job in jobs), default=0)
    capacity = hardware.buffers.output.capacity_bytes
    if most == 0:
        return None
    if capacity < most:
        widest = max(jobs, key=lambda job: sum(job.stores.values())).layer.name
        raise HwsimError(
            f"layer {widest!r}: a job stores {most} bytes, but the output buffer holds {capacity} bytes"
        )
    return capacity // most
