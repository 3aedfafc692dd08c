"""A real headless Chromium, driven over the pipe of its own DevTools protocol: nothing else is needed."""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE_S = 60.0


def found() -> str | None:
    """The path of a Chromium, if there is any."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page of one browser; ``events`` has what it told since it was opened."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._last = 0
        self._buffer = b""
        self.session: str | None = None
        self.events: list[dict[str, Any]] = []

    def opened(self) -> Self:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of one command; raises for an error."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._last:
                assert "error" not in told, told["error"]
                result: dict[str, Any] = told["result"]
                return result
            self.events.append(told)

    def wait(self, method: str) -> None:
        """Until an event of this name was told."""
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._next())

    def _next(self) -> dict[str, Any]:
        end = monotonic() + PATIENCE_S
        while b"\0" not in self._buffer:
            ready, _, _ = select([self._read], [], [], max(0.0, end - monotonic()))
            assert ready, "Chromium does not answer"
            received = os.read(self._read, 1 << 20)
            assert received, "Chromium has ended"
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\0")
        told: dict[str, Any] = json.loads(line)
        return told

    def show(self, path: Path, width: int = 1280, height: int = 900) -> float:
        """Open a file in a window of this size; the seconds until it was loaded."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.events.clear()
        began = monotonic()
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait("Page.loadEventFired")
        self.value("document.body.offsetHeight")
        return monotonic() - began

    def prefer(self, scheme: str) -> None:
        """What the system prefers: light or dark."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript is; raises for an exception in it."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, key: str, code: int) -> None:
        """A key of the keyboard, on whatever has the focus."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                **(text if kind == "keyDown" else {}),
            )  # fmt: skip

    def complaints(self) -> list[str]:
        """Console messages, exceptions and entries of the log since the page was opened."""
        self.value("0")
        kinds = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [json.dumps(event) for event in self.events if event.get("method") in kinds]

    def requests(self) -> list[str]:
        """Addresses that the page asked for since it was opened, its own among them."""
        self.value("0")
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def picture(self, path: Path, height: int | None = None) -> None:
        """A PNG of the window, or of as much of the page as ``height`` says."""
        clip = {}
        if height is not None:
            width = self.value("innerWidth")
            clip = {"clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, **clip)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that ends with the block, with a profile of its own."""
    path = found()
    assert path is not None
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions"]
    options += ["--hide-scrollbars", "--disable-dev-shm-usage", "--remote-debugging-pipe"]
    theirs, ours = os.pipe()
    mine, yours = os.pipe()
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # the pipe of DevTools is read from file 3 and written to file 4
        program = f'exec "$@" 3<&{theirs} 4>&{yours}'
        process = subprocess.Popen(
            ["/bin/bash", "-c", program, "bash", path, *options, f"--user-data-dir={profile}"],
            pass_fds=(theirs, yours), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs)
        os.close(yours)
        try:
            browser = Browser(ours, mine).opened()
            yield browser
            browser.session = None
            os.write(ours, b'{"id":0,"method":"Browser.close"}\0')
            process.wait(10)
        finally:
            os.close(ours)
            os.close(mine)
            if process.poll() is None:
                process.kill()
                process.wait()
