"""Placements in mapping files: round trips, what is refused, and the shipped one (G1, G2, G7 to G9)."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.caveats import caveats
from hwsim.configuration import save_yaml
from hwsim.cost import load_table
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.hardware import load_hardware
from hwsim.mapping import Mapping, PlacedSlice, load_mapping
from hwsim.pipeline import estimate, workload
from hwsim.place.partition import partition
from hwsim.place.placed import moved, placed, with_placement
from hwsim.place.slices import Sliced, numbered
from hwsim.storage import content_id
from tests.examples import small_network
from tests.place.examples import grid
from tests.random_networks import draw_network


def slices(sliced: Sliced) -> set[tuple[object, ...]]:
    return {(s.population, s.box, s.core) for s in sliced.slices}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_a_placement_comes_back_from_its_file(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = draw_network(rng, int(rng.integers(1, 5)), 2)
    largest = max(p.size for p in network.populations)
    chip = grid(40, 40, neurons=int(rng.integers(max(1, largest // 6), largest + 1)))
    cut = partition(network, chip, 8)
    there = rng.permutation(chip.cores)[: cut.cores]
    sliced = moved(cut, there, chip)
    mapping = with_placement(Mapping(schedule="step_major"), sliced)
    path = tmp_path_factory.mktemp("placed") / "placed.yaml"
    save_yaml(path, mapping)
    found = load_mapping(path)
    assert found == mapping
    assert found.id == mapping.id != Mapping(schedule="step_major").id
    back = placed(found, network, chip, 8)
    assert slices(back) == slices(sliced)
    renumbered, cores = numbered(back)
    assert slices(renumbered) == slices(cut)
    assert (cores == there).all()


SMALL = {"a": [(0, 47, 0)], "pool": [(0, 11, 1)], "out": [(0, 4, 1)]}


def small(**changed: list[tuple[int, int, int]]) -> Mapping:
    """Placement of the small network: a (3, 4, 4), pool (3, 2, 2), out (5,)."""
    entries = {name: pieces for name, pieces in (SMALL | changed).items() if pieces}
    return Mapping(
        placement={
            name: [PlacedSlice(first=a, last=b, core=c) for a, b, c in pieces]
            for name, pieces in entries.items()
        }
    )


def test_slices_of_rows_and_of_channels_cover_a_population() -> None:
    # (G2) a: channels 0 and 1 in two halves of 8 positions, channel 2 whole. Corners 0 and 23: channels
    # 0 to 1, positions 0 to 7
    mapping = small(a=[(0, 23, 0), (8, 31, 2), (32, 47, 3)])
    sizes = [s.box.size for s in placed(mapping, small_network(), grid(), 8).of_population["a"]]
    assert sizes == [16, 16, 16]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"a": [(0, 48, 0)]}, r"placement\.a\.0: last: found neuron 48, allowed 0 to 47"),
        ({"a": [(0, 47, 16)]}, r"placement\.a\.0: core: found 16, allowed 0 to 15"),
        ({"a": [(0, 31, 0)]}, r"'a': 16 of 48 neurons lie on no core or on several; the first is 32, on 0"),
        ({"a": [(0, 47, 0), (0, 0, 1)]}, r"'a': 1 of 48 neurons .* the first is 0, on 2"),
        ({"a": [(0, 31, 0), (32, 47, 0)]}, r"placement\.a\.1: core 0 has a slice of this population already"),
        ({"a": [(7, 16, 0)]}, r"first 7 is channel 0, position 7; last 16 is channel 1, position 0"),
        ({"pool": []}, r"'pool': 12 of 12 neurons lie on no core"),
        ({"in": [(0, 31, 0)]}, r"'in' is the input, which comes from the host"),
        ({"b": [(0, 1, 0)]}, r"no population 'b'"),
    ],
    ids=str,
)
def test_a_placement_that_is_none_is_refused(
    changed: dict[str, list[tuple[int, int, int]]], message: str
) -> None:
    with pytest.raises(HwsimError, match=message):
        placed(small(**changed), small_network(), grid(), 8)


def test_a_full_core_is_named_with_the_limit_and_the_excess() -> None:
    # (G7) pool and out on core 1: 12 + 5 neurons; the 48 of a on core 0 are 8 more than 40
    network, mapping = small_network(), small()
    placed(mapping, network, grid(neurons=48), 8)
    with pytest.raises(HwsimError) as caught:
        placed(mapping, network, grid(neurons=40), 8)
    assert str(caught.value) == "core 0 with 'a': neurons: found 48, allowed 40: 8 too many"
    with pytest.raises(
        HwsimError, match=r"core 1 with 'pool', 'out': axons_in: found 60, allowed 50: 10 too"
    ):
        placed(mapping, network, grid(axons_in=50), 8)


def test_a_mapping_without_a_placement_keeps_its_identity() -> None:
    # it hashes the fields that there were before there were placements
    before = Mapping().model_dump(exclude={"placement"})
    assert Mapping().id == content_id("mapping", before)
    assert small().id != Mapping().id


def test_a_population_named_by_a_number_can_be_placed(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("placement: {4: [{first: 0, last: 1, core: 2}]}\n", encoding="utf-8")
    assert load_mapping(path).placement == {"4": [PlacedSlice(first=0, last=1, core=2)]}


def test_an_estimate_says_that_it_is_of_one_tile() -> None:
    (told,) = (c for c in caveats(load_table("sata_kernels"), load_hardware("mesh-sata")) if "tiles" in c)
    assert told == "the chip has 16 tiles; these are the costs of running all on one"
    network = small_network("frames")
    work = workload(network, np.ones((1, *network.input.shape), np.float32), network.timesteps)
    with pytest.warns(HwsimWarning, match="the mapping's placement is not heeded"):
        estimate(work, load_hardware("mesh-sata"), small(), load_table("sata_kernels"))
