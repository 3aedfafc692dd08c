"""``hwsim reproduce``: rows of papers, the table of methods, errata and the index, written together."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import hwsim
from hwsim.delivery import interruptible, output_directory, progress_bars, say, tell, write_together
from hwsim.errors import HwsimError, nearest
from hwsim.pipeline import versions
from hwsim.reproduction import (
    asgl,
    autosnn,
    efficientlif,
    efficientlif_beside,
    errata,
    methods,
    methods_page,
    pages,
    snasnet,
    tinysnn,
)
from hwsim.reproduction.composition import composed_cases
from hwsim.reproduction.paper_sizes import paper_cases
from hwsim.reproduction.printed import PAPERS
from hwsim.reproduction.rows import Row, beside_their_table
from hwsim.reproduction.rules import Rule, cells
from hwsim.source import source_id
from hwsim.storage import write_text

Progress = Callable[[str, int, int], None]
Files = dict[str, str]


@dataclass(frozen=True)
class Paper:
    """What gives a paper's rows: rules (full or quick), rows beside them, trends."""

    rules: Callable[[bool], tuple[Rule, ...]]
    trends: Callable[[], list[Row]]
    beside: Callable[[], list[Row]] = list


SOURCES: dict[str, Paper] = {
    "efficientlif": Paper(efficientlif.rules, efficientlif_beside.trends, efficientlif_beside.beside),
    "autosnn": Paper(lambda _: autosnn.RULES, autosnn.trends),
    "snasnet": Paper(lambda _: snasnet.RULES, snasnet.trends),
    "tinysnn": Paper(lambda _: tinysnn.RULES, tinysnn.trends, tinysnn.beside),
    "asgl": Paper(lambda _: asgl.RULES, asgl.trends, asgl.beside),
}
ASKED = (*PAPERS, "methods", "all")


def rows_of(paper: str, full: bool, progress: Progress) -> list[Row]:
    """Every number of a paper, what explains some of them, and its trends."""
    of = SOURCES[paper]
    return [*cells(paper, of.rules(full), progress), *of.beside(), *beside_their_table(of.trends())]


def files_of_paper(paper: str, rows: list[Row]) -> Files:
    return {
        f"{paper}/reproduced.csv": pages.reproduced_csv(rows),
        f"{paper}/reproduced.md": pages.reproduced_page(paper, rows),
    }


def files_of_methods(full: bool, progress: Progress) -> Files:
    samples = methods.FULL_SAMPLES if full else methods.SLIM_SAMPLES
    slim = methods.measured(methods.slim_cases(), samples, progress, "methods")
    large = methods.measured(paper_cases(), 1, progress, "papers' sizes") if full else []
    cases = composed_cases(every=full)
    measured = methods.measured([case for _, case in cases], samples, progress, "together")
    together = [(chosen, one) for (chosen, _), one in zip(cases, measured, strict=True)]
    tables = {"slim": slim, "paper": large, "together": measured}
    return {
        "methods.md": methods_page.page(slim, large, together, samples, not full),
        "methods.csv": methods_page.methods_csv(tables),
    }


def reproduce(what: str, quick: bool, output: str | None, as_json: bool) -> None:
    """Write the pages that ``what`` asks for into ``output`` and print how many rows have which verdict.

    Raises HwsimError for a paper that is not there, and for a directory that cannot be written.
    """
    if what not in ASKED:
        raise HwsimError(f"{what!r}.{nearest(what, list(ASKED))}")
    place, began = output_directory(output), time.perf_counter()
    with interruptible(), progress_bars() as progress:
        files, rows = gathered(what, not quick, progress)
    if as_json:
        say(
            json.dumps(
                {paper: [pages.values_of(row) for row in found] for paper, found in rows.items()}, indent=1
            )
        )
    else:
        for paper, found in rows.items():
            say(f"{paper}: {len(found)} rows, {pages.told(found)}")
        if place is None and "methods.md" in files:
            say(files["methods.md"])
    if place is None:
        return
    name = "provenance.json" if what == "all" else f"provenance-{what}.json"
    files[name] = provenance(what, quick, time.perf_counter() - began)

    def make(directory: Path) -> dict[str, Path]:
        paths = {name: directory / name for name in files}
        for name, path in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, files[name])
        return paths

    tell(write_together(place, make), as_json)


def gathered(what: str, full: bool, progress: Progress) -> tuple[Files, dict[str, list[Row]]]:
    """Texts by file, and rows by paper."""
    files: Files = {}
    rows = {paper: rows_of(paper, full, progress) for paper in PAPERS if what in (paper, "all")}
    for paper, found in rows.items():
        files |= files_of_paper(paper, found)
    if what in ("methods", "all"):
        files |= files_of_methods(full, progress)
    if what == "all":
        files |= {"errata.md": errata.page(), "README.md": pages.index(rows)}
    return files, rows


def provenance(what: str, quick: bool, seconds: float) -> str:
    """What made the files, the only one of them with times in it. Of a part it lies beside that of all, which
    made the other files."""
    told = {
        "command": f"hwsim reproduce {what}{' --quick' if quick else ''}",
        "hwsim": hwsim.__version__,
        "source": source_id(),
        "commit": _commit(),
        "seconds": round(seconds, 1),
        "versions": versions(),
    }
    return json.dumps(told, indent=1) + "\n"


def _commit() -> str | None:
    """Of the checkout that the package is in, None outside of one."""
    git, root = shutil.which("git"), Path(hwsim.__file__).resolve().parent.parent
    if git is None or not (root / ".git").exists():
        return None
    asked = [git, "-C", str(root), "rev-parse", "HEAD"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or None
