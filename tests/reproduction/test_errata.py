"""Errors of the papers: each number of the evidence, and that no evidence is empty."""

import numpy as np
import pytest
import torch

from hwsim.nn import LIF, arctan
from hwsim.reproduction.errata import ERRATA, Erratum
from hwsim.reproduction.evidence import highest_plif, reversal


def found(where: str) -> dict[str, float]:
    (one,) = [e for e in ERRATA if e.where == where]
    return one.found()


@pytest.mark.parametrize("erratum", ERRATA, ids=lambda e: f"{e.paper}: {e.where}")
def test_the_evidence_is_told_with_its_numbers(erratum: Erratum) -> None:
    told = erratum.told()
    assert told
    assert "{" not in told
    assert "nan" not in told


def test_the_tables_of_efficientlif_mix_two_networks() -> None:
    numbers = found("Table I, VGG16")
    assert numbers["base256"] == 473_088 * 4 / 2**20
    assert numbers["L128"] == 321_536 * 4 / 2**20
    assert (round(numbers["L256"], 3), round(numbers["base128"], 3)) == (1.352, 1.555)


def test_the_backward_memory_of_n_caltech_needs_ten_steps() -> None:
    numbers = found("Table I, N-Caltech101")
    assert round(numbers["vgg_t"]) == round(numbers["resnet_t"]) == 10


def test_the_printed_digits_that_do_not_round() -> None:
    numbers = found("Table I, L+C#2 and C#2")
    assert [round(v, 2) for v in numbers.values()] == [0.61, 2.45, 3.23]


def test_resnet19s_printed_memory_is_that_of_wider_stages() -> None:
    assert found("Public code, ResNet19") == {"code": 1.75, "needed": 2.875}


def test_membranes_computed_back_in_float32_lose_a_factor_of_four_a_step() -> None:
    errors = {steps: reversal(steps) for steps in (5, 10, 15)}
    for few, more in ((5, 10), (10, 15)):
        assert errors[more] / errors[few] == pytest.approx(4**5, rel=0.7)
    assert errors[15] > 1
    assert reversal(15, 0.9) < 1e-5


def test_the_slope_of_the_width_is_that_of_finite_differences() -> None:
    numbers = found("dH/dalpha of clip")
    assert numbers["numeric"] == pytest.approx(numbers["ours"], rel=1e-6)
    assert numbers["slip"] != pytest.approx(numbers["numeric"], rel=0.5)


def test_a_threshold_of_zero_fires_without_input_and_a_mean_of_spikes_never_reaches_one() -> None:
    above_a_threshold_of_zero = torch.zeros(3)  # of membranes at rest
    assert arctan(above_a_threshold_of_zero, True).tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="must be positive"):
        LIF(decay=0.5, threshold=0.0, reset="zero")
    assert highest_plif(8) == 1 - 2.0**-8
    assert highest_plif(5, 1 / 34) < 0.15
    assert np.isclose(found("Text, tau")["v"], 1 - (33 / 34) ** 5)


def test_what_other_numbers_come_to() -> None:
    assert round(found("B.5")["ratio"], 1) == 4.1
    assert found("Table 3, ResNet11-Lee, C = 16") == {"count": 1_164_828}
    assert found("Neurons per HWC of SIB_k3") == {"e1": 8.1875, "e3": 16.6875, "scb": 6.4375}
    assert round(found("Fig. 1")["five"], 1) == 53.6
    assert round(found("Fig. 1")["one"], 1) == 57.5
    assert {k: round(v, 2) for k, v in found("Fig. 9").items()} == {"kept": 5.04, "bitmap": 3.11}
    assert found("Figure of the skeleton")["code"] == 44_686_180
    energy = found("B.2, 8.96 % of the ANN's energy")
    assert energy["once"] == pytest.approx(8.96, abs=0.005)
    assert energy["each"] == pytest.approx(8.96, abs=0.02)
