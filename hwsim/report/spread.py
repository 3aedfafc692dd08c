"""How far apart samples lie: 5th percentile to 95th around the mean, as one small figure."""

from typing import Any
from xml.etree import ElementTree

from hwsim.report import batches
from hwsim.report.drawing import WIDTH, canvas
from hwsim.report.lettering import write
from hwsim.report.picture import Picture
from hwsim.report.plain import plain

NAMES = {
    "energy_pj": ("energy", "dram"),
    "latency_ns": ("time", "array"),
    "cycles": ("cycles", "fill"),
    "spikes": ("spikes", "lif"),
    "dram_bytes": ("DRAM traffic", "weight"),
}
"""Label and series of every quantity."""

PITCH, LEFT, RIGHT, BELOW, SIZE = 22.0, 84.0, 16.0, 34.0, 9.5
LEAST = 1.0
"""Percent of the mean that the axis reaches to each side at least."""


def figure(values: dict[str, Any]) -> Picture:
    """A line from p5 to p95, a mark at the median, in percent of the mean of each quantity."""
    what = f"Spread over {batches.spread(values)}, around the mean"
    found = {
        label: ({k: 100 * spread[k] / spread["mean"] - 100 for k in ("p5", "median", "p95")}, series)
        for name, (label, series) in NAMES.items()
        if (spread := values["per_sample"][name])["mean"]
    }
    widest = max(found.items(), key=lambda item: item[1][0]["p95"] - item[1][0]["p5"], default=None)
    caption = "Lines from the 5th to the 95th percentile, marks at the median; 0 is the mean."
    if widest:
        parts = widest[1][0]
        caption += f" Widest: {widest[0]}, {parts['p5']:+.1f}% to {parts['p95']:+.1f}%."
    else:
        caption = "Every mean is 0."
    return Picture(what, _drawn(found, f"{what}. {caption}"), (), caption)


def _drawn(found: dict[str, tuple[dict[str, float], str]], alt: str) -> str:
    height = PITCH * max(len(found), 1) + BELOW
    root = canvas(alt, height)
    reach = max([LEAST, *(abs(x) for parts, _ in found.values() for x in parts.values())]) * 1.08

    def at(percent: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (percent + reach) / (2 * reach)

    for percent in (-reach / 1.08, 0.0, reach / 1.08):
        ends = {
            "x1": f"{at(percent):.1f}",
            "x2": f"{at(percent):.1f}",
            "y1": "0",
            "y2": f"{height - BELOW + 3:.1f}",
        }
        ElementTree.SubElement(root, "line", ends | {"style": "stroke:var(--faint);stroke-width:0.8"})
        write(
            root, at(percent), height - BELOW + 15, f"{percent:+.3g}%" if percent else "mean", "middle", SIZE
        )
    write(root, at(0.0), height - 5, "difference from the mean", "middle", SIZE)
    for i, (label, (parts, series)) in enumerate(found.items()):
        y = PITCH * (i + 0.5)
        write(root, LEFT - 8, y + 3.3, label, "end", SIZE)
        tip = f"{label}: " + ", ".join(f"{name} {x:+.2f}%" for name, x in parts.items())
        ends = {
            "x1": f"{at(parts['p5']):.1f}",
            "x2": f"{at(parts['p95']):.1f}",
            "y1": f"{y:g}",
            "y2": f"{y:g}",
        }
        line = ElementTree.SubElement(
            root, "line", ends | {"style": f"stroke:var(--{series});stroke-width:5"}
        )
        ElementTree.SubElement(line, "title").text = plain(tip)
        mark = {"cx": f"{at(parts['median']):.1f}", "cy": f"{y:g}", "r": "4.2"}
        style = f"fill:var(--ground);stroke:var(--{series});stroke-width:2"
        ElementTree.SubElement(root, "circle", mark | {"style": style})
    return ElementTree.tostring(root, encoding="unicode")
