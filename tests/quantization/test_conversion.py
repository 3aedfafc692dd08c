"""Float networks to integer ones: the equal form, formats from ranges, what is refused, zoo networks."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.fixed_point import FixedPoint, fitting
from hwsim.frontends.dense import run_dense
from hwsim.methods.quantization import Precision, observed, quantize
from hwsim.methods.quantization_form import plain_form
from hwsim.methods.quantization_search import Judge, search
from hwsim.network import Network, Population, Projection
from hwsim.variants import Variant
from hwsim.workloads import WorkloadSpec
from tests.execute.neurons import SETTINGS, networks
from tests.quantization.nets import exactly_equal, floating

LAYERS = 8


def net(weights: Any, steps: int = 3, bias: Any = None, **fields: Any) -> Network:
    """Frames of two values into one layer of LIF."""
    matrix = np.array(weights, np.float32)
    layer = Population("layer", (len(matrix),), "lif", **fields)
    given_bias = None if bias is None else np.array(bias, np.float32)
    synapses = Projection("in", "input", "layer", "dense", matrix, given_bias)
    populations = (Population("input", (matrix.shape[1],), "input"), layer)
    return Network("net", populations, (synapses,), "layer", steps)


def test_a_range_takes_as_few_integer_bits_as_it_needs() -> None:
    assert fitting(8, -1.9, 1.9) == FixedPoint(8, 6)  # 1.9 * 64 = 122 of 127; at 7 it would be 243
    assert fitting(8, 0.0, 1.9) == FixedPoint(8, 7, False)  # 1.9 * 128 = 243 of 255
    assert fitting(8, -300.0, 10.0) == FixedPoint(8, -2)  # -300 / 4 = -75
    assert fitting(8, 0.0, 1.0, slack=1.0) == FixedPoint(8, 8, False)  # 256, saturated by one step to 255
    assert fitting(8, 0.0, 1.0) == FixedPoint(8, 7, False)
    assert fitting(8, 0.0, 0.0) == FixedPoint(8, 0, False)


def test_a_relaxing_neuron_becomes_one_that_decays() -> None:
    """v + (x - (v - 1)) / 4, threshold 3: w = v - 1 over 1/4 keeps 3/4 of itself, and fires at 8."""
    plain = plain_form(net([[1.0]], leak="relax", decay=0.25, rest=1.0, threshold=3.0, reset="zero"))
    p = plain.population["layer"]
    assert (p.leak, p.decay, p.gain, p.rest, p.threshold) == ("decay", 0.75, 1.0, 0.0, 8.0)
    assert (p.reset, p.reset_value) == ("value", -4.0)  # v = 0 is w = -1, over 1/4


def test_an_average_pool_divides_in_the_weights_of_its_reader() -> None:
    populations = (
        Population("input", (1, 2, 2), "input"), Population("pool", (1, 1, 1), "relay"),
        Population("layer", (1,), "lif"),
    )  # fmt: skip
    pool = Projection("p", "input", "pool", "avg_pool", kernel=(2, 2), stride=(2, 2), divisor=4.0)
    reader = Projection("d", "pool", "layer", "dense", np.array([[2.0]], np.float32))
    plain = plain_form(Network("n", populations, (pool, reader), "layer", 1))
    assert plain.projections[0].divisor == 1.0
    assert plain.projections[1].weights is not None
    assert plain.projections[1].weights.tolist() == [[0.5]]


@settings(max_examples=40, **SETTINGS, phases=(Phase.explicit, Phase.generate))
@given(networks())
def test_the_plain_form_computes_the_same(case: Any) -> None:
    """In float64, where weights are quarters and leaks are sums of powers of two, to the same spikes."""
    network, values = floating(case[0]), case[1]
    try:
        plain = plain_form(network)
    except HwsimError:
        return
    before, after = run_dense(network, values), run_dense(plain, values)
    kinds = {p.name for p in network.populations if p.kind in ("lif", "clif", "li", "readout")}
    for name in kinds & before.outputs.keys():
        np.testing.assert_allclose(after.outputs[name], before.outputs[name], rtol=1e-9, atol=1e-9)


def test_32_bits_are_nearly_float() -> None:
    """Codes of 2^-28 and finer: on 64 random inputs all spikes are those of float32."""
    rng = np.random.default_rng(3)
    network = net(rng.normal(0, 0.5, (16, 12)), 8, rng.normal(0, 0.1, 16), decay=0.9, threshold=0.7)
    values = rng.random((64, 12)).astype(np.float32)
    made = quantize(network, Precision(32, 32, 31, 31), values).network
    found, expected = (execute(n, encode(n, values)).events["layer"].dense(16) for n in (made, network))
    assert expected.sum() > 500
    np.testing.assert_array_equal(found, expected)


def test_a_layer_of_zeros_stays_silent() -> None:
    network = net(np.zeros((2, 2)), bias=[0.0, 0.0])
    made = quantize(network, Precision(8, 8), np.ones((1, 2))).network
    assert not made.projections[0].weights.any()  # type: ignore[union-attr]
    exactly_equal(made, np.ones((1, 2)))
    assert not len(execute(made, encode(made, np.ones((1, 2)))).events["layer"].index)


def test_weights_of_one_bit_are_signs_times_a_power_of_two() -> None:
    """Their mean size, (1 + .5 + .6 + .3) / 4 = .6, is nearest to 1/2 among powers of two."""
    made = quantize(net([[1.0, -0.5], [0.6, -0.3]]), Precision(1, 8), np.ones((1, 2))).network
    assert made.projections[0].formats["weights"] == FixedPoint(1, 1)
    assert made.projections[0].weights.tolist() == [[1, -1], [1, -1]]  # type: ignore[union-attr]


def test_a_decay_that_is_a_power_of_two_is_a_shift_without_product() -> None:
    made = quantize(net([[1.0, 0.5]], decay=0.25), Precision(), np.ones((1, 2))).network
    layer = made.population["layer"]
    assert layer.formats["decay"].fraction_bits == 2
    assert layer.decay * 2**2 == 1  # its code


def test_a_positive_threshold_is_never_0() -> None:
    """With 3-bit states up to 8, in ones, a threshold of 0.25 is 1."""
    made = quantize(net([[8.0, 0.0]], threshold=0.25, decay=0.0), Precision(8, 3), np.ones((1, 2))).network
    assert made.population["layer"].threshold == 1.0


def test_what_saturates_is_counted() -> None:
    """Ranges are seen on an input of 1; one of 4 takes the membrane beyond them."""
    network = net([[1.0]], decay=1.0, threshold=1.5, reset="zero")
    made = quantize(replace(network, coding="series"), Precision(8, 8, 8), np.ones((1, 3, 1))).network
    assert exactly_equal(made, np.ones((1, 3, 1)))["layer"]["state"] == 0
    wide = replace(
        made, populations=(replace(made.input, formats={"output": FixedPoint(8, 3)}), *made.populations[1:])
    )
    assert exactly_equal(wide, np.full((1, 3, 1), 15.0))["layer"]["state"] > 0


@pytest.mark.parametrize(
    ("network", "values", "said"),
    [
        (net([[np.nan, 1.0]]), np.ones((1, 2)), "NaN or infinite"),
        (net([[1.0, 1.0]]), np.full((1, 2), np.nan), "without NaN and infinity"),
        (net([[1.0, 1.0]]), np.ones((0, 2)), "one at least"),
        (net([[1.0, 1.0]], leak="relax", rest=1.0), np.ones((1, 2)), "'layer': rests at 1 and its threshold"),
    ],
)
def test_what_has_no_integer_form_is_refused(network: Network, values: Any, said: str) -> None:
    with pytest.raises(HwsimError, match=said):
        quantize(network, Precision(), values)


def test_an_integer_network_is_not_quantized_again() -> None:
    made = quantize(net([[1.0, 0.5]]), Precision(), np.ones((1, 2))).network
    with pytest.raises(HwsimError, match="computes in integers already"):
        quantize(made, Precision(), np.ones((1, 2)))


@pytest.mark.parametrize(
    ("precision", "said"),
    [
        (Precision(weights=0), "weights: 0 bits; allowed are 1 to 32"),
        (Precision(state=33), "state: 33 bits; allowed are 2 to 32"),
        (Precision(rounding="up"), "rounding 'up'; allowed: nearest, truncate, stochastic"),  # type: ignore[arg-type]
    ],
)
def test_precisions_that_there_are_not_are_refused(precision: Precision, said: str) -> None:
    with pytest.raises(HwsimError, match=said):
        quantize(net([[1.0, 0.5]]), precision, np.ones((1, 2)))


def test_a_search_takes_bits_away_until_too_much_is_lost() -> None:
    rng = np.random.default_rng(0)
    network = net(rng.normal(0, 1, (5, 6)), 8, decay=0.5)
    values = rng.random((40, 6)).astype(np.float32)
    plain, seen = observed(network, values)
    judge = Judge(network, values, None)
    _, found, trials = search(plain, seen, Precision(10, 12), judge, 0.1)
    assert min(t.score.same for t in trials if t.precision == found) >= 0.9
    assert found.weights < 10
    below = [t for t in trials if t.precision == replace(found, state=found.state - 1)]
    assert found.state == 2 or below[0].score.same < 0.9
    with pytest.raises(HwsimError, match="already lose"):
        search(plain, seen, Precision(1, 2), judge, 0.0)


@pytest.mark.parametrize("model", ["efficientlif/vgg16", "asgl/resnet19"])
def test_quantized_networks_of_the_zoo_are_exact(model: str) -> None:
    """Every spike and membrane of the integer executor is that of integer PyTorch."""
    settings_ = (f"channels={LAYERS}",)
    spec = WorkloadSpec(model, variant=Variant(settings_, init="calibrated"), samples=1)
    work, _ = spec.workload(1)
    made = quantize(work.network, Precision(8, 12), work.inputs).network
    exactly_equal(made, work.inputs)
    trace = execute(made, encode(made, work.inputs))
    fired = [len(trace.events[p.name].index) for p in made.populations if p.spikes]
    assert min(fired) > 0
