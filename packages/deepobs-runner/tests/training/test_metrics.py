"""The metrics of a problem in a run: evaluated, recorded, shown."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from deepobs.problems import LOSS, PERPLEXITY, Metric, build, get_problem
from deepobs.runner import Callback, Record, run

GPT = replace(get_problem("shakespeare_gpt_small"), steps_per_epoch=3, evaluation_batches=2)


class Told(Callback):
    """Keeps what callbacks are told."""

    def __init__(self):
        self.told = []

    def on_evaluation(self, epoch, metrics):
        self.told.append(dict(metrics))


def _run(problem, **options):
    usual: dict[str, Any] = {"lr": 0.1, "epochs": 2, "device": "cpu", "progress": "off"}
    return run(problem, "SGD", **usual | options)


@pytest.fixture(scope="module")
def gpt():
    told = Told()
    return _run(GPT, callbacks=[told]), told.told


def test_the_record_has_every_metric_with_its_direction(gpt):
    """Loss and accuracy in DeepOBS's fields, perplexity beside them; the first one is primary."""
    record, _ = gpt
    assert record.primary_metric == "perplexity"
    assert {name: entry["higher_is_better"] for name, entry in record.metrics.items()} == {
        "loss": False,
        "perplexity": False,
        "accuracy": True,
    }
    assert record.metrics.keys() == {"loss", "perplexity", "accuracy"}
    for phase in ("train", "test"):
        perplexities = record.evaluations(phase, "perplexity")
        assert perplexities == pytest.approx(
            [math.exp(x) for x in record.evaluations(phase, "loss")]
        )
        assert len(record.evaluations(phase, "accuracy")) == 3
    assert record.evaluations("valid", "perplexity") is None


def test_the_file_gives_the_same_record(gpt):
    """The series of metrics survive JSON, NaN as null."""
    record, _ = gpt
    record.metrics["perplexity"]["test"][0] = math.nan
    again = Record.from_dict(json.loads(record.to_json()))
    assert math.isnan(again.evaluations("test", "perplexity")[0])
    assert (
        again.evaluations("test", "perplexity")[1:] == record.evaluations("test", "perplexity")[1:]
    )


def test_text_says_how_many_tokens_an_example_has(gpt):
    """From which tokens to a target are counted."""
    assert gpt[0].sequence_length == 32
    assert _run("digits_logreg", epochs=1).sequence_length is None


def test_callbacks_are_told_the_best_so_far(gpt):
    """Of the primary metric on test data, and on validation data if there are any."""
    _, told = gpt
    values = [metrics["test_perplexity"] for metrics in told]
    assert [m["best_test_perplexity"] for m in told] == [min(values[: i + 1]) for i in range(3)]
    seen = Told()
    _run("digits_logreg", validation=0.2, callbacks=[seen])
    values = [metrics["valid_accuracy"] for metrics in seen.told]
    assert [m["best_valid_accuracy"] for m in seen.told] == [max(values[: i + 1]) for i in range(3)]


def _infinite(output, batch):
    return torch.tensor(math.inf), torch.tensor(1.0)


def test_an_infinite_metric_is_no_divergence():
    """A perplexity may overflow where the loss is finite."""
    metric = Metric(name="huge", higher_is_better=False, parts=_infinite)
    record = _run(replace(get_problem("digits_logreg"), metrics=(metric,)), epochs=1)
    assert record.status == "finished"
    assert record.to_dict()["metrics"]["huge"]["test"] == [None, None]


def test_lines_show_the_primary_metric_and_its_best(capsys):
    """On standard error, beside the losses."""
    _run(GPT, progress="lines", epochs=1)
    *_, last = capsys.readouterr().err.strip().splitlines()
    assert ", test perplexity " in last
    assert " (best " in last
    assert "accuracy" not in last
    _run("quadratic_deep", progress="lines", epochs=1, lr=1e-3)
    (*_, last) = capsys.readouterr().err.strip().splitlines()
    assert last.count("test loss") == 1
    assert " (best " in last


def test_the_best_model_is_that_of_the_primary_metric(tmp_path):
    """Here the lowest perplexity on test data, since there are no validation data."""
    record = _run(GPT, results=tmp_path, keep_best=True)
    best = torch.load(record.path.with_suffix(".best.pt"), weights_only=True)
    values = record.evaluations("test", "perplexity")
    assert (best["criterion"], best["value"]) == ("test_perplexity", min(values))
    assert best["epoch"] == values.index(min(values))


@pytest.mark.parametrize(
    ("name", "primary"),
    [
        ("pinn_convection_small", "relative_l2_error"),
        ("cora_gcn", "accuracy"),
        ("modular_addition", "accuracy"),
        ("matrix_sensing", "rmse"),
        ("rotated_quadratic", "loss"),
    ],
)
def test_each_kind_of_problem_has_its_primary_metric(name, primary):
    """What an evaluation of the problem gives is what the record holds, before training."""
    problem = replace(get_problem(name), steps_per_epoch=1)
    record = _run(problem, epochs=1, lr=1e-4)
    found = build(problem).evaluate("test")
    expected = found.values[primary] + (found.regularizer if primary == LOSS.name else 0.0)
    assert record.primary_metric == primary
    assert record.evaluations("test", primary)[0] == pytest.approx(expected, rel=1e-6)


def test_perplexity_is_the_primary_metric_of_both_language_models():
    """Whose accuracy is evaluated as well."""
    for name in ("shakespeare_gpt", "tolstoi_gpt"):
        assert get_problem(name).metric is PERPLEXITY
