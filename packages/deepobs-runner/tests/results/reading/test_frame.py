"""The tidy frame that records become."""

from typing import Any

import numpy as np
import pytest

from deepobs.runner.results.reading import (
    load_records,
    read_records,
)


def test_series_of_mixed_lengths_are_filled_with_nan(tmp_path, write_record):
    """Where one series is shorter than another, the missing values are NaN."""
    write_record(tmp_path, "a.json", test_losses=[4.0, 3.0])
    write_record(tmp_path, "b.json", train_losses=[], run_id="b")
    frame = load_records(tmp_path)
    assert frame["test_loss"].isna().tolist() == [False, False, True, True, *[False] * 4]
    assert frame["train_loss"].isna().tolist() == [False] * 4 + [True] * 4


def test_the_newest_record_of_a_run_is_kept(tmp_path, write_record):
    """Of files with one run_id the latest counts, even if it diverged: a divergence is a result."""
    same: dict[str, Any] = {"run_id": "r"}
    write_record(tmp_path, "random_seed__1__2026-01-01.json", losses=[4.0, 1.0], **same)
    write_record(tmp_path, "random_seed__1__2026-01-02.json", losses=[4.0, 2.0], **same)
    write_record(tmp_path, "random_seed__1__2026-01-03.json", status="diverged", **same)
    result = read_records(tmp_path)
    assert set(result.frame["status"]) == {"diverged"}
    assert result.num_duplicates == 2


def test_script_tags_and_strange_names_are_kept_as_text(tmp_path, write_record):
    """Names are data: whatever they contain comes through unchanged."""
    name = "<script>alert(1)</script>\u202e'\"\n"
    write_record(tmp_path, testproblem=name, optimizer=name)
    frame = load_records(tmp_path)
    assert set(frame["problem"]) == set(frame["optimizer"]) == {name}


def test_frame_is_lean(tmp_path, write_record):
    """Texts are categorical: a row takes under 300 bytes however long the names are."""
    for seed in range(20):
        losses = np.linspace(9, 1, 200).tolist()
        write_record(tmp_path / ("n" * 200), f"{seed}.json", losses=losses, random_seed=seed)
    frame = load_records(tmp_path)
    assert len(frame) == 4000
    assert frame.memory_usage().sum() / len(frame) < 300


def test_record_of_a_real_run_is_read_back(tmp_path):
    """What `run` measured and was told comes back in the frame."""
    from deepobs.runner import run

    settings: dict[str, Any] = {
        "lr": 0.01,
        "hyperparameters": {"momentum": 0.9},
        "epochs": 2,
        "seed": 5,
    }
    record = run("quadratic_deep", "SGD", **settings, results=tmp_path)
    frame = load_records(tmp_path)
    assert frame["test_loss"].tolist() == record.test_losses
    assert frame["train_loss"].tolist() == record.train_losses
    assert frame["steps"].tolist() == [0.0, 7.0, 14.0]
    assert frame["seconds"].tolist() == pytest.approx(np.cumsum([0, *record.epoch_seconds]))
    assert frame["passes"].tolist() == [0.0, 7.0, 14.0]
    expected = {
        "run_id": record.run_id,
        "source": "deepobs-2",
        "problem": "quadratic_deep",
        "optimizer": "SGD",
        "optimizer_path": "SGD",
        "hyperparameters": '{"momentum": 0.9}',
        "learning_rate": 0.01,
        "schedule": "constant",
        "precision": "fp32",
        "gradient_accumulation_steps": 1.0,
        "replay": False,
        "seed": 5,
        "status": "finished",
    }
    assert {name: frame[name].iloc[0] for name in expected} == expected
