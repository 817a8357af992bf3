"""What is traced takes two to three times as long: what other tests run through too need not be measured again."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from coverage import Coverage


@contextmanager
def unmeasured() -> Iterator[None]:
    """Nothing in here counts as covered, in whichever thread. Branches are not measured faster before Python 3.14.

    (coverage.readthedocs.io, changes of 7.7.0, read 2026-11-22: the core of sys.monitoring.)
    """
    measuring = Coverage.current()
    if not measuring:
        yield
        return
    measuring.stop()
    if sys.version_info >= (3, 12):  # there, one traced thread makes all of them slow, even if it only waits
        threading.settrace_all_threads(None)
    try:
        yield
    finally:
        measuring.start()
