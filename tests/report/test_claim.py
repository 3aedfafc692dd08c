"""The paragraph of an estimate that can be cited."""

from typing import Any

import numpy as np
import pytest

from hwsim.cost import load_table
from hwsim.hardware import load_hardware
from hwsim.mapping import Mapping
from hwsim.pipeline import Workload, estimate
from hwsim.report.claim import claim
from tests.examples import small_network


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    network = small_network(timesteps=2)
    inputs = np.ones((3, 2, *network.input.shape), np.float32)
    work = Workload(network, inputs, np.zeros(3, np.int64))
    return estimate(work, load_hardware("sata"), Mapping(), load_table("sata_kernels")).as_dict()


def test_a_claim_names_chip_table_timesteps_batch_samples_and_version(values: dict[str, Any]) -> None:
    made = values["provenance"]
    told = claim(values)
    for part in (
        f"network {values['model']['id']}, T = 2",
        f"on sata (hardware {made['hardware']}, 28 nm, 400 MHz, 8-bit weights; schedule layer_major",
        "3 samples, each alone from empty buffers",
        "Energies are of table sata_kernels (28 nm)",
        f"hwsim {made['hwsim']}, engine kernel",
    ):
        assert part in told


def test_a_claim_says_in_which_mini_batches(values: dict[str, Any]) -> None:
    batched = values | {"mapping": values["mapping"] | {"batch": 3}}
    assert "in mini-batches of 3, each from empty buffers" in claim(batched)


def test_an_accuracy_that_is_not_known_is_called_unknown(values: dict[str, Any]) -> None:
    assert "Accuracy: unknown." in claim(values | {"accuracy": None})


def test_a_claim_says_whether_tables_agree_on_the_ann(values: dict[str, Any]) -> None:
    sensitivity = values["sensitivity"] | {"flips": True}
    assert "tables disagree on which costs less" in claim(values | {"sensitivity": sensitivity})
    assert "ANN" not in claim(values | {"ann": None})


def test_a_claim_is_one_line_whatever_the_names_are(values: dict[str, Any]) -> None:
    named = values | {"model": values["model"] | {"name": "a\nb\x1b[31m"}}
    told = claim(named)
    assert "\n" not in told
    assert "\x1b" not in told
