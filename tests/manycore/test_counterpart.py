"""The ANN counterpart on many tiles (F7), and static power beside the energies (E10)."""

import numpy as np
import pytest

from hwsim.chip.config import load_chip
from hwsim.chip.prices import load_prices, prices_of
from hwsim.cost import load_table
from hwsim.hardware import Hardware, load_hardware
from hwsim.manycore.pipeline import NO_ANN, estimate_chip
from hwsim.mapping import Mapping
from hwsim.pipeline import Workload
from hwsim.result_values import dense_macs
from tests.chip.nets import dense, net
from tests.examples import small_network
from tests.report.chip_example import SAMPLES, example, on_tiles

TABLE = "sata_kernels"


def test_the_ann_does_the_dense_macs_of_the_network_once() -> None:
    network, ann = small_network("frames"), on_tiles()["ann"]
    assert ann["mac"] == sum(dense_macs(network, p.name) for p in network.populations)
    assert ann["ac"] == 0


def test_every_neuron_of_the_ann_sends_its_value_once() -> None:
    # (E2) one step, through layers 1, 2 and 3 ticks deep: 4 ticks
    network, ann = small_network("frames"), on_tiles()["ann"]
    assert ann["ticks"] == 4
    # (F7) all on one tile: the host's packets come over the network, the neurons' own stay
    assert ann["sent"] == network.input.size
    senders = [p for p in network.populations if p.kind not in ("input", "readout")]
    assert ann["local"] == sum(p.size for p in senders)


def test_ratios_are_of_one_inference_each() -> None:
    values = on_tiles()
    ann, (row,) = values["ann"], values["energy"]
    assert ann["energy_pj"] == pytest.approx(sum(ann["energy_pj_by_component"].values()))
    assert ann["energy_ratio"] == pytest.approx(row["total_pj"] / SAMPLES / ann["energy_pj"])
    assert ann["latency_ratio"] == pytest.approx(values["totals"]["cycles"] / SAMPLES / ann["cycles"])
    assert values["ann_missing"] is None


def test_where_activations_do_not_fit_there_is_no_ann_and_the_result_says_why() -> None:
    # (F3) 1100 inputs are 138 bytes of bits, twice for what arrives; of constant 8-bit values 1100 once
    chip = load_hardware("mesh-sata").model_dump()
    chip["buffers"]["input"]["capacity_bytes"] = 1024
    network = net([dense("x", "out", np.ones((2, 1100)))], x=1100, out=2)
    work = Workload(network, np.ones((1, 1, 1100), np.float32))
    found = estimate_chip(work, Hardware.model_validate(chip), Mapping(), load_table(TABLE)).as_dict()
    assert found["ann"] is None
    for text in ("input", "1100", "1024"):
        assert text in found["ann_missing"]


def test_of_many_tiles_that_are_too_small_the_first_is_told_and_how_many_more() -> None:
    # (F3) both cores of the two neurons listen to all 1100 inputs
    chip = load_hardware("mesh-sata").model_dump()
    chip["buffers"]["input"]["capacity_bytes"] = 1024
    chip["grid"]["limits"]["neurons"] = 1
    network = net([dense("x", "out", np.ones((2, 1100)))], x=1100, out=2)
    work = Workload(network, np.ones((1, 1, 1100), np.float32))
    found = estimate_chip(work, Hardware.model_validate(chip), Mapping(), load_table(TABLE)).as_dict()
    assert "1100" in found["ann_missing"]
    assert found["ann_missing"].endswith(", and 1 more")


def test_event_driven_cores_have_no_ann_and_say_why() -> None:
    values = example()
    assert values["ann"] is None
    assert values["ann_missing"] == NO_ANN


def test_static_power_is_told_beside_and_in_no_sum() -> None:
    values = example()
    static = values["static_power"]
    # 104.4 mW for 1 ns are 104.4 pJ
    assert static["energy_pj"] == pytest.approx(104.4 * values["totals"]["latency_ns"])
    for row in values["energy"]:
        assert row["energy_pj"]["static"] == 0
        assert row["total_pj"] == pytest.approx(sum(row["energy_pj"].values()))


def test_static_power_that_stands_in_the_rows_is_not_told_again() -> None:
    chip = load_chip("truenorth")
    work = Workload(small_network("frames"), np.ones((1, 2, 4, 4), np.float32))
    values = estimate_chip(work, chip, Mapping(), prices_of("truenorth", 28)).as_dict()
    assert values["static_power"] is None
    # (E10) nor beside rows of another chip that have static power, of which an all-in figure's is 0
    others = estimate_chip(work, load_chip("loihi"), Mapping(), prices_of("truenorth", 28)).as_dict()
    assert others["static_power"] is None
    spent = {row["prices"]: row["energy_pj"]["static"] for row in values["energy"]}
    assert spent["truenorth_all_in"] == 0 < spent["truenorth_marginal"]


def test_published_static_power_is_told_apart_from_a_rows_own() -> None:
    # (E10) loihi_sanafe has none, truenorth_marginal 64.4 mW in its sum
    work = Workload(small_network("frames"), np.ones((1, 2, 4, 4), np.float32))
    rows = load_prices("loihi_sanafe"), load_prices("truenorth_marginal")
    found = estimate_chip(work, load_chip("loihi"), Mapping(), rows)
    assert found.as_dict()["static_power"]["power_mw"] == 104.4
    assert "not in these but truenorth_marginal: 104.4 mW" in str(found)
