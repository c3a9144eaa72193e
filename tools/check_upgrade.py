"""Replaces DeepOBS 1.2 by the wheels in a folder, with pip, and checks the result.

    python tools/check_upgrade.py WHEELS            # `pip install --upgrade deepobs`
    python tools/check_upgrade.py WHEELS --beside   # deepobs-runner is installed beside it first

Changes the environment that it runs in: `nox -s upgrade` gives it one that holds torch and the
other dependencies already.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import site
import subprocess
import sys
from pathlib import Path

OLD = "deepobs==1.2.0b0"
PACKAGES = ("data", "models", "problems", "baselines", "runner")
WAY_OUT = "run `pip uninstall deepobs`."


def pip(*arguments: str) -> None:
    """Runs pip in this environment."""
    subprocess.run([sys.executable, "-m", "pip", *arguments, "--quiet"], check=True)


def last_line(*command: str) -> str:
    """Returns the last line that a command prints."""
    result = subprocess.run(command, capture_output=True, text=True)
    return (result.stdout + result.stderr).splitlines()[-1]


def import_error(package: str) -> str:
    """Returns the last line of the traceback of an import; nothing if it succeeds."""
    code = f"import deepobs.{package}; print()"
    return last_line(sys.executable, "-c", code)


def check(holds: bool, what: str) -> None:
    """Prints what holds; ends the process with a message if it does not."""
    if not holds:
        sys.exit(f"FAILED: {what}")
    print(f"ok: {what}")


def check_beside(wheels: str, version: str, command: str) -> None:
    """Installs deepobs-runner beside DeepOBS 1.2: everything names what to uninstall."""
    pip("install", "--find-links", wheels, f"deepobs-runner=={version}")
    said = last_line(command, "--version")
    check(said.endswith(WAY_OUT), f"the command says: {said}")
    for package in PACKAGES:
        said = import_error(package)
        check(said.endswith(WAY_OUT), f"importing deepobs.{package} says: {said}")


def main() -> None:
    """Goes through the upgrade."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("wheels", help="folder of the wheels")
    parser.add_argument("--beside", action="store_true", help="install beside DeepOBS 1.2 first")
    arguments = parser.parse_args()
    (wheel,) = Path(arguments.wheels).glob("deepobs-*.whl")
    version = wheel.name.split("-")[1]
    command = str(Path(sys.executable).parent / "deepobs")

    names = ["deepobs", *(f"deepobs-{name}" for name in PACKAGES)]
    pip("uninstall", "--yes", *names)
    pip("install", OLD)
    if arguments.beside:
        check_beside(arguments.wheels, version, command)
    pip("install", "--upgrade", "--find-links", arguments.wheels, f"deepobs>={version}")

    for name in names:
        check(importlib.metadata.version(name) == version, f"{name} is {version}")
    folder = Path(site.getsitepackages()[0], "deepobs")
    found = {path.name for path in folder.iterdir()} - {"version.py", "tensorflow", "__pycache__"}
    check(found == set(PACKAGES), "nothing of DeepOBS 1.2 is left")
    for package in PACKAGES:
        check(not import_error(package), f"deepobs.{package} is imported")
    said = last_line(command, "--version")
    check(said == f"deepobs, version {version}", f"the command says: {said}")


if __name__ == "__main__":
    main()
