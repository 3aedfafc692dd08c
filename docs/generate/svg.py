"""Boxes, arrows and letters as SVG text: equal drawings give equal bytes."""

from dataclasses import dataclass, field
from html import escape
from pathlib import Path

INK, SOFT, LINE = "#1c2127", "#56606b", "#8a949e"
PLAIN, BLUE, GREEN, ORANGE, YELLOW = "#f4f6f8", "#dbe6f8", "#d8f0e4", "#fbe3d4", "#fbf3cf"


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


@dataclass
class Drawing:
    """Drawn on white, so that it can be read on dark pages too; ``title`` is what screen readers tell."""

    width: float
    height: float
    title: str
    parts: list[str] = field(default_factory=list)

    def box(self, x: float, y: float, width: float, height: float, fill: str = PLAIN) -> None:
        self.parts.append(
            f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" '
            f'rx="4" fill="{fill}" stroke="{LINE}"/>'
        )

    def dot(self, x: float, y: float, radius: float, fill: str) -> None:
        self.parts.append(
            f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}" stroke="{INK}"/>'
        )

    def text(
        self, x: float, y: float, words: str, size: float = 12, ink: str = INK, anchor: str = "middle"
    ) -> None:
        """Lines are one below the other, the first with its base at ``y``."""
        for i, line in enumerate(words.split("\n")):
            self.parts.append(
                f'<text x="{number(x)}" y="{number(y + i * size * 1.3)}" font-size="{number(size)}" '
                f'fill="{ink}" text-anchor="{anchor}">{escape(line)}</text>'
            )

    def arrow(self, x1: float, y1: float, x2: float, y2: float, ink: str = SOFT) -> None:
        ends = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
        self.parts.append(f'<line {ends} stroke="{ink}" stroke-width="1.4" marker-end="url(#head)"/>')

    def line(self, x1: float, y1: float, x2: float, y2: float, ink: str = LINE) -> None:
        ends = f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"'
        self.parts.append(f'<line {ends} stroke="{ink}"/>')

    def __str__(self) -> str:
        width, height = number(self.width), number(self.height)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img" '
            'font-family="system-ui, sans-serif">\n'
            f"<title>{escape(self.title)}</title>\n"
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{SOFT}"/></marker></defs>\n'
            f'<rect width="{width}" height="{height}" rx="6" fill="#ffffff"/>\n'
        )
        return head + "\n".join(self.parts) + "\n</svg>\n"

    def write(self, path: Path) -> None:
        path.write_text(str(self), encoding="utf-8")
