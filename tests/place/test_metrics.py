"""Spike hops, loads of links and energy against paths walked link by link and against the routers' trees."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.grid import Grid
from hwsim.noc.trees import groups_of, trees_of
from hwsim.place.layout import HOST_ROUTER
from hwsim.place.metrics import Problem
from hwsim.place.slices import HOST
from hwsim.place.traffic import Traffic
from tests.place.examples import draw_traffic, grid, other_noc, traffic_of

Link = tuple[int, int]


def path(chip: Grid, source: int, to: int) -> list[Link]:
    """Links (router, router) of the dimension-order path, one step after the other (noc.md, R5)."""
    noc = chip.network
    at, links = [source % noc.width, source // noc.width], []
    goal = (to % noc.width, to // noc.width)
    for axis in (0, 1) if noc.routing == "xy" else (1, 0):
        size = (noc.width, noc.height)[axis]
        forward = (goal[axis] - at[axis]) % size
        if noc.topology == "mesh":
            step = 1 if goal[axis] > at[axis] else -1
        elif 2 * forward == size:
            step = 1 if at[axis] % 2 == 0 else -1
        else:
            step = 1 if 2 * forward < size else -1
        while at[axis] != goal[axis]:
            before = at[0] + noc.width * at[1]
            at[axis] = (at[axis] + step) % size
            links.append((before, at[0] + noc.width * at[1]))
    return links


def walked(traffic: Traffic, chip: Grid, place: np.ndarray) -> tuple[Counter[Link], int]:
    """Packets over each link, and packets that enter."""
    loads: Counter[Link] = Counter()
    entered = 0
    for f in range(traffic.flows):
        source = traffic.source[f]
        begin = HOST_ROUTER if source == HOST else int(place[source]) // chip.cores_per_router
        paths = [
            path(chip, begin, int(place[t]) // chip.cores_per_router)
            for t in traffic.targets[traffic.start[f] : traffic.start[f + 1]]
        ]
        tree = chip.network.multicast == "tree"
        links = (
            list({link for one in paths for link in one}) if tree else [link for one in paths for link in one]
        )
        entered += int(traffic.packets[f]) * (1 if tree else len(paths))
        for link in links:
            loads[link] += int(traffic.packets[f])
    return loads, entered


@pytest.mark.parametrize("multicast", ["tree", "copies"])
@pytest.mark.parametrize("routing", ["xy", "yx"])
@pytest.mark.parametrize("topology", ["mesh", "torus"])
@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 5), st.integers(1, 3))
def test_hops_loads_and_energy_are_those_of_the_paths(
    tmp_path_factory: pytest.TempPathFactory, topology: str, routing: str, multicast: str,
    seed: int, width: int, height: int, each: int,
) -> None:  # fmt: skip
    # (T3, T4) with the energies of Loihi: 1.7 at the source, 3 along x, 4 along y
    folder = tmp_path_factory.mktemp("noc")
    noc = other_noc(folder, topology=topology, routing=routing, multicast=multicast)
    chip = grid(width, height, each, noc=noc)
    rng = np.random.default_rng(seed)
    cores = int(rng.integers(1, chip.cores + 1))
    traffic = draw_traffic(rng, cores, 6)
    place = rng.permutation(chip.cores)[:cores]
    problem = Problem.of(traffic, chip)
    loads, entered = walked(traffic, chip, place)
    found = problem.metrics(place)
    assert found.packets == entered
    assert found.spike_hops == sum(loads.values())
    assert found.max_link_load == max(loads.values(), default=0)
    along_x = sum(n for (a, b), n in loads.items() if a // width == b // width)
    energy = 1.7 * entered + 3 * along_x + 4 * (sum(loads.values()) - along_x)
    assert found.energy_pj == pytest.approx(energy)
    by_side = problem.link_loads(place)
    assert int(by_side[:2].sum()) == along_x
    left = Counter({r: int(by_side[:, r].sum()) for r in range(chip.routers)})
    assert +left == +sum((Counter({a: n}) for (a, _), n in loads.items()), Counter())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_hops_and_packets_together_are_the_flit_hops_of_the_routers(seed: int) -> None:
    # (T3) noc.md, R15: flit-hops of a tree are its nodes, one more than its links
    rng = np.random.default_rng(seed)
    chip = grid(int(rng.integers(1, 7)), int(rng.integers(1, 7)))
    traffic = draw_traffic(rng, chip.cores, 1)
    place = rng.permutation(chip.cores)
    source = HOST_ROUTER if traffic.source[0] == HOST else int(place[traffic.source[0]])
    _, nodes = trees_of(chip.network, groups_of([(source, place[traffic.targets].tolist())]))
    found = Problem.of(traffic, chip).metrics(place)
    assert found.spike_hops + found.packets == len(nodes) * traffic.packets[0]


def test_a_tree_crosses_a_shared_link_once_and_copies_twice(tmp_path: Path) -> None:
    # from (0, 0) to (2, 0) and (2, 1): the tree has 3 links, copies 2 + 3; 10 packets
    flows = traffic_of(3, [(0, [1, 2], 10)])
    place = np.array([0, 2, 6])
    tree = Problem.of(flows, grid()).metrics(place)
    assert (tree.packets, tree.spike_hops, tree.max_link_load) == (10, 30, 10)
    assert tree.energy_pj == pytest.approx(10 * (1.7 + 2 * 3 + 4))
    copies = Problem.of(flows, grid(noc=other_noc(tmp_path, multicast="copies"))).metrics(place)
    assert (copies.packets, copies.spike_hops, copies.max_link_load) == (20, 50, 20)


def test_cores_of_one_router_are_no_link_apart() -> None:
    # (G1, T3) four cores a router: cores 0 to 3 lie at router 0, core 4 at router 1
    flows = traffic_of(3, [(0, [1, 2], 10)])
    assert Problem.of(flows, grid(2, 1, 4)).metrics(np.array([0, 3, 4])).spike_hops == 10
    assert Problem.of(flows, grid(2, 1, 4)).metrics(np.array([0, 3, 2])).spike_hops == 0


def test_links_are_told_by_the_router_that_they_leave() -> None:
    # router 0 to router 3 of 2 x 2: +x from router 0, then +y from router 1
    loads = Problem.of(traffic_of(2, [(0, [1], 7)]), grid(2, 2)).link_loads(np.array([0, 3]))
    assert loads.tolist() == [[7, 0, 0, 0], [0, 0, 0, 0], [0, 7, 0, 0], [0, 0, 0, 0]]
