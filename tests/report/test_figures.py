"""The figures of the report: true to the numbers, named, and without ties to the page around them."""

import re
from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from hwsim.ledger import CAUSES
from hwsim.report import drawing, figures, picture, series
from tests.report.example import HOSTILE, example, with_layers

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - what this package drew


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in parsed(svg).iter(f"{SVG}text")]


def blocks(svg: str) -> list[tuple[str, float]]:
    """What each block of a bar tells, and its width."""
    found = []
    for path in parsed(svg).iter(f"{SVG}path"):
        title = path.find(f"{SVG}title")
        if title is not None:
            xs = [float(x) for x in re.findall(r"[ML] (\S+) \S+", path.get("d", ""))]
            found.append((title.text or "", max(xs) - min(xs)))
    return found


@pytest.mark.parametrize("name", figures.all_figures(example()))
def test_a_figure_stands_alone_and_has_a_name(name: str) -> None:
    picture = figures.all_figures(example())[name]
    root = parsed(picture.svg)
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert picture.title
    assert picture.caption
    assert not [e for e in root.iter() if "id" in e.attrib or "href" in e.attrib]
    assert "url(" not in picture.svg


def test_colors_follow_the_page_and_are_never_fixed() -> None:
    for drawn in figures.all_figures(example()).values():
        used = set(re.findall(r"(?:fill|stroke):([^;\"]+)", drawn.svg)) - {"none"}
        assert used <= {"currentColor", "var(--faint)"} | {f"var(--{name})" for name in drawing.PALETTE}


def test_bars_are_as_long_as_their_energies() -> None:
    values = example()
    drawn: dict[str, float] = {}
    for tip, width in blocks(figures.energy_by_layer(values).svg):
        layer = tip.split(",")[0]
        drawn[layer] = drawn.get(layer, 0.0) + width
    spent = {layer["name"]: sum(layer["energy_pj"].values()) for layer in values["layers"]}
    longest = max(spent, key=lambda name: spent[name])
    for layer, width in drawn.items():
        assert width / drawn[longest] == pytest.approx(spent[layer] / spent[longest], abs=0.005)


def test_every_unit_spends_the_same_time() -> None:
    widths: dict[str, float] = {}
    for tip, width in blocks(figures.units(example()).svg):
        unit = tip.split(",")[0]
        widths[unit] = widths.get(unit, 0.0) + width
    assert set(widths) == set(series.UNITS.values())
    assert max(widths.values()) - min(widths.values()) < 1.0


def test_every_cause_has_a_label_and_a_color() -> None:
    for unit, causes in CAUSES.items():
        assert tuple(series.CAUSE_LABELS[unit]) == causes
        assert all(series in drawing.PALETTE for _, series in series.CAUSE_LABELS[unit].values())


def test_operands_cover_all_dram_traffic() -> None:
    values = example()
    moved = sum(
        layer["counts"].get(action, 0)
        for layer in values["layers"]
        for _, actions, _ in series.OPERANDS.values()
        for action in actions
    )
    assert moved == values["totals"]["dram_bytes"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_drawn_as_it_is(name: str) -> None:
    svg = figures.energy_by_layer(with_layers([name])).svg
    assert drawing.row_labels([name], 25)[0] in texts(svg)


def test_long_names_keep_both_ends() -> None:
    name = "features.stage3.block12.shortcut.conv1"
    short = drawing.shorten(name, 22)
    assert len(short) == 22
    assert name.startswith(short.split("\u2026")[0])
    assert name.endswith(short.split("\u2026")[1])


def test_long_names_lose_what_they_share_first() -> None:
    names = [f"backbone.features.stage{i}.conv1.spike" for i in range(3)]
    assert drawing.row_labels(names, 22) == [f"\u2026stage{i}.conv1.spike" for i in range(3)]


def test_names_that_would_look_the_same_are_numbered() -> None:
    names = [f"{'a' * 30}{i}{'b' * 30}" for i in range(60)]
    labels = drawing.row_labels(names, 22)
    assert len(set(labels)) == 60
    assert max(map(len, labels)) <= 22


def test_layers_stand_in_network_order() -> None:
    names = [f"layer {i}" for i in range(60)]
    drawn = texts(figures.cycles_by_layer(with_layers(names)).svg)
    assert [text for text in drawn if text in names] == names


def test_a_constant_layer_fills_every_timestep() -> None:
    values = with_layers(["constant"])
    values["layers"][0]["rate_by_step"] = [0.25]
    cells = [tip for tip, _ in blocks(figures.rates(values).svg) if "timestep" in tip]
    assert cells == [f"constant, timestep {t}: 0.250" for t in (1, 2, 3)]


def test_many_timesteps_are_averaged_into_few_columns() -> None:
    values = with_layers(["long"])
    values["model"]["timesteps"] = 100
    values["layers"][0]["rate_by_step"] = [i / 100 for i in range(100)]
    cells = [tip for tip, _ in blocks(figures.rates(values).svg) if "timestep" in tip]
    assert len(cells) == 20
    assert cells[0] == "long, timestep 1\u20135: 0.020"


def test_layers_without_rates_are_left_out() -> None:
    values = with_layers(["silent", "loud"])
    values["layers"][0] |= {"rate": None, "rate_by_step": None}
    drawn = texts(figures.rates(values).svg)
    assert "loud" in drawn
    assert "silent" not in drawn


def test_a_chip_with_a_membrane_buffer_shows_its_capacity() -> None:
    values = example()
    values["hardware"]["buffers"]["membrane"] = {"capacity_bytes": 2048, "word_bits": 64}
    assert "2 KiB" in texts(figures.buffers(values).svg)


def test_drawing_ignores_and_keeps_the_settings_of_matplotlib() -> None:
    values = example()
    ordinary = figures.energy_by_layer(values).svg
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert figures.energy_by_layer(values).svg == ordinary
        assert mpl.rcParams["font.size"] == 30


def test_texts_beside_bars_keep_three_digits() -> None:
    chosen = picture.scale([12_345.0], picture.ENERGY)
    assert chosen.unit == "nJ"
    assert [chosen.text(v) for v in (0, 1, 12_345, 123_456_789)] == ["0", "<0.01", "12.3", "123,457"]
