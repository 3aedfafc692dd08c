"""Reuse of layers' results: nothing comes out otherwise, and what is the same is worked out once."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings

from hwsim.cycle.run import run
from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.execute.reused import execute_reusing
from hwsim.hardware import Hardware
from hwsim.lower.lowering import Lowering
from hwsim.lower.passes import events_into, incoming_of, shape_of
from hwsim.lower.streams import live_inputs, streams
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.reuse import ENTRY_BYTES, Reuse
from tests.by_torch import inputs_for
from tests.random_cases import Case, cases, draw_trace, is_legal
from tests.random_chips import draw_hardware, draw_mapping
from tests.random_networks import draw_network, pick
from tests.random_states import vary

FEW = settings(max_examples=40, deadline=None)


def changed(network: Network, rng: np.random.Generator) -> Network:
    """With the weights of one of its projections in another order, where it has any."""
    weighted = [i for i, p in enumerate(network.projections) if p.weights is not None]
    if not weighted:
        return network
    projections, chosen = list(network.projections), weighted[int(rng.integers(len(weighted)))]
    weights = projections[chosen].weights
    assert weights is not None
    other = rng.permutation(weights.ravel()).reshape(weights.shape).astype(weights.dtype)
    projections[chosen] = replace(projections[chosen], weights=other)
    return replace(network, projections=tuple(projections))


@given(case=cases())
@FEW
def test_networks_that_share_layers_execute_as_without_reuse(case: Case) -> None:
    rng, reuse = np.random.default_rng(case.seed), Reuse()
    inputs = encode(case.network, inputs_for(case.network, rng, 3))
    for network in (case.network, changed(case.network, rng), changed(case.network, rng), case.network):
        assert execute_reusing(network, inputs, reuse).id == execute(network, inputs).id


@given(case=cases().filter(is_legal))
@FEW
def test_chips_and_networks_that_share_layers_have_the_ledgers_they_have_without_reuse(case: Case) -> None:
    reuse, hardware = Reuse(), case.hardware
    slower = hardware.model_copy(update={"clock_hz": hardware.clock_hz // 2})
    for chip in (hardware, slower, hardware):
        alone = Lowering(case.network, chip, case.mapping).lower(case.trace, case.samples)
        shared = Lowering(case.network, chip, case.mapping, reuse).lower(case.trace, case.samples)
        assert shared.id == alone.id
        assert run(shared, chip).id == run(alone, chip).id


def relatives(case: Case) -> Iterator[Case]:
    """Networks, mappings and chips that have most in common with those of ``case``, all that are legal; each
    with a trace of its own."""
    rng = np.random.default_rng(case.seed)
    for _ in range(10):
        network, mapping, hardware = case.network, case.mapping, case.hardware
        try:
            if rng.random() < 0.3:
                layers, steps = (int(n) for n in rng.integers(1, 5, 2))
                network, mapping = draw_network(rng, layers, steps, chains=True), Mapping()
            if rng.random() < 0.5:
                network = vary(rng, changed(network, rng))
            if rng.random() < 0.3:
                network = less(network, rng)
            if rng.random() < 0.2:
                network = replace(network, timesteps=int(rng.integers(1, 5)))
            network.verify()
        except HwsimError:
            continue
        if rng.random() < 0.5:
            other = draw_mapping(rng, network, hardware)
            mapping = mapping.model_copy(update=_some(rng, other, other.model_fields_set))
        if rng.random() < 0.3:
            array = hardware.pe_array
            chip = draw_hardware(rng, network, array.rows, array.columns)
            hardware = hardware.model_copy(update=_some(rng, chip, {"buffers", "precision", "pe_array"}))
        trace = draw_trace(rng, network)
        part = range(min(trace.samples, mapping.batch))
        found = Case(case.seed, network, trace, part, hardware, mapping)
        if is_legal(found):
            yield found


def _some(rng: np.random.Generator, other: Mapping | Hardware, names: set[str]) -> dict[str, Any]:
    """One or a few of the fields of another mapping or chip."""
    chosen = [name for name in sorted(names) if rng.random() < 0.3] or [pick(rng, sorted(names))]
    return {name: getattr(other, name) for name in chosen}


def less(network: Network, rng: np.random.Generator) -> Network:
    """Without one of its projections: another population then has other readers, and another other inputs."""
    dropped = pick(rng, network.projections)
    kept = tuple(p for p in network.projections if p is not dropped)
    return replace(network, projections=kept)


@given(case=cases().filter(is_legal))
@settings(FEW, suppress_health_check=list(HealthCheck))
def test_networks_with_layers_in_common_are_lowered_as_without_reuse(case: Case) -> None:
    reuse = Reuse()
    for one in (case, *relatives(case), case):
        batch, samples = one.mapping.batch, one.trace.samples
        alone = Lowering(one.network, one.hardware, one.mapping)
        shared = Lowering(one.network, one.hardware, one.mapping, reuse)
        assert shared.resolved == alone.resolved
        assert shared.choices == alone.choices
        for begin in range(0, samples, batch):
            part = range(begin, min(begin + batch, samples))
            assert _outcome(shared, one, part) == _outcome(alone, one, part)


def _outcome(lowering: Lowering, case: Case, samples: range) -> str:
    """The program, or why there is none: lists of spikes do not fit, or a short mini-batch."""
    try:
        return lowering.lower(case.trace, samples).id
    except HwsimError as error:
        return str(error)


@given(case=cases().filter(is_legal))
@FEW
def test_streams_are_counted_from_the_array_and_the_weight_buffer_alone(case: Case) -> None:
    chip = case.hardware
    of_array: Any = SimpleNamespace(
        pe_array=chip.pe_array, buffers=SimpleNamespace(weight=chip.buffers.weight)
    )
    counted = streams if chip.pe_array.skip == "event" else live_inputs
    lowering = Lowering(case.network, chip, case.mapping)
    for plan in lowering.scheduled(len(case.samples)).plans:
        layer = plan.layer
        if layer.weighted:
            incoming = tuple(incoming_of(chip, layer, i) for i in range(len(layer.weighted)))
            taken = shape_of(layer), incoming, events_into(layer, case.trace), case.samples
            assert np.array_equal(_numbers(counted(of_array, *taken)), _numbers(counted(chip, *taken)))


def _numbers(found: Any) -> np.ndarray[Any, Any]:
    arrays = found if isinstance(found, tuple) else [found.length, found.stream, found.reads, *found.live]
    return np.concatenate([np.asarray(a).ravel() for a in arrays])


@given(case=cases(max_layers=3).filter(is_legal))
@settings(max_examples=10, deadline=None)
def test_a_second_run_of_the_same_network_executes_and_streams_nothing(case: Case) -> None:
    reuse = Reuse()
    inputs = encode(case.network, inputs_for(case.network, np.random.default_rng(case.seed), 2))
    made, asked = [], []
    for _ in range(2):
        trace = execute_reusing(case.network, inputs, reuse)
        Lowering(case.network, case.hardware, case.mapping, reuse).lower(trace, range(1))
        made.append(dict(reuse.made))
        asked.append(reuse.made + reuse.found)
    assert made[0] == made[1]
    # what is asked only while something else is made is not asked again
    assert asked[0] < asked[1] <= asked[0] + asked[0]


def test_the_results_used_last_are_kept() -> None:
    reuse = Reuse(kept_bytes=2 * (80 + ENTRY_BYTES))
    for key in ("a", "b", "a", "c"):
        reuse.of("letters", key, lambda value=key: ({value: np.zeros(10)},))
    found = [reuse.of("letters", key, lambda: ({"anew": np.zeros(10)},)) for key in ("a", "c", "b")]
    assert [next(iter(one[0])) for one in found] == ["a", "c", "anew"]
    assert (reuse.found["letters"], reuse.made["letters"]) == (3, 4)


def test_kinds_that_are_not_kept_are_made_each_time() -> None:
    reuse = Reuse(kinds=frozenset({"letters"}))
    made = [reuse.of(kind, "a", lambda: np.zeros(1)) for kind in ("letters", "letters", "plans", "plans")]
    assert made[0] is made[1]
    assert made[2] is not made[3]
    assert (dict(reuse.found), dict(reuse.made)) == ({"letters": 1}, {"letters": 1})
