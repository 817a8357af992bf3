"""CPU seconds and peak memory of a piece of work in a process of its own."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    cpu: float  # seconds, user and system
    wall: float
    peak_mb: float


def of_command(arguments: list[str], environment: dict[str, str] | None = None, program: str = sys.executable) -> Cost:
    """Run Python, or a program, with the arguments; what it prints is thrown away. RuntimeError when it fails oddly.

    Byte code is kept, as in any installation: without it every start compiles all of the program.
    """
    import time

    began = time.perf_counter()
    process = subprocess.Popen(
        [program, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""} | (environment or {}),
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 3, 4):
        raise RuntimeError(f"{arguments}: exit {process.returncode}: {said.decode()[-500:]}")
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / 1024)


def best_of(times: int, arguments: list[str], environment: dict[str, str] | None = None) -> Cost:
    """The cheapest of several runs: what the machine did besides is not ours."""
    return min((of_command(arguments, environment) for _ in range(times)), key=lambda cost: cost.cpu)


def row(name: str, cost: Cost, beside: str = "", other: Cost | None = None) -> str:
    ratio = f"  {cost.cpu / other.cpu:5.1f} × {beside}" if other else ""
    return f"{name:42} {cost.cpu:7.2f} s CPU {cost.wall:7.2f} s wall {cost.peak_mb:7.0f} MB{ratio}"


def own_peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
