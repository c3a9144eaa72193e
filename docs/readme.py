"""Keeps the READMEs true: that of the project and those of the four packages.

python docs/readme.py           writes the table of problems from the catalogue
python docs/readme.py --check   exits with 1 if a number in the tables differs or an example fails
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import nn

from deepobs import models
from deepobs.problems import LARGE_SET, PROBLEMS, SMALL_SET, Problem

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PACKAGES = sorted(ROOT.glob("packages/*/README.md"))
TABLE = re.compile(r"(<!-- problems: .*? -->\n).*?(<!-- end -->)", re.DOTALL)
ARCHITECTURE = re.compile(r"^\| `([^`]+)` .* \| ([\d,]+) \|$", re.MULTILINE)
EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def parameters(make: Callable[[], nn.Module]) -> str:
    """The number of trained parameters; on the meta device no weights are drawn for it."""
    with torch.device("meta"):
        return f"{sum(p.numel() for p in make().parameters() if p.requires_grad):,}"


def row(problem: Problem) -> str:
    name = problem.name
    mark = "small" if name in SMALL_SET else "large" if name in LARGE_SET else ""
    if problem.extra:
        mark = "extra, embedded"
    decay = f"{problem.weight_decay:g}" if problem.weight_decay else ""
    cells = (
        f"`{name}`",
        problem.description,
        parameters(problem.model),
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


def wrong_architectures() -> list[str]:
    """The rows of deepobs-models' table whose number is not the constructed network's."""
    rows = ARCHITECTURE.findall((ROOT / "packages/deepobs-models/README.md").read_text())
    assert rows, "The table of architectures is not found."
    made = {call: partial(eval, call, vars(models)) for call, _ in rows}
    return [call for call, number in rows if parameters(made[call]) != number]


def run_examples(readme: Path) -> None:
    """Runs each Python example by itself, in a folder of its own."""
    for example in EXAMPLE.findall(readme.read_text()):
        with tempfile.TemporaryDirectory() as folder:
            print(f"An example of {readme.relative_to(ROOT)}:", flush=True)
            subprocess.run([sys.executable, "-c", example], cwd=folder, check=True)


def main() -> int:
    text = README.read_text()
    written = TABLE.sub(lambda match: match[1] + table() + match[2], text)
    if "--check" not in sys.argv:
        README.write_text(written)
        return 0
    if written != text:
        print("README.md's table of problems differs from the catalogue: run docs/readme.py")
        return 1
    if wrong := wrong_architectures():
        print(f"deepobs-models' README gives wrong numbers of parameters: {', '.join(wrong)}")
        return 1
    for readme in (README, *PACKAGES):
        run_examples(readme)
    return 0


if __name__ == "__main__":
    sys.exit(main())
