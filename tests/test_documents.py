"""Tutorials and other documents of docs run as they stand; the runner itself refuses what does not hold."""

import re
import sys
from pathlib import Path

import pytest

from tests.documents import blocks, run

DOCS = Path(__file__).parent.parent / "docs"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))
OTHERS = [DOCS / "concepts.md", DOCS / "extending.md"]
RUN = [*(pytest.param(path, marks=pytest.mark.slow) for path in TUTORIALS), *OTHERS]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")  # so that tables are not cut


@pytest.mark.parametrize("path", RUN, ids=lambda p: p.stem)
def test_a_document_runs_and_prints_what_it_says(path: Path) -> None:
    assert run(path.read_text(encoding="utf-8")) > 0


def test_there_is_a_tutorial_for_each_thing_that_a_newcomer_does() -> None:
    names = {path.stem for path in TUTORIALS}
    assert names == {"estimate", "sharing", "design-a-chip", "explore", "read-a-report"}


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.stem)
def test_every_tutorial_holds_an_output_against_what_it_prints(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    kinds = [block.kind for block in blocks(text)]
    assert any(kind == "text" and kinds[i - 1] in ("python", "sh") for i, kind in enumerate(kinds) if i)
    assert len(blocks(text)) == len(re.findall("^```", text, re.M)) / 2


def document(code: str, *expected: str) -> str:
    return f"```python\n{code}\n```\n" + "".join(f"\n```text\n{text}\n```\n" for text in expected)


@pytest.mark.parametrize(
    "expected",
    ["1 2\nthree", "1   2\n\nthree", "1 ...\nthree", "...\nthree", "1 2\n...", "...", "1...2\nth...e"],
)
def test_what_was_printed_may_be_told_with_gaps(expected: str) -> None:
    assert run(document("print(1, 2); print('three')", expected)) == 1


@pytest.mark.parametrize("expected", ["1 2", "three", "1 2\nfour", "three\n1 2", "1 2 3\nthree", "12\nthree"])
def test_what_was_not_printed_is_refused(expected: str) -> None:
    with pytest.raises(AssertionError, match="line 5: it printed"):
        run(document("print(1, 2); print('three')", expected))


def test_a_block_that_fails_is_told_by_its_line() -> None:
    with pytest.raises(AssertionError, match="line 3: division by zero"):
        run("\n\n" + document("1 / 0"))


def test_a_command_that_fails_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"list nothing ended with 2[\s\S]*cannot list 'nothing'"):
        run("```sh\nhwsim list nothing\n```\n")


def test_other_commands_are_not_run() -> None:
    with pytest.raises(AssertionError, match="ls: only commands of hwsim"):
        run("```sh\nls\n```\n")


def test_files_are_written_and_blocks_that_are_shown_only_are_not_run() -> None:
    text = "<!-- file: a/b.py -->\n```python\nx = 3\n```\n<!-- shown only -->\n```python\n1 / 0\n```\n"
    assert run(text + document("print(open('a/b.py').read())", "x = 3")) == 1


def test_a_file_of_a_document_can_be_imported_and_does_not_stay(tmp_path: Path) -> None:
    for number in (1, 2):
        text = f"<!-- file: written_here.py -->\n```python\nx = {number}\n```\n"
        assert run(text + document("import written_here; print(written_here.x)", str(number))) == 1
    assert "written_here" not in sys.modules
    assert str(tmp_path) not in sys.path


def test_names_last_from_block_to_block() -> None:
    assert run(document("x = 1") + document("print(x)", "1")) == 2
