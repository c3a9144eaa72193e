"""Downloads the pure-Python wheels that a GPU machine without network may lack.

    python tools/carry_wheels.py wheels

The machine needs torch, torchvision, pandas, SciPy, PyArrow and matplotlib. Copy the repository
with the folder there, and call

    pip install --no-index --find-links wheels nox
    nox -s gpu
    python benchmarks/gpu.py
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What such a machine has, with everything that these need.
THERE = (
    "torch",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "matplotlib",
    "pillow",
    "jinja2",
    "markupsafe",
)
TOOLS = ("nox", "pytest>=8", "pytest-timeout>=2.3", "hatchling")


def requirements() -> list[str]:
    """Returns what the packages declare and such a machine may lack."""
    declared = set()
    for path in sorted(ROOT.glob("packages/*/pyproject.toml")):
        declared |= set(tomllib.loads(path.read_text())["project"].get("dependencies", ()))
    ours = ("deepobs", *THERE)
    return sorted(each for each in declared if not each.startswith(ours))


def main() -> None:
    """Downloads them for every version of Python."""
    pure = ("--implementation", "py", "--abi", "none", "--platform", "any")
    command = (sys.executable, "-m", "pip", "download", "-q", "--only-binary=:all:", *pure)
    subprocess.run([*command, "-d", sys.argv[1], *TOOLS, *requirements()], check=True)


if __name__ == "__main__":
    main()
