"""A real browser, headless Chromium, by its own debugging protocol."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect

from stack.places import free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WAIT_SECONDS = 30.0


class Browser:
    """One tab.

    :param folder: for its profile and its screenshots.
    """

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM, "there is no Chromium"
        self._folder = folder
        port = free_port(18600)
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "about:blank"]
        arguments += [f"--remote-debugging-port={port}", f"--user-data-dir={folder / 'profile'}"]
        self._process = subprocess.Popen([CHROMIUM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._socket = connect(self._tab(port), max_size=None)
        self._numbers = itertools.count(1)
        self._call("Page.enable")

    def _tab(self, port: int) -> str:
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=2) as answer:
                    return str(next(tab for tab in json.load(answer) if tab["type"] == "page")["webSocketDebuggerUrl"])
            except (OSError, StopIteration):
                time.sleep(0.2)
        raise AssertionError("Chromium did not start")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(20)

    def _call(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(WAIT_SECONDS))
            if answer.get("id") == number:
                return answer.get("result", answer)

    def open(self, address: str) -> None:
        """Open a page."""
        self._call("Page.navigate", url=address)

    def script(self, expression: str) -> Any:
        """What an expression is worth on the page."""
        done = self._call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        return done.get("result", {}).get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until an expression is true on the page."""
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            if self.script(f"!!({condition})"):
                return
            time.sleep(0.1)
        raise AssertionError(f"{condition} did not come true: {self.script('document.body.innerText')[:500]}")

    def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.wait_for(f"document.querySelector({json.dumps(selector)})")
        self.script(f"document.querySelector({json.dumps(selector)}).focus()")
        self._call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        """Click on something, as a mouse does."""
        self.wait_for(f"document.querySelector({json.dumps(selector)})")
        x, y = self.script(
            f"(() => {{ const at = document.querySelector({json.dumps(selector)}); at.scrollIntoView();"
            " const box = at.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, name: str) -> Path:
        """A picture of the page."""
        file = self._folder / f"{name}.png"
        file.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"]))
        return file
