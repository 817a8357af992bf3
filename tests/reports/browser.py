"""A real browser for the tests of pages: Chromium without a network, asked over a pipe (DevTools protocol)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer
from typing import IO, Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
# No network by any way: a proxy that is not there, and no name that is found.
OFFLINE = ("--proxy-server=127.0.0.1:9", "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe", *OFFLINE)
# The browser reads commands from descriptor 3 and answers on 4.
LAUNCH = """
import os, sys
commands, answers = os.dup(int(sys.argv[1])), os.dup(int(sys.argv[2]))
os.dup2(commands, 3)
os.dup2(answers, 4)
os.set_inheritable(3, True)
os.set_inheritable(4, True)
os.execvp(sys.argv[3], sys.argv[3:])
"""
SECONDS = 60
# Read when the tests are collected: while they run, no setting of this machine is seen.
NEEDED = os.environ.get("RESIDENCY_NEEDS_BROWSER") == "1"


def browser_name() -> str:
    """The browser; the test is skipped where there is none, and fails where one is needed."""
    for name in NAMES:
        if shutil.which(name):
            return name
    if NEEDED:
        pytest.fail("no browser: install chromium, or unset RESIDENCY_NEEDS_BROWSER")
    pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed")


@dataclass
class Tab:
    """One tab. `requests` and `complaints` are what it asked for and what it logged since it was opened."""

    to_browser: IO[bytes]
    from_browser: IO[bytes]
    session: str | None = None
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _number: int = 0

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One call of the protocol, and its answer; what happens meanwhile is noted."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        self.to_browser.write(json.dumps(message).encode() + b"\0")
        self.to_browser.flush()
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        text = bytearray()
        while (byte := self.from_browser.read(1)) not in (b"\0", b""):
            text += byte
        assert text, "the browser is gone"
        message: dict[str, Any] = json.loads(text)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, event: str | None, what: dict[str, Any]) -> None:
        if event == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])
        elif event == "Log.entryAdded":
            self.complaints.append(what["entry"]["text"])
        elif event == "Runtime.consoleAPICalled":
            self.complaints.append(str(what["args"]))

    def value(self, expression: str) -> Any:
        """What the tools of the browser read from the page; the page itself may run no script."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    @property
    def text(self) -> str:
        """What can be read on the page: what the stylesheet hides is not in it."""
        shown: str = self.value("document.body.innerText")
        return shown

    def click(self, selector: str) -> None:
        """A click of the mouse in the middle of an element."""
        box = f"JSON.stringify(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        place = json.loads(self.value(box))
        x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def width(self, pixels: int, height: int = 1500) -> None:
        size = {"width": pixels, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)

    def media(self, media: str = "", scheme: str = "light") -> None:
        """`print` or the screen; light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=media, features=features)

    def picture(self, path: Path, whole: bool = False) -> None:
        answer = self.ask("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))


@contextmanager
def opened(page: Path, *, script: bool = False) -> Iterator[Tab]:
    """The page in a tab of its own browser; without `script` no script could run if there were one."""
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as profile:
        process, commands, answers = _started(browser_name(), f"--user-data-dir={profile}")
        patience = Timer(SECONDS, process.kill)
        patience.start()
        try:
            with os.fdopen(commands, "wb") as to_browser, os.fdopen(answers, "rb") as from_browser:
                tab = Tab(to_browser, from_browser)
                _open(tab, page, script)
                yield tab
        finally:
            process.wait()  # it ends when nobody listens to it any more
            patience.cancel()


def _started(name: str, profile: str) -> tuple[subprocess.Popen[bytes], int, int]:
    """The browser, where to write commands, and where to read answers."""
    read_commands, write_commands = os.pipe()
    read_answers, write_answers = os.pipe()
    launch = [sys.executable, "-c", LAUNCH, str(read_commands), str(write_answers)]
    process = subprocess.Popen(
        [*launch, *_alone(), name, *FLAGS, profile, "about:blank"],
        pass_fds=(read_commands, write_answers),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(read_commands)
    os.close(write_answers)
    return process, write_commands, read_answers


def _alone() -> list[str]:
    """A network namespace of its own, where the system grants one: nothing but the machine's own loopback, down."""
    command = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
        return command
    return []


def _open(tab: Tab, page: Path, script: bool) -> None:
    target = tab.ask("Target.createTarget", url="about:blank")["targetId"]
    tab.session = tab.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Network", "Log", "Runtime"):
        tab.ask(f"{domain}.enable")
    tab.ask("Emulation.setScriptExecutionDisabled", value=not script)
    tab.ask("Page.navigate", url=page.as_uri())
    end = time.monotonic() + SECONDS
    while tab.value("document.readyState + location.protocol") != "completefile:":
        assert time.monotonic() < end, "the page does not end to load"
        time.sleep(0.05)
