"""Networks one after the other, as one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.chained import chained
from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.network import Network, Population, Projection


def layer(name: str, inputs: int, outputs: int, seed: int, readout: str = "") -> Network:
    """Inputs -> neurons, twice connected; with ``readout`` -> sums."""
    rng = np.random.default_rng(seed)

    def dense(source: str, target: str, shape: tuple[int, int], more: str = "") -> Projection:
        weights = rng.normal(size=shape).astype(np.float32)
        return Projection(f"{source}->{target}{more}", source, target, "dense", weights)

    populations = [Population("input", (inputs,), "input"), Population(name, (outputs,), "lif", decay=0.5)]
    projections = [dense("input", name, (outputs, inputs)), dense("input", name, (outputs, inputs), "#2")]
    if readout:
        populations.append(Population(readout, (3,), "readout"))
        projections.append(dense(name, readout, (3, outputs)))
    return Network(name, tuple(populations), tuple(projections), readout or name, 4, "spikes")


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_chain_does_what_its_networks_do_one_after_the_other(seed: int) -> None:
    first, second, third = (
        layer("a", 5, 6, seed),
        layer("b", 6, 4, seed + 1),
        layer("c", 4, 5, seed + 2, "out"),
    )
    whole = chained("abc", (first, second, third))
    values = (np.random.default_rng(seed).random((2, 4, 5)) < 0.5).astype(np.float32)
    ours = execute(whole, encode(whole, values))
    for part in (first, second, third):
        trace = execute(part, encode(part, values))
        values = (
            trace.events[part.readout].dense(part.population[part.readout].size)
            if part is not third
            else values
        )
        for name, events in trace.events.items():
            if name != "input":
                assert ours.events[name].id == events.id
    assert np.array_equal(ours.outputs, trace.outputs)
    assert [p.name for p in whole.projections] == [
        "input->a", "input->a#2", "a->b", "a->b#2", "b->c", "b->c#2", "c->out",
    ]  # fmt: skip


def test_one_network_is_its_own_chain_under_another_name() -> None:
    alone = layer("a", 5, 6, 0)
    assert chained("b", (alone,)).id == replace(alone, name="b").id


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (layer("a", 5, 6, 0, "out"), layer("b", 3, 4, 0), "'a' answers by readout 'out', no spikes"),
        (layer("a", 5, 6, 0), layer("b", 5, 4, 0), "answers with 6 neurons in 4 steps; 'b' takes 5 in 4"),
        (layer("a", 5, 6, 0), replace(layer("b", 6, 4, 0), timesteps=3), "takes 6 in 3"),
        (layer("a", 5, 6, 0), replace(layer("b", 6, 4, 0), coding="series"), "no spikes to go on with"),
        (layer("a", 5, 6, 0), layer("a", 6, 6, 0), "a"),
    ],
)
def test_networks_that_do_not_follow_each_other_are_refused(
    first: Network, second: Network, message: str
) -> None:
    with pytest.raises(HwsimError, match=message):
        chained("chain", (first, second))
