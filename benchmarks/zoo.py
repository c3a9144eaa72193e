"""Every optimizer of torch.optim and five packages, with defaults, on two small problems.

    python benchmarks/zoo.py [--epochs 2] [--limit SECONDS] [--only NAME ...] [--output docs/zoo.md]

Needs the extra `optimizers`. Each class is run in a process of its own. One that wraps another
optimizer gets AdamW inside. An optimizer without a default learning rate gets 0.01. Compilation is
turned off: it would take longer than the runs. The page lists what each class costs, or the
sentence that says why it does not run. With --only, the other rows of the page are kept.
"""

from __future__ import annotations

import os

os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import importlib
import logging
import multiprocessing
import re
import textwrap
import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from deepobs.problems import Problem, get_problem
from deepobs.runner import Record, UsageError, run
from deepobs.runner.optimizers import find_optimizer

PACKAGES = {
    "torch.optim": "torch",
    "pytorch_optimizer": "pytorch-optimizer",
    "schedulefree": "schedulefree",
    "prodigyopt": "prodigyopt",
    "lion_pytorch": "lion-pytorch",
    "heavyball": "heavyball",
}
# Bases that the packages export, and that nobody trains with.
ABSTRACT = ("BaseOptimizer", "PSGDBase", "SOAPBase")
RATE_WITHOUT_DEFAULT = 0.01
# What these classes say that they need.
GIVEN: dict[str, dict[str, Any]] = {
    "pytorch_optimizer.BSAM": {"hyperparameters": {"num_data": 1437}},
    "pytorch_optimizer.Ranger21": {"hyperparameters": {"num_iterations": 44}},
    "pytorch_optimizer.SpectralSphere": {"groups": ["ndim=2", "optimizer=AdamW"]},
}
INSIDE = "AdamW"


class SmallNet(nn.Sequential):
    """Two convolutions with batch normalisation and a dense layer for digits of 8 × 8 pixels."""

    def __init__(self) -> None:
        super().__init__(
            nn.Unflatten(-1, (1, 8, 8)),
            nn.Conv2d(1, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(256, 10),
        )

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Returns the logits, shape `[N, 10]`."""
        return super().forward(inputs.flatten(1))


class Outcome(NamedTuple):
    """What a class did on one problem.

    Attributes:
        record: Its run, or None.
        said: The error's sentence, or an empty text.
        sentence: Whether the error is one of ours in one line, not a traceback.
    """

    record: Record | None
    said: str = ""
    sentence: bool = True


def problems() -> list[Problem]:
    """Returns the two problems: a perceptron and a convolutional network on digits."""
    digits = get_problem("digits_mlp")
    return [digits, replace(digits, name="digits_conv", model=SmallNet)]


def classes(module: str) -> Iterator[str]:
    """Yields the path of every optimizer that a package exports, each class once."""
    seen = set()
    exported = vars(importlib.import_module(module))
    for name, value in sorted(exported.items()):
        kind = isinstance(value, type) and issubclass(value, torch.optim.Optimizer)
        if not kind or value is torch.optim.Optimizer or name in ABSTRACT or value in seen:
            continue
        if module != "torch.optim" and value.__module__.startswith("torch."):
            continue
        seen.add(value)
        yield f"{module}.{name}"


def as_given(path: str) -> str:
    """Returns a class as a run takes it: one that wraps another optimizer with one inside."""
    try:
        find_optimizer(path)
    except UsageError as error:
        if "wraps another optimizer" in str(error):
            return f"{path}({INSIDE})"
    return path


def outcome(path: str, problem: Problem, epochs: int) -> Outcome:
    """Runs one class on one problem in this process."""
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    given = as_given(path)
    try:
        found = find_optimizer(given)
        needs = found.takes_lr and found.default_lr is None
        lr = RATE_WITHOUT_DEFAULT if needs else None
        settings = {"lr": lr, "epochs": epochs, **GIVEN.get(path, {})}
        return Outcome(run(problem, given, device="cpu", progress="off", **settings))
    except (UsageError, RuntimeError) as error:
        ours = type(error).__module__.startswith("deepobs.") and "\n" not in str(error)
        return Outcome(None, str(error).splitlines()[0], ours)
    except Exception as error:  # noqa: BLE001 - what the page is to show
        return Outcome(None, f"{type(error).__name__}: {error}".splitlines()[0], False)


def _send(path: str, problem: Problem, epochs: int, pipe: Any) -> None:
    torch.set_num_threads(1)
    pipe.send(outcome(path, problem, epochs))


def apart(path: str, problem: Problem, epochs: int, limit: float) -> Outcome:
    """Runs one class on one problem in a process of its own, for so many seconds at most."""
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(path, problem, epochs, theirs))
    process.start()
    theirs.close()
    try:
        if mine.poll(limit):
            return mine.recv()
        return Outcome(None, f"It did not finish in {limit:g} seconds.", True)
    except EOFError:
        return Outcome(None, "The process died.", False)
    finally:
        process.kill()
        process.join()


def row(path: str, outcomes: list[Outcome], base: list[float]) -> str:
    """Returns a row of the table: cost where it runs, else the sentence."""
    name = as_given(path).removeprefix("torch.optim.")
    cells = []
    for one, plain in zip(outcomes, base, strict=True):
        if one.record is None:
            cells += [_cell(one.said), "", ""]
            continue
        cost = one.record.cost
        share = cost["optimizer_state_bytes"] / (4 * cost["num_parameters"])
        extra = 1e6 * (float(cost["optimizer_seconds"] or 0) - plain)
        accuracies = one.record.test_accuracies or [float("nan")]
        status = f"{accuracies[-1]:.3f}" if one.record.status == "finished" else "diverged"
        cells += [status, f"{share:.2f}", f"{extra:.0f}"]
    return f"| `{name}` | " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    return re.sub(r"[|`]", "", text)


def rows_of(page: Path) -> dict[str, dict[str, str]]:
    """Returns the rows of an earlier page by package and class."""
    held: dict[str, dict[str, str]] = {}
    modules = {package: module for module, package in PACKAGES.items()}
    for line in page.read_text(encoding="utf-8").splitlines() if page.exists() else ():
        if line.startswith("## "):
            held[module := modules[line.split()[1]]] = {}
        elif line.startswith("| `"):
            held[module][_class(line)] = line
    return held


def _class(line: str) -> str:
    return line.split("`")[1].partition("(")[0]


def _runs(line: str) -> bool:
    """Returns whether a row has a state and a time for both problems."""
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    return all(cells[i] for i in (2, 3, 5, 6))


WHAT = (
    "The classes of each package with their defaults, trained for a few epochs on two problems on "
    "8 × 8 digits: the perceptron `digits_mlp` and a small convolutional network with batch "
    "normalisation. The columns, for each problem: test accuracy at the end (defaults are not "
    "tuned to these problems), state in numbers per parameter, and microseconds that the step of "
    "the optimizer takes beyond that of `torch.optim.SGD`, one thread, not compiled. Classes that "
    f"wrap another optimizer have `{INSIDE}` inside. Three classes need a setting: BSAM "
    "`num_data`, Ranger21 `num_iterations`, and SpectralSphere a group of matrices."
)


def page(rows: dict[str, list[str]], counts: dict[str, tuple[int, int]], command: str) -> str:
    """Returns the page."""
    ran, total = (sum(count[i] for count in counts.values()) for i in (0, 1))
    made = (
        f"{ran} of {total} classes run on both problems, with torch {_number(torch.__version__)}:"
    )
    lines = ["# Which optimizers run", "", made, "", "<!-- not run: it takes half an hour -->"]
    lines += ["```sh", command, "```", ""]
    lines += [*textwrap.wrap(WHAT, 100), ""]
    for module, held in rows.items():
        lines += [
            f"## {PACKAGES[module]} {_number(version(PACKAGES[module]))}",
            "",
            f"{counts[module][0]} of {counts[module][1]} run.",
            "",
            "| Class | perceptron | state | µs | convolutional | state | µs |",
            "|---|---|---|---|---|---|---|",
            *held,
            "",
        ]
    return "\n".join(lines)


def _number(full_version: str) -> str:
    """The version without the build."""
    return full_version.partition("+")[0]


def main() -> None:
    """Runs the zoo and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds for one run")
    parser.add_argument("--only", nargs="*", default=(), help="paths or packages")
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    measure = partial(apart, epochs=arguments.epochs, limit=arguments.limit)
    chosen = problems()
    base = []
    for name in ("SGD", "AdamW", "Muon", "SAM(SGD)"):  # what runs import lazily, once for all forks
        outcome(name, chosen[0], 1)
    for problem in chosen:
        plain = measure("torch.optim.SGD", problem).record
        assert plain is not None
        base.append(float(plain.cost["optimizer_seconds"] or 0))
    earlier = rows_of(arguments.output) if arguments.only and arguments.output else {}
    rows: dict[str, list[str]] = {}
    for module in PACKAGES:
        held = earlier.get(module, {})
        for path in classes(module):
            name = path.removeprefix("torch.optim.")
            if _wanted(path, module, arguments.only):
                outcomes = [measure(path, problem) for problem in chosen]
                held[name] = row(path, outcomes, base)
                unclear = "" if all(one.sentence for one in outcomes) else "  NOT A SENTENCE"
                print(held[name] + unclear, flush=True)
        if held:
            rows[module] = [held[name] for name in sorted(held)]
    counts = {module: (sum(map(_runs, held)), len(held)) for module, held in rows.items()}
    print({PACKAGES[module]: count for module, count in counts.items()})
    if arguments.output:
        command = f"python benchmarks/zoo.py --limit {arguments.limit:g} --output docs/zoo.md"
        arguments.output.write_text(page(rows, counts, command), encoding="utf-8")


def _wanted(path: str, module: str, only: list[str]) -> bool:
    return not only or module in only or path in only


if __name__ == "__main__":
    main()
