"""The chip's counts against SANA-FE 2.2.9, on nets, mappings and prices that are the same."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from benchmarks.against_sanafe import (
    CASES,
    Counts,
    active,
    latencies,
    of_hwsim,
    of_sanafe,
    other_spikes,
    waiting,
)
from benchmarks.sanafe_cases import chip, gesture
from benchmarks.sanafe_exchange import PYTHON, Case, ask
from hwsim.chip.loop import run_chip
from hwsim.chip.run import ChipRun

pytestmark = pytest.mark.skipif(
    not PYTHON.is_file(), reason="no .venv-sanafe with SANA-FE 2.2.9 (make .venv-sanafe/.ready)"
)


@dataclass(frozen=True)
class Both:
    case: Case
    told: dict[str, Any]
    run: ChipRun

    @property
    def theirs(self) -> Counts:
        return of_sanafe(self.case, self.told)

    @property
    def ours(self) -> Counts:
        return of_hwsim(self.case, self.run)


@pytest.fixture(scope="module", params=["dense", "convolutional"])
def both(request: pytest.FixtureRequest) -> Both:
    case = CASES[request.param]()
    told = ask(case, "detailed", "counts", latencies(chip()))
    return Both(case, told, run_chip(case.sliced, case.trace, chip()))


def test_every_neuron_fires_in_the_tick_in_which_it_fires_in_sanafe(both: Both) -> None:
    """E2: what is sent in one tick is used in the next, there and here."""
    assert both.ours.fired.sum() > 2000
    assert other_spikes(both.case, both.told) == 0
    np.testing.assert_array_equal(both.ours.fired, both.theirs.fired)


def test_synaptic_operations_of_every_tick_are_those_of_sanafe(both: Both) -> None:
    """E5, E7: connections in bounds, weights of zero too."""
    np.testing.assert_array_equal(both.ours.synapses, both.theirs.synapses)


def test_packets_of_every_tick_are_those_of_sanafe(both: Both) -> None:
    """E4: with copies, one for each core that is reached, the own core too."""
    assert both.run.counts["local"].sum() > 0
    np.testing.assert_array_equal(both.ours.packets, both.theirs.packets)


def test_links_crossed_in_every_tick_are_those_of_sanafe(both: Both) -> None:
    """E7, T3."""
    np.testing.assert_array_equal(both.ours.hops, both.theirs.hops)


def test_sanafe_accesses_neurons_of_layers_that_no_step_has_reached_too(both: Both) -> None:
    """E3: here a slice is updated in the ticks in which its population has a step."""
    np.testing.assert_array_equal(both.theirs.accessed - both.ours.accessed, waiting(both.case))


def test_sanafe_updates_neurons_whose_membrane_is_not_zero_or_that_take_an_event(both: Both) -> None:
    """E7: `touched` counts those whose membrane may be other than 0, from the events alone."""
    given = both.theirs.fired - both.run.counts["fired"][0, : both.case.network.timesteps].sum(axis=1)
    exact = active(both.case) + given
    np.testing.assert_array_equal(both.theirs.updated, exact)
    assert (both.ours.updated >= exact).all()
    assert both.ours.updated.sum() <= 1.01 * exact.sum()


def test_energy_at_the_same_prices_is_within_five_percent_of_sanafe(both: Both) -> None:
    """E8; the soma's is lower by the access of layers that have no step yet."""
    for part in ("synapse", "network"):
        np.testing.assert_allclose(both.ours.energy[part], both.theirs.energy[part], rtol=1e-9)
    assert both.ours.energy["total"].sum() == pytest.approx(both.theirs.energy["total"].sum(), rel=0.05)


def test_energy_with_the_counts_that_sanafe_defines_is_sanafes(both: Both) -> None:
    alike = of_hwsim(both.case, both.run, as_sanafe=True)
    for part, joule in both.theirs.energy.items():
        np.testing.assert_allclose(alike.energy[part], joule, rtol=1e-9, err_msg=part)


def test_the_gesture_net_counts_and_costs_what_it_does_in_sanafe() -> None:
    """SANA-FE on its snn/dvs.yaml and loihi.yaml, 128 steps: these counts, and 2.5919 uJ a step."""
    case = gesture()
    ours = of_hwsim(case, run_chip(case.sliced, case.trace, chip()))
    assert ours.fired.sum() == 38_081
    assert ours.synapses.sum() == 5_437_656
    assert ours.packets.sum() == 386_640
    told = {"synapse": 1.0252e-6, "soma": 1.2042e-6, "network": 0.3625e-6, "total": 2.5919e-6}
    for part, joule in told.items():
        assert ours.energy[part].sum() / 128 == pytest.approx(joule, rel=0.05), part
