"""In which tick a population runs (E2)."""

from hwsim.network import Network


class Ticks:
    """``interval`` I, ``depth`` d of every population, ``total`` ticks of a sample."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.interval = 1
        while (found := depths(network, self.interval)) is None:
            self.interval += 1
        self.depth = found
        self.total = self.interval * (network.timesteps - 1) + max(found.values()) + 1

    def tick(self, population: str, step: int) -> int:
        return self.interval * step + self.depth[population]

    def step(self, population: str, tick: int) -> int | None:
        """The step that the population runs in a tick, if it runs."""
        step, rest = divmod(tick - self.depth[population], self.interval)
        steps = 1 if population in self.network.constant else self.network.timesteps
        return step if rest == 0 and 0 <= step < steps else None


def depths(network: Network, interval: int) -> dict[str, int] | None:
    """The least d >= 0 with d(q) >= d(p) + 1 - I * delay, or None: a longest path has no projection twice."""
    depth = {p.name: 0 for p in network.populations}
    for _ in range(len(depth) + 1):
        before = dict(depth)
        for q in network.projections:
            depth[q.target] = max(depth[q.target], depth[q.source] + 1 - interval * q.delay)
        if depth == before:
            return depth
    return None
