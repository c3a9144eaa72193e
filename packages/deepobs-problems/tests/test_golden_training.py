"""In training, batch normalisation computes what the original computes."""

import pytest
import torch

from ._checks import Comparison, Observations, observation
from ._golden import Case
from ._observations import descend, observe_gradients, observe_norms, observe_statistics
from .test_golden import PROBLEMS, large_are_slow

BATCH_NORM = ("svhn_wrn164", "cifar100_wrn404", "imagenet_inception_v3")
NAMES = [name for name in PROBLEMS if name in BATCH_NORM]


class TrainingCase(Case):
    """A case that starts in training mode."""

    def __init__(self, name: str, dtype: torch.dtype = torch.float64) -> None:
        super().__init__(name)
        self.to(dtype)

    def reset(self) -> None:
        """Gives the model the file's weights and statistics, in training mode."""
        super().reset()
        self.model.train()


@pytest.mark.parametrize("name", large_are_slow(NAMES))
def test_losses_and_moving_statistics(name: str) -> None:
    """One pass over the batch gives the losses and updates each moving mean and variance."""

    def observe(case: Case) -> Observations:
        golden = case.golden["train"]
        with torch.no_grad():
            losses = case.built.losses(case.batch)
        observed = observe_statistics(case, golden["moving_after_one_run_of_update_ops"])
        return observed | {"losses": observation(losses, golden["losses"])}

    assert Comparison(TrainingCase(name), observe, draws=4).complaints() == []


@pytest.mark.parametrize("name", large_are_slow(NAMES))
def test_gradients(name: str) -> None:
    """Gradients pass through the batch's statistics and the auxiliary head."""
    assert Comparison(TrainingCase(name), observe_gradients, draws=8).complaints() == []


@pytest.mark.parametrize("name", large_are_slow(NAMES))
def test_three_steps(name: str) -> None:
    """Three steps, each updating weights and moving statistics, and the test loss afterwards."""

    def observe(case: Case) -> Observations:
        golden = case.golden["train"]["gradient_descent_with_update_ops"]
        optimizer = torch.optim.SGD(case.model.parameters(), lr=golden["learning_rate"])
        losses = descend(optimizer, golden["steps"], lambda: case.built.objective(case.batch))
        observed = observe_statistics(case, golden["moving_after"])
        with torch.no_grad():
            case.model.eval()
            after = case.built.objective(case.batch)
            case.model.train()
            losses.append(case.built.objective(case.batch).item())
        return observed | {
            "norms": observe_norms(case, golden),
            "losses": observation(losses, golden["train_phase_losses"], is_series=True),
            "test loss": observation(after, golden["test_phase_loss_after"]),
        }

    assert Comparison(TrainingCase(name, torch.float32), observe, draws=3).complaints() == []
