"""The page of what is trained and searched: ``python -m benchmarks.autosnn.report``.

Reads out/autosnn and the tables that reports/autosnn has already; writes README.md, runs.csv, layers.csv,
searches.csv and pictures there. Says what has not been trained.
"""

import argparse
from pathlib import Path

from rich.console import Console

from benchmarks.autosnn import figures
from benchmarks.autosnn.__main__ import OUT
from benchmarks.autosnn.page import page
from benchmarks.autosnn.results import Found, LayerRow, Row, load, written
from benchmarks.autosnn.searches import Outcome
from hwsim.delivery import write_together
from hwsim.storage import write_text

REPORT = Path("reports/autosnn")


def write(found: Found, directory: Path) -> dict[str, Path]:
    """Write the page; its files by name."""
    names = ("README.md", "runs.csv", "layers.csv", "searches.csv", "layers.png", "space.png")
    paths = {name: directory / name for name in names}
    write_text(paths["README.md"], page(found))
    write_text(paths["runs.csv"], written(found.runs, Row))
    write_text(paths["layers.csv"], written(found.layers, LayerRow))
    write_text(paths["searches.csv"], written(found.outcomes, Outcome))
    figures.layers(found, paths["layers.png"])
    figures.space(found, paths["space.png"])
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=REPORT)
    asked = parser.parse_args()
    found = load(OUT, REPORT)
    for path in write_together(asked.output, lambda directory: write(found, directory)).values():
        Console().print(str(path))


if __name__ == "__main__":
    main()
