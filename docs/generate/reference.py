"""docs/reference: what docstrings, schemas and the command line say of themselves.

``python -m docs.generate.reference docs/reference`` (``make reference``) writes the pages; a test holds them
against the code.
"""

import sys
from pathlib import Path

from docs.generate.command_line import command_line
from docs.generate.files import files
from docs.generate.python_api import python

PAGES = {"cli.md": command_line, "python.md": python, "files.md": files}


def main() -> None:
    for name, page in PAGES.items():
        (Path(sys.argv[1]) / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
