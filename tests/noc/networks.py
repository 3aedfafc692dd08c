"""Small networks and traffic for tests, and paths in plain Python."""

import random
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from hwsim.noc.config import NocTable, load_noc
from hwsim.noc.network import Traffic, traffic
from hwsim.noc.trees import Groups, groups_of

Case = tuple[NocTable, Groups, Traffic]
Step = tuple[int, int]


def path(table: NocTable, source: int, to: int) -> list[int]:
    """Tiles from source to destination in dimension order; shorter way round, ties by parity (R5)."""
    here, there = list(divmod(source, table.width))[::-1], list(divmod(to, table.width))[::-1]
    sizes = (table.width, table.height)
    found = [source]
    for dimension in (0, 1) if table.routing == "xy" else (1, 0):
        size = sizes[dimension]
        step = 1 if there[dimension] > here[dimension] else -1
        if table.topology == "torus":
            up = (there[dimension] - here[dimension]) % size
            step = 1 if up * 2 < size or (up * 2 == size and here[dimension] % 2 == 0) else -1
        while here[dimension] != there[dimension]:
            here[dimension] = (here[dimension] + step) % size
            found.append(here[0] + table.width * here[1])
    return found


def links(table: NocTable, source: int, to: int) -> set[Step]:
    """Wires between routers of the path, as pairs of tiles."""
    tiles = path(table, source, to)
    return set(pairwise(tiles))


@st.composite
def cases(draw: st.DrawFn, multicast: bool = True) -> Case:
    """Any network up to 6 x 6, and a burst of packets that is heavy for it."""
    topology = draw(st.sampled_from(["mesh", "torus"]))
    least = 2 if topology == "torus" else 1
    delay = st.integers(1, 3)
    table = load_noc("booksim").changed(
        description="", sources={},
        topology=topology,
        width=draw(st.integers(1, 6)),
        height=draw(st.integers(1, 6)),
        routing=draw(st.sampled_from(["xy", "yx"])),
        virtual_channels=draw(st.sampled_from([least, 2, 3, 4, 9, 16])),
        buffer_flits=draw(st.sampled_from([1, 2, 3, 8])),
        receive_queue_flits=draw(st.sampled_from([None, None, 1, 3])),
        drain_cycles=draw(st.integers(1, 5)),
        multicast=draw(st.sampled_from(["tree", "tree", "copies"])),
        delays={
            "routing": draw(st.integers(0, 3)), "vc_allocation": draw(delay),
            "credit": draw(st.integers(0, 2)), "switch_allocation": draw(delay),
            "switch_traversal": draw(delay), "link": draw(delay),
            "credit_link": draw(delay), "injection": draw(delay), "ejection": draw(delay),
            "link_y": draw(st.none() | delay), "credit_link_y": draw(st.none() | delay),
        } if draw(st.booleans()) else {},
    )  # fmt: skip
    chance = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311
    return table, *burst(table, chance, draw(st.integers(1, 120)), draw(st.integers(1, 60)), multicast)


def burst(
    table: NocTable, chance: random.Random, packets: int, cycles: int, multicast: bool
) -> tuple[Groups, Traffic]:
    """Packets of 1 to 5 flits, and to groups, from a few tiles to a few: they meet."""
    tiles = range(table.tiles)
    groups = [
        (chance.choice(tiles), chance.sample(tiles, chance.randint(1, table.tiles))) for _ in range(5)
    ] if multicast else []  # fmt: skip
    some = [chance.choice(tiles) for _ in range(4)]
    rows = []
    for _ in range(packets):
        created = chance.randrange(cycles)
        if groups and chance.random() < 0.4:
            g = chance.randrange(len(groups))
            rows.append((created, groups[g][0], -1 - g, 1))
        else:
            to = chance.choice(some) if chance.random() < 0.5 else chance.choice(tiles)
            rows.append((created, chance.choice(tiles), to, chance.choice([1, 1, 2, 5])))
    columns = np.array(rows, np.int64).T
    return groups_of(groups), traffic(*columns)
