"""Writes docs/leaderboard.md from the reference runs of deepobs-baselines.

python docs/leaderboard.py           # writes it
python docs/leaderboard.py --check   # exits with 1 if the page differs
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pandas as pd

from deepobs.baselines import references
from deepobs.runner import analysis, load_baselines
from deepobs.runner.optimizers import OPTIMIZERS
from deepobs.runner.report import Study, gather
from deepobs.runner.report.text import headline

PAGE = Path(__file__).with_name("leaderboard.md")
THREE = ("SGD", "Momentum", "Adam")  # the methods of the published runs

INTRODUCTION = """# Leaderboard

This page compares reference optimizers on the [laptop set](problems.md), without
`cartpole_ppo_small`, with the protocol `tuned-20`: the best of twenty settings for each optimizer
and problem is selected on validation data, then trained with ten fresh seeds on the full training
set and evaluated on test data. The package `deepobs-baselines` contains all trials and repetitions,
including those that failed or diverged. `deepobs benchmark MyOptimizer --against Adam,Muon` reuses
them instead of running them again. To publish results of your own in this way, see [Publish a
leaderboard](guides/leaderboard.md).

`python docs/leaderboard.py` writes this page. The runs were made with

<!-- not run: the table of costs below has its core hours -->
```sh
deepobs benchmark {names} \\
    --set {problems}
```

on {hardware}, with one thread per run, on a machine that was shared with other work. Compare the
results, not the seconds.

## Methods and problems

{finding}

{matrix}

A value is the mean over ten runs of the final metric on test data. Arrows show the direction in
which the metric improves. Bold marks the methods that are not significantly different from the best
one on that problem, at 5 % for each problem. Rows are in the order of the overall result. The mark
✗3 after a value means that three of the ten runs diverged (their loss was no longer finite) and
that the value is the mean of the other seven. Without a mark, all ten runs finished. The next table
counts the trials of the search that diverged.

## Cost and search

{cost}

All methods have the same budget of trials, but different search spaces. `deepobs optimizers` lists
the spaces and their sources. In a space that is centered on good values, twenty trials find better
settings.

## What you can conclude

- A result belongs to the implementation of an optimizer, its search space and the budget of twenty
  trials. Another space or budget can change the order.
- The runs are short, and the problems are small. Nothing here shows how methods compare at scale.
- Bold entries are ties. Their order within a column has no meaning.
- A verdict over all problems is about these problems. Whether it holds for other problems is a
  separate question, which the report answers separately ([statistics](statistics.md)).

## Does the laptop set predict the large problems?

SGD, Momentum and Adam can be compared with the 1,080 published runs of DeepOBS: eight problems with
up to 350 epochs and 36 learning rates each, selected on test data. A number is the rank of a method
by its mean on a problem. Bold marks ties with the best method.

{ranks}

{means}

{small}

{large}

The two sets have different problems, lengths and search spaces, so a ranking of methods on one need
not carry over to the other. Use the laptop set to try an implementation and to see large
differences within minutes. Before you conclude anything about larger problems, measure on them.
"""


def table(head: list[str], rows: list[list[str]]) -> str:
    """Returns a Markdown table, with all columns but the first aligned to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rule, *rows])


def matrix(study: Study) -> str:
    """Returns the table of methods and problems."""
    verdict = study.verdict
    head = ["Method"]
    for found in verdict.verdicts:
        larger = study.larger(found.problem, analysis.metric_name(found.metric))
        name = analysis.metric_name(found.metric).replace("_", " ")
        head.append(f"`{found.problem}` {name} {'↑' if larger else '↓'}")
    rows = []
    for method in verdict.ranking:
        cells = [cell_text(study, problem, method) for problem in verdict.problems]
        rows.append([method, *cells])
    return table(head, rows)


def cell_text(study: Study, problem: str, method: str) -> str:
    """Returns one method's result on one problem."""
    cell = study.cells.get((problem, method))
    if cell is None:
        return "–"
    text = "diverged" if cell.value != cell.value else f"{cell.value:.4g}"
    text = f"**{text}**" if cell.best else text
    return text + (f" ✗{cell.num_diverged}" if cell.num_diverged else "")


def cost(study: Study) -> str:
    """Returns the table of what the methods cost."""
    runs = analysis.per_run(study.frame)
    last = study.frame.groupby("run_id", observed=True).last()
    rows = []
    for method in study.verdict.ranking:
        own = runs[runs["method"] == method]
        seconds = last.loc[own["run_id"], "seconds"].fillna(0).sum()
        diverged = int((own["status"] != "finished").sum())
        name = method.partition(" ")[0]  # what follows tells fixed settings
        space = OPTIMIZERS[name].space if name in OPTIMIZERS else {}
        names = ", ".join(f"`{name}`" for name in space)
        rows.append([method, f"{len(own):,}", f"{diverged:,}", f"{seconds / 3600:.1f}", names])
    head = ["Method", "Runs", "of these diverged or failed", "Core hours", "Searched"]
    return table(head, rows)


def ranks(laptop: Study, published: Study) -> tuple[str, str]:
    """Returns the table of ranks on both sets, and their summary in a sentence."""
    rows, means = [], {}
    for name, study in (("laptop", laptop), ("published", published)):
        places = pd.DataFrame(
            [(c.problem, short(c.method), c.rank, c.best) for c in study.verdict.cells],
            columns=["problem", "method", "rank", "best"],
        )
        means[name] = places.groupby("method")["rank"].mean()
        for problem, group in places.groupby("problem"):
            at = group.set_index("method")
            cells = [
                f"**{r}**" if b else f"{r}" for r, b in at.loc[list(THREE), ["rank", "best"]].values
            ]
            rows.append([f"`{problem}`", name, *cells])
    means_text = "; ".join(
        f"{where}: "
        + ", ".join(f"{method} {mean:.2f}" for method, mean in values.sort_values().items())
        for where, values in means.items()
    )
    return table(["Problem", "Set", *THREE], rows), f"Mean ranks: {means_text}."


def short(method: str) -> str:
    """Returns a method's name without the mark of its source."""
    return method.removesuffix(" (baseline)")


def page() -> str:
    """Returns the page."""
    study = gather(list(references())).study
    runs = analysis.per_run(study.frame)
    three = Study.of(study.frame[study.frame["optimizer"].isin(THREE)])
    published = Study.of(load_baselines())
    rank_table, means = ranks(three, published)
    return INTRODUCTION.format(
        names=" ".join(path.stem for path in references()),
        problems=command_list(study.problems),
        hardware=" and ".join(sorted(set(runs["hardware"].dropna()))),
        finding=sentence("", study),
        matrix=matrix(study),
        cost=cost(study),
        ranks=rank_table,
        means=textwrap.fill(means, 100),
        small=sentence("On the laptop set: ", three),
        large=sentence("Of the published runs: ", published),
    )


def command_list(names: list[str]) -> str:
    """Returns names with commas as one word of a shell command, over several lines."""
    lines = textwrap.wrap(", ".join(names), 80)
    return "\\\n".join(line.replace(", ", ",") for line in lines)


def sentence(begin: str, study: Study) -> str:
    """Returns the finding of a study with its certainty, as the report's first sentence says it."""
    found = headline(study)
    return textwrap.fill(f"{begin}{found.say} **{found.tag}.** {found.why}".strip(), 100)


def main() -> int:
    """Writes or checks the page; returns the exit status."""
    text = page()
    if "--check" in sys.argv:
        if PAGE.read_text() != text:
            print("docs/leaderboard.md differs: run `python docs/leaderboard.py`")
            return 1
        return 0
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
