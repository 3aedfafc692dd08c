"""Random graphs of random nodes: a network, or an error of ours."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.frontends.nir.read import read_nir
from tests.frontends.nir_files import affine, conv2d, end, graph, integrate, lif, store
from tests.volume import parts

SHAPES = st.sampled_from([(2,), (3,), (1,), (), (2, 2), (1, 4, 4), (2, 3, 3), (0,), (1, 1, 1, 1, 2)])


NUMBERS = st.sampled_from([0.0, 1.0, 2.0, 0.5, -1.0, 1e-4, 1e30, float("nan"), float("inf")])


ODD = st.sampled_from(
    [None, "text", "same", np.array([b"x"]), np.ones((2, 2), bool), np.array(-5), {"a": np.ones(1)}]
)


KINDS = st.sampled_from([
    "Input", "Output", "Affine", "Linear", "Scale", "Conv1d", "Conv2d", "Delay", "Flatten", "SumPool2d",
    "AvgPool2d", "Threshold", "I", "IF", "LI", "LIF", "CubaLI", "CubaLIF", "NIRGraph", "Unknown",
])  # fmt: skip


FIELDS = (
    "weight", "bias", "scale", "stride", "padding", "dilation", "groups", "input_shape", "delay", "start_dim",
    "end_dim", "input_type", "kernel_size", "threshold", "r", "tau", "tau_mem", "tau_syn", "v_leak",
    "v_threshold", "v_reset", "w_in", "shape",
)  # fmt: skip


@st.composite
def values(draw: Any) -> Any:
    shape, number = draw(SHAPES), draw(NUMBERS)
    whole = draw(st.booleans()) and abs(number) < 1e9
    return (
        draw(ODD)
        if draw(st.integers(0, 9)) == 0
        else np.full(shape, number, np.int64 if whole else np.float64)
    )


@st.composite
def plausible(draw: Any) -> dict[str, Any]:
    """A node that mostly fits into a chain of 2 or (1, 4, 4) values."""
    size = draw(st.sampled_from([(2,), (1, 4, 4), ()]))
    return draw(
        st.sampled_from([
            affine(np.eye(2)), affine(np.ones((2, 16)), [0, 1]), affine(np.ones((16, 2))), integrate(size),
            lif(size), conv2d(np.ones((1, 1, 3, 3)), padding="same"), conv2d(np.ones((2, 1, 2, 2)), stride=2),
            {"type": "Flatten", "start_dim": 0}, {"type": "Scale", "scale": np.full(size, 2.0)},
            {"type": "Delay", "delay": np.full(size, 1.0)}, {"type": "AvgPool2d", "kernel_size": (2, 2)},
            {"type": "Threshold", "threshold": np.ones(size)}, {"type": "I", "r": np.ones(size)},
        ])
    )  # fmt: skip


@st.composite
def nodes(draw: Any, depth: int = 0) -> dict[str, Any]:
    if draw(st.booleans()):
        return draw(plausible())
    kind = draw(KINDS)
    if kind == "NIRGraph":
        return draw(graphs(depth + 1)) if depth < 2 else {"type": kind}
    names = draw(st.lists(st.sampled_from(FIELDS), max_size=8, unique=True))
    return {"type": kind} | {name: draw(values()) for name in names}


@st.composite
def graphs(draw: Any, depth: int = 0) -> dict[str, Any]:
    inner = {f"n{i}": draw(nodes(depth)) for i in range(draw(st.integers(0, 4)))}
    shape = draw(st.sampled_from([(2,), (1, 4, 4), None, (0,)]))
    found = {"input": end("Input", shape), **inner, "output": end("Output", (2,))}
    names = [*found, "absent"]
    edges = [*zip(found, [*found][1:], strict=False)]
    ends = st.sampled_from(names) if draw(st.integers(0, 5)) == 0 else st.sampled_from([*found])
    edges += draw(st.lists(st.tuples(ends, ends), max_size=4))
    if edges and draw(st.integers(0, 3)) == 0:
        edges.pop(draw(st.integers(0, len(edges) - 1)))
    return graph(found, edges)


def read_any(path: Path, made: dict[str, Any]) -> None:
    with h5py.File(path, "w") as file:
        store(file.create_group("node"), made)
    with suppress(HwsimError):
        read_nir(path, 2, "nir", 1.0).verify()


EXAMPLES = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(made=graphs())
@settings(max_examples=200, **EXAMPLES)
def test_any_graph_is_a_network_or_an_error_of_ours(tmp_path: Path, made: dict[str, Any]) -> None:
    read_any(tmp_path / "any.nir", made)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("part", parts(4))
def test_thousands_of_graphs_are_networks_or_errors_of_ours(tmp_path: Path, part: int) -> None:
    """A quarter of 4,000 each, so that several processes share the work."""

    @seed(part)
    @settings(max_examples=1000, **EXAMPLES)
    @given(made=graphs())
    def every(made: dict[str, Any]) -> None:
        read_any(tmp_path / "any.nir", made)

    every()
