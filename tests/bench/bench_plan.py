"""Times `asyncshift plan` (cold, and again) and `--help` on a project, beside `ast.parse` of the same files.

python tests/bench/bench_plan.py PATH
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from asyncshift.cli.discovery import python_files
from asyncshift.cli.writing import HOME

START = "from asyncshift.cli.main import main; main()"


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of the processor (child processes included)."""
    clock, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    return time.perf_counter() - clock, sum(after[:4]) - sum(before[:4])


def main(root: Path) -> None:
    contents = [(root / path).read_bytes() for path in python_files(root, [root], ())]
    lines = sum(content.count(b"\n") for content in contents)
    print(f"{root}: {len(contents)} files, {lines} lines")

    def command(*arguments: str) -> Callable[[], object]:
        line = [sys.executable, "-c", START, *arguments]
        return lambda: subprocess.run(line, cwd=root, check=True, stdout=subprocess.DEVNULL)

    yardstick = timed(lambda: [ast.parse(content) for content in contents])
    shutil.rmtree(root / HOME / "cache", ignore_errors=True)
    rows = {
        "ast.parse": yardstick,
        "plan": timed(command("plan", ".")),
        "again": timed(command("plan", ".")),
        "--help": timed(command("--help")),
    }
    print(f"{'':10} {'clock':>8} {'cpu':>8}  times ast.parse")
    for name, (clock, cpu) in rows.items():
        print(f"{name:10} {clock:7.2f}s {cpu:7.2f}s  {cpu / yardstick[1]:.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
