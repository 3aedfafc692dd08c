"""Agreement: equal traces report nothing; planted differences are counted, located and judged."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.execute.agreement import Agreement, agree
from hwsim.execute.executor import encode, execute
from hwsim.network import Network, Population, Projection
from tests.examples import conv, dense

STEPS = 4


def network(decay: float = 0.5, **fields: Any) -> Network:
    """Spikes into LIF "a" (conv), that into LIF "b" (conv beside a shortcut), a pool and a readout."""
    rng = np.random.default_rng(0)
    lif: dict[str, Any] = {"decay": decay, "threshold": 1.0} | fields

    def weights(*shape: int) -> NDArray[np.float32]:
        return rng.integers(-3, 5, shape).astype(np.float32) / 8

    made = Network(
        "two",
        (
            Population("in", (2, 5, 5), "input"),
            Population("a", (3, 5, 5), "lif", **lif),
            Population("b", (3, 5, 5), "lif", **lif),
            Population("pool", (3, 2, 2), "relay"),
            Population("out", (4,), "readout"),
        ),
        (
            conv("in", "a", weights(3, 2, 3, 3), padding=(1, 1)),
            conv("a", "b", weights(3, 3, 3, 3), padding=(1, 1), bias=weights(3)),
            Projection("a+b", "a", "b", "identity"),
            Projection("b>pool", "b", "pool", "avg_pool", kernel=(2, 2), stride=(2, 2), divisor=4.0),
            dense("pool", "out", weights(4, 12)),
        ),
        "out",
        STEPS,
        "spikes",
    )
    made.verify()
    return made


def executed(made: Network, samples: int = 2) -> EventTrace:
    rng = np.random.default_rng(1)
    return execute(made, encode(made, rng.random((samples, STEPS, 2, 5, 5)) < 0.4))


def flipped(trace: EventTrace, name: str, size: int, sample: int, step: int, neuron: int) -> EventTrace:
    """The trace with one spike of one population added or taken away."""
    dense_values = trace.events[name].dense(size)
    dense_values[sample, step, neuron] = 1 - dense_values[sample, step, neuron]
    return replace(trace, events=trace.events | {name: Events.from_dense(dense_values, True)})


def row(agreement: Agreement, name: str) -> tuple[int, int]:
    """Free and driven differences of one population."""
    (found,) = (r for r in agreement.rows if r.population == name)
    return found.differences, found.differences_on_equal_inputs


NETWORK = network()
TRACE = executed(NETWORK)


def test_equal_traces_report_no_difference() -> None:
    found = agree(NETWORK, TRACE, TRACE)
    assert (found.free, found.driven, found.unexplained) == (0, 0, 0)
    assert found.flips == ()
    assert (found.outputs_equal, found.samples) == (2, 2)
    assert "executor equals PyTorch in all" in found.sentence()


def test_every_neuron_step_of_every_computed_population_is_compared() -> None:
    # 2 samples, 4 steps: 75 neurons of a, 75 of b, 12 of the pool
    found = agree(NETWORK, TRACE, TRACE)
    assert {r.population: r.compared for r in found.rows} == {"a": 600, "b": 600, "pool": 96}
    assert found.compared == 1296
    assert {r.population: r.events for r in found.rows} == {
        name: len(TRACE.events[name].index) for name in ("a", "b", "pool")
    }


def test_a_planted_flip_is_counted_and_located() -> None:
    reference = flipped(TRACE, "a", 75, 1, 2, 31)
    found = agree(NETWORK, TRACE, reference)
    assert row(found, "a") == (1, 1)
    (flip,) = (f for f in found.flips if f.population == "a")
    assert (flip.sample, flip.step, flip.neuron) == (1, 2, 31)


def test_a_flip_shows_driven_in_its_own_population_and_in_what_it_reaches() -> None:
    # b is fed with the reference's a: with a spike more or less, b cannot have fired as recorded everywhere
    reference = flipped(TRACE, "a", 75, 0, 0, 37)
    found = agree(NETWORK, TRACE, reference)
    assert row(found, "a") == (1, 1)
    assert row(found, "b")[0] == 0  # both runs recorded the same b
    assert row(found, "b")[1] > 0


def test_a_run_that_is_right_downstream_has_no_driven_difference_there() -> None:
    # the executor's own a gets one spike flipped: b, executed on the reference's a, is as recorded
    found = agree(NETWORK, flipped(TRACE, "a", 75, 1, 3, 8), TRACE)
    assert row(found, "a") == (1, 0)
    assert row(found, "b") == (0, 0)
    assert found.flips == ()


def test_a_run_whose_events_do_not_follow_from_its_own_inputs_is_not_trusted() -> None:
    # one spike of a, which nothing explains: a itself (1 event) and what b makes of it
    found = agree(NETWORK, flipped(TRACE, "a", 75, 1, 3, 8), TRACE)
    assert found.made_otherwise > 0
    assert not found.trusted
    assert "EVENTS ARE NOT WHAT THE NETWORK MAKES" in found.sentence()


def test_a_run_with_a_silent_layer_behind_a_difference_is_not_trusted() -> None:
    # the reference differs in sample 0 of a, so that b of the run may differ there, but not be silent
    silent = dict(TRACE.events) | {"b": Events.from_dense(np.zeros((2, STEPS, 75), np.float32), True)}
    broken = EventTrace(TRACE.network_id, TRACE.timesteps, silent, TRACE.outputs)
    fired = len(TRACE.events["b"].index)
    found = agree(NETWORK, broken, flipped(TRACE, "a", 75, 0, 0, 37))
    pooled = len(TRACE.events["pool"].index)
    assert found.made_otherwise == fired + pooled > 0
    assert agree(NETWORK, broken, TRACE).made_otherwise == fired + pooled
    assert agree(NETWORK, TRACE, flipped(TRACE, "a", 75, 0, 0, 37)).made_otherwise == 0


def test_only_the_first_difference_of_a_neuron_is_its_own() -> None:
    # after a flip the membrane differs, so that later ones of the same neuron follow from it
    reference = flipped(flipped(TRACE, "b", 75, 0, 1, 12), "b", 75, 0, 3, 12)
    found = agree(NETWORK, TRACE, reference)
    assert row(found, "b") == (2, 1)
    (flip,) = (f for f in found.flips if f.population == "b")
    assert (flip.sample, flip.step, flip.neuron) == (0, 1, 12)


def test_flips_of_two_neurons_are_two() -> None:
    reference = flipped(flipped(TRACE, "b", 75, 0, 1, 12), "b", 75, 1, 3, 12)
    assert row(agree(NETWORK, TRACE, reference), "b") == (2, 2)


def test_a_flip_far_from_the_threshold_is_unexplained() -> None:
    # weights are eighths: no membrane comes near the threshold without reaching it
    found = agree(NETWORK, TRACE, flipped(TRACE, "a", 75, 1, 2, 31))
    (flip,) = (f for f in found.flips if f.population == "a")
    assert abs(flip.membrane - flip.threshold) > flip.rounding
    assert not flip.explained
    assert found.unexplained >= 1
    assert f"{found.unexplained} of those not within float32 rounding" in found.sentence()


def one_neuron(weight: float, threshold: float = 1.0) -> tuple[Network, EventTrace]:
    """One input that spikes once, one neuron with one weight."""
    made = Network(
        "one",
        (Population("in", (1,), "input"), Population("a", (1,), "lif", threshold=threshold)),
        (dense("in", "a", np.array([[weight]], np.float32)),),
        "a",
        1,
        "spikes",
    )
    return made, execute(made, encode(made, np.ones((1, 1, 1))))


@pytest.mark.parametrize("weight", [1.0, 1.0 - 2.0**-24, 1.0 + 2.0**-23])
def test_a_flip_within_rounding_of_the_threshold_is_explained(weight: float) -> None:
    made, trace = one_neuron(weight)
    found = agree(made, trace, flipped(trace, "a", 1, 0, 0, 0))
    assert (found.driven, found.unexplained) == (1, 0)
    assert found.flips[0].membrane == weight


@pytest.mark.parametrize("weight", [0.999, 1.001])
def test_a_flip_a_thousandth_from_the_threshold_is_unexplained(weight: float) -> None:
    made, trace = one_neuron(weight)
    assert agree(made, trace, flipped(trace, "a", 1, 0, 0, 0)).unexplained == 1


def shared_state(*fired: tuple[int, int]) -> Agreement:
    """Two neurons that use one state, decay .5, one after the other: inputs 1 - 2^-24 and .75 at the first of
    two steps. Executed: the first reaches no threshold, the second has .5 (1 - 2^-24) + .75 and fires. The
    reference's spikes are ``fired``, (step, neuron)."""
    made = Network(
        "shared",
        (
            Population("in", (1,), "input"),
            Population("a", (2,), "lif", decay=0.5, channel_groups=2),
        ),
        (dense("in", "a", np.array([[1.0 - 2.0**-24], [0.75]], np.float32)),),
        "a",
        2,
        "spikes",
    )
    made.verify()
    trace = execute(made, encode(made, np.array([[[1.0], [0.0]]])))
    assert trace.events["a"].dense(2).tolist() == [[[0, 1], [0, 0]]]
    reference = np.zeros((1, 2, 2))
    for place in fired:
        reference[0][place] = 1
    events = trace.events | {"a": Events.from_dense(reference, True)}
    return agree(made, trace, replace(trace, events=events))


def test_a_flip_by_rounding_of_a_shared_state_explains_what_follows_from_it() -> None:
    # it fired: 0 is left, and the second neuron has .75
    found = shared_state((0, 0))
    assert (found.free, found.driven, found.unexplained) == (2, 1, 0)
    assert [(f.neuron, f.explained) for f in found.flips] == [(0, True)]


def test_the_membrane_of_a_shared_state_comes_from_the_neuron_that_used_it_before() -> None:
    found = shared_state()
    assert (found.driven, found.unexplained) == (1, 1)
    assert found.flips[0].membrane == 0.5 * (1.0 - 2.0**-24) + 0.75


def test_after_a_flip_by_rounding_a_wrong_spike_is_still_found() -> None:
    # .5 * .75 at the second step: the reference's spike there is wrong whatever rounding did before
    found = shared_state((0, 0), (1, 0))
    assert (found.driven, found.unexplained) == (2, 1)
    assert [(f.step, f.neuron, f.membrane, f.explained) for f in found.flips if not f.explained] == [
        (1, 0, pytest.approx(0.375), False)
    ]


@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_the_examined_membrane_is_the_neurons_own(reset: Any) -> None:
    # worked out in float64 with the reference's spikes, for a neuron of b that fired before: a convolution
    # with bias and a shortcut come in
    made = network(decay=0.5, reset=reset)
    trace = executed(made)
    fired = trace.events["b"].dense(75)[1]
    neuron = int(np.flatnonzero(fired[:3].any(axis=0) & fired[3].astype(bool))[0])
    channel, row, column = np.unravel_index(neuron, (3, 5, 5))
    flips = agree(made, trace, flipped(trace, "b", 75, 1, 3, neuron)).flips
    flip = next(f for f in flips if f.population == "b")
    assert (flip.sample, flip.step, flip.neuron) == (1, 3, neuron)
    weights, bias = made.projections[1].weights, made.projections[1].bias
    assert weights is not None
    assert bias is not None
    spikes = np.pad(trace.events["a"].dense(75)[1].reshape(STEPS, 3, 5, 5), [(0, 0), (0, 0), (1, 1), (1, 1)])
    membrane = 0.0
    for t in range(4):
        window = spikes[t, :, row : row + 3, column : column + 3]
        x = float((weights[channel].astype(float) * window).sum()) + float(bias[channel])
        membrane = 0.5 * membrane + x + float(spikes[t, channel, row + 1, column + 1])
        if t < 3 and fired[t, neuron]:
            membrane = membrane - 1.0 if reset == "subtract" else 0.0
    assert flip.membrane == pytest.approx(membrane, abs=1e-12)


def test_the_bias_of_a_shortcut_belongs_to_the_examined_membrane() -> None:
    # 0.5 of the bias and 1 of the spike
    made = Network(
        "biased",
        (Population("in", (1,), "input"), Population("a", (1,), "lif", threshold=8.0)),
        (Projection("s", "in", "a", "identity", bias=np.array([0.5], np.float32)),),
        "a",
        1,
        "spikes",
    )
    made.verify()
    trace = execute(made, encode(made, np.ones((1, 1, 1))))
    (flip,) = agree(made, trace, flipped(trace, "a", 1, 0, 0, 0)).flips
    assert flip.membrane == 1.5


@pytest.mark.parametrize(("factor", "differs"), [(1 + 1e-6, False), (1 + 1e-4, True)])
def test_graded_values_may_differ_by_rounding_alone(factor: float, differs: bool) -> None:
    pooled = TRACE.events["pool"]
    assert pooled.payload is not None
    payload = pooled.payload.copy()
    payload[5] *= np.float32(factor)
    reference = replace(TRACE, events=TRACE.events | {"pool": replace(pooled, payload=payload)})
    assert row(agree(NETWORK, TRACE, reference), "pool") == ((1, 1) if differs else (0, 0))


def test_other_inputs_are_refused() -> None:
    other = flipped(TRACE, "in", 50, 0, 0, 0)
    with pytest.raises(HwsimError, match="did not get the same inputs"):
        agree(NETWORK, TRACE, other)


def test_other_samples_are_refused() -> None:
    with pytest.raises(HwsimError, match="different samples or steps"):
        agree(NETWORK, TRACE, TRACE.select(0, 1))


def test_decisions_are_compared_by_the_largest_summed_output() -> None:
    outputs = TRACE.outputs.copy()
    last = outputs[1, -1]
    last[(int(last.argmax()) + 1) % 4] = last.max() + 1
    found = agree(NETWORK, TRACE, replace(TRACE, outputs=outputs))
    assert (found.outputs_equal, found.samples) == (1, 2)


def test_the_numbers_of_the_json_are_those_of_the_value() -> None:
    found = agree(NETWORK, TRACE, flipped(TRACE, "a", 75, 1, 2, 31))
    values = found.as_dict()
    assert values["differences"] == found.free == 1
    assert values["differences_on_equal_inputs"] == found.driven
    assert values["rate"] == 1 / 1296
    assert values["unexplained"] == found.unexplained
    assert len(values["located"]) == len(found.flips)
    assert values["located"][0]["population"] == "a"
    assert values["located"][0]["explained"] is False


def test_outputs_that_differ_although_all_spikes_are_equal_are_not_trusted() -> None:
    made = network()
    trace = executed(made)
    apart = replace(trace, outputs=trace.outputs - np.float32(100))
    found = agree(made, trace, apart)
    assert (found.free, found.outputs_apart, found.trusted) == (0, 2, False)
    assert "OUTPUTS DIFFER" in found.sentence()


def test_outputs_that_differ_by_rounding_are_trusted() -> None:
    made = network()
    trace = executed(made)
    near = replace(trace, outputs=trace.outputs * np.float32(1 + 1e-6))
    assert agree(made, trace, near).trusted


@pytest.mark.parametrize(("factor", "reset"), [(1.01, "subtract"), (1.003, "subtract"), (1.01, "zero")])
def test_a_slightly_wrong_threshold_of_a_wide_layer_is_not_taken_for_rounding(
    factor: float, reset: Any
) -> None:
    """2,048 graded inputs and 50 steps without a leak: the worst case of rounding would hide 1 %."""
    rng = np.random.default_rng(0)
    weights = (rng.normal(0.5 / 2048, 2048**-0.5, (64, 2048))).astype(np.float32)
    populations = (Population("input", (2048,), "input"), Population("a", (64,), "lif", reset=reset))
    right = Network("wide", populations, (Projection("p", "input", "a", "dense", weights),), "a", 50)
    inputs = rng.random((2, 2048), np.float32)
    reference = execute(right, encode(right, inputs))
    wrong = replace(right, populations=(populations[0], replace(populations[1], threshold=factor)))
    found = agree(wrong, execute(wrong, encode(wrong, inputs)), reference)
    assert found.driven > 0
    assert not found.trusted
    assert agree(right, reference, reference).trusted


def test_a_wrong_readout_is_found_although_spikes_differ_by_rounding() -> None:
    """The readout is fed with the reference's own spikes, whatever the executor's were."""
    wrong = replace(
        NETWORK,
        projections=tuple(
            replace(p, weights=-p.weights) if p.target == NETWORK.readout and p.weights is not None else p
            for p in NETWORK.projections
        ),
    )
    flips = flipped(executed(wrong), "a", 75, 1, 2, 31)
    assert agree(wrong, flips, TRACE).outputs_apart == TRACE.samples
