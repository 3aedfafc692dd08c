"""A tiny estimate for the tests of the report, and reading what was rendered."""

import copy
import json
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np

from hwsim import cost, hardware, pipeline
from hwsim.mapping import Mapping
from hwsim.network import Network, Population, Projection

HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(2)'>",
    "</title></svg></figure>",
    "$x_1^2$ \\frac{a}",
    "{{ 7 * 7 }}{% raw %}",
    "naïve 層 \N{BRAIN} & 'co' <!-- ]]>",
)

VOID = {"meta", "link", "br", "img", "input", "hr"}


@cache
def _estimated(samples: int, batch: int) -> str:
    random = np.random.default_rng(0)
    network = Network(
        name="tiny",
        populations=(
            Population("input", (2, 6, 6), "input"),
            Population("conv", (4, 6, 6), "lif", decay=0.5),
            Population("pool", (4, 3, 3), "relay"),
            Population("out", (3,), "readout"),
        ),
        projections=(
            Projection(
                "p0", "input", "conv", "conv2d",
                weights=random.normal(size=(4, 2, 3, 3)).astype(np.float32), kernel=(3, 3), padding=(1, 1),
            ),
            Projection("p1", "conv", "pool", "max_pool", kernel=(2, 2), stride=(2, 2)),
            Projection("p2", "pool", "out", "dense", weights=random.normal(size=(3, 36)).astype(np.float32)),
        ),
        readout="out",
        timesteps=3,
    )  # fmt: skip
    images = random.uniform(size=(samples, 1, 2, 6, 6)).astype(np.float32)[:, 0]
    work = pipeline.Workload(network, images, np.arange(samples) % 2 * 2)
    chip, table = hardware.load_hardware("sata"), cost.load_table("sata_kernels")
    return json.dumps(pipeline.estimate(work, chip, Mapping(batch=batch), table).as_dict())


def example(samples: int = 2, batch: int = 1) -> dict[str, Any]:
    """The dictionary of a small network's estimate: two samples, three layers, three steps."""
    values: dict[str, Any] = json.loads(_estimated(samples, batch))
    return values


def with_layers(names: list[str]) -> dict[str, Any]:
    """The example with as many copies of its spiking layer as there are names."""
    values = example()
    layer = next(la for la in values["layers"] if la["kind"] == "lif")
    values["layers"] = [copy.deepcopy(layer) | {"name": name} for name in names]
    values["counts"] = {a: layer["counts"].get(a, 0) * len(names) for a in values["counts"]}
    values["energy_pj"] = {c: layer["energy_pj"].get(c, 0.0) * len(names) for c in values["energy_pj"]}
    values["totals"]["energy_pj"] = sum(values["energy_pj"].values())
    return values


def empty() -> dict[str, Any]:
    """A result without layers, spikes, cycles, energy and ANN."""
    values = example() | {"layers": [], "ann": None, "ann_missing": "there is nothing", "accuracy": None}
    for name in ("totals", "energy_pj", "counts", "area_um2"):
        values[name] = dict.fromkeys(values[name], 0)
    values["per_sample"] = {name: dict.fromkeys(d, 0.0) for name, d in values["per_sample"].items()}
    values["cycles"] = {unit: dict.fromkeys(causes, 0) for unit, causes in values["cycles"].items()}
    for row in values["sensitivity"]["rows"]:
        row |= {"energy_pj": 0.0, "dominating": None, "ann_energy_pj": None, "ratio": None}
        row["energy_pj_by_component"] = dict.fromkeys(row["energy_pj_by_component"], 0.0)
    values["sensitivity"]["ann_verdicts"] = {"cheaper": [], "dearer": [], "equal": []}
    values["sensitivity"] |= {"span": None, "flips": False}
    values["compute_only"] |= {"ac": 0.0, "mac": 0.0, "ann_mac": 0, "rate": None}
    values["model"] |= {"neurons": 0, "parameters": 0}
    values["lif"] |= {"state_words": 0, "memory_bytes": 0}
    return values


class Page(HTMLParser):
    """A parsed page: its elements, its texts by element, and whether every element was closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.mismatches: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.mismatches.append(tag)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text_of(self, tag: str) -> list[str]:
        return [text for inside, text in self.texts if inside == tag]
