"""make audit: no answer is not taken for a clean one, and says so."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.audit import PROBE, silence


@contextmanager
def service(answers: dict[str, bytes]) -> Iterator[str]:
    """An address at which these paths are answered and others are not found."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = answers.get(self.path)
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Nothing is told of requests."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


PATH = f"/pypi/{PROBE}/json"
KNOWN = json.dumps({"vulnerabilities": [{"id": "GHSA-462w-v97r-4m45"}]}).encode()


def test_a_service_that_tells_the_known_vulnerability_can_be_asked() -> None:
    with service({PATH: KNOWN}) as address:
        assert silence(address) is None


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({}, "404"),
        ({PATH: b"<html>"}, "Expecting value"),
        ({PATH: b'{"vulnerabilities": []}'}, "tells no vulnerability of a release that has one"),
    ],
)
def test_any_other_answer_is_none(answers: dict[str, bytes], why: str) -> None:
    with service(answers) as address:
        found = silence(address)
    assert found is not None
    assert found.startswith(address)
    assert why in found


def test_without_a_service_nothing_is_audited_and_the_message_says_so(tmp_path: Path) -> None:
    with service({}) as address:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.audit", "--service", address, str(tmp_path / "pins.txt")],
            capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1],
        )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("no version was audited: the vulnerability service does not answer here\n")
    assert "HTTP Error 404" in done.stderr
