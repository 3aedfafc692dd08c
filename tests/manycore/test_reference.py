"""The SimPy reference as an engine: all of a ChipRun, the counts of its network too."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from hwsim.chip.config import load_chip
from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.hardware import load_hardware
from hwsim.manycore.pipeline import cut, run_placed
from hwsim.manycore.reference import run_reference
from hwsim.mapping import Mapping
from tests.examples import small_network

IMAGES = np.random.default_rng(3).random((2, 2, 4, 4)).astype(np.float32)


def narrow(**grid: Any) -> Any:
    """Loihi with cores of 8 neurons, so that the network lies on several."""
    chip = load_chip("loihi")
    limits = chip.grid.limits.model_copy(update={"neurons": 8})
    return chip.model_copy(update={"grid": chip.grid.model_copy(update={"limits": limits} | grid)})


@pytest.mark.parametrize("noc", ["loihi", "booksim"])
def test_both_engines_give_every_field_of_a_run(noc: str) -> None:
    # trees in one network-on-chip, copies in the other or not: (R15) counts of routers, and what trees save
    network, chip = small_network("frames"), narrow(noc=noc)
    trace = execute(network, encode(network, IMAGES))
    fast = run_placed(cut(network, chip, Mapping()), trace, chip)
    slow, emitted = run_reference(fast.sliced, chip, trace.events[network.input.name])
    slow.verify(network, emitted)
    for field in fields(slow):
        found, wanted = getattr(slow, field.name), getattr(fast.run, field.name)
        if field.name == "network":
            for count in fields(wanted):
                assert np.array_equal(getattr(found, count.name), getattr(wanted, count.name)), count.name
        elif field.name == "counts":
            assert all(np.array_equal(found[name], wanted[name]) for name in wanted)
        elif field.name != "trace_id":
            assert np.array_equal(found, wanted), field.name
    assert slow.trace_id == emitted.id


def test_tiles_with_arrays_have_no_such_reference() -> None:
    network, chip = small_network("frames"), load_hardware("mesh-sata")
    trace = execute(network, encode(network, IMAGES))
    with pytest.raises(HwsimError, match=r"allowed on the tiles of mesh-sata: kernel"):
        run_placed(cut(network, chip, Mapping()), trace, chip, engine="reference")
