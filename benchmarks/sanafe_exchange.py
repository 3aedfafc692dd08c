"""A sliced network as a file of neurons and synapses for SANA-FE, and what SANA-FE says of it.

A net that both can run is an integer network of lif populations without current, refractory steps or
adaptation; 1 of its integers is 1/64 in SANA-FE, which truncates membranes to multiples of that.
"""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.chip.ticks import ticks_of
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.geometry import output_taps
from hwsim.grid import Grid
from hwsim.network import Network, Population, Projection
from hwsim.place.slices import Sliced

PYTHON = Path(".venv-sanafe/bin/python")
SCRIPT = Path(__file__).with_name("sanafe_net.py")
SCALE = 64
"""SANA-FE's membranes are multiples of 1/SCALE."""

PJ = 1e-12
PRICES = {
    "dense": 35.5 * PJ, "conv2d": 24.0 * PJ, "access": 51.2 * PJ, "update": 21.6 * PJ, "fire": 69.3 * PJ,
    "message": 111.0 * PJ, "hop_x": 3.0 * PJ, "hop_y": 4.2 * PJ,
}  # fmt: skip
"""J of each action, as SANA-FE's file of Loihi has them."""

Array = NDArray[Any]
Synapses = tuple[Array, Array, Array]


def synapses(network: Network, projection: Projection) -> Synapses:
    """Every connection in bounds, weights of zero too: source neuron, target neuron, weight."""
    source, target = network.population[projection.source], network.population[projection.target]
    if projection.kind == "dense":
        to, of = np.indices((target.size, source.size)).reshape(2, -1)
        assert projection.weights is not None
        return of, to, projection.weights.ravel()
    if projection.kind != "conv2d" or projection.groups != 1:
        raise HwsimError(f"projection {projection.name!r}: a {projection.kind} is not handed to SANA-FE")
    return _conv(projection, source, target)


def _conv(p: Projection, source: Population, target: Population) -> Synapses:
    """Source row y and kernel row k meet in output row (y + padding - k) / stride, where there is one."""
    axes = zip(source.plane, p.kernel, p.stride, p.padding, target.plane, strict=True)
    (y, ky, oy), (x, kx, ox) = (_met(output_taps(*axis)) for axis in axes)
    assert p.weights is not None
    d, c, row, column = (
        a.ravel() for a in np.indices((target.channels, source.channels, len(y), len(x)), np.int32)
    )
    of = (c * source.plane[0] + y[row]) * source.plane[1] + x[column]
    to = (d * target.plane[0] + oy[row]) * target.plane[1] + ox[column]
    return of, to, p.weights[d, c, ky[row], kx[column]]


def _met(taps: Array) -> tuple[Array, Array, Array]:
    at, k = np.nonzero(taps >= 0)
    return at, k, taps[at, k]


@dataclass(frozen=True)
class Case:
    """A network on cores, the events of one sample, and in which tick of hwsim SANA-FE's first step falls.

    Frames are a bias of the neurons that take them, from ``first_tick`` 1 on; spikes are given to input
    neurons at router 0. Both run ``network.timesteps`` steps: hwsim's ticks ``first_tick`` and following.
    """

    name: str
    sliced: Sliced
    trace: EventTrace
    grid: Grid

    @property
    def network(self) -> Network:
        return self.sliced.network

    @property
    def first_tick(self) -> int:
        return int(self.network.coding == "frames")

    def depth(self, name: str) -> int:
        """The step of SANA-FE in which step 0 of a population runs."""
        return ticks_of(self.network).depth[name] - self.first_tick

    @property
    def handed(self) -> list[Population]:
        """The populations that SANA-FE has: the input only if it spikes."""
        return [p for p in self.network.populations if p.kind != "input" or not self.first_tick]

    @property
    def projections(self) -> list[Projection]:
        names = {p.name for p in self.handed}
        return [p for p in self.network.projections if p.source in names]

    def bias(self, population: Population) -> Array:
        """What frames add to each neuron in every step, by identity projections."""
        bias = np.zeros(population.size, np.int64)
        if self.first_tick:
            frame = self.trace.events[self.network.input.name].dense(self.network.input.size)[0, 0]
            for p in self.network.into(population.name):
                if p.source == self.network.input.name:
                    assert p.kind == "identity"
                    bias += frame.astype(np.int64)
        return bias

    def spikes(self, name: str) -> Array:
        """Whether each neuron fired, (steps, neurons)."""
        size = self.network.population[name].size
        fired: Array = self.trace.events[name].dense(size)[0].astype(np.bool_)
        return fired

    def core_of(self, population: Population) -> Array:
        """SANA-FE's core of each neuron: tiles are numbered down the columns, inputs lie on the first."""
        each = self.grid.cores_per_router
        if population.kind == "input":
            return np.sort(np.arange(population.size) % each)
        places = np.zeros((population.channels, population.plane[0] * population.plane[1]), np.int64)
        for s in self.sliced.of_population[population.name]:
            places[s.box.c0 : s.box.c1 + 1, s.box.p0 : s.box.p1 + 1] = s.core
        router, offset = np.divmod(places.ravel(), each)
        y, x = np.divmod(router, self.grid.network.width)
        core: Array = (x * self.grid.network.height + y) * each + offset
        return core


def save(case: Case, path: Path, seconds: dict[str, float]) -> None:
    """The case as SANA-FE's script reads it; ``seconds`` that each action takes."""
    arrays: dict[str, Array] = {}
    populations = []
    for i, p in enumerate(case.handed):
        arrays[f"p{i}.core"] = case.core_of(p)
        about: dict[str, Any] = {"name": p.name, "size": p.size, "kind": p.kind}
        if p.kind == "input":
            arrays[f"p{i}.spikes"] = case.spikes(p.name)
        else:
            _check(p)
            arrays[f"p{i}.bias"] = case.bias(p) / SCALE
            reset = {"zero": "hard", "subtract": "soft"}[p.reset]
            about |= {"threshold": p.threshold / SCALE, "decay": p.decay, "reset": reset}
        populations.append(about)
    for i, q in enumerate(case.projections):
        of, to, weight = synapses(case.network, q)
        arrays |= {f"q{i}.source": of, f"q{i}.target": to, f"q{i}.weight": weight / SCALE}
    header = {
        "populations": populations,
        "projections": [{"source": q.source, "target": q.target, "kind": q.kind} for q in case.projections],
        "width": case.grid.network.width,
        "height": case.grid.network.height,
        "cores_per_tile": case.grid.cores_per_router,
        "steps": case.network.timesteps,
        "prices": PRICES,
        "seconds": seconds,
    }
    np.savez(path, header=np.array(json.dumps(header)), **arrays)  # type: ignore[arg-type]


def _check(p: Population) -> None:
    """Raises HwsimError for a neuron that SANA-FE's integrate-and-fire is not."""
    wanted = {"kind": "lif", "leak": "decay", "compare": ">", "gain": 1.0, "initial": 0.0, "refractory": 0}
    odd = [name for name, value in wanted.items() if getattr(p, name) != value]
    if odd or p.reset == "value" or p.vectors or p.has_current or p.multispike or p.delayed_reset:
        raise HwsimError(f"population {p.name!r}: SANA-FE has no such neuron: {odd}")


def ask(case: Case, model: str, mode: str, seconds: dict[str, float]) -> dict[str, Any]:
    """What benchmarks/sanafe_net.py prints of the case."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net.npz")
        save(case, path, seconds)
        command = [str(PYTHON), str(SCRIPT), str(path), model, mode]
        told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    answer: dict[str, Any] = json.loads(told.stdout.strip().splitlines()[-1])
    return answer
