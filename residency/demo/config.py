"""The config of the demonstration, with approvals that are in force on the day it is run."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

from residency.shipped import shipped_config

# What counts for nobody's promise to be open: written down, owned, and with an end.
COVERAGE = """\
version: 1
kind: coverage
accept:
  - {{id: CG-DEMO-1, match: {{source: company, status: guarded}}, cause: {{policy: p-regiondeny1}},
     reason: "a guardrail closes every region that is not in use", owner: cloud@example.co.jp,
     approved_by: dpo@example.co.jp, approved_on: {begun}, expires: {ends}}}
  - {{id: CG-DEMO-2, match: {{service: sweep}}, cause: {{status: unswept}},
     reason: "the demonstration holds only kinds that this version lists", owner: cloud@example.co.jp,
     approved_by: dpo@example.co.jp, approved_on: {begun}, expires: {ends}}}
"""
EXCEPTIONS = """\
version: 1
kind: exceptions
exceptions:
  - {{id: EX-DEMO-1, rule: copy-outside-territory, match: {{name: member-db/password}}, basis: migration,
     reason: "the replica is dropped when the old site closes", owner: platform@example.co.jp,
     approved_by: dpo@example.co.jp, approved_on: {begun}, expires: {ends}, ticket: DEMO-7}}
"""


def write_config(folder: Path, today: date) -> Path:
    """The shipped part, and approvals that began a month ago and end in three."""
    config = folder / "config"
    shutil.copytree(shipped_config() / "demo", config)
    days = {"begun": today - timedelta(days=30), "ends": today + timedelta(days=90)}
    (config / "coverage.yaml").write_text(COVERAGE.format(**days), "utf-8")
    (config / "exceptions.yaml").write_text(EXCEPTIONS.format(**days), "utf-8")
    return config
