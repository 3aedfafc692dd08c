"""Texts of drawings that are put together by hand."""

from xml.etree import ElementTree

from hwsim.report.plain import plain

HALO = "stroke:var(--ground);stroke-width:2.5;paint-order:stroke"
"""Ground around the letters, where lines pass behind them."""


def write(
    root: ElementTree.Element, x: float, y: float, text: str, anchor: str, size: float, around: str = ""
) -> None:
    """A text in ink; ``size`` in units of the drawing, ``around`` a style of the letters' edges."""
    parts = ("fill:currentColor", around, f"font-size:{size:g}px", f"text-anchor:{anchor}")
    style = ";".join(part for part in parts if part)
    made = ElementTree.SubElement(root, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "style": style})
    made.text = plain(text)
