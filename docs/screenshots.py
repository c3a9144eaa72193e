"""Takes the pictures of docs/report.md: a small study, its report beside the baselines, Chromium.

    python docs/screenshots.py                    # trains the study first, a few minutes
    python docs/screenshots.py --results FOLDER   # takes runs that are there

Needs chromium and playwright.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from deepobs.runner import run, write_report

IMAGES = Path(__file__).parent / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# file name, address inside the page, (width, height), colours
PICTURES = (
    ("report-desktop.png", "#", (1280, 900), "light"),
    ("report-problem.png", "#problem-quadratic_deep", (1280, 900), "dark"),
    ("report-phone.png", "#at=problem-quadratic_deep-loss&runs=seeds", (390, 844), "light"),
)
# problem, optimizer, hyperparameters, rates tried with the first seed, the one repeated, epochs
STUDY = (
    ("quadratic_deep", "SGD", {}, (0.003, 0.01, 0.01585, 0.03, 0.1), 0.01, 100),
    ("quadratic_deep", "Adam", {}, (0.01, 0.03981, 0.1), 0.03981, 100),
    ("digits_mlp", "SGD", {}, (0.01, 0.03, 0.1, 0.3, 1.0, 3.0), 0.3, 30),
    ("digits_mlp", "SGD", {"momentum": 0.9}, (0.01, 0.03, 0.1, 0.3, 1.0, 3.0), 0.3, 30),
    ("digits_mlp", "Adam", {}, (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 0.1), 1e-2, 30),
)
SEEDS = range(42, 47)


def train(results: Path) -> None:
    """Does the study's runs; those that are there already are not done again."""
    for problem, optimizer, hyperparameters, rates, best, epochs in STUDY:
        for seed in SEEDS:
            for rate in rates if seed == SEEDS[0] else (best,):
                run(
                    problem,
                    optimizer,
                    lr=rate,
                    hyperparameters=hyperparameters,
                    seed=seed,
                    epochs=epochs,
                    results=results,
                    device="cpu",
                    progress="off",
                )


def take(browser: Browser, path: Path, name: str, fragment: str, size: tuple[int, int], colours):
    """Takes one picture of the page at an address."""
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
    """Does what the command asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, help="folder with runs; else they are done now")
    arguments = parser.parse_args()
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        results = arguments.results or Path(folder) / "results"
        if arguments.results is None:
            train(results)
        path = write_report(results, Path(folder) / "report.html", baselines=True)
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for picture in PICTURES:
            take(browser, path, *picture)
        browser.close()


if __name__ == "__main__":
    main()
