"""Costs of candidates are those of full estimates, whatever is reused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hwsim import commands, pipeline
from hwsim.costing import CORES, TILE, TILES, OnChip
from hwsim.errors import HwsimError
from hwsim.manycore.asked import Asked
from hwsim.manycore.pipeline import estimate_chip
from hwsim.network import Network
from hwsim.reuse import Reuse
from tests.examples import small_network

SAMPLES = 3


def subject() -> tuple[Network, NDArray[Any]]:
    network = small_network("spikes")
    rng = np.random.default_rng(0)
    spikes = rng.random((SAMPLES, network.timesteps, *network.input.shape)) < 0.5
    return network, spikes.astype(np.float32)


@pytest.mark.parametrize(("hardware", "batch"), [("sata", 1), ("sata", 3), ("spinalflow", 1)])
def test_costs_on_one_tile_are_those_of_an_estimate(hardware: str, batch: int) -> None:
    network, inputs = subject()
    on = OnChip.of(hardware, batch=batch)
    found = on.of_network(network, inputs, Reuse())
    work = pipeline.workload(network, inputs, network.timesteps)
    totals = pipeline.estimate(work, commands.chip(hardware, None), on.mapping, commands.table_of(None))
    told = totals.as_dict()["totals"]
    assert set(found) == set(TILE)
    for name in ("spikes", "ac", "mac", "dram_bytes", "energy_pj", "latency_ns"):
        assert found[name] == told[name] / SAMPLES
    assert found["area_um2"] == told["area_um2"]
    assert found["edp_pj_ns"] == found["energy_pj"] * found["latency_ns"]
    assert found["spikes"] > 0


@pytest.mark.parametrize("hardware", ["loihi", "mesh-sata"])
def test_costs_on_many_cores_are_those_of_an_estimate(hardware: str) -> None:
    network, inputs = subject()
    found = OnChip.of(hardware).of_network(network, inputs, Reuse())
    asked = Asked.of(hardware, None, None, [commands.table_of(None)], None, {})
    first = asked.prices[0]
    prices: Any = first if hardware == "mesh-sata" else (first,)
    work = pipeline.workload(network, inputs, network.timesteps)
    told = estimate_chip(work, asked.chip, asked.mapping, prices)
    totals = told.as_dict()["totals"]
    assert set(found) == set(CORES if hardware == "loihi" else TILES)
    assert found["energy_pj"] == told.costs[0].total_pj / SAMPLES
    if hardware == "mesh-sata":
        ledger = told.run.ledger
        assert (found["ac"], found["mac"]) == (ledger.total("ac") / SAMPLES, ledger.total("mac") / SAMPLES)
    names = {"spikes": "spikes", "packets": "sent", "hops": "hops", "latency_ns": "latency_ns"}
    assert {n: found[n] for n in names} == {n: totals[of] / SAMPLES for n, of in names.items()}


def test_reuse_changes_no_cost_and_other_weights_are_seen() -> None:
    network, inputs = subject()
    reuse, on = Reuse(), OnChip.of("spinalflow")
    last = network.projections[-1]
    assert last.weights is not None
    other = replace(network, projections=(*network.projections[:-1], replace(last, weights=-last.weights)))
    silent = replace(
        network,
        populations=tuple(replace(p, threshold=1e6) if p.kind == "lif" else p for p in network.populations),
    )
    for one in (network, other, silent, network):
        assert on.of_network(one, inputs, reuse) == on.of_network(one, inputs, Reuse())
    assert reuse.found["events"]
    assert reuse.found["ledger"] == 1
    assert on.of_network(silent, inputs, reuse)["spikes"] == 0


def test_another_table_prices_the_ledger_that_is_known() -> None:
    network, inputs = subject()
    reuse = Reuse()
    one, other = (
        OnChip.of("sata", table).of_network(network, inputs, reuse)
        for table in ("sata_kernels", "horowitz45")
    )
    assert reuse.made["ledger"] == reuse.found["ledger"] == 1
    assert one["energy_pj"] != other["energy_pj"]
    assert one["latency_ns"] == other["latency_ns"]


def test_a_cost_that_the_chip_has_not_is_refused_with_those_it_has() -> None:
    with pytest.raises(HwsimError, match=r"cost 'area_um2' on loihi.*packets"):
        OnChip.of("loihi").check("area_um2")
    with pytest.raises(HwsimError, match="batch 2: of one tile"):
        OnChip.of("loihi", batch=2)
    with pytest.raises(HwsimError, match="table sata_kernels: of tiles"):
        OnChip.of("loihi", "sata_kernels")
