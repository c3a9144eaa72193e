from typing import Any

import pytest
import torch

from deepobs.data import Phase, quadratic, two_d
from deepobs.data._batches import ArrayDataset


def whole(data: ArrayDataset, phase: Phase) -> torch.Tensor:
    return torch.cat([batch.inputs for batch in data.batches(phase, batch_size=1000)])


@pytest.mark.parametrize("phase", ["train_eval", "test"])
def test_quadratic_equals_the_original(golden: dict[str, Any], phase: Phase) -> None:
    """Its first numbers bit for bit, and the sums over all."""
    entry = golden["quadratic_deep"]["train_X" if phase == "train_eval" else "test_X"]
    data = whole(quadratic(), phase)
    assert list(data.shape) == entry["shape"]
    assert torch.equal(data[:3, :5], torch.tensor(entry["X_3x5"]))
    assert data.double().sum().item() == pytest.approx(entry["sum"], rel=1e-9)
    assert data.double().square().sum().item() == pytest.approx(entry["sum_of_squares"], rel=1e-9)


@pytest.mark.parametrize("phase", ["train_eval", "test"])
def test_two_d_equals_the_original(golden: dict[str, Any], phase: Phase) -> None:
    """Both columns; for testing they are zeros."""
    entry = golden["two_d"]["train" if phase == "train_eval" else "test"]
    data = whole(two_d(), phase)
    assert data.shape == (entry["size"], 2)
    for column, letter in enumerate("xy"):
        values = data[:, column]
        assert torch.equal(values[:5], torch.tensor(entry[f"{letter}_first5"]))
        assert values.double().sum().item() == pytest.approx(entry[f"{letter}_sum"], rel=1e-9)
        squares = values.double().square().sum().item()
        assert squares == pytest.approx(entry[f"{letter}_sum_of_squares"], rel=1e-9)


def test_there_are_no_targets() -> None:
    """Nothing is to be predicted."""
    for data in (quadratic(), two_d()):
        assert data.num_classes is None
        assert next(data.batches("train", batch_size=4)).targets is None


def test_a_part_can_be_held_out() -> None:
    """As of any other data set."""
    data = quadratic().with_validation()
    assert (data.num_examples("train"), data.num_examples("valid")) == (800, 200)
