"""Random cases for the reference, with every choice made, and weighted sums by plain numpy."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hwsim.cycle.reference.chip import simulate
from hwsim.cycle.reference.plan import plan
from hwsim.errors import HwsimError
from hwsim.mapping import LayerMapping
from hwsim.network import Network, Projection
from tests.random_cases import Case, draw_case

Draw = Callable[[int], Case]


def settled(case: Case) -> Case:
    """The case with an order and tiles of its own for every population, from its seed."""
    rng = np.random.default_rng(case.seed)
    layers = {}
    for p in case.network.populations:
        own = case.mapping.layers.get(p.name, LayerMapping())
        order = case.mapping.fold_order_of(p.name)
        decode = case.hardware.pe_array.decode
        bounded = decode is not None and decode.max_inputs is not None
        layers[p.name] = LayerMapping(
            fold_order=("m_outer", "n_outer")[rng.integers(2)] if order == "auto" else order,
            k_tile=own.k_tile or (int(rng.integers(1, 9)) if bounded else None),
            m_tile=own.m_tile or int(rng.integers(1, p.plane[0] * p.plane[1] + 3)),
            n_tile=own.n_tile or int(rng.integers(1, p.channels + 1)),
        )
    return replace(case, mapping=case.mapping.model_copy(update={"layers": layers}))


def legal_case(seed: int) -> Case:
    """A drawn case with choices made and buffers that hold them."""
    case = settled(draw_case(seed))
    while True:
        try:
            plan(case.network, case.trace, case.samples, case.hardware, case.mapping)
        except HwsimError:
            buffers = case.hardware.buffers
            larger = {
                name: buffer.model_copy(update={"capacity_bytes": buffer.capacity_bytes * 2})
                for name, buffer in buffers.present().items()
            }
            buffers = buffers.model_copy(update=larger)
            case = replace(case, hardware=case.hardware.model_copy(update={"buffers": buffers}))
        else:
            return case


def weighted_sums(
    p: Projection, network: Network, values: NDArray[Any], weights: NDArray[Any]
) -> NDArray[Any]:
    """(channels, positions) of one step, no folds and no tiles."""
    if p.kind == "dense":
        return (weights @ values)[:, None]
    source = network.population[p.source]
    padded = np.pad(values.reshape(source.channels, *source.plane), [(0, 0), *((n, n) for n in p.padding)])
    windows = sliding_window_view(padded, p.kernel, axis=(1, 2))[:, :: p.stride[0], :: p.stride[1]]
    grouped = zip(np.split(windows, p.groups), np.split(weights, p.groups), strict=True)
    sums = [np.einsum("ihwyx,oiyx->ohw", window, kernels) for window, kernels in grouped]
    return np.concatenate(sums).reshape(len(weights), -1)


def check_sums_and_operations(case: Case) -> None:
    """What the array accumulated and how often it was useful, against a convolution of every step."""
    network, sums = case.network, dict[str, NDArray[Any]]()
    ledger = simulate(network, case.trace, case.samples, case.hardware, case.mapping, sums=sums)
    ledger.verify()
    useful = {"ac": dict.fromkeys(sums, 0), "mac": dict.fromkeys(sums, 0)}
    assert set(sums) == {p.target for p in network.projections if p.has_weights}
    for name, found in sums.items():
        expected = np.zeros_like(found)
        for p in network.into(name):
            if not p.has_weights:
                continue
            assert p.weights is not None
            emitted = case.trace.events[p.source].dense(network.population[p.source].size).astype(np.float64)
            action = "ac" if network.is_binary(p.source) else "mac"
            executed = p.weights != 0 if case.hardware.pe_array.weight_sparsity else np.ones_like(p.weights)
            for i, sample in enumerate(case.samples):
                for step in range(p.delay, found.shape[1]):
                    values = emitted[sample, step - p.delay if emitted.shape[1] > 1 else 0]
                    expected[i, step] += weighted_sums(p, network, values, p.weights.astype(np.float64))
                    reached = weighted_sums(p, network, values != 0, executed.astype(np.float64))
                    useful[action][name] += int(reached.sum())
        np.testing.assert_array_equal(found, expected)
    for action, counts in useful.items():
        booked = dict(zip(ledger.layers, ledger.per_layer(action).tolist(), strict=True))
        assert {name: booked[name] for name in counts} == counts
