"""Whatever is given: the right thing happens, or one sentence says what is wrong."""

import json
import math
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepobs.problems import UnknownProblemError
from deepobs.runner import RunConfig, UsageError, load_records, run
from deepobs.runner.config import SETTINGS
from deepobs.runner.report.page import write_report
from deepobs.runner.results import UnreadableRecordWarning
from deepobs.runner.sweeps import read_plan

EXAMPLES = settings(
    max_examples=60,
    deadline=None,  # the machine may be busy; pytest-timeout ends what hangs
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
FEW_EXAMPLES = settings(EXAMPLES, max_examples=8)

NUMBERS = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 2**63, 2**64, 10**400, 1e308, 5e-324, math.inf, math.nan]),
)
WORDS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["SGD", "Adam", "digits_logreg", "cosine", "StepLR"]),
    st.sampled_from(["../x", "{{ 7 }}", "\ud800", "", "<b>", "a" * 3000]),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=12,
)
GOOD = {"problem": "digits_logreg", "optimizer": "SGD", "lr": 0.1, "epochs": 1}


def is_sentence(error):
    """Whether an error's message is for a person: a few lines that can be read."""
    lines = str(error).split("\n")
    return 1 <= len(lines) <= 12 and all(10 < len(line) < 2000 for line in lines)


def outcome(function, *arguments, **keywords):
    """What a call returns, or the error in which it says what is wrong."""
    try:
        return function(*arguments, **keywords)
    except (UsageError, UnknownProblemError) as error:
        return error


@EXAMPLES
@given(name=st.sampled_from([item.name for item in SETTINGS]), value=VALUES)
def test_a_configuration_is_accepted_or_refused_in_a_sentence(name, value):
    """Each setting with any value; what is accepted goes through JSON and stays the same run."""
    config = outcome(RunConfig, **{**GOOD, name: value})
    if isinstance(config, Exception):
        assert is_sentence(config)
        return
    content = json.loads(json.dumps(config.to_dict(), allow_nan=False))
    assert RunConfig.from_dict(content).run_id == config.run_id


PLAN_KEYS = st.sampled_from(
    ["problems", "optimizers", "overrides", "hyperparameters", *(s.yaml_field for s in SETTINGS)]
)
RANGES = st.dictionaries(
    st.sampled_from(["range", "linspace", "logspace"]), st.lists(NUMBERS, max_size=4), max_size=2
)


@EXAMPLES
@given(changes=st.dictionaries(PLAN_KEYS, st.one_of(VALUES, RANGES), max_size=3))
def test_a_plan_is_accepted_or_refused_in_sentences(changes):
    """Each field of a sweep with any value, the ranges among them."""
    plan = {"problems": ["digits_logreg"], "optimizers": ["SGD"], "lr": 0.1, "epochs": 1}
    made = outcome(read_plan, {**plan, **changes})
    if isinstance(made, Exception):
        assert is_sentence(made)
        return
    assert all(isinstance(run, RunConfig) for run in made.runs)


@EXAMPLES
@given(text=st.one_of(st.text(max_size=200), st.binary(max_size=200)))
def test_a_file_is_accepted_or_refused_in_sentences(tmp_path, text):
    """Any characters and any bytes as a sweep's file."""
    path = tmp_path / "plan.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
    with pytest.raises(UsageError) as caught:
        read_plan(path)
    assert is_sentence(caught.value)


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """A real record as its file holds it."""
    folder = tmp_path_factory.mktemp("record")
    options = {"lr": 0.1, "epochs": 2, "results": folder, "progress": "off"}
    return json.loads(Path(run("digits_logreg", "SGD", **options).path).read_text())


def write(folder: Path, content) -> Path:
    """A results folder with one record."""
    name = "random_seed__42__2026-01-01-00-00-00.json"
    path = folder / "digits_logreg" / "SGD" / "setting" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return folder


def changed(record, data):
    """The record with one or two of its fields replaced, at the top or one level down."""
    content = json.loads(json.dumps(record))
    for name in data.draw(st.lists(st.sampled_from(sorted(record)), min_size=1, max_size=2)):
        if isinstance(content[name], dict) and content[name] and data.draw(st.booleans()):
            content[name][data.draw(st.sampled_from(sorted(content[name])))] = data.draw(VALUES)
        else:
            content[name] = data.draw(VALUES)
    return content


@EXAMPLES
@given(data=st.data())
def test_a_record_is_read_or_named(tmp_path_factory, record, data):
    """Any value in any field: the run is in the frame, or a warning names its file."""
    folder = write(tmp_path_factory.mktemp("results"), changed(record, data))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        frame = load_records(folder)
    named = [warning for warning in said if warning.category is UnreadableRecordWarning]
    assert bool(len(frame)) != bool(named)
    assert [warning for warning in said if warning not in named] == []


@FEW_EXAMPLES
@given(data=st.data())
def test_a_report_is_written_of_any_record_that_is_read(tmp_path_factory, record, data):
    """Beside a sound one; what cannot be read is left out."""
    folder = tmp_path_factory.mktemp("results")
    write(folder / "sound", record)
    write(folder / "strange", {**changed(record, data), "run_id": "0" * 16})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnreadableRecordWarning)
        page = write_report(folder, folder / "report.html")
    assert "digits_logreg" in page.read_text(encoding="utf-8")
