"""A headless Chromium, driven through its own debugging pipe; no other software needed."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--window-size=1920,1080",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)


class Browser:
    """One page; it keeps what the console said and every address that was asked for."""

    def __enter__(self) -> Self:
        """Starts Chromium with a profile of its own."""
        self._profile = tempfile.mkdtemp()
        theirs, self._write = os.pipe()
        self._read, ours = os.pipe()
        flags = [*_FLAGS, f"--user-data-dir={self._profile}", "about:blank"]
        start = f'exec "$0" "$@" 3<&{theirs} 4>&{ours}'
        self._process = subprocess.Popen(
            ["bash", "-c", start, CHROMIUM, *flags],
            pass_fds=(theirs, ours),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(ours)
        self._buffer, self._number, self._session = b"", 0, ""
        self.said: list[str] = []
        self.asked: list[str] = []
        made = self._call("Target.createTarget", url="about:blank")
        attached = self._call("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends Chromium and removes its profile."""
        self._process.kill()
        self._process.wait()
        os.close(self._read)
        os.close(self._write)
        shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, address: str, *, drawn: bool = True) -> None:
        """Goes there and waits until the charts are drawn (or the document is there)."""
        self._call("Page.navigate", url=address)
        ready = (
            "document.documentElement.dataset.drawn"
            if drawn
            else "document.readyState == 'complete'"
        )
        self.wait(f"location.href != 'about:blank' && {ready}")

    def wait(self, condition: str, seconds: float = 25) -> None:
        """Waits until the expression is true in the page."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.value(f"Boolean({condition})"):
                return
            time.sleep(0.1)
        message = f"never true: {condition}; console: {self.said}"
        raise AssertionError(message)

    def resize(self, width: int, height: int) -> None:
        """Gives the page another size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", **size)

    def value(self, expression: str) -> Any:
        """What the expression is in the page."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def promise(self, expression: str) -> Any:
        """What the promise that the expression gives is kept with."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self._call("Runtime.evaluate", **asked)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def prefer(self, scheme: str) -> None:
        """Prefers ``light`` or ``dark`` from now on, as a reader's system does."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._call("Emulation.setEmulatedMedia", features=features)

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        sent = {"id": self._number, "method": method, "params": params}
        if self._session:
            sent["sessionId"] = self._session
        os.write(self._write, json.dumps(sent).encode() + b"\0")
        while True:
            message = self._receive()
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], 30)
            assert ready, "Chromium does not answer"
            self._buffer += os.read(self._read, 1 << 20)
        line, self._buffer = self._buffer.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.said.append(str(params["exceptionDetails"].get("text")))
        elif method == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
            self.said.append(str(params["entry"]["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in {"error", "warning"}:
            self.said.append(str(params["args"]))
        elif method == "Page.javascriptDialogOpening":
            self.said.append(f"dialog: {params['message']}")
