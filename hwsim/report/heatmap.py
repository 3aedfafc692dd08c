"""A grid of routers and links as SVG that lives inside an HTML page: the busier, the stronger."""

from typing import Any
from xml.etree import ElementTree

from hwsim.report.drawing import WIDTH, canvas
from hwsim.report.plain import plain

SIDE, GAP = 0.5, 0.1
"""Of a router, and of a link from the middle between both directions; routers are 1 apart."""

TOWARDS = {"+x": (1, 0), "-x": (-1, 0), "+y": (0, 1), "-y": (0, -1)}


def heat_map(values: dict[str, Any], alt: str) -> str:
    """Routers by packets that enter there, links by packets that cross them, means of a sample.

    Of the grid only the part with traffic or cores in use is drawn.
    """
    network, samples = values["network"], values["samples"]
    width = network["width"]
    on: dict[tuple[int, int], list[str]] = {}
    for core in values["cores"]:
        names = on.setdefault((core["x"], core["y"]), [])
        names += [name for name in core["populations"] if name not in names]
    used = {*on, (0, 0)}
    used |= {(i % width, i // width) for flits in network["links"].values() for i, n in enumerate(flits) if n}
    columns, rows = (max(place[axis] for place in used) + 1 for axis in (0, 1))
    pitch = WIDTH / (columns + 0.2)
    root = canvas(alt, round(pitch * (rows + 0.2), 1))

    def at(place: float) -> str:
        return f"{pitch * (place + 0.6):.1f}"

    most = max((n for flits in network["links"].values() for n in flits), default=0) or 1
    for side, (dx, dy) in TOWARDS.items():
        for router, flits in enumerate(network["links"][side]):
            x, y = router % width, router // width
            if not flits:
                continue
            a, b = SIDE / 2, 1 - SIDE / 2
            ends = {"x1": at(x + GAP * dy + a * dx), "y1": at(y - GAP * dx + a * dy),
                    "x2": at(x + GAP * dy + b * dx), "y2": at(y - GAP * dx + b * dy)}  # fmt: skip
            style = (
                f"stroke:var(--lif);stroke-width:{pitch * 0.09:.1f};opacity:{0.08 + 0.92 * flits / most:.2f}"
            )
            tip = f"({x}, {y}) to {side}: {flits / samples:,.1f} packets a sample"
            _told(ElementTree.SubElement(root, "line", ends | {"style": style}), tip)
    most = max(network["injected"], default=0) or 1
    for y in range(rows):
        for x in range(columns):
            sent = network["injected"][x + width * y]
            corner = {"x": at(x - SIDE / 2), "y": at(y - SIDE / 2)}
            size = f"{pitch * SIDE:.1f}"
            style = (
                f"fill:var(--array);fill-opacity:{0.85 * sent / most:.2f};stroke:var(--soft);stroke-width:0.5"
            )
            here = ", ".join(on.get((x, y), ())) or "no core in use"
            tip = f"router ({x}, {y}), {sent / samples:,.1f} packets a sample: {here}"
            square = {**corner, "width": size, "height": size, "rx": "1.5", "style": style}
            _told(ElementTree.SubElement(root, "rect", square), tip)
    return ElementTree.tostring(root, encoding="unicode")


def _told(element: ElementTree.Element, tip: str) -> None:
    ElementTree.SubElement(element, "title").text = plain(tip)
