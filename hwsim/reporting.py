"""``hwsim report``: saved results to pages, Markdown, CSV, JSON and figures. Nothing is simulated."""

import re
from pathlib import Path
from typing import get_args

from hwsim.delivery import progress_bars, say, write_together
from hwsim.errors import HwsimError, nearest
from hwsim.report import index, markdown
from hwsim.report.contents import Contents, contents
from hwsim.report.picture_files import Format, save
from hwsim.report.saved import Saved, load
from hwsim.storage import is_same, write_text

MOST = 1000
"""Results of one command."""


def report(results: list[Path], output: Path, formats: str) -> None:
    """Write the report of every result, and a page that joins them if there are several.

    Raises HwsimError for files that are no results, and where a file that is read would be replaced.
    """
    forms = parse_formats(formats)
    if len(results) > MOST:
        raise HwsimError(f"{len(results)} results; one report is of {MOST} at most")
    saved = [load(path) for path in results]
    folders = [""] if len(saved) == 1 else names(saved)

    def make(directory: Path) -> dict[str, Path]:
        made: dict[str, Path] = {}
        reports: dict[str, Contents] = {}
        with progress_bars() as progress:
            for i, (folder, one) in enumerate(zip(folders, saved, strict=True), 1):
                reports[folder] = contents(one)
                made |= write(reports[folder], directory / folder, directory, forms)
                progress("report", i, len(saved))
        if len(saved) > 1:
            made |= _joined(reports, directory)
        check_unread(saved, output, [path.relative_to(directory) for path in made.values()])
        return made

    paths = write_together(output, make)
    pages = [path for path in paths.values() if path.suffix == ".html"]
    first = output / "index.html" if len(saved) > 1 else pages[0]
    say(f"{'index' if len(saved) > 1 else 'report'}: {first}")
    say(f"{len(paths)} files in {output}")


def parse_formats(text: str) -> tuple[Format, ...]:
    """Formats of figures separated by commas, or ``none``."""
    if text == "none":
        return ()
    parts = [part.strip() for part in text.split(",")]
    known = get_args(Format)
    for part in parts:
        if part not in known:
            raise HwsimError(f"--format {part!r}.{nearest(part, [*known, 'none'])}")
    return tuple(dict.fromkeys(part for part in known if part in parts))


def names(saved: list[Saved]) -> list[str]:
    """A folder for every result: its number, and what its model and chip are called."""
    wide = len(str(len(saved)))
    found = []
    for i, one in enumerate(saved, 1):
        chip = one.values["hardware" if one.kind == "result" else "chip"]["name"]
        words = re.sub(r"[^a-z0-9]+", "-", f"{one.values['model']['name']} {chip}".lower()).strip("-")[:40]
        found.append(f"{i:0{wide}}-{words.strip('-')}".rstrip("-"))
    return found


def write(found: Contents, folder: Path, root: Path, forms: tuple[Format, ...]) -> dict[str, Path]:
    """All files of one report, by their paths below ``root``."""
    paths: list[Path] = []

    def text(name: str, content: str) -> None:
        paths.append(folder / name)
        write_text(paths[-1], content)

    files: dict[str, list[str]] = {}
    for name, picture in found.pictures.items():
        for form in forms:
            file = f"figures/{name}.{form}"
            save(picture, folder / file, form)
            paths.append(folder / file)
            files.setdefault(name, []).append(file)
    shown = {
        name: (picture, next((f for f in files.get(name, []) if not f.endswith(".pdf")), None))
        for name, picture in found.pictures.items()
    }
    text("report.html", found.html())
    text(
        "report.md",
        markdown.page(found.title, found.lead, found.tiles, found.tables.values(), shown, found.notes),
    )
    text("report.json", found.json(files))
    for name, content in found.csv.items():
        text(name, content)
    return {str(path.relative_to(root)): path for path in paths}


def check_unread(saved: list[Saved], output: Path, written: list[Path]) -> None:
    """Raises HwsimError where one of the files to write is one that was read."""
    for path in written:
        for one in saved:
            if is_same(output / path, one.path):
                raise HwsimError(f"{one.path}: is read, and would be replaced; name another directory")


def _joined(reports: dict[str, Contents], directory: Path) -> dict[str, Path]:
    paths = {name: directory / name for name in ("index.html", "index.csv")}
    write_text(paths["index.html"], index.render(reports))
    write_text(paths["index.csv"], index.index_csv(reports))
    return paths
