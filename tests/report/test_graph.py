"""The drawing of a network's graph: everything is in it, nothing overlaps, equal networks draw equally."""

from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from hwsim.inspection import describe
from hwsim.methods.lif_sharing import Sharing, share
from hwsim.network import Network, Population, Projection
from hwsim.report import graph
from tests.examples import small_network

PNG = b"\x89PNG\r\n\x1a\n"


def residual(blocks: int, name: str = "net") -> Network:
    """Blocks of two layers with a shortcut each, the last layer fed back to the first with a delay."""
    layers = [Population(f"{b}.lif{i}", (8,), "lif", decay=0.5) for b in range(blocks) for i in (1, 2)]
    populations = (Population("in", (8,), "input"), *layers, Population("out", (3,), "readout"))
    ones = np.ones((8, 8), np.float32)
    projections = [
        Projection(f"{a.name}>{b.name}", a.name, b.name, "dense", np.ones((b.size, a.size), np.float32))
        for a, b in pairwise(populations)
    ]
    for block in range(blocks):
        source = populations[2 * block]
        target = f"{block}.lif2"
        projections.append(Projection(f"{source.name}+{target}", source.name, target, "identity"))
    last = layers[-1].name
    projections.append(Projection("back", last, "0.lif1", "dense", ones, delay=1))
    projections.append(Projection("self", last, last, "dense", ones, delay=2))
    network = Network(name, populations, tuple(projections), "out", 4)
    network.verify()
    return network


def texts(figure: Figure) -> dict[str, list[Bbox]]:
    """Every text of a drawing and where it stands, in pixels."""
    figure.canvas.draw()
    found: dict[str, list[Bbox]] = {}
    for text in figure.axes[0].texts:
        if text.get_text():
            found.setdefault(text.get_text(), []).append(text.get_window_extent())
    return found


def test_every_population_and_its_numbers_are_in_the_drawing() -> None:
    network = small_network()
    found = texts(graph.draw(network, describe(network)))
    for text in ("in", "a", "pool", "out", "3×4×4", "conv 3×3, 54", "max 2×2", "dense, 60", "48", "864"):
        assert text in found, text


def test_no_text_lies_on_another() -> None:
    network = share(residual(5), Sharing(True, 2))
    boxes = [box for places in texts(graph.draw(network, describe(network))).values() for box in places]
    assert len(boxes) > 60
    touching = [(a, b) for a, b in combinations(boxes, 2) if Bbox.intersection(a, b) is not None]
    assert not touching


def test_no_text_leaves_the_picture() -> None:
    network = residual(3, name="x" * 200)
    figure = graph.draw(network, describe(network))
    width, height = figure.get_size_inches() * figure.dpi
    for places in texts(figure).values():
        for box in places:
            assert box.x0 >= 0
            assert box.y0 >= 0
            assert box.x1 <= width
            assert box.y1 <= height


def test_layers_of_one_state_have_one_color_that_no_other_has() -> None:
    network = residual(3)
    shared = share(network, Sharing(True), [["*.lif1"], ["[12].lif2"]])
    colors = graph.fills(shared)
    assert len({colors[f"{b}.lif1"] for b in range(3)}) == 1
    assert colors["1.lif2"] == colors["2.lif2"]
    assert len({colors[n] for n in ("0.lif1", "1.lif2", "0.lif2", "in")}) == 4
    found = texts(graph.draw(shared, describe(shared)))
    assert "one state memory: 0.lif1, 1.lif1, 2.lif1" in found
    assert "of 0.lif1" in found


def test_connections_back_in_time_stand_apart_with_their_delay() -> None:
    network = residual(2)
    rows = {p.name: i for i, p in enumerate(network.populations)}
    skips, backs = graph.arcs(network.projections, rows)
    assert [a.projection.name for a in skips] == ["in+0.lif2", "0.lif2+1.lif2"]
    assert {a.projection.name for a in backs} == {"back", "self"}
    assert {a.lane for a in skips} == {0}  # one begins where the other ends
    assert {a.lane for a in backs} == {0, 1}
    assert "dense\n64\ndelay 2" in texts(graph.draw(network, describe(network)))


EDGES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 2)), max_size=25)


@given(EDGES)
def test_arcs_of_one_lane_never_overlap(edges: list[tuple[int, int, int]]) -> None:
    rows = {str(i): i for i in range(13)}
    projections = [Projection("p", str(a), str(b), "identity", delay=d) for a, b, d in edges]
    drawn = [p for p in projections if rows[p.target] != rows[p.source] + 1 or p.delay]
    skips, backs = graph.arcs(projections, rows)
    assert len(skips) + len(backs) == len(drawn)
    for group, touching in ((skips, True), (backs, False)):
        for a, b in combinations(group, 2):
            if a.lane == b.lane:
                (low_a, high_a), (low_b, high_b) = (sorted((x.start, x.end)) for x in (a, b))
                apart = max(low_a, low_b) - min(high_a, high_b)
                assert apart >= 0 if touching else apart > 0


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"kind": "conv2d", "kernel": (3, 3), "stride": (2, 2), "groups": 4}, "conv 3×3 /2 g4\n8"),
        ({"kind": "conv2d", "kernel": (1, 5)}, "conv 1×5\n8"),
        ({"kind": "dense", "delay": 1}, "dense\n8\ndelay 1"),
    ],
)
def test_a_projection_is_told_by_kind_kernel_stride_groups_and_delay(
    parts: dict[str, object], expected: str
) -> None:
    assert graph.label(Projection("p", "a", "b", weights=np.zeros(8), **parts)) == expected


def test_files_are_a_png_and_an_svg_with_texts_and_without_a_date(tmp_path: Path) -> None:
    network = small_network()
    paths = graph.write(network, describe(network), tmp_path)
    assert (
        {p.name for p in paths.values()} == {p.name for p in tmp_path.iterdir()} == {"graph.svg", "graph.png"}
    )
    assert (tmp_path / "graph.png").read_bytes().startswith(PNG)
    svg = (tmp_path / "graph.svg").read_text()
    told = "".join(ElementTree.fromstring(svg).itertext())  # noqa: S314 (our own)
    assert "max 2×2" in told
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    graph.write(network, describe(network), tmp_path)
    assert before == {p.name: p.read_bytes() for p in tmp_path.iterdir()}


def test_odd_names_are_texts_and_nothing_else(tmp_path: Path) -> None:
    network = residual(1, name="<b>$x_{$ \u202e\n")
    first, odd, *rest = network.populations
    renamed = "$\\frac{<script>"
    populations = (first, replace(odd, name=renamed), *rest)
    projections = tuple(
        replace(
            p,
            source=renamed if p.source == odd.name else p.source,
            target=renamed if p.target == odd.name else p.target,
        )
        for p in network.projections
    )
    network = replace(network, populations=populations, projections=projections)
    graph.write(network, describe(network), tmp_path)
    told = list(ElementTree.parse(tmp_path / "graph.svg").getroot().itertext())  # noqa: S314
    assert renamed in told


def test_a_network_of_a_hundred_layers_is_drawn(tmp_path: Path) -> None:
    network = residual(50)
    graph.write(network, describe(network), tmp_path)
    width, height = (int.from_bytes((tmp_path / "graph.png").read_bytes()[a : a + 4]) for a in (16, 20))
    assert width < height <= graph.MOST_PIXELS
