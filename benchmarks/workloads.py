"""Writes the table of the workloads for a GPU: what a step of each takes, and how long a run does.

python benchmarks/workloads.py                      # prints the table
python benchmarks/workloads.py --write              # writes it into docs/problems.md
python benchmarks/workloads.py fineweb_gpt          # one problem

Steps of two small batches are measured on stand-ins; operations and memory of the problem's batch
follow from the line through both. The time is an estimate, steps × operations / rate, with the
rate at which airbench94 trains on an A100: 0.29 · 10^15 operations in 2.59 s, as its README says.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from functools import partial
from pathlib import Path

from deepobs.data import DATASETS
from deepobs.data.testing import write_stand_in
from deepobs.problems import MODERN_SET, Problem, get_problem
from deepobs.runner.training import measure_step

PAGE = Path(__file__).parents[1] / "docs/problems.md"
TABLE = re.compile(
    r"(<!-- workloads: written by benchmarks/workloads\.py -->\n).*?(<!-- end -->)", re.DOTALL
)
RATE = 0.29e15 / 2.59  # operations a second
BATCHES = {"fineweb_gpt": (1, 2), "molpcba_gnn": (64, 256)}  # batch sizes that are measured
OTHERS = (16, 32)
#: Training examples of the real data sets, of which the stand-ins have fewer.
EXAMPLES = {
    "cifar10": 50_000,
    "mnist": 60_000,
    "movielens_100k": 80_000,
    "california_housing": 16_512,
}

HEAD = """| Problem | Steps | Operations a step | Memory of a step | Hours on an A100 |
|---|---:|---:|---:|---:|
"""


def data_of(problem: Problem) -> str:
    """Returns the name of the data set of a problem, which may be called with options."""
    source = problem.dataset
    while isinstance(source, partial):
        source = source.func
    if problem.name == "mnist_ddpm":  # which adds noise to it
        return "mnist"
    return str(getattr(source, "name", ""))


def steps_of(problem: Problem) -> int:
    """Returns the number of steps of a run on the real data."""
    examples = EXAMPLES.get(data_of(problem), 0)
    return problem.steps or problem.epochs * (examples // problem.batch_size)


def row(name: str) -> str:
    """Measures two batches of a problem and returns its row of the table."""
    problem = get_problem(name)
    sizes = BATCHES.get(name, OTHERS)
    with tempfile.TemporaryDirectory() as root:
        data = data_of(problem)
        if data in DATASETS and DATASETS[data].files:
            write_stand_in(data, root, num_train=2 * sizes[1], num_test=2)
        found = [measure_step(problem, batch_size=n, device="cpu", data_root=root) for n in sizes]

    def at_whole_batch(fact: str) -> float:
        small, large = (float(facts[fact]) for facts in found)
        each = (large - small) / (sizes[1] - sizes[0])
        return small + each * (problem.batch_size - sizes[0])

    operations, memory = at_whole_batch("flops_per_step"), at_whole_batch("memory_bytes")
    steps = steps_of(problem)
    hours = steps * operations / RATE / 3600
    return (
        f"| `{name}` | {steps:,} | {operations:.2g} | {rounded(memory / 1e9)} GB"
        f" | {rounded(hours) if hours >= 0.01 else 'below 0.01'} |\n"
    )


def rounded(number: float) -> str:
    """Returns a number with two digits, and without an exponent."""
    return f"{float(f'{number:.2g}'):,g}"


def main() -> None:
    """Prints the table, or writes it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("problems", nargs="*", default=MODERN_SET, metavar="PROBLEM")
    parser.add_argument("--write", action="store_true", help="write the rows into docs/problems.md")
    arguments = parser.parse_args()
    text = PAGE.read_text()
    found = TABLE.search(text)
    assert found
    rows = {line.split("`")[1]: line + "\n" for line in found[0].splitlines() if "`" in line}
    for name in arguments.problems:
        rows[name] = row(name)
        print(rows[name], end="")
    if arguments.write:
        table = HEAD + "".join(rows[name] for name in MODERN_SET if name in rows)
        PAGE.write_text(TABLE.sub(lambda match: match[1] + table + match[2], text))


if __name__ == "__main__":
    main()
