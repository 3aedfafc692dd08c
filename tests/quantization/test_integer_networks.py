"""What a network with formats computes (docs/quantization.md): by hand, and thrice on random networks."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from hwsim.chip.reference import simulate
from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.fixed_point import FixedPoint
from hwsim.methods.quantization import Precision, quantize
from hwsim.network import Network
from tests import by_torch
from tests.chip import random_cases
from tests.execute.neurons import SETTINGS, networks
from tests.quantization.nets import exactly_equal, floating, one_neuron, told

WHOLE = FixedPoint(8)


def test_a_membrane_saturates_after_the_sum_and_before_the_comparison() -> None:
    """4 bits, -8 to 7: 5; sat(10) = 7 fires, 7 - 7 = 0; 5. A sum of 9 and -4 does not saturate on its way."""
    state = FixedPoint(4)
    assert told(one_neuron([5], state, WHOLE), [1, 1, 1]) == ([0, 1, 0], [5, 0, 5])
    assert told(one_neuron([-5], state, WHOLE), [1, 1, 1]) == ([0, 0, 0], [-5, -8, -8])
    assert told(one_neuron([9, -4], state, WHOLE), [[1, 1]] * 3)[1] == [5, 0, 5]


@pytest.mark.parametrize(("rounding", "membranes"), [("truncate", [-3, -1, 0]), ("nearest", [-3, -2, -1])])
def test_a_leak_of_a_half_is_a_shift_that_rounds_by_magnitude(rounding: str, membranes: list[int]) -> None:
    """-3 / 2 = -1.5 is -1 toward zero and -2 to the nearest; -1 / 2 and -2 / 2 are 0 and -1."""
    half = {"decay": FixedPoint(1, 1, False)}
    network = one_neuron([-3], FixedPoint(4), WHOLE, decay=0.5, rounding=rounding, formats=half)
    assert told(network, [1, 0, 0])[1] == membranes


@pytest.mark.parametrize(("rounding", "first"), [("truncate", 1), ("nearest", 2)])
def test_a_sum_comes_to_the_scale_of_the_state_by_one_right_shift(rounding: str, first: int) -> None:
    """Weights of 3/4 and 1 in quarters, a state in ones: 1.75 is 1 toward zero, 2 to the nearest."""
    network = one_neuron([3, 4], FixedPoint(4), FixedPoint(8, 2), rounding=rounding)
    assert network.right_shift("layer") == 2
    assert told(network, [[1, 1], [0, 0], [0, 0]])[1][0] == first


def test_projections_of_different_scales_meet_by_left_shifts() -> None:
    """3/4 in quarters and 1 in ones are 3 + 4 quarters; the state in ones takes 2."""
    network = one_neuron([3], FixedPoint(4), FixedPoint(8, 2))
    other = replace(
        network.projections[0],
        name="other",
        weights=np.array([[1]]).astype(np.int8),
        formats={"weights": WHOLE},
    )
    network = replace(network, projections=(*network.projections, other))
    network.verify()
    assert [network.left_shift(q) for q in network.projections] == [0, 2]
    assert told(network, [1, 0, 0])[1] == [2, 2, 2]


def test_weights_of_one_bit_are_signs() -> None:
    sign = FixedPoint(1, 0)
    assert told(one_neuron([1, -1, 1], FixedPoint(4), sign), [[1, 1, 1], [1, 0, 1], [0, 1, 0]])[1] == [
        1,
        3,
        2,
    ]
    with pytest.raises(HwsimError, match="codes from 0 to 1; 1 bits hold -1 to 1 without 0"):
        one_neuron([0, 1], FixedPoint(4), sign)


def test_sums_wider_than_32_bits_are_exact() -> None:
    """2^31 - 1 twice is 2^32 - 2; the state of 32 bits takes 2^31 - 1 of it and fires."""
    most = 2**31 - 1
    network = one_neuron([most, most], FixedPoint(32), FixedPoint(32), threshold=float(most))
    assert told(network, [[1, 1], [1, 0], [0, 0]]) == ([1, 1, 0], [0, 0, 0])


def test_a_network_with_formats_is_saved_and_read_as_it_is(tmp_path: Path) -> None:
    network = one_neuron([3, 4], FixedPoint(4), FixedPoint(8, 2))
    network.save(tmp_path / "n.safetensors")
    read = Network.load(tmp_path / "n.safetensors")
    assert read.id == network.id
    assert read.population["layer"] == network.population["layer"]
    assert read.projections[0].formats == network.projections[0].formats


def test_a_network_without_formats_is_described_as_before() -> None:
    """Its identity, a hash of its description, is in the results of earlier versions."""
    plain = floating(one_neuron([3], FixedPoint(4), WHOLE))
    bare = replace(plain, populations=tuple(replace(p, formats={}) for p in plain.populations))
    bare = replace(bare, projections=tuple(replace(q, formats={}) for q in bare.projections))
    assert not {"formats", "rounding"} & set(bare.populations[1].plain())
    assert "formats" not in bare.projections[0].plain()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"formats": {}}, "a lif of a quantized network has decay, state, threshold"),
        ({"threshold": 8.0}, "threshold: codes from 8 to 8; 3 bits hold 0 to 7"),
        ({"decay": 0.5}, "1 \\* decay is 0.5; an integer network needs an integer|decay"),
    ],
)
def test_codes_that_do_not_fit_their_formats_are_refused(change: dict[str, Any], said: str) -> None:
    network = one_neuron([3], FixedPoint(4), WHOLE)
    layer = replace(network.population["layer"], **change)
    with pytest.raises(HwsimError, match=said):
        replace(network, populations=(network.input, layer)).verify()


def test_a_state_group_has_one_format() -> None:
    network = one_neuron([3], FixedPoint(4), WHOLE)
    layer = replace(network.population["layer"], state_group="g")
    other = replace(layer, name="other", formats={**layer.formats, "state": FixedPoint(5)})
    into = replace(network.projections[0], name="more", source="layer", target="other")
    network = replace(
        network, populations=(network.input, layer, other), projections=(*network.projections, into)
    )
    with pytest.raises(HwsimError, match="'other' has another format of the state than 'layer'"):
        network.verify()


def quantized_or_none(network: Network, precision: Precision, values: Any) -> Network | None:
    """None for one that is refused as it has to be: no integer form, or sums of more than 64 bits."""
    try:
        quantized = quantize(network, precision, values).network
        execute(quantized, encode(quantized, values))
    except HwsimError as error:
        if "has no integer form" in str(error) or "beyond 64 bits" in str(error):
            return None
        raise
    return quantized


bits = st.tuples(st.integers(1, 32), st.integers(2, 32), st.integers(1, 12), st.integers(1, 10))
UNSHRUNK = SETTINGS | {"phases": (Phase.explicit, Phase.generate)}
roundings = st.sampled_from(["nearest", "truncate", "stochastic"])


@settings(max_examples=50, **UNSHRUNK)
@given(networks(), bits, roundings)
def test_executor_and_dense_pytorch_compute_the_same(case: Any, widths: Any, rounding: Any) -> None:
    """Random networks (leaks, currents, adaptation, loops, delays, shared states, pools) x formats."""
    network, values = floating(case[0]), case[1]
    quantized = quantized_or_none(network, Precision(*widths, rounding), values[:1])
    if quantized is not None:
        exactly_equal(quantized, values)


@settings(max_examples=15, **UNSHRUNK)
@given(st.integers(0, 2**32 - 1), bits, roundings)
def test_the_chips_slow_reference_computes_the_same(seed: int, widths: Any, rounding: Any) -> None:
    """Its neurons are written from the docstring of Population; it computes the spikes that it sends."""
    rng = np.random.default_rng(seed)
    drawn = next(random_cases.networks(rng, int(rng.integers(1, 4)), int(rng.integers(1, 4))))
    values = by_torch.inputs_for(drawn, rng, 1)
    network = quantized_or_none(floating(drawn), Precision(*widths, rounding), values)
    if network is None:
        return
    chip = random_cases.draw_chip(rng, 2, 2, 1)
    given = encode(network, values)
    trace = execute(network, given)
    found = simulate(random_cases.draw_slices(rng, network, chip.grid.cores), chip, given).trace
    for name, events in trace.events.items():
        size = network.population[name].size
        np.testing.assert_array_equal(found.events[name].dense(size), events.dense(size), err_msg=name)
    np.testing.assert_array_equal(found.outputs, trace.outputs)
