"""Pages of the finished trainings: ``python -m benchmarks.training.report [efficientlif] [asgl]``.

Reads out/training, writes into reports/training of each paper a page, a line a training as CSV, pictures.
Says what has not been trained.
"""

import argparse
from pathlib import Path

from rich.console import Console

from benchmarks.training import asgl_page, asgl_pictures, efficientlif_page
from benchmarks.training.__main__ import OUT
from benchmarks.training.plan import EFFICIENTLIF, RECONSTRUCTION, WATCHED
from benchmarks.training.results import Found, looked, rows, runs_csv
from hwsim.delivery import write_together
from hwsim.storage import write_text


def efficientlif(found: Found, directory: Path) -> dict[str, Path]:
    """Write the page of EfficientLIF-Net; its files by name."""
    paths = {name: directory / name for name in ("efficientlif.md", "efficientlif.csv", "rates.png")}
    minutes = sum(row.minutes for row in found.values())
    count = sum(len(row.runs) for row in found.values())
    write_text(paths["efficientlif.md"], efficientlif_page.page(found, count, minutes))
    write_text(paths["efficientlif.csv"], runs_csv(found))
    efficientlif_page.draw(found, paths["rates.png"])
    return paths


def asgl(found: Found, directory: Path) -> dict[str, Path]:
    """Write the page of ASGL; its files by name."""
    paths = {name: directory / name for name in ("asgl.md", "asgl.csv")}
    inside, reconstructed = looked(OUT, WATCHED), looked(OUT, RECONSTRUCTION)
    others = [run for runs in (*inside.values(), *reconstructed.values()) for run in runs]
    count = sum(len(row.runs) for row in found.values()) + len(others)
    minutes = sum(row.minutes for row in found.values()) + sum(run.minutes for run in others)
    watched = {row: runs[0].found for row, runs in inside.items()}
    write_text(paths["asgl.md"], asgl_page.page(found, watched, reconstructed, count, minutes))
    write_text(paths["asgl.csv"], runs_csv(found))
    return paths | asgl_pictures.draw(found, watched, directory)


def main() -> None:
    pages = {"efficientlif": efficientlif, "asgl": asgl}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("papers", nargs="*", default=list(pages), help="efficientlif, asgl; default: both")
    parser.add_argument("-o", "--output", type=Path, default=Path("reports/training"))
    asked = parser.parse_args()
    if unknown := set(asked.papers) - set(pages):
        parser.error(f"{', '.join(sorted(unknown))}: allowed are {', '.join(pages)}")
    found = rows(OUT)
    for paper in asked.papers:
        of_paper = {
            key: row for key, row in found.items() if (row.group in EFFICIENTLIF) == (paper == "efficientlif")
        }
        for path in write_together(asked.output, lambda d, p=paper, f=of_paper: pages[p](f, d)).values():
            Console().print(str(path))


if __name__ == "__main__":
    main()
