"""Puts what `make scan` really prints into README.md: `python -m tests.readme`. A test compares the two."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BEGIN, END = "<!-- begin: make scan -->\n", "<!-- end: make scan -->"


def scan_output() -> str:
    """The terminal's text of a scan of the embedded estate, in English."""
    command = [sys.executable, "-m", "residency.demo", "--no-save", "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode not in (0, 1, 3, 4):
        raise RuntimeError(done.stderr)
    return done.stdout


def shown(readme: str) -> str:
    """The block between the marks."""
    block = readme.partition(BEGIN)[2].partition(END)[0]
    return block.removeprefix("```\n").removesuffix("```\n")


def without_what_changes(text: str) -> str:
    """The same text whatever the day, and whatever ids the emulator gives."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d JST", "DAY", text)
    text = re.sub(r"\b(vol|snap)-[0-9a-f]{17}\b", r"\1-ID", text)
    return re.sub(r"\bsha256:[0-9a-f]{12}\b", "sha256:DIGEST", text)


def main() -> None:
    readme = README.read_text(encoding="utf-8")
    before, _, rest = readme.partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}```\n{scan_output()}```\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
