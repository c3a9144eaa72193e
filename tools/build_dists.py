"""Builds the wheel and the sdist of every package, twice, and checks what came out.

    python tools/build_dists.py FOLDER

The second build is made from a copy elsewhere, with other times and permissions of the files. Both
must have the same hashes. Files are dated by the last commit, as `SOURCE_DATE_EPOCH`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def commit_time(root: Path) -> str:
    """Returns the time of the last commit in seconds, for `SOURCE_DATE_EPOCH`."""
    command = ("git", "-C", str(root), "log", "-1", "--format=%ct")
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def build(root: Path, folder: Path, time: str) -> None:
    """Builds every package of a checkout into a folder, with the tools of this environment."""
    for package in sorted(path.parent for path in root.glob("packages/*/pyproject.toml")):
        command = (sys.executable, "-m", "build", "-q", "--no-isolation", "-o", str(folder))
        environment = os.environ | {"SOURCE_DATE_EPOCH": time}
        subprocess.run((*command, str(package)), check=True, env=environment)


def copy_packages(root: Path, target: Path) -> None:
    """Copies what is built, without the times of the files, and readable by their owner alone."""
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(
        root / "packages", target / "packages", ignore=unwanted, copy_function=shutil.copy
    )
    shutil.copy(root / ".gitignore", target)  # hatchling adds it to each sdist
    for path in target.rglob("*"):
        path.chmod(path.stat().st_mode & ~0o077)


def hashes(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of every file in a folder by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.suffix in (".whl", ".gz")
    }


def main() -> None:
    """Builds and checks; a message and a status other than 0 where a check fails."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the wheels and sdists go")
    folder = parser.parse_args().folder
    time = commit_time(ROOT)
    build(ROOT, folder, time)
    with tempfile.TemporaryDirectory() as elsewhere:
        copy, again = Path(elsewhere, "copy"), Path(elsewhere, "dist")
        copy_packages(ROOT, copy)
        build(copy, again, time)
        first, second = hashes(folder), hashes(again)
    if differing := sorted(name for name in first | second if first.get(name) != second.get(name)):
        sys.exit(f"a second build differs: {', '.join(differing)}")
    files = [str(folder / name) for name in first]
    subprocess.run((sys.executable, "-m", "twine", "check", "--strict", *files), check=True)
    wheels = (sys.executable, str(ROOT / "tools/hygiene.py"), "--wheels", str(folder))
    sys.exit(subprocess.run(wheels).returncode)


if __name__ == "__main__":
    main()
