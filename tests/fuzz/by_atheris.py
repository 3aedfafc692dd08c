"""Bytes that reach new branches, found by atheris: ``python -m tests.fuzz.by_atheris KIND -runs=10000``.

KIND is one of tests/fuzz/targets.py; other arguments are libFuzzer's. Needs the extra ``hardening``.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["hwsim"]):
    from tests.fuzz.targets import TARGETS
    from tests.fuzz.test_files import check


def main(name: str, options: list[str]) -> None:
    """Begin with the whole file; end with an exception at the first case that is neither read nor refused."""
    target, folder = TARGETS[name], Path(tempfile.mkdtemp())
    path = target.write(folder)
    corpus = Path(tempfile.mkdtemp())
    (corpus / "whole").write_bytes(path.read_bytes())

    def one(data: bytes) -> None:
        path.write_bytes(data)
        check(name, target, path)

    atheris.Setup([sys.argv[0], str(corpus), *options], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
