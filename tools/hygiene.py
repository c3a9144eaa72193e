"""Rules about files that no linter checks: `python tools/hygiene.py` names each breach.

Checked: stray and large files, lengths of files, functions and lines of Markdown, imports of
private modules across packages, and paths of one machine. `--wheels FOLDER` checks built wheels
instead.
"""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
PACKAGES = ROOT / "packages"

LONGEST_FILE = 300  # lines of Python
LONGEST_BODY = 50  # lines after the docstring, which is written for another reader
LONGEST_LINE = 100  # characters of a line of Markdown
LARGEST_FILE = 500_000  # bytes
LARGEST_WHEEL = 3_000_000
LARGEST_DATA_WHEEL = 12_000_000  # of deepobs-baselines, which holds results alone
LARGE_FILES = (  # what is larger, and meant to be
    "static/vendor/*.min.js",
    "src/deepobs/baselines/*",  # results of thousands of runs
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home/(?!\w*user)\w+|Users/\w+)/")

PLACE = re.compile(r"`(deepobs-\w+)/…/([\w/.]+)`")

# What may lie in the root and in a package's folder; anything else there is stray.
IN_ROOT = {
    *(".ci", ".github", "benchmarks", "changelog.d", "clouds", "docs", "examples"),
    *("packages", "tools"),
    *(".editorconfig", ".gitattributes", ".gitignore", ".pre-commit-config.yaml"),
    *("CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"),
    *("noxfile.py", "pyproject.toml"),
}
IN_PACKAGE = {"LICENSE", "README.md", "pyproject.toml", "src", "tests"}
# What a wheel may hold besides `deepobs/NAME/` and its metadata: see the files themselves.
OUTSIDE_PACKAGE = {
    "deepobs_models": {"deepobs/version.py", "deepobs/tensorflow/__init__.py"},
    "deepobs_runner": {"deepobs_command.py"},
}
NOT_IN_WHEELS = {".pyc", ".pyo", ".orig", ".rej", ".tmp", ".log", ".html~"}


def tracked_files() -> list[PurePosixPath]:
    """Returns what git keeps, or would keep: new files that are not ignored count too."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [
        PurePosixPath(name) for name in sorted(set(listed.split("\0"))) if (ROOT / name).is_file()
    ]


def misplaced(path: PurePosixPath) -> Iterator[str]:
    """Yields a complaint if a file does not belong where it is, or is larger than it should be."""
    parts = path.parts
    if parts[0] not in IN_ROOT:
        yield "does not belong in the root"
    if parts[0] == "packages" and (len(parts) < 3 or parts[2] not in IN_PACKAGE):
        yield "does not belong in a package's folder"
    if parts[-2:] == ("deepobs", "__init__.py"):
        yield "hides the namespace that the packages share"
    size = (ROOT / path).stat().st_size
    if size > LARGEST_FILE and not any(path.match(pattern) for pattern in LARGE_FILES):
        yield f"has {size:,} bytes; at most {LARGEST_FILE:,}, or an entry in LARGE_FILES"


def long_parts(text: str) -> Iterator[str]:
    """Yields a complaint for a Python file, and for each function in it, that is too long."""
    if (lines := text.count("\n")) > LONGEST_FILE:
        yield f"has {lines} lines; at most {LONGEST_FILE}"
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
        length = (node.end_lineno or 0) - first.lineno + 1
        if length > LONGEST_BODY:
            place = f"line {node.lineno}: {node.name}"
            yield f"{place} has a body of {length} lines; at most {LONGEST_BODY}"


def private_imports(text: str) -> Iterator[str]:
    """Yields a complaint for each import from a private module of another package."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.startswith("deepobs.") and "._" in name:
                yield f"line {node.lineno}: imports {name}, which is private"


def long_lines(text: str) -> Iterator[str]:
    """Yields a complaint for each line of Markdown that is too long."""
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LONGEST_LINE and not line.startswith("|"):  # a table's row cannot be wrapped
            yield f"line {number}: {len(line)} characters; at most {LONGEST_LINE}"


def complaints(path: PurePosixPath) -> Iterator[str]:
    """Yields what is wrong with one file."""
    yield from misplaced(path)
    if "vendor" in path.parts:
        return
    try:
        text = (ROOT / path).read_text()
    except UnicodeDecodeError:
        return
    if "tests" not in path.parts:
        for found in set(MACHINE_PATHS.findall(text)):
            yield f"names a folder of one machine: {found}"
    if path.suffix == ".md":
        yield from long_lines(text)
    if path.suffix == ".py":
        yield from long_parts(text)
        if "src" in path.parts:
            yield from private_imports(text)


def missing_places() -> Iterator[str]:
    """Yields each place in CONTRIBUTING.md's table "Where does it go?" that does not exist."""
    places = PLACE.findall((ROOT / "CONTRIBUTING.md").read_text())
    if not places:
        yield "CONTRIBUTING.md: has no table of places"
    for package, place in places:
        if not (PACKAGES / package / "src/deepobs" / place).exists():
            yield f"CONTRIBUTING.md: {package} has no {place}"


def check_wheel(path: Path) -> Iterator[str]:
    """Yields what a wheel lacks, or holds and should not."""
    distribution = path.name.split("-")[0]
    package = f"deepobs/{distribution.removeprefix('deepobs_')}/"
    largest = LARGEST_DATA_WHEEL if distribution == "deepobs_baselines" else LARGEST_WHEEL
    if (size := path.stat().st_size) > largest:
        yield f"has {size:,} bytes; at most {largest:,}"
    names = set(zipfile.ZipFile(path).namelist())
    contents = {name for name in names if ".dist-info/" not in name}
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        yield "has no licence"
    if distribution == "deepobs":
        yield from (f"holds {name}; it is metadata alone" for name in contents)
        return
    if f"{package}py.typed" not in contents:
        yield f"has no {package}py.typed"
    for name in sorted(contents - OUTSIDE_PACKAGE.get(distribution, set())):
        source = PACKAGES / distribution.replace("_", "-") / "src" / name
        if not name.startswith(package) or Path(name).suffix in NOT_IN_WHEELS:
            yield f"holds {name}, which is stray"
        elif not source.is_file():
            yield f"holds {name}, which is not in src"


def main() -> int:
    """Prints every complaint; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--wheels", type=Path, metavar="FOLDER", help="check these wheels instead")
    folder = parser.parse_args().wheels
    if folder:
        found = [
            f"{path.name}: {text}" for path in folder.glob("*.whl") for text in check_wheel(path)
        ]
    else:
        found = [f"{path}: {text}" for path in tracked_files() for text in complaints(path)]
        found += missing_places()
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
