"""A data set whose batches depend on the model and on what it gave before."""

from typing import Any

import torch

from deepobs.data import ArrayDataset, Scale, load_dataset


class Collected(ArrayDataset):
    """Digits, shifted by a sum of the model's weights that grows with every training batch."""

    def __init__(self):
        digits = load_dataset("digits")
        parts: dict[str, Any] = {phase: digits.arrays(phase) for phase in ("train", "test")}
        super().__init__("collected", **parts, num_classes=10, transform=Scale(16))
        self.total = torch.zeros(())

    def attach(self, model):
        self.model = model

    def batches(self, phase, **arguments):
        for batch in super().batches(phase, **arguments):
            if phase == "train":
                self.total = self.total + 1e-3 * next(self.model.parameters()).detach().sum()
            yield batch._replace(inputs=batch.inputs + self.total)

    def state_dict(self):
        return {"total": self.total}

    def load_state_dict(self, state):
        self.total = state["total"]


def collected(*, root=None):
    """The data set, as a problem makes it."""
    return Collected()
