"""What the program says of its own work, on stderr: warnings always, each cell with --verbose."""

from __future__ import annotations

import json
import logging
import sys


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"time": self.formatTime(record), "level": record.levelname.lower(), "message": record.getMessage()}
        return json.dumps(line, ensure_ascii=False)


def configure(*, verbose: bool, quiet: bool, form: str) -> None:
    """Set up the program's own logger. Libraries stay silent: their debug logs hold signatures."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if form == "json" else logging.Formatter("%(message)s"))
    logger = logging.getLogger("residency")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING)
