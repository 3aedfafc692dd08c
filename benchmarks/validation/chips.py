"""Row 11: chips of event-driven cores against SANA-FE."""

from collections.abc import Iterator

from benchmarks.against_sanafe import latencies, of_hwsim, of_sanafe, other_spikes
from benchmarks.sanafe_cases import chip, convolutional, dense, gesture
from benchmarks.sanafe_exchange import PYTHON, Case, ask
from benchmarks.validation.rows import Row, alone, exact, within
from hwsim.chip.config import Chip, load_chip
from hwsim.chip.loop import run_chip

GESTURE = {"fired": 38_081, "synapses": 5_437_656, "packets": 386_640}
JOULE = {"synapse": 1.0252e-6, "soma": 1.2042e-6, "network": 0.3625e-6, "total": 2.5919e-6}
"""Of a step of SANA-FE's gesture example on its loihi.yaml, 128 steps."""

STEP_US = 14.24
"""The same, of time."""

SYNAPSE_CYCLES = 31
"""3.1 ns, SANA-FE's latency of a convolution's synapse; the network's last layer alone is no convolution."""

LATENCIES = {
    "neurons": ("update_cycles", "fire_cycles"),
    "messages": ("send_cycles", "receive_cycles"),
    "synapses": ("synapse_cycles",),
    "end of a step": ("barrier_first_cycles", "barrier_router_cycles"),
}
"""Of a core, by what they are of."""

GROUP, COMMAND = "Loihi-style chip", alone("sanafe")


def sanafe() -> Iterator[Row]:
    """Counts, energies and times of the gesture network, counts of two more."""
    case = gesture()
    ours = of_hwsim(case, run_chip(case.sliced, case.trace, chip()))
    for name, told in GESTURE.items():
        found = int(getattr(ours, name).sum())
        what = f"{name} of the gesture network, 128 steps"
        apart = f"{found - told:+,}"
        yield Row(
            GROUP, what, f"{told:,}, SANA-FE 2.2.9", f"{found:,}", apart, "equal", found == told, COMMAND
        )
    for part, joule in JOULE.items():
        spent = float(ours.energy[part].sum()) / 128
        yield within(GROUP, f"energy of a step, {part}", joule * 1e6, spent * 1e6, 0.05, COMMAND, "uJ")
    yield from step_times(case)
    if not PYTHON.is_file():
        return
    for name, make in (("dense", dense), ("convolutional", convolutional)):
        case, on = make(), chip()
        told = ask(case, "detailed", "counts", latencies(on))
        theirs, found = of_sanafe(case, told), of_hwsim(case, run_chip(case.sliced, case.trace, on))
        kinds = ("fired", "synapses", "packets", "hops")
        equal = sum(int((getattr(theirs, k) == getattr(found, k)).sum()) for k in kinds)
        what = f"spikes, operations, packets, links of each step, {name} network"
        yield exact(GROUP, what, "SANA-FE 2.2.9, run here", equal, len(kinds) * len(theirs.fired), COMMAND)
        alone, what = other_spikes(case, told), f"neurons and steps that fire in one alone, {name} network"
        yield Row(GROUP, what, "0, SANA-FE 2.2.9", str(alone), f"{alone:+}", "equal", not alone, COMMAND)


def step_times(case: Case) -> Iterator[Row]:
    """What a step takes, with SANA-FE's latencies and with those of the preset, and what makes the rest."""
    alike = timed(chip(), synapse_cycles=SYNAPSE_CYCLES)
    ours = step_us(case, alike)
    if PYTHON.is_file():
        told = ask(case, "detailed", "counts", latencies(alike))
        theirs = sum(told["sim_time"]) / case.network.timesteps * 1e6
        yield Row(
            GROUP,
            "time of a step, the same latencies of actions in both",
            f"{theirs:.2f} us, SANA-FE 2.2.9, run here",
            f"{ours:.2f} us",
            f"{ours / theirs - 1:+.1%}: it estimates how packets wait, here routers pass each; a "
            "neuron at rest takes 5.8 ns there and 9.7 ns here",
            "none",
            None,
            COMMAND,
        )
    preset = load_chip("loihi")
    core, on, before, parts = preset.core, alike, ours, []
    for what, fields in LATENCIES.items():
        on = timed(on, **{field: getattr(core, field) for field in fields})
        now = step_us(case, on)
        parts.append(f"{what} {now - before:+.2f}")
        before = now
    last = step_us(case, preset)
    parts.append(f"routers {last - before:+.2f}")
    yield Row(
        GROUP,
        "time of a step on preset loihi, whose latencies are those of Davies et al. 2018, not SANA-FE's fit",
        f"{STEP_US} us, SANA-FE 2.2.9 on its loihi.yaml",
        f"{last:.2f} us",
        f"{last / STEP_US - 1:+.1%}; from {ours:.2f} us with SANA-FE's latencies: {', '.join(parts)} us",
        "none",
        None,
        COMMAND,
    )


def timed(on: Chip, **cycles: int) -> Chip:
    """The chip with other latencies of its cores, in cycles."""
    return on.model_copy(update={"core": on.core.model_copy(update=cycles)})


def step_us(case: Case, on: Chip) -> float:
    """Mean time between the begins of the ticks that SANA-FE runs (us)."""
    begin, steps = run_chip(case.sliced, case.trace, on).begin[0].min(axis=1), case.network.timesteps
    cycles = int(begin[case.first_tick + steps] - begin[case.first_tick])
    return cycles / steps / on.core.clock_hz * 1e6
