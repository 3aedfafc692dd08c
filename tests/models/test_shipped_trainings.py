"""The networks that share LIF states and ship trained: they execute as PyTorch does, and compare says so."""

import json

import pytest

import hwsim
from hwsim import zoo
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.methods.train import CARD
from hwsim.workloads import WorkloadSpec

SCHEMES = ("none", "L", "C2", "C4", "L+C2")
NAMES = [f"fashion-resnet19-{scheme}" for scheme in SCHEMES]
SAMPLES = 4

KEPT = {"none": 11_776, "L": 5_376, "C2": 5_888, "C4": 2_944, "L+C2": 2_688}
"""State words: the stem's 8 x 16 x 16, and in stages of 3, 3 and 2 blocks two LIFs a block of 16 x 8 x 8,
32 x 4 x 4 and 32 x 2 x 2: 2,048 + 6 (1,024) + 6 (512) + 4 (128). [L] keeps the stem's and two a stage,
[C#N] an N-th."""


def test_every_scheme_ships() -> None:
    assert set(NAMES) <= set(zoo.trainings())


@pytest.mark.parametrize("name", NAMES)
def test_a_trained_sharing_net_spikes_as_pytorch_does(name: str) -> None:
    work, _ = WorkloadSpec(name, samples=SAMPLES).workload(SAMPLES)
    trace = execute(work.network, encode(work.network, work.inputs))
    assert work.reference is not None
    assert agree(work.network, trace, work.reference).trusted
    assert work.network.state_words == KEPT[name.removeprefix("fashion-resnet19-")]


@pytest.mark.slow
def test_comparing_them_tells_the_accuracy_of_each_card_and_the_states_that_sharing_leaves() -> None:
    names = [f"fashion-resnet19-{scheme}" for scheme in ("none", "L+C2")]
    rows = hwsim.compare(*names).rows()
    cards = [json.loads((zoo.trainings()[n] / CARD).read_text(encoding="utf-8")) for n in names]
    assert [row["model"] for row in rows] == names
    assert [row["accuracy"] for row in rows] == [card["test_accuracy"] for card in cards]
    assert [row["lif"]["memory_bytes"] for row in rows] == [2 * KEPT["none"], 2 * KEPT["L+C2"]]
