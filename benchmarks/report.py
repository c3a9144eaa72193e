"""Measures the time to write and open the report of the 1,080 published runs, and its size.

    python benchmarks/report.py [--repeats 3]

The time to open is measured in Chromium, from the start of the navigation until the first chart of
a problem half-way down is drawn. Bounds on an idle machine: 15 MB, 3 s to open. The exit status is
1 if a bound is exceeded.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from deepobs.runner import write_report

SIZE_BOUND_MB = 15.0
OPEN_BOUND_SECONDS = 3.0
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CHART = "#problem-mnist_vae [data-chart=loss]"


def opening_seconds(browser: Browser, path: Path) -> float:
    """Returns the seconds until a problem's first chart is drawn, in a fresh browser context."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    start = time.perf_counter()
    page.goto(f"{path.as_uri()}#problem-mnist_vae")
    page.locator(f"{CHART} .scatterlayer path.js-line").first.wait_for(state="attached")
    seconds = time.perf_counter() - start
    context.close()
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        print("needs chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        start = time.perf_counter()
        path = write_report(None, Path(folder) / "report.html")
        writing = time.perf_counter() - start
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        times = [opening_seconds(browser, path) for _ in range(arguments.repeats)]
        browser.close()
        size = path.stat().st_size / 1e6
    opening = statistics.median(times)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"write    {writing:6.2f} s   (peak memory {memory:.0f} MB)")
    print(f"size     {size:6.2f} MB  (bound {SIZE_BOUND_MB:g} MB)")
    print(f"open     {opening:6.2f} s   (bound {OPEN_BOUND_SECONDS:g} s)")
    return int(size > SIZE_BOUND_MB or opening > OPEN_BOUND_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
