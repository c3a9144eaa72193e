"""A search's record says what it chose, and that stands."""

import json
from typing import Any

import numpy as np
import pytest

from deepobs.runner import load_records
from deepobs.runner.analysis import (
    grid_edges,
    per_run,
    sensitivity_table,
    study_verdict,
    summary_table,
    tunability,
    tuned_runs,
    tuned_settings,
)

RATES = [0.1, 0.2, 0.4, 0.8]
VALID = [3.0, 1.0, 2.0, 4.0]  # the second rate is the best on validation data
TEST = [3.0, 2.5, 0.1, 4.0]  # the third looks better on test data, by luck


@pytest.fixture
def search(tmp_path, write_record):
    """Writes the records of a search and its runs; returns their results folder."""

    def write(
        optimizer="SGD",
        *,
        strategy="grid",
        objective="valid",
        repeats=8,
        momentum=None,
        level=2.4,
        budget=4,
        key="1",
    ):
        folder = tmp_path / "results" / optimizer
        split = 0.0 if objective == "test" else 0.2
        trials: list[dict[str, Any]] = []
        for number, rate in enumerate(RATES[:budget]):
            values = {} if momentum is None else {"momentum": momentum[number]}
            run_id = f"{optimizer}{key}-trial-{number}"
            fields = {"hyperparams": values, "optimizer": optimizer, "learning_rate": rate}
            fields |= {"run_id": run_id, "validation": split}
            end = [9.0, 5.0, TEST[number]]
            if split:
                fields["valid_losses"] = [9.0, 5.0, VALID[number]]
            write_record(folder, f"random_seed__42__{run_id}.json", losses=end, **fields)
            trials.append({"settings": {"lr": rate, **values}, "run_ids": [run_id]})
        chosen = 2 if objective == "test" else 1
        ids = {}
        for seed in range(42, 42 + repeats):
            values = {} if momentum is None else {"momentum": momentum[chosen]}
            run_id = f"{optimizer}{key}-repeat-{seed}"
            if objective == "test" and seed == 42:
                ids[str(seed)] = trials[chosen]["run_ids"][0]
                continue
            fields = {"hyperparams": values, "optimizer": optimizer, "run_id": run_id}
            fields |= {"learning_rate": RATES[chosen], "random_seed": seed, "validation": 0.0}
            end = [9.0, 5.0, level + 0.001 * seed]
            write_record(folder, f"random_seed__{seed}__{run_id}.json", losses=end, **fields)
            ids[str(seed)] = run_id
        space = {"lr": "log:0.1:0.8", **({} if momentum is None else {"momentum": "choice"})}
        record: dict[str, Any] = {
            "format": "deepobs-tuning-1",
            "problem": "quadratic_deep",
            "space": space,
        }
        record |= {"optimizer": optimizer, "strategy": strategy, "objective": objective}
        record |= {"num_trials": budget, "trials": trials, "best": trials[chosen], "repeats": ids}
        (folder / f"tuning__{strategy}__{key}.json").write_text(json.dumps(record))
        return tmp_path / "results"

    return write


def test_the_report_follows_what_the_search_chose(search):
    """The setting chosen on validation data stands, though a trial looks better on test data."""
    frame = load_records(search())
    (row,) = tuned_settings(frame).to_dict("records")
    assert (row["method"], row["learning_rate"], row["num_settings"]) == ("SGD", 0.2, 4)
    assert (row["selected_on"], row["metric"], row["score"]) == ("valid", "valid_loss", 1.0)
    assert (row["left_out"], row["same_runs"]) == ((42,), False)
    runs = per_run(tuned_runs(frame))
    assert set(runs["role"]) == {"repeat"}
    assert set(runs["validation"]) == {0.0}
    (summary,) = summary_table(frame).to_dict("records")
    assert (summary["num_runs"], summary["num_counted"]) == (8, 7)
    assert summary["mean"] == pytest.approx(2.4 + 0.001 * np.mean(range(42, 50)))
    (cell,) = study_verdict(frame).cells
    assert cell.value == pytest.approx(2.4 + 0.001 * np.mean(range(43, 50)))
    assert (summary["low"] + summary["high"]) / 2 == pytest.approx(cell.value)


def test_two_searches_and_a_verdict(search):
    """Tune two optimizers, then compare: the repetitions are judged, the budgets are shown."""
    search("SGD", level=2.4, repeats=10)
    frame = load_records(search("Adam", level=1.4, repeats=10, key="2"))
    verdict = study_verdict(frame)
    assert (verdict.winner, verdict.certainty) == ("Adam", "clear")
    assert {cell.budget for cell in verdict.cells} == {4}
    assert {cell.num_runs for cell in verdict.cells} == {9}


def test_trials_of_other_hyperparameters_are_one_method(search):
    """A search over momentum too is one method; its trials are settings, not methods."""
    frame = load_records(search(momentum=[0.0, 0.9, 0.9, 0.0]))
    assert set(per_run(frame)["method"]) == {"SGD"}
    (row,) = tuned_settings(frame).to_dict("records")
    assert row["setting"].endswith("momentum=0.9")
    assert (row["num_settings"], row["learning_rate"]) == (4, 0.2)


def test_what_the_search_tried_is_the_trials_alone(search):
    """Sensitivity, tunability and the grid's edge are about trials, not about repetitions."""
    frame = load_records(search())
    (row,) = sensitivity_table(frame).to_dict("records")
    assert (row["num_rates"], row["best_rate"]) == (4, 0.4)
    assert tunability(frame)["trials"].tolist() == [1, 2, 3, 4]
    assert grid_edges(frame).tolist() == [""]


def test_a_search_on_test_data_shares_a_run_with_its_repetitions(search):
    """The run that chose is a repetition too: it is left out of what is judged."""
    frame = load_records(search(objective="test"))
    assert (per_run(frame)["role"] == "best repeat").sum() == 1
    (row,) = tuned_settings(frame).to_dict("records")
    assert (row["selected_on"], row["learning_rate"], row["left_out"]) == ("test", 0.4, (42,))


def test_a_search_without_repetitions_is_judged_by_what_chose(search):
    """There are no other runs than those that chose: the verdict will say so."""
    (row,) = tuned_settings(load_records(search(repeats=0))).to_dict("records")
    assert (row["learning_rate"], row["same_runs"]) == (0.2, True)


def test_searches_are_not_mixed_with_other_runs(search, write_record):
    """Runs of the same optimizer outside the search, and another search, are other methods."""
    folder = search()
    search(strategy="random", key="2", budget=4)
    write_record(folder / "more", run_id="outside", learning_rate=0.3)
    frame = load_records(folder)
    assert set(per_run(frame)["method"]) == {"SGD", "SGD (grid search)", "SGD (random search)"}
    sizes = tuned_settings(frame).set_index("method")["num_settings"]
    assert sizes.to_dict() == {"SGD": 1, "SGD (grid search)": 4, "SGD (random search)": 4}


def test_a_run_of_two_searches_belongs_to_both(search, tmp_path):
    """A trial that two searches share counts for each, under a name of its own."""
    folder = search()
    record = json.loads((folder / "SGD" / "tuning__grid__1.json").read_text())
    (folder / "SGD" / "tuning__tpe__2.json").write_text(json.dumps(record | {"strategy": "tpe"}))
    runs = per_run(load_records(folder))
    assert runs["run_id"].is_unique
    assert runs.groupby("search", observed=True).size().to_dict() == {"grid__1": 12, "tpe__2": 12}


def test_a_damaged_record_of_a_search_is_no_search(search):
    """Its runs are read all the same, as runs."""
    folder = search()
    (folder / "SGD" / "tuning__grid__1.json").write_text('{"format": "deepobs-tuning-1", "tri')
    frame = load_records(folder)
    assert set(frame["search"]) == {""}
