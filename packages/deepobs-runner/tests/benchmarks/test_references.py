"""Reference results in place of runs."""

import shutil
import sys

import benchmark_cases
import pytest

from deepobs.runner import UsageError, load_records
from deepobs.runner.benchmarks import Entry
from deepobs.runner.bundles import bundle, verify
from deepobs.runner.results import read_record


@pytest.fixture(scope="module")
def references(tmp_path_factory):
    """The results of a benchmark that somebody else has made."""
    folder = tmp_path_factory.mktemp("references")
    benchmark_cases.run_benchmark(folder)
    return folder


def _started(folder, optimizer):
    """When the runs of an optimizer were started."""
    paths = folder.glob(f"*/{optimizer}/*/random_seed__*.json")
    return {record.run_id: record.started for record in map(read_record, paths)}


def test_searches_that_fit_are_taken_over(references, tmp_path, monkeypatch):
    """With their trials and repetitions; the report and a bundle hold them like all others."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = bundle([references], tmp_path / "references.deepobs").path
    outcome = benchmark_cases.run_benchmark(
        tmp_path / "results", references=[made], space=["lr=log:1e-3:1e-1"]
    )
    assert _started(tmp_path / "results", "SGD") == _started(references, "SGD")
    ours = _started(tmp_path / "results", "SignSGD")
    assert not set(ours.values()) & set(_started(references, "SignSGD").values())
    assert len(outcome.searches[Entry("digits_logreg", "SGD", 0.2)].repeats) == 10
    assert "SGD" in (tmp_path / "results" / "report.html").read_text()
    assert load_records(tmp_path / "results")["run_id"].nunique() == 24
    assert verify(bundle([tmp_path / "results"], tmp_path / "mine.deepobs").path).faults == ()


def test_searches_by_another_protocol_do_not_fit(references, tmp_path):
    """A reference with a missing record is not taken over either: its runs are repeated."""
    other = benchmark_cases.PROTOCOL.changed(budget=1)
    benchmark_cases.run_benchmark(tmp_path / "a", references=[references], protocol=other)
    again = set(_started(tmp_path / "a", "SGD").values())
    assert not again & set(_started(references, "SGD").values())


def test_a_missing_reference_is_named(tmp_path):
    """Before anything starts."""
    with pytest.raises(UsageError, match=r"no bundle or results folder .*none of references"):
        benchmark_cases.run_benchmark(tmp_path / "a", references=[tmp_path / "none"])
    assert not (tmp_path / "a").exists()


def test_all_references_that_fit_are_compared_with_at_no_cost(references, tmp_path, monkeypatch):
    """`--against references`: what does not fit is left out, and nothing of it is run."""
    packaged = tmp_path / "SGD.deepobs"
    own = benchmark_cases.run_benchmark(tmp_path / "sgd", references=[references])
    shutil.rmtree(tmp_path / "sgd" / "digits_logreg" / "SignSGD")
    bundle([tmp_path / "sgd"], packaged)
    monkeypatch.setattr("deepobs.baselines.references", lambda: (packaged,))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    outcome = benchmark_cases.run_benchmark(
        tmp_path / "a", against="references", problems=["digits_logreg", "two_d_beale"]
    )
    assert set(outcome.searches) == {
        Entry("digits_logreg", "SignSGD", 0.2),
        Entry("digits_logreg", "SGD", 0.2),
        Entry("two_d_beale", "SignSGD", 0.2),
    }
    assert _started(tmp_path / "a", "SGD") == _started(references, "SGD")
    sgd = Entry("digits_logreg", "SGD", 0.2)
    assert outcome.searches[sgd].best == own.searches[sgd].best


def test_references_whose_package_is_missing_are_named(tmp_path, monkeypatch, caplog):
    """The others are compared with."""
    paths = (tmp_path / "SGD.deepobs", tmp_path / "Nobodys.deepobs")
    monkeypatch.setattr("deepobs.baselines.references", lambda: paths)
    arguments = {"against": "references", "problems": "two_d_beale", "references": []}
    with pytest.raises(UsageError, match="No reference results fit"):
        benchmark_cases.run_benchmark(tmp_path / "a", **arguments)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("The reference results of Nobodys are left out")


def test_without_fitting_references_one_sentence_says_so(tmp_path, monkeypatch):
    """Or that their package is not installed."""
    arguments = {"against": "references", "problems": "two_d_beale"}
    with pytest.raises(UsageError, match="No reference results fit this benchmark"):
        benchmark_cases.run_benchmark(tmp_path / "a", **arguments)
    monkeypatch.setitem(sys.modules, "deepobs.baselines", None)
    with pytest.raises(UsageError, match="pip install deepobs-baselines"):
        benchmark_cases.run_benchmark(tmp_path / "a", **arguments)
    assert not (tmp_path / "a").exists()
