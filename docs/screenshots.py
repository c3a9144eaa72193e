"""Takes the pictures in docs/images: the report of a small study next to the baselines.

    python docs/screenshots.py                    # trains the study first: ten minutes or more
    python docs/screenshots.py --results FOLDER   # keeps the runs there, and does missing ones

Needs Chromium, playwright and Fashion-MNIST (`deepobs data prepare fashion_mnist`).
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from deepobs.runner import sweep, write_report

IMAGES = Path(__file__).parent / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# file name, address inside the page, (width, height), colours
PICTURES = (
    ("report-desktop.png", "#", (1280, 900), "light"),
    ("report-problem.png", "#problem-fmnist_2c2d", (1280, 900), "dark"),
    ("report-phone.png", "#at=problem-quadratic_deep-loss&runs=seeds", (390, 844), "light"),
)
# A search on quadratic_deep, its best settings repeated, and the first epochs of fmnist_2c2d.
MOMENTUM = {"momentum": 0.9}
PLANS: tuple[dict[str, Any], ...] = (
    {
        "problems": ["quadratic_deep"],
        "optimizers": ["SGD", {"name": "SGD", "hyperparameters": MOMENTUM}, "Adam"],
        "lr": [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1],
    },
    {
        "problems": ["quadratic_deep"],
        "optimizers": [
            {"name": "SGD", "lr": 1e-2},
            {"name": "SGD", "hyperparameters": MOMENTUM, "lr": 3e-3},
            {"name": "Adam", "lr": 3e-2},
        ],
        "seeds": {"range": [42, 48]},
    },
    {
        "problems": ["fmnist_2c2d"],
        "optimizers": [{"name": "SGD", "lr": 0.1}, {"name": "Adam", "lr": 2.5e-4}],
        "epochs": 2,
        "seeds": [42, 43],
    },
)


def take(browser: Browser, path: Path, name: str, fragment: str, size: tuple[int, int], colours):
    """Takes a picture of the page at an address."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=colours,
        reduced_motion="reduce",
    )
    page.goto(path.as_uri() + fragment)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2000)  # charts in view are drawn
    page.screenshot(path=IMAGES / name)
    page.close()


def main() -> None:
    """Runs the study, writes its report and takes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--results", type=Path, help="folder for the runs; by default a temporary one"
    )
    arguments = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        results = arguments.results or Path(folder) / "results"
        for plan in PLANS:
            sweep(plan, results=results, device="cpu", workers=1)
        path = write_report(results, Path(folder) / "report.html", baselines=True)
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for picture in PICTURES:
            take(browser, path, *picture)
        browser.close()


if __name__ == "__main__":
    main()
