"""`python -m residency.demo [ARGUMENTS]`: start the estate, then run `residency scan` against it.

Ends with the exit code of the scan; `make scan` says what it means.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from residency.demo.estate import move_in
from residency.demo.server import moto_layer, served
from residency.shipped import shipped_config

PROFILES = Path(__file__).with_name("aws.ini")


def main(arguments: list[str]) -> int:
    layer = moto_layer()
    with served(layer) as endpoint:
        move_in(endpoint, layer)
        command = [sys.executable, "-m", "residency", "scan", "-c", str(shipped_config() / "demo"), *arguments]
        return subprocess.run(command, env=scan_environment(endpoint), check=False).returncode


def scan_environment(endpoint: str) -> dict[str, str]:
    """The environment of a scan that sees the estate and nothing of this machine's own credentials."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": str(PROFILES),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
