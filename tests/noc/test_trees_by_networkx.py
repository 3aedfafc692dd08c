"""Multicast trees on a mesh against paths and unions that networkx works out."""

import networkx as nx
import numpy as np

from hwsim.noc.config import load_noc
from hwsim.noc.network import deliver_all, traffic
from hwsim.noc.trees import groups_of

SIDE = 8


def test_the_flit_hops_of_a_multicast_are_the_nodes_of_the_union_of_its_xy_paths() -> None:
    """R13, R15: the union is a tree with its root at the source, and each of its routers is visited once."""
    table = load_noc("booksim").changed(width=SIDE, height=SIDE, multicast="tree")
    grid = nx.grid_2d_graph(SIDE, SIDE)
    along_x = grid.edge_subgraph([(a, b) for a, b in grid.edges if a[1] == b[1]])
    along_y = grid.edge_subgraph([(a, b) for a, b in grid.edges if a[0] == b[0]])
    rng = np.random.default_rng(5)
    for size in (1, 2, 3, 5, 9, 17, 33, 64):
        source = int(rng.integers(SIDE**2))
        tiles = rng.permutation(SIDE**2)[:size].tolist()
        union = nx.DiGraph()
        union.add_node((source % SIDE, source // SIDE))
        for tile in tiles:
            corner = (tile % SIDE, source // SIDE)
            first = nx.shortest_path(along_x, (source % SIDE, source // SIDE), corner)
            nx.add_path(union, first + nx.shortest_path(along_y, corner, (tile % SIDE, tile // SIDE))[1:])
        assert nx.is_arborescence(union)
        _, totals = deliver_all(table, traffic(0, source, [-1], 1), groups_of([(source, tiles)]))
        assert totals.flit_hops == union.number_of_nodes()
        assert totals.link_traversals == union.number_of_edges()
        assert totals.ejected == size
