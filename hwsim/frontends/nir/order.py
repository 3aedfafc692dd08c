"""In which order the nodes of a cyclic graph are computed, and which edges close its loops.

The order depends on names alone, not on the order of nodes and edges in the file.
"""

import heapq
from collections import defaultdict
from dataclasses import dataclass

import networkx

from hwsim.errors import HwsimError
from hwsim.frontends.nir.file import Graph

STATEFUL = ("I", "IF", "LI", "LIF", "CubaLI", "CubaLIF")

Edge = tuple[str, str]
Cut = frozenset[Edge] | set[Edge]


@dataclass(frozen=True)
class Order:
    """``names`` of all nodes, and the edges against it: ``late`` by a step, ``delayed`` by their Delay."""

    names: tuple[str, ...]
    late: frozenset[Edge]
    delayed: frozenset[Edge]


def order(graph: Graph, start: str, delays: frozenset[str]) -> Order:
    """Order the nodes so that every edge leads forward but those that close a loop.

    ``delays``: the Delay nodes of at least one step. A loop through one of them needs no other delay: the
    edges into it are ``delayed``. What loops remain are cut where a depth-first walk from ``start``,
    neighbours by name, meets a node that it has not left yet; such an edge is ``late``: it takes one step.
    In "input -> fc -> lif -> rec -> lif" it is "rec -> lif".
    Raises HwsimError for a loop without Delay or neurons that keep a state (a Threshold keeps none), and for
    nodes that ``start`` does not reach.
    """
    following: dict[str, list[str]] = defaultdict(list)
    for source, target in sorted(graph.edges):
        following[source].append(target)
    network = networkx.DiGraph(graph.edges)
    network.add_nodes_from(graph.nodes)
    reached = {start, *networkx.descendants(network, start)}
    if lost := sorted(set(graph.nodes) - reached):
        raise HwsimError(f"{graph.where}: no path leads from {start!r} to {lost[0]!r}")
    part = {
        name: i for i, group in enumerate(networkx.strongly_connected_components(network)) for name in group
    }
    delayed = frozenset((a, b) for a, b in graph.edges if b in delays and part[a] == part[b])
    _check_loops(graph, delays)
    late = _back_edges(start, following, delayed)
    # a Delay in a loop is entered from the loop alone, so its walk begins at it
    late |= {e for name in sorted(delays) for e in _back_edges(name, following, delayed | late)}
    cut = late | delayed
    return Order(_sorted(graph, following, cut), frozenset(late), delayed)


def _check_loops(graph: Graph, delays: frozenset[str]) -> None:
    """A loop of nothing but weights and sums has no order in time."""
    stateless = networkx.DiGraph(
        (a, b)
        for a, b in graph.edges
        if not any(graph.nodes[n].kind in STATEFUL or n in delays for n in (a, b))
    )
    loops = [c for c in networkx.strongly_connected_components(stateless) if len(c) > 1]
    loops += [{n} for n in networkx.nodes_with_selfloops(stateless)]
    if loops:
        names = ", ".join(sorted(min(loops, key=sorted))[:8])
        raise HwsimError(
            f"{graph.where}: a loop without neurons that keep a state (a Threshold keeps none) and without a "
            f"Delay of a step or more: {names}"
        )


def _back_edges(start: str, following: dict[str, list[str]], cut: Cut) -> set[Edge]:
    """Edges of a depth-first walk to nodes that it is still inside of."""
    back: set[Edge] = set()
    inside, left = {start}, set()
    path = [(start, iter(following[start]))]
    while path:
        name, targets = path[-1]
        target = next(targets, None)
        if target is None:
            path.pop()
            inside.discard(name)
            left.add(name)
        elif (name, target) in cut:
            continue
        elif target in inside:
            back.add((name, target))
        elif target not in left:
            inside.add(target)
            path.append((target, iter(following[target])))
    return back


def _sorted(graph: Graph, following: dict[str, list[str]], cut: Cut) -> tuple[str, ...]:
    """Nodes after all that lead to them; among those that are free, by name."""
    waiting = dict.fromkeys(graph.nodes, 0)
    for edge in graph.edges - cut:
        waiting[edge[1]] += 1
    free = [_key(name) for name, count in waiting.items() if count == 0]
    heapq.heapify(free)
    names = []
    while free:
        name = heapq.heappop(free)[1]
        names.append(name)
        for target in following[name]:
            if (name, target) in cut:
                continue
            waiting[target] -= 1
            if waiting[target] == 0:
                heapq.heappush(free, _key(target))
    assert len(names) == len(graph.nodes)
    return tuple(names)


def _key(name: str) -> tuple[tuple[int, str], str]:
    """Numbers in their own order: "2" before "10"."""
    return (len(name), name) if name.isdigit() else (1 << 30, name), name
