"""Strange records go through every function: no crash, and no warning either."""

import json
import math
from typing import Any

import pytest

from deepobs.runner import analysis, load_records, report

EPOCHS = list(range(1000))
FACTORS = [0.99**epoch for epoch in EPOCHS]
LONGEST_LABEL = 80  # characters: what legends hold, and what matplotlib lays out in good time
STRANGE: dict[str, list[dict[str, Any]]] = {
    "huge": [{"losses": [1e308, -1e308, 1e308]}, {"optimizer": "B", "losses": [1e308, 1e300, 1.0]}],
    "infinite": [{"losses": [1.0, 10**400, 2.0]}, {"optimizer": "B", "losses": [1.0, 0.5, 0.1]}],
    "null throughout": [{"losses": [None, None]}, {"optimizer": "B", "losses": [1.0, 0.5]}],
    "no test series": [{"test_losses": []}, {"optimizer": "B"}],
    "no train series": [{"train_losses": []}, {"optimizer": "B", "train_losses": []}],
    "mixed lengths": [
        {"test_losses": [1.0], "test_accuracies": [0.1, 0.2, 0.3]},
        {"optimizer": "B"},
    ],
    "no test losses, as before DeepOBS had any": [
        {"test_losses": None, "valid_losses": [2.0, 1.0]},
        {"optimizer": "B", "test_losses": None, "valid_losses": [2.0, 1.5]},
    ],
    "nothing measured": [{"losses": [None, None]}, {"optimizer": "B", "losses": [None, None]}],
    "all beyond float32": [{"losses": [1e300] * 3}, {"optimizer": "B", "losses": [1e300] * 3}],
    "infinite learning rate": [{"learning_rate": "Infinity"}, {"optimizer": "B"}],
    "impossible cost": [
        {"cost": {"optimizer_seconds": 1e300, "forward_backward_seconds": 1e-300}},
        {"optimizer": "B", "cost": {"optimizer_seconds": 0.0, "forward_backward_seconds": 0.0}},
    ],
    "a picture in a name": [{"optimizer": "\N{ROCKET}Adam"}, {"optimizer": "B_$%&#~^\\"}],
    "no learning rate": [{"learning_rate": None}, {"optimizer": "B", "learning_rate": None}],
    "learning rate zero": [{"learning_rate": 0.0}, {"learning_rate": -1.0}, {"optimizer": "B"}],
    "no settings": [{"batch_size": None, "hyperparams": None, "schedule": None}],
    "constant": [{"losses": [1.0, 1.0, 1.0]}, {"optimizer": "B", "losses": [1.0, 1.0, 1.0]}],
    "only epoch 0": [{"losses": [1.0]}, {"optimizer": "B", "losses": [2.0]}],
    "script": [{"testproblem": "<script>alert(1)</script>", "optimizer": "</script>"}],
    "all diverged": [
        {"losses": [1.0, None], "status": "diverged"},
        {"optimizer": "B", "losses": [1.0, None], "status": "diverged"},
    ],
    "half a character in a name": [{"optimizer": "A\ud800dam"}, {"optimizer": "B"}],
    "half a character in a setting": [{"hyperparams": {"x": "\ud800"}}, {"optimizer": "B"}],
    "half a character in a run's name": [{"run_id": "\ud800"}, {"optimizer": "B"}],
    "template syntax": [
        {"schedule": "{{ 7*7 }}{% raw %}{# #}"},
        {"schedule": {"name": "{{ 7*7 }}"}, "optimizer": "{% raw %}"},
    ],
    "accuracies beyond 1": [{"test_accuracies": [1e300] * 4}, {"optimizer": "B"}],
    "whole numbers of 400 digits": [
        {"hyperparams": {"x": 10**399}, "num_steps": 10**399, "epoch_seconds": [10**399] * 3},
        {"optimizer": "B", "hyperparams": {"x": -(10**399)}, "batch_size": 10**399},
        {"optimizer": "C", "learning_rate": 10**399, "weight_decay": 10**399},
    ],
    "a factor an epoch": [
        {"schedule": {"name": "step", "epochs": EPOCHS, "factors": FACTORS}, "optimizer": name}
        for name in "AB"
    ],
    "same seed twice": [{}, {}, {"optimizer": "B"}, {"optimizer": "B"}],
    "nothing": [],
}


@pytest.mark.parametrize("kind", STRANGE)
def test_every_table_survives(make_frame, kind):
    """Each table of the analysis comes out of strange records without error or warning."""
    runs = STRANGE[kind]
    frame = make_frame(*runs) if runs else make_frame({}).iloc[:0]
    tuned = analysis.tuned_settings(frame)
    best = analysis.tuned_runs(frame, tuned)
    targets = dict.fromkeys(frame["problem"].unique(), 0.5)
    tables = [
        analysis.summary_table(frame, tuned=tuned),
        analysis.group_flags(frame, tuned),
        analysis.compare(frame, tuned=tuned),
        analysis.compare_overall(frame, tuned=tuned),
        analysis.aggregate_table(frame, tuned),
        analysis.sensitivity_table(frame),
        analysis.tunability(frame),
        analysis.target_table(best, targets),
        analysis.score_matrix(best),
        analysis.speed_frontier(best, "steps"),
        analysis.optimizer_overhead(frame),
    ]
    times = analysis.times_to_target(best, "steps", targets)
    ranks = analysis.rank_test(tables[8])
    problems = set(frame["problem"])
    assert all(set(table["problem"]) <= problems for table in tables if "problem" in table)
    if len(times):
        scores = analysis.profile_score(times)
        assert ((scores >= 0) & (scores <= 1)).all()
    assert ranks.num_problems <= len(problems)
    chances = tables[2]["probability"]
    assert all(math.isnan(p) or 0 <= p <= 1 for p in chances)


@pytest.mark.filterwarnings("ignore:Left out .*, which LaTeX refuses")
@pytest.mark.parametrize("kind", [kind for kind in STRANGE if kind != "nothing"])
def test_the_report_survives(make_frame, kind, tmp_path):
    """The page, its numbers, the tables and the figures come out of the same records."""
    study = report.Study.of(make_frame(*STRANGE[kind]))
    page = report.write_report(study.frame, tmp_path / "report.html").read_text()
    assert "<script>alert" not in page
    assert max(map(len, study.styles)) <= LONGEST_LABEL
    json.dumps(report.report_numbers(study), allow_nan=False)
    assert report.markdown_table(study).startswith("| Problem")
    assert r"\begin{tabular}" in report.latex_table(study)
    assert all(path.stat().st_size for path in report.save_figures(study, tmp_path / "figures"))


def test_numbers_beyond_floats_survive(write_record, tmp_path):
    """A record in which 1e400 is written, which reads as infinity, is reported with the others."""
    path = write_record(tmp_path / "results", losses=[4.0, 3.0, 123.0, 1.0])
    path.write_text(path.read_text().replace("123.0", "1e400"))
    write_record(tmp_path / "results", "random_seed__42__b.json", optimizer="B")
    study = report.Study.of(load_records(tmp_path / "results"))
    assert len(study.runs) == 2
    json.dumps(report.report_numbers(study), allow_nan=False)
    assert report.write_report(study.frame, tmp_path / "report.html").exists()
    assert all(path.stat().st_size for path in report.save_figures(study, tmp_path / "figures"))


def test_template_syntax_is_text(make_frame, tmp_path):
    """Template syntax in a name stands on the page as it was written, unevaluated."""
    frame = make_frame({"optimizer": "{{ 7*7 }}"}, {"optimizer": "B"})
    page = report.write_report(frame, tmp_path / "report.html").read_text()
    assert "B and {{ 7*7 }} on quadratic_deep" in page
