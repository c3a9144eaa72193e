"""Checkpoints."""

import io
import logging
import tracemalloc
from collections import deque
from pathlib import Path

import numpy as np
import pytest
import torch

from deepobs.problems import build
from deepobs.runner.common import CheckpointError
from deepobs.runner.results import ResultsStore, open_storage
from deepobs.runner.training import Checkpoints
from deepobs.runner.training._best_model import BestModel
from deepobs.runner.training._checkpoint import _seal


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(open_storage(tmp_path), "0123456789abcdef")


def names(checkpoints):
    return sorted(path.name for path in checkpoints.folder.locate("").iterdir())


def load(checkpoints):
    return checkpoints.load(lambda state: state.get("weights"))


def test_the_last_two_are_kept(checkpoints):
    """The newest is loaded; nothing else is left in the folder."""
    for steps in (5, 20, 100):
        checkpoints.save({"weights": torch.full((3,), float(steps))}, steps)
    assert names(checkpoints) == ["checkpoint_000000000020.pt", "checkpoint_000000000100.pt"]
    assert load(checkpoints)["weights"].tolist() == [100, 100, 100]


def test_a_checkpoint_is_written_without_copies_of_it(checkpoints):
    """One copy in memory beside the state, though a buffer that grows may have some room."""
    state = {"weights": torch.zeros(5_000_000)}
    checkpoints.save({}, 1)  # which is read back, and imports what that takes
    tracemalloc.start()
    try:
        checkpoints.save(state, 2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.5 * state["weights"].nbytes


def test_none_is_none(checkpoints):
    """A run that was never saved starts at its beginning."""
    assert load(checkpoints) is None


def test_what_a_kill_during_a_save_left_is_removed_too(checkpoints, monkeypatch):
    """Otherwise the run's folder would stay for ever."""
    checkpoints.save({}, 1)
    with monkeypatch.context() as killed:
        killed.setattr("pathlib.Path.unlink", lambda *_, **__: None)
        killed.setattr("pathlib.Path.replace", lambda *_: None)
        checkpoints.save({}, 2)
    assert len(names(checkpoints)) == 2
    checkpoints.remove()
    assert names(checkpoints) == []


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-200])


def _empty(path):
    path.write_bytes(b"")


def _flip(path):
    content = bytearray(path.read_bytes())
    content[content.index(torch.full((999,), 2.0).numpy().tobytes()) + 2000] ^= 1
    path.write_bytes(content)


def _edited(path):
    """A well-formed file with another epoch, as somebody's script may write it."""
    torch.save({**torch.load(path), "epoch": 99}, path)


def _edited_weights(path):
    torch.save({**torch.load(path), "weights": torch.full((999,), float("nan"))}, path)


def _sealed_by_hand(path, content):
    """Content that `save` would not write, with a checksum that is right."""
    file = io.BytesIO()
    torch.save(content, file)
    _seal(file)
    path.write_bytes(file.getvalue())


def _foreign(path):
    _sealed_by_hand(path, {"epoch": 3})


def _nothing(path):
    _sealed_by_hand(path, None)


def _other_run(path):
    Checkpoints(open_storage(path.parent / "other"), "f" * 16).save({}, 1)
    (path.parent / "other" / "checkpoint_000000000001.pt").replace(path)


def _nobodys(path):
    _sealed_by_hand(path, {"format": "deepobs-checkpoint-1"})


def _code(path):
    _sealed_by_hand(path, {"format": "deepobs-checkpoint-1", "code": torch.nn.Linear(1, 1)})


DAMAGE = {
    "truncated": (_truncate, "truncated, damaged or edited"),
    "empty": (_empty, "truncated, damaged or edited"),
    "a bit flipped": (_flip, "truncated, damaged or edited"),
    "another epoch": (_edited, "truncated, damaged or edited"),
    "NaN weights": (_edited_weights, "truncated, damaged or edited"),
    "not ours": (_foreign, "not a checkpoint of deepobs"),
    "None": (_nothing, "not a checkpoint of deepobs"),
    "another run's": (_other_run, "belongs to the run ffffffffffffffff"),
    "nobody's": (_nobodys, "belongs to the run None"),
    "holds code": (_code, "holds torch.nn.modules.linear.Linear"),
}


@pytest.mark.parametrize(("damage", "said"), DAMAGE.values(), ids=list(DAMAGE))
def test_a_bad_one_is_refused_and_the_one_before_used(checkpoints, caplog, damage, said):
    """One sentence names the file."""
    for steps in (1, 2):
        checkpoints.save({"weights": torch.full((999,), float(steps))}, steps)
    damage(checkpoints.folder.locate("checkpoint_000000000002.pt"))
    with caplog.at_level(logging.WARNING):
        assert load(checkpoints)["weights"][0] == 1
    assert said in caplog.text
    assert "checkpoint_000000000002.pt" in caplog.text


def test_only_bad_ones_are_an_error(checkpoints):
    """A month of training is not thrown away silently: the user decides."""
    checkpoints.save({}, 1)
    _empty(checkpoints.folder.locate("checkpoint_000000000001.pt"))
    with pytest.raises(CheckpointError, match="No checkpoint in"):
        load(checkpoints)


@pytest.mark.parametrize(
    ("value", "named"),
    [(deque([1.0]), "collections.deque"), (np.float64(1), "multiarray.scalar")],
    ids=["deque", "numpy scalar"],
)
def test_what_could_never_be_read_is_known_at_the_first_save(checkpoints, caplog, value, named):
    """Not only after the crash; one sentence, once, and the run goes on."""
    for steps in (1, 2):
        checkpoints.save({"optimizer": value}, steps)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("This run cannot be resumed")
    assert named in said


@pytest.mark.parametrize(
    "error", [KeyError("problems"), RuntimeError("size mismatch\nfor 0.weight")]
)
def test_one_with_other_content_is_passed_over(checkpoints, caplog, error):
    """The right header is not enough; the one before is used."""

    def take_up(state):
        if state["weights"] == 2:
            raise error

    for steps in (1, 2):
        checkpoints.save({"weights": steps}, steps)
    assert checkpoints.load(take_up)["weights"] == 1
    (said,) = [record.getMessage() for record in caplog.records]
    assert "checkpoint_000000000002.pt does not fit this run" in said
    assert "\n" not in said


def test_a_damaged_best_model_is_looked_for_anew(tmp_path, caplog):
    """Any evaluation is better than none; one sentence names the file."""
    store = ResultsStore(tmp_path)
    path = Path(store.work("0123456789abcdef").locate("best.pt"))
    path.parent.mkdir(parents=True)
    torch.save({"criterion": "test_loss", "value": 0.1}, path)
    path.write_bytes(path.read_bytes()[:-100])
    best = BestModel(store, "0123456789abcdef", resumed=True)
    best.on_run_start(None, build("quadratic_deep"))
    best.on_evaluation(3, {"test_loss": 7.0})
    assert torch.load(path, weights_only=True)["epoch"] == 3
    assert "best.pt is damaged" in caplog.text
