"""Runs the examples: those of every page (the READMEs and docs/), and all of examples/.

    python docs/examples.py                               # all
    python docs/examples.py docs/faq.md examples/tune.py  # these

Each Python example runs alone, in an empty folder. The commands of a page run in order, in one
folder of their own; a YAML or Python example whose first line is `# NAME.yaml` or `# NAME.py` is
that file. An example after `<!-- not run: REASON -->` is left out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = (
    ROOT / "README.md",
    *sorted(ROOT.glob("packages/*/README.md")),
    *sorted(page for page in ROOT.glob("docs/**/*.md") if "generated" not in page.parts),
    *sorted(ROOT.glob("examples/*.py")),
    *sorted(ROOT.glob("examples/*.ipynb")),
)
FENCE = re.compile(
    r"^( *<!-- not run: [^\n]+ -->\n)?( *)```(\w+)\n(.*?)^\2```$", re.DOTALL | re.MULTILINE
)
RUN_NOTEBOOK = (
    "import sys, nbclient, nbformat;"
    "nbclient.NotebookClient(nbformat.read(sys.argv[1], as_version=4), timeout=300).execute()"
)
FILE_NAME = re.compile(r"# ([\w-]+\.(?:yaml|py))\n")
# Commands that change the environment are checked by other sessions.
NOT_HERE = re.compile(r"^(pip|python3 -m venv|git|nox) ", re.MULTILINE)


class Example(NamedTuple):
    """A fenced block of a page."""

    line: int
    language: str
    code: str


def examples(page: Path) -> list[Example]:
    """Returns the examples of a page that are run or written to a file.

    A script is one example, and so is a notebook, whose code is its path.
    """
    if page.suffix == ".ipynb":
        return [Example(1, "notebook", str(page))]
    text = page.read_text()
    if page.suffix == ".py":
        return [Example(1, "python", text)]
    return [
        Example(text.count("\n", 0, match.start(4)), match[3], dedent(match[4]))
        for match in FENCE.finditer(text)
        if not match[1]
        and match[3] in {"python", "sh", "yaml"}
        and not NOT_HERE.search(dedent(match[4]))
    ]


def run_example(example: Example, folder: Path) -> str:
    """Runs an example, or writes its file; returns what went wrong, or nothing."""
    if name := FILE_NAME.match(example.code):
        (folder / name[1]).write_text(example.code)
        return ""
    if example.language == "yaml":
        return "a YAML example names no file: begin it with `# NAME.yaml`"
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": ".",
    }
    command = {
        "python": [sys.executable, "-c"],
        "notebook": [sys.executable, "-c", RUN_NOTEBOOK],
        "sh": ["bash", "-euo", "pipefail", "-c"],
    }
    result = subprocess.run(
        [*command[example.language], example.code],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return result.stdout if result.returncode else ""


def run_page(page: Path) -> list[str]:
    """Runs the examples of a page; prints how each went, and returns those that failed."""
    failed = []
    with tempfile.TemporaryDirectory() as shared:
        for example in examples(page):
            begin = time.perf_counter()
            alone = example.language == "python" and not FILE_NAME.match(example.code)
            with tempfile.TemporaryDirectory() as own:
                wrong = run_example(example, Path(own if alone else shared))
            place = f"{page.relative_to(ROOT)}:{example.line} ({example.language})"
            verdict = f"FAILED\n{wrong}" if wrong else "ok"
            print(f"{place}: {verdict}, {time.perf_counter() - begin:.1f} s", flush=True)
            failed += [place] if wrong else []
    return failed


def main() -> int:
    """Runs the pages and scripts, one on each core; returns the exit status."""
    pages = [Path(name).resolve() for name in sys.argv[1:]] or PAGES
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failed = [place for places in pool.map(run_page, pages) for place in places]
    print("\n".join(["These examples failed:", *failed]) if failed else "All examples ran.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
