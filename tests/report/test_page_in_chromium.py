"""The pages in a real browser: quiet, alone, sortable, filterable, light and dark, readable on a phone."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from hwsim.report import chip_page, compare_page, explore_page, index, page
from hwsim.report.contents import contents
from hwsim.report.saved import Saved
from tests.report import chip_example, explore_example, test_compare_page
from tests.report.chromium import Browser, chromium, found
from tests.report.example import HOSTILE, empty, example, with_layers

pytestmark = pytest.mark.skipif(
    found() is None, reason="there is no chromium on the PATH (apt install chromium)"
)

PHONE = 390
LAYERS = "document.querySelector('#layers .table')"
NAMES = f"[...{LAYERS}.querySelectorAll('tbody th')].map((cell) => cell.textContent)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def result(values: dict[str, Any]) -> Saved:
    return Saved(Path("result.json"), "result", values)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of page, and the one with a sensitivity."""
    folder = tmp_path_factory.mktemp("pages")
    sensitive = example()
    sensitive["sensitivity"] |= {"flips": True, "refused": {"<b>": "<i>why</i>"}}
    both = {
        "1": contents(result(example())),
        "2": contents(Saved(Path("chip.json"), "chip", chip_example.example())),
    }
    texts = {
        "result": page.render(example()),
        "sensitive": page.render(sensitive),
        "empty": page.render(empty()),
        "cores": chip_page.render(chip_example.example()),
        "tiles": chip_page.render(chip_example.on_tiles()),
        "index": index.render(both),
        "compare": compare_page.render(test_compare_page.example()),
        "explore": explore_page.render(explore_example.example()),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in texts}


KINDS = ("result", "sensitive", "empty", "cores", "tiles", "index", "compare", "explore")


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_complains_of_nothing_and_asks_for_nothing(
    browser: Browser, pages: dict[str, Path], kind: str
) -> None:
    browser.show(pages[kind])
    assert browser.complaints() == []
    asked = [url for url in browser.requests() if not url.startswith("data:")]
    assert asked == [pages[kind].as_uri()]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [320, PHONE, 768])
def test_a_page_is_as_wide_as_its_window(
    browser: Browser, pages: dict[str, Path], kind: str, width: int
) -> None:
    browser.show(pages[kind], width, 844)
    assert browser.value("document.documentElement.scrollWidth") == width


def test_a_click_on_a_head_sorts_and_another_turns_the_order(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.show(pages["result"])
    layers = example()["layers"]
    assert browser.value(NAMES) == [layer["name"] for layer in layers]
    head = f"{LAYERS}.querySelectorAll('thead th')[8]"
    assert browser.value(f"{head}.textContent") == "cycles"
    browser.value(f"{head}.querySelector('button').click()")
    by_cycles = [la["name"] for la in sorted(layers, key=lambda la: -la["cycles"])]
    assert browser.value(NAMES) == by_cycles
    assert browser.value(f"{head}.getAttribute('aria-sort')") == "descending"
    browser.value(f"{head}.querySelector('button').click()")
    assert browser.value(NAMES) == by_cycles[::-1]
    assert browser.value(f"{head}.getAttribute('aria-sort')") == "ascending"
    others = browser.value(f"{LAYERS}.querySelectorAll('[aria-sort=none]').length")
    assert others == browser.value(f"{LAYERS}.querySelectorAll('thead th').length") - 1


def test_a_table_sorts_by_the_keyboard(browser: Browser, pages: dict[str, Path]) -> None:
    browser.show(pages["result"])
    browser.value(f"{LAYERS}.querySelector('thead button').focus()")
    browser.press("Enter", 13)
    assert browser.value(NAMES) == [layer["name"] for layer in example()["layers"]][::-1]


def test_cells_without_a_number_stay_last_in_both_orders(browser: Browser, pages: dict[str, Path]) -> None:
    browser.show(pages["result"])
    rates = f"{LAYERS}.querySelectorAll('thead button')[5]"
    last = f"{LAYERS}.querySelector('tbody tr:last-child th').textContent"
    for _ in range(2):
        browser.value(f"{rates}.click()")
        assert browser.value(last) == "out"  # the readout has no rate


def test_a_filter_keeps_the_rows_that_hold_its_text(browser: Browser, pages: dict[str, Path]) -> None:
    browser.show(pages["result"])
    table = "document.querySelector('#cycles .table')"
    rows = f"{table}.querySelectorAll('tbody tr').length"
    whole = browser.value(rows)
    field = f"{table}.querySelector('input')"
    changed = f"{field}.dispatchEvent(new Event('input'))"
    browser.value(f"{field}.value = 'DRAM CHANNEL'; {changed}")
    # the 7 causes of the DRAM channel, and the array's store, whose meaning names it (S4)
    assert browser.value(rows) == 8
    assert browser.value(f"{table}.querySelector('output').textContent") == f"8 of {whole} rows"
    browser.value(f"{field}.value = ''; {changed}")
    assert browser.value(rows) == whole


def test_the_theme_follows_the_system_until_it_is_chosen(browser: Browser, pages: dict[str, Path]) -> None:
    ground, theme = "getComputedStyle(document.body).backgroundColor", "document.querySelector('.theme')"
    light, dark = "rgb(255, 255, 255)", "rgb(20, 23, 27)"
    browser.show(pages["result"])
    for scheme, color in (("light", light), ("dark", dark)):
        browser.prefer(scheme)
        assert browser.value(ground) == color
    found = []
    for _ in range(3):
        browser.value(f"{theme}.click()")
        found.append((browser.value(f"{theme}.textContent"), browser.value(ground)))
    browser.prefer("light")
    assert found == [("Theme: light", light), ("Theme: dark", dark), ("Theme: automatic", dark)]


CONTRASTS = """
(() => {
  const shine = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map((c) => c / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (!color.endsWith(", 0)")) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let least = [99, ""], seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const ink = element.closest("svg") ? style.fill : style.color;
    if (ink === "none") continue;
    const [a, b] = [shine(ink), shine(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    seen += 1;
    if (contrast < least[0]) least = [contrast, walker.currentNode.data.trim()];
  }
  return [...least, seen];
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["result", "cores", "index", "explore"])
def test_every_text_stands_out_from_its_ground(
    browser: Browser, pages: dict[str, Path], kind: str, scheme: str
) -> None:
    browser.prefer(scheme)
    browser.show(pages[kind])
    contrast, text, seen = browser.value(CONTRASTS)
    browser.prefer("light")
    assert seen > 20
    assert contrast >= 4.5, text


def test_the_page_has_a_language_a_way_past_its_head_and_headings_in_order(
    browser: Browser, pages: dict[str, Path]
) -> None:
    for path in pages.values():
        browser.show(path)
        assert browser.value("document.documentElement.lang") == "en"
        assert (
            browser.value("document.querySelector(document.querySelector('a.skip').hash).tagName") == "MAIN"
        )
        levels = browser.value(
            "[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))"
        )
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(below <= above + 1 for above, below in pairwise(levels))
        named = "[...document.querySelectorAll('svg')].every((s) => s.getAttribute('aria-label').length > 20)"
        assert browser.value(named)


@pytest.mark.parametrize(
    "name", [*HOSTILE, "\u202eevil", "\u0634\u0628\u0643\u0629 \u05e8\u05e9\u05ea", "x" * 400]
)
def test_a_hostile_name_runs_nothing_and_breaks_nothing(browser: Browser, tmp_path: Path, name: str) -> None:
    values = with_layers([name, f"{name} 2"])
    values["model"]["name"] = values["hardware"]["name"] = values["table"] = name
    (tmp_path / "page.html").write_text(page.render(values), encoding="utf-8")
    browser.show(tmp_path / "page.html", PHONE, 844)
    assert browser.complaints() == []
    assert len(browser.requests()) <= 2  # the page, and its icon of no bytes
    assert browser.value("document.documentElement.scrollWidth") == PHONE
    assert browser.value("document.querySelectorAll('script').length") == 1


LINES = "[...document.querySelectorAll('#parallel polyline')].filter((l) => l.querySelector('title'))"


def test_a_sweep_has_a_line_a_design_and_those_of_the_front_in_color(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.show(pages["explore"])
    drawn = browser.value(f"{LINES}.map((l) => [l.style.stroke, l.querySelector('title').textContent])")
    best = [tip for stroke, tip in drawn if stroke == "var(--array)"]
    assert len(drawn) == explore_example.WITHIN
    assert len(best) == explore_example.FRONT
    assert all(tip.endswith("dataflow os") for tip in best)
    # they lie over the others
    assert [stroke for stroke, _ in drawn[-len(best) :]] == ["var(--array)"] * len(best)


def test_a_sweep_has_the_front_of_every_pair_of_objectives(browser: Browser, pages: dict[str, Path]) -> None:
    """Energy and area both grow with the array: the smallest beats all. Either against time does not."""
    browser.show(pages["explore"])
    dots = "[...f.querySelectorAll('circle')].filter((c) => c.style.fill === 'var(--array)').length"
    told = f"[f.querySelector('h3').textContent, {dots}]"
    assert browser.value(f"[...document.querySelectorAll('#fronts figure')].map((f) => {told})") == [
        ["Time over energy", explore_example.FRONT],
        ["Area over energy", 1],
        ["Area over time", explore_example.FRONT],
    ]


@pytest.mark.parametrize("width", [PHONE, 1280])
def test_texts_beside_the_lines_of_a_sweep_can_be_read_and_have_units(
    browser: Browser, pages: dict[str, Path], width: int
) -> None:
    browser.show(pages["explore"], width, 844)
    texts = "[...document.querySelectorAll('#parallel text')]"
    assert browser.value(f"Math.min(...{texts}.map((t) => t.getBoundingClientRect().height))") >= 9
    told = browser.value(f"{texts}.map((t) => t.textContent)")
    assert {"1.12 µJ", "15.62 µs", "0.0064 mm²"} <= set(told)


def test_a_sweep_tells_why_designs_were_left_out(browser: Browser, pages: dict[str, Path]) -> None:
    browser.show(pages["explore"])
    cells = browser.value("[...document.querySelectorAll('#setup td, #setup th')].map((c) => c.textContent)")
    assert {explore_example.REFUSED, explore_example.FAILED} <= set(cells)


def test_names_of_a_sweep_that_mean_harm_stay_text(browser: Browser, tmp_path: Path) -> None:
    for name in HOSTILE:
        values = explore_example.example()
        values["description"] = name
        values["points"][-1]["failed"] = values["points"][-2]["refused"] = name
        for one in values["points"]:
            one["point"] = {n: name if isinstance(v, str) else v for n, v in one["point"].items()}
        (tmp_path / "page.html").write_text(explore_page.render(values), encoding="utf-8")
        browser.show(tmp_path / "page.html", PHONE, 844)
        assert browser.complaints() == []
        assert len(browser.requests()) <= 2  # the page, and its icon of no bytes
        assert browser.value("document.documentElement.scrollWidth") == PHONE


def test_ten_thousand_layers_open_within_seconds_and_turn_pages(browser: Browser, tmp_path: Path) -> None:
    names = [f"stage{i % 7}.<script>.{i}" for i in range(10_000)]
    (tmp_path / "page.html").write_text(page.render(with_layers(names)), encoding="utf-8")
    assert browser.show(tmp_path / "page.html") < 20.0
    assert browser.complaints() == []
    assert browser.value(NAMES) == names[: page.ROWS_SHOWN]
    output = f"{LAYERS}.querySelector('output').textContent"
    assert browser.value(output) == "rows 1 to 200 of 10,000 rows"
    browser.value(f"{LAYERS}.querySelectorAll('.tools button')[1].click()")
    assert browser.value(NAMES) == names[200:400]
    browser.value(f"{LAYERS}.querySelector('thead button').click()")
    assert browser.value(NAMES) == names[: -page.ROWS_SHOWN - 1 : -1]
