"""The site: ``make docs``. Its root is the project's, so that pages may link to reports and to code."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent

project = "hwsim"
author = "The hwsim authors"
(release,) = re.findall(
    r'^__version__ = "(.+)"$', (ROOT / "hwsim/__init__.py").read_text(encoding="utf-8"), re.M
)
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = [
    "docs/**.md", "reports/**.md", "mappings/README.md", "models/*/README.md", "hwsim/tables/README.md",
    "CONTRIBUTING.md", "CHANGELOG.md",
]  # fmt: skip
exclude_patterns = ["out", ".*", "**/__pycache__"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = f"hwsim {release}"
html_extra_path = ["site"]
