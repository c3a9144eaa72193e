"""Runs the benchmarks, prints each figure beside its requirement, and keeps them in a history.

    python benchmarks/figures.py [--history benchmarks/history.jsonl] [SCRIPT ...]

The scripts call `state` for each of their figures. A run appends one line to the history: a JSON
object with the date, the commit, the machine and all figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

#: The scripts whose figures have requirements, in the order in which they run.
SCRIPTS = (
    *("start", "step", "training", "busy", "tables", "augmentation", "records", "sweep", "report"),
)
_FILE = "DEEPOBS_FIGURES"  # variable that names the file to which `state` appends


def state(
    name: str,
    value: float,
    unit: str = "",
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> None:
    """Prints a figure beside its requirement, and passes it on to a run of this script.

    Args:
        name: What was measured.
        value: The figure.
        unit: Its unit, such as "s"; empty for a ratio.
        at_most: The largest value that is required; None for no requirement.
        at_least: The smallest value that is required; None for no requirement.
    """
    bounds = {"at_most": at_most, "at_least": at_least}
    bounds = {bound: required for bound, required in bounds.items() if required is not None}
    required = [f"{bound.replace('_', ' ')} {value:g} {unit}" for bound, value in bounds.items()]
    missed = value > bounds.get("at_most", value) or value < bounds.get("at_least", value)
    wanted = f" ({', '.join(required).strip()}{': MISSED' if missed else ''})" if required else ""
    print(f"{name}: {value:.4g} {unit}".rstrip() + wanted, flush=True)
    if path := os.environ.get(_FILE):
        with Path(path).open("a", encoding="utf-8") as file:
            print(json.dumps({"name": name, "value": value, "unit": unit, **bounds}), file=file)


def measured(scripts: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Runs scripts; returns their figures, and the scripts that failed."""
    figures, failed = [], []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figures.jsonl"
        path.touch()
        for script in scripts:
            print(f"\n== {script}", flush=True)
            command = [sys.executable, str(Path(__file__).with_name(f"{script}.py"))]
            if subprocess.run(command, env={**os.environ, _FILE: str(path)}).returncode:
                failed.append(script)
        figures = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return figures, failed


def processor() -> str:
    """Returns the processor's model."""
    with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.processor()


def commit() -> str:
    """Returns the commit that is measured; with a + if files were changed since."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=9", "--exclude=*"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
    return run.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scripts", nargs="*", metavar="SCRIPT", default=list(SCRIPTS))
    default = Path(__file__).with_name("history.jsonl")
    parser.add_argument("--history", type=Path, default=default)
    arguments = parser.parse_args()
    import torch

    load = os.getloadavg()[0]  # a machine that does other things measures itself
    figures, failed = measured(arguments.scripts)
    line = {
        "date": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        "commit": commit(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "load_before": round(load, 2),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "figures": {figure["name"]: figure["value"] for figure in figures},
    }
    with arguments.history.open("a", encoding="utf-8") as file:
        print(json.dumps(line, ensure_ascii=False), file=file)
    print(f"\n{len(figures)} figures, appended to {arguments.history}")
    if failed:
        sys.exit(f"These scripts failed: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
