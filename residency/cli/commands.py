"""Every command: each reads its options, makes one call of run.py or of its own module, and returns an exit code."""

from residency.cli import classifying, covering, explaining, looking, permitting, scanning, starting, surveying
from residency.cli.group import cli

__all__ = ["classifying", "cli", "covering", "explaining", "looking", "permitting", "scanning", "starting", "surveying"]
