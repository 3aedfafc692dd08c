"""The ledger while it is being written, and the counts that need no time (docs/machine.md, L2, M3, M4)."""

import numpy as np

from hwsim.cycle.reference.activity import Activity
from hwsim.cycle.reference.layers import Layer
from hwsim.cycle.reference.memory import Memory
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, Ledger
from hwsim.network import Network, Population, Projection

UPDATES = {
    "lif": "lif_update",
    "li": "lif_update",
    "clif": "lif_update",
    "readout": "readout_update",
    "relu": "relu_update",
}


class Books:
    """Counts by layer and action, cycles by layer, unit and cause."""

    def __init__(self, layers: list[Layer]) -> None:
        self.ledger = Ledger.empty(tuple(layer.name for layer in layers))
        self.action = {name: i for i, name in enumerate(ACTIONS)}
        self.cause = {pair: i for i, pair in enumerate(CAUSE_COLUMNS)}

    def count(self, layer: Layer, action: str, amount: int) -> None:
        self.ledger.counts[layer.index, self.action[action]] += amount

    def spend(self, layer: Layer, unit: str, cause: str, cycles: int = 1) -> None:
        self.ledger.cycles[layer.index, self.cause[unit, cause]] += cycles


def count_layer(books: Books, network: Network, layer: Layer, activity: Activity, memory: Memory) -> None:
    """What depends only on the layer's size, steps, samples and events (L2)."""
    population, samples = layer.population, activity.samples
    neurons = layer.size * layer.steps * samples
    if population.kind in UPDATES:
        books.count(layer, UPDATES[population.kind], neurons)
    if population.kind != "readout":
        emitted = sum(
            activity.events(layer.name, sample, step)
            for sample in range(samples)
            for step in range(layer.steps)
        )
        books.count(layer, "events_out", emitted)
        books.count(layer, "lif_spike", emitted if population.spikes else 0)
    for action in decays(population):
        books.count(layer, action, neurons)
    if any(p.bias is not None for p in layer.incoming):
        books.count(layer, "bias_add", neurons)
    if memory.state[layer.name] == "array":
        words = layer.state_words
        books.count(layer, "membrane_register_write", neurons * words)
        books.count(layer, "membrane_register_read", (neurons - layer.cells * samples) * words)
    if memory.hold[layer.name] == "array":
        books.count(layer, "hold_register_write", layer.size * samples)
        books.count(layer, "hold_register_read", neurons - layer.size * samples)
    for p in layer.incoming:
        count_incoming(books, network, layer, p, activity)


def decays(population: Population) -> list[str]:
    """The action of each leak factor that is not free."""
    names = {"lif": ["decay"], "li": ["decay"], "clif": ["decay", "current_decay", "current_decay"]}
    factors = list(names.get(population.kind, []))
    if population.kind != "clif" and population.has_current:
        factors.append("current_decay")
    if population.kind == "lif" and population.adaptive:
        factors.append("adaptation_decay")
    found = []
    for name in factors:
        values = population.parameter(name).astype(np.float64)
        free = bool((values == 0).all() or (values == 1).all())
        if name == "decay" and population.leak in ("relax", "relax_divide"):
            free = False
        if not free:
            divides = name == "decay" and population.kind != "clif" and population.leak.endswith("_divide")
            terms = [powers_of_two(float(1 / x if divides else x)) for x in np.unique(values)]
            found.append(("decay_shift", "decay_shift", "decay_add", "decay_multiply")[min(max(terms), 3)])
    return found


def powers_of_two(factor: float) -> int:
    """How many powers of two, added or subtracted, a factor takes at least; 3 stands for a negative one."""
    if factor < 0:
        return 3
    n = factor.as_integer_ratio()[0]
    return ((3 * n) ^ n).bit_count()


def count_incoming(books: Books, network: Network, layer: Layer, p: Projection, activity: Activity) -> None:
    """Events that a projection delivers and what the vector lanes or the spike writer do (L2)."""
    steps = 1 if layer.held and p.has_weights else layer.steps
    events = activity.delivered(p, steps)
    books.count(layer, "events_in", events)
    if p.kind == "identity":
        books.count(layer, "vector_add" if network.is_binary(p.source) else "vector_mac", events)
    elif p.kind == "avg_pool":
        books.count(layer, "vector_add", activity.window_events(p, steps))
    elif p.kind == "max_pool":
        books.count(layer, "pool_or", activity.window_events(p, steps))
