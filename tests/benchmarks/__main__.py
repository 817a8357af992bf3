"""`make bench`: every benchmark, one after the other."""

from __future__ import annotations

import sys
from importlib import import_module

NAMES = ("startup", "gate", "judge", "scan")

for name in sys.argv[1:] or NAMES:
    print(f"-- {name}: {(import_module(f'tests.benchmarks.{name}').__doc__ or '').strip()}", flush=True)
    for line in import_module(f"tests.benchmarks.{name}").rows():
        print(line, flush=True)
