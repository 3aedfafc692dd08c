"""A small .nir file with a node of most kinds."""

from pathlib import Path

import numpy as np

from tests.frontends.nir_files import affine, chain, conv2d, graph, integrate, lif, write


def small(path: Path) -> Path:
    """Every way of storing something: convolution, pool, flatten, sub-graph with a loop, delay."""
    inner = chain(lif((3,))) | {"rec": affine(np.eye(3), [0, 0, 0])}
    loop = [("input", "n0"), ("n0", "rec"), ("rec", "n0"), ("n0", "output")]
    pool = {"type": "SumPool2d", "kernel_size": (2, 2), "stride": (2, 2), "padding": (0, 0)}
    flatten = {"type": "Flatten", "start_dim": 0, "end_dim": -1, "input_type": (2, 2, 2)}
    late = {"type": "Delay", "delay": np.full(3, 2.0)}
    nodes = (
        conv2d(np.ones((2, 1, 3, 3)), padding="same"), integrate((2, 4, 4)), pool, flatten,
        affine(np.ones((3, 8)), np.zeros(3)), late, graph(inner, loop),
    )  # fmt: skip
    return write(path, chain(*nodes, inputs=(1, 4, 4), outputs=(3,)))
