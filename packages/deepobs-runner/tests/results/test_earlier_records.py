"""Records that earlier versions wrote: read, found and reported.

`data/f1d600e` was written by the version of that commit: its records, and `frame.json`, the tidy
frame that it read from them.
"""

import json
import math
import shlex
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deepobs.runner import RunConfig, load_records, tune, write_report
from deepobs.runner.analysis import per_run
from deepobs.runner.cli import main
from deepobs.runner.config import SETTINGS
from deepobs.runner.report import repeat_command
from deepobs.runner.results import ResultsStore, read_record

EARLIER = Path(__file__).parent / "data/f1d600e"
RECORDS = sorted(EARLIER.glob("records/**/random_seed__*.json"))


@pytest.fixture
def folder(tmp_path):
    """A copy of the records, which may be written to."""
    return Path(shutil.copytree(EARLIER / "records", tmp_path / "records"))


def _same(one, other):
    if one is None or other is None:
        return (one is None or one != one) and (other is None or other != other)
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=1e-11)  # settings are rounded to twelve digits
    return one == other


def test_the_frame_is_what_it_was(folder):
    """Every column has its values; the words for unusual settings are columns of their own."""
    frame = load_records(folder)
    before = json.loads((EARLIER / "frame.json").read_text())
    words = before.pop("variant")
    changed = {"run_id"}  # numbers with more than twelve digits made another identity
    for name in before.keys() - changed:
        found = frame[name].astype(object).tolist()
        assert all(map(_same, found, before[name])), name
    columns = ("precision", "gradient_accumulation_steps", "max_grad_norm", "replay")
    rows = frame[list(columns)].to_dict("records")
    for row, variant in zip(rows, words, strict=True):
        assert {word.split("=")[0] for word in variant.split()} == {
            *({row["precision"]} - {"fp32"}),
            *({"accumulate"} if row["gradient_accumulation_steps"] != 1 else ()),
            *({"clip_norm"} if row["max_grad_norm"] == row["max_grad_norm"] else ()),
            *({"replay"} if row["replay"] else ()),
        }
    assert set(frame["problem_version"]) == {1}


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.parent.name)
def test_a_run_of_then_is_done_before(path):
    """The store finds its record for the same configuration, whose earlier names are accepted."""
    content = json.loads(path.read_text())
    config = RunConfig.from_dict(content["config"])
    found = ResultsStore(EARLIER / "records").find(config)
    assert found == read_record(path)
    assert found.deepobs_version == content["deepobs_version"]
    assert RunConfig.from_dict(found.config) == config


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.parent.name)
def test_the_command_to_repeat_gives_the_same_run(path, folder, monkeypatch):
    """The report's command is understood, and means the recorded run."""
    row: Any
    (row,) = per_run(load_records(path)).to_dict("records")
    words = shlex.split(repeat_command(row))[1:]
    names = {item.name for item in SETTINGS}
    asked = []

    def note(problem, optimizer, **keywords):
        settings = {name: value for name, value in keywords.items() if name in names}
        asked.append(RunConfig(problem=problem, optimizer=optimizer, **settings))
        return SimpleNamespace(was_done=False)

    monkeypatch.setattr("deepobs.runner.run", note)
    monkeypatch.setattr("deepobs.runner.cli._run._outcome", lambda record: {"last": {}})
    monkeypatch.setattr("deepobs.runner.cli._run._sentence", lambda record, outcome: "")
    with pytest.raises(SystemExit):
        main(words)
    assert asked == [RunConfig.from_dict(json.loads(path.read_text())["config"])]


def test_a_search_goes_on_with_its_trials(folder):
    """The same call finds the search's file, its trials and its repetitions; nothing is trained."""
    (file,) = folder.glob("*/*/tuning__*.json")
    before = json.loads(file.read_text())
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("random_seed__*.json")}
    result = tune(
        "digits_logreg",
        "SGD",
        results=folder,
        trials=3,
        strategy="random",
        space={"momentum": "choice:0.0,0.9"},
        objective="valid",
        epochs=1,
        validation=0.2,
        repeat=2,
        workers=1,
        device="cpu",
        progress="off",
    )
    assert result.path == file
    assert [trial.value for trial in result.trials] == [t["value"] for t in before["trials"]]
    assert sorted(result.repeats) == [42, 43]
    assert times == {path: path.stat().st_mtime_ns for path in folder.rglob("random_seed__*.json")}


def test_they_are_reported(folder, tmp_path):
    """A page of them holds every problem."""
    page = write_report(folder, tmp_path / "report.html").read_text()
    assert all(problem in page for problem in ("digits_logreg", "quadratic_deep", "cifar10_3c3d"))
