"""The HTML report: complete, harmless whatever the names are, and alone in its file."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from hwsim.report import page
from tests.report.example import HOSTILE, Page, example, with_layers


def headline(parsed: Page, name: str) -> float:
    """The exact value behind the headline number ``name``."""
    identity = f"headline-{parsed.text_of('dt').index(name) + 1}"
    return float(next(a["value"] or "" for a in parsed.all("data") if a["id"] == identity))


def test_the_page_is_written_beside_the_result(tmp_path: Path) -> None:
    path = page.write(example(), tmp_path / "out")
    assert path == tmp_path / "out" / "report.html"
    assert path.read_text(encoding="utf-8") == page.render(example())


def test_the_headline_is_the_mean_per_inference_of_the_dictionary() -> None:
    values = example()
    parsed = Page(page.render(values))
    assert headline(parsed, "energy") == values["per_sample"]["energy_pj"]["mean"]
    assert headline(parsed, "cycles") == values["totals"]["cycles"] / values["samples"]
    assert headline(parsed, "AC") == values["totals"]["ac"] / values["samples"]
    assert headline(parsed, "accuracy as executed") == values["accuracy"]["accuracy"]


def test_the_ratio_to_the_ann_is_taken_per_inference() -> None:
    values = example()
    ratio = values["per_sample"]["energy_pj"]["mean"] / values["ann"]["energy_pj"]
    assert f"{ratio:.2f} × the ANN" in page.render(values)


def test_the_same_result_gives_the_same_bytes() -> None:
    assert page.render(example()) == page.render(example())


def test_rendering_leaves_the_dictionary_alone() -> None:
    values = example()
    page.render(values)
    assert values == example()


def test_every_element_is_closed_where_it_should_be() -> None:
    parsed = Page(page.render(example()))
    assert parsed.mismatches == []
    assert parsed.open == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(name: str) -> None:
    ordinary = Page(page.render(renamed("harmless")))
    parsed = Page(page.render(renamed(name)))
    assert parsed.mismatches == []
    assert shapes(parsed) == shapes(ordinary)
    assert not [a for _, attributes in parsed.elements for a in attributes if a.startswith("on")]
    assert name in parsed.text_of("code") or any(name in text for text in parsed.text_of("bdi"))
    assert name in parsed.text_of("span")


def shapes(parsed: Page) -> list[str]:
    """All elements but texts of drawings, which are left out where a name finds no room."""
    return [tag for tag, _ in parsed.elements if tag != "text"]


def renamed(name: str) -> dict[str, Any]:
    """The example with ``name`` wherever a name can stand."""
    values = with_layers([name, f"{name} again"])
    values["model"] |= {"name": name, "notes": {name: name}}
    values["hardware"] |= {"name": name, "description": name}
    values["mapping"]["layers"] = {name: {"fold_order": name}}
    values |= {"table": name, "unpriced": ["ac_issued"]}
    for layer in values["layers"]:
        layer["fed_by"] = [name]
    flip = {"population": name, "sample": 0, "step": 1, "neuron": 2, "membrane": 1.0, "threshold": 1.0}
    values["agreement"] = {
        "compared": 100, "differences": 1, "rate": 0.01, "differences_on_equal_inputs": 1,
        "rate_on_equal_inputs": 0.01, "unexplained": 0, "same_decision": 2, "samples": 2,
        "populations": [
            {"population": name, "compared": 100, "events": 9, "differences": 1,
             "differences_on_equal_inputs": 1},
        ],
        "located": [flip | {"rounding": 1e-6, "explained": True}], "sentence": name,
    }  # fmt: skip
    return values


def test_unprintable_characters_do_not_break_the_page() -> None:
    text = page.render(renamed("a\x00b\x1b[31m\ud800\u202ec\uffff"))
    text.encode()
    assert not set("\x00\x1b\ud800\u202e\uffff") & set(text)
    assert "a\ufffdb\ufffd[31m\ufffd\ufffdc\ufffd" in text


def test_nothing_in_the_page_refers_to_another_place() -> None:
    text = page.render(example())
    for _, attributes in Page(text).elements:
        for name, value in attributes.items():
            if name == "xmlns":
                continue
            assert not re.search(r"https?:|//|url\(|@import", value or ""), (name, value)
            if name in ("src", "href"):
                assert (value or "").startswith(("#", "data:,"))
    style = text[text.index("<style>") : text.index("</style>")]
    assert not re.search(r"url\(|@import|https?:", style)


def test_the_policy_allows_the_one_script_and_no_connection() -> None:
    text = page.render(example())
    parsed = Page(text)
    policy = next(
        a["content"] or "" for a in parsed.all("meta") if a.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    assert len(parsed.all("script")) == 1
    script = text[text.index("<script>") + 8 : text.index("</script>")]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy


def test_identities_are_unique_and_links_lead_somewhere() -> None:
    parsed = Page(page.render(example()))
    identities = [a["id"] for _, a in parsed.elements if "id" in a]
    assert len(identities) == len(set(identities))
    assert {(a["href"] or "")[1:] for a in parsed.all("a")} <= set(identities)


def test_every_figure_has_an_accessible_name() -> None:
    drawings = Page(page.render(example())).all("svg")
    assert len(drawings) == 11
    assert all(d["role"] == "img" and d["aria-label"] for d in drawings)
    assert len({d["aria-label"] for d in drawings}) == 11


def test_a_result_without_labels_reference_or_spikes_is_still_a_page() -> None:
    values = example() | {"accuracy": None, "agreement": None}
    for layer in values["layers"]:
        layer |= {"rate": 0.0, "events": 0, "rate_by_step": None}
    values["per_sample"]["spikes"] = dict.fromkeys(("mean", "p5", "median", "p95"), 0.0)
    text = page.render(values)
    assert Page(text).mismatches == []
    assert "inputs without labels" in text
    assert "no PyTorch reference" in text
    assert "No layer emits events." in text


def test_a_table_that_prices_nothing_gives_zeros_not_errors() -> None:
    values = example() | {"unpriced": ["ac_issued", "dram_weight_read_bytes"]}
    values["energy_pj"] = dict.fromkeys(values["energy_pj"], 0.0)
    values["ann"] |= {"energy_pj": 0.0, "energy_ratio": None, "energy_pj_by_component": values["energy_pj"]}
    values["totals"]["energy_pj"] = 0.0
    values["per_sample"]["energy_pj"] = dict.fromkeys(("mean", "p5", "median", "p95"), 0.0)
    values["unit_energy_pj"] = dict.fromkeys(values["unit_energy_pj"])
    for layer in values["layers"]:
        layer["energy_pj"] = dict.fromkeys(layer["energy_pj"], 0.0)
    text = page.render(values)
    assert "Not in the energy:" in text
    assert "not priced" in text
    assert "No energy is priced." in text


@pytest.mark.parametrize("count", [1, 60])
def test_a_network_of_any_depth_gets_a_row_for_each_layer(count: int) -> None:
    names = [f"features.stage{i}.block.conv" for i in range(count)]
    parsed = Page(page.render(with_layers(names)))
    assert parsed.mismatches == []
    found = [t for t in parsed.text_of("span") if t in names]
    assert found[:count] == names
    assert set(found) == set(names)


def test_every_difference_from_pytorch_that_was_located_is_listed_or_counted() -> None:
    values = renamed("layer")
    values["agreement"]["located"] *= page.LOCATED_SHOWN + 2
    assert "2 more in result.json" in page.render(values)


def test_an_almost_perfect_agreement_is_not_called_perfect() -> None:
    values = renamed("layer")
    for rate in (0.5, 1e-3, 4e-8):
        values["agreement"]["rate"] = rate
        parsed = Page(page.render(values))
        assert not {"100%", "100.0%"} & set(parsed.text_of("data"))


def test_texts_have_enough_contrast_in_both_schemes() -> None:
    schemes = re.findall(r":root \{(.*?)\}", page.render(example()), re.DOTALL)
    assert len(schemes) == 2
    for scheme in schemes:
        colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", scheme))
        for text in ("ink", "soft", "accent"):
            for ground in ("ground", "tint"):
                assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
        assert contrast(colors["alert"], colors["alert-ground"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colors."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_what_turns_with_the_table_is_said_once() -> None:
    values = example()
    values["sensitivity"] |= {
        "flips": True,
        "ann_verdicts": {"cheaper": ["a"], "dearer": [], "equal": ["b"]},
    }
    text = page.render(values)
    assert text.count("turns with the table") == 1
    assert "the SNN is cheaper under a; equal under b." in text
