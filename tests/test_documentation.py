"""The documentation hangs together: generated pages are up to date, links lead somewhere, pages are found."""

import re
from fnmatch import fnmatch
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer

from docs.generate.pictures import PICTURES, fired
from docs.generate.reference import PAGES
from hwsim import cli

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES_OF = {
    "docs": sorted(DOCS.rglob("*.md")),
    "elsewhere": [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "mappings/README.md")),
        *sorted((ROOT / "reports").rglob("*.md")),
    ],
}
WRITTEN = [path for pages in PAGES_OF.values() for path in pages]
LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)")


def prose(path: Path) -> str:
    """A page without its code, where brackets are no links."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(path: Path) -> set[str]:
    """Of a page's headings, as GitHub and the site make them."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.S | re.M)
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_what_the_code_says(name: str) -> None:
    page = (DOCS / "reference" / name).read_text(encoding="utf-8")
    assert page == PAGES[name](), "make reference writes it again"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_what_its_code_draws(name: str) -> None:
    drawn = (DOCS / "pictures" / f"{name}.svg").read_text(encoding="utf-8")
    assert drawn == str(PICTURES[name]()), "make reference draws it again"
    root = ElementTree.fromstring(drawn)  # noqa: S314 - our own
    width, height = float(root.get("width", 0)), float(root.get("height", 0))
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        assert 0 <= float(text.get("x", 0)) <= width
        assert 0 <= float(text.get("y", 0)) <= height


def test_the_picture_of_events_shows_what_the_page_works_out() -> None:
    assert fired() == [(0,), (), (1,), (0, 1)]


def test_every_command_is_in_the_reference() -> None:
    page = (DOCS / "reference" / "cli.md").read_text(encoding="utf-8")
    group = typer.main.get_command(cli.app)
    for name, command in group.commands.items():
        inner = getattr(command, "commands", {"": None})
        assert all(f"## hwsim {name} {sub}".strip() + "\n" in page for sub in inner)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(prose(path)):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.is_file(), f"{link}: no such file"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"


def navigation() -> list[str]:
    """Entries of the site's tables of contents, as paths from the root without their endings."""
    trees = re.findall(
        r"^```\{toctree\}\n(.*?)^```$", (DOCS / "index.md").read_text(encoding="utf-8"), re.S | re.M
    )
    lines = [line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")]
    return [(DOCS / line).resolve().relative_to(ROOT.resolve()).as_posix() for line in lines]


@pytest.mark.parametrize("path", PAGES_OF["docs"], ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_page_is_in_the_site_s_navigation(path: Path) -> None:
    name = path.relative_to(ROOT).with_suffix("").as_posix()
    assert name == "docs/index" or any(fnmatch(name, entry) for entry in navigation())


def test_the_readme_is_short_and_begins_with_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^    make (\w+)", text, re.M) == ["demo", "test"]
    assert len(text.splitlines()) < 120
