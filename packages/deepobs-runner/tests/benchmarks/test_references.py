"""Reference results in place of runs."""

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
