"""Takes the pictures of docs/report.md: the report of the published baselines, in Chromium.

    python docs/screenshots.py

Needs chromium and playwright.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from deepobs.runner import write_report

IMAGES = Path(__file__).parent / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# file name, address inside the page, (width, height), colours, and a chart to wait for
PICTURES = (
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
    """Writes the report and takes all pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = write_report(None, Path(folder) / "report.html")
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for picture in PICTURES:
            take(browser, path, *picture)
        browser.close()


if __name__ == "__main__":
    main()
