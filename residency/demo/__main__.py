"""`python -m residency.demo [ARGUMENTS]`: start the estate, then run `residency scan` against it.

Ends with the exit code of the scan; `make scan` says what it means.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from residency.demo.config import write_config
from residency.demo.estate import move_in
from residency.demo.server import moto_layer, served

PROFILES = Path(__file__).with_name("aws.ini")
KEPT = Path(".residency/demo")  # beside the saved runs: `residency explain` finds the config of the run there


def main(arguments: list[str]) -> int:
    try:
        layer = moto_layer()
    except ModuleNotFoundError as error:
        print(f"error: {error.name} is not installed: pip install 'residency[demo]'", file=sys.stderr)
        return 2
    with served(layer) as endpoint:
        move_in(endpoint, layer)
        shutil.rmtree(KEPT, ignore_errors=True)
        config = write_config(KEPT, datetime.now(ZoneInfo("Asia/Tokyo")).date())
        command = [sys.executable, "-m", "residency", "scan", "-c", str(config), *arguments]
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
