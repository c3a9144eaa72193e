"""Measures the time to write and open a report, and its size.

    python benchmarks/report.py           # the 1,080 published runs
    python benchmarks/report.py --wide    # 40 made-up methods on 10 problems with 10 seeds

The time to open is measured in Chromium, from the start of the navigation until the first chart of
a problem half-way down is drawn. Beside each wall-clock time stands the processor time, of this
process or of the page's: on a shared machine only that can be compared. Bounds on an idle machine:
15 MB, 60 s to write, 3 s to open. The exit status is 1 if a bound is exceeded.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from figures import state
from playwright.sync_api import Browser, sync_playwright

from deepobs.runner import write_report

SIZE_BOUND_MB = 15.0
WRITE_BOUND_SECONDS = 60.0
OPEN_BOUND_SECONDS = 3.0
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
METHODS, PROBLEMS, SEEDS, EPOCHS = 40, 10, 10, 50


def write_wide_study(folder: Path) -> Path:
    """Writes the records of many methods, each a little worse than the one before."""
    generator = np.random.default_rng(0)
    for method in range(METHODS):
        for problem in range(PROBLEMS):
            for seed in range(SEEDS):
                level = 0.3 + 0.02 * method + generator.normal(0, 0.02)
                noise = generator.normal(0, 0.01, EPOCHS + 1)
                losses = level + (4 - level) * np.exp(-np.arange(EPOCHS + 1) / 8) + noise
                path = folder / f"problem_{problem:02}" / f"Method{method:02}"
                path.mkdir(parents=True, exist_ok=True)
                record = _record(f"problem_{problem:02}", f"Method{method:02}", seed, losses)
                (path / f"random_seed__{seed}.json").write_text(json.dumps(record))
    return folder


def _record(problem: str, method: str, seed: int, losses: np.ndarray) -> dict[str, object]:
    accuracies = np.clip(1 - losses / 5, 0.1, 1).tolist()
    return {
        "format": "deepobs-2",
        "run_id": f"{problem}-{method}-{seed}",
        "status": "finished",
        "testproblem": problem,
        "optimizer": method,
        "hyperparams": {},
        "schedule": {"name": "constant"},
        "learning_rate": 0.1,
        "random_seed": seed,
        "batch_size": 128,
        "weight_decay": None,
        "num_epochs": EPOCHS,
        "train_losses": losses.tolist(),
        "test_losses": losses.tolist(),
        "train_accuracies": accuracies,
        "test_accuracies": accuracies,
        "minibatch_train_losses": [],
        "train_log_interval": 10,
        "num_steps": 400,
        "epoch_seconds": [1.0] * EPOCHS,
    }


def opening_seconds(browser: Browser, path: Path, problem: str) -> tuple[float, float]:
    """Returns the seconds until a problem's first chart is drawn, in a fresh browser context.

    Args:
        browser: The browser.
        path: The report.
        problem: The problem's name.

    Returns:
        Wall-clock time and the processor time of the page's process.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    start = time.perf_counter()
    page.goto(f"{path.as_uri()}#problem-{problem}")
    chart = page.locator(f"#problem-{problem} [data-chart=loss]")
    chart.scroll_into_view_if_needed()  # charts are drawn when they come into view
    chart.locator(".scatterlayer path.js-line").first.wait_for(state="attached")
    seconds = time.perf_counter() - start
    metrics = session.send("Performance.getMetrics")["metrics"]
    context.close()
    return seconds, next(m["value"] for m in metrics if m["name"] == "ProcessTime")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--wide", action="store_true", help="report many made-up methods")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        print("needs chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        results = write_wide_study(Path(folder) / "results") if arguments.wide else None
        problem = f"problem_{PROBLEMS // 2:02}" if arguments.wide else "mnist_vae"
        start, processor = time.perf_counter(), time.process_time()
        path = write_report(results, Path(folder) / "report.html")
        writing, written = time.perf_counter() - start, time.process_time() - processor
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        times = [opening_seconds(browser, path, problem) for _ in range(arguments.repeats)]
        browser.close()
        size = path.stat().st_size / 1e6
    opening, drawn = (statistics.median(column) for column in zip(*times, strict=True))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"write {writing:6.2f} s, {written:.2f} s of processor time, peak memory {memory:.0f} MB")
    print(f"open  {opening:6.2f} s, {drawn:.2f} s of processor time")
    state("report: size", size, "MB", at_most=SIZE_BOUND_MB)
    state("report: time until it is written", writing, "s", at_most=WRITE_BOUND_SECONDS)
    state("report: time until the chart is drawn", opening, "s", at_most=OPEN_BOUND_SECONDS)
    late = writing > WRITE_BOUND_SECONDS or opening > OPEN_BOUND_SECONDS
    return int(size > SIZE_BOUND_MB or late)


if __name__ == "__main__":
    sys.exit(main())
