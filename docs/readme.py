"""Keeps the README true: writes its table of problems from the catalogue, or checks it.

python docs/readme.py           writes the table
python docs/readme.py --check   exits with 1 if the table differs, and runs the Python example
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from deepobs.problems import LARGE_SET, PROBLEMS, SMALL_SET, Problem

README = Path(__file__).parents[1] / "README.md"
TABLE = re.compile(r"(<!-- problems: .*? -->\n).*?(<!-- end -->)", re.DOTALL)
EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def row(problem: Problem) -> str:
    with torch.device("meta"):
        parameters = sum(p.numel() for p in problem.model().parameters() if p.requires_grad)
    name = problem.name
    mark = "small" if name in SMALL_SET else "large" if name in LARGE_SET else ""
    if problem.extra:
        mark = "extra, embedded"
    decay = f"{problem.weight_decay:g}" if problem.weight_decay else ""
    cells = (
        f"`{name}`",
        problem.description,
        f"{parameters:,}",
        str(problem.batch_size),
        str(problem.epochs),
        decay,
        mark,
    )
    return "| " + " | ".join(cells) + " |"


def table() -> str:
    head = "| problem | what it is | parameters | batch | epochs | L2 | set |\n"
    rows = map(row, PROBLEMS.ours.values())
    return head + "|---|---|---:|---:|---:|---:|---|\n" + "\n".join(rows) + "\n"


def main() -> int:
    text = README.read_text()
    written = TABLE.sub(lambda match: match[1] + table() + match[2], text)
    if "--check" not in sys.argv:
        README.write_text(written)
        return 0
    if written != text:
        print("README.md's table of problems differs from the catalogue: run docs/readme.py")
        return 1
    for example in EXAMPLE.findall(text):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, "-c", example], cwd=folder, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
