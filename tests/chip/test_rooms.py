"""What a tile must hold, byte by byte, and what is refused (F1, F3)."""

from dataclasses import replace
from typing import Any

import pytest

from hwsim.chip.config import Chip
from hwsim.chip.loop import run_chip
from hwsim.errors import HwsimError
from hwsim.place.slices import Sliced
from tests.chip.examples import chip as event_cores
from tests.chip.examples import fired, net, on_cores
from tests.chip.test_tiles import boxes, row
from tests.chip.tiles import TICKS, tiles
from tests.examples import all_silent, chip
from tests.place.examples import grid


def two_tiles(delay: int = 0) -> Sliced:
    """in (3) - a (5, tile 0) - out (1, tile 1)."""
    network = net({"in": 3, "a": 5, "out": 1}, [("in", "a", delay), ("a", "out", 0)], timesteps=4)
    return on_cores(network, {"a": [(0, 4, 0)], "out": [(0, 0, 1)]})


def runs(sliced: Sliced, **parts: Any) -> None:
    run_chip(sliced, all_silent(sliced.network), tiles(**parts))


@pytest.mark.parametrize(
    ("operand", "field", "needed", "buffer"),
    [
        # 15 weights of 8 bits, in the whole of a double buffer
        ("weights", "weight", 15, "weight"),
        # 5 states of 16 bits
        ("states", "membrane", 10, "membrane"),
        # 3 bits are a byte, which is there twice
        ("maps", "inputs", 2, "input"),
    ],
)
def test_a_tile_holds_just_what_fits(operand: str, field: str, needed: int, buffer: str) -> None:
    runs(two_tiles(), **{field: needed})
    with pytest.raises(
        HwsimError,
        match=rf"tile 0: {operand}: found {needed} bytes, allowed {needed - 1} of buffers\.{buffer}(\n|$)",
    ):
        runs(two_tiles(), **{field: needed - 1})


@pytest.mark.parametrize(("delay", "double", "needed"), [(0, False, 1), (2, False, 2), (2, True, 3)])
def test_maps_that_wait_are_there_several_times(delay: int, double: bool, needed: int) -> None:
    # a takes what came 1 tick before, with a delay 2 ticks before; a map is a byte. out takes 5 bits
    runs(two_tiles(delay), inputs=needed, double=double)
    if needed > 1:
        with pytest.raises(HwsimError, match=rf"maps: found {needed} bytes, allowed {needed - 1}"):
            runs(two_tiles(delay), inputs=needed - 1, double=double)


def test_a_map_that_stays_the_same_is_there_once() -> None:
    # 8-bit frames of 3 values
    spikes = two_tiles()
    frames = Sliced(replace(spikes.network, coding="frames"), spikes.slices, 2)
    runs(frames, inputs=3)
    with pytest.raises(HwsimError, match="tile 0: maps: found 3 bytes, allowed 2"):
        runs(frames, inputs=2)


def test_a_tile_has_the_part_of_a_map_that_it_listens_to() -> None:
    network = row()
    with pytest.raises(HwsimError, match="tile 0: maps: found 2 bytes, allowed 1") as caught:
        runs(boxes(network, (0, 1, 0, 2, 0), (0, 1, 3, 3, 1)), inputs=1, double=False)
    # tile 0: 3 positions of the input and, for out, all 8 neurons of a, a byte each; tile 1: one position
    assert "tile 1" not in str(caught.value)


def test_partial_sums_have_a_buffer_of_their_own() -> None:
    # (P6) 3 inputs on 2 rows are two K-tiles; a job's 2 channels at one position are 4 bytes
    ws = {"dataflow": "ws", "partial_sum": 4}
    runs(two_tiles(), **ws)
    with pytest.raises(HwsimError, match=r"tile 0: partial sums: found 4 bytes, allowed 3 of buffers\.part"):
        runs(two_tiles(), **ws | {"partial_sum": 3})


def test_a_chip_without_ticks_or_grid_is_refused() -> None:
    sliced = two_tiles()
    trace = fired(sliced.network, {})
    with pytest.raises(HwsimError, match=r"hardware 'test' has no grid\.ticks"):
        run_chip(sliced, trace, chip(membrane=1024).model_copy(update={"grid": grid(2, 1)}))
    with pytest.raises(HwsimError, match="hardware 'test' has no grid of tiles"):
        run_chip(sliced, trace, chip())


def test_event_driven_cores_have_their_own_cycles() -> None:
    values = event_cores().model_dump()
    values["grid"]["ticks"] = TICKS
    with pytest.raises(ValueError, match="event-driven cores have them in core"):
        Chip.model_validate(values)


def test_clocks_of_tiles_are_a_ratio_of_whole_numbers() -> None:
    values = tiles().model_dump() | {"clock_hz": 10**12}
    values["grid"]["ticks"] = TICKS | {"noc_clock_hz": 10**11 + 1}
    values["dram"] = {"bandwidth_bytes_per_s": 10**12, "burst_bytes": 1}
    with pytest.raises(ValueError, match="a term of their ratio is more than"):
        type(tiles()).model_validate(values)


def test_shared_states_are_refused() -> None:
    sliced = two_tiles()
    a = replace(sliced.network.population["a"], state_group="s")
    populations = tuple(a if p.name == "a" else p for p in sliced.network.populations)
    network = replace(sliced.network, populations=populations)
    with pytest.raises(HwsimError, match="population 'a' shares its states"):
        run_chip(Sliced(network, sliced.slices, 2), fired(network, {}), tiles())
