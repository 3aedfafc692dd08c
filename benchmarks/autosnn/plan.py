"""The trainings behind reports/autosnn: what is trained, with which seeds, each a TrainSpec by name.

Small on purpose: 8 channels, 4 steps, 3,000 images of 16 x 16 and four epochs, so that one core trains all
of it in about an hour. Numbers are to be compared with each other, not with the paper's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwsim.methods.spike_aware.evolution import Architecture

SEEDS = (0, 1)
MACROS = ("snn1", "snn2", "snn3", "snn4")
BLOCKS = ("scb3", "srb3")
CHOICES = ("skip", "scb3", "scb5", "srb3", "srb5")
PLACES = {"base": 5, "relu": 5, "snn3": 8, "deep": 8}
"""Blocks of each supernet."""
RANDOM = 16
"""Architectures of the search space that are trained from scratch."""
LAMBDAS = ("0", "-0.08", "-0.16", "-0.24")
HAND_MADE = ("cifarnet-fang", "cifarnet-wu", "resnet11-lee", "resnet19-zheng")
POOLED = ("snn2", "snn4", *HAND_MADE[1:])
"""Networks with neurons behind average pools, which at a threshold of 1 never fire."""
REACHABLE = "pool_threshold=0.5"
PENALIZED = ("scb3", "srb3", "sib3e1")
PENALTIES = (0.01, 0.1)
TIMESTEPS = (4, 8, 16)
LONG = 12
"""Epochs of the macro architectures that are trained longer."""
SEARCH_SEEDS = (0, 1)
METHODS = ("evolution", "random")
LARGER = {"snn3": ("-0.04", "-0.08"), "deep": ("-0.08", "-0.16")}
"""The exponents of Table 6."""
SUPERNETS = {"base": (24, ()), "relu": (24, ("neuron=relu",)), "snn3": (16, ("space=snn3",)),
             "deep": (16, ("space=snn1_deep",))}  # fmt: skip
"""Epochs and settings."""

Values = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One training: a row of a table (``group``) at one seed. ``values`` are a TrainSpec's."""

    group: str
    row: str
    seed: int
    values: Values

    @property
    def name(self) -> str:
        return f"{self.group}_{self.row}_{self.seed}"

    def directory(self, store: Path) -> Path:
        return store / self.name


@dataclass(frozen=True)
class Search:
    """A search of a supernet (``space``) by ``method`` evolution or random, for accuracy *
    (spikes / mean)^exponent."""

    space: str
    method: str
    exponent: str
    seed: int

    @property
    def name(self) -> str:
        return f"search_{self.space}_{self.method}_{self.exponent}_{self.seed}"

    def path(self, store: Path) -> Path:
        return store / f"{self.name}.json"


SMALL: Values = {
    "train_samples": 3_000, "test_samples": 2_000, "epochs": 4, "batch": 25, "loss": "mse",
    "optimizer": "adam", "rate": 4e-3, "weight_decay": 0.0, "timesteps": 4, "surrogate": "arctan",
}  # fmt: skip
"""arctan is the surrogate of the paper's code; its Eq. 10 has the wider 1 / (1 + x^2)."""


def small(model: str, *settings: str, **others: Any) -> Values:
    pooled = (REACHABLE,) if model in POOLED and not any("pool_threshold" in s for s in settings) else ()
    return SMALL | {"model": f"autosnn/{model}", "settings": ["channels=8", *settings, *pooled]} | others


def macros(block: str, seed: int) -> Iterator[Run]:
    """Tables 1 and 8."""
    for macro in MACROS:
        yield Run("macro", f"{macro}-{block}", seed, small(macro, f"block={block}"))


def longer() -> Iterator[Run]:
    """Table 1 again with more epochs."""
    for macro in MACROS:
        yield Run("long", f"{macro}-scb3", 0, small(macro, "block=scb3", epochs=LONG))


def causes() -> Iterator[Run]:
    """One number of a training changed: the threshold behind average pools as the paper has it, and the
    surrogate of its Eq. 10."""
    for macro in ("snn2", "snn4"):
        yield Run("causes", f"{macro}-threshold-1", 0, small(macro, "block=scb3", "pool_threshold=1.0"))
    yield Run("causes", "snn1-cauchy", 0, small("snn1", "block=scb3") | {"surrogate": None})


def supernet(name: str) -> Run:
    """A network of shared weights that is searched; of ReLUs an ANN of one step."""
    epochs, settings = SUPERNETS[name]
    values = small("supernet", *settings, epochs=epochs)
    return Run("supernet", name, 0, values | ({"timesteps": 1, "surrogate": None} if name == "relu" else {}))


def drawn(count: int = RANDOM) -> list[Architecture]:
    """Different architectures of the search space, always the same."""
    rng, found = np.random.default_rng(0), dict[Architecture, None]()
    while len(found) < count:
        found[tuple(CHOICES[n] for n in rng.integers(len(CHOICES), size=PLACES["base"]))] = None
    return list(found)


def blocks(architecture: Architecture) -> str:
    return f"block={','.join(architecture)}"


def at_random() -> Iterator[Run]:
    """Fig. 4 and the random sampling of Table 5."""
    for architecture in drawn():
        yield Run("random", "-".join(architecture), 0, small("snn1", blocks(architecture)))


def searched(seed: int) -> Iterator[Run]:
    """The paper's four networks (Table 2)."""
    for exponent in LAMBDAS:
        yield Run("searched", exponent, seed, small("searched", f"fitness_lambda={exponent}"))


def hand_made(seed: int) -> Iterator[Run]:
    """Table 3 at the same channels and the same training."""
    for name in HAND_MADE:
        yield Run("hand", name, seed, small(name))


def penalized() -> Iterator[Run]:
    """Tables 9 and 10; SCB and SRB without a penalty are in the first table."""
    yield Run("penalty", "sib3e1-0", 0, small("snn1", "block=sib3e1"))
    for block in PENALIZED:
        for factor in PENALTIES:
            values = small("snn1", f"block={block}", spike_penalty=factor)
            yield Run("penalty", f"{block}-{factor:g}", 0, values)


def over_time(timesteps: int) -> Iterator[Run]:
    """Fig. 5; 4 steps are in other tables."""
    lengthened = {"timesteps": timesteps}
    yield Run("time", f"fang-{timesteps}", 0, small("cifarnet-fang") | lengthened)
    yield Run("time", f"searched-{timesteps}", 0, small("searched", "fitness_lambda=-0.08") | lengthened)


def searches() -> list[Search]:
    """Tables 2 and 5 with two seeds, Tables 6 and 7 with one."""
    base = [
        Search("base", method, exponent, seed)
        for seed in SEARCH_SEEDS
        for exponent in LAMBDAS
        for method in METHODS
    ]
    larger = [Search(space, "evolution", exponent, 0) for space, of in LARGER.items() for exponent in of]
    return [*base, Search("relu", "evolution", "0", 0), *larger]


MODELS = {"base": "snn1", "relu": "snn1", "snn3": "snn3", "deep": "snn1-deep"}
"""Of each supernet the network that a path of it is."""


def winner(search: Search, architecture: str) -> list[Run]:
    """The network that was found, trained from scratch; two searches with one winner are one training."""
    model, block = MODELS[search.space], f"block={architecture.replace('-', ',')}"
    seeds = SEEDS if search.space == "base" else SEEDS[:1]
    return [Run("winner", f"{model}-{architecture}", seed, small(model, block)) for seed in seeds]


def plan() -> list[Run]:
    """All but the winners, in the order in which it is trained."""
    return [
        *macros("scb3", 0), supernet("base"), *causes(), *macros("srb3", 0), *searched(0), *hand_made(0),
        *penalized(), *at_random(), *longer(), supernet("relu"), supernet("snn3"), supernet("deep"),
        *macros("scb3", 1), *macros("srb3", 1), *over_time(8), *searched(1), *hand_made(1), *over_time(16),
    ]  # fmt: skip
