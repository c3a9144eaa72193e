"""Which metric a problem is judged by, and which way it goes."""

import pytest

from deepobs.runner.analysis import (
    combine,
    compare,
    default_metric,
    higher_is_better,
    metric_columns,
    problem_metrics,
    run_values,
    score_matrix,
    study_verdict,
    summary_table,
    time_to_target,
    tuned_settings,
)


def _metric(name, values, *, larger, **fields):
    metrics = {
        "loss": {"higher_is_better": False},
        name: {"higher_is_better": larger, "train": values, "test": values},
    }
    return {"primary_metric": name, "metrics": metrics} | fields


@pytest.fixture
def frame(make_frame):
    """Two optimizers on two problems: of returns larger is better, of perplexity smaller."""
    runs = []
    for seed in range(6):
        for optimizer, end in (("SGD", 2.0), ("Adam", 6.0)):
            end = end + 0.1 * seed
            # The losses say the opposite, so that nothing is right by chance.
            losses = [9.0, 5.0, 1.0 + end]
            common = {"optimizer": optimizer, "random_seed": seed, "losses": losses}
            tail = {"convergence_target": 5.0, **common}
            episodes = _metric("score", [0.0, 1.0, end], larger=True, testproblem="game", **tail)
            texts = _metric("score", [9.0, 8.0, end], larger=False, testproblem="text", **tail)
            runs += [episodes, texts]
    return make_frame(*runs)


def test_the_primary_metric_judges(frame):
    """Not the loss, though it was measured as well."""
    assert default_metric(frame, "game") == "test_score"
    assert problem_metrics(frame, "game") == ["loss", "score"]
    assert default_metric(frame, "game", "valid") == "valid_loss"  # not measured there


def test_a_metric_of_one_name_may_go_either_way(frame):
    """Each problem's records say which values are better."""
    assert higher_is_better(frame, "game", "test_score")
    assert not higher_is_better(frame, "text", "test_score")
    assert not higher_is_better(frame, "game", "test_loss")
    assert higher_is_better(frame, "game", "test_accuracy")


def test_the_verdict_follows_the_direction(frame):
    """Adam ends higher on both: better on the game, worse on the text."""
    winners = {verdict.problem: verdict.winner for verdict in study_verdict(frame).verdicts}
    assert winners == {"game": "Adam", "text": "SGD"}
    better = compare(frame).set_index("problem")["better"].to_dict()
    assert better == {"game": "Adam", "text": "SGD"}
    leads = score_matrix(frame)["Adam"] > score_matrix(frame)["SGD"]
    assert leads.to_dict() == {"game": True, "text": False}


def test_best_values_follow_the_direction(frame):
    """The best of a run is its largest score on the game and its smallest on the text."""
    best = run_values(frame, value="best").set_index(["problem", "optimizer", "seed"])["value"]
    assert best["game", "Adam", 0] == 6.0
    assert best["text", "Adam", 0] == 6.0
    last = run_values(frame).groupby("problem", observed=True)["larger"].first()
    assert last.to_dict() == {"game": True, "text": False}


def test_the_setting_is_chosen_by_the_direction(make_frame):
    """Of two learning rates the one with the higher return."""
    runs = [
        _metric("score", [0.0, end], larger=True, learning_rate=rate, losses=[1.0, 0.5])
        for rate, end in ((0.1, 1.0), (0.01, 3.0))
    ]
    (choice,) = tuned_settings(make_frame(*runs)).to_dict("records")
    assert (choice["learning_rate"], choice["metric"], choice["score"]) == (0.01, "test_score", 3.0)


def test_targets_are_of_the_primary_metric(frame):
    """5.0 is reached from below on the game, from above on the text."""
    times = time_to_target(frame).set_index(["problem", "optimizer", "seed"])["reached"]
    assert times["game", "Adam", 0]
    assert not times["game", "SGD", 0]
    assert not times["text", "Adam", 0]
    assert times["text", "SGD", 0]


def test_the_summary_has_every_metric(frame):
    """Loss and score, each with its best."""
    table = summary_table(frame)
    rows = table[(table["problem"] == "game") & (table["method"] == "Adam")]
    assert list(rows["metric"]) == ["test_loss", "test_score"]
    score = rows.set_index("metric").loc["test_score"]
    assert score["best_mean"] == pytest.approx(6.25)


def test_frames_with_other_metrics_are_combined(frame, make_frame):
    """What a frame lacks is missing in its rows."""
    other = make_frame({"run_id": "other"})
    both = combine(other, frame)
    assert both.loc[both["run_id"] == "other", "test_score"].isna().all()
    assert both.loc[both["run_id"] != "other", "test_score"].notna().all()
    assert "test_score" in metric_columns(both)
    assert isinstance(both["maximized"].dtype, type(frame["maximized"].dtype))
