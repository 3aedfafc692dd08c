"""Runs a Markdown document as it stands, and holds what its blocks print against what it says they print.

``python tests/documents.py DOCUMENT`` needs nothing but hwsim; the working directory is where its files go.

- A ``python`` block is executed. All blocks of a document share one namespace.
- A ``sh`` block has a command of hwsim on each line, run as the installed script would run it.
- A ``text`` block right behind one of these is what it prints: line for line, blanks of any width, ``...``
  for anything within a line, a line of ``...`` alone for any lines.
- ``<!-- file: NAME -->`` before a block: it is that file's content, written and not run.
- ``<!-- shown only -->`` before a block: it is not run.
"""

import io
import re
import shlex
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwsim import cli

BLOCK = re.compile(r"(?:^<!-- (?P<note>[^\n]*?) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.S | re.M)
RUN = ("python", "sh")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the note before it, and the line where it begins."""

    kind: str
    text: str
    note: str
    line: int


def blocks(document: str) -> list[Block]:
    return [
        Block(found["kind"], found["text"], found["note"] or "", document[: found.start()].count("\n") + 1)
        for found in BLOCK.finditer(document)
    ]


def pattern(expected: str) -> re.Pattern[str]:
    """What a ``text`` block accepts, of lines whose blanks have been made one."""
    parts = []
    for line in normal(expected).splitlines():
        if line == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*".join(re.escape(part) for part in line.split("...")) + "\n")
    return re.compile("".join(parts))


def normal(text: str) -> str:
    """Without empty lines; runs of blanks as one."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line)


def command(arguments: list[str]) -> None:
    """Run ``hwsim ARGUMENTS`` in this process. Raises AssertionError where it fails."""
    before, showing = sys.argv, warnings.showwarning
    sys.argv = ["hwsim", *arguments]
    code: object = 0
    try:
        cli.main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv, warnings.showwarning = before, showing
    assert not code, f"hwsim {' '.join(arguments)} ended with {code}"


def run(document: str) -> int:
    """Run all blocks in the working directory, in order; how many were run.

    Raises AssertionError, with the line of the block, where one fails or prints something else.
    """
    with importable(Path.cwd()):
        return ran_blocks(document)


@contextmanager
def importable(place: Path) -> Iterator[None]:
    """Modules of a directory can be imported, and are forgotten afterwards."""
    before = set(sys.modules)
    sys.path.insert(0, str(place))
    try:
        yield
    finally:
        sys.path.remove(str(place))
        for name in set(sys.modules) - before:
            if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == place:
                del sys.modules[name]


def ran_blocks(document: str) -> int:
    names: dict[str, Any] = {"__name__": "document"}
    printed: str | None = None
    ran = 0
    for block in blocks(document):
        if block.note.startswith("file: "):
            path = Path(block.note.removeprefix("file: "))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.kind in RUN and block.note != "shown only":
            out, err = io.StringIO(), io.StringIO()
            try:
                with redirect_stdout(out), redirect_stderr(err):
                    execute(block, names)
            except Exception as error:
                raise AssertionError(
                    f"line {block.line}: {error}\n{out.getvalue()}{err.getvalue()}"
                ) from error
            printed, ran = out.getvalue(), ran + 1
            continue
        elif block.kind == "text" and printed is not None:
            found = normal(printed)
            assert pattern(block.text).fullmatch(found), f"line {block.line}: it printed\n{found}"
        printed = None
    return ran


def execute(block: Block, names: dict[str, Any]) -> None:
    if block.kind == "python":
        exec(block.text, names)  # noqa: S102 - our own documents
        return
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words:
            assert words[0] == "hwsim", f"{words[0]}: only commands of hwsim are run"
            command(words[1:])


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(f"{name}: {run(Path(name).read_text(encoding='utf-8'))} blocks ran")
