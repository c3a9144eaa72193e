"""The version and the addresses of the project, written to every file that repeats them.

    python tools/metadata.py           # writes them
    python tools/metadata.py --check   # exits with 1 if a file differs
    python tools/metadata.py --version # prints the version

To release a version, change VERSION here and run the script. To move the repository, change
REPOSITORY.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

VERSION = "2.0.0a1"
# A placeholder until the repository is public.
REPOSITORY = "https://github.com/deepobs/deepobs"

ROOT = Path(__file__).parents[1]
ADDRESS = re.compile(r"https://github\.com/deepobs/[\w.-]+")
PIN = re.compile(r'("deepobs-[\w-]+(?:\[\w+\])?==)[^"]+')
CLASSIFIERS = (
    "Development Status :: 3 - Alpha",
    "Intended Audience :: Developers",
    "Intended Audience :: Science/Research",
    "Operating System :: OS Independent",
    "Programming Language :: Python :: 3",
    "Programming Language :: Python :: 3 :: Only",
    "Programming Language :: Python :: 3.11",
    "Programming Language :: Python :: 3.12",
    "Programming Language :: Python :: 3.13",
    "Programming Language :: Python :: 3.14",
    "Topic :: Scientific/Engineering :: Artificial Intelligence",
    "Typing :: Typed",
)
URLS = {
    "Homepage": REPOSITORY,
    "Documentation": f"{REPOSITORY}/tree/main/docs",
    "Changelog": f"{REPOSITORY}/blob/main/CHANGELOG.md",
    "Issues": f"{REPOSITORY}/issues",
}


def project_file(text: str) -> str:
    """Returns a package's pyproject.toml with the common metadata."""
    text = re.sub(r'^version = ".*"$', f'version = "{VERSION}"', text, flags=re.MULTILINE)
    text = PIN.sub(rf"\g<1>{VERSION}", text)
    classifiers = "".join(f'    "{line}",\n' for line in CLASSIFIERS)
    text = re.sub(
        r"^classifiers = \[.*?\]$", f"classifiers = [\n{classifiers}]", text, flags=re.M | re.S
    )
    urls = "".join(f'{name} = "{url}"\n' for name, url in URLS.items())
    return re.sub(
        r"^\[project\.urls\]\n.*?\n(?=\[)", f"[project.urls]\n{urls}\n", text, flags=re.M | re.S
    )


def citation(text: str) -> str:
    """Returns CITATION.cff with the version and the address."""
    text = re.sub(r"^version: .*$", f"version: {VERSION}", text, flags=re.MULTILINE)
    return re.sub(
        r"^repository-code: .*$", f"repository-code: {REPOSITORY}", text, flags=re.MULTILINE
    )


def addresses(text: str) -> str:
    """Returns a text whose links to the repository have its address."""
    return ADDRESS.sub(REPOSITORY, text)


def main() -> int:
    """Writes or checks the files, or prints the version; returns the exit status."""
    if "--version" in sys.argv:
        print(VERSION)
        return 0
    files = dict.fromkeys(ROOT.glob("packages/*/pyproject.toml"), project_file)
    files[ROOT / "CITATION.cff"] = citation
    for path in (*ROOT.glob("*.md"), *ROOT.glob(".github/**/*.*")):
        files[path] = addresses
    differing = []
    for path, written in files.items():
        text = path.read_text()
        if (new := written(text)) != text:
            differing.append(str(path.relative_to(ROOT)))
            if "--check" not in sys.argv:
                path.write_text(new)
    if "--check" in sys.argv and differing:
        print(f"run `python tools/metadata.py`: {', '.join(sorted(differing))}")
        return 1
    if f"\n## [{VERSION}]" not in (ROOT / "CHANGELOG.md").read_text():
        print(f"CHANGELOG.md has no section for {VERSION}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
