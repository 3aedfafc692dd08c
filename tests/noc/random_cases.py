"""Small random networks and traffic for both simulators, drawn from a seed and a few sizes that shrink."""

import random
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from hwsim.noc.config import NocTable, load_noc
from hwsim.noc.network import Traffic, traffic
from hwsim.noc.reference import Packet
from hwsim.noc.trees import Groups, groups_of

SIDES = (1, 2, 3, 4, 5)
DELAYS = (
    "routing", "vc_allocation", "switch_allocation", "switch_traversal", "credit", "link", "credit_link",
    "injection", "ejection",
)  # fmt: skip
ALONG_Y = ("link_y", "credit_link_y")


@dataclass(frozen=True, eq=False)
class Case:
    """``drain_cycles``: of each tile."""

    table: NocTable
    packets: tuple[Packet, ...]
    drain_cycles: tuple[int, ...]

    def __repr__(self) -> str:
        table = self.table.model_dump(exclude={"sources", "description", "name", "flit_bits"})
        packets = ", ".join(str(tuple(packet)) for packet in self.packets)
        return f"Case({table}, drain_cycles {self.drain_cycles}, packets {packets})"

    @property
    def given(self) -> tuple[Groups, Traffic]:
        """The packets as the network takes them: every multicast is to a group of its own."""
        multicasts = [(packet.source, list(packet.tiles)) for packet in self.packets if len(packet.tiles) > 1]
        rows, group = [], -1
        for packet in self.packets:
            alone = len(packet.tiles) == 1
            rows.append((packet.created, packet.source, packet.tiles[0] if alone else group, packet.size))
            group -= not alone
        return groups_of(multicasts), traffic(*np.array(rows, np.int64).T)


def cases() -> st.SearchStrategy[Case]:
    """Grids up to 5 x 5, every routing, buffers, queues and delays, and traffic from sparse to bursts."""
    side = st.sampled_from(SIDES)
    return st.builds(
        draw_case,
        seed=st.integers(0, 2**32),
        torus=st.booleans(),
        width=side,
        height=side,
        n_packets=st.integers(1, 80),
    )


def draw_case(seed: int, torus: bool, width: int, height: int, n_packets: int) -> Case:
    chance = random.Random(f"{seed} {torus} {width} {height}")  # noqa: S311
    queue = chance.choice([None, None, 1, 2, chance.randint(3, 20)])
    table = load_noc("booksim").changed(
        description="", sources={},
        topology="torus" if torus else "mesh",
        width=width,
        height=height,
        routing=chance.choice(["xy", "yx"]),
        ties=chance.choice(["parity", "coin"]),
        virtual_channels=max(chance.choice([1, 2, 2, 3, 4, chance.randint(1, 16)]), 2 if torus else 1),
        buffer_flits=chance.choice([1, 1, 2, 3, 4, 8, chance.randint(1, 64)]),
        receive_queue_flits=queue,
        multicast=chance.choice(["tree", "tree", "copies"]),
        stuck_cycles=1000,
        delays=draw_delays(chance),
    )  # fmt: skip
    longest = chance.choice([1, 3, 10] if queue is None else [1, 3, 10, 10, 30])
    drain_cycles = [chance.randint(1, longest) for _ in range(table.tiles)]
    if queue is not None and chance.random() < 0.1:
        drain_cycles[chance.randrange(table.tiles)] = 1200
        n_packets = min(n_packets, 12)
    packets = draw_packets(chance, table.tiles, n_packets)
    return Case(table, tuple(packets), tuple(drain_cycles))


def draw_delays(chance: random.Random) -> dict[str, int]:
    """BookSim2's, or small ones, now and then with a long one among them, or of any length.

    In half of the latter, flits, credits or both have delays of their own along y.
    """
    if chance.random() < 0.3:
        return {}
    least, longest = {"routing": 0, "credit": 0}, chance.choice([4] * 9 + [60])
    delays = {name: chance.randint(least.get(name, 1), longest) for name in DELAYS}
    if chance.random() < 0.2:
        delays[chance.choice(DELAYS)] = chance.randint(5, 60)
    if chance.random() < 0.5:
        for name in chance.sample(ALONG_Y, chance.randint(1, 2)):
            delays[name] = chance.randint(1, longest)
    return delays


def draw_packets(chance: random.Random, tiles: int, n: int) -> list[Packet]:
    """Bursts, a steady load or a sparse one; from few or many tiles, to a few hot ones or to any."""
    period = chance.choice([1, n, 5 * n, 40 * n])
    bursts = [chance.randrange(period) for _ in range(3)] if chance.random() < 0.3 else None
    sources = chance.choice([list(range(tiles)), [chance.randrange(tiles) for _ in range(2)]])
    hot = [chance.randrange(tiles) for _ in range(2)]
    hotness, multicasts = chance.choice([0, 0.3, 0.9]), chance.choice([0, 0, 0.2, 0.8])
    sizes = chance.choice([(1,), (1,), (4,), (1, 2, 5), (1, 3, 20)])
    packets = []
    for _ in range(n):
        created = chance.choice(bursts) if bursts else chance.randrange(period)
        source = chance.choice(sources)
        if chance.random() < multicasts:
            to = tuple(chance.sample(range(tiles), chance.randint(1, min(tiles, chance.choice([3, tiles])))))
        else:
            to = (chance.choice(hot) if chance.random() < hotness else chance.randrange(tiles),)
        packets.append(Packet(created, source, to, 1 if len(to) > 1 else chance.choice(sizes)))
    return packets
