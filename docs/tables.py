"""Writes the tables that repeat what the code says, between markers in README.md and docs/*.md.

python docs/tables.py           # writes them
python docs/tables.py --check   # exits with 1 if a table, or a number of parameters, differs
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import nn

from deepobs import models
from deepobs.problems import LAPTOP_SET, LARGE_SET, PROBLEMS, SMALL_SET, Problem

ROOT = Path(__file__).parents[1]
TABLE = re.compile(r"(<!-- (\w+): written by docs/tables\.py -->\n).*?(<!-- end -->)", re.DOTALL)
ARCHITECTURE = re.compile(r"^\| `([^`]+)` .* \| ([\d,]+) \|$", re.MULTILINE)


def parameters(make: Callable[[], nn.Module]) -> str:
    """Returns the number of trained parameters; on the meta device no weights are drawn for it."""
    with torch.device("meta"):
        return f"{sum(p.numel() for p in make().parameters() if p.requires_grad):,}"


def kind(problem: Problem) -> str:
    """Returns which of the benchmark's sets a problem is in."""
    if problem.extra:
        return "laptop" if problem.name in LAPTOP_SET else "extra"
    return "small" if problem.name in SMALL_SET else "large" if problem.name in LARGE_SET else ""


def problems() -> str:
    """Returns the table of what the problems are."""
    rows = (f"| `{p.name}` | {p.description} |\n" for p in PROBLEMS.ours.values())
    return "| Problem | Description |\n|---|---|\n" + "".join(rows)


def defaults() -> str:
    """Returns the table of the problems' sizes and defaults."""
    head = "| Problem | Parameters | Batch size | Epochs | Steps | L2 factor | Set |\n"
    rows = [
        f"| `{p.name}` | {parameters(p.model)} | {p.batch_size} | {p.epochs}"
        f" | {f'{p.steps:,}' if p.steps else ''}"
        f" | {f'{p.weight_decay:g}' if p.weight_decay else ''} | {kind(p)} |\n"
        for p in PROBLEMS.ours.values()
    ]
    return head + "|---|---:|---:|---:|---:|---:|---|\n" + "".join(rows)


TABLES = {"problems": problems, "defaults": defaults}


def with_tables(text: str) -> str:
    """Returns a page with its tables updated."""
    return TABLE.sub(lambda match: match[1] + TABLES[match[2]]() + match[3], text)


def wrong_architectures() -> list[str]:
    """Returns the rows of deepobs-models' table whose number is not that of the network."""
    rows = ARCHITECTURE.findall((ROOT / "packages/deepobs-models/README.md").read_text())
    if not rows:
        raise SystemExit("deepobs-models' README has no table of architectures")
    made = {call: partial(eval, call, vars(models)) for call, _ in rows}
    return [call for call, number in rows if parameters(made[call]) != number]


def main() -> int:
    """Writes or checks the tables; returns the exit status."""
    status = 0
    for page in (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))):
        text = page.read_text()
        if (written := with_tables(text)) == text:
            continue
        if "--check" in sys.argv:
            print(f"{page.relative_to(ROOT)} differs from the code: run docs/tables.py")
            status = 1
        else:
            page.write_text(written)
    if wrong := wrong_architectures():
        print(f"deepobs-models' README gives wrong numbers of parameters: {', '.join(wrong)}")
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
