"""Known vulnerabilities of pinned versions (``make audit``): ``python -m benchmarks.audit FILE...``.

pip-audit asks PyPI of every line of the files. Before, it is asked of one release that is known to be
vulnerable: where that is not told, because there is no network or only a mirror of packages, nothing is
audited, and the message says so. Status 0: nothing is known of any; 1: something is; 2: there was no answer.
"""

import argparse
import json
import subprocess
import sys
import urllib.request
from pathlib import Path

SERVICE = "https://pypi.org"
PROBE = "jinja2/2.10"
"""GHSA-462w-v97r-4m45: a sandbox that can be left."""

TIMEOUT_S = 20


def silence(service: str) -> str | None:
    """Why nothing can be asked there; None where the probe's vulnerability is told."""
    url = f"{service}/pypi/{PROBE}/json"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - https, or a test's own
            found = json.load(answer)
    except (OSError, ValueError) as error:
        return f"{url}: {error}"
    return (
        None if found.get("vulnerabilities") else f"{url}: tells no vulnerability of a release that has one"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="files of pinned versions")
    parser.add_argument("--service", default=SERVICE, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if why := silence(asked.service):
        sys.stderr.write(f"no version was audited: the vulnerability service does not answer here\n{why}\n")
        raise SystemExit(2)
    files = [part for path in asked.files for part in ("--requirement", str(path))]
    command = [sys.executable, "-m", "pip_audit", "--strict", "--no-deps", "--disable-pip", *files]
    raise SystemExit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own words


if __name__ == "__main__":
    main()
