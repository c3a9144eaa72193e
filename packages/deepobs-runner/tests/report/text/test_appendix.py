"""What a paper's appendix needs: protocol, spaces, compute, citations."""

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
import report_cases

from deepobs.runner import OPTIMIZERS, PROTOCOLS
from deepobs.runner.report import Study
from deepobs.runner.report.text import (
    appendix,
    bibtex,
    citation_line,
    latex_appendix,
    protocol_facts,
)
from deepobs.runner.report.text._papers import PAPERS
from deepobs.runner.results import GIVEN_SPACE, Search


def search(optimizer="Adam", **changed):
    held = {
        "name": f"sobol__{optimizer}",
        "file": "x.json",
        "problem": "p",
        "optimizer": optimizer,
        "strategy": "sobol",
        "objective": "valid_metric",
        "budget": 5,
        "space": {"lr": "log:1e-4:1e-2"},
        "trials": (),
        "best": (),
        "repeats": (),
        "protocol": PROTOCOLS["tuned-20"].changed(budget=5).definition(),
        "space_source": "AlgoPerf",
    }
    return Search(**held | changed)


@pytest.fixture
def study(tmp_path):
    """Two runs of Adam, one of SAM(SGD), with time, passes, hardware and versions."""
    environment = {"torch": "2.11.0", "python": "3.12.1", "cpu": "A CPU", "device": "cpu"}
    fields: dict[str, Any] = {"environment": environment, "passes": [14] * 12}
    runs = [report_cases.run_fields("p", "Adam", 0.1, seed, 0.4, **fields) for seed in (1, 2)]
    runs.append(report_cases.run_fields("p", "SAM(SGD)", 0.1, 1, 0.4, **fields))
    study = Study.of(report_cases.frame_of(runs, tmp_path))
    searches = (search(), search("SAM(SGD)", space_source=GIVEN_SPACE))
    return replace(study, searches=searches)


def test_the_protocol_is_described():
    """Search, budget, split, seeds and length are among the facts."""
    facts = dict(protocol_facts(PROTOCOLS["tuned-20"].definition(), [1.0]))
    assert facts["Protocol"].startswith("tuned-20, version 1: Twenty trials")
    assert facts["Search"] == "sobol, 20 trials"
    assert facts["Chosen on"] == "validation data, 20% of the training set"
    assert facts["Repeated with"] == "seeds 43–52"
    assert facts["Length"] == "1 × the problem's own"


def test_an_unknown_version_of_a_protocol_is_only_named():
    """Its meaning is not known here."""
    facts = protocol_facts({"name": "tuned-20", "version": 99}, [1.0])
    assert facts == [("Protocol", "tuned-20, version 99 (not known to this version of DeepOBS)")]


def test_the_compute_is_that_of_all_runs(study):
    """Three runs of twelve epochs of .25 s, with 14 evaluations of the gradient per epoch."""
    facts = dict(appendix(study).facts)
    assert facts["Compute"] == (
        "3 runs, searches included; 9.00 s of training; 504 evaluations of the gradient"
    )
    assert "A CPU" in facts["Hardware"]
    assert "torch 2.11.0" in facts["Versions"]


def test_a_run_of_two_searches_counts_once(study):
    """Searches that share a run have a row each, but the run was done once."""
    frame = study.frame
    again = frame[frame["optimizer"] == "SAM(SGD)"]
    copy = again.assign(run_id=again["run_id"].astype(str) + "@other", method="other")
    both = Study.of(pd.concat([frame, copy], ignore_index=True))
    assert len(both.runs) == 4
    assert dict(appendix(both).facts)["Compute"].startswith("3 runs, searches included; 9.00 s")


def test_missing_times_are_stated(tmp_path):
    """The training time is that of the runs that recorded it, and their number is given."""
    runs = [report_cases.run_fields("p", "SGD", 0.1, seed, 0.4) for seed in (1, 2)]
    del runs[0]["epoch_seconds"]
    facts = dict(appendix(Study.of(report_cases.frame_of(runs, tmp_path))).facts)
    assert "; 3.00 s of training (recorded by 1 run)" in facts["Compute"]
    assert facts["Hardware"] == "not recorded"


def test_spaces_have_their_budgets_and_sources(study):
    """A row per optimizer."""
    assert appendix(study).spaces == [
        ("Adam", "all", "sobol, 5 trials", "lr = log:1e-4:1e-2", "–", "AlgoPerf"),
        (
            *("SAM(SGD)", "all", "sobol, 5 trials", "lr = log:1e-4:1e-2", "–"),
            "the authors of the runs",
        ),
    ]


def test_other_spaces_on_other_problems_are_rows_of_their_own(study):
    """Each names its problems."""
    other = search(name="other", problem="q", space={"lr": "log:1:10"})
    found = appendix(replace(study, searches=(search(), other))).spaces
    assert [row[:2] for row in found] == [("Adam", "p"), ("Adam", "q")]


def test_the_papers_of_known_optimizers_are_cited(study):
    """DeepOBS, Adam, and both SAM and the SGD in it; each once."""
    assert re.findall(r"@\w+\{(\w+),", bibtex(study)) == [
        "schneider2019deepobs",
        "robbins1951stochastic",
        "kingma2015adam",
        "foret2021sharpness",
    ]
    assert "Adam: Kingma and Ba, ICLR 2015" in citation_line(study)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_reference_optimizer_has_a_paper(name):
    """Of the author and the year in the reference table."""
    paper, said = PAPERS[name], OPTIMIZERS[name].paper
    assert paper.authors.split(",")[0] in said
    assert str(paper.year) in said


def test_keys_are_unique():
    """Two papers never share a BibTeX key."""
    papers = set(PAPERS.values())
    assert len({paper.key for paper in papers}) == len(papers)


def test_the_appendix_is_latex(study):
    """Its special characters are escaped, and its environments closed."""
    text = latex_appendix(study)
    for name in ("description", "tabular"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") == 1
    assert r"20\% of the training set" in text
    assert "lr = log:1e-4:1e-2 & -- & the authors of the runs" in text
