"""Puts what `make scan` really prints into README.md: `python -m tests.readme`. A test compares the two.

Of the findings, the first of each rule and status; what is left out is said.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BEGIN, END = "<!-- begin: make scan -->\n", "<!-- end: make scan -->"


def scan_output() -> str:
    """The terminal's text of a scan of the embedded estate, in English."""
    command = [sys.executable, "-m", "residency.demo", "--no-save", "--lang", "en"]
    here = os.environ | {"PYTHONPATH": str(ROOT)}
    with TemporaryDirectory() as folder:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=here)
    if done.returncode not in (0, 1, 3, 4):
        raise RuntimeError(done.stderr)
    return done.stdout


def shortened(output: str) -> str:
    """The head, the first finding of each rule and status, and the end."""
    findings, between, end = output.partition("\nCopies ")
    head, *blocks = re.split(r"^(?=(?:VIOLATION|NOT CHECKED|WARNING|EXCEPTED)\b)", findings, flags=re.MULTILINE)
    first: dict[tuple[str, str], str] = {}
    for block in blocks:
        rule = re.search(r"^    rule: (\S+)", block, re.MULTILINE)
        first.setdefault((block[:10], rule[1] if rule else ""), block)
    left_out = len(blocks) - len(first)
    return f"{head}{''.join(first.values())}... {left_out} more findings ...\n{between}{end}"


def shown(readme: str) -> str:
    """The block between the marks."""
    block = readme.partition(BEGIN)[2].partition(END)[0]
    return block.removeprefix("```\n").removesuffix("```\n")


def without_what_changes(text: str) -> str:
    """The same text whatever the day, and whatever ids the emulator gives."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d JST", "DAY", text)
    text = re.sub(r"\b(vol|snap|fs)-[0-9a-f]{8,17}\b", r"\1-ID", text)
    text = re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "KEY-ID", text)
    text = re.sub(r"(secret:[\w/-]+)-\w{6}\b", r"\1-ID", text)
    return re.sub(r"\bsha256:[0-9a-f]{12}\b", "sha256:DIGEST", text)


def main() -> None:
    """Write README where it says something else; the day and the ids of another scan are no difference."""
    readme = README.read_text(encoding="utf-8")
    output = shortened(scan_output())
    if without_what_changes(shown(readme)) == without_what_changes(output):
        return
    before, _, rest = readme.partition(BEGIN)
    after = rest.partition(END)[2]
    README.write_text(f"{before}{BEGIN}```\n{output}```\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
