"""Takes pictures in Chromium: the report of the published baselines, and a leaderboard.

    python docs/screenshots.py

Needs chromium and playwright.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from deepobs.runner import benchmark, leaderboard, write_report
from deepobs.runner.bundles import bundle

IMAGES = Path(__file__).parent / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# file name, address inside the page, (width, height), colours, and a chart to wait for
REPORT = (
    ("report-desktop.png", "#", (1280, 800), "light", "#curves [data-chart]"),
    ("report-phone.png", "#", (390, 844), "dark", ""),
    (
        "report-problem.png",
        "#problem-fmnist_2c2d",
        (1280, 900),
        "dark",
        "#problem-fmnist_2c2d [data-chart=loss]",
    ),
)
LEADERBOARD = (("leaderboard.png", "#", (1280, 640), "light", ""),)


def make_leaderboard(folder: Path) -> Path:
    """Writes a leaderboard of two bundles, from benchmarks of a minute, and returns its page."""
    (folder / "bundles").mkdir()
    for name, methods in (("classic", ["SGD", "Momentum"]), ("adaptive", ["Adam", "RMSprop"])):
        benchmark(
            methods,
            problems=("digits_logreg", "digits_mlp", "quadratic_deep"),
            protocol="demo",
            budget=2,
            results=folder / name,
            device="cpu",
        )
        bundle([folder / name], folder / "bundles" / f"{name}.deepobs")
    return leaderboard(folder / "bundles", folder / "site").path


def take(
    browser: Browser,
    path: Path,
    name: str,
    fragment: str,
    size: tuple[int, int],
    colours: str,
    chart: str,
) -> None:
    """Takes one picture of the page at an address."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=colours,
        reduced_motion="reduce",
    )
    page.goto(path.as_uri() + fragment)
    if chart:
        page.locator(f"{chart} .scatterlayer path.js-line").first.wait_for(state="attached")
    page.screenshot(path=IMAGES / name)
    page.close()


def main() -> None:
    """Writes the pages and takes all pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = write_report(None, Path(folder) / "report.html")
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for picture in REPORT:
            take(browser, path, *picture)
        board = make_leaderboard(Path(folder))
        for picture in LEADERBOARD:
            take(browser, board, *picture)
        browser.close()


if __name__ == "__main__":
    main()
