"""Networks to quantize: drawn, and of one layer with formats by hand."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hwsim.execute.executor import encode, execute, membranes
from hwsim.fixed_point import FixedPoint
from hwsim.frontends.dense import run_dense
from hwsim.network import Network, Population, Projection

ONE = FixedPoint(1, 0, False)


def floating(network: Network) -> Network:
    """The same graph as a float network without rests and negative gains, which have no integer form."""

    def population(p: Population) -> Population:
        kept = {name: values for name, values in p.vectors.items() if name not in ("gain", "rest")}
        return replace(p, rest=0.0, gain=abs(p.gain), vectors=kept)

    def single(array: Any) -> Any:
        return None if array is None else array.astype(np.float32)

    projections = (replace(q, weights=single(q.weights), bias=single(q.bias)) for q in network.projections)
    populations = tuple(population(p) for p in network.populations)
    return replace(network, integer=False, populations=populations, projections=tuple(projections))


def one_neuron(
    weights: Sequence[int], state: FixedPoint, of_weights: FixedPoint, steps: int = 3, **fields: Any
) -> Network:
    """One LIF with an input neuron for each weight; ``fields``: of the population, decay 1 by default."""
    fields = {"threshold": float(state.high), "rounding": "nearest"} | fields
    unsigned = replace(state, bits=state.bits - state.signed, signed=False)
    formats = {"state": state, "threshold": unsigned, "decay": ONE} | fields.pop("formats", {})
    layer = Population("layer", (1,), "lif", formats=formats, **fields)
    codes = np.array([weights], np.int32)
    synapses = Projection("in", "input", "layer", "dense", codes, formats={"weights": of_weights})
    populations = (Population("input", (len(weights),), "input"), layer)
    network = Network("one", populations, (synapses,), "layer", steps, "spikes", integer=True)
    network.verify()
    return network


def told(network: Network, spikes: Any) -> tuple[list[int], list[int]]:
    """Spikes and membranes of the one neuron, step by step; the executor's are the dense run's."""
    values = np.array(spikes).reshape(1, network.timesteps, -1)
    exactly_equal(network, values)
    given = encode(network, values)
    fired = execute(network, given).events["layer"].dense(1)[0, :, 0]
    return fired.astype(int).tolist(), membranes(network, given)["layer"][0, :, 0].tolist()


def exactly_equal(network: Network, values: Any) -> dict[str, dict[str, int]]:
    """Every event, membrane and answer of the executor is the dense run's; what saturated there."""
    dense, given = run_dense(network, values), encode(network, values)
    trace = execute(network, given)
    trace.verify(network)
    for name, events in trace.events.items():
        found = events.dense(network.population[name].size)
        expected = dense.outputs[name]
        np.testing.assert_array_equal(np.broadcast_to(found, expected.shape), expected, err_msg=name)
    found = membranes(network, given)
    assert set(found) == set(dense.membranes)
    for name, expected in dense.membranes.items():
        np.testing.assert_array_equal(found[name], expected, err_msg=f"membranes of {name}")
    np.testing.assert_array_equal(trace.outputs[:, -1], dense.answers(network))
    return dense.saturated
