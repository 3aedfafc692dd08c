"""``hwsim map``: a network onto the cores of a chip; what it prints and writes."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from hwsim.chip.config import weight_bits_of
from hwsim.configuration import save_yaml
from hwsim.delivery import output_directory, progress_bars, say
from hwsim.errors import HwsimError, nearest
from hwsim.execute.executor import encode, execute
from hwsim.grid import LIMITS, Grid
from hwsim.manycore.chips import open_chip
from hwsim.mapping import Mapping, load_mapping
from hwsim.network import Network
from hwsim.pipeline import Progress
from hwsim.place.loads import loads
from hwsim.place.metrics import Metrics, Objective, Problem
from hwsim.place.partition import partition
from hwsim.place.placed import moved, placed, with_placement
from hwsim.place.run import Placement, best, check_algorithm, run
from hwsim.place.slices import Sliced, numbered
from hwsim.place.traffic import traffic
from hwsim.report import console, placement_console
from hwsim.storage import check_apart
from hwsim.words import weight_bits
from hwsim.workloads import WorkloadSpec

SAMPLES = 8
"""Inputs whose spikes are the traffic, if not told how many."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be placed how; everything is read and checked before the model is opened."""

    hardware: str
    grid: Grid
    weight_bits: int
    mapping: Mapping
    mapping_file: Path | None
    algorithms: tuple[str, ...]
    objective: Objective
    seed: int
    moves: int | None
    output: Path | None
    picture: Path | None

    @staticmethod
    def of(
        hardware: str,
        mapping: Path | None,
        algorithm: str,
        objective: str,
        seed: int,
        moves: int | None,
        output: Path | None,
        picture: Path | None,
    ) -> "Asked":
        chip = open_chip(hardware)
        if chip.grid is None:
            raise HwsimError(f"{hardware}: the chip is one tile: it has no grid to place a network on")
        if objective not in get_args(Objective):
            raise HwsimError(f"--objective {objective!r}.{nearest(objective, list(get_args(Objective)))}")
        for path, name, endings in (
            (output, "--output", (".yaml", ".yml")),
            (picture, "--picture", (".svg", ".png")),
        ):
            if path is not None:
                if path.suffix not in endings:
                    raise HwsimError(f"{name} {path}: its name must end in {' or '.join(endings)}")
                output_directory(str(path.parent))
        of_file = Path(hardware) if Path(hardware).suffix in (".yaml", ".yml") else None
        check_apart(hardware=of_file, output=output)
        chosen: Any = objective
        base = load_mapping(mapping) if mapping else Mapping()
        bits = weight_bits_of(chip)
        return Asked(
            chip.name, chip.grid, bits, base, mapping, check_algorithm(algorithm), chosen, seed, moves,
            output, picture,
        )  # fmt: skip


def place(spec: WorkloadSpec, asked: Asked, as_json: bool) -> None:
    """Run the model, place it, print every placement's costs, write the best one.

    Raises HwsimError for a network that the cores' limits do not allow.
    """
    with progress_bars() as progress:
        work, _ = spec.workload(SAMPLES, progress)
        made = make(work.network, work.inputs, asked, progress)
    if asked.output is not None:
        save_yaml(asked.output, with_placement(asked.mapping, made.chosen))
    if asked.picture is not None:
        draw(asked.picture, made)
    values = made.as_dict()
    if as_json:
        say(json.dumps(values, indent=1, allow_nan=False))
        return
    placement_console.show_placements(values, console.terminal())
    for path in (asked.output, asked.picture):
        if path is not None:
            say(f"written: {path}")


@dataclass(frozen=True, eq=False)
class Made:
    """A network's slices, their traffic and the placements that were found.

    ``weight_bits``: of a stored weight, the network's own where it is quantized (W10).
    """

    asked: Asked
    weight_bits: int
    sliced: Sliced
    problem: Problem
    found: list[Placement]
    seconds: dict[str, float]

    @property
    def best(self) -> Placement:
        return best(self.found, self.asked.objective)

    @property
    def chosen(self) -> Sliced:
        """The slices on the grid's cores, by the best placement."""
        return moved(self.sliced, self.best.place, self.asked.grid)

    def as_dict(self) -> dict[str, Any]:
        """Numbers of one sample, but for ``flows`` and what cores hold."""
        grid, traffic = self.asked.grid, self.problem.traffic
        held = loads(self.sliced, grid.limits.shared_weights, self.weight_bits)
        limits = {
            name: {"most": int(held.of(name).max()), "allowed": getattr(grid.limits, name)} for name in LIMITS
        }
        return {
            "network": self.sliced.network.name,
            "hardware": self.asked.hardware,
            "notes": self.sliced.network.notes,
            "cores": {"used": self.sliced.cores, "of": grid.cores},
            "slices": len(self.sliced.slices),
            "limits": limits,
            "samples": traffic.samples,
            "flows": traffic.flows,
            "spikes_sent": int(traffic.spikes.sum()) / traffic.samples,
            "objective": self.asked.objective,
            "seed": self.asked.seed,
            "energy_of": grid.hop_energy.name,
            "multicast": grid.network.multicast,
            "cpu_seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "placements": [
                {"algorithm": p.algorithm, **per_sample(p.metrics, traffic.samples), "cpu_seconds": p.seconds}
                for p in self.found
            ],
            "chosen": self.best.algorithm,
        }


def per_sample(metrics: Metrics, samples: int) -> dict[str, float]:
    return {
        "packets": metrics.packets / samples,
        "spike_hops": metrics.spike_hops / samples,
        "max_link_load": metrics.max_link_load / samples,
        "energy_pj": metrics.energy_pj / samples,
    }


def make(network: Network, inputs: Any, asked: Asked, progress: Progress) -> Made:
    """Slices, traffic from a run on ``inputs``, and placements of the asked algorithms."""
    bits, seconds = weight_bits(network) or asked.weight_bits, {}
    begun = time.thread_time()
    given = None
    if asked.mapping.placement:
        sliced, given = numbered(placed(asked.mapping, network, asked.grid, bits, asked.mapping_file))
    else:
        sliced = partition(network, asked.grid, bits, lambda d, n: progress("partition", d, n))
    seconds["partition"] = time.thread_time() - begun
    encoded = encode(network, inputs)
    trace = execute(network, encoded, lambda d, n: progress("execute", d, n))
    begun = time.thread_time()
    sent = traffic(sliced, trace, asked.grid.spikes_per_packet, lambda d, n: progress("traffic", d, n))
    seconds["traffic"] = time.thread_time() - begun
    problem = Problem.of(sent, asked.grid)
    found = run(problem, asked.algorithms, asked.objective, asked.seed, asked.moves, progress, given)
    return Made(asked, bits, sliced, problem, found, seconds)


def draw(path: Path, made: Made) -> None:
    """Draw the best placement, a .svg or .png file."""
    from hwsim.report import placement

    chosen, problem, grid = made.best, made.problem, made.asked.grid
    router = problem.layout.router
    sent = np.zeros(grid.routers, np.int64)
    traffic = problem.traffic
    own = traffic.source >= 0
    np.add.at(sent, router[chosen.place[traffic.source[own]]], traffic.packets[own])
    names: list[list[str]] = [[] for _ in range(grid.routers)]
    for piece in made.chosen.slices:
        on = names[router[piece.core]]
        if piece.population not in on:
            on.append(piece.population)
    title = (
        f"{made.sliced.network.name} on {made.asked.hardware}, {chosen.algorithm}: "
        f"{chosen.metrics.spike_hops / traffic.samples:,.0f} spike hops a sample"
    )
    placement.draw(
        path, title, grid.network.width, problem.link_loads(chosen.place), sent,
        ["\n".join(on) for on in names], traffic.samples,
    )  # fmt: skip
